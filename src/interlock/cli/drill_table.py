"""A drill's record for people: missed ones first, and named as such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from interlock.records.counting import counted

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_record"]

MOST_SHOWN: Final = 4


def print_record(record: dict[str, Any], console: Console) -> None:
    """Print it."""
    table = Table(
        "scenario", "", "after", "named first", "truth", "named, too", "by", box=None, pad_edge=False
    )
    for row in record["rows"]:
        table.add_row(
            row["scenario"],
            Text("found", style="green") if row["found"] else Text("MISSED", style="bold red"),
            _seconds(row["delay_s"]) if row["found"] else "",
            _first(row),
            " ".join(row["truth"]),
            _others(row),
            " ".join(row["by"]),
        )
    console.print(table)
    for one in record["not_applicable"]:
        console.print(Text(f"{one['scenario']}: not applicable: {one['reason']}", style="dim"))
    console.print()
    for line in _sentences(record):
        console.print(Text(line))


def _first(row: dict[str, Any]) -> Text:
    """By what its gravest incident is named; worth a look where that is not what was done, wrong where no id is."""
    if not row["found"]:
        return Text("")
    first = row["first"] or "nothing"
    if not row["named"]:
        return Text(f"WRONGLY: {first}", style="bold yellow")
    return Text(first, style="" if first in row["truth"] else "yellow")


def _others(row: dict[str, Any]) -> str:
    """The first few of the other ids that its alarms gave."""
    others = [name for name in row["given"] if name != row["first"]]
    more = f" +{len(others) - MOST_SHOWN}" if len(others) > MOST_SHOWN else ""
    return " ".join(others[:MOST_SHOWN]) + more


def _sentences(record: dict[str, Any]) -> list[str]:
    return [
        _found(record),
        _delays(record),
        _false(record),
        _attack(record["attack"]),
        "Latency on a real wire: " + _latency(record),
    ]


def _found(record: dict[str, Any]) -> str:
    return (
        f"Found {record['found']} and rightly named {record['named']} of {record['scenarios']} scenarios, "
        f"{record['first_named']} of them by the first id of their gravest incident."
    )


def _delays(record: dict[str, Any]) -> str:
    one_step, slow, slowest = (_seconds(record[f]) for f in ("median_one_step_s", "median_slow_s", "max_s"))
    return (
        f"After it could be known, on the capture's clock: one-step scenarios {one_step} (median), slow ones {slow}; "
        f"the slowest of all {slowest}."
    )


def _attack(attack: dict[str, Any]) -> str:
    return (
        f"ATT&CK for ICS: {counted(len(attack['shown']), 'technique')} shown of {len(attack['tried'])} that the "
        f"scenarios use; network data can show about {attack['seen_on_networks']} of all {attack['techniques']}."
    )


def _false(record: dict[str, Any]) -> str:
    quiet = record["quiet"]
    if quiet is None:
        return "False incidents: unknown."
    titles = f" ({'; '.join(quiet['false'])})" if quiet["false"] else ""
    return (
        f"False incidents: {quiet['count']} in {quiet['hours']:.1f} hours of {quiet['machines']} machines with every "
        f"rare event{titles}; at most {record['false_per_100_assets_day_at_most']:g} per 100 machines and day (95 %)."
    )


def _latency(record: dict[str, Any]) -> str:
    if record["p50_ms"] == "unknown":
        return f"unknown ({record['latency_why']})."
    return f"{record['p50_ms']:g} ms (p50), {record['p99_ms']:g} ms (p99) {record['latency_why']}."


def _seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.2f} s"
