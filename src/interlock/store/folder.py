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
    sentence where the disk refuses octets: no table has got its name then, and no part stays after `abandon`.
    """

    def __init__(self, folder: Path, schemas: Mapping[str, pa.Schema], form: str = "parquet") -> None:
        """schemas: table name → schema of the tables to write."""
        self.folder = folder
        self._schemas = dict(schemas)
        self._form = form
        self._open: dict[str, tuple[Sink, BinaryIO, Path]] = {}
        self._sealed: dict[Path, Path] = {}
        with _refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as undo:
            undo.callback(self.abandon)  # who never got the object cannot do it
            for name in self._schemas:
                self._begin(name)
            undo.pop_all()

    @property
    def names(self) -> tuple[str, ...]:
        """The tables that are written here."""
        return tuple(self._schemas)

    def _begin(self, name: str) -> None:
        part = self.folder / f".{name}.{self._form}.part"
        with _refusals(part):
            file = part.open("wb")
            with contextlib.ExitStack() as undo:
                undo.callback(_drop, None, file, part)
                self._open[name] = (open_sink(self._form, self._schemas[name], file), file, part)
                undo.pop_all()

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
            made.append(final)
        return tuple(made)

    def abandon(self) -> None:
        """Remove what is not committed."""
        for sink, file, part in self._open.values():
            _drop(sink, file, part)
        for part in self._sealed:
            _drop(None, None, part)
        self._open.clear()
        self._sealed.clear()


class TableFile:
    """Writes one table to a file (whole or not at all), or to an open stream as it comes."""

    def __init__(self, path: Path | None, stream: BinaryIO, name: str, schema: pa.Schema, form: str) -> None:
        """path: None for `stream`, which stays open."""
        # A device or pipe is written to as it is: a whole file in its place would take it away.
        given = path is not None and path.exists() and not (path.is_file() or path.is_dir())
        self._path, self._given = None if given else path, given
        self._part = Path("standard output") if path is None else path if given else _part_of(path)
        self._name = name
        with _refusals(self._part):
            self._file = stream if path is None else self._part.open("wb")
            with contextlib.ExitStack() as undo:
                if self._path:
                    undo.callback(_drop, None, self._file, self._part)
                self._sink: Sink | None = open_sink(form, schema, self._file)
                undo.pop_all()

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
        self._sink = None

    def abandon(self) -> None:
        """Remove what is not committed."""
        if self._sink is not None and self._path:
            _drop(self._sink, self._file, self._part)
        elif self._sink is not None and self._given:
            with contextlib.suppress(OSError, ValueError):
                self._file.close()
        self._sink = None


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
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{path}: cannot be written ({reason}); free space or name another place"
        ) from error
