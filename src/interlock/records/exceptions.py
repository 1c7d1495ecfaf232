"""Exceptions to findings: written into the site file by a person, honoured until their day is over."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tomlkit

    from interlock.records.finding import Finding
    from interlock.records.site import Exemption, Site

__all__ = ["AppliedExceptions", "accept_finding", "apply_exceptions", "in_force"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AppliedExceptions:
    """findings: in the order given, accepted ones marked. notes: sentences on exceptions without effect."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()


def accept_finding(
    text: str, *, finding: str, reason: str, until: date, owner: str | None = None, file: str = "site.toml"
) -> str:
    """Text of the site file with an exception for a finding; comments, order and all else stay as they are.

    An exception for the same finding is rewritten in its place. until: last day it is in force (UTC).
    Raises ConfigError where the text is no site file, or the id or the reason says nothing.
    """
    from interlock.records.site_text import load_site  # noqa: PLC0415 (its parser takes long to load)
    from interlock.records.toml_places import parse_document  # noqa: PLC0415

    load_site(text, file=file)
    values = _checked(finding, reason, until, owner)
    document = parse_document(text, file=file)
    table = _table_for(document, values["finding"])
    table.update(values)
    if owner is None:
        table.pop("owner", None)
    changed = document.as_string()
    load_site(changed, file=file)
    return changed


def _checked(finding: str, reason: str, until: date, owner: str | None) -> dict[str, Any]:
    try:
        named = str(uuid.UUID(finding))
    except ValueError:
        raise ConfigError(f"expected a finding's id (a UUID); found {finding!r}") from None
    if not reason.strip():
        raise ConfigError("expected a reason: why may this finding stay as it is")
    values = {"finding": named, "reason": reason, "until": until}
    return values if owner is None else {**values, "owner": owner}


def _table_for(document: tomlkit.TOMLDocument, finding: str) -> Any:
    """Find the exception's table in the document: the one that is there, else a new last one."""
    import tomlkit  # noqa: PLC0415 (runs that only apply exceptions need none of it)

    for table in document.get("exceptions", []):
        if str(uuid.UUID(table["finding"])) == finding:
            return table
    before = document.as_string()
    if "exceptions" not in document:
        document.append("exceptions", tomlkit.aot())
    tables: Any = document["exceptions"]
    if isinstance(tables, tomlkit.items.Array):
        tables.append(tomlkit.inline_table())
    else:
        table = tomlkit.table()
        # A blank line before its header, unless there is one or it opens the file.
        table.trivia.indent = "" if not before.strip() or before.endswith("\n\n") else "\n"
        tables.append(table)
    return tables[-1]


def apply_exceptions(findings: Iterable[Finding], site: Site, now: int) -> AppliedExceptions:
    """Mark the findings that the site file accepts; an expired exception is not honoured and is said.

    now: UTC nanoseconds since 1970, the instant that exceptions are judged at.
    """
    known = {entry.finding: entry for entry in site.exceptions}
    marked = tuple(_marked(finding, known.get(finding.id), now) for finding in findings)
    seen = {finding.id for finding in marked}
    notes = [_note(entry, seen, now) for entry in site.exceptions]
    return AppliedExceptions(findings=marked, notes=tuple(note for note in notes if note))


def _marked(finding: Finding, entry: Exemption | None, now: int) -> Finding:
    if entry is None:
        return finding
    if in_force(entry, now):
        return dataclasses.replace(finding, accepted=entry.reason, accepted_until=entry.until.isoformat())
    said = ("exception-expired", f"{entry.until.isoformat()}: {entry.reason}")
    return dataclasses.replace(finding, accepted=None, accepted_until=None, data=(*finding.data, said))


def _note(entry: Exemption, seen: set[str], now: int) -> str:
    if not in_force(entry, now):
        state = "is reported again" if entry.finding in seen else "was not seen in this run"
        return f"The exception for {entry.finding} ended on {entry.until.isoformat()}; the finding {state}."
    if entry.finding not in seen:
        return f"The exception for {entry.finding} ({entry.reason}) matched no finding of this run."
    return ""


def in_force(entry: Exemption, now: int) -> bool:
    """Whether an exception still holds at an instant (UTC ns since 1970): through the end of its last day."""
    if entry.until == date.max:
        return True
    end = datetime.combine(entry.until + timedelta(days=1), time(), tzinfo=UTC)
    return now // 10**9 < int(end.timestamp())
