"""Rules drawn at random: each of what one packet, stream or message holds, so that it nearly holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from beside.drawn import headers
from beside.drawn.files import SET
from beside.drawn.octets import Drawing, quoted
from beside.drawn.requests import asked as asked_of
from interlock.detect.signatures.language.buffers import BUFFERS
from interlock.detect.signatures.language.model import Transformation
from interlock.detect.signatures.plain.transforming import transformed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random  # noqa: TID251 (a seed is given)

    from beside.drawn.samples import Side

__all__ = ["Rule", "drawn"]

_BY_NAME: Final = {one.name: one for one in BUFFERS}
_HEADERS: Final = (
    "ip.src",
    "ip.dst",
    "tcp.hdr",
    "udp.hdr",
    "ipv4.hdr",
    "icmpv4.hdr",
    "ipv6.hdr",
    "icmpv6.hdr",
)
_TRANSFORMATIONS: Final = (
    "to_lowercase", "to_uppercase", "to_md5", "to_sha1", "to_sha256", "strip_whitespace", "url_decode", "dotprefix",
    "header_lowercase", "strip_pseudo_headers", 'xor:"0d20"', 'pcrexform:"[a-z]([^ ]+)"',
)  # fmt: skip
_NEWER: Final = (
    "email.", "smtp.", "dns.query.", "dns.queries", "dns.answer", "dns.authorities", "dns.additionals", "tls.alpn",
    "tls.subjectaltname", "ja4", "mqtt.connect.protocol_string", "sip.from", "sip.to", "sip.via", "sip.user_agent",
    "sip.content", "enip.", "ftp.",
)  # fmt: skip
"""Buffers that Suricata 7 does not know."""


_SAID: Final = (
    "target:src_ip", "target:dest_ip", "priority:3", "tag:session,5,packets", "tag:host,10,seconds,src", "noalert",
    "metadata:a b, c d", "requires:version >= 7.0", "requires:feature nothing_such", "classtype:trojan-activity",
    "app-layer-event:http.missing_host_header", "gid:1", "rev:2", "config:logging disable, type tx, scope flow",
    "geoip:any,DE", "ip_proto:!6", "nfq_set_mark:1/2", 'replace:"a"', "iprep:src,x,>,1", 'filemagic:"PDF"', "lua:a.lua",
    "prefilter", "hostbits:set,a", "decode-event:ipv4.opt_pad_required", "stream-event:est_packet_out_of_window",
)  # fmt: skip
"""Words that ask nothing of octets, or that both must refuse."""


class Rule(NamedTuple):
    """head: with its action. options: in their order, each with its modifiers behind it."""

    head: str
    options: tuple[str, ...]

    def line(self, sid: int) -> str:
        """As files have it."""
        return f"{self.head} ({' '.join(f'{one};' for one in self.options)} sid:{sid};)"


def drawn(draw: Random, sides: Sequence[Side], count: int) -> list[Rule]:
    """So many."""
    raw = [side for side in sides if "payload" in side.buffers]
    cut = [side for side in sides if "payload" not in side.buffers and _asked(draw, side)]
    kinds = [kind for kind in (raw, cut) if kind]
    return [_rule(draw, draw.choice(draw.choice(kinds))) for _ in range(count if kinds else 0)]


def _rule(draw: Random, side: Side) -> Rule:
    parts: list[str] = []
    raw = "payload" in side.buffers
    if draw.random() < 0.4 and (flow := headers.flow(draw, side)):
        parts.append(flow)
    if draw.random() < (0.35 if raw else 0.06):
        parts += headers.words(draw, side)
    names: dict[str, int] = {}
    if words := asked_of(draw, side.application) if draw.random() < 0.75 else ():
        parts += words
        if side.application == "dcerpc":  # answers are told of their calls there, and not here
            parts = [part for part in parts if "to_client" not in part and "from_server" not in part]
        if raw and draw.random() < 0.9:
            head = headers.head(draw, side, application=draw.random() < 0.8)
            return Rule("alert " + head, tuple(draw.sample(parts, len(parts))))
    if not raw:  # with messages what was sent so far is not known here (docs/signatures.md)
        parts = [part for part in parts if not part.startswith("stream_size")]
    asked = [] if raw and parts and draw.random() < 0.2 else _asked(draw, side)
    application = not raw or (draw.random() < 0.5 and side.application not in {"", "dhcp"})
    if "dcerpc.stub_data" in asked and not any(
        part.startswith("flow:") for part in parts
    ):  # of answers Suricata 7 has eight octets of their head before it
        parts.append("flow:to_server")
    for name in asked:
        parts += _of(draw, side, name, names)
    if draw.random() < 0.05:
        parts.append(headers.counting(draw))
    if draw.random() < 0.04 and side.application:
        parts.append(f"app-layer-protocol:{draw.choice((side.application, 'http', 'dns'))}")
    if not parts:
        parts.append(headers.flow(draw, side) or "itype:8")
    if draw.random() < 0.06:
        parts.append(draw.choice(_SAID))
    return Rule("alert " + headers.head(draw, side, application=application), tuple(parts))


def _asked(draw: Random, side: Side) -> list[str]:
    if "payload" in side.buffers:
        if draw.random() < 0.1 and side.headers:
            return draw.sample(_HEADERS, 1) + (["payload"] if draw.random() < 0.3 else [])
        return ["payload"]
    names = sorted(filter(_known, side.buffers))
    if not side.to_server:
        names = [name for name in names if name != "dcerpc.stub_data"]
    return draw.sample(names, min(len(names), draw.choice((1, 1, 1, 2, 3))))


def _known(name: str) -> bool:
    return name in _BY_NAME and not name.startswith(_NEWER)


def _of(draw: Random, side: Side, name: str, names: dict[str, int]) -> list[str]:
    if name == "payload":
        before = ["pkt_data"] if draw.random() < 0.03 else []
        return before + Drawing(draw, side.buffers["payload"][0], names).some()
    octets = _header(side, name) if name in _HEADERS else draw.choice(side.buffers[name])
    buffer = _BY_NAME[name]
    if (buffer.modifier or buffer.letter) and draw.random() < 0.3:
        letter = buffer.letter if draw.random() < 0.6 or not buffer.modifier else ""
        if buffer.modifier and draw.random() < 0.7:
            return Drawing(draw, octets, {}, behind=buffer.modifier).some(3)
        if letter:
            drawing = Drawing(draw, octets, {}, letter=letter)
            drawing._expression()  # noqa: SLF001
            return drawing.options
    sticky = [draw.choice((buffer.name, *buffer.older))]
    if draw.random() < 0.18:
        for _ in range(draw.choice((1, 1, 2))):
            one = draw.choice(_TRANSFORMATIONS)
            sticky.append(one)
        octets = _changed(sticky[1:], octets)
    if draw.random() < 0.12:
        sticky.append(f"bsize:{headers.bound(draw, len(octets))}")
        if draw.random() < 0.4:
            return sticky
    if draw.random() < 0.04 and octets:
        return [
            *sticky,
            f"dataset:{draw.choice(('isset', 'isset', 'isnotset'))},listed,type string,load {SET}",
        ]
    if draw.random() < 0.05 and octets:
        return [
            *sticky,
            f'content:{draw.choice(("", "!"))}"{quoted(octets)}"',
            *draw.sample(("startswith", "endswith", "nocase"), 2),
        ]
    return sticky + Drawing(draw, octets, names).some(3)


def _changed(words: list[str], octets: bytes) -> bytes:
    """What transformations make of octets, nearly: what is asked of it is drawn from that."""
    made = tuple(Transformation(name, rest) for name, _, rest in (word.partition(":") for word in words))
    return transformed(octets, made) or b""


def _header(side: Side, name: str) -> bytes:
    octets = side.headers
    if not octets:
        return b""
    if octets[0] >> 4 == 6:
        return {"ip.src": octets[8:24], "ip.dst": octets[24:40], "ipv6.hdr": octets[:40]}.get(
            name, octets[40:]
        )
    size = (octets[0] & 15) * 4
    return {"ip.src": octets[12:16], "ip.dst": octets[16:20], "ipv4.hdr": octets[:size]}.get(
        name, octets[size:]
    )
