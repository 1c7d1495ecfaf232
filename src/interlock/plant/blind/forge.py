"""Frames that no machine of the plant would send by itself: forged ones, whole conversations, and altered ones.

Scripts send them as `Cast`s; `InPath` changes what others say, as who stands between them does.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Cast, Wait
from interlock.plant.machines import BY_NAME
from interlock.plant.wire.frames import ACK, FIN, PSH, RST, SYN, End, tcp, udp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from interlock.plant.actors.steps import Script
    from interlock.plant.draws import Draws

__all__ = ["EVERYBODY", "InPath", "datagram", "end_of", "knock", "raw", "talk"]

EVERYBODY: Final = b"\xff" * 6
MSS: Final = 1460
_HOP_S: Final = 0.0003
_TCP: Final = 6


def end_of(machine: str) -> End:
    """Its addresses."""
    return BY_NAME[machine].end


def raw(machine: str, frame: bytes) -> Cast:
    """Send a whole Ethernet frame from where a machine is plugged in, whatever address it bears."""
    kind = int.from_bytes(frame[12:14], "big")
    return Cast(machine, frame[:6], kind, frame[14:], frame[6:12])


def datagram(
    machine: str, source: End, target: End, ports: tuple[int, int], octets: bytes, number: int = 0
) -> Cast:
    """One UDP datagram. ports: from, to."""
    return raw(machine, udp(source, target, ports, octets, number))


def knock(machine: str, source: End, target: End, ports: tuple[int, int], first: int) -> Cast:
    """A SYN to which nobody waits for an answer."""
    return raw(machine, tcp(source, target, ports, (first, 0), SYN, b"", first & 0xFFFF))


def talk(
    draws: Draws,
    ends: tuple[str, str, int],
    said: Iterable[tuple[int, bytes, float]],
    *,
    source: End | None = None,
    reset: bool = False,
) -> Script:
    """A whole TCP conversation, both sides of it. ends: client, server, its port. source: whom the client poses as.

    said: side (0: the client), octets and the pause before them in seconds.
    """
    client, server, port = ends
    sides = (source or end_of(client), end_of(server))
    ports = (49_152 + draws.number(13), port)
    numbers = [draws.number(32), draws.number(32)]

    def segment(side: int, flags: int, octets: bytes = b"") -> Cast:
        there = 1 - side
        acknowledged = numbers[there] if flags & ACK else 0
        both = (sides[side], sides[there])
        frame = tcp(*both, (ports[side], ports[there]), (numbers[side], acknowledged), flags, octets,
                    numbers[side] & 0xFFFF)  # fmt: skip
        numbers[side] = (numbers[side] + len(octets) + (flags & (SYN | FIN) > 0)) & 0xFFFFFFFF
        return raw((client, server)[side], frame)

    for side, flags in ((0, SYN), (1, SYN | ACK), (0, ACK)):
        yield segment(side, flags)
        yield Wait(_HOP_S)
    for side, octets, pause in said:
        yield Wait(pause)
        for at in range(0, len(octets), MSS):
            yield segment(side, ACK | PSH, octets[at : at + MSS])
            yield Wait(_HOP_S)
        yield segment(1 - side, ACK)
        yield Wait(_HOP_S)
    if reset:
        yield segment(0, RST | ACK)
        return
    for side, flags in ((0, FIN | ACK), (1, FIN | ACK), (0, ACK)):
        yield segment(side, flags)
        yield Wait(_HOP_S)


class InPath:
    """Changes what two machines say to each other by TCP, its numbers following; for `Wire.alter`.

    change: takes side (0: the client) and payload, gives what goes on in its stead, empty where nothing does; None: as
    it is. late: nanoseconds by which what is changed arrives later.
    """

    def __init__(
        self, client: str, server: str, port: int, change: Callable[[int, bytes], bytes | None], late: int = 0
    ) -> None:
        self._ips = (end_of(client).ip, end_of(server).ip)
        self._port = port
        self._change = change
        self._late = late
        self._more: dict[int, list[int]] = {}

    def __call__(self, when_ns: int, frame: bytes) -> Sequence[tuple[int, bytes]] | None:
        """See Wire.alter."""
        if frame[12:14] != b"\x08\x00" or frame[23] != _TCP or len(frame) < 54:
            return None
        ends, ports = (frame[26:30], frame[30:34]), struct.unpack_from("!HH", frame, 34)
        if self._port not in ports or set(ends) != set(self._ips):
            return None
        side = 0 if ends[0] == self._ips[0] else 1
        payload = frame[54 : 14 + int.from_bytes(frame[16:18], "big")]
        made = self._change(side, payload) if payload else None
        more = self._more.setdefault(ports[side], [0, 0])
        if made is None and not any(more):
            return None
        octets = payload if made is None else made
        sequence, acknowledged = struct.unpack_from("!II", frame, 38)
        numbers = (sequence + more[side], acknowledged + more[1 - side])
        more[side] += len(octets) - len(payload)
        if payload and not octets:
            return []
        ends_of = (End(frame[6:12], ends[0]), End(frame[:6], ends[1]))
        flags, number = frame[47], int.from_bytes(frame[18:20], "big")
        both = (ports[0], ports[1])
        return [(when_ns + self._late, tcp(*ends_of, both, numbers, flags, octets, number))]
