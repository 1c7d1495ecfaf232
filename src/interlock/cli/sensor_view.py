"""How a sensor is, from what it said last and its diary: what `status` and `top` show. Nothing is asked of it."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from interlock.errors import SourceError
from interlock.pipeline.sensor.figures import figures_document, read_figures_file
from interlock.pipeline.sensor.outlet_figures import read_outlet_figures
from interlock.report.printable import printable
from interlock.report.quantities import clock_text, duration_text, iso_time, octets_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from interlock.records.figures import Figures, InterfaceFigures, OutletFigures
    from interlock.records.histogram import Histogram
    from interlock.store.port import Entry

__all__ = [
    "View",
    "budgets_text",
    "headline",
    "interface_text",
    "latency_text",
    "lost_text",
    "memory_text",
    "outlet_text",
    "sentences",
    "view_document",
    "view_of",
]

_FRESH_NS: Final = 5_000_000_000
_LINES: Final = 8
_SEVERITIES: Final[tuple[str, ...]] = ("critical", "high", "medium", "low", "info")

State = Literal["running", "silent", "stopped", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """state: `silent` where its process is there and has said nothing for five seconds; `absent` where it never ran.

    diary: its newest lines, oldest first.
    """

    state: State
    now: int
    figures: Figures | None
    diary: tuple[Entry, ...] = ()


def view_of(folder: Path, now: int, diary: Callable[[], Iterable[Entry]]) -> View:
    """Look at a store's folder. now: UTC ns. Raises SourceError where what is there cannot be read."""
    figures = read_figures_file(folder)
    if figures is not None and (outlets := read_outlet_figures(folder)[1]):
        figures = replace(figures, outlets=outlets)  # newer than what the judge has heard of them
    try:
        lines = tuple(deque(diary(), _LINES))
    except SourceError:
        if figures is None:  # neither: this is no store
            raise
        lines = ()
    return View(state=_state(figures, now, folder), now=now, figures=figures, diary=lines)


def _state(figures: Figures | None, now: int, folder: Path) -> State:
    if figures is None:
        return "absent"
    if figures.state == "stopped":
        return "stopped"
    if abs(now - figures.time) < _FRESH_NS:
        return "running"
    held = _is_held(folder / "lock")
    if held is None:
        held = any(_lives(one.pid) for one in figures.processes[:1])
    return "silent" if held else "stopped"


def _is_held(lock: Path) -> bool | None:
    """Whether a process holds the store's lock, None where this system does not tell. Takes no lock to find out."""
    try:
        status = lock.stat()
        rows = [line.split() for line in Path("/proc/locks").read_text("ascii").splitlines()]
    except OSError:
        return None
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    return any(place in row for row in rows)


