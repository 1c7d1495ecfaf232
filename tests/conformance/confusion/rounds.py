"""Where ports are moved to: to ports nobody registered, and to those of other protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.confusion.moving import Ports
    from interlock.decode.spec import ProtocolSpec

__all__ = ["Round", "registered", "rounds"]

TRANSPORTS = ("tcp", "udp")
_HIGH, _LOW = range(61000, 65000), range(7001, 7900)
"""Above and below the ports that clients take by themselves, so that either end looks like the server."""


def registered(specs: Iterable[ProtocolSpec]) -> dict[str, dict[int, frozenset[str]]]:
    """Per transport, port → names of the protocols that have it."""
    found: dict[str, dict[int, frozenset[str]]] = {"tcp": {}, "udp": {}}
    for spec in specs:
        for transport, ports in (("tcp", spec.tcp), ("udp", spec.udp)):
            for port in ports:
                held = found[transport].get(port, frozenset())
                found[transport][port] = held | set(spec.names)
    return found


class Round:
    """One way to move ports. name: for people.

    taken: per transport, ports that mean something to the decoder. step: None: to free ports; a number: to a
    port registered for another protocol, another one for each step.
    """

    def __init__(
        self, name: str, taken: Mapping[str, Mapping[int, frozenset[str]]], hinted: Mapping[str, Iterable[int]],
        free: Sequence[int], step: int | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self._taken = taken
        self._hinted = {transport: frozenset(ports) for transport, ports in hinted.items()}
        self._free = free
        self._step = step

    def ports(self, transport: str, servers: Mapping[int, frozenset[str]], seen: frozenset[int]) -> Ports:
        """The new port of each: servers (port → words that it is known to speak there) and hinted ones move.

        seen: every port of the capture. No two ports become one.
        """
        new = np.arange(65536, dtype=np.uint16)
        left = iter([p for p in self._free if p not in seen and p not in self._hinted[transport]])
        used: set[int] = set()
        for number, (port, speaks) in enumerate(sorted(servers.items())):
            target = self._foreign(transport, speaks, number, used) or next(left)
            used.add(target)
            new[port] = target
        for port in seen - servers.keys():
            if port in self._hinted[transport] or port in used:
                new[port] = next(left)
        return {transport: new}

    def _foreign(self, transport: str, speaks: frozenset[str], number: int, used: set[int]) -> int | None:
        if self._step is None:
            return None
        others = self._others(transport, speaks)
        for turn in range(len(others)):
            port = others[(self._step + number + turn) % len(others)]
            if port not in used:
                return port
        return None

    def _others(self, transport: str, speaks: frozenset[str]) -> list[int]:
        """One port of each other protocol, in order of the ports."""
        first: dict[frozenset[str], int] = {}
        for port, names in sorted(self._taken[transport].items()):
            if not names & speaks:
                first.setdefault(names, port)
        return list(first.values())


def rounds(
    taken: Mapping[str, Mapping[int, frozenset[str]]], hinted: Mapping[str, Iterable[int]], foreign: int
) -> Iterator[Round]:
    """Two rounds to free ports, then `foreign` ones to other protocols' ports, spread over all there are."""
    yield Round("free, high", taken, hinted, _HIGH)
    yield Round("free, low", taken, hinted, _LOW)
    each = max(len(set(ports.values())) for ports in taken.values())
    for turn in range(foreign):
        step = turn * max(1, each // foreign)
        yield Round(f"foreign, {turn + 1}", taken, hinted, _HIGH, step)
