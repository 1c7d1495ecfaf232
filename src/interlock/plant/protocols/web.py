"""A web server outside the plant that says as little as it can (RFC 9110, 9112)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Web"]

_LONGEST: Final = 8192
_SAID: Final = b"HTTP/1.1 204 No Content\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n"


class Web:
    """Answers every request with nothing."""

    def open(self) -> _Connection:
        """See Service."""
        return _Connection()


class _Connection:
    def __init__(self) -> None:
        self._rest = b""

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where a request has no end: the server closes."""
        *whole, self._rest = (self._rest + octets).split(b"\r\n\r\n")
        if len(self._rest) > _LONGEST:
            raise ValueError("a request without an end")
        return [_SAID] * len(whole)
