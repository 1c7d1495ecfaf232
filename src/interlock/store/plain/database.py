"""The SQLite file: opened, checked, set aside where it is broken; its errors as sentences."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.errors import OutputError, SourceError
from interlock.store.plain.schema import bring_up, known_version
from interlock.store.plain.segments import force_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Database", "checkpoint", "open_for_reading", "set_aside"]

_BUSY_MS: Final = 5000
_WAL_OCTETS: Final = 64 << 20
_PAGES: Final = 1000
_MOST_PAGES: Final = 8192
"""Pages (4 KiB) in the write-ahead log that make a commit move them to the file, and wait for both files' disk."""
_BROKEN: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class Database:
    """The one connection that writes. aside: names that broken files got; whoever says so takes them out.

    A file that turns out to be broken while it is used is set aside like one that is so at the beginning: the call
    that met it raises OutputError, the next one finds an empty file. Raises OutputError where there is none to be had:
    a newer version's, another program's, no right to write.
    """

    def __init__(
        self, path: Path, clock: Callable[[], int], *, checkpoints: bool = True, room_octets: int = 0
    ) -> None:
        """clock: UTC ns, part of the name that a broken file gets. room_octets: see `Limits`.

        checkpoints: its own commits move the write-ahead log to the file now and then; else `checkpoint` is to be
        called elsewhere, and they do so only where nobody did for long.
        """
        self.path = path
        self._log_pages = _PAGES if checkpoints else _MOST_PAGES
        self._room_octets = room_octets
        self.aside: list[str] = []
        try:
            self._db = self._opened()
        except sqlite3.Error as error:
            if not _is_broken(error):
                raise _sentence(path, error) from error
            self.aside.append(_moved(path, clock()).name)
            self._db = self._opened()
        self._clock = clock

    def _opened(self) -> sqlite3.Connection:
        db = _opened(self.path, self._log_pages)
        _make_room(db, self._room_octets)
        return db

    @contextmanager
    def writing(self, *, forced: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction, on disk when it ends. Raises OutputError: nothing of it is there then.

        forced: else it is on disk with the next one that is forced; a power cut before takes it back, whole.
        """
        try:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if forced else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo(error)
            raise _sentence(self.path, error) from error
        except BaseException as error:
            self._undo(error)
            raise

    def _undo(self, error: BaseException) -> None:
        if self._db.in_transaction:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error) and _is_broken(error):
            self.close()
            self.aside.append(_moved(self.path, self._clock()).name)
            self._db = self._opened()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Look something up. Raises OutputError."""
        try:
            yield self._db
        except sqlite3.Error as error:
            self._undo(error)
            raise _sentence(self.path, error) from error

    def close(self) -> None:
        """Nothing is left in the write-ahead log, where the disk takes it."""
        with suppress(sqlite3.Error):
            self._db.close()


@contextmanager
def open_for_reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process's look at the file, while it is written. Raises SourceError."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            known_version(db, str(path))
            yield db
    except sqlite3.Error as error:
        raise SourceError(f"{path} cannot be read ({error})") from error
    except OutputError as error:
        raise SourceError(str(error)) from error


def _opened(path: Path, log_pages: int) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    with ExitStack() as undone:
        undone.callback(db.close)
        db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {log_pages}")
        db.execute(f"PRAGMA journal_size_limit = {_WAL_OCTETS}")
        _check(db)
        bring_up(db, str(path))
        force_folder(path.parent)
        undone.pop_all()
    return db


def _make_room(db: sqlite3.Connection, octets: int) -> None:
    """Let the write-ahead log grow by what is taken back again; where the disk is full it stays as it is."""
    with suppress(sqlite3.Error):
        db.execute("PRAGMA cache_size = 16")  # pages: what does not fit into memory goes to the log
        db.execute("BEGIN IMMEDIATE")
        db.execute("CREATE TABLE room (octets BLOB)")
        db.execute("INSERT INTO room VALUES (zeroblob(?))", (octets,))
    if db.in_transaction:
        db.execute("ROLLBACK")
    db.execute("PRAGMA cache_size = -2000")  # KiB, as it is by itself


def checkpoint(path: Path) -> None:
    """Move what the write-ahead log holds to the file, for another process that goes on writing and does not wait.

    A log that was moved whole is written anew from its beginning. What cannot be done now is done the next time.
    """
    if path.exists():
        with suppress(sqlite3.Error, OutputError), closing(sqlite3.connect(path, isolation_level=None)) as db:
            known_version(db, str(path))
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _check(db: sqlite3.Connection) -> None:
    said = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        error = sqlite3.DatabaseError(said)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _is_broken(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN


def _moved(path: Path, now: int) -> Path:
    """Give a broken file, with what belongs to it, another name."""
    aside = path.with_name(f"{path.name}.broken-{now}")
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").rename(f"{aside}{end}")
    force_folder(path.parent)
    return aside


def set_aside(name: str) -> str:
    """A sentence for the diary, about a file that was broken. name: that it has now."""
    return f"The database was broken and lies now as {name}; findings, diary and machines begin anew"


def _sentence(path: Path, error: sqlite3.Error) -> OutputError:
    return OutputError(f"{path}: cannot be written ({error}); free space or name another place")
