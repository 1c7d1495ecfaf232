"""Files that AtomicReadFile and AtomicWriteFile carry by stream access, put together.

An answer to AtomicReadFile says where its octets begin and whether the file ends with them: read from 0 to there it is
whole. No AtomicWriteFile says that it is the last: what is written stays incomplete, and has no hash.
Source: ANSI/ASHRAE 135, clauses 14.1 and 14.2.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.artifacts import Transfers

__all__ = ["FileTransfers"]

_READ: Final = "read"
_WRITTEN: Final = "written"


class FileTransfers:
    """By flow, machine behind the router, file and way."""

    def __init__(self, tools: Any) -> None:
        self._loads = Transfers(tools.facts.artifacts)
        self._objects, self._names = tools.objects, tools.names

    def _part(self, x: Any, code: int, way: str, at: int, octets: bytes) -> tuple[Any, ...]:
        name = self._objects.texts[code]
        key = (int(x.m.flow[x.i]), x.unit, name, way)
        side = x.m.side[x.i] if way == _WRITTEN else 1 - x.m.side[x.i]
        told = {
            "unit": self._names.texts[x.unit] if x.unit >= 0 else None,
            "operation": x.out.operation_of(x.row),
            "side": side,
        }
        named = ("bacnet", "file", name, way)
        artifact = self._loads.find(key)
        if at < 0:
            at = -1 if artifact is None else artifact.size
        if at == 0:
            self._loads.begin(key, x.m, x.i, *named, **told)
        elif artifact is not None and at < artifact.size:
            return key  # once more
        elif artifact is None or at > artifact.size:
            self._loads.gap(key)
        self._loads.add(key, x.m, x.i, octets, *named, **told)
        return key

    def read(self, x: Any, code: int, at: int, octets: bytes, *, ends: bool) -> None:
        """Octets of an answer; code: of the file in the pool of objects. at: where they begin, -1 for the end."""
        key = self._part(x, code, _READ, at, octets)
        if ends:
            self._loads.end(key, x.m, x.i)

    def write(self, x: Any, code: int, at: int, octets: bytes) -> None:
        """Octets of a request; at: where they go, -1 for behind the end."""
        self._part(x, code, _WRITTEN, at, octets)
