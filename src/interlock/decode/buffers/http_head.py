"""Heads of HTTP/1 as buffers: the first line, the fields, and what stands in single ones.

Source: RFC 9112 clauses 3 to 5; names and contents as in the Suricata user guide, HTTP keywords.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.uri import normalised, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    _Maker = Callable[["Head"], "bytes | None"]

__all__ = ["JOINED", "MOST_FIELDS", "REQUEST_LINE", "STATUS_LINE", "Head", "first_line", "is_answer"]

MOST_FIELDS: Final = 1024
_RECOGNISED: Final = (b"basic", b"digest", b"bearer")
REQUEST_LINE: Final = re.compile(
    rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}[ \t][^\r\n]*?[ \t]HTTP/[\d.]{1,8}[ \t]*\r?\n"
)
STATUS_LINE: Final = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+\d{1,3}(?:[ \t][^\r\n]*)?\r?\n")
"""What a head begins with for certain: in the middle of a conversation it is known by it."""
_BASIC: Final = re.compile(rb"basic[ \t]*([^ \t=][^=]*|=)", re.IGNORECASE)
_LETTERS: Final = re.compile(rb"[A-Za-z0-9+/]")
_BLANKS: Final = b" \t\r\n\x0b\x0c"
_LINES: Final = re.compile(rb"\r{0,4}\n|\r")
_FOLDS: Final = re.compile(rb"\r{0,4}\n(?=[ \t\0])")
_FOLDS_OF_ANSWERS: Final = re.compile(rb"\r{0,4}\n(?=[ \t\0][^:\n]*(?:\n|\Z))")
"""Ends of lines that the next goes on with (RFC 9112 clause 5.2); in answers a field that is only indented is one."""


def is_answer(line: bytes) -> bool:
    """Whether a first line is a status line as lenient clients see it: all others begin a body."""
    return line.lstrip(_BLANKS + b"\0")[:4].lower() == b"http"


def first_line(line: bytes, *, asks: bool) -> tuple[bytes, bytes | None, bytes | None]:
    """Method, target and protocol of a request's first line; protocol, code and reason of an answer's.

    line: without its end; whatever it looks like: words end at blanks, and the last one at the end of the line.
    """
    first, *others = line.split(None, 1) or [b""]
    if not others:
        return first, None, None
    second, blank, third = others[0].partition(b" ")
    if not (blank and asks):
        second, *rest = others[0].split(None, 1)
        third = rest[0] if rest else b""
    return first, second, third.lstrip(_BLANKS) or None


class Head:
    """first: the first line without its end; parts: of it, as of `first_line`. asks: whether it is a request's.

    fields: names in lower case → values joined. whole: whether it has an end. simple: whether it is a line alone, which
    only a body answers, as in HTTP/0.9 (RFC 1945 clause 4.1).
    """

    def __init__(self, octets: bytes, *, asks: bool, whole: bool = True, simple: bool = False) -> None:
        line, _, raw = octets.partition(b"\n")
        self.first = line.rstrip(b"\r")
        self.parts = first_line(self.first, asks=asks)
        self.asks = asks
        self.whole = whole
        self.raw = raw
        self.simple = simple
        self.fields: dict[bytes, bytes] = {}
        self.count = 0
        self._spelled: dict[bytes, bytes] = {}
        self._read(self.raw if whole else raw[: raw.rfind(b"\n") + 1])

    def _read(self, raw: bytes) -> None:
        """Fields in order, equal names as one (RFC 9110 clause 5.3)."""
        if b"\n " in raw or b"\n\t" in raw or b"\n\0" in raw:
            modern = not self.asks and self.parts[0] == b"HTTP/1.1"
            raw = (_FOLDS_OF_ANSWERS if modern else _FOLDS).sub(b"", raw)
        fields = self.fields
        for text in (
            raw.split(b"\n") if self.asks or b"\r" not in raw.replace(b"\r\n", b"") else _LINES.split(raw)
        ):
            line = text.rstrip(b"\r \t")
            if not line:
                continue
            name, colon, value = line.partition(b":")
            if self.count >= MOST_FIELDS:
                self.count += 1
                return
            self.count += 1
            if not colon or (self.asks and b"\0" in name):
                name, value = b"", line
            name, value = name.strip(b" \t"), value.strip(b" \t")
            last = name.lower()
            known = fields.get(last)
            if known is None:
                fields[last] = value
                self._spelled[last] = name
            elif last != b"content-length":
                fields[last] = known + b", " + value

    @property
    def flooded(self) -> bool:
        """Whether there were more fields than are read."""
        return self.count > MOST_FIELDS

    @property
    def unreadable(self) -> bool:
        """Whether it brings a password that Suricata's parser fails at: Base64 of no octet (RFC 7617 clause 2)."""
        found = _BASIC.match(self.fields.get(b"authorization", b""))
        return found is not None and len(_LETTERS.findall(found[1])) < 2

    @property
    def target(self) -> bytes:
        """A request's target as it came."""
        return self.parts[1] or b""

    @property
    def host(self) -> bytes:
        """The host that a request asks, as it came: its target's, else its field's."""
        return self.named or self.fields.get(b"host", b"")

    @property
    def named(self) -> bytes:
        """The host that its target names, where it does: with CONNECT that is all of it (RFC 9112 clause 3.2.3)."""
        return self.target if self.parts[0] == b"CONNECT" else parts_of(self.target)[0]

    def joined(self) -> bytes | None:
        """Fields but cookies, equal names as one."""
        return self._lines(b"cookie" if self.asks else b"set-cookie") or None

    def _lines(self, but: bytes = b"") -> bytes:
        return b"".join(
            self._spelled[name] + b": " + value + b"\r\n"
            for name, value in self.fields.items()
            if name != but or not but
        )

    def start(self) -> bytes:
        """First line and fields."""
        return self.first + b"\r\n" + (self._lines() + b"\r\n" if self.fields else b"")

    def names(self) -> bytes | None:
        """Names of fields, each once, as they were spelled first."""
        spelled = b"".join(name + b"\r\n" for name in self._spelled.values())
        return b"\r\n" + spelled + b"\r\n" if spelled else None

    def buffers(self, asked: frozenset[str], joined: bool | None = None) -> Iterator[tuple[str, bytes]]:
        """Those of its buffers that are asked for and there. joined: only those that join all fields, or all others."""
        for buffer, make in _makers(asked, joined, asks=self.asks):
            octets = make(self)
            if octets is not None:
                yield buffer, octets
        for buffer, each in _SEVERAL[self.asks].items():
            if buffer in asked and not joined:
                yield from ((buffer, octets) for octets in each(self))

    def each(self) -> Iterator[bytes]:
        """Each field, equal names as one."""
        return (self._spelled[name] + b": " + value for name, value in self.fields.items())

    def events(self) -> Iterator[bytes]:
        """What Suricata calls an event of a request's head; libhtp, which it reads HTTP by, says when."""
        newest = self.parts[2] == b"HTTP/1.1"
        coding = self.fields.get(b"transfer-encoding")
        if coding is not None and not (newest and b"chunked" in coding.lower()):
            yield b"invalid_transfer_encoding_value_in_request"
        if newest and b"host" not in self.fields:
            yield b"missing_host_header"
        authorization = self.fields.get(b"authorization")
        if authorization is not None and not authorization.lower().startswith(_RECOGNISED):
            yield b"request_auth_unrecognized"


