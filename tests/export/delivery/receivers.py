"""Real receivers on loopback, good and bad."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

__all__ = ["HttpReceiver", "StreamReceiver", "UdpReceiver", "closed_port"]


def closed_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port where nobody listens."""
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class UdpReceiver:
    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(3)
        self.port = self.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def take(self) -> bytes:
        return self.socket.recv(65_535)


class _Listener:
    """Accepts until it is left; each connection is served by `_serve` in a thread of its own."""

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.context = context
        self.connections = 0
        self.failures: list[str] = []
        self._left = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._left.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while not self._left.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._talk, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        try:
            if self.context is not None:
                connection.settimeout(3)
                connection = self.context.wrap_socket(connection, server_side=True)
                connection.settimeout(0.1)
            self._serve(connection)
        except OSError as error:
            self.failures.append(str(error))
        finally:
            connection.close()

    def _octets(self, connection: socket.socket):
        """What comes, as it comes; ends where the other side does, or where the test is over."""
        while not self._left.is_set():
            try:
                octets = connection.recv(65_536)
            except TimeoutError:
                continue
            if not octets:
                return
            yield octets

    def _serve(self, connection: socket.socket) -> None:
        raise NotImplementedError


class StreamReceiver(_Listener):
    """Syslog by octet counting (RFC 6587). behaves: what to do with a connection instead of reading it."""

    def __init__(self, context=None, port=0, behaves: Callable[[socket.socket], None] | None = None) -> None:
        super().__init__(context, port)
        self.behaves = behaves
        self.messages: list[bytes] = []
        self._new = threading.Condition()

    def _serve(self, connection):
        if self.behaves is not None:
            self.behaves(connection)
            return
        octets = b""
        for more in self._octets(connection):
            octets += more
            while found := re.match(rb"([1-9]\d{0,5}) ", octets):
                end = found.end() + int(found[1])
                if len(octets) < end:
                    break
                with self._new:
                    self.messages.append(octets[found.end() : end])
                    self._new.notify_all()
                octets = octets[end:]
        assert not octets, octets

    def wait_for(self, count: int) -> list[bytes]:
        with self._new:
            assert self._new.wait_for(lambda: len(self.messages) >= count, 5), self.messages
            return list(self.messages)


class HttpReceiver(_Listener):
    """Answers each POST with `answer`; an answer of None is silence."""

    def __init__(
        self, context=None, answer: bytes | Callable[[int], bytes | None] | None = b"", port=0
    ) -> None:
        super().__init__(context, port)
        self.answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n" if answer == b"" else answer
        self.heads: list[bytes] = []
        self.bodies: list[dict] = []

    def _serve(self, connection):
        octets = b""
        for more in self._octets(connection):
            octets += more
            head, end, body = octets.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            if not end or length is None or len(body) < int(length[1]):
                continue
            self.heads.append(head)
            self.bodies.append(json.loads(body))
            answer = self.answer(len(self.bodies)) if callable(self.answer) else self.answer
            if answer is None:
                for _ in self._octets(connection):
                    pass
                return
            connection.sendall(answer)
            return
