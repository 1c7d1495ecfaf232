"""Files that SMB 1 reads and writes, put together as those of SMB 2 are (`transfers`), from opening to close.

    NT_CREATE_ANDX  | name length 2 at 5, name behind the words | answer: file 2 at 5, action 4 at 7, size 8 at 55,
                    | what it is 2 at 63
    WRITE_ANDX      | file 2 at 4, offset 4 at 6, length 2 + 2 at 18, where 2 at 22, upper half of the offset 4 at 24
    READ_ANDX       | file 2 at 4, offset 4 at 6, upper half 4 at 20 | answer: length 2 at 10 and 14, where 2 at 12
    CLOSE           | file 2 at 0

Words begin at 33; places of data count from the header. Source: MS-CIFS clauses 2.2.4.5, 2.2.4.42, 2.2.4.43, 2.2.4.64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.smb.session import Asked
from interlock.decode.protocols.smb.transfers import Handle, SmbTransfers

if TYPE_CHECKING:
    from interlock.decode.protocols.smb.session import Session

__all__ = ["ClassicFiles"]

_CLOSE, _READ, _WRITE, _CREATE = 0x04, 0x2E, 0x2F, 0xA2
_ABOUT_FILES: Final = frozenset({_CLOSE, _READ, _WRITE, _CREATE})
_WORDS: Final = 33
_CREATED_WORDS, _LONG_READ, _LONG_WRITE = 34, 12, 14
_UNICODE: Final = 0x80
"""In the high octet of flags2."""
_PLACE: Final = 1 << 64
"""Message ids of SMB 1 are kept beside those of SMB 2, which are below this."""


class ClassicFiles(SmbTransfers):
    """Works for one decoder; what it knows of a file hangs on the requests that are about it (Asked.handle)."""

    def request(self, m: Any, i: int, out: Any, row: int, session: Session, octets: bytes) -> None:
        """A request: a name that is opened, octets that are written, where a read begins, a close."""
        command, number = octets[4], _number(octets)
        if command not in _ABOUT_FILES:
            return
        asked = Asked(command, None, user=session.user)
        if command == _CREATE and octets[32] >= 24:
            asked.handle = Handle(_name(octets))
        else:
            file = octets[_WORDS : _WORDS + 2] if command == _CLOSE else octets[_WORDS + 4 : _WORDS + 6]
            asked.file, asked.handle = file, session.handles.get(file)
        if asked.handle is None:
            return
        if command == _WRITE and octets[32] >= 12:
            self._load(m, i, out, row, asked, "written", m.side[i])
            at, size = _word(octets, 22), _word(octets, 20) | _word(octets, 18) << 16
            place = _long(octets, 6) | (_long(octets, 24) << 32 if octets[32] >= _LONG_WRITE else 0)
            self._data(m, i, session, asked.handle, "written", place, octets[at:] if at else b"", size)
        elif command == _READ:
            asked.about = _long(octets, 6) | (_long(octets, 20) << 32 if octets[32] >= _LONG_READ else 0)
        session.keep(session.asked, number, asked)

    def answer(self, m: Any, i: int, out: Any, row: int, session: Session, octets: bytes) -> None:
        """An answer: what was opened, octets that are read, a write that failed, a close."""
        asked = session.asked.pop(_number(octets), None)
        if asked is None or asked.handle is None or asked.command != octets[4]:
            return
        handle, failed = asked.handle, any(octets[5:9])
        if asked.command == _CREATE and not failed and octets[32] >= _CREATED_WORDS:
            self._opened(session, handle, octets)
        elif asked.command == _WRITE and failed and "written" in handle.loads:
            self._artifacts.gap(handle.loads["written"].artifact)
        elif asked.command == _READ and not failed and octets[32] >= _LONG_READ:
            self._load(m, i, out, row, asked, "read", 1 - m.side[i])
            at, size = _word(octets, 12), _word(octets, 10) | _word(octets, 14) << 16
            self._data(m, i, session, handle, "read", asked.about, octets[at:] if at else b"", size)
            self._reached(m, i, handle)
        elif asked.command == _CLOSE and asked.file is not None:
            session.handles.pop(asked.file, None)
            self._close(m, i, handle)

    @staticmethod
    def _opened(session: Session, handle: Handle, octets: bytes) -> None:
        """A file that is none of a disk (a pipe, a printer) is not followed."""
        if _word(octets, 63):
            return
        handle.action = _long(octets, 7)
        handle.size = _long(octets, 55) | _long(octets, 59) << 32
        session.keep(session.handles, octets[_WORDS + 5 : _WORDS + 7], handle)


def _number(octets: bytes) -> int:
    """Process and message (MS-CIFS clause 2.2.3.1)."""
    return _PLACE | int.from_bytes(octets[26:28], "little") << 16 | int.from_bytes(octets[30:32], "little")


def _name(octets: bytes) -> str:
    at, size = _WORDS + 2 * octets[32] + 2, _word(octets, 5)
    if octets[11] & _UNICODE:
        at += at & 1
        return octets[at : at + size].decode("utf-16-le", "replace").rstrip("\0")[:512]
    return octets[at : at + size].decode("latin-1").rstrip("\0")[:512]


def _word(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[_WORDS + at : _WORDS + at + 2], "little")


def _long(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[_WORDS + at : _WORDS + at + 4], "little")
