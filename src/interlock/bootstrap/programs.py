"""Adapter: artifacts of an output folder, and octets of artifacts written to a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import OutputError, SourceError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["keep_contents", "read_artifacts"]

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
            f"{folder / FILE}: cannot be read; name an output folder that `interlock analyze --out` wrote"
        ) from error
    rows: list[dict[str, Any]] = []
    for batch in table.to_batches():
        columns = {name: column.to_pylist() for name, column in plain_columns(batch).items()}
        rows += [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
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
