"""SMB version 2.1 over TCP: a machine with accounts, a share of files, and pipes.

Source: MS-SMB2 3.3.5 (what a server does with each request).
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols import dcerpc, ntlm, smb
from interlock.plant.protocols.smb import HEADER, MAGIC, header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.plant.protocols.dcerpc import Interface
    from interlock.plant.protocols.ntlm import Account
    from interlock.plant.protocols.svcctl import Pipes

__all__ = ["SmbServer"]

_INVALID: Final = 0xC000000D
_DENIED: Final = 0xC0000022
_NO_SUCH_NAME: Final = 0xC0000034
_NO_SUCH_SHARE: Final = 0xC00000CC
_CLOSED: Final = 0xC0000128
_GONE: Final = 0xC0000203
_NOT_SUPPORTED: Final = 0xC00000BB
_LONGEST: Final = 1 << 20
_DISK, _PIPE = 1, 2
_FOLDER: Final = "\\"
Reply = tuple[int, bytes]


class SmbServer:
    """A Windows machine's file service. files: name → octets of its one share; they are renamed and overwritten."""

    def __init__(
        self,
        machine: str,
        domain: str,
        accounts: Mapping[str, Account],
        pipes: Pipes,
        now: Callable[[], int],
        share: str = "",
        files: dict[str, bytes] | None = None,
    ) -> None:
        """now: 100 ns since 1601. share: name of the share; empty where there is none beside the pipes."""
        self.machine = machine
        self.domain = domain
        self.accounts = accounts
        self.pipes = pipes
        self.now = now
        self.share = share
        self.files = {} if files is None else files
        self.connections = 0

    def open(self) -> _Connection:
        """See Service."""
        self.connections += 1
        return _Connection(self, self.connections)


