"""The committed records of proofs: docs/proof/NAME.json, an entry per protocol (or seed), each with date and command.

A run replaces the entries it made and leaves the others; what adds up over runs is added by `add`. Files are written
whole and renamed, so that a run that is killed leaves the last state.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "Entries", "add", "put", "read", "today"]

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "proof"
Entries = dict[str, dict[str, Any]]


def today() -> str:
    """The date (UTC), as entries carry it."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def read(name: str, folder: Path = FOLDER) -> Entries:
    """All entries of one kind; none where nothing was recorded yet."""
    file = folder / f"{name}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def put(name: str, entries: Entries, folder: Path = FOLDER) -> None:
    """Replace these entries."""
    kept = read(name, folder) | entries
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    part.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")
    part.replace(folder / f"{name}.json")


def add(
    name: str, entry: str, counts: dict[str, float], about: dict[str, Any], folder: Path = FOLDER
) -> None:
    """Add counts to an entry; `about` (date, command, what is as of now) replaces what it said before."""
    before = read(name, folder).get(entry, {})
    summed = {what: round(before.get(what, 0) + count, 1) for what, count in counts.items()}
    put(name, {entry: before | summed | about}, folder)
