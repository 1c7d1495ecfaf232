"""A small HTTP listener for /metrics and /health, and nothing else.

It reads what the sensor said last and touches nothing of it. Heads are bounded, a request is bounded in time as a
whole, at most eight are answered at once, and no banner says what answers. Beyond this machine: TLS 1.3 and a token.
Source: RFC 9112, 2 to 3 (requests); RFC 9110, 15 (status codes).
"""

from __future__ import annotations

import hmac
import json
import re
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from interlock.errors import ConfigError, InterlockError
from interlock.export.delivery.call import Call
from interlock.export.delivery.secret import check_private, read_secret
from interlock.export.prometheus import CONTENT_TYPE, exposition
from interlock.records.config_text import is_loopback, split_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.records.config import MetricsConfig
    from interlock.records.figures import Figures

__all__ = ["MetricsListener"]

_MAX_HEAD: Final = 8192
_ALLOWED_S: Final = 5.0
_AT_ONCE: Final = 8
_FRESH_NS: Final = 5_000_000_000
_LINE: Final = re.compile(rb"([A-Z]{1,16}) (/[!-~]{0,1024}) HTTP/1\.[01]")
_BEARER: Final = re.compile(rb"(?i)\r\nauthorization:[ \t]*bearer[ \t]+([!-~]+)[ \t]*(?=\r\n)")
_REASONS: Final = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
    431: "Request Header Fields Too Large", 503: "Service Unavailable",
}  # fmt: skip

Answer = tuple[int, str, bytes]


class MetricsListener:
    """Answers until it is closed."""

    def __init__(
        self, config: MetricsConfig, read: Callable[[], Figures | None], wall: Callable[[], int]
    ) -> None:
        """read: what the sensor said last, None where it never ran. wall: UTC ns.

        Listens from here on. Raises ConfigError where the address cannot be listened on, or a secret is not secret.
        """
        self._read = read
        self._wall = wall
        self._token = read_secret(config.token_file).encode() if config.token_file else None
        self._context = _server_context(config)
        host, port = split_address(config.listen)
        if not is_loopback(host) and (self._token is None or self._context is None):
            raise ConfigError(
                f"{config.listen}: is not of this machine alone; it needs certificate, key_file, token_file"
            )
        self._socket = _listen(host, port, config.listen)
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        self._thread = threading.Thread(target=self._accept, name="metrics", daemon=True)
        self._closed = False

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._thread.is_alive():
            self._thread.join(_ALLOWED_S)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if not self._closed:
                    time.sleep(0.1)  # no more open files for now
                continue
            if self._free.acquire(blocking=False):
                threading.Thread(
                    target=self._serve, args=(connection,), name="metrics answer", daemon=True
                ).start()
            else:
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        call = Call(connection, _ALLOWED_S, time.monotonic)
        try:
            with suppress(OSError, ValueError):
                if self._context is not None:
                    call.accept_encrypted(self._context)
                head = _head(call)
                if head is None or head:
                    status, kind, body = self._answer(head)
                    with_body = not (head or b"").startswith(b"HEAD ")
                    call.send(_head_of_answer(status, kind, len(body)) + (body if with_body else b""))
                    call.finish()
        finally:
            call.close()
            self._free.release()

    def _answer(self, head: bytes | None) -> Answer:
        if head is None:
            return _plain(431)
        line = _LINE.fullmatch(head.partition(b"\r\n")[0])
        if line is None:
            return _plain(400)
        if self._token is not None and not self._knows_token(head):
            return _plain(401)
        if line[1] not in {b"GET", b"HEAD"}:
            return _plain(405)
        place = line[2].partition(b"?")[0]
        if place == b"/metrics":
            return self._metrics()
        return self._health() if place == b"/health" else _plain(404)

    def _knows_token(self, head: bytes) -> bool:
        assert self._token is not None
        given = _BEARER.findall(head)
        return len(given) == 1 and hmac.compare_digest(given[0], self._token)

    def _metrics(self) -> Answer:
        try:
            return 200, CONTENT_TYPE, exposition(self._read(), self._wall()).encode()
        except InterlockError:
            return _plain(503)

    def _health(self) -> Answer:
        """200 while the sensor runs and said so within five seconds, else 503."""
        try:
            figures = self._read()
        except InterlockError:
            figures = None
        fresh = figures is not None and abs(self._wall() - figures.time) < _FRESH_NS
        state = (
            "unknown"
            if figures is None
            else figures.state
            if fresh or figures.state == "stopped"
            else "silent"
        )
        status = 200 if state == "running" else 503
        return status, "application/json", json.dumps({"state": state}).encode() + b"\n"


def _plain(status: int) -> Answer:
    return status, "text/plain; charset=utf-8", f"{_REASONS[status].lower()}\n".encode()


def _head(call: Call) -> bytes | None:
    """The request's head with the empty line; empty where it never came whole, None where it has no end in sight."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        if len(octets) > _MAX_HEAD:
            return None
        more = call.receive()
        if not more:
            return b""
        octets += more
    head = octets[: octets.index(b"\r\n\r\n") + 4]
    return head if len(head) <= _MAX_HEAD else None


def _head_of_answer(status: int, kind: str, length: int) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        f"Content-Type: {kind}",
        f"Content-Length: {length}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    if status == 401:
        lines.append("WWW-Authenticate: Bearer")
    if status == 405:
        lines.append("Allow: GET, HEAD")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


def _listen(host: str, port: int, shown: str) -> socket.socket:
    """`localhost` is the loopback address, whatever a resolver says."""
    host = "127.0.0.1" if host == "localhost" else host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=32)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            f"{shown}: cannot be listened on ({reason}); choose another address or port"
        ) from error


def _server_context(config: MetricsConfig) -> ssl.SSLContext | None:
    if config.certificate is None or config.key_file is None:
        return None
    check_private(config.key_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(config.certificate, config.key_file, password=lambda: "")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{config.certificate}, {config.key_file}: are no certificate and its key ({error})"
        ) from error
    return context
