"""What a command of SMB 2 does where its number alone does not tell: control codes, information classes, pipes.

Names and verbs stand in verbs.toml under `smb-ioctl` and `smb-info`. Source: MS-SMB2 clauses 2.2.13, 2.2.31, 2.2.37,
2.2.39; MS-FSCC clauses 2.3, 2.4, 2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.logins import Names
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from interlock.decode.protocols.smb.session import Asked
    from interlock.decode.protocols.smb.version2 import Body

__all__ = ["ON_PIPES", "Naming", "is_pipe_share"]

_CREATE, _READ, _WRITE, _IOCTL, _DIRECTORY, _QUERY_INFO, _SET_INFO = 5, 8, 9, 11, 14, 16, 17
_FLUSH: Final = 7
_PLAIN: Final = {_READ: VERBS.index("read"), _WRITE: VERBS.index("write"), _FLUSH: VERBS.index("write")}
_FILE: Final = {
    _READ: VERBS.index("file-read"),
    _WRITE: VERBS.index("file-write"),
    _FLUSH: VERBS.index("file-write"),
}
ON_PIPES: Final = frozenset(_FILE)
"""Commands that mean something else on a named pipe."""
_FILE_WRITE: Final = VERBS.index("file-write")
_MAX_NAME: Final = 512


def is_pipe_share(share: str) -> bool:
    r"""Whether a share's path (`\\host\IPC$`) is that of named pipes."""
    return share.upper().endswith("IPC$")


class Naming:
    """smb: the decoder it works for."""

    def __init__(self, smb: Any, tools: Any) -> None:
        self._smb = smb
        self._controls = tools.verb_rows("smb-ioctl")
        self._classes = tools.verb_rows("smb-info")
        self._names = Names(smb.names)

    def request(self, out: Any, row: int, command: int, body: Body, asked: Asked, share: str | None) -> None:
        """Set verb, name and object of a request's row by what it carries."""
        if command in _FILE:
            out.set_verb(row, self._transfer(command, share, asked.name))
        elif command == _CREATE:
            if body.changes():
                out.set_verb(row, _FILE_WRITE)
            if body.deletes():
                out.set_name(row, self._names.code("SMB2 CREATE (FILE_DELETE_ON_CLOSE)"))
        elif command == _IOCTL:
            asked.about = body.number(4, 4)
            self._named(out, row, "SMB2 IOCTL", self._controls.get(asked.about))
        elif command in (_QUERY_INFO, _SET_INFO):
            self._information(out, row, command, body, asked)
        elif command == _DIRECTORY and asked.name and (pattern := body.pattern()):
            text = f"{asked.name}\\{pattern}"[:_MAX_NAME]
            out.set_object(row, self._smb.objects.code(text), 1)

    @staticmethod
    def _transfer(command: int, share: str | None, name: str | None) -> int:
        """Verb of a read, write or flush: another one on a pipe, unknown where the share is not known."""
        if share is None and name is not None and name.startswith("\\\\"):
            share = name[: max(0, _root(name) - 1)]
        if share is None:
            return 0
        return (_PLAIN if is_pipe_share(share) else _FILE)[command]

    def _information(self, out: Any, row: int, command: int, body: Body, asked: Asked) -> None:
        asked.about = body.information()
        found = self._classes.get(asked.about) or self._classes.get(asked.about & 0xFF00)
        title = "SMB2 SET_INFO" if command == _SET_INFO else "SMB2 QUERY_INFO"
        if found is not None:
            out.set_name(row, self._names.code(f"{title} ({found[0]})"))
        if command == _QUERY_INFO:
            return
        out.set_verb(row, VERBS.index(found[1]) if found is not None else 0)
        new = body.renamed()
        if new is None:
            return
        if asked.name and "\\" in asked.name:  # the new name counts from the share's root (2.2.39)
            new = asked.name[: _root(asked.name)] + new.lstrip("\\")
        second = out.more(row)
        out.set_object(second, self._smb.objects.code(new[:_MAX_NAME]), 1)

    def _named(self, out: Any, row: int, title: str, found: tuple[str, str] | None) -> None:
        if found is not None:
            out.set_name(row, self._names.code(f"{title} ({found[0]})"))
            out.set_verb(row, VERBS.index(found[1]))


def _root(name: str) -> int:
    r"""Where a name within its share begins in `\\host\share\name`; 0 where the share is not known."""
    if not name.startswith("\\\\"):
        return 0
    host = name.find("\\", 2)
    share = name.find("\\", host + 1) if host > 0 else -1
    return share + 1
