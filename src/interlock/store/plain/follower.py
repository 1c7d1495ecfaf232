"""A follower of a store: reads its findings from another process, and remembers in files of its own how far it is.

The store has one writer. Who tells people of findings must not be able to hold it up, so what it has to remember lies
beside the store: a small file for each name, replaced whole.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from interlock.errors import OutputError
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.segments import force_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from interlock.records.finding import Finding

__all__ = ["Follower"]

_FOLDER: Final = "following"


class Follower:
    """Reads findings of the store in `folder`; states of its own by name. Not for several threads at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = folder / _FOLDER

    def findings(self, after: int = 0) -> Iterator[tuple[int, Finding]]:
        """As store.port.Store.findings; none where the store has not begun yet."""
        if (self._folder / "store.sqlite").exists():
            yield from PlainReader(self._folder).findings(after)

    def kept(self, name: str) -> bytes | None:
        """The state of that name."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _sentence(self._path(name), error) from error

    def keep(self, name: str, state: bytes) -> None:
        """Keep a state in place of the one before; on disk when this returns. Raises OutputError."""
        path = self._path(name)
        part = path.with_name(f".{path.name}.part")
        try:
            self._own.mkdir(exist_ok=True)
            with part.open("wb") as file:
                file.write(state)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            force_folder(self._own)
        except OSError as error:
            raise _sentence(path, error) from error

    def _path(self, name: str) -> Path:
        """A name may hold what a file's name may not."""
        return self._own / name.encode().hex()


def _sentence(path: Path, error: OSError) -> OutputError:
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"{path}: cannot be used ({reason}); free space or name another store")