def _field(name: bytes) -> _Maker:
    return lambda head: head.fields.get(name)


JOINED: Final = frozenset({"http.header", "http.header.raw", "http.header_names", "http.start"})
"""Buffers in which all fields are."""
_BOTH: Final[dict[str, _Maker]] = {
    "http.connection": _field(b"connection"),
    "http.content_type": _field(b"content-type"),
    "http.content_len": _field(b"content-length"),
    "http.header": Head.joined,
    "http.header.raw": lambda head: head.raw or None,
    "http.header_names": Head.names,
    "http.start": Head.start,
}
_REQUEST: Final[dict[str, _Maker]] = {
    "http.method": lambda head: head.parts[0],
    "http.uri": lambda head: None if head.parts[0] == b"CONNECT" else normalised(head.target) or None,
    "http.uri.raw": lambda head: head.parts[1],
    "http.url": lambda head: head.host.lower() + (parts_of(head.target)[1] or b"/") if head.host else None,
    "http.request_line": lambda head: head.first,
    "http.protocol": lambda head: head.parts[2],
    "http.host": lambda head: _without_port(head.host.lower()) if head.host and head.whole else None,
    "http.host.raw": lambda head: _without_port(head.named.lower()) or head.fields.get(b"host"),
    "http.user_agent": _field(b"user-agent"),
    "http.referer": _field(b"referer"),
    "http.cookie": _field(b"cookie"),
    "http.accept": _field(b"accept"),
    "http.accept_lang": _field(b"accept-language"),
    "http.accept_enc": _field(b"accept-encoding"),
    **_BOTH,
}
_ANSWER: Final[dict[str, _Maker]] = {
    "http.response_line": lambda head: head.first,
    "http.protocol": lambda head: head.parts[0],
    "http.stat_code": lambda head: head.parts[1],
    "http.stat_msg": lambda head: head.parts[2],
    "http.cookie": _field(b"set-cookie"),
    "http.location": _field(b"location"),
    "http.server": _field(b"server"),
    **_BOTH,
}
"""Buffer → what makes it of a head; None: it is not there."""


_SEVERAL: Final[dict[bool, dict[str, Callable[[Head], Iterable[bytes]]]]] = {
    True: {"http.request_header": Head.each, "http.event": Head.events},
    False: {"http.response_header": Head.each},
}
"""Whether it is a request's → buffers that one head may have several of."""


@lru_cache(maxsize=32)
def _makers(asked: frozenset[str], joined: bool | None, *, asks: bool) -> tuple[tuple[str, _Maker], ...]:
    """Those of a request, or of an answer, that are asked for. joined: as of Head.buffers."""
    made = ((name, make) for name, make in (_REQUEST if asks else _ANSWER).items() if name in asked)
    return tuple(pair for pair in made if joined is None or joined == (pair[0] in JOINED))


def _without_port(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host.partition(b"]")[0] + b"]"
    return host.partition(b":")[0]
