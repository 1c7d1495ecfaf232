"""A comparison as a JSON document and on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.report.order import display_name
from interlock.report.printable import clip, printable
from interlock.report.words import role_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console
    from rich.text import Text

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding
    from interlock.report.diff import Change, Difference, FieldChange, Settled, Talk

__all__ = ["difference_document", "print_difference"]

_SHOWN = 40


def difference_document(difference: Difference) -> dict[str, Any]:
    """Return the document `interlock/diff/1`; its schema ships as `diff.schema.json`."""
    return {
        "schema": "interlock/diff/1",
        "machines": {
            "new": [_machine(asset) for asset in difference.new_machines],
            "gone": [_machine(asset) for asset in difference.gone_machines],
            "changed": [_change(change) for change in difference.changed_machines],
        },
        "relations": {
            "new": [_talk(talk) for talk in difference.new_relations],
            "gone": [_talk(talk) for talk in difference.gone_relations],
        },
        "findings": {
            "new": [_finding(finding) for finding in difference.new_findings],
            "settled": [_finding(one.finding) for one in difference.settled_findings],
            "unseen": [{**_finding(one.finding), "why": one.why} for one in difference.unseen_findings],
            "changed": [
                {
                    "finding": _finding(change.new),
                    "old_severity": change.old.severity,
                    "accepted": change.new.accepted is not None,
                }
                for change in difference.changed_findings
            ],
        },
        "notes": list(difference.notes),
    }


def _machine(asset: Asset) -> dict[str, Any]:
    address = next(iter((*asset.ips, *asset.macs)), None)
    known = {"id": asset.id, "name": display_name(asset), "address": address, "role": asset.role}
    return {key: value for key, value in known.items() if value is not None}


def _change(change: Change) -> dict[str, Any]:
    fields = [
        {"field": f.field, "change": f.change, "old": list(f.old), "new": list(f.new)} for f in change.fields
    ]
    return {"machine": {**_machine(change.asset), "matched_by": change.matched_by}, "fields": fields}


def _talk(talk: Talk) -> dict[str, Any]:
    known = {name: getattr(talk, name) for name in ("realm", "client", "server", "protocol", "verb")}
    return {key: value for key, value in known.items() if value is not None}


def _finding(finding: Finding) -> dict[str, Any]:
    return {"id": finding.id, "severity": finding.severity, "title": finding.title}


def print_difference(difference: Difference, console: Console) -> None:
    """Print the comparison: what a person must act on first, then machines, relations, what settled."""
    for note in difference.notes:
        _line(console, "!", note, "yellow")
    if difference.empty:
        _line(console, "=", "Nothing changed that these two captures could show.", "bold")
        return
    _block(console, "New findings", map(_finding_line, difference.new_findings), "+", "red")
    changed = (f"{c.old.severity} → {_finding_line(c.new)}" for c in difference.changed_findings)
    _block(console, "Findings that changed", changed, "~", "yellow")
    _block(console, "New machines", map(_machine_line, difference.new_machines), "+", "green")
    _block(console, "Machines not seen any more", map(_machine_line, difference.gone_machines), "-", "yellow")
    _block(console, "Changes to machines", _change_lines(difference), "~", "yellow")
    _block(console, "New relations", map(_talk_line, difference.new_relations), "+", "green")
    _block(console, "Relations not seen any more", map(_talk_line, difference.gone_relations), "-", "yellow")
    _block(console, "Settled findings", map(_settled_line, difference.settled_findings), "-", "green")
    _block(
        console,
        "Findings that could not be checked again",
        map(_settled_line, difference.unseen_findings),
        "?",
        "dim",
    )


def _block(console: Console, title: str, lines: Iterable[str], sign: str, style: str) -> None:
    listed = list(lines)
    if not listed:
        return
    console.print()
    _line(console, "", f"{title} ({len(listed):,})", "bold")
    for line in listed[:_SHOWN]:
        _line(console, f"  {sign}", line, style)
    if len(listed) > _SHOWN:
        _line(console, "   ", f"and {len(listed) - _SHOWN:,} more; --json lists all", "dim")


def _line(console: Console, sign: str, line: str, style: str) -> None:
    console.print(_styled(f"{sign} " if sign else "", printable(line), style), soft_wrap=True)


def _styled(sign: str, line: str, style: str) -> Text:
    from rich.text import Text  # noqa: PLC0415 - rich loads only where something is printed

    return Text.assemble((sign, style), (line, "bold" if not sign else ""))


def _finding_line(finding: Finding) -> str:
    return f"{finding.severity}: {clip(finding.title, 160)}"


def _settled_line(settled: Settled) -> str:
    return _finding_line(settled.finding) + (f" ({clip(settled.why, 120)})" if settled.why else "")


def _machine_line(asset: Asset) -> str:
    facts = (role_label(asset.role), asset.vendor, asset.product, next(iter((*asset.ips, *asset.macs)), None))
    name = display_name(asset)
    return " · ".join(clip(fact, 60) for fact in dict.fromkeys((name, *facts)) if fact)


def _change_lines(difference: Difference) -> Iterable[str]:
    for change in difference.changed_machines:
        name = clip(display_name(change.asset), 40)
        for field in change.fields:
            yield f"{name}: {field.field.replace('_', ' ')} {clip(_what_changed(field), 160)}"


def _what_changed(field: FieldChange) -> str:
    """Say it in words; of a long list only what came and what was not seen again."""
    if field.change == "learned":
        return f"now known: {', '.join(field.new)}"
    if field.change == "not seen":
        return f"not said this time (was {', '.join(field.old)})"
    if len(field.old) == len(field.new) == 1:
        return f"{field.old[0]} → {field.new[0]}"
    came = [value for value in field.new if value not in field.old]
    went = [value for value in field.old if value not in field.new]
    parts = (("now also ", came), ("not seen this time: ", went))
    return "; ".join(words + ", ".join(values) for words, values in parts if values)


def _talk_line(talk: Talk) -> str:
    what = " ".join(word for word in (talk.protocol or "unknown protocol", talk.verb) if word)
    return f"{clip(talk.client, 60)} → {clip(talk.server, 60)}  {what}"
