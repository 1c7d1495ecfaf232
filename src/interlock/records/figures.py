"""What a sensor measures of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from interlock.records.histogram import Histogram

if TYPE_CHECKING:
    from interlock.records.vocabulary import Severity

__all__ = [
    "BUFFERS",
    "BudgetFigures",
    "BufferFigures",
    "Figures",
    "IncidentFigures",
    "InterfaceFigures",
    "OutletFigures",
    "ProcessFigures",
    "State",
]

State = Literal["starting", "running", "stopping", "stopped"]
InterfaceState = Literal["up", "no-carrier", "down", "gone", "unknown"]
BufferName = Literal["ring", "queue", "unsaved", "held_rows", "held_findings"]
BufferUnit = Literal["blocks", "octets", "findings"]
BUFFERS: Final[dict[BufferName, BufferUnit]] = {
    "ring": "blocks",
    "queue": "octets",
    "unsaved": "octets",
    "held_rows": "octets",
    "held_findings": "findings",
}
"""In the order of the way through the sensor; see BufferFigures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFigures:
    """One of the sensor's processes. name: `supervisor`, `judge`, `worker eth1 0`. rss_octets: memory it has now."""

    name: str
    pid: int
    rss_octets: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFigures:
    """One interface since the start. drops: packets that the kernel could not keep. since: UTC ns of this state."""

    name: str
    state: InterfaceState = "unknown"
    since: int = 0
    packets: int = 0
    octets: int = 0
    drops: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletFigures:
    """One outlet since the start. failing_since: UTC ns, None where it works. waiting: findings not yet delivered.

    delivered: findings; incidents_told: times that one was told, new or worse.
    """

    name: str
    delivered: int = 0
    failures: int = 0
    waiting: int = 0
    failing_since: int | None = None
    incidents_told: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFigures:
    """How many incidents are remembered of a severity and of what could come of them."""

    severity: Severity
    consequence: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFigures:
    """One budget of memory, by its name in `[sensor.memory]` and in its unit.

    used: by whoever uses most of it now, where several have one each. aged_out: of all, since the start, what made room
    for newer things or did not fit.
    """

    name: str
    used: float
    budget: float
    aged_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferFigures:
    """A place where things wait on their way through the sensor: how much waited at `time` (UTC ns), of how much room.

    ring: blocks that the kernel has filled and may not fill anew, since their worker has not read them or not handed on
    what it read; with all of them the kernel drops packets. queue: octets from a worker on their way to the judge.
    unsaved: octets that a worker keeps until the judge has them on disk. held_rows, held_findings: what the judge keeps
    while the disk takes none. interface: of a ring; worker: None where it is the judge's.
    """

    name: BufferName
    unit: BufferUnit
    used: int
    room: int
    time: int
    interface: str | None = None
    worker: int | None = None

    @property
    def share(self) -> float:
        """How full it was, 1 for full; a queue takes its last step whole, and can be a little more than that."""
        return self.used / self.room if self.room else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One look at a sensor; counts run since `started`, and nothing is zero that was not measured as zero.

    time, started: UTC ns, of the wall. capture_time: UTC ns of the newest packet judged, None before the first.
    operations: by protocol. findings: commits of new or grown findings. severities: open findings by severity.
    incidents: those that are remembered, gravest first.
    drops: packets that the kernel could not keep. shed: rows by table. blind_ns: time in which nothing was seen.
    record_latency: packet on the wire → record; finding_latency: packet on the wire → finding on disk.
    """

    version: str
    time: int
    started: int
    state: State = "running"
    sensor: str = ""
    capture_time: int | None = None
    packets: int = 0
    octets: int = 0
    operations: dict[str, int] = field(default_factory=dict)
    findings: int = 0
    severities: dict[str, int] = field(default_factory=dict)
    incidents: tuple[IncidentFigures, ...] = ()
    drops: int = 0
    shed: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    blind_ns: int = 0
    worker_restarts: int = 0
    flows: int = 0
    assets: int = 0
    processes: tuple[ProcessFigures, ...] = ()
    budgets: tuple[BudgetFigures, ...] = ()
    buffers: tuple[BufferFigures, ...] = ()
    interfaces: tuple[InterfaceFigures, ...] = ()
    outlets: tuple[OutletFigures, ...] = ()
    record_latency: Histogram = field(default_factory=Histogram)
    finding_latency: Histogram = field(default_factory=Histogram)
