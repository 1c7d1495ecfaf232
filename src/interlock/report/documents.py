"""Records as JSON documents: declared key order, ISO 8601 UTC times with ns, what is unknown absent."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields
from functools import cache, lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from interlock.records.asset import proof_rows
from interlock.report.logins import zone_logins
from interlock.report.order import by_urgency, count_by_severity
from interlock.report.quantities import iso_time
from interlock.report.words import CONTROLLER_ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.records.asset import Asset, Proof
    from interlock.records.finding import Finding
    from interlock.records.incident import Incident
    from interlock.report.record import HealthNote, Report, Run
    from interlock.report.traffic import Service

__all__ = [
    "asset_row",
    "assets_text",
    "dump",
    "dump_row",
    "dump_rows",
    "finding_document",
    "findings_document",
    "incident_document",
    "incidents_document",
    "summary_document",
]

# JSON escapes C0 by itself. These would still steer the terminal of whoever prints the file.
_UNSAFE: Final = re.compile(
    "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_TIMES: Final = frozenset({"first", "last", "first_seen", "last_seen", "time"})
_told: Final = lru_cache(4096)(iso_time)
"""Of what a machine rests on, most was seen first and last in the same moments."""


def _unicode_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def dump(document: dict[str, Any]) -> str:
    """Return the document as text, ending in a newline; control and bidi characters stand as JSON escapes."""
    lines = (f" {dump_row(key)}: {_listed(value)}" for key, value in document.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def dump_row(document: Any) -> str:
    """Return an object of a list as `dump` writes it, for whoever makes a long list one at a time.

    Most are ASCII, where nothing but DEL is to be looked for.
    """
    return _safe(_ENCODE(document))


def _safe(text: str) -> str:
    return text if text.isascii() and "\x7f" not in text else _UNSAFE.sub(_unicode_escape, text)


def _encoder() -> Callable[[Any], str]:
    """As json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode, which makes what encodes anew for every row."""
    plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without it
        return plain.encode
    words = json.encoder.encode_basestring
    encode = make(None, plain.default, words, None, ": ", ", ", False, False, False)
    return lambda document: "".join(encode(document, 0))


_ENCODE: Final = _encoder()


def dump_rows(document: dict[str, Any], name: str, rows: Iterable[str]) -> str:
    """Return what `dump` does where the document's list of that name, its last, has these rows (`dump_row`)."""
    lines = ",\n".join(f"  {row}" for row in rows)
    empty = dump(document | {name: []})
    return empty.removesuffix("[]\n}\n") + (f"[\n{lines}\n ]\n}}\n" if lines else "[]\n}\n")


def _listed(value: Any) -> str:
    """JSON of a value; a list of objects has one a line, which both people and `diff` can read."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(["  " + dump_row(item) for item in value]) + "\n ]"
    return dump_row(value)


def _flat(record: Any, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return a record's plain fields in declared order; None and times not known (0) are absent."""
    kind: Any = type(record)
    names, values = _names(kind, leave_out)
    return {
        name: _told(value) if timed else list(value) if isinstance(value, tuple) else value
        for (name, timed), value in zip(names, values(record), strict=True)
        if value or not (timed or value is None)
    }


@cache
def _names(
    kind: type[Any], leave_out: frozenset[str] = frozenset()
) -> tuple[tuple[tuple[str, bool], ...], Callable[[Any], tuple[Any, ...]]]:
    """The fields of a kind of record, of which it has two at least, whether each is a time; and what reads them."""
    names = [f.name for f in fields(kind) if f.name not in leave_out]
    return tuple((name, name in _TIMES) for name in names), attrgetter(*names)


def _proofs(proofs: Iterable[Proof]) -> list[dict[str, Any]]:
    return [_flat(proof) for proof in proofs]


_FOLDED: Final = frozenset({"risk", "provenance", "conflicts"})


def asset_row(asset: Asset) -> str:
    """Return an asset as it stands in `assets.json`: most of it are proofs, which are written straight."""
    document = _flat(asset, _FOLDED)
    document["risk"] = _flat(asset.risk)
    told = ", ".join(
        [
            f"{_word(name)}: [{', '.join([_proof_text(*row) for row in rows])}]"
            for name, rows in proof_rows(asset)
        ]
    )
    conflicts = _ENCODE([{"field": c.field, "proofs": _proofs(c.proofs)} for c in asset.conflicts])
    return _safe(f'{_ENCODE(document)[:-1]}, "provenance": {{{told}}}, "conflicts": {conflicts}}}')


