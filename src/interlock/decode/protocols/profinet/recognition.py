"""How PROFINET is told from other traffic: link frames by their type, calls by the whole RPC header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from interlock.decode.protocols.profinet.rpc import ENDPOINT_MAPPER, HEADER_OCTETS, is_profinet, wire_uuid

if TYPE_CHECKING:
    from interlock.decode.spec import Hint

__all__ = ["probe"]

_PORT: Final = 34964
_LOOKED_AT: Final = 512
_LAST_KIND: Final = 10
_LAST_OPERATION: Final = 5


def probe(octets: bytes, hint: Hint) -> int:
    """See ProtocolSpec.probe. The ethertype is PROFINET's alone; a call must carry one of its interface UUIDs."""
    if hint.transport == "eth":
        return 95 if len(octets) >= 6 else 0
    if hint.transport != "udp" or len(octets) < HEADER_OCTETS or octets[0] != 4:
        return 0
    if octets[1] > _LAST_KIND or octets[2] & 0x81 or octets[3] & 0xFC or octets[4] not in (0x00, 0x10):
        return 0
    little = octets[4] == 0x10
    interface = wire_uuid(octets[24:40], little=little)
    if not is_profinet(interface):
        ported = _PORT in (hint.source_port, hint.target_port)
        return 80 if interface == ENDPOINT_MAPPER and ported else 0
    order: Literal["little", "big"] = "little" if little else "big"
    length, operation = (int.from_bytes(octets[at : at + 2], order) for at in (74, 68))
    fits = HEADER_OCTETS + length <= len(octets) or len(octets) == _LOOKED_AT
    return 97 if fits and operation <= _LAST_OPERATION else 0
