"""HTTP/1 that holds what a rule asks of its buffers: a request, and its answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["exchange"]

_FIELDS: Final = {
    "http.host": b"Host", "http.user_agent": b"User-Agent", "http.referer": b"Referer", "http.cookie": b"Cookie",
    "http.content_type": b"Content-Type", "http.accept": b"Accept", "http.accept_enc": b"Accept-Encoding",
    "http.accept_lang": b"Accept-Language", "http.connection": b"Connection", "http.content_len": b"Content-Length",
}  # fmt: skip
_ANSWERS: Final = {"http.server": b"Server", "http.location": b"Location", "http.cookie": b"Set-Cookie"}
_USUAL: Final = {
    b"host": b"example.com", b"user-agent": b"Mozilla/5.0", b"accept": b"*/*", b"connection": b"close",
    b"content-type": b"text/html", b"accept-encoding": b"gzip", b"accept-language": b"en",
    b"referer": b"http://example.com/",
}  # fmt: skip
_BASIC: Final = re.compile(rb"Basic ?~~~")


def exchange(buffers: Mapping[str, tuple[bytes, ...]], *, asks: bool) -> list[tuple[bool, bytes]]:
    """Whether the server sends it, and octets. asks: the buffers are of the request, else of the answer."""
    if asks:
        return [
            (False, _request(buffers)),
            (True, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: x\r\n\r\nok"),
        ]
    line = _of(buffers, "http.uri") or b"/"
    request = b"GET " + _spelled(line) + b" HTTP/1.1\r\nHost: example.com\r\nUser-Agent: Mozilla/5.0\r\n\r\n"
    return [(False, request), (True, _answer(buffers))]


def _request(buffers: Mapping[str, tuple[bytes, ...]]) -> bytes:
    if start := _of(buffers, "http.start"):
        return start.rstrip(b"\r\n") + b"\r\n\r\n"
    body = _of(buffers, "http.request_body") + _of(buffers, "file.data")
    fields = _fields(buffers, _FIELDS)
    if b"host:" not in fields.lower() and "http.header_names" not in buffers:
        fields = b"Host: example.com\r\n" + fields
    return (_of(buffers, "http.request_line") or _first_line(buffers, body)) + b"\r\n" + _with(fields, body)


def _first_line(buffers: Mapping[str, tuple[bytes, ...]], body: bytes) -> bytes:
    target = _of(buffers, "http.uri.raw") or _spelled(_of(buffers, "http.uri") or b"/")
    target = target if target.startswith((b"/", b"h")) else b"/" + target
    # What the synthesis puts behind a word to be on the safe side is no part of a method.
    method = re.sub(rb"[^A-Za-z]+$", b"", _of(buffers, "http.method")) or (b"POST" if body else b"GET")
    return b" ".join((method, target, _of(buffers, "http.protocol") or b"HTTP/1.1"))


def _answer(buffers: Mapping[str, tuple[bytes, ...]]) -> bytes:
    if start := _of(buffers, "http.start"):
        return start.rstrip(b"\r\n") + b"\r\n\r\n"
    body = _of(buffers, "http.response_body") + _of(buffers, "file.data")
    code = (re.sub(rb"\D.*", b"", _of(buffers, "http.stat_code")) + b"200")[:3]
    line = b"HTTP/1.1 " + code + b" " + (_of(buffers, "http.stat_msg") or b"OK")
    fields = _fields(buffers, {**_FIELDS, **_ANSWERS})
    fields = (
        fields if b"content-length:" in fields.lower() else fields + b"Content-Length: %d\r\n" % len(body)
    )
    return (_of(buffers, "http.response_line") or line) + b"\r\n" + _with(fields, body)


def _with(fields: bytes, body: bytes) -> bytes:
    if body and b"content-length:" not in fields.lower():
        fields += b"Content-Length: %d\r\n" % len(body)
    return fields + b"\r\n" + body


def _fields(buffers: Mapping[str, tuple[bytes, ...]], known: Mapping[str, bytes]) -> bytes:
    """Fields that are asked for by name, in the order that is asked for, then what is asked of all of them."""
    said = {name.lower(): (name, _of(buffers, buffer)) for buffer, name in known.items() if buffer in buffers}
    lines = []
    for name in filter(None, _of(buffers, "http.header_names").split(b"\r\n")):
        value = said.pop(name.lower(), (name, _USUAL.get(name.lower(), b"1")))[1]
        lines.append(name + b": " + value)
    lines += [name + b": " + value for name, value in said.values()]
    for part in (*buffers.get("http.header", ()), *buffers.get("http.header.raw", ())):
        line = part.strip(b"\r\n").replace(b"\r\n\r\n", b"\r\n")
        # An empty or broken password stops Suricata's reader: who asks for one gets one.
        line = _BASIC.sub(b"Basic dXNlcjpwYXNz", line)
        lines.append(line if b":" in line.split(b"\r\n")[0] else b"X-A: " + line)
    return b"".join(line + b"\r\n" for line in lines)


def _spelled(octets: bytes) -> bytes:
    """As a target may hold it."""
    return b"".join(bytes((o,)) if 33 <= o <= 126 else b"%%%02x" % o for o in octets)


def _of(buffers: Mapping[str, tuple[bytes, ...]], name: str) -> bytes:
    return b"".join(buffers.get(name, ()))
