"""Conversations drawn at random, of few different octets, so that what is asked of one nearly holds of others."""

from __future__ import annotations

import base64
import struct
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from beside.drawn import plants
from beside.drawn.shapes import PLAIN, Shape, shape
from beside.frames import Ends, icmp, tcp, udp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random  # noqa: TID251 (a seed is given)

__all__ = ["THEMES", "Made", "conversations"]

_OCTETS: Final = b"aaabbABc0012345 \0\0\1\2\xff\n.:/"
_WORDS: Final = (b"a", b"b", b"ab", b"Ab", b"abc", b"x", b"0", b"12", b"a b", b"a.b", b"a%41b", b"%20", b"+")
_CLIENT: Final = 10 << 24 | 8 << 16
_SERVER: Final = 10 << 24 | 1 << 16


class Made(NamedTuple):
    """transport, port of the server, and what each side sends: whether the server does, and octets.

    lost: frames at the beginning that the capture does not have.
    """

    transport: int
    port: int
    sent: list[tuple[bool, bytes]]
    shape: Shape = PLAIN
    lost: int = 0

    def frames(self, number: int) -> Iterator[bytes]:
        """number: of the conversation, from 0; each has addresses of its own."""
        ends = Ends(_CLIENT + 1 + number, 30_000 + number, _SERVER + 1 + number, self.port)
        carry = {6: tcp, 17: udp, 1: icmp}[self.transport]
        yield from islice(map(self.shape.laid, carry(ends, self.sent)), self.lost, None)


def conversations(draw: Random, count: int, theme: str = "plain") -> list[Made]:
    """So many, of one of THEMES."""
    kinds, weights = THEMES[theme]
    made = [draw.choices(kinds, weights)[0](draw) for _ in range(count)]
    if theme == "joined":
        return [
            one._replace(lost=draw.choice((0, 3, 3, 4, 5, 1)) if one.transport == 6 else 0) for one in made
        ]
    return [one._replace(shape=shape(draw)) for one in made] if theme == "packets" else made


