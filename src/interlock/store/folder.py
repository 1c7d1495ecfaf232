"""The tables of one run in one folder, each under its final name only when it is whole."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from interlock.errors import OutputError
from interlock.export.sink import Sink, open_sink

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

__all__ = ["TableFile", "TableFolder"]


class TableFolder:
    """Writes `NAME.FORMAT` for each table; a table that stays empty gets a file without rows.

    Files are `.NAME.FORMAT.part` until `commit`; `abandon` removes those. Raises OutputError with one
    sentence where the disk refuses.
    """

    def __init__(self, folder: Path, schemas: Mapping[str, pa.Schema], form: str = "parquet") -> None:
        """schemas: table name → schema of the tables to write."""
        self.folder = folder
        self._schemas = dict(schemas)
        self._form = form
        self._open: dict[str, tuple[Sink, BinaryIO, Path]] = {}
        with _refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
        for name in self._schemas:
            self._begin(name)

    def _begin(self, name: str) -> None:
        part = self.folder / f".{name}.{self._form}.part"
        with _refusals(part):
            file = part.open("wb")
            self._open[name] = (open_sink(self._form, self._schemas[name], file), file, part)

    def write(self, batches: Mapping[str, pa.RecordBatch]) -> None:
        """Append batches of the tables that are written here; others are passed over."""
        for name, batch in batches.items():
            if name in self._open:
                with _refusals(self._open[name][2]):
                    self._open[name][0].write(batch)

    def commit(self) -> tuple[Path, ...]:
        """Close all tables and give them their names."""
        made = []
        for name, (sink, file, part) in self._open.items():
            final = self.folder / f"{name}.{self._form}"
            with _refusals(part):
                sink.close()
                file.flush()
                os.fsync(file.fileno())
                file.close()
                part.replace(final)
            made.append(final)
        self._open.clear()
        return tuple(made)

    def abandon(self) -> None:
        """Remove what is not committed."""
        for sink, file, part in self._open.values():
            with contextlib.suppress(OSError, ValueError):
                sink.close()
            with contextlib.suppress(OSError, ValueError):
                file.close()
            with contextlib.suppress(OSError):
                part.unlink()
        self._open.clear()


class TableFile:
    """Writes one table to a file (whole or not at all), or to an open stream as it comes."""

    def __init__(self, path: Path | None, stream: BinaryIO, name: str, schema: pa.Schema, form: str) -> None:
        """path: None for `stream`, which stays open."""
        self._path = path
        self._part = path.with_name(f".{path.name}.part") if path else Path("standard output")
        self._name = name
        with _refusals(self._part):
            self._file = self._part.open("wb") if path else stream
            self._sink: Sink | None = open_sink(form, schema, self._file)

    def write(self, batches: Mapping[str, pa.RecordBatch]) -> None:
        """Append the batch of the table that is written here, if there is one."""
        if self._name in batches and self._sink is not None:
            with _refusals(self._part):
                self._sink.write(batches[self._name])

    def commit(self) -> None:
        """Write the format's end; give the file its name."""
        if self._sink is None:
            return
        with _refusals(self._part):
            self._sink.close()
            self._sink = None
            self._file.flush()
            if self._path:
                self._file.close()
                self._part.replace(self._path)

    def abandon(self) -> None:
        """Remove what is not committed."""
        if self._sink is not None and self._path:
            with contextlib.suppress(OSError, ValueError):
                self._sink.close()
            with contextlib.suppress(OSError, ValueError):
                self._file.close()
            with contextlib.suppress(OSError):
                self._part.unlink()


@contextlib.contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{path}: cannot be written ({reason}); free space or name another place"
        ) from error
