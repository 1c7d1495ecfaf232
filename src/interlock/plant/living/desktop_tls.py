"""TLS of the living plant's remote desktops: the interpreter's own, in memory, between scripts and sessions.

Version 1.2 alone, as the desktops of the plant's years speak it: the server's certificate is seen by who listens.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DesktopClient", "DesktopServer", "client_context", "server_context"]


def _only_1_2(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET
    return context


def server_context(pem: Path) -> ssl.SSLContext:
    """Of a server whose key and certificate lie in a file."""
    context = _only_1_2(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    context.load_cert_chain(pem)
    return context


def client_context() -> ssl.SSLContext:
    """Of somebody who clicks the warning about an unknown certificate away, as everybody does with remote desktops."""
    context = _only_1_2(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Side:
    def __init__(self, context: ssl.SSLContext, *, server: bool) -> None:
        self._heard, self._said = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._spoken = context.wrap_bio(self._heard, self._said, server_side=server)
        self._agreed = False

    def _go_on(self) -> bytes:
        """One more turn of the handshake: what is to be said. Raises ValueError where it fails."""
        if not self._agreed:
            try:
                self._spoken.do_handshake()
                self._agreed = True
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                raise ValueError(f"no TLS: {error.reason}") from error
        return self._said.read()

    def seal(self, octets: bytes) -> bytes:
        """See TlsClient and TlsServer."""
        self._spoken.write(octets)
        return self._said.read()


class DesktopClient(_Side):
    """See protocols.tls.TlsClient."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context, server=False)

    def begin(self) -> bytes:
        """See TlsClient."""
        return self._go_on()

    def take(self, octets: bytes) -> bytes:
        """See TlsClient."""
        self._heard.write(octets)
        return self._go_on()


class DesktopServer(_Side):
    """See protocols.tls.TlsServer."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context, server=True)

    def take(self, octets: bytes) -> tuple[bytes, bytes]:
        """See TlsServer."""
        self._heard.write(octets)
        said, data = self._go_on(), b""
        while self._agreed:
            try:
                part = self._spoken.read()
            except ssl.SSLWantReadError:
                break
            except ssl.SSLError as error:
                raise ValueError(f"no TLS: {error.reason}") from error
            if not part:
                break
            data += part
        return said, data
