"""Files that SMB 2 and 3 read and write, put together by their offsets from opening to close.

    CREATE answer: what was there, how large | WRITE: offset 8, octets | READ: offset 8, its answer: octets | CLOSE

A write is whole where nothing is missing from 0 on to the end that was set, or past all that the file had when it was
opened; a read where it went on to the end that the opening told. Data behind the first octets of a long packet comes in
pieces (`framing`). Files on several connections (multichannel, durable handles) are incomplete on each.
Source: MS-SMB2 clauses 2.2.13, 2.2.14, 2.2.19 to 2.2.22, 2.2.39; MS-FSCC clause 2.4.14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.placed import Placed, Room
from interlock.decode.protocols.smb.status import SUCCESS
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from interlock.decode.protocols.smb.session import Asked, Session
    from interlock.decode.protocols.smb.version2 import Body

__all__ = ["Handle", "Rest", "SmbTransfers"]

_CREATE, _CLOSE, _READ, _WRITE, _SET_INFO = 5, 6, 8, 9, 17
_END_OF_FILE_INFORMATION: Final = 0x114
_END_OF_FILE: Final = 0xC0000011
_VERBS: Final = {_READ: VERBS.index("file-read"), _WRITE: VERBS.index("file-write")}
_APPENDS: Final = 1 << 63
"""Offsets from here on say `at the end`: where that is nobody knows."""
_OPENED: Final = 1


class Handle:
    """An open file. action: what its opening did, -1 unknown; size: what it had then; ends: the end that was set.

    loads: way → what is put together. over: ways that were, since the opening.
    """

    __slots__ = ("action", "ends", "loads", "name", "over", "size")

    def __init__(self, name: str) -> None:
        self.name = name
        self.action = self.size = self.ends = -1
        self.loads: dict[str, Placed] = {}
        self.over: set[str] = set()


class Rest:
    """What is to come of a long packet: octets in all, and those of data, at which offset of which file."""

    __slots__ = ("at", "data", "gaps", "handle", "load", "octets")

    def __init__(self, octets: int, gaps: int) -> None:
        self.octets, self.gaps = octets, gaps
        self.data = self.at = 0
        self.handle: Handle | None = None
        self.load: Placed | None = None


class SmbTransfers:
    """Works for one decoder; what it knows of a file hangs on the requests that are about it (Asked.handle)."""

    def __init__(self, facts: Any) -> None:
        self._artifacts = facts.artifacts
        self._room = Room()

    def asked(self, m: Any, i: int, out: Any, row: int, session: Session, body: Body, asked: Asked) -> None:
        """A request: octets that are written, where a read begins, the end that is set."""
        handle = asked.handle
        if handle is None:
            return
        if asked.command == _WRITE and asked.verb == _VERBS[_WRITE]:
            self._load(m, i, out, row, asked, "written", m.side[i])
            self._data(m, i, session, handle, "written", body.number(8, 8), body.written(), body.number(4, 4))
        elif asked.command == _READ:
            asked.about = body.number(8, 8)
        elif asked.command == _SET_INFO and asked.about == _END_OF_FILE_INFORMATION:
            handle.ends = body.end_of_file()

    def answered(
        self, m: Any, i: int, out: Any, row: int, session: Session, body: Body, asked: Asked, status: int
    ) -> None:
        """An answer: octets that are read, a write that failed, the file's close or its opening."""
        handle = asked.handle
        if handle is None:
            return
        if asked.command == _CREATE and status == SUCCESS:
            handle.action, handle.size = body.number(4, 4), body.number(48, 8)
        elif asked.command == _WRITE and status != SUCCESS and "written" in handle.loads:
            self._artifacts.gap(handle.loads["written"].artifact)
        elif asked.command == _READ and status == SUCCESS and asked.verb == _VERBS[_READ]:
            self._load(m, i, out, row, asked, "read", 1 - m.side[i])
            self._data(m, i, session, handle, "read", asked.about, body.read(), body.number(4, 4))
            self._reached(m, i, handle)
        elif asked.command == _READ and status == _END_OF_FILE and handle.size < 0:
            handle.size = asked.about
            self._reached(m, i, handle)
        elif asked.command == _CLOSE or (asked.command == _CREATE and status != SUCCESS):
            self._close(m, i, handle)

    def piece(self, m: Any, i: int, session: Session, octets: bytes) -> bool:
        """More of a long packet; False where message i is none."""
        rest = session.rests[m.side[i]]
        if rest is None:
            return False
        if rest.gaps != m.gaps[i]:  # where octets are missing the stream goes on with some packet's beginning
            session.rests[m.side[i]] = None
            return octets[4:8] not in (b"\xfeSMB", b"\xfdSMB", b"\xffSMB")
        rest.octets -= len(octets)
        data = octets[: rest.data]
        if rest.load is not None and data:
            rest.load.put(m, i, rest.at, data)
            rest.at += len(data)
            rest.data -= len(data)
        if rest.octets <= 0:
            session.rests[m.side[i]] = None
            if rest.handle is not None:
                self._reached(m, i, rest.handle)
        return True

    def _load(self, m: Any, i: int, out: Any, row: int, asked: Asked, way: str, side: int) -> None:
        """Begin to put together what goes this way, once for each opening."""
        handle = asked.handle
        if handle is None or way in handle.loads or way in handle.over:
            return
        told = {"user": asked.user, "operation": out.operation_of(row), "side": side}
        artifact = self._artifacts.begin(m, i, "smb", "file", handle.name, way, **told)
        handle.loads[way] = Placed(self._artifacts, artifact, self._room)

    def _data(
        self, m: Any, i: int, session: Session, handle: Handle, way: str, at: int, octets: bytes, length: int
    ) -> None:
        """Octets of message i, and the place of those that its pieces bring."""
        load = handle.loads.get(way)
        if load is None:
            return
        if at >= _APPENDS:
            self._artifacts.gap(load.artifact)
            return
        octets = octets[:length]
        load.put(m, i, at, octets)
        rest, left = session.rests[m.side[i]], length - len(octets)
        if left > 0 and rest is not None and left <= rest.octets and rest.handle is None:
            rest.handle, rest.load, rest.at, rest.data = handle, load, at + len(octets), left
        elif left > 0:
            self._artifacts.gap(load.artifact)

    def _reached(self, m: Any, i: int, handle: Handle) -> None:
        """A read that came to the end is over."""
        load = handle.loads.get("read")
        if load is not None and load.artifact.size == handle.size > 0 and not handle.loads.get("written"):
            load.artifact.stated = handle.size
            self._end(m, i, handle, "read", whole=True)

    def _close(self, m: Any, i: int, handle: Handle) -> None:
        self._reached(m, i, handle)
        if (load := handle.loads.get("written")) is not None:
            base = 0 if handle.action in (0, 2, 3) else handle.size if handle.action == _OPENED else 1 << 63
            size = load.artifact.size
            whole = size == handle.ends if handle.ends >= 0 else size >= base
            self._end(m, i, handle, "written", whole=whole and not load.waits)
        if "read" in handle.loads:
            self._end(m, i, handle, "read", whole=False)

    def _end(self, m: Any, i: int, handle: Handle, way: str, *, whole: bool) -> None:
        load = handle.loads.pop(way)
        load.drop()
        handle.over.add(way)
        self._artifacts.end(load.artifact, m, i, whole=whole)