def _lives(pid: int) -> bool:
    """Whether there is a process of that number; another one may have it by now."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def view_document(view: View) -> dict[str, Any]:
    """`interlock/status/1`."""
    document: dict[str, Any] = {
        "schema": "interlock/status/1",
        "state": view.state,
        "time": iso_time(view.now),
    }
    if view.figures is not None:
        document["figures"] = figures_document(view.figures)
    document["diary"] = [_entry(entry) for entry in view.diary]
    return document


def _entry(entry: Entry) -> dict[str, Any]:
    until = {} if entry.until is None else {"until": iso_time(entry.until)}
    shown = {"time": iso_time(entry.time), **until, "event": entry.event, "says": entry.says}
    return {**shown, "source": entry.source, "count": entry.count}


def headline(view: View) -> str:
    """Whether it runs and since when, as one sentence."""
    figures = view.figures
    if figures is None:
        return "The sensor has never run with this store."
    name = printable(figures.sensor) or "The sensor"
    last = f"{clock_text(figures.time)}, {duration_text(view.now - figures.time)} ago"
    if view.state == "running":
        since = f"{clock_text(figures.started)} ({duration_text(view.now - figures.started)})"
        word = "runs" if figures.state == "running" else f"is {figures.state}; it was started"
        return f"{name} {word} since {since}."
    if view.state == "silent":
        return f"{name} is there, but has said nothing since {last}: it is busy or stands still."
    if figures.state == "stopped":
        return f"{name} does not run. It was stopped at {last}."
    return f"{name} does not run. It last said something at {last}."


def sentences(view: View) -> Iterator[tuple[str, str]]:
    """What it measured, a word and a sentence each; empty where it never ran."""
    figures = view.figures
    if figures is None:
        return
    yield "version", printable(figures.version)
    if figures.capture_time is not None:
        yield "newest", clock_text(figures.capture_time)
    yield (
        "packets",
        f"{figures.packets:,} ({octets_text(figures.octets)}); the kernel dropped {figures.drops:,}",
    )
    yield "operations", _by_name(figures.operations, "none")
    order: dict[str, int] = {s: figures.severities[s] for s in _SEVERITIES if s in figures.severities}
    yield "findings", f"{figures.findings:,} committed; by severity: {_by_name(order, 'none')}"
    yield "known", f"{figures.assets:,} machines; {figures.flows:,} conversations are followed"
    yield "record", latency_text(figures.record_latency)
    yield "finding", latency_text(figures.finding_latency)
    yield "lost", lost_text(figures)
    for one in figures.interfaces:
        yield "interface", interface_text(one)
    yield "memory", memory_text(figures)
    if figures.budgets:
        yield "budgets", budgets_text(figures)
    for one_of in figures.budgets:
        if one_of.aged_out:
            yield "aged out", f"{one_of.aged_out:,} of {printable(one_of.name)}, the oldest, or did not fit"
    for outlet in figures.outlets:
        yield "outlet", outlet_text(outlet, view.now)


def lost_text(figures: Figures) -> str:
    """What was not seen or not kept."""
    shed = _by_name(figures.shed, "nothing")
    blind = duration_text(figures.blind_ns) if figures.blind_ns else "never"
    return f"blind {blind}; shed {shed}; {figures.worker_restarts:,} processes were begun anew"


def interface_text(one: InterfaceFigures) -> str:
    """One interface."""
    since = f" since {clock_text(one.since)}" if one.since else ""
    return f"{printable(one.name)} {one.state}{since}; {one.packets:,} packets, {one.drops:,} dropped"


def outlet_text(one: OutletFigures, now: int) -> str:
    """One outlet."""
    if one.failing_since is None:
        return f"{printable(one.name)}: {one.delivered:,} delivered"
    since = duration_text(now - one.failing_since)
    return f"{printable(one.name)}: fails for {since}; {one.waiting:,} wait, {one.delivered:,} delivered"


def latency_text(histogram: Histogram) -> str:
    """`p50 1.2 ms, p99 …`; says where nothing was measured."""
    if not histogram.count:
        return "not measured yet"
    named = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))
    parts = [f"{name} {duration_text(histogram.quantile(share) or 0)}" for name, share in named]
    return ", ".join([*parts, f"longest {duration_text(histogram.maximum)}"])


def _by_name(counts: dict[str, int], nothing: str) -> str:
    return ", ".join(f"{printable(name)} {count:,}" for name, count in counts.items() if count) or nothing


def budgets_text(figures: Figures) -> str:
    """How full each budget is, the fullest first; those of which less than a percent is used are only counted."""
    shares = sorted(
        ((b.used / b.budget if b.budget else 0.0, b) for b in figures.budgets), key=lambda pair: -pair[0]
    )
    shown = [f"{printable(b.name)} {share:.0%} of {b.budget:,g}" for share, b in shares if share >= 0.01]
    rest = len(shares) - len(shown)
    if not shown:
        return "all less than 1 % used"
    return ", ".join([*shown, *([f"{rest} others less than 1 %"] if rest else [])])


def memory_text(figures: Figures) -> str:
    """Each process and what it takes."""
    taken = (
        (printable(one.name), "unknown" if one.rss_octets is None else octets_text(one.rss_octets))
        for one in figures.processes
    )
    return ", ".join(f"{name} {memory}" for name, memory in taken) or "unknown"
