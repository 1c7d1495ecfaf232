"""FTP as controllers speak it: one account, passive transfers, files that are settings.

Source: RFC 959; replies 4.2, commands 4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["DATA_PORT", "FtpServer", "line"]

DATA_PORT: Final = 20_021
_LONGEST: Final = 512
_MOST: Final = 1 << 20


def line(text: str) -> bytes:
    """One command or reply."""
    return text.encode("ascii", "backslashreplace") + b"\r\n"


class FtpServer:
    """A machine's file service.

    banner: what it says of itself. users: user → password. address: its own, dotted. stored: told of every file that
    was stored.
    """

    def __init__(
        self, banner: str, users: Mapping[str, str], address: str, files: dict[str, bytes],
        stored: Callable[[str, bytes], None] = lambda _name, _octets: None,
    ) -> None:  # fmt: skip
        self.banner = banner
        self.users = users
        self.address = address
        self.files = files
        self.stored = stored
        self.data = _Transfers()

    def open(self) -> _Connection:
        """See Service."""
        return _Connection(self)


class _Transfers:
    """What arrives at, and what waits at, the port for data."""

    def __init__(self) -> None:
        self.arrived: bytes | None = None
        self.waiting = b""

    def open(self) -> _Transfers:
        """See Service."""
        return self

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session: takes what is stored, gives what is fetched. Raises ValueError past a file's most octets."""
        if octets:
            self.arrived = (self.arrived or b"") + octets
        if self.arrived and len(self.arrived) > _MOST:
            raise ValueError("a file that is too long")
        told, self.waiting = self.waiting, b""
        return (told,) if told else ()


class _Connection:
    """A control connection; says by itself when a transfer is over."""

    period_s = 0.25

    def __init__(self, server: FtpServer) -> None:
        self._server = server
        self._greeted = self._let_in = False
        self._user = self._storing = ""
        self._fetching = False
        self._rest = b""
        self._simple = {
            "SYST": "215 UNIX Type: L8", "NOOP": "200 OK", "PWD": '257 "/" is current directory',
            "TYPE": "200 Type set", "CWD": "250 Directory changed",
        }  # fmt: skip

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. A connection without a word yet is greeted. Raises ValueError where a command has no end."""
        answers = []
        if not self._greeted:
            self._greeted = True
            answers.append(line(f"220 {self._server.banner}"))
        *whole, self._rest = (self._rest + octets).split(b"\r\n")
        if len(self._rest) > _LONGEST:
            raise ValueError("a command without an end")
        for command in whole:
            name, _, argument = command.decode("ascii", "replace").partition(" ")
            answers.append(line(self._one(name.upper(), argument)))
        return answers

    def due(self, _now_s: float) -> Sequence[bytes]:
        """See Spontaneous."""
        data = self._server.data
        if self._storing and data.arrived is not None:
            self._server.files[self._storing] = data.arrived
            self._server.stored(self._storing, data.arrived)
            data.arrived, self._storing = None, ""
            return (line("226 Transfer complete"),)
        if self._fetching and not data.waiting:
            self._fetching = False
            return (line("226 Transfer complete"),)
        return ()

    def _one(self, name: str, argument: str) -> str:
        if name == "USER":
            self._user, self._let_in = argument, False
            return f"331 Password required for {argument}"
        if name == "PASS":
            self._let_in = self._server.users.get(self._user) == argument
            return f"230 User {self._user} logged in" if self._let_in else "530 Login incorrect"
        if name == "QUIT":
            return "221 Goodbye"
        if not self._let_in:
            return "530 Please login with USER and PASS"
        if name in self._simple:
            return self._simple[name]
        return self._transfer(name, argument)

    def _transfer(self, name: str, argument: str) -> str:
        data = self._server.data
        if name == "PASV":
            data.arrived, data.waiting = None, b""
            numbers = (*self._server.address.split("."), *divmod(DATA_PORT, 256))
            return f"227 Entering Passive Mode ({','.join(map(str, numbers))})"
        if name == "STOR":
            self._storing = argument
            return "150 Opening BINARY mode data connection"
        if name == "RETR" and argument in self._server.files:
            data.waiting, self._fetching = self._server.files[argument], True
            return "150 Opening BINARY mode data connection"
        return "550 No such file" if name == "RETR" else "502 Command not implemented"
