"""A web server that says as little as it can: nothing at all, or that one must log on (RFC 9110, 9112)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["UNAUTHORISED", "Web"]

_LONGEST: Final = 8192
_SAID: Final = b"HTTP/1.1 204 No Content\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n"


UNAUTHORISED: Final = (
    b"HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\n"
    b"WWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n"
)


class Web:
    """Answers every request in the same way."""

    def __init__(self, said: bytes = _SAID) -> None:
        self.said = said

    def open(self) -> _Connection:
        """See Service."""
        return _Connection(self.said)


class _Connection:
    def __init__(self, said: bytes) -> None:
        self._said = said
        self._rest = b""

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where a request has no end: the server closes."""
        *whole, self._rest = (self._rest + octets).split(b"\r\n\r\n")
        if len(self._rest) > _LONGEST:
            raise ValueError("a request without an end")
        return [self._said] * len(whole)
