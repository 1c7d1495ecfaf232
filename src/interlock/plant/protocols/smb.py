"""SMB version 2.1 over TCP: a client's requests, and what answers to them say.

Source: MS-SMB2 2.2.1 (headers), 2.2.3 to 2.2.40 (commands); MS-FSCC 2.4.37.2 (rename), 2.4.28 (names).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols import dcerpc, ntlm

if TYPE_CHECKING:
    from interlock.plant.protocols.dcerpc import Interface
    from interlock.plant.protocols.ntlm import Account

__all__ = [
    "HEADER",
    "LOGON_FAILURE",
    "SUCCESS",
    "Client",
    "framed",
    "header",
    "names_of",
    "piped",
    "status_of",
]

NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT, CREATE, CLOSE = 0, 1, 2, 3, 4, 5, 6
READ, WRITE, IOCTL, QUERY_DIRECTORY, SET_INFO = 8, 9, 11, 14, 17
HEADER: Final = struct.Struct("<4sHHIHHIIQIIQ16s")
MAGIC: Final = b"\xfeSMB"
SUCCESS: Final = 0
MORE_PROCESSING: Final = 0xC0000016
LOGON_FAILURE: Final = 0xC000006D
NO_MORE_FILES: Final = 0x80000006
DIALECT: Final = 0x0210
PIPE_TRANSCEIVE: Final = 0x0011C017
RENAME: Final = 10
NAMES: Final = 12
_PROCESS: Final = 0xFEFF
_SIGNING_ENABLED: Final = 1
_MOST: Final = 65536
_READ_WRITE_DELETE: Final = 0x00110183
_LIST: Final = 0x00100081
_SHARE_ALL: Final = 7
_OPEN: Final = 1
_DIRECTORY: Final = 1


def framed(message: bytes) -> bytes:
    """Behind its length, as TCP carries it (MS-SMB2 2.1)."""
    return struct.pack("!I", len(message)) + message


def header(
    command: int,
    message: int,
    body: bytes,
    *,
    tree: int = 0,
    session: int = 0,
    status: int = 0,
    answer: bool = False,
) -> bytes:
    """One message with its header."""
    flags, credit = (1, 1) if answer else (0, 31)
    head = HEADER.pack(MAGIC, 64, 1 if message else 0, status, command, credit, flags, 0, message, _PROCESS, tree,
                       session, bytes(16))  # fmt: skip
    return framed(head + body)


def status_of(answers: tuple[bytes, ...]) -> int:
    """NT status of the last answer; LOGON_FAILURE's bits where there is none."""
    return (
        int(struct.unpack_from("<I", answers[-1], 12)[0])
        if answers and len(answers[-1]) >= 68
        else 0xFFFFFFFF
    )


def names_of(answer: bytes) -> tuple[str, ...]:
    """Names in the answer to a query of a directory."""
    at, size = struct.unpack_from("<HI", answer, 4 + 64 + 2)
    octets, names, begin = answer[4 + at : 4 + at + size], [], 0
    while begin + 12 <= len(octets):
        following, _, length = struct.unpack_from("<III", octets, begin)
        names.append(octets[begin + 12 : begin + 12 + length].decode("utf-16-le", "replace"))
        if not following:
            break
        begin += following
    return tuple(names)


