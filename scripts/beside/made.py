"""A conversation for each rule, made for it: what the synthesis of the tests says that it asks for, as frames."""

from __future__ import annotations

import random  # noqa: TID251 (a seed is given)
import struct
import warnings
from typing import TYPE_CHECKING, Final

from beside import http, tls
from beside.drawn.shapes import shape
from beside.frames import Ends, tcp, udp
from beside.worn import worn
from detect.signatures.synthesis import UnsolvedError, hit, near_misses, surroundings
from interlock.detect.signatures.language.protocols import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.detect.signatures.language.model import Signature
    from interlock.detect.signatures.language.spans import Spans
    from interlock.detect.signatures.language.variables import Variables
    from interlock.detect.signatures.plain.unit import Unit

__all__ = ["WAYS", "made"]

WAYS: Final = ("whole", "cut", "missed", "flipped", "together", "torn", "shaped", "worn")
"""As they come; cut into segments of chance; spoilt in one place, so that the rule they are made for must not hit;
with up to three octets changed by chance; two rules' in one conversation; with the other end speaking in between; in
IPv6, VLANs, with options and other fields of headers; as captures have them that lost something (worn.py)."""
_FLIPS: Final = 3
_PORTS: Final = {"http": 80, "dns": 53, "tls": 443, "smtp": 25, "ftp": 21, "ssh": 22, "smb": 445}
_HOME: Final = (10 << 24 | 1 << 16, 203 << 24 | 112 << 8, 192 << 24 | 168 << 16, 11 << 24)
_AWAY: Final = (10 << 24 | 8 << 16, 198 << 24 | 51 << 16, 192 << 24 | 168 << 16, 12 << 24)
_MISSES: Final = 2
_HOSTS: Final = 60_000


def made(rules: Iterable[Signature], variables: Variables, way: str, seed: int = 1) -> Iterator[bytes]:
    """Frames, one conversation after the other; rules for which nothing is made are passed over."""
    draw = random.Random(seed)
    before: dict[int, list[tuple[bool, bytes]]] = {}
    warnings.simplefilter("ignore", FutureWarning)
    for number, signature in enumerate(rules):
        ends = variables.ends(signature.header)
        try:
            unit, _ = surroundings(signature, ends, PROTOCOLS[signature.header.protocol])
            unit, looked = hit(signature, unit)
        except UnsolvedError:
            continue
        units = [unit]
        if way == "missed":
            units = [missed for _, missed in near_misses(signature, unit, looked)][:_MISSES]
        for k, one in enumerate(units):
            place = _MISSES * number + k
            source = _address(ends.sources, place, _HOME), ends.source_ports
            target = _address(ends.targets, place, _AWAY), ends.target_ports
            pair = (source, target) if one.to_server is not False else (target, source)
            if one.transport not in {6, 17}:
                continue
            asks = one.to_server is not False
            sent = _sent(one, asks=asks) if one.transport == 6 else _datagrams(one, asks=asks)
            told = [*before.pop(one.transport), *sent] if one.transport in before else sent
            if way == "together" and told is sent:
                before[one.transport] = sent
            told = _changed(told, way, draw)
            frames = _conversation(one, _between(one, place, *pair), told, way, draw)
            frames = iter(worn(list(frames), draw)) if way == "worn" else frames
            yield from map(shape(draw).laid, frames) if way == "shaped" else frames


def _changed(sent: list[tuple[bool, bytes]], way: str, draw: random.Random) -> list[tuple[bool, bytes]]:
    """What both send, changed as a way has it."""
    if way == "torn":
        places = [(serves, octets, draw.randint(1, max(len(octets) - 1, 1))) for serves, octets in sent]
        return [
            (serves != between, piece)
            for serves, octets, at in places
            for between, piece in ((False, octets[:at]), (True, b"+ok\r\n"), (False, octets[at:]))
        ]
    if way != "flipped" or not sent:
        return sent
    changed = list(sent)
    for _ in range(draw.randint(1, _FLIPS)):
        at = draw.randrange(len(changed))
        serves, octets = changed[at]
        if octets:
            place = draw.randrange(len(octets))
            other = draw.choice((octets[place] ^ 0x20, draw.randrange(256), octets[place] + 1 & 255))
            changed[at] = serves, octets[:place] + bytes((other,)) + octets[place + 1 :]
    return changed


