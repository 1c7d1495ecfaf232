"""The sensor's figures in the text format that Prometheus scrapes.

    # HELP interlock_packets Packets taken from the network.
    # TYPE interlock_packets counter
    interlock_packets_total{sensor="hall-3"} 1000000
    # EOF

Every family has its unit in its name; what is not known has no sample.
Source: OpenMetrics 1.0, "Text format", "Metric types"; registered media type application/openmetrics-text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.records.figures import BufferFigures, Figures
    from interlock.records.histogram import Histogram

__all__ = ["CONTENT_TYPE", "exposition"]

CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_EDGES: Final = tuple((1 << bits) - 1 for bits in range(14, 36))
"""Limits of buckets in ns, 16 us to 34 s: one less than powers of two, at which the histogram's counts are exact."""

Labels = tuple[tuple[str, str], ...]


class _Family(NamedTuple):
    name: str
    kind: str
    unit: str
    help: str
    samples: tuple[tuple[str, Labels, int | float], ...]


def exposition(figures: Figures | None, now: int) -> str:
    """The whole text. figures: None where the sensor never ran, which is said by `interlock_up 0`. now: UTC ns."""
    sensor = (("sensor", figures.sensor),) if figures is not None and figures.sensor else ()
    lines: list[str] = []
    for family in _families(figures, now):
        samples = [
            f"{family.name}{suffix}{_shown((*sensor, *labels))} {_number(value)}"
            for suffix, labels, value in family.samples
        ]
        if not samples:
            continue
        lines.append(f"# HELP {family.name} {family.help}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        if family.unit:
            lines.append(f"# UNIT {family.name} {family.unit}")
        lines += samples
    return "\n".join([*lines, "# EOF"]) + "\n"


def _families(figures: Figures | None, now: int) -> Iterator[_Family]:
    up = figures is not None and figures.state == "running" and abs(now - figures.time) < 5_000_000_000
    yield _gauge("up", "Whether the sensor runs and has said so within five seconds.", [((), int(up))])
    if figures is None:
        return
    yield _Family(
        "interlock_build", "info", "", "What runs.", (("_info", (("version", figures.version),), 1),)
    )
    yield from _totals(figures)
    yield from _states(figures)
    yield from _of_interfaces(figures)
    yield from _of_outlets(figures)
    yield _histogram(
        "record_latency_seconds", "From a packet on the wire to its records.", figures.record_latency
    )
    yield _histogram(
        "finding_latency_seconds",
        "From a packet on the wire to its finding on disk.",
        figures.finding_latency,
    )


def _totals(figures: Figures) -> Iterator[_Family]:
    yield _counter("packets", "Packets taken from the network.", [((), figures.packets)])
    yield _counter("received_bytes", "Octets of those packets.", [((), figures.octets)], "bytes")
    yield _counter("operations", "Operations read.", _labelled("protocol", figures.operations))
    yield _counter("findings", "Commits of new or grown findings.", [((), figures.findings)])
    yield _counter("kernel_drops", "Packets that the kernel could not keep.", [((), figures.drops)])
    yield _counter(
        "shed_rows", "Rows shed where the judge could not follow.", _labelled("table", figures.shed)
    )
    yield _counter("batches", "Batches judged.", [((), figures.batches)])
    yield _counter(
        "blind_seconds", "Time in which nothing was seen.", [((), figures.blind_ns / 1e9)], "seconds"
    )
    yield _counter("worker_restarts", "Workers that were started anew.", [((), figures.worker_restarts)])


def _states(figures: Figures) -> Iterator[_Family]:
    rows = _labelled("severity", figures.severities)
    yield _gauge("open_findings", "Open findings by severity.", rows)
    stories = [
        ((("severity", i.severity), ("consequence", i.consequence)), i.count) for i in figures.incidents
    ]
    yield _gauge("incidents", "Incidents that are remembered, by what could come of them.", stories)
    yield _gauge("flows", "Conversations that are followed.", [((), figures.flows)])
    used = [((("budget", b.name),), b.used) for b in figures.budgets]
    yield _gauge("memory_budget_used", "How much of each budget of memory is used, in its unit.", used)
    most = [((("budget", b.name),), b.budget) for b in figures.budgets]
    yield _gauge("memory_budget", "How much of each thing may be kept in memory.", most)
    aged = [((("budget", b.name),), b.aged_out) for b in figures.budgets]
    yield _counter("aged_out", "What made room in memory for newer things, or did not fit.", aged)
    yield from _of_buffers(figures)
    yield _gauge("assets", "Machines known.", [((), figures.assets)])
    memory = [((("process", p.name),), p.rss_octets) for p in figures.processes if p.rss_octets is not None]
    yield _gauge("resident_memory_bytes", "Memory of each process.", memory, "bytes")
    yield _gauge(
        "start_time_seconds", "When it was started, since 1970.", [((), figures.started / 1e9)], "seconds"
    )
    newest = [] if figures.capture_time is None else [((), figures.capture_time / 1e9)]
    yield _gauge("capture_time_seconds", "Time of the newest packet judged, since 1970.", newest, "seconds")


def _of_buffers(figures: Figures) -> Iterator[_Family]:
    rows = [(_buffer_labels(one), one) for one in figures.buffers]
    used = [(labels, one.used) for labels, one in rows]
    yield _gauge("buffer_used", "What waits in a place on the way through the sensor, in its unit.", used)
    yield _gauge("buffer_room", "How much may wait there.", [(labels, one.room) for labels, one in rows])
    when = [(labels, one.time / 1e9) for labels, one in rows]
    yield _gauge("buffer_time_seconds", "When so much waited there, since 1970.", when, "seconds")


def _buffer_labels(one: BufferFigures) -> Labels:
    interface = () if one.interface is None else (("interface", one.interface),)
    worker = () if one.worker is None else (("worker", str(one.worker)),)
    return (("buffer", one.name), ("unit", one.unit), *interface, *worker)


def _of_interfaces(figures: Figures) -> Iterator[_Family]:
    rows = [((("interface", one.name),), one) for one in figures.interfaces]
    up = [(labels, int(one.state == "up")) for labels, one in rows if one.state != "unknown"]
    yield _gauge("interface_up", "Whether the interface is there and up.", up)
    yield _counter("interface_packets", "Packets of the interface.", [(n, one.packets) for n, one in rows])
    yield _counter(
        "interface_bytes", "Octets of the interface.", [(n, one.octets) for n, one in rows], "bytes"
    )
    drops = [(n, one.drops) for n, one in rows]
    yield _counter(
        "interface_kernel_drops", "Packets of the interface that the kernel could not keep.", drops
    )


def _of_outlets(figures: Figures) -> Iterator[_Family]:
    rows = [((("outlet", one.name),), one) for one in figures.outlets]
    failing = [(labels, int(one.failing_since is not None)) for labels, one in rows]
    yield _gauge("outlet_failing", "Whether the outlet's receiver does not take findings.", failing)
    yield _gauge("outlet_waiting", "Findings not yet delivered.", [(n, one.waiting) for n, one in rows])
    yield _counter("outlet_delivered", "Findings delivered.", [(n, one.delivered) for n, one in rows])
    told = [(n, one.incidents_told) for n, one in rows]
    yield _counter("outlet_incidents", "Times that an incident was told, new or worse.", told)
    yield _counter("outlet_failures", "Deliveries that failed.", [(n, one.failures) for n, one in rows])


def _labelled(name: str, counts: dict[str, int]) -> list[tuple[Labels, int]]:
    return [(((name, key),), value) for key, value in counts.items()]


def _gauge(name: str, text: str, rows: Iterable[tuple[Labels, int | float]], unit: str = "") -> _Family:
    return _Family(f"interlock_{name}", "gauge", unit, text, tuple(("", n, value) for n, value in rows))


def _counter(name: str, text: str, rows: Iterable[tuple[Labels, int | float]], unit: str = "") -> _Family:
    return _Family(
        f"interlock_{name}", "counter", unit, text, tuple(("_total", n, value) for n, value in rows)
    )


def _histogram(name: str, text: str, histogram: Histogram) -> _Family:
    edges = [("_bucket", (("le", repr(edge / 1e9)),), histogram.up_to(edge)) for edge in _EDGES]
    samples = [
        *edges,
        ("_bucket", (("le", "+Inf"),), histogram.count),
        ("_count", (), histogram.count),
        ("_sum", (), histogram.total / 1e9),
    ]
    return _Family(f"interlock_{name}", "histogram", "seconds", text, tuple(samples))


def _shown(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}" if labels else ""


def _escaped(value: str) -> str:
    return printable(value).replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    return repr(value)
