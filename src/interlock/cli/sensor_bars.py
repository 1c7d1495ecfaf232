"""What `interlock sensor top` draws: how full things are, what is busy, how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from interlock.cli.sensor_buffers import NEARLY_FULL, bars_of, buffer_label, old_text
from interlock.report.printable import clip
from interlock.report.quantities import duration_text, percent_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from interlock.records.figures import BufferFigures, Figures
    from interlock.records.histogram import Histogram

__all__ = ["buffer_lines", "latency_lines", "operation_lines"]

_BANDS: Final = tuple((1 << bits) - 1 for bits in (16, 20, 22, 24, 26))
"""Limits in ns at which latency is cut into bars: 65 us, 1 ms, 4 ms, 17 ms, 67 ms, and above."""
_CELL: Final = 38
"""Columns that a label, a bar and its number need."""
_MOST_SHOWN: Final = 40


def buffer_lines(figures: Figures, width: int, most: int) -> Iterator[tuple[bool, Text]]:
    """A bar for each place where things wait, red from NEARLY_FULL on, side by side; whether one of a line is so.

    most: lines; where that is too little, those of a kind are one bar, of the fullest.
    """
    columns = max(1, width // _CELL)
    bars = bars_of(figures, most * columns)
    cell = (width - 2 * (columns - 1)) // columns
    for at in range(0, len(bars), columns):
        some = bars[at : at + columns]
        cells = [_cell(figures, one, count, cell) for one, count in some]
        yield any(one.share >= NEARLY_FULL for one, _ in some), Text("  ").join(cells)


def _cell(figures: Figures, one: BufferFigures, count: int, width: int) -> Text:
    said = f"{percent_text(one.share):>6}{old_text(one, figures.time)}"
    room = max(8, min(width // 2 + 2, width - 1 - cell_len(said)))
    label = set_cell_size(buffer_label(one, room, count), room)
    style = "bold red" if one.share >= NEARLY_FULL else "cyan"
    left = max(0, width - room - 1 - cell_len(said))
    bar = _bar(min(one.share, 1.0), 1.0, left)
    shown = Text.assemble(f"{label} ", (bar, style), ("░" * (left - len(bar)), "dim"), (said, style))
    shown.truncate(width, overflow="ellipsis", pad=True)
    return shown


def operation_lines(
    operations: Mapping[str, int], by_protocol: Mapping[str, float], width: int
) -> Iterator[Text]:
    """Operations a second by protocol, the busiest first. by_protocol: empty where that is not known."""
    if not by_protocol:
        whole = sum(operations.values())
        yield Text(f"operations/s not known; {whole:,} since the start", "bold cyan")
        return
    yield Text(f"operations/s: {sum(by_protocol.values()):,.0f}", "bold cyan")
    busiest = sorted(operations, key=lambda name: (-by_protocol[name], -operations[name], name))
    most = max(by_protocol.values())
    for name in busiest[:_MOST_SHOWN]:
        label = f"  {set_cell_size(clip(name, 14), 14)} {by_protocol[name]:>9,.0f} "
        yield Text.assemble(label, (_bar(by_protocol[name], most, width - len(label)), "cyan"))


def latency_lines(histogram: Histogram, width: int) -> Iterator[Text]:
    """How many packets took how long."""
    counts, below = [], 0
    for band in _BANDS:
        upto = histogram.up_to(band)
        counts.append((f"up to {duration_text(band + 1)}", upto - below))
        below = upto
    counts.append(("longer", histogram.count - below))
    most = max(count for _, count in counts)
    used = [number for number, (_, count) in enumerate(counts) if count]
    for text, count in counts[used[0] : used[-1] + 1] if used else ():
        label = f"  {text:<14} {count:>11,} "
        yield Text.assemble(label, (_bar(count, most, width - len(label)), "magenta"))


def _bar(value: float, most: float, width: int) -> str:
    """A bar in eighths of a column; what is not zero shows."""
    if value <= 0 or most <= 0 or width <= 0:
        return ""
    eighths = max(1, round(value / most * width * 8))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
