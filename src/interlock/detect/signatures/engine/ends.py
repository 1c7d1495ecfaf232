"""Which rules can touch a conversation by its ends: asked once a kind of conversation, and remembered.

An address or a port is known by the ranges of rules that it lies in, as bits of one number; conversations whose ends
have the same bits have the same rules.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.detect.signatures.engine.traits import Traits
    from interlock.detect.signatures.language.spans import Spans
    from interlock.detect.signatures.language.variables import Ends

__all__ = ["Kind", "Reach", "number_of"]

_MOST: Final = 65_536
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

    level: str
    transport: int
    application: str
    version: int
    source: int
    source_port: int
    target: int
    target_port: int


class Reach:
    """traits: of all rules, by their numbers."""

    def __init__(self, traits: Sequence[Traits]) -> None:
        self._traits = traits
        self._addresses: dict[Spans, int] = {}
        self._ports: dict[Spans, int] = {}
        # Thousands of rules share a few pairs of ends, which take long to compare.
        bits = {key: self._bits_of(ends) for key, ends in {id(one.ends): one.ends for one in traits}.items()}
        self._bits = [bits[id(one.ends)] for one in traits]
        # Rules for transactions are found by their literals alone: what is asked here are packets and streams.
        self._of_level = {
            level: [number for number, one in enumerate(traits) if level in one.levels]
            for level in ("packet", "stream")
        }
        self._of_address: dict[int, int] = {}
        self._of_port: dict[int, int] = {}
        self._rules: dict[Kind, tuple[int, ...]] = {}

    def _bits_of(self, ends: Ends) -> tuple[int, int, int, int]:
        return (
            self._bit(self._addresses, ends.sources),
            self._bit(self._ports, ends.source_ports),
            self._bit(self._addresses, ends.targets),
            self._bit(self._ports, ends.target_ports),
        )

    @staticmethod
    def _bit(known: dict[Spans, int], spans: Spans) -> int:
        return known.setdefault(spans, 1 << len(known))

    def address(self, number: int) -> int:
        """The bits of an address."""
        return _bits_of(number, self._addresses, self._of_address)

    def port(self, number: int | None) -> int:
        """The bits of a port; all of them where there is none."""
        return -1 if number is None else _bits_of(number, self._ports, self._of_port)

    def rules(self, kind: Kind) -> tuple[int, ...]:
        """The numbers of the rules that can touch such a conversation."""
        found = self._rules.get(kind)
        if found is None:
            if len(self._rules) >= _MOST:
                self._rules.clear()
            found = tuple(number for number in self._of_level[kind.level] if self._touches(number, kind))
            self._rules[kind] = found
        return found

    def _touches(self, number: int, kind: Kind) -> bool:
        one, (source, source_port, target, target_port) = self._traits[number], self._bits[number]
        protocol = one.protocol
        if protocol.transports and kind.transport not in protocol.transports:
            return False
        if (protocol.application and protocol.application != kind.application) or (
            protocol.version and protocol.version != kind.version
        ):
            return False
        there = kind.source & source and kind.source_port & source_port
        if there and kind.target & target and kind.target_port & target_port:
            return True
        back = one.both and kind.target & source and kind.target_port & source_port
        return bool(back and kind.source & target and kind.source_port & target_port)


def _bits_of(number: int, spans: dict[Spans, int], known: dict[int, int]) -> int:
    found = known.get(number)
    if found is None:
        if len(known) >= _MOST:
            known.clear()
        found = sum(bit for span, bit in spans.items() if number in span)
        known[number] = found
    return found