class _Connection:
    def __init__(self, server: SmbServer, number: int) -> None:
        self._server = server
        challenge = hashlib.sha256(f"{server.machine} {number}".encode()).digest()[:8]
        self._challenger = ntlm.Challenger(server.machine, server.domain, server.accounts, challenge)
        self._session = 0x0000_4000_0000_0001 + 4 * number
        self._let_in = False
        self._trees: dict[int, int] = {}
        self._files: dict[bytes, str] = {}
        self._listed: set[bytes] = set()
        self._opened = 0
        self._rest = b""
        self._commands: dict[int, Callable[[bytes, int], Reply]] = {
            smb.NEGOTIATE: self._negotiate, smb.SESSION_SETUP: self._setup, smb.LOGOFF: self._log_off,
            smb.TREE_CONNECT: self._connect_tree, smb.TREE_DISCONNECT: self._leave_tree, smb.CREATE: self._create,
            smb.CLOSE: self._close, smb.WRITE: self._write, smb.IOCTL: self._control,
            smb.QUERY_DIRECTORY: self._list, smb.SET_INFO: self._set_info,
        }  # fmt: skip

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where it isn't SMB 2: the machine closes."""
        self._rest += octets
        answers = []
        while len(self._rest) >= 4:
            length = struct.unpack_from("!I", self._rest)[0]
            if not HEADER.size <= length <= _LONGEST:
                raise ValueError("not an SMB message")
            if len(self._rest) < 4 + length:
                break
            message, self._rest = self._rest[4 : 4 + length], self._rest[4 + length :]
            answers.append(self._one(message))
        return answers

    def _one(self, message: bytes) -> bytes:
        magic, size, _, _, command, _, flags, _, number, _, tree, session, _ = HEADER.unpack_from(message)
        if magic != MAGIC or size != HEADER.size or flags & 1:
            raise ValueError("not an SMB 2 request")
        answer = self._commands.get(command)
        status, body = (
            (_NOT_SUPPORTED, b"") if answer is None else self._tried(answer, message, command, session, tree)
        )
        if not body:
            body = struct.pack("<HBBI", 9, 0, 0, 0) + b"\0"
        if command == smb.SESSION_SETUP:
            session = self._session
        if command == smb.TREE_CONNECT and not status:
            tree = max(self._trees)
        return header(command, number, body, tree=tree, session=session, status=status, answer=True)

    def _tried(
        self, answer: Callable[[bytes, int], Reply], message: bytes, command: int, session: int, tree: int
    ) -> Reply:
        if command not in (smb.NEGOTIATE, smb.SESSION_SETUP) and (
            not self._let_in or session != self._session
        ):
            return _GONE, b""
        try:
            return answer(message, tree)
        except (struct.error, ValueError):
            return _INVALID, b""

    def _negotiate(self, message: bytes, _tree: int) -> Reply:
        count = struct.unpack_from("<H", message, 66)[0]
        dialects = struct.unpack_from(f"<{count}H", message, 100)
        if smb.DIALECT not in dialects:
            return _NOT_SUPPORTED, b""
        token, now = ntlm.offer(), self._server.now()
        guid = hashlib.sha256(self._server.machine.encode()).digest()[:16]
        body = struct.pack("<HHHH", 65, 1, smb.DIALECT, 0) + guid
        body += struct.pack("<IIIIQQ", 1, _LONGEST, _LONGEST, _LONGEST, now, 0)
        return 0, body + struct.pack("<HHI", 128, len(token), 0) + token

    def _setup(self, message: bytes, _tree: int) -> Reply:
        at, size = struct.unpack_from("<HH", message, 76)
        token, verdict = self._challenger.answer(message[at : at + size])
        if verdict is False:
            return smb.LOGON_FAILURE, b""
        self._let_in = bool(verdict)
        body = struct.pack("<HHHH", 9, 0, 72, len(token)) + token
        return (0 if verdict else smb.MORE_PROCESSING), body

    def _log_off(self, _message: bytes, _tree: int) -> Reply:
        self._let_in = False
        return 0, struct.pack("<HH", 4, 0)

    def _connect_tree(self, message: bytes, _tree: int) -> Reply:
        name = _wide(message, 68).rpartition("\\")[2]
        known = {"IPC$": _PIPE, self._server.share: _DISK}
        kind = known.get(name) if name else None
        if kind is None:
            return _NO_SUCH_SHARE, b""
        self._trees[len(self._trees) + 1] = kind
        return 0, struct.pack("<HBBIII", 16, kind, 0, 0, 0, 0x001F01FF)

    def _leave_tree(self, _message: bytes, tree: int) -> Reply:
        if tree not in self._trees:
            return _INVALID, b""
        self._trees[tree] = 0
        return 0, struct.pack("<HH", 4, 0)

    def _create(self, message: bytes, tree: int) -> Reply:
        name = _wide(message, 64 + 44)
        kind, folder = self._trees.get(tree, 0), struct.unpack_from("<I", message, 64 + 40)[0] & 1
        there = (
            name in self._server.pipes.interfaces if kind == _PIPE else name in self._server.files or folder
        )
        if not kind:
            return _DENIED, b""
        if not there:
            return _NO_SUCH_NAME, b""
        self._opened += 1
        number = struct.pack("<QQ", self._opened, 0xFFFF_0000_0000_0000 | self._opened)
        self._files[number] = _FOLDER if folder else name
        size, when = len(self._server.files.get(name, b"")), self._server.now()
        attributes = 0x10 if folder else 0x80
        fixed = struct.pack("<HBBIQQQQQQII", 89, 0, 0, 1, when, when, when, when, size, size, attributes, 0)
        return 0, fixed + number + bytes(8)

    def _close(self, message: bytes, _tree: int) -> Reply:
        if self._files.pop(message[72:88], None) is None:
            return _CLOSED, b""
        return 0, struct.pack("<HH", 60, 0) + bytes(56)

    def _write(self, message: bytes, _tree: int) -> Reply:
        at, size = struct.unpack_from("<HI", message, 66)
        name = self._files.get(message[80:96])
        if name not in self._server.files or len(message) < at + size:
            return _CLOSED, b""
        self._server.files[name] = message[at : at + size] + self._server.files[name][size:]
        return 0, struct.pack("<HHIIHH", 17, 0, size, 0, 0, 0)

    def _list(self, message: bytes, _tree: int) -> Reply:
        number = message[72:88]
        if self._files.get(number) != _FOLDER:
            return _CLOSED, b""
        if number in self._listed:
            return smb.NO_MORE_FILES, b""
        self._listed.add(number)
        names, told = sorted(self._server.files), b""
        for k, name in enumerate(names):
            octets = name.encode("utf-16-le")
            size = 12 + len(octets)
            last = k == len(names) - 1
            following = 0 if last else size + -size % 8
            told += struct.pack("<III", following, 0, len(octets)) + octets + bytes(0 if last else -size % 8)
        return 0, struct.pack("<HHI", 9, 72, len(told)) + told

    def _set_info(self, message: bytes, _tree: int) -> Reply:
        kind, wanted, size, at = struct.unpack_from("<BBIH", message, 66)
        name, files = self._files.get(message[80:96], ""), self._server.files
        if (kind, wanted) != (1, smb.RENAME) or name not in files or len(message) < at + size:
            return _NOT_SUPPORTED, b""
        length = struct.unpack_from("<I", message, at + 16)[0]
        new = message[at + 20 : at + 20 + length].decode("utf-16-le", "replace")
        files[new] = files.pop(name)
        self._files[message[80:96]] = new
        return 0, struct.pack("<H", 2)

    def _control(self, message: bytes, _tree: int) -> Reply:
        code, at, size = *struct.unpack_from("<I", message, 68), *struct.unpack_from("<II", message, 88)
        interface = self._server.pipes.interfaces.get(self._files.get(message[72:88], ""))
        if code != smb.PIPE_TRANSCEIVE or interface is None:
            return _NOT_SUPPORTED, b""
        said = self._piped(interface, dcerpc.call_of(message[at : at + size]))
        fixed = struct.pack("<HHI", 49, 0, code) + message[72:88]
        return 0, fixed + struct.pack("<IIIIII", 112, 0, 112, len(said), 0, 0) + said

    def _piped(self, interface: Interface, call: dcerpc.Call) -> bytes:
        if call.kind != 0:
            return dcerpc.accept(call.number, interface)
        answer = self._server.pipes.answer(interface.pipe, call.operation, call.stub)
        return dcerpc.fault(call.number) if answer is None else dcerpc.returned(call.number, answer)


def _wide(message: bytes, at: int) -> str:
    """Text whose place and length stand at an octet."""
    begin, size = struct.unpack_from("<HH", message, at)
    return message[begin : begin + size].decode("utf-16-le", "replace")
