"""How EtherCAT is told from other traffic: by its link type, else by datagrams that fill the frame exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.decode.spec import Hint

__all__ = ["probe"]

PORT: Final = 34980
LAST_COMMAND: Final = 14
_LOOKED_AT: Final = 512


def probe(octets: bytes, hint: Hint) -> int:
    """See ProtocolSpec.probe."""
    if hint.transport == "eth":
        return 95 if hint.ethertype == 0x88A4 and len(octets) >= 4 and octets[1] >> 4 in (1, 4, 5) else 0
    if hint.transport != "udp" or len(octets) < 14 or octets[1] >> 3 != 2 or octets[2] > LAST_COMMAND:
        return 0
    end = 2 + (octets[0] | (octets[1] & 7) << 8)
    if end != len(octets) and not (end > _LOOKED_AT and len(octets) == _LOOKED_AT):
        return 0
    at, more = 2, True
    while more:
        if at + 12 > len(octets):
            return 80 if len(octets) == _LOOKED_AT else 0
        word = octets[at + 6] | octets[at + 7] << 8
        if octets[at] > LAST_COMMAND or word & 0x3800:
            return 0
        more = bool(word & 0x8000)
        at += 12 + (word & 0x7FF)
    return (95 if PORT in (hint.source_port, hint.target_port) else 70) if at == end else 0
