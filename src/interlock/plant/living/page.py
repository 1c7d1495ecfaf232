"""The plant as a page in the terminal: what its status says, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.columns import Columns
from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
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
_WIDE: Final = 22


def page(status: dict[str, Any]) -> RenderableType:
    """status: see living/status.py."""
    values = {v["tag"]: v for v in status["values"]}
    sections = [Panel(_bars(values, tags), title=title, width=62) for title, tags in _SECTIONS]
    return Group(
        _head(status), Columns(sections), _switches(values), _alarms(values), _machines(status), _last(status)
    )


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _head(status: dict[str, Any]) -> Text:
    where = f"mirror port {status['mirror']}" if status["mirror"] else "on loopback, without a mirror port"
    told = (
        f"plant {status['run']}, {where}, up {_clock(status['up_s'])}, shift clock {_clock(status['day_s'])}"
    )
    return Text(told, style="bold", overflow="ellipsis", no_wrap=True)


def _bars(values: dict[str, Any], tags: tuple[str, ...]) -> Table:
    table = Table.grid(padding=(0, 1))
    for tag in tags:
        about = values[tag]
        style = "red" if about["harmed"] else "green"
        if tag in _COUNTERS:
            table.add_row(tag.partition(".")[2], "", Text(f"{about['value']:,.0f}"))
            continue
        span = about["high"] - about["low"]
        share = min(max(about["value"] - about["low"], 0.0), span)
        bar = ProgressBar(
            total=span, completed=share, width=_WIDE, complete_style=style, finished_style=style
        )
        table.add_row(
            tag,
            bar,
            Text(f"{about['value']:8.2f} {about['unit']}", style="bold red" if about["harmed"] else ""),
        )
    return table


def _switches(values: dict[str, Any]) -> Text:
    line = Text()
    for tag, name in _SWITCHES:
        on = bool(values[tag]["value"])
        line.append(f" {'●' if on else '○'} {name} ", style="green" if on else "dim")
    return line


def _alarms(values: dict[str, Any]) -> Text:
    beyond = [f"{v['text']} ({tag}) {v['value']:.2f} {v['unit']}" for tag, v in values.items() if v["harmed"]]
    return Text("ALARM  " + "; ".join(beyond), style="bold red") if beyond else Text("no alarms", style="dim")


def _machines(status: dict[str, Any]) -> Columns:
    stopped = {c["name"] for c in status["controllers"] if not c["running"]}
    cells = []
    for each in status["services"]:
        style = {"yes": "green", "no": "bold red", "unasked": "dim"}[each["answers"]]
        text = f"{each['machine']} {each['protocol']}" + (" STOPPED" if each["machine"] in stopped else "")
        cells.append(Text(text, style="bold yellow" if each["machine"] in stopped else style))
    return Columns(cells, padding=(0, 2))


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
