"""The screen of `interlock sensor top`: as many lines as there is room for, the most important first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.text import Text

from interlock.cli.sensor_bars import buffer_lines, latency_lines, operation_lines
from interlock.cli.sensor_layout import chosen, packed, wrapped
from interlock.cli.sensor_view import (
    AS_IT_WAS,
    budgets_said,
    headline,
    incident_said,
    interface_said,
    latency_said,
    lost_said,
    memory_said,
    outlet_said,
)
from interlock.report.printable import clip, printable
from interlock.report.quantities import clock_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import ConsoleDimensions

    from interlock.cli.sensor_view import View
    from interlock.records.figures import Figures, InterfaceFigures

    Lines = Iterator[tuple[int, Text]]
    """Lines in the order of the screen, each with its rank: where there is little room those of low ranks are shown."""

__all__ = ["rates", "screen"]

_STYLES: Final = {
    "running": "bold green",
    "silent": "bold yellow",
    "stopped": "bold red",
    "absent": "bold red",
}
_SEVERITIES: Final = ("critical", "high", "medium", "low", "info")
_INCIDENTS: Final = 2
_INTERFACES: Final = 2
_OUTLETS: Final = 2
_NARROW: Final = 60
_MUST, _SOON, _WORST, _BUFFERS, _PICTURE, _TROUBLE, _WORK, _REST, _DIARY, _LAST = range(10)
"""Ranks. A screen of 15 lines and 40 columns has room for all of the first, and for some of the others."""


def screen(view: View, before: View, size: ConsoleDimensions) -> Text:
    """What is shown now. before: the look before, from which rates follow."""
    width = max(20, size.width)
    foot = Text("q ends", "dim")
    room = max(1, size.height - 1)
    lines = chosen(_lines(view, before, width, size.height), room)
    lines += [Text()] * (room - len(lines))
    shown = Text("\n").join([*(_fit(line, width) for line in lines), foot])
    shown.no_wrap, shown.overflow = True, "crop"
    return shown


def _fit(line: Text, width: int) -> Text:
    """At most that many columns: a longer line would move all below it."""
    line.truncate(width, overflow="ellipsis")
    return line


def _lines(view: View, before: View, width: int, height: int) -> Lines:
    first, *more = wrapped(headline(view, width), width)
    yield _MUST, Text(first, _STYLES[view.state])
    for text in more:
        yield _SOON, Text(text, _STYLES[view.state])
    figures = view.figures
    if figures is None:
        yield from _diary(view, 3, width)
        return
    if view.state != "running":
        yield _MUST, Text(AS_IT_WAS, _STYLES[view.state])
    spoken = before.figures if view.state == "running" else None  # of who says nothing no rate is known
    yield from _numbers(figures, spoken, width)
    yield from _incidents(view, width, height)
    yield from _interfaces(figures, width, height)
    yield from _memory(figures, width, height)
    for full, line in buffer_lines(figures, width, max(2, (height - 16) // 4)):
        yield _SOON if full else _BUFFERS, line
    yield from _outlets(view, figures, width)
    _, _, by_protocol = rates(figures, spoken)
    for place, line in enumerate(operation_lines(figures.operations, by_protocol, width)):
        yield _WORK if place < 4 else _LAST, line
    yield from _latencies(figures, width)
    yield from _diary(view, 8, width)


def rates(now: Figures, before: Figures | None) -> tuple[float | None, float | None, dict[str, float]]:
    """Packets, octets, operations by protocol, a second each, between two looks at one run; else unknown."""
    span_s = (now.time - before.time) / 1e9 if before is not None and before.started == now.started else 0.0
    if before is None or span_s <= 0:
        return None, None, {}
    by_protocol = {
        name: max(0.0, (count - before.operations.get(name, 0)) / span_s)
        for name, count in now.operations.items()
    }
    packets, octets = now.packets - before.packets, now.octets - before.octets
    return max(0.0, packets / span_s), max(0.0, octets / span_s), by_protocol


def _said(rank: int, segments: Sequence[str], width: int, style: str = "", *, separator: str = ", ") -> Lines:
    """A sentence in lines; those behind the first are shown where there is room."""
    for place, text in enumerate(packed(segments, width, separator=separator)):
        yield rank if place == 0 else max(rank, _REST), Text(text, style)


def _numbers(figures: Figures, before: Figures | None, width: int) -> Lines:
    packets, octets, _ = rates(figures, before)
    pace = ["packets/s not known"]
    if packets is not None and octets is not None:
        pace = [f"{packets:,.0f} packets/s", f"{octets * 8 / 1e6:,.1f} Mbit/s"]
    yield from _said(_SOON, [*pace, f"{figures.packets:,} packets since the start"], width)
    newest = "none yet" if figures.capture_time is None else clock_text(figures.capture_time)
    known = [f"{figures.assets:,} machines", f"{figures.flows:,} conversations"]
    yield from _said(_PICTURE, [*known, f"newest packet judged: {newest}"], width)
    shown = [f"{figures.severities[s]:,} {s}" for s in _SEVERITIES if figures.severities.get(s)]
    grave = any(figures.severities.get(s) for s in ("critical", "high"))
    first, *others = shown or ["none"]
    for place, text in enumerate(packed([f"findings: {first}", *others], width)):
        yield _MUST if place == 0 else _SOON, Text(text, "bold red" if grave else "")
    lost = figures.drops or figures.blind_ns or figures.shed
    for text in packed([f"dropped {figures.drops:,}", *lost_said(figures)], width, separator="; ", most=3):
        yield _MUST, Text(text, "bold yellow" if lost else "green")


def _incidents(view: View, width: int, height: int) -> Lines:
    """The gravest ones; how many there are besides."""
    most = _INCIDENTS if height < 40 else 2 * _INCIDENTS
    for place, one in enumerate(view.incidents[:most]):
        first, *others = incident_said(one)
        style = "bold red" if one.severity in {"critical", "high"} else "bold yellow"
        rank = _WORST if place == 0 else _PICTURE
        yield from _said(rank, [f"incident {first}", *others], width, style, separator="; ")
    if (left := len(view.incidents) - most) > 0:
        yield _PICTURE, Text(f"{left:,} other incident{'s' * (left > 1)}")


def _interfaces(figures: Figures, width: int, height: int) -> Lines:
    if not figures.interfaces:
        yield _WORST, Text("interfaces: none has been heard of yet")
    worst_first = sorted(figures.interfaces, key=lambda one: (one.state in {"up", "unknown"}, -one.drops))
    most = _INTERFACES if height < 40 else 2 * _INTERFACES
    for place, one in enumerate(worst_first[:most]):
        good = one.state in {"up", "unknown"}
        rank = _REST if good and place else _WORST
        yield from _said(rank, interface_said(one), width, "" if good else "bold red", separator="; ")
    if left := worst_first[most:]:
        yield _PICTURE, Text(f"other interfaces: {_states(left)}", "" if _all_up(left) else "bold red")


def _states(interfaces: Sequence[InterfaceFigures]) -> str:
    counts: dict[str, int] = {}
    for one in interfaces:
        counts[one.state] = counts.get(one.state, 0) + 1
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def _all_up(interfaces: Sequence[InterfaceFigures]) -> bool:
    return all(one.state in {"up", "unknown"} for one in interfaces)


def _memory(figures: Figures, width: int, height: int) -> Lines:
    first, *others = memory_said(figures) or ["unknown"]
    for place, text in enumerate(packed([f"memory: {first}", *others], width, most=1 if height < 40 else 3)):
        yield _MUST if place == 0 else _REST, Text(text)
    budgets = budgets_said(figures)
    if aged := sum(budget.aged_out for budget in figures.budgets):
        first, *others = budgets
        yield from _said(_TROUBLE, [f"aged out {aged:,}; budgets: {first}", *others], width, "bold yellow")
    elif any(2 * budget.used > budget.budget for budget in figures.budgets):
        first, *others = budgets
        yield from _said(_TROUBLE, [f"budgets: {first}", *others], width)


def _outlets(view: View, figures: Figures, width: int) -> Lines:
    failing_first = sorted(figures.outlets, key=lambda one: one.failing_since is None)
    for outlet in failing_first[:_OUTLETS]:
        first, *others = outlet_said(replace(outlet, name=clip(outlet.name, 24)), view.until)
        fails = outlet.failing_since is not None
        style = "bold yellow" if fails else ""
        rank = _TROUBLE if fails else _REST
        yield from _said(rank, [f"outlet {first}", *others], width, style, separator="; ")
    if left := sum(one.failing_since is not None for one in failing_first[_OUTLETS:]):
        yield _TROUBLE, Text(f"{left} other outlets fail, too", "bold yellow")


def _latencies(figures: Figures, width: int) -> Lines:
    record, finding = ("packet to record", "packet to finding on disk")
    if width < _NARROW:
        record, finding = ("record", "finding")
    for label, histogram in ((record, figures.record_latency), (finding, figures.finding_latency)):
        first, *others = latency_said(histogram)
        before = True
        for text in packed([f"{label}: {first}", *others], width):
            yield _MUST if before else _REST, Text(text, "bold cyan")
            before &= "p99 " not in text
        if histogram is figures.record_latency:
            for line in latency_lines(histogram, width):
                yield _WORK, line


def _diary(view: View, lines: int, width: int) -> Lines:
    for entry in view.diary[-lines:]:
        when = clock_text(entry.time)
        if width < 80:
            when = when[5:16]  # month to minute
        yield _DIARY, Text(f"{when}  {printable(entry.says)}", "dim")
