"""Random traffic of few octets, and random rules about it: much of what they look for was cut out of it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random  # noqa: TID251 - what makes cases passes it in

__all__ = ["rule", "spoilt", "traffic", "words_of"]

OCTETS = b"abAB\x00\x01"
BUFFERS = (
    "http.uri",
    "http.method",
    "http.user_agent",
    "http.request_body",
    "dns.query",
    "tls.sni",
    "file.data",
)
HEADS = ("tcp", "tcp", "tcp", "tcp-pkt", "tcp-stream", "udp", "ip", "icmp", "http")
PORTS = ("any", "any", "80", "!80", "[1:79,90]", "[80,81]")
MACHINES = ("any", "any", "10.0.0.0/24", "!10.0.0.1", "[10.0.0.1,10.0.0.2]", "$HOME_NET")
EXPRESSIONS = ("ab+", "^a", "b$", "a.b", "(a|b){2}", "[^a]b", "a(?=b)", "\\x00")
FLAGS = ("S", "SA", "A", "FA", "R", "PA")
NUMBERS = {"S": 2, "F": 1, "R": 4, "P": 8, "A": 16}


def _octets(chance: Random, most: int) -> bytes:
    return bytes(chance.choice(OCTETS) for _ in range(chance.randint(1, most)))


def _content(chance: Random, words: Sequence[bytes]) -> str:
    octets = _octets(chance, 6)
    if words and chance.random() < 0.8:
        word = chance.choice(words)
        at = chance.randint(0, max(0, len(word) - 1))
        octets = word[at : at + chance.randint(1, 12)] or octets
    text = f'content:{"!" if chance.random() < 0.15 else ""}"|{octets.hex(" ")}|"'
    if chance.random() < 0.3:
        text += "; nocase"
    kind = chance.random()
    if kind < 0.2:
        text += f"; distance:{chance.randint(-2, 3)}"
        text += f"; within:{len(octets) + chance.randint(0, 6)}" if chance.random() < 0.5 else ""
    elif kind < 0.35:
        text += f"; offset:{chance.randint(0, 3)}; depth:{len(octets) + chance.randint(0, 4)}"
    elif kind < 0.45:
        text += "; startswith"
    elif kind < 0.5:
        text += "; endswith"
    elif kind < 0.6:
        text += "; fast_pattern"
    return text


def _asked(chance: Random, words: Sequence[bytes]) -> str:
    kind = chance.random()
    if kind < 0.7:
        return _content(chance, words)
    if kind < 0.8:
        return f'pcre:"/{chance.choice(EXPRESSIONS)}/{chance.choice(("", "i", "R", "s"))}"'
    if kind < 0.9:
        return (
            f"isdataat:{'!' * chance.randint(0, 1)}{chance.randint(0, 8)}{chance.choice(('', ',relative'))}"
        )
    return f"byte_test:1,{chance.choice('<>=&')},{chance.choice((0, 1, 97))},{chance.randint(0, 4)}"


def _around(chance: Random, head: str) -> list[str]:
    """What is asked of packet and conversation."""
    asked = []
    if chance.random() < 0.3:
        asked.append(
            "flow:" + chance.choice(("to_server", "to_client", "established", "established,to_server"))
        )
    if head == "tcp" and chance.random() < 0.15:
        asked.append(f"flags:{chance.choice(('', '+', '*', '!'))}{chance.choice(FLAGS)},12")
    if chance.random() < 0.1:
        asked.append(f"dsize:{chance.choice(('', '<', '>'))}{chance.randint(0, 9)}")
    if head == "icmp" and chance.random() < 0.5:
        asked.append(f"itype:{chance.choice((0, 3, 8))}")
    if chance.random() < 0.1:
        asked.append(f"flowbits:{chance.choice(('set', 'isset', 'isnotset', 'unset'))},{chance.choice('xy')}")
    if chance.random() < 0.05:
        asked.append(
            f"stream_size:{chance.choice(('client', 'server'))},{chance.choice('<>')},{chance.randint(0, 20)}"
        )
    return asked


def rule(chance: Random, sid: int, words: Sequence[bytes] = ()) -> str:
    """One rule as text. words: octets that it may look for. It need not be a right one: some are refused."""
    head = chance.choice(HEADS)
    options = _around(chance, head)
    options += [_asked(chance, words) for _ in range(chance.choice((0, 1, 1, 1, 2, 3)))]
    if chance.random() < 0.35:
        for _ in range(chance.randint(1, 2)):
            options += [chance.choice(BUFFERS), _content(chance, words)]
    if chance.random() < 0.1:
        options.append("threshold:type limit,track by_src,count 2,seconds 60")
    ends = [chance.choice(kind) for kind in (MACHINES, PORTS, MACHINES, PORTS)]
    way = chance.choice(("->", "->", "->", "<>"))
    return (
        f"alert {head} {ends[0]} {ends[1]} {way} {ends[2]} {ends[3]} ({'; '.join((*options, f'sid:{sid}'))};)"
    )


def spoilt(chance: Random, text: str) -> str:
    """A rule with a few places changed: hostile text."""
    for _ in range(chance.choice((1, 1, 2, 6))):
        at = chance.randint(0, len(text))
        kind = chance.random()
        if kind < 0.3:
            text = text[:at] + text[at + chance.randint(1, 8) :]
        elif kind < 0.6:
            text = (
                text[:at]
                + chance.choice(";:,\"'()[]!|\\$ \t\n0a\x00\uffff<>^/") * chance.randint(1, 3)
                + text[at:]
            )
        elif kind < 0.8:
            text = text[:at] + str(chance.choice((0, -1, 1 << 31, 1 << 64, 10**30))) + text[at:]
        else:
            text = text[:at] + text[max(0, at - 30) : at] * chance.randint(1, 40) + text[at:]
    return text


def traffic(chance: Random) -> list[list[dict[str, Any]]]:
    """Batches of rows of payloads: conversations of random pieces, as packets, streams and transactions."""
    rows: list[dict[str, Any]] = []
    for flow in range(1, chance.randint(2, 6)):
        rows += _conversation(chance, flow)
    order = sorted(range(len(rows)), key=lambda k: (chance.random() < 0.05, rows[k]["time"], k))
    rows = [{**rows[k], "frame": place + 1} for place, k in enumerate(order)]
    batches, at = [], 0
    while at < len(rows):
        size = chance.randint(1, 12)
        batches.append(rows[at : at + size])
        at += size
    return batches


def words_of(batches: list[list[dict[str, Any]]]) -> list[bytes]:
    """What passed: each stretch, and the streams as a whole, so that what lies across stretches is looked for, too."""
    rows = [row for batch in batches for row in batch]
    streams = sorted((row for row in rows if row["buffer"] == "stream"), key=_side)
    whole = [b"".join(row["octets"] for row in side) for _, side in groupby(streams, key=_side)]
    return [octets for octets in (*whole, *whole, *(row["octets"] for row in rows)) if octets]


def _side(row: dict[str, Any]) -> tuple[int, str]:
    return row["flow"], row["direction"]


def _conversation(chance: Random, flow: int) -> list[dict[str, Any]]:
    transport = chance.choice(("tcp", "tcp", "tcp", "udp", "icmp"))
    ports = transport != "icmp"
    http = transport == "tcp" and chance.random() < 0.4
    common = {
        "source": "a", "realm": "r", "flow": flow, "transport": transport, "offset": 0,
        "client": f"10.0.0.{chance.randint(1, 3)}", "server": f"10.0.0.{chance.randint(1, 3)}",
        "client_port": 1024 + flow if ports else None, "server_port": chance.choice((80, 81, 90)) if ports else None,
        "protocol": "http" if http else None,
    }  # fmt: skip
    rows, sent = [], {"to_server": 0, "to_client": 0}
    for turn in range(chance.randint(1, 6)):
        way = chance.choice(("to_server", "to_client"))
        row = {**common, "direction": way, "time": turn * 10 + flow}
        octets = _octets(chance, 9) if chance.random() < 0.9 else b""
        if http and chance.random() < 0.6:
            names = chance.sample(BUFFERS[:4], chance.randint(1, 3))
            rows += [
                {**row, "buffer": name, "octets": _octets(chance, 12), "transaction": turn + 1}
                for name in names
            ]
        rows.append({**row, "buffer": "packet", "octets": octets, "headers": _headers(chance, transport)})
        if transport == "tcp" and octets:
            rows.append({**row, "buffer": "stream", "octets": octets, "offset": sent[way]})
            sent[way] += len(octets) + (chance.random() < 0.1)
    return rows


def _headers(chance: Random, transport: str) -> bytes | None:
    if chance.random() < 0.1:
        return None
    number = {"tcp": 6, "udp": 17, "icmp": 1}[transport]
    begin = bytes([0x45, 0, 0, 40, 0, chance.randint(0, 2), 0, 0, chance.choice((1, 64)), number]) + bytes(10)
    if transport == "tcp":
        flags = sum(NUMBERS[letter] for letter in chance.choice(FLAGS))
        return begin + bytes(12) + bytes([0x50, flags]) + bytes(6)
    return begin + bytes([chance.choice((0, 3, 8)), 0, 0, 0, 0, 0, 0, 0])
