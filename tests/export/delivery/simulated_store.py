"""A store of findings in a folder: as little as a pump needs, shared by threads and processes."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.export.some_findings import finding

from interlock.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SimulatedStore"]


class SimulatedStore:
    """Findings are lines `commit number severity`; a finding's older commits are not told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.full = False
        self.stories: list = []
        (folder / "findings").touch()

    @contextmanager
    def open(self):
        yield self

    def commit(self, *numbers: int, **changes) -> None:
        lines = (self.folder / "findings").read_text().splitlines()
        with (self.folder / "findings").open("a") as file:
            for place, number in enumerate(numbers, len(lines) + 1):
                file.write(f"{place} {number} {changes.get('severity', 'high')}\n")

    def findings(self, after: int = 0):
        rows = [line.split() for line in (self.folder / "findings").read_text().splitlines()]
        newest = {number: int(commit) for commit, number, _ in rows}
        for commit, number, severity in rows:
            if int(commit) > after and newest[number] == int(commit):
                yield int(commit), finding(int(number), severity=severity)

    def incidents(self):
        return self.stories

    def _path(self, name: str) -> Path:
        return self.folder / f"state.{name.replace('/', '.')}"

    def kept(self, name: str) -> bytes | None:
        return self._path(name).read_bytes() if self._path(name).exists() else None

    def keep(self, name: str, state: bytes) -> None:
        if self.full:
            raise OutputError("the store's disk is full.")
        part = self._path(name).with_suffix(f".part{os.getpid()}")
        part.write_bytes(state)
        part.replace(self._path(name))

    def cursor(self, outlet: str) -> int:
        return json.loads(self.kept(f"outlet/{outlet}") or b'{"commit":0}')["commit"]
