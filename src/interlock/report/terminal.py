"""The summary on a terminal: capture health, headline, what to do first, machines, who talks to whom, files.

Everything from the wire goes through `printable` and into `rich.text.Text`, never into markup. Without a
terminal rich prints no colour, and nothing here says anything by colour alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from interlock.report.headline import headline, subheadline
from interlock.report.limits import limits_of
from interlock.report.logins import zone_logins
from interlock.report.order import by_risk, count_by_severity, display_name, open_findings, spoken
from interlock.report.printable import clip, clip_path, printable
from interlock.report.trends import sparkline, trend_of
from interlock.report.words import role_label

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding
    from interlock.report.record import Report
from interlock.report.words import Effect

__all__ = ["print_summary"]

_MACHINES: Final = 30
_TALKS: Final = 12
_FIRST: Final = 5
_INCIDENTS: Final = 3
_NOTES: Final = 8
_ZONES: Final = 20

_SEVERITY_STYLES: Final = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "cyan",
    "info": "dim",
}
_EFFECT_WORDS: Final[dict[Effect, tuple[str, str]]] = {
    "program": ("command", "bold red"),
    "write": ("write", "yellow"),
    "unknown": ("unknown", "magenta"),
    "read": ("read", ""),
    "flow": ("traffic", "dim"),
}

_COLUMNS: Final = (
    ("machine", 24, 0),
    ("role", 19, 0),
    ("address", 39, 0),
    ("vendor", 18, 84),
    ("product", 22, 100),
    ("firmware", 12, 118),
    ("speaks", 24, 132),
)
"""Columns of the machines table: the characters it may take, the console width from which on it is shown."""


def print_summary(report: Report, console: Console, files: Sequence[Path] = ()) -> None:
    """Print the summary, as wide as the console is; `files` are named at the end, the page first."""
    _health(report, console)
    _headline(report, console)
    _incidents(report, console)
    _first(report, console)
    _logins(report, console)
    _machines(report, console)
    _talks(report, console)
    _limits(report, console)
    _files(files, console)


def _title(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title.upper(), style="bold cyan"))


def _paragraph(console: Console, text: Text, *, mark: str = "  ", style: str = "") -> None:
    """Print wrapped text behind a mark; what wraps stands under the text, not under the mark."""
    lead = Text(mark, style=style)
    for line in text.wrap(console, max(20, console.width - len(mark))):
        line.rstrip()
        console.print(lead + line, no_wrap=True, overflow="ignore", crop=False)
        lead = Text(" " * len(mark))


def _health(report: Report, console: Console) -> None:
    _title(console, "Capture health")
    if not report.health and not report.withheld:
        words = "Nothing was found that would make this picture incomplete."
        _paragraph(console, Text(words, style="green"))
    for note in report.health[:_NOTES]:
        where = f" [{clip_path(note.source, 60)}]" if note.source else ""
        line = Text.assemble(printable(note.sentence), (where, "dim"))
        sound = note.condition == "ok"
        _paragraph(console, line, mark="  = " if sound else "  ! ", style="green" if sound else "bold yellow")
    if len(report.health) > _NOTES:
        _paragraph(console, Text(f"and {len(report.health) - _NOTES:,} more in the report.", style="dim"))
    withheld = dict.fromkeys((one.detector, one.reason.rstrip(".")) for one in report.withheld)
    for detector, reason in list(withheld)[:_NOTES]:
        line = Text(f"Findings of {clip(detector, 60)} are withheld: {clip(reason, 200)}.")
        _paragraph(console, line, mark="  ! ", style="bold yellow")


def _headline(report: Report, console: Console) -> None:
    _title(console, "What is here")
    _paragraph(console, Text(headline(report), style="bold"))
    _paragraph(console, Text(subheadline(report), style="dim"))
    counts = count_by_severity(open_findings(report.findings))
    shown = [Text(f" {n:,} {s} ", style=_SEVERITY_STYLES[s]) for s, n in counts.items() if n]
    if shown:
        _paragraph(console, Text(" ").join(shown))


def _incidents(report: Report, console: Console) -> None:
    """What happened, told as stories: only where something did."""
    if not report.incidents:
        return
    _title(console, "What happened, gravest first")
    for number, incident in enumerate(report.incidents[:_INCIDENTS], 1):
        severity = (f" {incident.severity.upper()} ", _SEVERITY_STYLES[incident.severity])
        title = Text.assemble(severity, " ", (clip(incident.title, 200), "bold"))
        _paragraph(console, title, mark=f"{number:>3}. ", style="bold")
        _paragraph(console, Text(clip(incident.story, 700)), mark="     story ", style="cyan")
    if len(report.incidents) > _INCIDENTS:
        more = f"and {len(report.incidents) - _INCIDENTS:,} more in the report."
        _paragraph(console, Text(more, style="dim"))


def _first(report: Report, console: Console) -> None:
    findings = open_findings(report.findings)
    _title(console, "What is wrong, and what to do first")
    if not findings:
        words = "Nothing that this capture could show. That is not the same as safe."
        _paragraph(console, Text(words, style="green"))
    for number, finding in enumerate(findings[:_FIRST], 1):
        _finding(number, finding, console)
    if len(findings) > _FIRST:
        _paragraph(console, Text(f"and {len(findings) - _FIRST:,} more in the report.", style="dim"))


def _finding(number: int, finding: Finding, console: Console) -> None:
    severity = (f" {finding.severity.upper()} ", _SEVERITY_STYLES[finding.severity])
    title = Text.assemble(severity, " ", (clip(finding.title, 200), "bold"))
    _paragraph(console, title, mark=f"{number:>3}. ", style="bold")
    if (trend := trend_of(finding)) is not None:
        _paragraph(
            console, Text(f"{sparkline(trend)} {clip(trend.says, 120)}"), mark="     trend ", style="cyan"
        )
    for action in finding.actions[:1]:
        _paragraph(console, Text(clip(action.text, 300)), mark="     do    ", style="green")
        _paragraph(console, Text(clip(action.risk, 300), "dim"), mark="     risk  ", style="yellow")
    evidence = next((e for e in finding.evidence if e.frames), None)
    if evidence is not None:
        where = f"{clip_path(evidence.source, 60)}, frame {evidence.frames[0]}"
        more = f" and {evidence.total - 1:,} more" if evidence.total > 1 else ""
        _paragraph(console, Text(where + more, "dim"), mark="     proof ", style="cyan")


def _logins(report: Report, console: Console) -> None:
    """Logins in clear by zone: only where one was seen."""
    zones = zone_logins(report.assets, report.findings)
    if not any(zone.machines - zone.not_seen for zone in zones):
        return
    _title(console, "Logins in clear, machines by zone")
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, show_edge=False)
    table.add_column("zone", overflow="ellipsis", no_wrap=True, max_width=30)
    for name in ("default", "weak", "shared", "other", "not seen"):
        table.add_column(name, justify="right")
    for zone in zones[:_ZONES]:
        counts = (zone.default, zone.weak, zone.shared, zone.other, zone.not_seen)
        table.add_row(printable(zone.zone or "no zone"), *(f"{count:,}" for count in counts))
    console.print(Padding(table, (0, 0, 0, 2)))


def _machines(report: Report, console: Console) -> None:
    roots = [asset for asset in by_risk(report.assets) if asset.parent is None]
    if not roots:
        return
    _title(console, "Machines, riskiest first")
    shown = [(name, limit) for name, limit, width in _COLUMNS if console.width >= width]
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, show_edge=False)
    table.add_column("risk", justify="right")
    for name, _ in shown:
        table.add_column(name, overflow="ellipsis", no_wrap=True)
    for asset in roots[:_MACHINES]:
        table.add_row(_risk(asset), *(_cell(asset, name, limit) for name, limit in shown))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    if len(roots) > _MACHINES:
        _paragraph(console, Text(f"and {len(roots) - _MACHINES:,} more in the report.", style="dim"))


def _risk(asset: Asset) -> Text:
    score = asset.risk.score
    return Text(str(score), style="bold red" if score >= 70 else "yellow" if score >= 40 else "")


def _cell(asset: Asset, column: str, limit: int) -> Text:
    text = {
        "machine": display_name(asset),
        "role": role_label(asset.role),
        "address": next(iter((*asset.ips, *asset.macs)), ""),
        "vendor": asset.vendor or "",
        "product": asset.product or "",
        "firmware": asset.firmware or "",
        "speaks": " ".join(spoken(asset)),
    }[column]
    if column == "machine":
        units = f" +{len(asset.children)}" if asset.children else ""
        return Text.assemble((clip(text, limit), "bold"), (units, "dim"))
    return Text(clip(text, limit), style="dim" if column == "role" and asset.role is None else "")


def _talks(report: Report, console: Console) -> None:
    pairs = report.pairs
    if not pairs:
        return
    _title(console, "Who does what to whom, gravest first")
    table = Table(box=None, show_header=False, pad_edge=False)
    for column in ("effect", "client", "to", "server", "what"):
        table.add_column(column, overflow="ellipsis", no_wrap=True)
    name_limit = max(8, min(26, (console.width - 20) // 3))
    ends = [len(clip(name, name_limit)) for p in pairs[:_TALKS] for name in (p.client_name, p.server_name)]
    brief_limit = console.width - 2 * max(ends) - 20
    for pair in pairs[:_TALKS]:
        word, style = _EFFECT_WORDS[pair.effect]
        names = (
            Text(clip(pair.client_name, name_limit)),
            Text("->"),
            Text(clip(pair.server_name, name_limit)),
        )
        brief = clip(pair.brief, brief_limit) if brief_limit > 8 else ""
        table.add_row(Text(word, style), *names, Text(brief, "dim"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    if len(pairs) > _TALKS:
        _paragraph(console, Text(f"and {len(pairs) - _TALKS:,} more pairs in the report.", style="dim"))


def _limits(report: Report, console: Console) -> None:
    _title(console, "What could not be known")
    for sentence in limits_of(report):
        _paragraph(console, Text(sentence), mark="  - ")


def _files(files: Sequence[Path], console: Console) -> None:
    if not files:
        return
    _title(console, "Files")
    for file in sorted(files, key=lambda path: path.suffix != ".html"):
        note = "  (open this one)" if file.suffix == ".html" else ""
        line = Text.assemble("  ", printable(str(file)), (note, "green"))
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
