"""A connection to a receiver that is bounded in time as a whole, over TLS 1.3 where the receiver is not this machine.

Time-outs of sockets begin anew with every octet; a receiver that drips one every few seconds would hold us for days.
"""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from interlock.errors import ConfigError, DeliveryError
from interlock.export.delivery.secret import check_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Call", "client_context", "dial", "failure"]

_CHUNK: Final = 16_384
_LEAST_S: Final = 0.001


class Call:
    """One connection. Every method raises OSError where it breaks and TimeoutError past the deadline."""

    def __init__(self, connection: socket.socket, allowed_s: float, clock: Callable[[], float]) -> None:
        self._socket = connection
        self._clock = clock
        self._allowed_s = allowed_s
        self._deadline = 0.0
        self.begin()

    def begin(self) -> None:
        """From now on it may take as long as was allowed."""
        self._deadline = self._clock() + self._allowed_s

    def _arm(self) -> None:
        left = self._deadline - self._clock()
        if left <= 0:
            raise TimeoutError(f"not done within {self._allowed_s:g} s")
        self._socket.settimeout(max(left, _LEAST_S))

    def encrypt(self, context: ssl.SSLContext, server_name: str) -> None:
        """Speak TLS from here on; the receiver has to prove that it is `server_name`."""
        self._arm()
        self._socket = context.wrap_socket(self._socket, server_hostname=server_name)

    def accept_encrypted(self, context: ssl.SSLContext) -> None:
        """Speak TLS from here on, as the one who was called."""
        self._arm()
        self._socket = context.wrap_socket(self._socket, server_side=True)

    def finish(self) -> None:
        """Say that nothing follows, and wait for the other side: closing at once could take back the answer."""
        with suppress(OSError):
            if isinstance(self._socket, ssl.SSLSocket):
                self._arm()
                self._socket.unwrap()
            else:
                self._socket.shutdown(socket.SHUT_WR)
                while self.receive():
                    pass

    def send(self, octets: bytes) -> None:
        """Send all of them."""
        left = memoryview(octets)
        while left:
            self._arm()
            left = left[self._socket.send(left[:_CHUNK]) :]

    def receive(self) -> bytes:
        """Some octets; empty where the receiver has closed."""
        self._arm()
        return self._socket.recv(_CHUNK)

    def ended(self) -> bool:
        """Whether the receiver has closed. Nothing is expected from it: what it says is thrown away."""
        self._socket.settimeout(0)
        with suppress(BlockingIOError, ssl.SSLWantReadError):
            for _ in range(64):
                if not self._socket.recv(_CHUNK):
                    return True
        return False

    def settle(self) -> None:
        """Wait until the receiver's system has acknowledged all (where this system can tell), and still listens."""
        wait = _LEAST_S
        while _unacknowledged(self._socket):
            if self._deadline - self._clock() <= 0:
                raise TimeoutError(f"not acknowledged within {self._allowed_s:g} s")
            time.sleep(wait)
            wait = min(2 * wait, 0.05)
        if self.ended():
            raise ConnectionResetError("closed while it was told")

    def peer(self) -> str:
        """The receiver's address."""
        return str(self._socket.getpeername()[0])

    def close(self) -> None:
        """Let go of it."""
        with suppress(OSError):
            self._socket.close()


def _unacknowledged(connection: socket.socket) -> int:
    """Octets that the receiver's system has not acknowledged; 0 where this system cannot tell (Linux: SIOCOUTQ)."""
    try:
        import fcntl  # noqa: PLC0415 (not on every system)
        import termios  # noqa: PLC0415
    except ImportError:
        return 0
    count = bytearray(4)
    try:
        fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, count)
    except OSError:
        return 0
    return int.from_bytes(count, "little")


def dial(host: str, port: int, allowed_s: float, clock: Callable[[], float] = time.monotonic) -> Call:
    """Connect to the first of the host's addresses that answers; all of them together may take `allowed_s`."""
    began, last = clock(), OSError("has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        left = allowed_s - (clock() - began)
        if left <= 0:
            raise TimeoutError(f"not reached within {allowed_s:g} s")
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(left)
            connection.connect(address)
        except OSError as error:
            connection.close()
            last = error
        else:
            return Call(connection, allowed_s, clock)
    raise last


def client_context(ca_file: Path | None, certificate: Path | None, key_file: Path | None) -> ssl.SSLContext:
    """TLS 1.3 and nothing older; the receiver's certificate and name are verified, against `ca_file` where given.

    certificate, key_file: what is shown to a receiver that asks. Raises ConfigError naming the file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and name, unless told not to
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        if ca_file is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(ca_file)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{ca_file}: no certificates of authorities can be read from it ({_brief(error)})"
        ) from error
    if certificate is not None and key_file is not None:
        check_private(key_file)
        try:
            context.load_cert_chain(certificate, key_file, password=_no_password)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{certificate}, {key_file}: are no certificate and its key ({_brief(error)})"
            ) from error
    return context


def _no_password() -> str:
    """A key under a password cannot be used: the library would ask whoever sits at the terminal."""
    return ""


def failure(receiver: str, error: Exception) -> DeliveryError:
    """What went wrong with a receiver, as one sentence."""
    if isinstance(error, DeliveryError):
        return error
    return DeliveryError(f"{receiver}: {_brief(error)}")


def _brief(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}".rstrip(".")
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        return f"TLS 1.3 could not be agreed ({reason.lower().replace('_', ' ')})"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.lower() if isinstance(error, OSError) else text
