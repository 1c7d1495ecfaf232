"""An incident as one message: a JSON object on a line, a readable line, CEF; whole, or as much as there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interlock.export.cef import CEF_SEVERITY, cef_head, cef_text
from interlock.export.message_json import encode, ever_shorter
from interlock.report.documents import incident_document
from interlock.report.printable import clip, printable
from interlock.report.quantities import clock_text, iso_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.records.incident import Incident

__all__ = [
    "Reported",
    "incident_batch",
    "incident_cef",
    "incident_data",
    "incident_json",
    "incident_line",
    "incident_within",
]

_LONGEST_FIRST: Final = ("steps", "findings", "machines", "story", "techniques", "could")
_OPTIONAL: Final = ("cs6", "cs5", "msg", "cs2")


class Reported(NamedTuple):
    """An incident with the reason for telling of it: `new`, or what has got worse."""

    incident: Incident
    why: str


def incident_json(one: Reported, sensor: str) -> str:
    """`interlock/incident-delivery/1` on one line without its end, in ASCII."""
    return encode(_document(one, sensor))


def incident_within(one: Reported, sensor: str) -> Iterator[str]:
    """The document, then ever shorter ones, each of which names in `left_out` what it lacks."""
    document = _document(one, sensor)
    yield encode(document)
    yield from ever_shorter(document, "incident", _LONGEST_FIRST)


def incident_batch(many: Sequence[Reported], sensor: str) -> str:
    """`interlock/incident-deliveries/1`."""
    rows = [{"why": one.why, "incident": incident_document(one.incident)} for one in many]
    return encode({"schema": "interlock/incident-deliveries/1", "sensor": sensor, "deliveries": rows})


def incident_line(one: Reported) -> str:
    """One line for people: when, how grave, what, what could come of it, and where to look it up."""
    said = one.incident
    findings = len(said.findings) + said.left_out
    about = f"{findings:,} finding{'s' * (findings != 1)}, incident {said.id}"
    head = f"{clock_text(said.last)}  INCIDENT {said.severity.upper()} ({said.consequence}; {one.why})"
    return printable(f"{head}  {said.title}  {said.could}  [{about}]")


def incident_data(one: Reported) -> dict[str, str]:
    """What a syslog message says of it in its structured data."""
    said = one.incident
    return {
        "id": said.id,
        "kind": "incident",
        "why": one.why,
        "severity": said.severity,
        "rank": str(said.rank),
        "consequence": said.consequence,
        "findings": str(len(said.findings) + said.left_out),
        "count": str(said.count),
        "first": iso_time(said.time),
        "last": iso_time(said.last),
        "realm": said.realm,
        "actor": said.actor,
        "machines": clip(" ".join(said.machines), 200),
        "techniques": clip(" ".join(said.techniques), 200),
        "merged": clip(" ".join(said.merged), 200),
    }


def incident_cef(one: Reported, sensor: str) -> Iterator[str]:
    """The event in CEF, then ever shorter ones; a field that does not say anything is absent."""
    said, fields = one.incident, _cef_fields(one, sensor)
    head = cef_head("incident", clip(said.title, 512), CEF_SEVERITY[said.severity])
    yield head + cef_text(fields)
    for key in _OPTIONAL:
        if fields.pop(key, None):
            fields.pop(f"{key}Label", None)
            yield head + cef_text(fields)
    yield cef_head("incident", clip(said.title, 80), CEF_SEVERITY[said.severity]) + cef_text(fields)


def _cef_fields(one: Reported, sensor: str) -> dict[str, str]:
    said = one.incident
    custom = {
        "cs1": ("techniques", " ".join(said.techniques)),
        "cs2": ("machines", " ".join(said.machines)),
        "cs3": ("consequence", said.consequence),
        "cs4": ("realm", said.realm),
        "cs5": ("findings", " ".join(said.findings)),
        "cs6": ("could", said.could),
    }
    fields = {
        "externalId": said.id,
        "cat": "incident",
        "reason": one.why,
        "dvchost": sensor,
        "start": str(said.time // 1_000_000),
        "end": str(said.last // 1_000_000),
        "cnt": str(said.count),
    }
    for key, (label, value) in custom.items():
        if value:
            fields |= {key: value, f"{key}Label": label}
    return fields | {"msg": said.story}


def _document(one: Reported, sensor: str) -> dict[str, Any]:
    return {
        "schema": "interlock/incident-delivery/1",
        "sensor": sensor,
        "why": one.why,
        "incident": incident_document(one.incident),
    }
