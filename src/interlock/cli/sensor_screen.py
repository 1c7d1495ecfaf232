"""The screen of `interlock sensor top`: as many lines as there is room for, the most important first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from interlock.cli.sensor_view import (
    budgets_text,
    headline,
    interface_text,
    latency_text,
    lost_text,
    memory_text,
    outlet_text,
)
from interlock.report.printable import clip, printable
from interlock.report.quantities import clock_text, duration_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import ConsoleDimensions

    from interlock.cli.sensor_view import View
    from interlock.records.figures import Figures
    from interlock.records.histogram import Histogram

__all__ = ["rates", "screen"]

_STYLES: Final = {
    "running": "bold green",
    "silent": "bold yellow",
    "stopped": "bold red",
    "absent": "bold red",
}
_SEVERITIES: Final = ("critical", "high", "medium", "low", "info")
_INTERFACES: Final = 2
_OUTLETS: Final = 2
_BANDS: Final = tuple((1 << bits) - 1 for bits in (16, 20, 22, 24, 26))
"""Limits in ns at which latency is cut into bars: 65 us, 1 ms, 4 ms, 17 ms, 67 ms, and above."""


def screen(view: View, before: View, size: ConsoleDimensions) -> Text:
    """What is shown now. before: the look before, from which rates follow."""
    width = max(20, size.width)
    foot = Text("q ends", "dim")
    room = max(1, size.height - 1)
    lines = list(_lines(view, before, width, size.height))[:room]
    lines += [Text()] * (room - len(lines))
    shown = Text("\n").join([*(_fit(line, width) for line in lines), foot])
    shown.no_wrap, shown.overflow = True, "crop"
    return shown


def _fit(line: Text, width: int) -> Text:
    """At most that many columns: a longer line would move all below it."""
    line.truncate(width, overflow="ellipsis")
    return line


def _lines(view: View, before: View, width: int, height: int) -> Iterator[Text]:
    yield Text(headline(view), _STYLES[view.state])
    figures = view.figures
    if figures is None:
        yield from _diary(view, 3)
        return
    yield from _numbers(before, figures)
    worst_first = sorted(figures.interfaces, key=lambda one: one.state == "up")
    for one in worst_first[:_INTERFACES]:
        yield Text(interface_text(one), "" if one.state in {"up", "unknown"} else "bold red")
    yield Text(f"memory: {memory_text(figures)}")
    if aged := sum(budget.aged_out for budget in figures.budgets):
        yield Text(f"aged out {aged:,}; budgets: {budgets_text(figures)}", "bold yellow")
    elif any(2 * budget.used > budget.budget for budget in figures.budgets):
        yield Text(f"budgets: {budgets_text(figures)}")
    failing_first = sorted(figures.outlets, key=lambda one: one.failing_since is None)
    for outlet in failing_first[:_OUTLETS]:
        yield Text(
            f"outlet {outlet_text(outlet, view.now)}", "" if outlet.failing_since is None else "bold yellow"
        )
    yield from _operations(figures, before.figures, width, max(3, height - 20))
    yield from _latency(figures.record_latency, width)
    yield Text(f"packet to finding on disk: {latency_text(figures.finding_latency)}", "bold cyan")
    yield from _diary(view, 8)


def rates(now: Figures, before: Figures | None) -> tuple[float, float, dict[str, float]]:
    """Packets, octets, operations by protocol, a second each, between two looks at one run; else zero."""
    span_s = (now.time - before.time) / 1e9 if before is not None and before.started == now.started else 0.0
    if before is None or span_s <= 0:
        return 0.0, 0.0, dict.fromkeys(now.operations, 0.0)
    by_protocol = {
        name: max(0.0, (count - before.operations.get(name, 0)) / span_s)
        for name, count in now.operations.items()
    }
    packets, octets = now.packets - before.packets, now.octets - before.octets
    return max(0.0, packets / span_s), max(0.0, octets / span_s), by_protocol


def _numbers(before: View, figures: Figures) -> Iterator[Text]:
    packets, octets, _ = rates(figures, before.figures)
    yield Text(
        f"{packets:,.0f} packets/s, {octets * 8 / 1e6:,.1f} Mbit/s; {figures.packets:,} packets since the start"
    )
    newest = "none yet" if figures.capture_time is None else clock_text(figures.capture_time)
    yield Text(
        f"{figures.assets:,} machines, {figures.flows:,} conversations; newest packet judged: {newest}"
    )
    shown = [f"{figures.severities[s]:,} {s}" for s in _SEVERITIES if figures.severities.get(s)]
    grave = any(figures.severities.get(s) for s in ("critical", "high"))
    yield Text(f"findings: {', '.join(shown) or 'none'}", "bold red" if grave else "")
    lost = figures.drops or figures.blind_ns or figures.shed
    yield Text(f"dropped {figures.drops:,}; {lost_text(figures)}", "bold yellow" if lost else "green")


def _operations(figures: Figures, before: Figures | None, width: int, most_shown: int) -> Iterator[Text]:
    _, _, by_protocol = rates(figures, before)
    yield Text(f"operations/s: {sum(by_protocol.values()):,.0f}", "bold cyan")
    busiest = sorted(
        figures.operations, key=lambda name: (-by_protocol[name], -figures.operations[name], name)
    )
    most = max(by_protocol.values(), default=0.0)
    for name in busiest[:most_shown]:
        label = f"  {clip(name, 14):<14} {by_protocol[name]:>9,.0f} "
        yield Text.assemble(label, (_bar(by_protocol[name], most, width - len(label)), "cyan"))


def _latency(histogram: Histogram, width: int) -> Iterator[Text]:
    yield Text(f"packet to record: {latency_text(histogram)}", "bold cyan")
    if not histogram.count:
        return
    counts, below = [], 0
    for band in _BANDS:
        upto = histogram.up_to(band)
        counts.append((f"up to {duration_text(band + 1)}", upto - below))
        below = upto
    counts.append(("longer", histogram.count - below))
    most = max(count for _, count in counts)
    used = [number for number, (_, count) in enumerate(counts) if count]
    for text, count in counts[used[0] : used[-1] + 1]:
        label = f"  {text:<14} {count:>11,} "
        yield Text.assemble(label, (_bar(count, most, width - len(label)), "magenta"))


def _bar(value: float, most: float, width: int) -> str:
    """A bar in eighths of a column; what is not zero shows."""
    if value <= 0 or most <= 0 or width <= 0:
        return ""
    eighths = max(1, round(value / most * width * 8))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")


def _diary(view: View, lines: int) -> Iterator[Text]:
    for entry in view.diary[-lines:]:
        yield Text(f"{clock_text(entry.time)}  {printable(entry.says)}", "dim")
