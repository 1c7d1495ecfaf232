"""How a sensor is, from what it said last and its diary: what `status` and `top` show. Nothing is asked of it."""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from interlock.cli.sensor_buffers import buffer_sentences
from interlock.errors import SourceError
from interlock.pipeline.sensor.figures import figures_document, read_figures_file
from interlock.pipeline.sensor.incident_file import IncidentFile
from interlock.pipeline.sensor.outlet_figures import read_outlet_figures
from interlock.report.documents import incident_document
from interlock.report.printable import clip, printable
from interlock.report.quantities import clock_text, duration_text, iso_time, octets_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from interlock.records.figures import Figures, InterfaceFigures, OutletFigures
    from interlock.records.histogram import Histogram
    from interlock.records.incident import Incident
    from interlock.store.port import Entry

__all__ = [
    "AS_IT_WAS",
    "View",
    "budgets_said",
    "headline",
    "incident_said",
    "interface_said",
    "latency_said",
    "lost_said",
    "memory_said",
    "outlet_said",
    "sentences",
    "view_document",
    "view_of",
]

_FRESH_NS: Final = 5_000_000_000
_LINES: Final = 8
_INCIDENTS: Final = 3
AS_IT_WAS: Final = "What follows is as it was then."
_SEVERITIES: Final[tuple[str, ...]] = ("critical", "high", "medium", "low", "info")

