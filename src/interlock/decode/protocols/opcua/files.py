"""Files that clients read and write by the methods of FileType: Open, Read, Write, SetPosition, Close.

    Open(mode 1) → handle 4 | Read(handle 4, length 4) → octets | Write(handle 4, octets) | SetPosition(handle 4, at 8)
    OpenWithMasks(masks 4) → handle 4 and CloseAndUpdate(handle 4), of a trust list

Calls are known by the method ids of the types. A written file is whole where its opening erased what was there, a read
one where an answer had fewer octets than were asked for, as clients know its end; both once they are closed.
Source: OPC 10000-20, 4.2 (FileType); OPC 10000-12, 7.8.2 (TrustListType); OPC 10000-6, 5.2.2.16 (Variant).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlock.decode.artifacts import Artifact

__all__ = ["METHODS", "FileCalls"]

_OPEN, _CLOSE, _READ, _WRITE, _SET_POSITION = 11580, 11583, 11585, 11588, 11593
_OPEN_WITH_MASKS, _CLOSE_AND_UPDATE = 12543, 12546
_OPENS: Final = frozenset({_OPEN, _OPEN_WITH_MASKS})
_CLOSES: Final = frozenset({_CLOSE, _CLOSE_AND_UPDATE})
METHODS: Final = frozenset({_READ, _WRITE, _SET_POSITION}) | _OPENS | _CLOSES
"""Numeric ids of the methods, in the core namespace."""
_ERASES: Final = 4
_SIZES: Final = {3: 1, 6: 4, 7: 4, 9: 8}
"""Built-in type of an integer → its octets."""
_BYTE_STRING: Final = 15
MAX_FILES: Final = 512

Key = tuple[int, str, int]
"""Flow, node of the file, handle."""


class _File:
    """One opening. asked, heard: reads, and answers to them; short: whether one had less than was asked for."""

    __slots__ = ("artifacts", "asked", "heard", "mode", "short")

    def __init__(self, mode: int) -> None:
        self.mode, self.asked, self.heard, self.short = mode, 0, 0, False
        self.artifacts: dict[str, Artifact] = {}


class _Asked:
    """A call whose answer is awaited."""

    __slots__ = ("key", "length", "method", "mode", "number")

    def __init__(self, method: int, key: Key) -> None:
        self.method, self.key = method, key
        self.mode = self.length = self.number = 0


class FileCalls:
    """Arguments come as they stand: Variants, each in its own octets."""

    def __init__(self, facts: Any) -> None:
        self._artifacts = facts.artifacts
        self._files: dict[Key, _File] = {}

    def asked(
        self, m: Any, i: int, out: Any, row: int, k: int, node: str, method: int, given: list[bytes]
    ) -> None:
        """Call k of a request. node: of the file."""
        numbers = [_integer(octets) for octets in given]
        handle = numbers[0] if numbers and numbers[0] is not None else -1
        asked = _Asked(method, (m.flow[i], node, -1 if method in _OPENS else handle))
        out.notes.setdefault(out.operation_of(row), {})[k] = asked
        if method == _OPEN:
            asked.mode = max(handle, 0)
        elif method == _OPEN_WITH_MASKS:
            asked.mode = 1
        file = self._files.get(asked.key)
        if file is None:
            return
        if method == _READ:
            asked.length = (numbers[1] if len(numbers) > 1 else None) or 0
            file.asked += 1
            asked.number = file.asked
        elif method == _WRITE and len(given) > 1:
            self._octets(m, i, out, row, file, asked.key, "written", _byte_string(given[1]))
        elif method == _SET_POSITION:
            self._moved(file)

    def answered(
        self, m: Any, i: int, out: Any, row: int, asked: _Asked, given: list[bytes], *, bad: bool
    ) -> None:
        """The answer to such a call; given: what it returns."""
        if asked.method in _OPENS:
            self._opened(m, asked, given, bad=bad)
            return
        file = self._files.get(asked.key)
        if file is None:
            return
        if asked.method in _CLOSES and not bad:
            self._close(m, i, asked.key)
        elif asked.method == _WRITE and bad:
            self._artifacts.gap(file.artifacts.get("written"))
        elif asked.method == _READ and not bad:
            octets = _byte_string(given[0]) if given else None
            self._octets(m, i, out, row, file, asked.key, "read", octets)
            if asked.number != file.heard + 1 or file.short or octets is None:
                self._artifacts.gap(file.artifacts.get("read") if octets else None)
            file.heard = asked.number
            file.short |= octets is not None and len(octets) < asked.length

    def _opened(self, m: Any, asked: _Asked, given: list[bytes], *, bad: bool) -> None:
        handle = _integer(given[0]) if given else None
        if bad or handle is None:
            return
        key = (asked.key[0], asked.key[1], handle)
        self._end(self._files.pop(key, None))
        self._files[key] = _File(asked.mode)
        if len(self._files) > MAX_FILES:
            self._end(self._files.pop(next(iter(self._files))))

    def _octets(
        self, m: Any, i: int, out: Any, row: int, file: _File, key: Key, way: str, octets: bytes | None
    ) -> None:
        artifact = file.artifacts.get(way)
        if artifact is None and octets:
            side = m.side[i] if way == "written" else 1 - m.side[i]
            told = {"operation": out.operation_of(row), "side": side}
            artifact = self._artifacts.begin(m, i, "opcua", "file", key[1], way, **told)
            file.artifacts[way] = artifact
        if artifact is not None and octets:
            self._artifacts.add(artifact, m, i, octets)
        elif octets is None:
            self._artifacts.gap(artifact)

    def _moved(self, file: _File) -> None:
        """Somebody goes to another place of the file: what comes is not in order."""
        for artifact in file.artifacts.values():
            self._artifacts.gap(artifact)
        file.mode = 0
        file.short = True

    def _close(self, m: Any, i: int, key: Key) -> None:
        file = self._files.pop(key)
        whole = {"written": bool(file.mode & _ERASES), "read": file.short and bool(file.mode)}
        for way, artifact in file.artifacts.items():
            self._artifacts.end(artifact, m, i, whole=whole[way] and len(file.artifacts) == 1)

    def _end(self, file: _File | None) -> None:
        for artifact in file.artifacts.values() if file is not None else ():
            self._artifacts.end(artifact, whole=False)


def _integer(variant: bytes) -> int | None:
    """Its number; None where it is no integer that the methods take."""
    size = _SIZES.get(variant[0]) if variant else None
    if size is None or len(variant) != 1 + size:
        return None
    return int.from_bytes(variant[1:], "little", signed=variant[0] == 6)


def _byte_string(variant: bytes) -> bytes | None:
    """Its octets, none where it is null; None where it is no ByteString."""
    if variant[:1] == b"\x00":
        return b""
    if not variant or variant[0] != _BYTE_STRING:
        return None
    return variant[5:]