def _some(draw: Random, most: int = 24) -> bytes:
    if draw.random() < 0.06:
        return base64.b64encode(bytes(draw.choice(_OCTETS) for _ in range(draw.randint(1, most // 2))))
    return bytes(draw.choice(_OCTETS) for _ in range(draw.randint(1, most)))


def _datagrams(draw: Random) -> Made:
    return Made(
        17, 4_000 + draw.randrange(3), [(draw.random() < 0.4, _some(draw)) for _ in range(draw.randint(1, 4))]
    )


def _stream(draw: Random) -> Made:
    return Made(
        6, 4_000 + draw.randrange(3), [(draw.random() < 0.4, _some(draw)) for _ in range(draw.randint(1, 5))]
    )


def _pings(draw: Random) -> Made:
    """Messages of ICMP from the type on, with zeros for the checksum."""
    sent = []
    named = struct.pack(">HH", draw.choice((0, 1, 77)), draw.choice((0, 1, 2)))
    for _ in range(draw.randint(1, 4)):
        kind = draw.choice((8, 8, 8, 13, 3, 11, 5))
        code = draw.choice((0, 1, 3)) if kind in {3, 11, 5} else draw.choice((0, 0, 0, 1))
        sent.append((draw.random() < 0.2, bytes((kind, code, 0, 0)) + named + _some(draw)))
        if kind == 8 and draw.random() < 0.7:
            sent.append((not sent[-1][0], bytes((0, 0, 0, 0)) + named + sent[-1][1][8:]))
    return Made(1, 0, sent)


def _control(make: Callable[[Random], plants.Sent]) -> Callable[[Random], Made]:
    return lambda draw: Made(*make(draw))


def _words(draw: Random, between: bytes, most: int = 4) -> bytes:
    return between.join(draw.choice(_WORDS) for _ in range(draw.randint(1, most)))


def _http(draw: Random) -> Made:
    sent = []
    for _ in range(draw.randint(1, 2)):
        target = (
            b"/"
            + _words(draw, b"/").replace(b" ", b"%20")
            + (b"?q=" + draw.choice(_WORDS[:6]) if draw.random() < 0.5 else b"")
        )
        method = draw.choice((b"GET", b"GET", b"POST", b"HEAD", b"PUT"))
        body = _some(draw) if method in {b"POST", b"PUT"} else b""
        fields = b"".join(
            name + b": " + _words(draw, b" ", 3) + b"\r\n"
            for name in (
                b"User-Agent",
                b"Cookie",
                b"Referer",
                b"Accept",
                b"X-a",
                b"Content-Type",
                b"Connection",
            )
            if draw.random() < 0.4
        )
        length = b"Content-Length: %d\r\n" % len(body) if body else b""
        host = draw.choice((b"a.b", b"A.b.example", b"ab:80"))
        sent.append(
            (
                False,
                method
                + b" "
                + target
                + b" HTTP/1.1\r\nHost: "
                + host
                + b"\r\n"
                + fields
                + length
                + b"\r\n"
                + body,
            )
        )
        answer = b"" if method == b"HEAD" else _some(draw, 40)
        more = b"".join(
            name + b": " + _words(draw, b" ", 3) + b"\r\n"
            for name in (b"Server", b"Set-Cookie", b"Location")
            if draw.random() < 0.4
        )
        code = draw.choice((b"200 OK", b"404 Not Found", b"302 a b"))
        size = len(answer) if answer or method != b"HEAD" else 3
        sent.append(
            (True, b"HTTP/1.1 " + code + b"\r\n" + more + b"Content-Length: %d\r\n\r\n" % size + answer)
        )
    return Made(6, 80, sent)


def _dns(draw: Random) -> Made:
    name = [draw.choice((b"a", b"b", b"ab", b"Abc", b"example", b"x1")) for _ in range(draw.randint(1, 3))]
    labels = b"".join(bytes((len(one),)) + one for one in name) + b"\0"
    kind = draw.choice((1, 16, 28))
    ask = struct.pack(">HHHHHH", draw.randrange(4), 0x0100, 1, 0, 0, 0) + labels + struct.pack(">HH", kind, 1)
    answer = struct.pack(">HHHHHH", *struct.unpack(">H", ask[:2]), 0x8180, 1, 1, 0, 0) + ask[12:]
    answer += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes((97, 98, 0, 1))
    return Made(17, 53, [(False, ask), (True, answer)])


def _mail(draw: Random) -> Made:
    sent = [(True, b"220 mail ESMTP\r\n")]
    for line in (
        b"EHLO " + draw.choice((b"a", b"b.a")),
        b"MAIL FROM:<a@b.example>",
        b"RCPT TO:<c@d.example>",
        b"DATA",
    ):
        sent += [(False, line + b"\r\n"), (True, b"354 go\r\n" if line == b"DATA" else b"250 ok\r\n")]
    text = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: " + _words(draw, b" ") + b"\r\n"
    name = draw.choice((b"a.txt", b"b.exe", b"ab.TXT"))
    text += b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x1x"\r\n\r\n'
    text += b"--x1x\r\nContent-Type: text/plain\r\n"
    text += (
        b'Content-Disposition: attachment; filename="'
        + name
        + b'"\r\n\r\n'
        + _words(draw, b" ", 8)
        + b"\r\n--x1x--\r\n"
    )
    return Made(
        6,
        25,
        [
            *sent,
            (False, text + b".\r\n"),
            (True, b"250 ok\r\n"),
            (False, b"QUIT\r\n"),
            (True, b"221 bye\r\n"),
        ],
    )


_PLAIN = ((_datagrams, _stream, _http, _dns, _mail), (30, 30, 25, 10, 5))
THEMES: Final[dict[str, tuple[tuple[Callable[[Random], Made], ...], tuple[int, ...]]]] = {
    "plain": _PLAIN,
    "plants": (
        (*map(_control, (plants.registers, plants.outstation, plants.enip, plants.calls)), _stream),
        (30, 20, 25, 20, 5),
    ),
    "packets": ((_datagrams, _stream, _pings, _http, _dns), (30, 25, 30, 10, 5)),
    "actions": _PLAIN,
    "limits": _PLAIN,
    "joined": (
        (_datagrams, _stream, _http, *map(_control, (plants.registers, plants.outstation, plants.enip))),
        (10, 35, 20, 15, 10, 10),
    ),
}
"""By name: kinds of conversations, and how many of each.

actions: beside rules that let pass. limits: under a threshold.conf. joined: most began before the capture did.
"""
