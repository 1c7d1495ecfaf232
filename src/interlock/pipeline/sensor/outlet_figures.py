"""How the outlets go, from the herald's process to the judge's, which puts it with the sensor's other figures."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from interlock.records.figures import OutletFigures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["read_outlet_figures", "write_outlet_figures"]

_FILE: Final = ".outlets.json"


def write_outlet_figures(folder: Path, pid: int, figures: Sequence[OutletFigures]) -> None:
    """Replace what was said before; where the disk refuses, that stays."""
    with suppress(OSError):
        part = folder / f"{_FILE}.part"
        part.write_text(json.dumps({"pid": pid, "outlets": [asdict(row) for row in figures]}), "utf-8")
        part.replace(folder / _FILE)


def read_outlet_figures(folder: Path) -> tuple[int | None, tuple[OutletFigures, ...]]:
    """The herald's process and what it said last; nothing where nothing was."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        said = json.loads((folder / _FILE).read_bytes())
        return said["pid"], tuple(OutletFigures(**row) for row in said["outlets"])
    return None, ()
