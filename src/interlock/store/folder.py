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

    Nothing is on disk before `open`. Files are `.NAME.FORMAT.part` until `commit`; `abandon` removes those.
    Raises OutputError with one sentence where the disk refuses octets: no table has got its name then, and no
    part stays after `abandon`, wherever a signal may have come between.
    """

    def __init__(self, folder: Path, schemas: Mapping[str, pa.Schema], form: str = "parquet") -> None:
        """schemas: table name → schema of the tables to write."""
        self.folder = folder
        self._schemas = dict(schemas)
        self._form = form
        self._open: dict[str, tuple[Sink, BinaryIO, Path]] = {}
        self._sealed: dict[Path, Path] = {}
        self._parts: set[Path] = set()

    def open(self) -> None:
        """Make the folder and begin every table: `abandon` is to be sure of its call before."""
        with _refusals(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        for name in self._schemas:
            self._begin(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The tables that are written here."""
        return tuple(self._schemas)

    def _begin(self, name: str) -> None:
        part = self.folder / f".{name}.{self._form}.part"
        self._parts.add(part)
        with _refusals(part):
            file = part.open("wb")
            self._open[name] = (open_sink(self._form, self._schemas[name], file), file, part)

    def write(self, batches: Mapping[str, pa.RecordBatch]) -> None:
        """Append batches of the tables that are written here; others are passed over."""
        for name, batch in batches.items():
            if name in self._open:
                with _refusals(self._open[name][2]):
                    self._open[name][0].write(batch)

    def seal(self) -> None:
        """End all tables and force them to disk, still under their parts' names; nothing can be written after."""
        for name, (sink, file, part) in tuple(self._open.items()):
            with _refusals(part):
                sink.close()
                _force(file)
            self._sealed[part] = self.folder / f"{name}.{self._form}"
            del self._open[name]

    def commit(self) -> tuple[Path, ...]:
        """Give all tables their names, sealed first where they are not yet; returns their paths."""
        self.seal()
        made = []
        for part, final in tuple(self._sealed.items()):
            with _refusals(part):
                part.replace(final)
            del self._sealed[part]
            self._parts.discard(part)
            made.append(final)
        return tuple(made)

    def abandon(self) -> None:
        """Remove what is not committed."""
        for sink, file, part in self._open.values():
            _drop(sink, file, part)
        for part in self._parts:
            _drop(None, None, part)
        self._open.clear()
        self._sealed.clear()
        self._parts.clear()


class TableFile:
    """Writes one table to a file (whole or not at all), or to an open stream as it comes."""

    def __init__(self, path: Path | None, stream: BinaryIO, name: str, schema: pa.Schema, form: str) -> None:
        """path: None for `stream`, which stays open."""
        # A device or pipe is written to as it is: a whole file in its place would take it away.
        given = path is not None and path.exists() and not (path.is_file() or path.is_dir())
        self._path, self._given = None if given else path, given
        self._part = Path("standard output") if path is None else path if given else _part_of(path)
        self._name, self._schema, self._form = name, schema, form
        self._file: BinaryIO = stream
        self._ours: BinaryIO | None = None
        self._begun = False
        self._sink: Sink | None = None

    def open(self) -> None:
        """Begin the table: `abandon` is to be sure of its call before."""
        with _refusals(self._part):
            if self._path or self._given:
                self._begun = True
                self._file = self._ours = self._part.open("wb")
            self._sink = open_sink(self._form, self._schema, self._file)

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
            if self._path:
                _force(self._file)
                self._part.replace(self._path)
            else:
                self._file.flush()
                if self._given:
                    self._file.close()
        self._begun, self._sink = False, None

    def abandon(self) -> None:
        """Remove what is not committed."""
        if self._begun and self._path:
            _drop(self._sink, self._ours, self._part)
        elif self._ours is not None:
            with contextlib.suppress(OSError, ValueError):
                self._ours.close()
        self._begun, self._sink = False, None


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _force(file: BinaryIO) -> None:
    """To disk and closed: a name given after this names a whole file, whatever happens to the machine."""
    file.flush()
    os.fsync(file.fileno())
    file.close()


def _drop(sink: Sink | None, file: BinaryIO | None, part: Path) -> None:
    """Give up a part, although the disk may refuse that, too."""
    for end in (sink, file):
        if end is not None:
            with contextlib.suppress(OSError, ValueError):
                end.close()
    with contextlib.suppress(OSError):
        part.unlink()


@contextlib.contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Name a part by the name that it is to get: what somebody asked for."""
    path = path.with_name(path.name[1:-5]) if path.name.endswith(".part") else path
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{path}: cannot be written ({reason}); free space or name another place"
        ) from error
