"""Heads of HTTP/1 as buffers: the first line, the fields, and what stands in single ones.

Source: RFC 9112 clauses 3 to 5; names and contents as in the Suricata user guide, HTTP keywords.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.uri import normalised, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_FIELDS", "REQUEST_LINE", "STATUS_LINE", "Head"]

MOST_FIELDS: Final = 1024
REQUEST_LINE: Final = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32})[ \t]+([^\r\n]*?)(?:[ \t]+(HTTP/[\d.]{1,8}))?[ \t]*\r?\n"
)
STATUS_LINE: Final = re.compile(rb"(HTTP/\d(?:\.\d)?)[ \t]+(\d{1,3})(?:[ \t]+([^\r\n]*))?\r?\n")
_REQUEST: Final = {
    "http.user_agent": b"user-agent",
    "http.referer": b"referer",
    "http.cookie": b"cookie",
    "http.accept": b"accept",
    "http.accept_lang": b"accept-language",
    "http.accept_enc": b"accept-encoding",
    "http.host.raw": b"host",
}
_ANSWER: Final = {
    "http.cookie": b"set-cookie",
    "http.location": b"location",
    "http.server": b"server",
}
_BOTH: Final = {
    "http.connection": b"connection",
    "http.content_type": b"content-type",
    "http.content_len": b"content-length",
}


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

    def buffers(self) -> Iterator[tuple[str, bytes]]:
        """Every buffer of it."""
        first = self.line[0].rstrip(b"\r\n")
        if self.asks:
            yield from self._request(first)
        else:
            yield from self._answer(first)
        for buffer, name in _BOTH.items():
            if name in self.fields:
                yield buffer, self.fields[name]
        joined = self._joined()
        yield "http.header", joined
        yield "http.header.raw", self.raw
        yield "http.header_names", b"\r\n" + b"".join(name + b"\r\n" for name in self.names) + b"\r\n"
        yield "http.start", first + b"\r\n" + joined + b"\r\n"

    def _request(self, first: bytes) -> Iterator[tuple[str, bytes]]:
        yield "http.method", self.line[1]
        yield "http.uri", normalised(self.target)
        yield "http.uri.raw", self.target
        yield "http.request_line", first
        yield "http.protocol", self.line[3] or b""
        if self.host:
            yield "http.url", self.host.lower() + parts_of(self.target)[1]
            yield "http.host", _without_port(self.host.lower())
        for buffer, name in _REQUEST.items():
            if name in self.fields:
                yield buffer, self.fields[name]

    def _answer(self, first: bytes) -> Iterator[tuple[str, bytes]]:
        yield "http.response_line", first
        yield "http.protocol", self.line[1]
        yield "http.stat_code", self.line[2]
        yield "http.stat_msg", self.line[3] or b""
        for buffer, name in _ANSWER.items():
            if name in self.fields:
                yield buffer, self.fields[name]

    def _joined(self) -> bytes:
        cookie = b"cookie" if self.asks else b"set-cookie"
        return b"".join(
            self._spelled[name] + b": " + value + b"\r\n"
            for name, value in self.fields.items()
            if name != cookie
        )


def _without_port(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host.partition(b"]")[0] + b"]"
    return host.partition(b":")[0]
