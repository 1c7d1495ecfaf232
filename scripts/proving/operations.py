"""Operations of a capture as rows, for scripts that compare what was played with what is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["operations"]


def operations(path: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Every row, in its order, with these columns."""
    rows: list[dict[str, Any]] = []
    with open_sources(specify((str(path),), ())) as source:
        engine = build_engine(source.sources, wanted=frozenset({"operations"}))
        for batches in (*map(engine.feed, source), *engine.finish()):
            if "operations" in batches:
                rows += batches["operations"].select(list(columns)).to_pylist()
    return rows