def _conversation(
    unit: Unit, ends: Ends, sent: list[tuple[bool, bytes]], way: str, draw: random.Random
) -> Iterator[bytes]:
    if unit.transport == 17:
        yield from udp(ends, sent)
        return
    longest = max((len(octets) for _, octets in sent), default=1)
    size = (lambda: draw.randint(1, longest)) if way == "cut" else (lambda: 1400)
    yield from tcp(ends, sent, size, opens=unit.established is not False)


def _sent(unit: Unit, *, asks: bool) -> list[tuple[bool, bytes]]:
    buffers = unit.buffers
    if unit.application == "tls":
        return tls.exchange(buffers, asks=asks)
    if unit.application == "http" and any(name.startswith(("http.", "file.")) for name in buffers):
        return http.exchange(buffers, asks=asks)
    octets = _payload(unit)
    if unit.application == "http":
        return (
            [(False, octets)]
            if asks
            else [(False, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), (True, octets)]
        )
    if unit.application == "smtp":
        return _mail(octets or b"".join(buffers.get("file.data", ())))
    if unit.application == "ftp":
        banner = [(True, b"220 ready\r\n"), (False, b"USER a\r\n"), (True, b"331 password\r\n")]
        return [*banner, (not asks, octets)]
    return [(False, octets)] if asks else [(False, b"hello"), (True, octets)]


def _mail(octets: bytes) -> list[tuple[bool, bytes]]:
    asked = (b"EHLO a", b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>", b"DATA")
    sent = [(True, b"220 mail ESMTP\r\n")]
    for line in asked:
        sent += [(False, line + b"\r\n"), (True, b"354 go\r\n" if line == b"DATA" else b"250 ok\r\n")]
    return [*sent, (False, b"Subject: x\r\n\r\n" + octets + b"\r\n.\r\n"), (True, b"250 ok\r\n")]


def _datagrams(unit: Unit, *, asks: bool) -> list[tuple[bool, bytes]]:
    if "dns.query" in unit.buffers:
        name = b"".join(unit.buffers["dns.query"])
        return [(False, _dns(name, answers=False)), (True, _dns(name, answers=True))]
    octets = _payload(unit)
    return [(False, octets)] if asks else [(False, b"hello"), (True, octets)]


def _dns(name: bytes, *, answers: bool) -> bytes:
    labels = b"".join(bytes((len(one),)) + one for one in name.split(b".") if 0 < len(one) < 64) + b"\0"
    head = struct.pack(">HHHHHH", 7, 0x8180 if answers else 0x0100, 1, int(answers), 0, 0)
    answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes((93, 184, 216, 34))
    return head + labels + struct.pack(">HH", 1, 1) + (answer if answers else b"")


def _payload(unit: Unit) -> bytes:
    return b"".join(unit.buffers.get("stream", ()) or unit.buffers.get("packet", ())) or bytes(8)


def _between(unit: Unit, place: int, client: tuple[int, Spans], server: tuple[int, Spans]) -> Ends:
    usual = _PORTS.get(unit.application, 4_000 + place % 50)
    return Ends(client[0], _port(client[1], 20_000 + place % 40_000), server[0], _port(server[1], usual))


def _address(spans: Spans, place: int, wanted: Iterable[int]) -> int:
    """One of its own for each place, as far as there are some."""
    own = (base + 1 + place % _HOSTS for base in wanted)
    first, last = spans.ranges[0]
    least = min(last, first + 1 + place % 200)
    return next((one for one in own if any(low <= one <= high for low, high in spans.ranges)), least)


def _port(spans: Spans, wanted: int) -> int:
    within = any(low <= wanted <= high for low, high in spans.ranges)
    return wanted if within else spans.ranges[-1][1] or 1
