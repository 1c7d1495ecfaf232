"""Which way a frame takes: straight, or through a machine that has put itself between two others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlock.plant.wire.frames import End

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FORWARD_NS", "HOP_NS", "Neighbours", "Relay", "legs"]

HOP_NS: Final = 60_000
"""From one end to the other."""

FORWARD_NS: Final = 180_000
"""What a machine between them takes to pass a frame on."""

_REPLY: Final = b"\x00\x02"


@dataclass(frozen=True, slots=True)
class Relay:
    """A machine that frames are diverted to, and that passes them on. numbers: where theirs go."""

    mac: bytes
    numbers: list[int] | None = field(compare=False, default=None)


def legs(source: End, target: End, relay: Relay | None) -> Iterator[tuple[int, End, End]]:
    """Each time that a packet is seen on the wire: how much later (ns), from and to whom by hardware address."""
    if relay is None:
        yield 0, source, target
        return
    yield 0, source, End(relay.mac, target.ip)
    yield FORWARD_NS, End(relay.mac, source.ip), target


class Neighbours:
    """What machines believe about others' hardware addresses, where that is not true."""

    def __init__(self) -> None:
        self._false: dict[tuple[bytes, bytes], Relay] = {}

    def told(self, holder: bytes, reply: bytes, true: bytes | None, numbers: list[int] | None) -> None:
        """A machine (by hardware address) gets an ARP packet; it believes every reply, asked for or not (RFC 826).

        true: where the address in it really is; None where that is not known.
        """
        if len(reply) < 28 or reply[6:8] != _REPLY:
            return
        mac, ip = reply[8:14], reply[14:18]
        if true is None or mac == true:
            self._false.pop((holder, ip), None)
        else:
            self._false[holder, ip] = Relay(mac, numbers)

    def forget(self, holder: bytes, ip: bytes) -> None:
        """A machine has asked, and been told the truth."""
        self._false.pop((holder, ip), None)

    def relay(self, source: End, target: End) -> Relay | None:
        """Who stands between two ends, as the source's belief has it."""
        return self._false.get((source.mac, target.ip)) if self._false else None