class Client:
    """A client's side of one connection: requests in the order in which they are asked for.

    account, workstation: who logs on and from where. guid: 16 octets that name the client. now: 100 ns since 1601.
    """

    def __init__(self, account: Account, workstation: str, guid: bytes, now: int) -> None:
        self._account = account
        self._workstation = workstation
        self._guid = guid
        self._now = now
        self._message = -1
        self._session = self._tree = 0
        self._file = bytes(16)
        self._calls = 0

    def _ask(self, command: int, body: bytes) -> bytes:
        self._message += 1
        return header(command, self._message, body, tree=self._tree, session=self._session)

    def negotiate(self) -> bytes:
        """Dialects 2.0.2 and 2.1."""
        dialects = (0x0202, DIALECT)
        body = struct.pack("<HHHHI", 36, len(dialects), _SIGNING_ENABLED, 0, 0) + self._guid + bytes(8)
        return self._ask(NEGOTIATE, body + struct.pack("<2H", *dialects))

    def _setup(self, token: bytes) -> bytes:
        return self._ask(
            SESSION_SETUP,
            struct.pack("<HBBIIHHQ", 25, 0, _SIGNING_ENABLED, 1, 0, 88, len(token), 0) + token,
        )

    def hello(self) -> bytes:
        """The first half of a logon."""
        return self._setup(ntlm.negotiate())

    def prove(self, challenged: bytes) -> bytes:
        """The second half. Raises ValueError where nothing was challenged."""
        self._session = struct.unpack_from("<Q", challenged, 4 + 40)[0]
        token = ntlm.authenticate(self._account, self._workstation, challenged, self._guid[:8], self._now)
        return self._setup(token)

    def connect_tree(self, server: str, share: str) -> bytes:
        """Connect to a share."""
        self._tree = 0
        path = f"\\\\{server}\\{share}".encode("utf-16-le")
        return self._ask(TREE_CONNECT, struct.pack("<HHHH", 9, 0, 72, len(path)) + path)

    def connected(self, answer: bytes) -> None:
        """Take the tree's number from an answer."""
        self._tree = struct.unpack_from("<I", answer, 4 + 36)[0]

    def open(self, name: str, *, folder: bool = False) -> bytes:
        """Open a file or a pipe that exists, to read, write and rename it; a folder to list it."""
        octets = name.encode("utf-16-le")
        access, options = (_LIST, _DIRECTORY) if folder else (_READ_WRITE_DELETE, 0)
        fixed = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, access, 0, _SHARE_ALL, _OPEN, options,
                            120, len(octets), 0, 0)  # fmt: skip
        return self._ask(CREATE, fixed + (octets or b"\0"))

    def opened(self, answer: bytes) -> None:
        """Take the file's number from an answer."""
        self._file = answer[4 + 128 : 4 + 144]

    def list(self) -> bytes:
        """Names in the folder that was opened last."""
        pattern = "*".encode("utf-16-le")
        fixed = struct.pack("<HBBI", 33, NAMES, 0, 0) + self._file
        return self._ask(QUERY_DIRECTORY, fixed + struct.pack("<HHI", 96, len(pattern), _MOST) + pattern)

    def write(self, octets: bytes) -> bytes:
        """Write to the file that was opened last, from its beginning."""
        fixed = struct.pack("<HHIQ", 49, 112, len(octets), 0) + self._file + bytes(16)
        return self._ask(WRITE, fixed + octets)

    def rename(self, name: str) -> bytes:
        """Rename the file that was opened last."""
        octets = name.encode("utf-16-le")
        wanted = struct.pack("<B7xQI", 0, 0, len(octets)) + octets
        fixed = struct.pack("<HBBIHHI", 33, 1, RENAME, len(wanted), 96, 0, 0) + self._file
        return self._ask(SET_INFO, fixed + wanted)

    def close(self) -> bytes:
        """Close the file that was opened last."""
        return self._ask(CLOSE, struct.pack("<HHI", 24, 0, 0) + self._file)

    def _transceive(self, octets: bytes) -> bytes:
        fixed = struct.pack("<HHI", 57, 0, PIPE_TRANSCEIVE) + self._file
        fixed += struct.pack("<IIIIIIII", 120, len(octets), 0, 0, 0, 4280, 1, 0)
        return self._ask(IOCTL, fixed + octets)

    def bind(self, interface: Interface) -> bytes:
        """Ask to speak an interface on the pipe that was opened last."""
        self._calls = 1
        return self._transceive(dcerpc.bind(self._calls, interface))

    def call(self, operation: int, stub: bytes) -> bytes:
        """Call an operation on that pipe."""
        self._calls += 1
        return self._transceive(dcerpc.call(self._calls, operation, stub))

    def leave_tree(self) -> bytes:
        """End the connection to the share."""
        return self._ask(TREE_DISCONNECT, struct.pack("<HH", 4, 0))

    def log_off(self) -> bytes:
        """End the session."""
        self._tree = 0
        return self._ask(LOGOFF, struct.pack("<HH", 4, 0))


def piped(answer: bytes) -> bytes:
    """What a pipe said in the answer to bind and call: the arguments of a result. Raises ValueError where none is."""
    at, size = struct.unpack_from("<II", answer, 4 + 64 + 32)
    return dcerpc.result_of(answer[4 + at : 4 + at + size])
