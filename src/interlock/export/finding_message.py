"""A finding as one message: a JSON object on a line, or a readable line; whole, or as much as there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interlock.export.message_json import encode, ever_shorter
from interlock.records.counting import times
from interlock.report.documents import finding_document
from interlock.report.printable import printable
from interlock.report.quantities import clock_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.records.finding import Finding

__all__ = [
    "LINE_BEGINS",
    "Committed",
    "cut_octets",
    "delivery_document",
    "json_batch",
    "json_line",
    "json_within",
    "text_line",
]

LINE_BEGINS: Final = b'{"schema":"interlock/'
"""How every line of JSON begins that an outlet writes."""

_LONGEST_FIRST: Final = ("evidence", "actions", "explanation", "data", "requirements", "assets", "machines")
_MACHINES: Final = 3
_FEW_FRAMES: Final = 20


class Committed(NamedTuple):
    """A finding with the number of its last commit: (sensor, id, commit) tells a receiver what it already has."""

    commit: int
    finding: Finding


def delivery_document(one: Committed, sensor: str) -> dict[str, Any]:
    """`interlock/delivery/1`: one finding for one receiver."""
    return {
        "schema": "interlock/delivery/1",
        "sensor": sensor,
        "commit": one.commit,
        "finding": finding_document(one.finding),
    }


def json_line(one: Committed, sensor: str) -> str:
    """The whole document on one line without its end; ASCII, so that nothing in it steers a terminal."""
    return encode(delivery_document(one, sensor))


def json_within(one: Committed, sensor: str) -> Iterator[str]:
    """The document, then ever shorter ones, each of which names in `left_out` what it lacks."""
    document = delivery_document(one, sensor)
    yield encode(document)
    if _thinned(document["finding"]):
        yield encode({**document, "left_out": []})
    yield from ever_shorter(document, "finding", _LONGEST_FIRST)


def _thinned(finding: dict[str, Any]) -> bool:
    """Leave of each evidence's frames the first ones; `total` tells how many there were. Whether any had more."""
    long = [one for one in finding.get("evidence", ()) if len(one.get("frames", ())) > _FEW_FRAMES]
    for one in long:
        one["frames"] = one["frames"][:_FEW_FRAMES]
    return bool(long)


def json_batch(many: Sequence[Committed], sensor: str) -> str:
    """`interlock/deliveries/1`: several findings for one receiver, by commit ascending."""
    rows = [{"commit": one.commit, "finding": finding_document(one.finding)} for one in many]
    return encode({"schema": "interlock/deliveries/1", "sensor": sensor, "deliveries": rows})


def text_line(one: Committed) -> str:
    """One line for people: when, how grave, what, who, how often, and where to look it up."""
    finding = one.finding
    who = ", ".join(finding.machines[:_MACHINES])
    more = f" and {len(finding.machines) - _MACHINES:,} more" if len(finding.machines) > _MACHINES else ""
    often = times(finding.count)
    about = "; ".join(part for part in (who + more, often, f"finding {finding.id}") if part)
    accepted = " (accepted)" if finding.accepted is not None else ""
    return printable(
        f"{clock_text(finding.last)}  {finding.severity.upper()}{accepted}  {finding.title}  [{about}]"
    )


def cut_octets(text: str, limit: int) -> str:
    """At most `limit` octets of UTF-8, cut between characters."""
    octets = text.encode("utf-8", "backslashreplace")
    return octets[: max(limit, 0)].decode("utf-8", "ignore")