State = Literal["running", "silent", "stopped", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """state: `silent` where its process is there and has said nothing for five seconds; `absent` where it never ran.

    diary: its newest lines, oldest first. incidents: gravest first.
    """

    state: State
    now: int
    figures: Figures | None
    diary: tuple[Entry, ...] = ()
    incidents: tuple[Incident, ...] = ()

    @property
    def until(self) -> int:
        """Up to when what goes on went on, as far as anybody knows: UTC ns."""
        return self.now if self.state == "running" or self.figures is None else self.figures.time


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
    incidents: tuple[Incident, ...] = ()
    with suppress(SourceError):  # `sensor incidents` says what is wrong with the file
        incidents = IncidentFile(folder).incidents()
    return View(
        state=_state(figures, now, folder), now=now, figures=figures, diary=lines, incidents=incidents
    )


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
    document["incidents"] = [_brief(one) for one in view.incidents]
    document["diary"] = [_entry(entry) for entry in view.diary]
    return document


def _brief(one: Incident) -> dict[str, Any]:
    """Without its steps: `sensor incidents --json` has them."""
    whole = incident_document(one)
    names = ("id", "rank", "consequence", "severity", "title", "could", "time", "last", "count", "machines")
    findings = len(one.findings) + one.left_out
    return {**{name: whole[name] for name in names if name in whole}, "findings": findings}


def _entry(entry: Entry) -> dict[str, Any]:
    until = {} if entry.until is None else {"until": iso_time(entry.until)}
    shown = {"time": iso_time(entry.time), **until, "event": entry.event, "says": entry.says}
    return {**shown, "source": entry.source, "count": entry.count}


def headline(view: View, width: int | None = None) -> str:
    """Whether it runs and since when, as one sentence. width: columns of a terminal, of which a name takes a part."""
    figures = view.figures
    if figures is None:
        return "The sensor has never run with this store."
    name = printable(figures.sensor) or "The sensor"
    if width is not None:
        name = clip(name, max(10, width // 4))
    last = f"{clock_text(figures.time)}, {_ago(view.now - figures.time)}"
    if view.state == "running":
        since = f"{clock_text(figures.started)} ({duration_text(view.now - figures.started)})"
        word = "runs" if figures.state == "running" else f"is {figures.state}; it was started"
        return f"{name} {word} since {since}."
    if view.state == "silent":
        return (
            f"{name} is silent: it is there, but has said nothing since {last}; it is busy or stands still."
        )
    if figures.state == "stopped":
        return f"{name} does not run. It was stopped at {last}."
    return f"{name} does not run. It last said something at {last}."


def _ago(age_ns: int) -> str:
    """How long ago; a clock that was set back makes what was said lie before us."""
    return f"{duration_text(age_ns)} ago" if age_ns >= 0 else f"{duration_text(-age_ns)} ahead of this clock"


def sentences(view: View) -> Iterator[tuple[str, str]]:
    """What it measured, a word and a sentence each; where it never ran, only incidents that somebody put there."""
    figures = view.figures
    if figures is None:
        if view.incidents:
            yield from incident_sentences(view)
        return
    yield "version", printable(figures.version)
    newest = "none yet" if figures.capture_time is None else clock_text(figures.capture_time)
    yield "newest", newest
    packets = f"{figures.packets:,} ({octets_text(figures.octets)})"
    yield "packets", f"{packets}; the kernel dropped {figures.drops:,}"
    yield "operations", ", ".join(_by_name(figures.operations)) or "none"
    order: dict[str, int] = {s: figures.severities[s] for s in _SEVERITIES if s in figures.severities}
    yield "findings", f"{figures.findings:,} committed; by severity: {', '.join(_by_name(order)) or 'none'}"
    yield from incident_sentences(view)
    yield "known", f"{figures.assets:,} machines; {figures.flows:,} conversations are followed"
    yield "record", ", ".join(latency_said(figures.record_latency))
    yield "finding", ", ".join(latency_said(figures.finding_latency))
    yield "lost", "; ".join(lost_said(figures))
    for one in figures.interfaces:
        yield "interface", "; ".join(interface_said(one))
    if not figures.interfaces:
        yield "interface", "none has been heard of yet"
    yield from buffer_sentences(figures)
    yield "memory", ", ".join(memory_said(figures)) or "unknown"
    if figures.budgets:
        yield "budgets", ", ".join(budgets_said(figures))
    for one_of in figures.budgets:
        if one_of.aged_out:
            yield "aged out", f"{one_of.aged_out:,} of {printable(one_of.name)}, the oldest, or did not fit"
    for outlet in figures.outlets:
        yield "outlet", "; ".join(outlet_said(outlet, view.until))


def incident_sentences(view: View) -> Iterator[tuple[str, str]]:
    """How many there are, and the gravest ones."""
    count = len(view.incidents)
    if not count:
        yield "incidents", "none so far"
        return
    yield "incidents", f"{count:,}, the gravest first (`interlock sensor incidents` tells them)"
    for one in view.incidents[:_INCIDENTS]:
        yield "", "; ".join(incident_said(one))


# What follows gives parts of a sentence, the most important ones first, for lines of any width.


def incident_said(one: Incident) -> list[str]:
    """One incident: how grave, what, since when."""
    head = f"{one.severity} ({one.consequence}): {printable(one.title)}"
    return [head, f"since {clock_text(one.time)}", f"last {clock_text(one.last)}"]


def lost_said(figures: Figures) -> list[str]:
    """What was not seen or not kept."""
    blind = duration_text(figures.blind_ns) if figures.blind_ns else "never"
    shed = ", ".join(_by_name(figures.shed)) or "nothing"
    anew = figures.worker_restarts
    return [
        f"blind {blind}",
        f"shed {shed}",
        f"{anew:,} process{' was' if anew == 1 else 'es were'} begun anew",
    ]


def interface_said(one: InterfaceFigures) -> list[str]:
    """One interface."""
    since = f" since {clock_text(one.since)}" if one.since else ""
    return [f"{printable(one.name)} {one.state}{since}", f"{one.packets:,} packets, {one.drops:,} dropped"]


def outlet_said(one: OutletFigures, until: int) -> list[str]:
    """One outlet. until: up to when what fails did, UTC ns."""
    delivered = f"{one.delivered:,} delivered"
    if one.failing_since is None:
        return [f"{printable(one.name)}: {delivered}"]
    since = duration_text(until - one.failing_since)
    return [f"{printable(one.name)}: fails for {since}", f"{one.waiting:,} wait, {delivered}"]


def latency_said(histogram: Histogram) -> list[str]:
    """`p50 1.2 ms`, `p99 …`; says where nothing was measured."""
    if not histogram.count:
        return ["p50 and p99 not measured yet"]
    named = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))
    parts = [f"{name} {duration_text(histogram.quantile(share) or 0)}" for name, share in named]
    return [*parts, f"longest {duration_text(histogram.maximum)}"]


def _by_name(counts: dict[str, int]) -> list[str]:
    return [f"{printable(name)} {count:,}" for name, count in counts.items() if count]


def budgets_said(figures: Figures) -> list[str]:
    """How full each budget is, the fullest first; those of which less than a percent is used are only counted."""
    shares = sorted(
        ((b.used / b.budget if b.budget else 0.0, b) for b in figures.budgets), key=lambda pair: -pair[0]
    )
    shown = [f"{printable(b.name)} {share:.0%} of {b.budget:,g}" for share, b in shares if share >= 0.01]
    rest = len(shares) - len(shown)
    if not shown:
        return ["all less than 1 % used"]
    return [*shown, *([f"{rest} other{'s' * (rest > 1)} less than 1 %"] if rest else [])]


def memory_said(figures: Figures) -> list[str]:
    """Each process and what it takes."""
    return [
        f"{printable(one.name)} {'unknown' if one.rss_octets is None else octets_text(one.rss_octets)}"
        for one in figures.processes
    ]
