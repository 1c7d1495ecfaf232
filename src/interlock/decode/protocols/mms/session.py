"""Session SPDUs: what a transport data unit of MMS begins with.

    | SI 1 | LI 1, or 0xFF and 2 | parameters: code 1, LI, value … | user information (data transfer only) |

Data travel as GIVE TOKENS and DATA TRANSFER in one (01 00 01 00). Source: ISO 8327-1 clause 8.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from interlock.errors import DecodeError

__all__ = [
    "ABORT",
    "ACCEPT",
    "CONNECT",
    "DATA",
    "EVENTS",
    "REFUSE",
    "Spdu",
    "begins_session",
    "is_bare_mms",
    "read_spdu",
]

DATA, NOT_FINISHED, FINISH, DISCONNECT, REFUSE, CONNECT, ACCEPT, ABORT, ABORT_ACCEPT = (
    1,
    8,
    9,
    10,
    12,
    13,
    14,
    25,
    26,
)
EVENTS: Final[dict[int, str]] = {
    NOT_FINISHED: "not finished",
    FINISH: "finish",
    DISCONNECT: "disconnect",
    REFUSE: "refuse",
    CONNECT: "connect",
    ACCEPT: "accept",
    ABORT: "abort",
    ABORT_ACCEPT: "abort accept",
}
"""SPDUs that are not data."""
CALLING, CALLED, REASON, USER_DATA, EXTENDED_USER_DATA = 51, 52, 50, 193, 194
_GROUPS: Final = frozenset({1, 5, 33})
"""Parameter groups that hold parameters; 193 and 194 hold user data."""


class Spdu(NamedTuple):
    """kind: SI. start, stop: where its user data stand. reason: of a refusal; calling, called: session selectors."""

    kind: int
    start: int
    stop: int
    reason: int | None = None
    calling: bytes | None = None
    called: bytes | None = None


def read_spdu(octets: bytes) -> Spdu:
    """The SPDU that the octets are. Raises DecodeError `spdu-unknown`, `spdu-malformed`."""
    if octets[:4] == b"\x01\x00\x01\x00":
        return Spdu(DATA, 4, len(octets))
    kind = octets[0]
    at, stop = _length(octets, 1, len(octets))
    if kind == DATA:  # give tokens, with parameters that say which
        at, end = stop, len(octets)
        if octets[at : at + 1] != b"\x01":
            raise DecodeError("spdu-unknown", at)
        return Spdu(DATA, _length(octets, at + 1, end)[1], end)
    if kind not in EVENTS:
        raise DecodeError("spdu-unknown", 0)
    found: dict[int, tuple[int, int]] = {}
    _parameters(octets, at, stop, found)
    start, end = found.get(USER_DATA) or found.get(EXTENDED_USER_DATA) or (stop, stop)
    reason = None
    if REASON in found:
        begin, last = found[REASON]
        reason = octets[begin] if begin < last else None
        if begin + 1 < last:
            start, end = begin + 1, last
    selectors = [octets[slice(*found[code])] if code in found else None for code in (CALLING, CALLED)]
    return Spdu(kind, start, end, reason, *selectors)


def _length(octets: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the content of a length at `at` begins and ends."""
    if at >= end:
        raise DecodeError("spdu-malformed", at)
    length, start = octets[at], at + 1
    if length == 0xFF:
        length, start = int.from_bytes(octets[at + 1 : at + 3], "big"), at + 3
    if start + length > end:
        raise DecodeError("spdu-malformed", at)
    return start, start + length


def _parameters(octets: bytes, at: int, stop: int, found: dict[int, tuple[int, int]]) -> None:
    while at < stop:
        code = octets[at]
        start, end = _length(octets, at + 1, stop)
        if code in _GROUPS:
            _parameters(octets, start, end, found)
        else:
            found.setdefault(code, (start, end))
        at = end


def begins_session(octets: bytes) -> bool:
    """Whether a session SPDU begins here, as MMS (and nothing else in a factory) has it."""
    if octets[:4] == b"\x01\x00\x01\x00":
        return octets[4:5] == b"\x61"
    if len(octets) < 2 or octets[0] not in EVENTS:
        return False
    return octets[1] == 0xFF or octets[1] + 2 <= len(octets)


def is_bare_mms(octets: bytes) -> bool:
    """Whether this is one MMS PDU without session and presentation, as some simple implementations send it.

    Initiate request (0xA8) and confirmed request (0xA0) whose BER length fits. Source: ISO 9506-2.
    """
    if len(octets) < 4 or octets[0] not in (0xA0, 0xA8):
        return False
    extra = octets[1] & 0x7F if octets[1] & 0x80 else 0
    length = int.from_bytes(octets[2 : 2 + extra], "big") if extra else octets[1]
    inner = octets[2 + extra : 3 + extra]
    return (
        extra <= 2
        and 2 + extra + length == len(octets)
        and inner in ((b"\x02",) if octets[0] == 0xA0 else (b"\x80", b"\x81"))
    )
