"""`python -m interlock.bench.store CAPTURE`: what keeping a capture's records costs, and keeping what was learned."""

from __future__ import annotations

import json
import os
import resource
import signal
import tempfile
import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from interlock.bench.big_site import BIG_SITE_START_NS, big_site
from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.export.parquet import ParquetFile
from interlock.inventory import Inventory
from interlock.inventory.registry_files import load_registries, load_rules
from interlock.records.finding import Finding
from interlock.records.tables import TABLES
from interlock.store.plain.compaction import Compactor
from interlock.store.plain.limits import Limits
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.store import PlainStore

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cost_of_commits", "cost_of_commits_beside", "cost_of_rows", "cost_of_states"]

KEPT: Final = ("operations", "flows", "clues", "values", "oddities", "credentials")
_SECOND: Final = 1_000_000_000
_MIB: Final = 1 << 20
_FRAMES: Final = 28
"""Frames that the practice plant sends in a second: a batch is a second of it."""


@dataclass(slots=True)
class _Watch:
    """Seconds that calls took: CPU in all, wall each."""

    cpu: float = 0.0
    walls: list[float] = field(default_factory=list)

    def __call__(self, call: Any, *arguments: Any) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        call(*arguments)
        self.cpu += time.process_time() - cpu
        self.walls.append(time.perf_counter() - wall)

    def ms(self, share: float) -> float:
        """Of all calls that share took no longer, in milliseconds."""
        return round(sorted(self.walls)[int((len(self.walls) - 1) * share)] * 1e3, 2)


def _seconds(capture: Path, frames: int) -> Iterator[tuple[int, dict[str, pa.RecordBatch]]]:
    """Records of a capture, so many frames at a time: (capture time, tables)."""
    with open_sources(specify((str(capture),)), batch_frames=frames) as run:
        engine = build_engine(run.sources, wanted=frozenset(KEPT))
        for some in run:
            tables = {name: batch for name, batch in engine.feed(some).items() if name in KEPT}
            times = [
                pc.max(b.column("time")).value for b in tables.values() if "time" in b.schema.names and len(b)
            ]
            yield max(times, default=0), tables
        yield from ((0, {n: b for n, b in tables.items() if n in KEPT}) for tables in engine.finish())


def cost_of_rows(capture: Path, frames: int = _FRAMES) -> dict[str, Any]:
    """Rows of a capture into a store whose clock is the capture's, and the same rows unfolded as plain Parquet."""
    watch, rows, now, begun = _Watch(), 0, 0, 0
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        store = PlainStore(Path(folder), clock=lambda: now)
        for at, tables in _seconds(capture, frames):
            now = max(now, at)
            begun = begun or now
            rows += sum(batch.num_rows for batch in tables.values())
            watch(store.write, tables)
            watch(store.tend, now)
        watch(store.close)
        hours = (now - begun) / 3600 / _SECOND
        sizes = _sizes(Path(folder))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    unfolded = _unfolded(capture)
    whole = sum(sizes.values())
    others = whole - sizes.get("operations_folded", 0) - sizes.get("values_folded", 0)
    return {
        "rows": rows, "hours": round(hours, 3), "cpu_s": round(watch.cpu, 3), "rows_per_cpu_s": round(rows / watch.cpu),
        "call_ms_p50": watch.ms(0.5), "call_ms_p99": watch.ms(0.99), "call_ms_max": watch.ms(1.0),
        "octets": sizes, "mib_per_hour_folded": round(whole / _MIB / hours, 3),
        "octets_unfolded": unfolded,
        "mib_per_hour_unfolded": round((others + sum(unfolded.values())) / _MIB / hours, 3),
        "memory_grew_mib_with_decoding": round(grown, 1),
    }  # fmt: skip


def _unfolded(capture: Path) -> dict[str, int]:
    """Octets of the same rows as one Parquet file each, as they come."""
    raw = {name: BytesIO() for name in ("operations", "values")}
    sinks: dict[str, ParquetFile] = {}
    for _, tables in _seconds(capture, 20_000):
        for name in raw.keys() & tables.keys():
            if name not in sinks:
                sinks[name] = ParquetFile(tables[name].schema, raw[name])
            sinks[name].write(tables[name])
    for sink in sinks.values():
        sink.close()
    return {name: len(file.getvalue()) for name, file in raw.items()}


def _sizes(folder: Path) -> dict[str, int]:
    return {
        name: sum(path.stat().st_size for path in (folder / "tables" / name).iterdir())
        for name in PlainReader(folder).tables()
    }


def cost_of_commits(commits: int) -> dict[str, Any]:
    """Findings committed one by one."""
    watch = _Watch()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = PlainStore(Path(folder), clock=time.time_ns)
        for number in range(commits):
            watch(store.commit, [_finding(number)])
        store.close()
    return {"commits": commits, "ms_p50": watch.ms(0.5), "ms_p99": watch.ms(0.99), "ms_max": watch.ms(1.0)}


