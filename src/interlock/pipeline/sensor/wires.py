"""How the sensor's own processes reach each other: Unix sockets without a name or below the store's folder.

The supervisor makes all of them before it forks, so that none breaks with the death of one side: the listening socket
and both ends of the letter box live as long as the supervisor.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from interlock.errors import OutputError
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Connection", "LetterBox", "Switchboard"]

Connection = socket.socket

_LETTER: Final = 16_384
_BUFFER: Final = 1 << 20


class LetterBox:
    """Lines for the diary from whoever does not own the store to the judge. They wait while there is no judge."""

    def __init__(self) -> None:
        self._in, self._out = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self._in, self._out):
            end.setblocking(False)
        self.lost = 0

    def fileno(self) -> int:
        """What to select on for reading."""
        return self._out.fileno()

    def post(self, entry: Entry) -> None:
        """Put a line in; where the box is full (hundreds of lines unread) it is counted as lost."""
        try:
            self._in.send(json.dumps(asdict(entry)).encode()[:_LETTER])
        except OSError:
            self.lost += 1

    def letters(self) -> Iterator[Entry]:
        """All that lies in the box."""
        while True:
            try:
                octets = self._out.recv(_LETTER)
            except BlockingIOError:
                return
            with suppress(ValueError, TypeError):
                yield Entry(**json.loads(octets))

    def close(self) -> None:
        """Nobody writes any more."""
        self._in.close()
        self._out.close()


class Switchboard:
    """Where workers reach the judge. folder: of the store; only its owner may enter it."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # By way of the descriptor: an address holds 107 octets only, and folders lie deep.
        self._address = f"/proc/self/fd/{self._folder}/.judge.sock"
        self._path = folder / ".judge.sock"
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._listener.bind(self._address)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{self._path}: cannot be made ({reason}); name another folder") from error
        finally:
            os.umask(before)
        self._listener.listen(64)
        self._listener.setblocking(False)

    def fileno(self) -> int:
        """What to select on for callers."""
        return self._listener.fileno()

    def accept(self) -> socket.socket | None:
        """The next caller; None where there is none."""
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return None
        connection.setblocking(False)
        return connection

    def call(self) -> socket.socket:
        """Reach the judge; where there is none just now, it finds the caller waiting."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        connection.connect(self._address)
        return connection

    def close(self) -> None:
        """Take the address away."""
        self._listener.close()
        self._path.unlink(missing_ok=True)
        os.close(self._folder)
