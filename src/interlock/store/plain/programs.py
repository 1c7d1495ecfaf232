"""Octets of programs that crossed the wire: a file for each under its SHA-256; which is of whom stands in the database.

programs/SHA256     the octets, for this user alone

A file is there before its row says so, and goes after its row says that: whoever dies between costs room, never a
program. What no row names is found at the next opening, and is the first to go. The last version of each program stays:
where there is no room beside those, what is new is not kept, so that nobody can drive a program out with a flood.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from interlock.errors import OutputError
from interlock.records.file_kinds import FIRMWARES, PROGRAMS, SETTINGS, ending
from interlock.store.port import Version

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from interlock.store.plain.database import Database
    from interlock.store.plain.limits import Retention

__all__ = ["CONTENTS", "Programs", "stored_program", "stored_versions"]

CONTENTS: Final = "artifact_contents"
"""The table that carries octets."""
FOLDER: Final = "programs"
_NAMED: Final = PROGRAMS | FIRMWARES | SETTINGS
_PLACE: Final = ("realm", "server", "unit", "kind", "name")
_TOLD: Final = (*_PLACE, "sha256", "code_sha256", "size", "client", "user", "protocol", "direction", "detail")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_MOST_WAITING: Final = 4096
_KEPT: Final = (
    "SELECT sha256, max(size) AS size, max(last) AS last, max(latest) AS latest, min(number) AS number "
    "FROM programs WHERE kept = 1 GROUP BY sha256"
)
"""What octets there are: a program that several machines have is there once."""
_GOES: Final = f"SELECT sha256, size FROM ({_KEPT}) WHERE latest = 0 ORDER BY last, sha256"  # noqa: S608 - a constant
_SAME: Final = "realm = ? AND server = ? AND unit = ? AND kind = ? AND name = ?"
_LAST: Final = f"SELECT number, sha256 FROM programs WHERE latest = 1 AND {_SAME}"  # noqa: S608
_WAS_TOLD: Final = f"SELECT 1 FROM programs WHERE sha256 = ? AND ? BETWEEN first AND last AND {_SAME}"  # noqa: S608
_ROW: Final = (
    "INSERT INTO programs (realm, server, unit, kind, name, sha256, code_sha256, size, client, user, protocol, "
    "direction, detail, first, last, kept, latest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Programs:
    """Versions of each program, and their octets. Whatever the disk refuses is tried again, rows within a bound."""

    def __init__(self, folder: Path, database: Database, retention: Retention) -> None:
        self._folder, self._database, self._retention = folder / FOLDER, database, retention
        self._waiting: list[tuple[dict[str, Any], bool]] = []
        self._says: dict[str, tuple[int, int]] = {}
        self.trouble: OSError | OutputError | None = None
        try:
            self._adopt()
        except OutputError as error:
            self.trouble = error

    def retain(self, retention: Retention) -> None:
        """Keep so much from now on."""
        self._retention = retention

    def take(self, artifacts: pa.RecordBatch, contents: pa.RecordBatch | None) -> None:
        """Versions that have come, and the octets of those that are new."""
        octets = {} if contents is None else _octets(contents)
        self._waiting += [(row, self._write(row["sha256"], octets)) for row in _rows(artifacts)]
        del self._waiting[:-_MOST_WAITING]
        self.settle()

    def settle(self) -> bool:
        """Rows that wait to disk, and what is past the budget away; whether they are there."""
        if not self._waiting:
            return True
        try:
            with self._database.writing() as db:
                gone = _Entering(db, self._retention).all(self._waiting)
        except OutputError as error:
            self.trouble = error
            return False
        self._waiting.clear()
        self.trouble = None
        self._remove(gone)
        return True

    def said(self) -> Iterator[tuple[str, int]]:
        """What is to be told of octets that went or were not kept since this was asked last: sentence, octets."""
        says, self._says = self._says, {}
        for what, (programs, octets) in sorted(says.items()):
            yield _SENTENCES[what].format(programs, octets, self._retention.program_octets), octets

    def _write(self, sha256: str, octets: Mapping[str, bytes]) -> bool:
        """Whether its octets are there: they were, or are written now."""
        body, path = octets.get(sha256), self._folder / sha256
        if path.exists():
            return True
        if body is None or not self._retention.program_octets:
            return False
        part = self._folder / f".{sha256}.part"
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(body)
            part.replace(path)
        except OSError as error:
            self.trouble = error
            self._count("refused", len(body))
            self._unlink(part.name)
            return False
        return True

    def _remove(self, gone: Mapping[str, tuple[int, str]]) -> None:
        for sha256, (size, why) in gone.items():
            self._unlink(sha256)
            self._count(why, size)

    def _count(self, what: str, octets: int) -> None:
        programs, before = self._says.get(what, (0, 0))
        self._says[what] = (programs + 1, before + octets)

    def _adopt(self) -> None:
        """What a writer before left half done: parts go, files that no row names get one, rows know what is there."""
        there = {path.name: path.stat() for path in self._folder.glob("*")} if self._folder.is_dir() else {}
        for name in [name for name in there if name.endswith(".part")]:
            self._unlink(name)
            del there[name]
        with self._database.writing() as db:
            known = dict(db.execute("SELECT sha256, max(size) FROM programs WHERE kept = 1 GROUP BY sha256"))
            lost = [name for name, size in known.items() if name not in there or there[name].st_size != size]
            db.executemany("UPDATE programs SET kept = 0 WHERE sha256 = ?", ((name,) for name in lost))
            for name in there.keys() - known.keys():
                seen = there[name].st_mtime_ns
                row = {**dict.fromkeys(_TOLD, ""), "sha256": name, "size": there[name].st_size}
                db.execute(_ROW, (*row.values(), seen, seen, 1, 0))
        for name in lost:
            self._unlink(name)

    def _unlink(self, name: str) -> None:
        with suppress(OSError):
            (self._folder / name).unlink(missing_ok=True)


class _Entering:
    """Versions within one transaction, and what goes for them."""

    def __init__(self, db: sqlite3.Connection, retention: Retention) -> None:
        self._db, self._retention = db, retention
        self._room = retention.program_versions - db.execute("SELECT count(*) FROM programs").fetchone()[0]
        self._gone: dict[str, tuple[int, str]] = {}

    def all(self, rows: Sequence[tuple[dict[str, Any], bool]]) -> dict[str, tuple[int, str]]:
        """Enter them; what goes by its hash: octets and why."""
        for row, kept in rows:
            self._enter(row, kept=kept)
        over = self._db.execute(f"SELECT coalesce(sum(size), 0) FROM ({_KEPT})").fetchone()[0]  # noqa: S608
        over -= self._retention.program_octets
        over = self._let_go(over, self._db.execute(_GOES).fetchall(), "aged")
        new = {row["sha256"] for row, kept in rows if kept}
        newest = f"SELECT sha256, size FROM ({_KEPT}) ORDER BY number DESC"  # noqa: S608 - a constant
        self._let_go(over, [pair for pair in self._db.execute(newest) if pair[0] in new], "full")
        self._db.executemany(
            "UPDATE programs SET kept = 0 WHERE sha256 = ?", ((name,) for name in self._gone)
        )
        return self._gone

    def _let_go(self, over: int, found: Iterable[tuple[str, int]], why: str) -> int:
        for sha256, size in found:
            if over > 0 and sha256 not in self._gone:
                self._gone[sha256] = (size, why)
                over -= size
        return over

    def _enter(self, row: Mapping[str, Any], *, kept: bool) -> None:
        """The last version of its place goes on, or a new one follows it; once, however often it is told."""
        db, place = self._db, tuple(row[name] for name in _PLACE)
        if kept:
            db.execute("UPDATE programs SET kept = 1 WHERE sha256 = ?", (row["sha256"],))
        last = db.execute(_LAST, place).fetchone()
        if last is not None and last[1] == row["sha256"]:
            db.execute("UPDATE programs SET last = max(last, ?) WHERE number = ?", (row["time"], last[0]))
            return
        if db.execute(_WAS_TOLD, (row["sha256"], row["time"], *place)).fetchone():
            return  # a judge before took it, and its step was sent again
        if last is not None:
            db.execute("UPDATE programs SET latest = 0 WHERE number = ?", (last[0],))
        if self._has_room():
            db.execute(_ROW, (*(row[name] for name in _TOLD), row["time"], row["time"], int(kept), 1))
        elif kept:
            self._unless_named(row["sha256"], row["size"], "full")

    def _unless_named(self, sha256: str, octets: int, why: str) -> None:
        """It goes where no row says that it is there."""
        if not self._db.execute("SELECT 1 FROM programs WHERE sha256 = ? AND kept = 1", (sha256,)).fetchone():
            self._gone[sha256] = (octets, why)

    def _has_room(self) -> bool:
        """Whether there is room for one row more: the oldest that is no last one makes it."""
        if self._room > 0:
            self._room -= 1
            return True
        oldest = self._db.execute(
            "SELECT number, sha256, size FROM programs WHERE latest = 0 ORDER BY last, number"
        )
        if (row := oldest.fetchone()) is None:
            return False
        self._db.execute("DELETE FROM programs WHERE number = ?", row[:1])
        self._unless_named(row[1], row[2], "aged")
        return True


def stored_versions(db: sqlite3.Connection) -> Iterator[Version]:
    """Every version whose machine is known, in the order of their times."""
    names = ", ".join(Version._fields)
    for row in db.execute(f"SELECT {names} FROM programs WHERE kind != '' ORDER BY first, number"):  # noqa: S608
        yield Version(*row[:-2], *map(bool, row[-2:]))


def stored_program(store: Path, sha256: str) -> bytes | None:
    """Its octets; None where they are not there, or are no longer what was kept. Raises OSError."""
    try:
        octets = (store / FOLDER / sha256).read_bytes()
    except FileNotFoundError:
        return None
    return octets if hashlib.sha256(octets).hexdigest() == sha256 else None


def _octets(contents: pa.RecordBatch) -> dict[str, bytes]:
    columns = (contents.column(name).to_pylist() for name in ("sha256", "octets"))
    return {name: body for name, body in zip(*columns, strict=True) if _HASH.fullmatch(name)}


def _is_worth(row: Mapping[str, Any]) -> bool:
    """Programs, firmware, settings, and what was put somewhere; logs that are fetched differ every time."""
    return row["kind"] != "file" or row["direction"] == "written" or ending(row["name"]) in _NAMED


def _rows(artifacts: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Whole transfers that are worth keeping; words that are not known are empty, times UTC ns."""
    columns = {name: artifacts.column(name).to_pylist() for name in (*_TOLD, "state")}
    columns["time"] = artifacts.column("time").cast(pa.int64()).to_pylist()
    for values in zip(*columns.values(), strict=True):
        row = {name: "" if value is None else value for name, value in zip(columns, values, strict=True)}
        if row["state"] == "whole" and row["sha256"] and _is_worth(row):
            yield row


_SENTENCES: Final = {
    "aged": "the octets of {0:,} versions of programs were removed, oldest first: more than their {2:,} octets; "
    "their hashes stay",
    "full": "the octets of {0:,} programs were not kept: the last versions of others take up all {2:,} octets; "
    "raise programs_mib of [sensor.retention]",
    "refused": "the octets of {0:,} programs were not kept, since the disk did not take them; their hashes are",
}
