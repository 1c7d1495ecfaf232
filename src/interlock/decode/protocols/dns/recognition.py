"""Whether octets are a DNS message: a header that makes sense, and behind it the names and records that it counts.

Sources: RFC 1035 clause 4.1; RFC 2671 (class of OPT); RFC 6762 clauses 10.2 and 18; RFC 4795 clause 2.1; RFC 1002
clause 4.2.
"""

from __future__ import annotations

from interlock.decode.protocols.dns.names import netbios_name, read_name
from interlock.decode.spec import NEED_MORE
from interlock.errors import DecodeError

__all__ = ["GROUPS", "NAMES", "NETBIOS_KINDS", "probe"]

NAMES = {53: "dns", 5353: "mdns", 5355: "llmnr", 137: "nbns"}
GROUPS = {"224.0.0.251": "mdns", "ff02::fb": "mdns", "224.0.0.252": "llmnr", "ff02::1:3": "llmnr"}
"""Multicast groups that belong to one of the four."""
NETBIOS_KINDS = (b"\x00\x20", b"\x00\x21")
"""NB and NBSTAT."""

LOOKED_AT = 512
_LONGEST = 65535
_OPCODES = (0, 2, 4, 5, 6, 7, 8, 9, 15)
_OPT = 41
_MAX_PARTS = 64
_PORTED, _WHOLE, _BEGUN, _DOUBTFUL = 90, 75, 62, 50


def probe(octets, hint):
    """See ProtocolSpec.probe."""
    own = hint.source_port in NAMES or hint.target_port in NAMES
    if hint.transport != "tcp":
        return _message(octets, own, len(octets) if len(octets) < LOOKED_AT else _LONGEST)
    whole = int.from_bytes(octets[:2], "big")
    if len(octets) >= 2 and not 12 <= whole <= 16384:
        return 0
    if len(octets) < 14:
        return NEED_MORE if own and octets else 0
    return _message(octets[2 : 2 + whole], own, whole)


def _message(octets, own, whole):
    """whole: octets of the message; fewer may be seen."""
    if len(octets) < 12 or not _header(octets, own):
        return 0
    counts = [int.from_bytes(octets[k : k + 2], "big") for k in (4, 6, 8, 10)]
    if not any(counts):  # an error, or an answer that has nothing to say
        return _PORTED if own and octets[2] & 0x80 and whole == 12 else 0
    if counts[0] > 32 or max(counts) > 512:
        return 0
    end, parts = _walk(octets, counts)
    if end < 0:
        return 0
    if end == whole and parts == sum(counts):
        return _PORTED if own else _WHOLE
    if len(octets) < whole:
        return _unended(octets, own, parts)
    return _DOUBTFUL if own and parts else 0


def _unended(octets, own, parts):
    """Cut by what is looked at, or by a segment."""
    if parts:
        return _PORTED if own else _BEGUN
    if not own:
        return 0
    return _DOUBTFUL if len(octets) >= LOOKED_AT - 2 else NEED_MORE


def _header(octets, own):
    """An operation that exists and the bit that must be zero; off the port a plain query or NetBIOS names."""
    opcode = octets[2] >> 3 & 15
    if octets[3] & 0x40 or opcode not in _OPCODES:
        return False
    return own or opcode == 0 or _is_netbios(octets)


def _is_netbios(octets):
    try:
        return netbios_name(read_name(octets, 12)[0]) is not None
    except DecodeError:
        return False


def _walk(octets, counts):
    """Where the last part that is whole ends, and how many there are; -1 where one cannot be.

    A question is name, type 2, class 2; a record goes on with ttl 4, length 2, data.
    """
    at, parts = 12, 0
    while parts < min(sum(counts), _MAX_PARTS):
        try:
            _, behind = read_name(octets, at)
        except DecodeError as error:
            return (at if error.oddity in _CUT else -1), parts
        is_question = parts < counts[0]
        end = behind + (4 if is_question else 10)
        if end <= len(octets) and not _kind(octets[behind : behind + 4], is_question=is_question):
            return -1, parts
        if not is_question:
            end += int.from_bytes(octets[end - 2 : end], "big")
        if end > len(octets):
            return at, parts
        at, parts = end, parts + 1
    return at, parts


_CUT = ("name-truncated", "name-too-long")


def _kind(octets, *, is_question):
    """Type and class: Internet or any, with multicast's top bit; OPT's class is a size."""
    kind, group = octets[0] << 8 | octets[1], (octets[2] & 0x7F) << 8 | octets[3]
    if kind == _OPT and not is_question:
        return True
    return kind != 0 and octets[0] in (0, 1, 128, 255) and group in (1, 254, 255)
