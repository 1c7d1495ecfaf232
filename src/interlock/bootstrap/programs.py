"""Adapter: programs of an output folder or of a sensor's store, and octets of artifacts written to a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.programs.verdicts import verdict
from interlock.errors import OutputError, SourceError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["keep_contents", "read_artifacts", "read_octets", "read_programs"]

FILE: Final = "artifacts.parquet"


def read_artifacts(folder: Path) -> list[dict[str, Any]]:
    """Rows of a run's table `artifacts`, times as ISO 8601, text escaped. Raises SourceError."""
    import pyarrow as pa  # noqa: PLC0415 (--help stays quick)
    import pyarrow.parquet as pq  # noqa: PLC0415

    from interlock.export.plain import plain_columns  # noqa: PLC0415

    try:
        table = pq.read_table(folder / FILE)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(
            f"{folder / FILE}: cannot be read; name an output folder that `interlock analyze --out` wrote, or a "
            "sensor's store"
        ) from error
    rows: list[dict[str, Any]] = []
    for batch in table.to_batches():
        columns = {name: column.to_pylist() for name, column in plain_columns(batch).items()}
        rows += [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return rows


def read_programs(folder: Path) -> list[dict[str, Any]]:
    """What is known of programs there, in the order of times: transfers of a run, versions of a sensor's store.

    Columns as those of `artifacts`; `last` (stores: when it was seen last), `kept` (whether its octets are there) and
    `verdict` beside the one before it of its machine and name (empty where it is no whole one). Raises SourceError.
    """
    rows = _versions(folder) if _is_store(folder) else _transfers(folder)
    before: dict[tuple[Any, ...], tuple[str, str]] = {}
    for row in rows:
        row["verdict"] = ""
        if row["state"] == "whole" and row["sha256"]:
            place = tuple(row[c] or "" for c in ("realm", "server", "unit", "kind", "name"))
            now = (row["sha256"], row["code_sha256"] or "")
            row["verdict"], before[place] = verdict(before.get(place), now), now
    return rows


def read_octets(folder: Path, sha256: str) -> bytes:
    """Octets that are kept there under this hash. Raises SourceError where they are not, or are others."""
    from interlock.store.plain.programs import stored_program  # noqa: PLC0415

    try:
        octets = stored_program(folder, sha256)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(f"{folder}: the octets of {sha256} cannot be read ({reason})") from error
    if octets is None:
        how = "a sensor keeps them within programs_mib of [sensor.retention], `analyze` with --keep-programs"
        raise SourceError(f"{folder}: the octets of {sha256} are not kept there, or were damaged; {how}")
    return octets


def _is_store(folder: Path) -> bool:
    from interlock.store.plain.store import DATABASE  # noqa: PLC0415 (--help stays quick)

    return (folder / DATABASE).exists()


def _versions(folder: Path) -> list[dict[str, Any]]:
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.report.quantities import iso_time  # noqa: PLC0415
    from interlock.store.plain.reader import PlainReader  # noqa: PLC0415

    rows = []
    for version in PlainReader(folder).programs():
        told = version._asdict()
        times = {"time": iso_time(told.pop("first")), "last": iso_time(told.pop("last"))}
        words = {
            name: (escaped(value) or None) if isinstance(value, str) else value
            for name, value in told.items()
        }
        rows.append({**times, "state": "whole", **words})
    return rows


def _transfers(folder: Path) -> list[dict[str, Any]]:
    rows = sorted(read_artifacts(folder), key=lambda row: (row["time"], row["frame"]))
    kept = (folder / "programs").is_dir()
    for row in rows:
        row["kept"] = bool(kept and row["sha256"] and (folder / "programs" / row["sha256"]).exists())
    return rows


def keep_contents(folder: Path, contents: dict[str, bytes]) -> int:
    """Write octets under their hashes, for this user alone; how many are new. Raises OutputError."""
    new = 0
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for sha256, octets in contents.items():
            if (folder / sha256).exists():
                continue
            half = folder / f".{sha256}.part"
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(octets)
            half.replace(folder / sha256)
            new += 1
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{folder}: cannot be written ({reason}); name another folder or make room"
        ) from error
    return new
