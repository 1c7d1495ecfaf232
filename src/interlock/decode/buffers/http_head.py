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

__all__ = ["MOST_FIELDS", "REQUEST_LINE", "STATUS_LINE", "Head"]

MOST_FIELDS: Final = 1024
_RECOGNISED: Final = (b"basic", b"digest", b"bearer")
REQUEST_LINE: Final = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32})[ \t]+([^\r\n]*?)(?:[ \t]+(HTTP/[\d.]{1,8}))?[ \t]*\r?\n"
)
STATUS_LINE: Final = re.compile(rb"(HTTP/\d(?:\.\d)?)[ \t]+([^ \t\r\n]{1,32})(?:[ \t]+([^\r\n]*))?\r?\n")


class Head:
    """line: the first one's match. fields: names in lower case → values joined; asks: whether it is a request's."""

    def __init__(self, octets: bytes, line: re.Match[bytes], *, asks: bool) -> None:
        self.line = line
        self.asks = asks
        self.raw = octets[line.end() :]
        self.fields: dict[bytes, bytes] = {}
        self.names: list[bytes] = []
        self.flooded = False
        self._spelled: dict[bytes, bytes] = {}
        self._read()

    def _read(self) -> None:
        """Fields in order; a line that begins with a blank goes on with the one before (RFC 9112 clause 5.2)."""
        last = b""
        for text in self.raw.split(b"\n"):
            line = text.rstrip(b"\r \t")
            if not line:
                continue
            if line[:1] in (b" ", b"\t") and last:
                self.fields[last] += b" " + line.strip()
                continue
            name, colon, value = line.partition(b":")
            if len(self.names) >= MOST_FIELDS:
                self.flooded = True
                return
            name, value = (name.strip(), value.strip()) if colon else (b"", line)
            last = name.lower()
            self.names.append(name)
            self._spelled.setdefault(last, name)
            known = self.fields.get(last)
            self.fields[last] = value if known is None else known + b", " + value

    @property
    def target(self) -> bytes:
        """A request's target as it came."""
        return self.line[2]

    @property
    def host(self) -> bytes:
        """The host that a request asks, as it came: its target's, else its field's."""
        return parts_of(self.target)[0] or self.fields.get(b"host", b"")

    @property
    def first(self) -> bytes:
        """The first line without its end."""
        return self.line[0].rstrip(b"\r\n")

    def joined(self) -> bytes:
        """Fields but cookies, equal names as one."""
        cookie = b"cookie" if self.asks else b"set-cookie"
        return b"".join(
            self._spelled[name] + b": " + value + b"\r\n"
            for name, value in self.fields.items()
            if name != cookie
        )

    def buffers(self, asked: frozenset[str]) -> Iterator[tuple[str, bytes]]:
        """Those of its buffers that are asked for and there."""
        for buffer, make in _makers(asked, asks=self.asks):
            octets = make(self)
            if octets is not None:
                yield buffer, octets
        for buffer, each in _SEVERAL[self.asks].items():
            if buffer in asked:
                yield from ((buffer, octets) for octets in each(self))

    def each(self) -> Iterator[bytes]:
        """Each field, equal names as one."""
        return (self._spelled[name] + b": " + value for name, value in self.fields.items())

    def events(self) -> Iterator[bytes]:
        """What Suricata calls an event of a request's head; libhtp, which it reads HTTP by, says when."""
        newest = self.line[3] == b"HTTP/1.1"
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


_BOTH: Final[dict[str, _Maker]] = {
    "http.connection": _field(b"connection"),
    "http.content_type": _field(b"content-type"),
    "http.content_len": _field(b"content-length"),
    "http.header": Head.joined,
    "http.header.raw": lambda head: head.raw,
    "http.header_names": lambda head: b"\r\n" + b"".join(name + b"\r\n" for name in head.names) + b"\r\n",
    "http.start": lambda head: head.first + b"\r\n" + head.joined() + b"\r\n",
}
_REQUEST: Final[dict[str, _Maker]] = {
    "http.method": lambda head: head.line[1],
    "http.uri": lambda head: normalised(head.target),
    "http.uri.raw": lambda head: head.target,
    "http.url": lambda head: head.host.lower() + parts_of(head.target)[1] if head.host else None,
    "http.request_line": lambda head: head.first,
    "http.protocol": lambda head: head.line[3] or b"",
    "http.host": lambda head: _without_port(head.host.lower()) if head.host else None,
    "http.host.raw": _field(b"host"),
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
    "http.protocol": lambda head: head.line[1],
    "http.stat_code": lambda head: head.line[2],
    "http.stat_msg": lambda head: head.line[3] or b"",
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


@lru_cache(maxsize=16)
def _makers(asked: frozenset[str], *, asks: bool) -> tuple[tuple[str, _Maker], ...]:
    """Those of a request, or of an answer, that are asked for."""
    return tuple((name, make) for name, make in (_REQUEST if asks else _ANSWER).items() if name in asked)


def _without_port(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host.partition(b"]")[0] + b"]"
    return host.partition(b":")[0]
