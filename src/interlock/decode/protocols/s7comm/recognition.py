"""Is it TPKT with a COTP data unit in it? How it is cut, and what its payload shows it to be.

    TPKT: | 3 | 0 | length 2 |        COTP: | length 1 | type 1 | … |
RDP rides on TPKT, too: its connection request (a cookie, a negotiation request) is left to its own decoder.
Source: RFC 1006 clause 6; ISO 8073 clause 13; [MS-RDPBCGR] 2.2.1.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.framing import LengthFramer
from interlock.decode.protocols.mms.session import begins_session, is_bare_mms
from interlock.decode.spec import NEED_MORE

if TYPE_CHECKING:
    from interlock.decode.spec import Hint

__all__ = ["probe", "tpkt_framer"]

HEADER: Final = 7
CONNECTION_REQUEST, CONNECTION_CONFIRM, DISCONNECT, DATA = 0xE0, 0xD0, 0x80, 0xF0
_PARAMETERS: Final = frozenset(
    {0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xF0, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8B}
)


def probe(octets: bytes, hint: Hint) -> int:
    """See spec.ProtocolSpec.probe."""
    if hint.transport != "tcp" or octets[:2] not in (b"\x03\x00", b"\x03", b""):
        return 0
    if len(octets) < HEADER:
        return NEED_MORE if octets else 0
    length = int.from_bytes(octets[2:4], "big")
    indicator, kind = octets[4], octets[5]
    if length < HEADER or indicator + 5 > length or indicator < 2:
        return 0
    behind = octets[length : length + 2]
    if behind not in (b"\x03\x00", b"\x03", b""):
        return 0
    if kind == DATA:
        return _data(octets[5 + indicator : length], indicator, complete=length <= len(octets))
    if kind in (CONNECTION_REQUEST, CONNECTION_CONFIRM):
        return _connection(octets[6 : 5 + indicator], indicator, len(octets) >= 5 + indicator)
    return 35 if kind in (DISCONNECT, 0xC0, 0x70) else 0


def _connection(fixed: bytes, indicator: int, complete: bool) -> int:
    """Judge references 2 + 2, class 1, parameters (code, length, value); RDP has others in their place."""
    if indicator < 6 or (fixed[5:6] and fixed[5] not in _PARAMETERS):
        return 0
    if not complete:
        return NEED_MORE
    parameters, named = fixed[5:], False
    at = 0
    while at < len(parameters):
        if at + 2 > len(parameters) or parameters[at] not in _PARAMETERS:
            return 0
        named = named or parameters[at] in (0xC1, 0xC2)
        at += 2 + parameters[at + 1]
    if at != len(parameters):
        return 0
    return 90 if named else 35


def _data(payload: bytes, indicator: int, *, complete: bool) -> int:
    """Judge what a data unit carries: S7comm, S7comm-plus, an ISO session, or nothing."""
    if indicator not in (2, 4):
        return 0
    if not payload:
        return 45 if complete else NEED_MORE
    if payload[0] == 0x32 and len(payload) >= 10:
        lengths = int.from_bytes(payload[6:8], "big") + int.from_bytes(payload[8:10], "big")
        fits = payload[1] in (1, 2, 3, 7) and (not complete or 10 <= lengths + 10 <= len(payload))
        return 95 if fits else 0
    if payload[0] == 0x72 and len(payload) >= 4:
        fits = payload[1] in (1, 2, 3, 0xFE) and (
            not complete or int.from_bytes(payload[2:4], "big") + 4 <= len(payload)
        )
        return 90 if fits else 0
    if begins_session(payload) or is_bare_mms(payload):
        return 75
    return 35


def tpkt_framer() -> Any:
    """TPKT by its length; COTP's credit is always 0 in class 0, which tells it from chance."""
    return LengthFramer(
        header=6,
        at=2,
        width=2,
        minimum=HEADER,
        maximum=65535,
        magic=((0, 0xFF, 3), (1, 0xFF, 0), (5, 0x0F, 0)),
    )
