"""Which rules can touch a conversation by its ends: asked once a kind of conversation, and remembered.

An address or a port is known by the ranges of rules that it lies in, as bits of one number; conversations whose ends
have the same bits have the same rules.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.engine.sides import Side
    from interlock.detect.signatures.engine.traits import Traits
    from interlock.detect.signatures.language.spans import Spans

__all__ = ["Kind", "Reach", "number_of"]

_MOST: Final = 16_384
_TCP: Final = 6
_IPV6: Final = 1 << 32


@lru_cache(maxsize=65_536)
def number_of(address: str) -> int | None:
    """An address as rules number it; None where it is none of IP."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return int(found) + (found.version == 6) * _IPV6


class Kind(NamedTuple):
    """What rules see of a conversation. Bits: which ranges of rules an end lies in."""

    transport: int
    application: str
    version: int
    source: int
    source_port: int
    target: int
    target_port: int


class _Ranges:
    """Distinct sets of numbers that rules name, cut where any of them begins or ends."""

    def __init__(self, sets: Sequence[Spans]) -> None:
        # Thousands of rules share a few sets, which take long to compare.
        known = {id(one): one for one in sets}
        places = {one: place for place, one in enumerate(dict.fromkeys(known.values()))}
        numbers = {key: places[one] for key, one in known.items()}
        self.of = np.array([numbers[id(one)] for one in sets], np.int64)
        self.size = len(places)
        edges = {edge for one in places for first, last in one.ranges for edge in (first, last + 1)}
        self._edges = sorted(edges)
        self._bits: list[int | None] = [None] * (len(self._edges) + 1)
        self._sets = tuple(places)

    def bits(self, number: int) -> int:
        """The sets that a number is in."""
        at = bisect_right(self._edges, number)
        found = self._bits[at]
        if found is None:
            found = self._bits[at] = sum(1 << k for k, one in enumerate(self._sets) if number in one)
        return found

    def rules(self, bits: int) -> NDArray[np.bool_]:
        """Per rule whether its set is one of those."""
        if bits < 0:
            return np.ones(len(self.of), np.bool_)
        octets = np.frombuffer(bits.to_bytes(self.size // 8 + 1, "little"), np.uint8)
        flags: NDArray[np.bool_] = np.unpackbits(octets, bitorder="little").astype(np.bool_)[self.of]
        return flags


class Reach:
    """traits: of all rules, by their numbers. Rules for transactions are found by their literals alone."""

    def __init__(self, traits: Sequence[Traits]) -> None:
        self._numbers = np.array([n for n, one in enumerate(traits) if one.raw], np.int64)
        self._traits = raw = [traits[n] for n in self._numbers.tolist()]
        # Where conversations come from and where they go are asked of the same sets.
        self._addresses = _Ranges([*(one.ends.sources for one in raw), *(one.ends.targets for one in raw)])
        self._ports = _Ranges(
            [*(one.ends.source_ports for one in raw), *(one.ends.target_ports for one in raw)]
        )
        self._both = np.array([one.both for one in raw], np.bool_)
        self._of_level = {
            level: np.array([level in one.levels for one in raw], np.bool_) for level in ("packet", "stream")
        }
        self._unstreamed = np.array([not one.streamed for one in raw], np.bool_)
        self._heads: dict[tuple[int, str, int], NDArray[np.bool_]] = {}
        self._rules: dict[tuple[str, Kind], tuple[int, ...]] = {}

    def kind(self, side: Side) -> Kind:
        """What rules see of a side of a conversation. Where there are no ports, it has all bits of them."""
        addresses, ports = self._addresses.bits, self._ports.bits
        source, target = side.source_port, side.target_port
        return Kind(
            side.transport,
            side.application,
            6 if side.source >= _IPV6 else 4,
            addresses(side.source),
            -1 if source is None else ports(source),
            addresses(side.target),
            -1 if target is None else ports(target),
        )

    def rules(self, level: str, kind: Kind) -> tuple[int, ...]:
        """The numbers of the rules that can touch packets, or streams, of such a conversation."""
        found = self._rules.get((level, kind))
        if found is None:
            if len(self._rules) >= _MOST:
                self._rules.clear()
            found = self._rules[level, kind] = self._touching(level, kind)
        return found

    def _touching(self, level: str, kind: Kind) -> tuple[int, ...]:
        n = len(self._traits)
        near, far = self._addresses.rules(kind.source), self._addresses.rules(kind.target)
        near_port, far_port = self._ports.rules(kind.source_port), self._ports.rules(kind.target_port)
        there = near[:n] & near_port[:n] & far[n:] & far_port[n:]
        back = self._both & far[:n] & far_port[:n] & near[n:] & near_port[n:]
        said = self._of_level[level] & self._head(kind.transport, kind.application, kind.version)
        if level == "packet" and kind.transport == _TCP:
            said = said & self._unstreamed
        return tuple(self._numbers[said & (there | back)].tolist())

    def _head(self, transport: int, application: str, version: int) -> NDArray[np.bool_]:
        """Per rule whether its head takes conversations of these protocols."""
        key = transport, application, version
        found = self._heads.get(key)
        if found is None:
            protocols = [one.protocol for one in self._traits]
            # As Matcher: SMB is DCE/RPC, too.
            spoken = {"", application, "dcerpc"} if application == "smb" else {"", application}
            found = self._heads[key] = np.array(
                [
                    (not one.transports or transport in one.transports)
                    and one.application in spoken
                    and one.version in {0, version}
                    for one in protocols
                ],
                np.bool_,
            )
        return found
