"""`interlock decode` with nothing around the engine, so that a decoder can be compared unregistered.

    python engine_side.py decode CAPTURE --table operations --format parquet -o FILE

CONFORMANCE_WITH names folders of decode/protocols to load besides the registered ones, separated by commas.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from interlock.capture import SourceSpec, open_sources
from interlock.decode.engine import Engine
from interlock.decode.registry import PROTOCOLS, load_specs, load_verbs
from interlock.records.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["decode"]


def decode(capture: Path, table: str, extra: tuple[str, ...] = ()) -> pa.Table:
    """Decode one table of one capture with the registered protocols and the extra ones."""
    names = (*PROTOCOLS, *(name for name in extra if name not in PROTOCOLS))
    with open_sources([SourceSpec(path=str(capture), realm="default")]) as run:
        specs, verbs = load_specs(names, outside=False), load_verbs(names)
        engine = Engine(run.sources, specs, verbs, wanted=frozenset({table}))
        batches = [made[table] for made in _made(engine, run) if table in made]
    if not batches:
        return TABLES[table].schema.empty_table()
    return pa.Table.from_batches(batches)


def _made(engine: Engine, run: Any) -> Iterator[dict[str, pa.RecordBatch]]:
    for frames in run:
        yield engine.feed(frames)
    yield from engine.finish()


def main() -> None:
    capture, table, place = sys.argv[2], sys.argv[4], sys.argv[8]
    extra = tuple(filter(None, os.environ.get("CONFORMANCE_WITH", "").split(",")))
    pq.write_table(decode(Path(capture), table, extra), place)


if __name__ == "__main__":
    main()