def _proof_text(
    value: str,
    protocol: str,
    source: str,
    frame: int,
    confidence: float,
    first: int,
    last: int,
    count: int,
    note: str,
) -> str:
    """A proof with these values, as `_ENCODE` of its `_flat`."""
    begun = f', "first": "{_told(first)}"' if first else ""
    ended = f', "last": "{_told(last)}"' if last else ""
    return (
        f'{{"value": {_word(value)}, "protocol": {_word(protocol)}, "source": {_word(source)}, "frame": {frame}, '
        f'"confidence": {confidence!r}{begun}{ended}, "count": {count}, "note": {_word(note)}}}'
    )


_word: Final = lru_cache(4_096)(json.encoder.encode_basestring)
"""Of what proofs say, most is said again and again."""


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return one finding, as it stands in `findings.json`."""
    document = _flat(finding, frozenset({"evidence", "actions", "data"}))
    document["evidence"] = [_flat(evidence) for evidence in finding.evidence]
    document["actions"] = [_flat(action) for action in finding.actions]
    document["data"] = dict(finding.data)
    return document


def assets_text(report: Report) -> str:
    """Return `assets.json`, as `dump` would: every machine, in the order of its id."""
    assets = sorted(report.assets, key=lambda asset: asset.id)
    return dump_rows({"schema": "interlock/assets/1", "assets": []}, "assets", map(asset_row, assets))


def findings_document(report: Report) -> dict[str, Any]:
    """Return `findings.json`: every finding, most urgent first."""
    findings = by_urgency(report.findings)
    return {"schema": "interlock/findings/1", "findings": [finding_document(finding) for finding in findings]}


def incident_document(incident: Incident) -> dict[str, Any]:
    """Return one incident, as it stands in `incidents.json`."""
    return {**_flat(incident, frozenset({"steps"})), "steps": [_flat(step) for step in incident.steps]}


def incidents_document(incidents: Iterable[Incident]) -> dict[str, Any]:
    """Return `incidents.json`: every incident, in the order given: gravest first."""
    return {"schema": "interlock/incidents/1", "incidents": [incident_document(one) for one in incidents]}


def summary_document(report: Report) -> dict[str, Any]:
    """Return `summary.json`, and what `analyze --json` prints: health first, counts, relations."""
    return {
        "schema": "interlock/summary/1",
        "health": [_health(note) for note in report.health],
        "run": _run(report.run),
        "machines": _machines(report),
        "findings": {
            **count_by_severity(f for f in report.findings if f.accepted is None),
            "accepted": sum(finding.accepted is not None for finding in report.findings),
        },
        "incidents": [
            {"id": one.id, "rank": one.rank, "severity": one.severity, "title": one.title}
            for one in report.incidents[:5]
        ],
        "first": [
            {"id": finding.id, "severity": finding.severity, "title": finding.title}
            for finding in by_urgency(report.findings)[:5]
            if finding.accepted is None
        ],
        "withheld": [_flat(withheld) for withheld in report.withheld],
        "logins": [_flat(zone) for zone in zone_logins(report.assets, report.findings)],
        "services": [_flat(service) for service in _by_name(report.traffic.services)],
        "conversations": [_flat(conversation) for conversation in report.traffic.conversations],
        "relations": [_flat(relation) for relation in report.relations.rows],
        "left_out": {
            "relation_messages": report.relations.left_out,
            "conversation_flows": report.traffic.left_out,
            "machines_that_merely_sent": report.beyond.get("senders", 0),
            "public_addresses": report.beyond.get("strangers", 0),
            "addresses": report.beyond.get("endpoints", 0),
        },
    }


def _by_name(services: Iterable[Service]) -> list[Service]:
    return sorted(services, key=lambda s: (s.protocol or "~", s.basis, s.transport, s.port or 0))


def _health(note: HealthNote) -> dict[str, Any]:
    figure = note.figure
    if isinstance(figure, float) and not math.isfinite(figure):
        figure = None
    shown = {"condition": note.condition, "source": note.source, "sentence": note.sentence}
    return shown if figure is None else {**shown, "figure": figure, "unit": note.unit}


def _run(run: Run) -> dict[str, Any]:
    times = {name: iso_time(time) for name, time in (("first", run.first), ("last", run.last)) if time}
    return {
        "version": run.version,
        "site": run.site,
        "frames": run.frames,
        "octets": run.octets,
        **times,
        **({} if run.processing_s is None else {"processing_s": run.processing_s}),
        "sources": [_flat(source) for source in run.sources],
        "tables": dict(run.tables),
    }


def _machines(report: Report) -> dict[str, Any]:
    roles: dict[str, int] = {}
    for asset in report.assets:
        role = asset.role or "unknown"
        roles[role] = roles.get(role, 0) + 1
    return {
        "total": len(report.assets),
        "controllers": sum(asset.role in CONTROLLER_ROLES for asset in report.assets),
        "roles": dict(sorted(roles.items())),
    }
