"""Probes as their rows get to disk: what a journal has grown by since it was looked at last."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Trail", "probes_of"]


class Trail:
    """Follows the open journals of a store's operations. server: whose probes they are.

    found: low 16 bits of a probe's number → capture time of its newest row, ns. Reading all of a store takes the longer
    the longer it runs; this takes as long as what is new.
    """

    def __init__(self, store: Path, server: str) -> None:
        self._folder, self._server = store / "journal" / "operations", server
        self._read: dict[str, int] = {}
        self._heads: dict[str, pa.Schema] = {}
        self.found: dict[int, int] = {}

    def look(self) -> None:
        """Read on."""
        with suppress(OSError):
            for path in sorted(self._folder.glob("*.arrows")):
                with suppress(OSError):
                    self._grown(path)

    def _grown(self, path: Path) -> None:
        with path.open("rb") as file:
            at = self._read.get(path.name, 0)
            size = file.seek(0, 2)
            if size < at:  # cut back: what it had is sent again
                at = 0
            file.seek(at)
            octets = pa.py_buffer(file.read(size - at))
        if not at:
            self._heads.pop(path.name, None)
        self._read[path.name] = at + self._messages(path.name, octets)

    def _messages(self, name: str, octets: pa.Buffer) -> int:
        """Take whole messages; how many octets those were."""
        reader, done = pa.BufferReader(octets), 0
        with suppress(pa.ArrowException, EOFError, OSError, StopIteration):
            while True:
                message = pa.ipc.read_message(reader)
                if message.type == "schema":
                    self._heads[name] = pa.ipc.read_schema(message)
                else:
                    batch = pa.ipc.read_record_batch(message, self._heads[name])
                    self.found.update((n, when) for n, when, _ in probes_of(batch, self._server))
                done = reader.tell()
        return done


def probes_of(batch: pa.RecordBatch, server: str) -> Iterator[tuple[int, int, int]]:
    """(low 16 bits of its number, capture time in ns, rows that it stands for) of each probe's row."""
    servers, objects = (batch.column(name).cast(pa.string()).to_pylist() for name in ("server", "object"))
    times = batch.column("time").cast(pa.int64()).to_pylist()
    folded = "repeats" in batch.schema.names
    repeats = batch.column("repeats").to_pylist() if folded else [1] * batch.num_rows
    for one, what, when, count in zip(servers, objects, times, repeats, strict=True):
        if one == server and what:
            yield int(what.rpartition(":")[2]), when, count
