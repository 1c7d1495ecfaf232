"""The plant as a page in the terminal: what its status says, drawn, gravest first, and never taller than the terminal.

Where there is room (100 columns, 36 lines) with panels and every service; else values in two columns, and of services
those alone that something is wrong with. Bars and lamps are told apart by their shapes, too, for who has no colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.columns import Columns
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["page"]

_SECTIONS: Final = (
    ("Water", ("well.level", "raw.level", "buffer.level", "pump.speed", "pump.flow", "pump.current")),
    (
        "Steam",
        ("boiler.pressure", "boiler.level", "boiler.temperature", "boiler.burner", "pasteuriser.temperature"),
    ),
    ("Filling", ("filler.speed", "filler.volume", "conveyor.speed", "filler.bottles", "filler.rejects")),
    ("Building", ("hall.temperature", "hall.fan", "power.voltage", "power.load")),
)
_COUNTERS: Final = frozenset({"filler.bottles", "filler.rejects"})
_SWITCHES: Final = (
    ("well.pump", "well pump"), ("raw.inlet", "inlet valve"), ("boiler.feed", "feed pump"),
    ("boiler.permit", "burner permit"),
    ("boiler.relief", "relief valve"), ("filler.run", "filler"), ("power.breaker", "breaker"),
)  # fmt: skip
_ROOMY: Final = (100, 36)
_BAR: Final = 14
_SMALL_BAR: Final = 6
_BARS_FROM: Final = 78
_TWO_COLUMNS_FROM: Final = 60


def page(status: dict[str, Any], width: int = 120, height: int = 40) -> RenderableType:
    """status: see living/status.py. width, height: the terminal's, in characters."""
    values = {v["tag"]: v for v in status["values"]}
    first = (_head(status), _alarms(values), _last(status))
    if width >= _ROOMY[0] and height >= _ROOMY[1]:
        return Group(*first, _panels(values, width), _switches(values), _services(status, width))
    return Group(*first, _small(values, width), _switches(values), _troubles(status))


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _head(status: dict[str, Any]) -> Text:
    where = f"mirror port {status['mirror']}" if status["mirror"] else "on loopback, without a mirror port"
    told = (
        f"plant {status['run']}, {where}, up {_clock(status['up_s'])}, shift clock {_clock(status['day_s'])}"
    )
    return Text(told, style="bold", overflow="ellipsis", no_wrap=True)


def _panels(values: dict[str, Any], width: int) -> Table:
    """Two beside each other."""
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    drawn = [Panel(_bars(values, tags, width // 2), title=title) for title, tags in _SECTIONS]
    for at in range(0, len(drawn), 2):
        grid.add_row(*drawn[at : at + 2])
    return grid


def _bars(values: dict[str, Any], tags: tuple[str, ...], width: int) -> Table:
    table = Table.grid(padding=(0, 1))
    bar = min(24, max(_BAR, width - 46))
    for tag in tags:
        table.add_row(Text(tag, no_wrap=True), _bar(values[tag], bar), _value(values[tag]))
    return table


def _small(values: dict[str, Any], width: int) -> Table:
    """Every value, in two columns where they fit; with bars where those fit, too."""
    tags = [tag for _, section in _SECTIONS for tag in section]
    sides = 2 if width >= _TWO_COLUMNS_FROM else 1
    rows = -(-len(tags) // sides)
    bars = width >= _BARS_FROM
    table = Table.grid(padding=(0, 1))
    for _ in range(sides):
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=18)
        if bars:
            table.add_column(no_wrap=True, width=_SMALL_BAR)
        table.add_column(no_wrap=True, min_width=11)
    for row in range(rows):
        cells: list[Text] = []
        for tag in tags[row::rows]:
            about = values[tag]
            cells += [Text(tag), *([_bar(about, _SMALL_BAR)] if bars else []), _value(about, digits=7)]
        table.add_row(*cells)
    return table


def _bar(about: dict[str, Any], width: int) -> Text:
    """How far a value is within its span; nothing for a counter."""
    if about["tag"] in _COUNTERS:
        return Text("")
    share = (about["value"] - about["low"]) / (about["high"] - about["low"])
    full = round(min(max(share, 0.0), 1.0) * width)
    style = "red" if about["harmed"] else "green"
    return Text.assemble(("█" * full, style), ("░" * (width - full), "dim"))


def _value(about: dict[str, Any], digits: int = 8) -> Text:
    style = "bold red" if about["harmed"] else ""
    if about["tag"] in _COUNTERS:
        return Text(f"{about['value']:{digits},.0f}", style=style)
    mark = " !" if about["harmed"] else ""
    return Text(f"{about['value']:{digits}.2f} {about['unit']}{mark}", style=style)


def _switches(values: dict[str, Any]) -> Columns:
    cells = []
    for tag, name in _SWITCHES:
        on = bool(values[tag]["value"])
        cells.append(Text(f"{'●' if on else '○'} {name}", style="green" if on else "dim", no_wrap=True))
    return Columns(cells, padding=(0, 2))


def _alarms(values: dict[str, Any]) -> Text:
    beyond = [f"{v['text']} ({tag}) {v['value']:.2f} {v['unit']}" for tag, v in values.items() if v["harmed"]]
    return Text("ALARM  " + "; ".join(beyond), style="bold red") if beyond else Text("no alarms", style="dim")


def _stopped(status: dict[str, Any]) -> set[str]:
    return {c["name"] for c in status["controllers"] if not c["running"]}


def _services(status: dict[str, Any], width: int) -> Table:
    """Every service, in as many columns as there is room for."""
    stopped, cells = _stopped(status), []
    for each in status["services"]:
        style = {"yes": "green", "no": "bold red", "unasked": "dim"}[each["answers"]]
        lamp = {"yes": "●", "no": "✗", "unasked": "·"}[each["answers"]]
        text = f"{lamp} {each['machine']} {each['protocol']}"
        if each["machine"] in stopped:
            text, style = f"{text} STOPPED", "bold yellow"
        cells.append(Text(text, style=style, no_wrap=True, overflow="ellipsis"))
    table = Table.grid(padding=(0, 2), expand=True)
    sides = max(1, width // 32)
    for _ in range(sides):
        table.add_column(ratio=1)
    for at in range(0, len(cells), sides):
        table.add_row(*cells[at : at + sides])
    return table


def _troubles(status: dict[str, Any]) -> Text:
    """What does not answer or is stopped; how many answer."""
    silent = [f"{s['machine']} {s['protocol']}" for s in status["services"] if s["answers"] == "no"]
    answering = sum(s["answers"] == "yes" for s in status["services"])
    line = Text(f"{answering} of {len(status['services'])} services asked lately, all answer", style="dim")
    if silent:
        line = Text("NO ANSWER  " + "; ".join(silent), style="bold red")
    stopped = sorted(_stopped(status))
    if stopped:
        line.append("  STOPPED  " + "; ".join(stopped), style="bold yellow")
    return line


def _last(status: dict[str, Any]) -> Text:
    if not status["attacks"]:
        return Text("no attack yet: interlock plant attack NAME", style="dim")
    last = status["attacks"][-1]
    moved = ", ".join(f"{m['tag']} {m['before']:g} → {m['least']:g}…{m['most']:g}" for m in last["moved"])
    style = "bold red" if last["running"] else "yellow"
    return Text(
        f"{'ATTACK' if last['running'] else 'last attack'} {last['name']}: {last['title']}. {moved}",
        style=style,
    )
