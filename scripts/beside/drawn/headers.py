"""Words about headers, conversations and counts, drawn so that they hold of packets at hand, or nearly do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random  # noqa: TID251 (a seed is given)

    from beside.drawn.samples import Side

__all__ = ["bound", "counting", "flow", "head", "words"]

_FLAGS: Final = "FSRPAUEC"
_OPTIONS: Final = ("rr", "eol", "nop", "ts", "sec", "esec", "lsrr", "ssrr", "satid")
_TRANSPORTS: Final = {
    "tcp": ("tcp", "tcp", "ip", "tcp-pkt", "tcp-stream"),
    "udp": ("udp", "udp", "ip"),
    "icmp": ("icmp", "ip", "icmpv4"),
    "icmp6": ("icmp", "ip", "icmpv6"),
    "sctp": ("sctp", "ip"),
}


def bound(draw: Random, number: int, *, equals: bool = True) -> str:
    """A comparison that holds of a number, or nearly does."""
    near = max(0, number + draw.choice((0, 0, 0, -1, 1)))
    forms = [f"<{near}", f">{near}", f"{max(0, near - 2)}<>{near + draw.randint(1, 3)}"]
    forms += [str(near)] * 3 if equals else []
    forms += (
        [f"!{near}", f">={near}", f"<={near}", f"{max(0, near - 2)}-{near + 1}"]
        if draw.random() < 0.3
        else []
    )
    return draw.choice(forms)


def head(draw: Random, side: Side, *, application: bool) -> str:
    """action protocol ends, without the action."""
    words = _TRANSPORTS.get(side.transport, ("ip",))
    if draw.random() < 0.05:
        words = ("ipv4", "ip4", "ipv6", "ip6")
    if application and side.application and draw.random() < 0.8:
        words = (side.application,)
    ends = [_end(draw, address, port) for address, port in zip(side.addresses, side.ports, strict=True)]
    if draw.random() < 0.08:
        ends.reverse()
    way = draw.choices(("->", "<>", "=>"), (90, 9, 1))[0]
    return f"{draw.choice(words)} {ends[0]} {way} {ends[1]}"


def _end(draw: Random, address: str, port: int) -> str:
    if draw.random() < 0.6:
        return "any any"
    wide = (
        address.rsplit(".", 1)[0] + ".0/24"
        if "." in address
        else draw.choice(("::/0", "2001:db8::/32", "2001:db9::/32"))
    )
    others = ("any", address, wide, f"[{address},192.0.2.1]", f"[{wide},!{address}]", f"!{address}", "$HOME_NET",
              "$EXTERNAL_NET", "!$HOME_NET", "[10.0.0.0/8,![10.1.0.0/16,10.8.0.3]]", "10.0.0.0-10.8.0.9")  # fmt: skip
    said = draw.choice(others) if draw.random() < 0.5 else "any"
    near = max(0, port + draw.choice((0, 0, 0, 1, -1)))
    ports = (
        *("any", str(near), f"{max(0, near - 3)}:{near + 1}", f"[{near},{near + 5}]", f"!{near}", f":{near}"),
        *(f"[{near}:,!{near + 1}]", f"[1:65535,!{near}]", "$HTTP_PORTS", "!$SSH_PORTS"),
        f"![{near},{near + 2}:{near + 4}]",
    )
    return f"{said} {draw.choice(ports) if port >= 0 and draw.random() < 0.6 else 'any'}"


def flow(draw: Random, side: Side) -> str:
    """flow, with words that hold of it or do not. Of ICMP's conversations little is the same (docs/signatures.md)."""
    if side.transport in {"icmp", "icmp6"}:
        return ""
    right = draw.random() < 0.85
    way = ("to_server", "from_client") if side.to_server == right else ("to_client", "from_server")
    words = [draw.choice(way)] if draw.random() < 0.7 else []
    words += (
        [draw.choice(("established", "established", "not_established", "stateless"))]
        if draw.random() < 0.6
        else []
    )
    words += ["no_stream"] if draw.random() < 0.06 else []
    words += ["no_frag"] if draw.random() < 0.04 else []
    draw.shuffle(words)
    return f"flow:{','.join(words or ['established'])}"


def words(draw: Random, side: Side) -> list[str]:
    """One or two words about headers."""
    drawn = [draw.choice((_ip, _transport, _size))(draw, side) for _ in range(draw.randint(1, 2))]
    return [one for one in drawn if one]


