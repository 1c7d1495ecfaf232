"""Words about a packet's own headers.

Source: Suricata user guide, "Header Keywords"; "Payload Keywords", dsize.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.checks import Field, Flags, FragBits, IpOption, SameAddress
from interlock.detect.signatures.language.keyword import Keyword
from interlock.detect.signatures.language.numbers import Bound, read_bound
from interlock.detect.signatures.language.problems import RuleError

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["IP_OPTIONS", "KEYWORDS"]

IP_OPTIONS: Final = (
    *("rr", "eol", "nop", "ts", "sec", "esec", "lsrr", "ssrr", "satid", "qs", "rtralt", "cipso", "any"),
)
"""Words of ipopts; the bits of the field `ipopts` are in their order."""

_FLAGS: Final = re.compile(
    r"([+*!]?)\s*([FSRPAUCE120]+)\s*([+*!]?)\s*(?:,\s*([FSRPAUCE12]+))?", re.IGNORECASE
)
_BITS: Final = {
    "F": 1,
    "S": 2,
    "R": 4,
    "P": 8,
    "A": 16,
    "U": 32,
    "E": 64,
    "2": 64,
    "C": 128,
    "1": 128,
    "0": 0,
}
_FRAGMENTS: Final = re.compile(r"([+*!]?)\s*([MDR]+)\s*([+*!]?)", re.IGNORECASE)
_FRAGMENT_BITS: Final = {"R": 4, "D": 2, "M": 1}
_NUMBERS: Final = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58,
    "ospf": 89, "sctp": 132,
}  # fmt: skip


def _mask(letters: str, bits: dict[str, int]) -> int:
    mask = 0
    for letter in letters.upper():
        mask |= bits[letter]
    return mask


def _flags(draft: Draft, value: str | None) -> None:
    found = _FLAGS.fullmatch((value or "").strip())
    if not found or (found.group(1) and found.group(3)):
        raise RuleError("flags", f"{value!r} is not + * or ! and letters of FSRPAUCE12, or 0")
    mode = found.group(1) or found.group(3) or "="
    draft.checks.append(
        Flags(mode=mode, mask=_mask(found.group(2), _BITS), ignored=_mask(found.group(4) or "", _BITS))
    )


def _fragments(draft: Draft, value: str | None) -> None:
    found = _FRAGMENTS.fullmatch((value or "").strip())
    if not found or (found.group(1) and found.group(3)):
        raise RuleError("fragbits", f"{value!r} is not + * or ! and letters of MDR")
    mode = found.group(1) or found.group(3) or "="
    draft.checks.append(FragBits(mode=mode, mask=_mask(found.group(2), _FRAGMENT_BITS)))


def _option(draft: Draft, value: str | None) -> None:
    name = (value or "").strip().lower()
    if name not in IP_OPTIONS:
        raise RuleError("ipopts", f"{value!r} is none of {', '.join(IP_OPTIONS)}")
    draft.checks.append(IpOption(name, 1 << IP_OPTIONS.index(name)))


def _same(draft: Draft, _value: str | None) -> None:
    draft.checks.append(SameAddress())


def _protocol(draft: Draft, value: str | None) -> None:
    text = (value or "").strip()
    sign = text[:1] if text[:1] in {"!", "<", ">"} else ""
    name = text[len(sign) :].strip().lower()
    if name in _NUMBERS:
        draft.checks.append(Field("ip_proto", Bound({"": "=", "!": "!="}.get(sign, sign), _NUMBERS[name])))
    else:
        draft.checks.append(Field("ip_proto", read_bound(text, "ip_proto", most=255)))


def _number(name: str, clause: str, says: str, most: int, field: str = "") -> Keyword:
    def read(draft: Draft, value: str | None) -> None:
        draft.checks.append(Field(field or name, read_bound(value, name, most=most)))

    return Keyword(name=name, clause=clause, says=says, read=read)


_HEADER: Final = "Header Keywords"
KEYWORDS: Final = (
    _number("dsize", "Payload Keywords, dsize", "how long the packet's payload is", 65_535),
    _number("ttl", f"{_HEADER}, ttl", "IP's time to live", 255),
    _number("tos", f"{_HEADER}, tos", "IP's type of service", 255),
    _number("id", f"{_HEADER}, id", "IP's identification", 65_535),
    _number("fragoffset", f"{_HEADER}, fragoffset", "IP's fragment offset, in units of 8 octets", 8_191),
    _number("itype", f"{_HEADER}, itype", "ICMP's type", 255),
    _number("icode", f"{_HEADER}, icode", "ICMP's code", 255),
    _number("icmp_id", f"{_HEADER}, icmp_id", "ICMP's identifier", 65_535),
    _number("icmp_seq", f"{_HEADER}, icmp_seq", "ICMP's sequence number", 65_535),
    _number("seq", f"{_HEADER}, seq", "TCP's sequence number", (1 << 32) - 1),
    _number("ack", f"{_HEADER}, ack", "TCP's acknowledgment number", (1 << 32) - 1),
    _number("window", f"{_HEADER}, window", "TCP's window", 65_535),
    _number("tcp.seq", f"{_HEADER}, seq", "TCP's sequence number", (1 << 32) - 1, "seq"),
    _number("tcp.ack", f"{_HEADER}, ack", "TCP's acknowledgment number", (1 << 32) - 1, "ack"),
    _number("tcp.window", f"{_HEADER}, window", "TCP's window", 65_535, "window"),
    _number("tcp.mss", f"{_HEADER}, tcp.mss", "the largest segment that an option of TCP names", 65_535),
    _number("tcp.wscale", f"{_HEADER}, tcp.wscale", "the scale of windows that an option of TCP names", 14),
    _number("icmpv6.mtu", f"{_HEADER}, icmpv6.mtu", "the size that ICMPv6 says is too big", (1 << 32) - 1),
    Keyword(name="ipopts", clause=f"{_HEADER}, ipopts", says="an option of IPv4 is there", read=_option),
    Keyword(
        name="ip_proto",
        clause=f"{_HEADER}, ip_proto",
        says="IP's protocol, by number or name",
        read=_protocol,
    ),
    Keyword(name="flags", clause=f"{_HEADER}, tcp.flags", says="TCP's flags", read=_flags),
    Keyword(name="tcp.flags", clause=f"{_HEADER}, tcp.flags", says="TCP's flags", read=_flags),
    Keyword(name="fragbits", clause=f"{_HEADER}, fragbits", says="IP's fragmentation bits", read=_fragments),
    Keyword(
        name="sameip",
        clause=f"{_HEADER}, sameip",
        says="source and target are one address",
        read=_same,
        value=False,
    ),
)