def cost_of_commits_beside(commits: int) -> dict[str, Any]:
    """Findings committed one by one, each after 2,000 rows, while another process folds, seals and forces those."""
    committed, written, tended = _Watch(), _Watch(), _Watch()
    limits = Limits(seal_octets=8 << 20, fold_rows=100_000, sync_ns=2 * _SECOND)
    octets = np.random.default_rng(1).bytes(200 * 1000)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = PlainStore(Path(folder), clock=time.time_ns, limits=limits, compacts=False)
        compactor = os.fork()
        if compactor == 0:
            _compact(Path(folder), limits)
        for number in range(commits):
            written(store.write, _many(number, octets))
            tended(store.tend, time.time_ns())
            committed(store.commit, [_finding(number)])
        sealed = len(list(Path(folder).glob("tables/*/*.parquet")))
        store.close()
        os.kill(compactor, signal.SIGKILL)
        os.waitpid(compactor, 0)
    return {
        "commits": commits, "segments_sealed_meanwhile": sealed,
        "ms_p50": committed.ms(0.5), "ms_p99": committed.ms(0.99), "ms_max": committed.ms(1.0),
        "write_ms_p99": written.ms(0.99), "write_ms_max": written.ms(1.0),
        "tend_ms_p99": tended.ms(0.99), "tend_ms_max": tended.ms(1.0),
    }  # fmt: skip


def _compact(folder: Path, limits: Limits) -> NoReturn:
    """A compactor's life, as the sensor has it."""
    os.nice(10)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    compactor = Compactor(folder, now=time.time_ns(), say=lambda *_: None, limits=limits)
    while True:
        if not compactor.tend(time.time_ns()):
            time.sleep(0.1)


def _many(number: int, octets: bytes) -> dict[str, pa.RecordBatch]:
    """1,000 reads, which fold, and 1,000 oddities, which are sealed as they are: 200 octets each, hardly shortened."""
    at = pa.scalar(BIG_SITE_START_NS + number * _SECOND, pa.timestamp("ns", "UTC"))
    texts = {
        "verb": "read",
        "outcome": "ok",
        "protocol": "modbus",
        "client": "10.0.0.1",
        "server": "10.0.0.2",
    }
    own = {"octets": [octets[200 * n : 200 * n + 200] for n in range(1000)]}

    def column(field: pa.Field) -> pa.Array:
        if field.name == "time":
            return pa.repeat(at, 1000)
        if pa.types.is_dictionary(field.type):
            return pa.array([texts.get(field.name, "x")] * 1000).cast(field.type)
        if field.name in own or pa.types.is_integer(field.type):
            return pa.array(own.get(field.name, [0] * 1000), field.type)
        return pa.nulls(1000, field.type)

    schemas = {name: TABLES[name].schema for name in ("operations", "oddities")}
    return {
        name: pa.RecordBatch.from_arrays([column(field) for field in schema], schema=schema)
        for name, schema in schemas.items()
    }


def _finding(number: int) -> Finding:
    return Finding(
        id=f"finding-{number % 50}", detector="bench", version=1, kind="alert", severity="high", confidence=0.9,
        title="A title of usual length, as findings have", explanation="Seen something. " * 30, time=number,
        last=number, count=number, machines=("10.0.0.1", "10.0.0.2"),
    )  # fmt: skip


def cost_of_states(machines: int) -> dict[str, Any]:
    """What the inventory of a large site has learned, to octets and back, and its machines remembered."""
    inventory, again = (Inventory(registries=load_registries(), rules=load_rules()) for _ in range(2))
    for table, batch in big_site(machines):
        inventory.feed(table, batch)
    assets = inventory.assets(BIG_SITE_START_NS)
    dumped, loaded, kept, remembered = (_Watch() for _ in range(4))
    states: list[bytes] = []
    dumped(lambda: states.append(inventory.dump()))
    loaded(again.load, states[0])
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = PlainStore(Path(folder), clock=time.time_ns)
        kept(store.keep, "inventory", states[0])
        for _ in range(2):
            remembered(lambda: store.remember(list(store.outlined(assets))))
        store.close()
    return {
        "machines": machines, "assets": len(assets), "octets": len(states[0]), "dump_ms": dumped.ms(1.0),
        "load_ms": loaded.ms(1.0), "keep_ms": kept.ms(1.0),
        "remember_ms": round(remembered.walls[0] * 1e3), "remember_again_ms": round(remembered.walls[1] * 1e3),
        "cpu_ms_dump": round(dumped.cpu * 1e3), "cpu_ms_load": round(loaded.cpu * 1e3),
        "cpu_ms_remember": round(remembered.cpu * 500),
    }  # fmt: skip


@click.command()
@click.argument("capture", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--frames", default=_FRAMES, show_default=True, help="Frames between two `tend`.", type=click.IntRange(1)
)
@click.option("--commits", default=500, show_default=True, type=click.IntRange(1, 100_000))
@click.option(
    "--machines", multiple=True, default=(1_000, 10_000), show_default=True, type=click.IntRange(1, 1_000_000)
)
def main(capture: Path, frames: int, commits: int, machines: tuple[int, ...]) -> None:
    """Keep the records of CAPTURE, commit findings, and dump inventories, here; say what it cost."""
    click.echo(json.dumps({"rows": cost_of_rows(capture, frames)}))
    click.echo(json.dumps({"commits": cost_of_commits(commits)}))
    click.echo(json.dumps({"commits_beside": cost_of_commits_beside(commits)}))
    for count in machines:
        click.echo(json.dumps({"state": cost_of_states(count)}))


if __name__ == "__main__":
    main()
