"""The fields of a message of HTTP/2 as the buffers that HTTP/1 has. Names and contents are those of Suricata 7.

    :method GET  :path /a  cookie x  ->  http.method, http.uri, http.cookie, http.header without cookies, ...

Source: RFC 9113 clause 8.3; Suricata user guide, HTTP keywords; what 7.0.10 showed where that is silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    Fields = list[tuple[bytes, bytes]]

__all__ = ["head_buffers", "value_of"]

_BOTH: Final = {
    "http.connection": b"connection",
    "http.content_type": b"content-type",
    "http.content_len": b"content-length",
}
_REQUEST: Final = {
    **_BOTH,
    "http.method": b":method",
    "http.uri": b":path",
    "http.uri.raw": b":path",
    "http.user_agent": b"user-agent",
    "http.referer": b"referer",
    "http.cookie": b"cookie",
    "http.accept": b"accept",
    "http.accept_lang": b"accept-language",
    "http.accept_enc": b"accept-encoding",
}
_ANSWER: Final = {
    **_BOTH,
    "http.stat_code": b":status",
    "http.cookie": b"set-cookie",
    "http.location": b"location",
    "http.server": b"server",
}
"""Buffer -> the field whose values it holds."""
_VERSION: Final = b"HTTP/2"


def value_of(fields: Fields, name: bytes) -> bytes | None:
    """The values of a field, joined (RFC 9110 clause 5.3); None: it is not there."""
    found = [value for known, value in fields if known == name]
    return b", ".join(found) if found else None


def head_buffers(fields: Fields, asked: frozenset[str], *, asks: bool) -> Iterator[tuple[str, bytes]]:
    """Buffers that are asked for and there. asks: of a request."""
    for buffer, name in (_REQUEST if asks else _ANSWER).items():
        if buffer in asked and (value := value_of(fields, name)) is not None:
            yield buffer, value
    yield from ((name, octets) for name, octets in _made(fields, asks=asks) if name in asked and octets)


def _made(fields: Fields, *, asks: bool) -> Iterator[tuple[str, bytes]]:
    lines = [(name, name + b": " + value) for name, value in fields]
    cookies = b"cookie" if asks else b"set-cookie"
    yield "http.protocol", _VERSION
    yield "http.header", b"".join(line + b"\r\n" for name, line in lines if name != cookies)
    yield "http.header.raw", b"".join(line + b"\r\n" for _, line in lines)
    yield "http.header_names", b"\r\n" + b"".join(name + b"\r\n" for name, _ in lines) + b"\r\n"
    each = "http.request_header" if asks else "http.response_header"
    yield from ((each, line) for _, line in lines)
    if not asks:
        yield "http.response_line", _VERSION + b" " + (value_of(fields, b":status") or b"") + b"\r\n"
        return
    path = value_of(fields, b":path") or b""
    yield "http.request_line", b" ".join((value_of(fields, b":method") or b"", path, _VERSION + b"\r\n"))
    host = value_of(fields, b":authority") or value_of(fields, b"host") or b""
    plain = _plain(host)
    yield "http.host", plain
    yield "http.host.raw", host
    yield "http.url", host.lower() + path if host else b""


def _plain(host: bytes) -> bytes:
    """A host without who asks and without its port, in lower case."""
    host = host.rpartition(b"@")[2].lower()
    return host.partition(b"]")[0] + b"]" if host.startswith(b"[") else host.partition(b":")[0]
