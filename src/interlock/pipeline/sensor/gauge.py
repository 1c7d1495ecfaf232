"""The gauge: what the sensor measures of itself, all the time, from what passes the judge's desk."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.pipeline.sensor.buffers import Buffers
from interlock.pipeline.sensor.figures import (
    Figures,
    Histogram,
    InterfaceFigures,
    ProcessFigures,
    figures_octets,
)
from interlock.pipeline.sensor.filling import Filling
from interlock.pipeline.sensor.outlet_figures import read_outlet_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyarrow as pa

    from interlock.pipeline.sensor.steps import WorkerNote
    from interlock.pipeline.sensor.stream import Step
    from interlock.records.figures import IncidentFigures, OutletFigures, State
    from interlock.records.finding import Finding
    from interlock.store.port import Entry

__all__ = ["Gauge"]

_PAGE: Final = 4096


class Gauge:
    """Adds up; `write` puts the figures where other processes read them. clock: the wall, UTC ns."""

    def __init__(self, *, version: str, sensor: str, clock: Callable[[], int]) -> None:
        self._version, self._sensor, self._clock = version, sensor, clock
        self._started = clock()
        self._sums: Counter[str] = Counter()
        self._operations: Counter[str] = Counter()
        self._shed: Counter[str] = Counter()
        self._severity: dict[str, str] = {}
        self._record, self._finding = Histogram(), Histogram()
        self._interfaces: dict[str, InterfaceFigures] = {}
        self._flows: dict[int, int] = {}
        self._processes: dict[str, int] = {}
        self.filling = Filling()
        self.buffers = Buffers()
        self.capture_time = 0
        self.assets = 0
        self.incidents: tuple[IncidentFigures, ...] = ()

    def told(self, steps: Sequence[Step], notes: Sequence[WorkerNote], *, live: bool) -> None:
        """Steps that were judged, and what was said with them."""
        done = self._clock()
        for step in steps:
            self._shed.update(step.shed)
            self.capture_time = max(self.capture_time, step.now or 0)
            if (rows := step.batches.get("operations")) is not None:
                self._count_operations(rows)
        for note in notes:
            self._sums["packets"] += note.frames
            self._sums["octets"] += note.octets
            self._sums["batches"] += bool(note.frames)
            self._flows[note.worker] = note.flows
            self._processes[f"worker {note.worker}"] = note.pid
            if note.frames:
                self._record.add(done - note.arrived, note.frames)
            self.buffers.told(note.buffers or (), note.wall, note.worker)
            for row in note.figures or ():
                self._interface(note.worker, row, live=live)

    def committed(self, arrived: int, done: int, findings: Sequence[Finding]) -> None:
        """Findings that are on disk. arrived: of the oldest frame that may be behind them; `done` where none is."""
        self._sums["findings"] += len(findings)
        for finding in findings:
            self._severity[finding.id] = finding.severity
        if arrived < done:
            self._finding.add(done - arrived, len(findings))

    def noted(self, entry: Entry) -> None:
        """A line of the diary."""
        if entry.event == "blind" and entry.until is not None:
            self._sums["blind_ns"] += entry.until - entry.time
        if entry.event == "worker-lost":
            self._sums["restarts"] += 1

    def watch(self, processes: Mapping[str, int]) -> None:
        """Processes by name and number, whose memory is to be measured."""
        self._processes.update(processes)

    def figures(self, outlets: tuple[OutletFigures, ...] = (), state: State = "running") -> Figures:
        """All of it, now."""
        return Figures(
            version=self._version,
            time=self._clock(),
            started=self._started,
            state=state,
            sensor=self._sensor,
            capture_time=self.capture_time or None,
            packets=self._sums["packets"],
            octets=self._sums["octets"],
            operations=dict(self._operations),
            findings=self._sums["findings"],
            severities=dict(Counter(self._severity.values())),
            incidents=self.incidents,
            drops=sum(interface.drops for interface in self._interfaces.values()),
            shed={name: rows for name, rows in self._shed.items() if rows},
            batches=self._sums["batches"],
            blind_ns=self._sums["blind_ns"],
            worker_restarts=self._sums["restarts"],
            flows=sum(self._flows.values()),
            assets=self.assets,
            processes=tuple(
                ProcessFigures(name=name, pid=pid, rss_octets=_resident(pid))
                for name, pid in self._processes.items()
            ),
            budgets=self.filling.figures(),
            buffers=self.buffers.figures(),
            interfaces=_by_interface(self._interfaces.values()),
            outlets=outlets,
            record_latency=self._record,
            finding_latency=self._finding,
        )

    def octets(self, folder: Path, state: State = "running") -> bytes:
        """What the file of figures in the store's folder is to hold now."""
        pid, outlets = read_outlet_figures(folder)
        if pid is not None:
            self._processes["herald"] = pid
        return figures_octets(self.figures(outlets, state))

    def _count_operations(self, rows: pa.RecordBatch) -> None:
        """By protocol; a message counts where its item is 0, and once it has ended."""
        column, outcomes = rows.column("protocol"), rows.column("outcome")
        pending = outcomes.dictionary.index("pending").as_py()
        first = rows.column("item").to_numpy(zero_copy_only=False) == 0
        if pending >= 0:
            first &= outcomes.indices.to_numpy(zero_copy_only=False) != pending
        codes = column.indices.to_numpy(zero_copy_only=False)[first]
        names = column.dictionary.to_pylist()
        for code, count in enumerate(np.bincount(codes, minlength=len(names)).tolist()):
            if count:
                self._operations[names[code]] += count

    def _interface(self, worker: int, row: dict[str, Any], *, live: bool) -> None:
        name, figures = row["source"]["name"], row["statistics"]
        link = row.get("link") or {}
        self._interfaces[f"{name}/{worker}"] = InterfaceFigures(
            name=name,
            state=link.get("state", "unknown") if live else "unknown",
            since=link.get("since", 0),
            packets=figures["frames"],
            octets=figures["wire_octets"],
            drops=figures["dropped"],
        )


def _by_interface(rows: Iterable[InterfaceFigures]) -> tuple[InterfaceFigures, ...]:
    """What the workers of each interface say, added up; its state is what one of them noticed last."""
    found: dict[str, InterfaceFigures] = {}
    for row in rows:
        before = found.get(row.name)
        found[row.name] = row if before is None else _both(before, row)
    return tuple(found.values())


def _both(one: InterfaceFigures, other: InterfaceFigures) -> InterfaceFigures:
    newest = one if one.since >= other.since else other
    return replace(
        newest,
        packets=one.packets + other.packets,
        octets=one.octets + other.octets,
        drops=one.drops + other.drops,
    )


def _resident(pid: int) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE
    return None