def _size(draw: Random, side: Side) -> str:
    payload = side.buffers.get("payload", (b"",))[0]
    kind = draw.random()
    if kind < 0.6:
        return f"dsize:{bound(draw, len(payload))}"
    if kind < 0.8:
        side_of = draw.choice(("server", "client", "both", "either"))
        return f"stream_size:{side_of},{draw.choice('<>=')},{draw.randint(1, 60)}"
    return draw.choice(
        (
            "ip_proto:6",
            "ip_proto:!17",
            "ip_proto:udp",
            "ip_proto:>6",
            "sameip",
            "ip_proto:<7",
            "ip_proto:1",
            "ip_proto:58",
            "ip_proto:icmp",
        )
    )


def _ip(draw: Random, side: Side) -> str:
    octets = side.headers
    if len(octets) >= 40 and octets[0] >> 4 == 6:
        numbers = {"ttl": octets[7], "tos": int.from_bytes(octets[:2], "big") >> 4 & 255, "id": 0}
        name = draw.choice((*numbers, "ttl", "fragbits", "ipopts"))
        if name in numbers:
            return f"{name}:{bound(draw, numbers[name])}"
        return "fragbits:!D" if name == "fragbits" else "ipopts:rr"
    if len(octets) < 20 or octets[0] >> 4 != 4:
        return ""
    numbers = {"ttl": octets[8], "tos": octets[1], "id": int.from_bytes(octets[4:6], "big")}
    name = draw.choice((*numbers, "fragbits", "ipopts", "fragoffset"))
    if name == "fragbits":
        return f"fragbits:{draw.choice(('', '+', '*', '!'))}{draw.choice(('D', 'M', 'R', 'MD', 'DR'))}"
    if name == "ipopts":
        return f"ipopts:{draw.choice(_OPTIONS)}"
    if name == "fragoffset":
        return f"fragoffset:{draw.choice(('0', '!0', '>0'))}" if draw.random() < 0.1 else ""
    return f"{name}:{bound(draw, numbers[name])}"


def _transport(draw: Random, side: Side) -> str:
    size = 0 if not side.headers else 40 if side.headers[0] >> 4 == 6 else (side.headers[0] & 15) * 4
    octets = side.headers[size:] if size else b""
    if side.transport == "tcp" and len(octets) >= 20:
        flags = octets[13]
        there = "".join(letter for bit, letter in enumerate(_FLAGS) if flags >> bit & 1) or "0"
        if draw.random() < 0.6:
            # Of ! and * such flags alone as Suricata has no group of packets for (docs/signatures.md).
            how = draw.choice(("", "", "+", "*", "!"))
            known = "PA" if how in {"*", "!"} else _FLAGS
            letters = "".join(draw.sample(known, draw.randint(1, 2)))
            letters = there if how in {"", "+"} and draw.random() < 0.6 else letters
            mask = (
                "," + "".join(draw.sample("FSRPAUCE12", draw.randint(1, 2))) if draw.random() < 0.25 else ""
            )
            return f"flags:{how}{letters}{mask}"
        sequence, acknowledged = (int.from_bytes(octets[at : at + 4], "big") for at in (4, 8))
        named = {"seq": sequence, "ack": acknowledged, "window": int.from_bytes(octets[14:16], "big")}
        name = draw.choice(sorted(named))
        if name == "window" or draw.random() < 0.7:
            return f"{name}:{'!' if name == 'window' and draw.random() < 0.2 else ''}{named[name]}"
        return f"tcp.mss:{bound(draw, 1460)}" if draw.random() < 0.3 else f"tcp.{name}:{named[name]}"
    if side.transport in {"icmp", "icmp6"} and len(octets) >= 8:
        numbers = {"itype": octets[0], "icode": octets[1], "icmp_id": int.from_bytes(octets[4:6], "big"),
                   "icmp_seq": int.from_bytes(octets[6:8], "big")}  # fmt: skip
        name = draw.choice(sorted(numbers))
        return f"{name}:{bound(draw, numbers[name]) if name in {'itype', 'icode'} else numbers[name]}"
    return ""


def counting(draw: Random) -> str:
    """threshold or detection_filter."""
    kind = draw.choice(("limit", "threshold", "both", ""))
    # Suricata 7 has no by_flow, and of detection_filter no more than both ends.
    track = draw.choice(("by_src", "by_dst", "by_both", "by_rule") if kind else ("by_src", "by_dst"))
    rest = f"track {track},count {draw.randint(1, 4)},seconds {draw.choice((1, 60, 600))}"
    return f"threshold:type {kind},{rest}" if kind else f"detection_filter:{rest}"
