"""What a drill's findings are worth, beside the truth about the attack: found or missed, when, and by which name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from interlock.detect.incidents.consequence import calls

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from interlock.pipeline.drill.rehearsal import Said
    from interlock.records.finding import Finding
    from interlock.records.incident import Incident

__all__ = ["Row", "alarms", "score"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One scenario.

    pace: `one-step` or `slow`. delay_s: from `detectable_from` to the first alarm, on the capture's clock; 0 where it
    came earlier; None where none came, or the truth does not say from when. named_s: the same to the first alarm that
    names an id of the truth. first: the id that the gravest incident of its alarms is named by. given: technique ids of
    its alarms, in the order in which they were said. by: detectors. others: titles of alarms that are about nothing of
    it. incidents: into how many its alarms were joined.
    """

    scenario: str
    pace: str
    truth: tuple[str, ...]
    found: bool
    named: bool
    delay_s: float | None
    named_s: float | None
    first: str | None
    given: tuple[str, ...]
    by: tuple[str, ...]
    titles: tuple[str, ...]
    others: tuple[str, ...]
    incidents: int = 0


def alarms(said: Iterable[Said], quiet: Collection[str] = ()) -> list[Said]:
    """Those for which somebody would be called (detect.incidents.consequence), and that a quiet plant lacks.

    The same rule says what is found and what is false.
    """
    return [one for one in said if one.finding.id not in quiet and calls(one.finding)]


def score(
    truth: Mapping[str, Any],
    said: Sequence[Said],
    quiet: Collection[str],
    addresses: Mapping[str, Collection[str]],
    incidents: Iterable[Incident] = (),
) -> Row:
    """truth: as the truth file has it. quiet: ids of what is said without any attack. addresses: of each machine.

    incidents: gravest first.
    """
    joined = list(incidents)
    frames, begin = set(truth["frames"]), _ns(truth["begin"])
    ends = {a for name in (truth["attacker"], *truth["victims"]) for a in addresses.get(name, ())}
    mine: list[Said] = []
    others: list[Said] = []
    for one in alarms(said, quiet):
        about = bool(frames & _frames(one.finding)) or (one.first >= begin and ends & _spoken_of(one.finding))
        (mine if about else others).append(one)
    accepted = set(truth["techniques"])
    named = [one for one in mine if accepted & set(one.finding.techniques)]
    ids = {one.finding.id for one in mine}
    theirs = [incident for incident in joined if not ids.isdisjoint(incident.findings)]
    return Row(
        scenario=truth["name"],
        pace=truth["pace"],
        truth=tuple(truth["techniques"]),
        found=bool(mine),
        named=bool(named),
        delay_s=_delay(mine, truth),
        named_s=_delay(named, truth),
        first=next((name for incident in theirs for name in incident.techniques[:1]), None),
        given=tuple(dict.fromkeys(t for one in mine for t in one.finding.techniques)),
        by=tuple(dict.fromkeys(one.finding.detector for one in mine)),
        titles=tuple(one.finding.title for one in mine),
        others=tuple(one.finding.title for one in others),
        incidents=len(theirs),
    )


def _frames(finding: Finding) -> set[int]:
    return {frame for evidence in finding.evidence for frame in evidence.frames}


def _spoken_of(finding: Finding) -> set[str]:
    return {machine.partition("/")[0] for machine in finding.machines}


def _delay(some: Sequence[Said], truth: Mapping[str, Any]) -> float | None:
    visible = truth["detectable_from"]
    if not some or visible is None:
        return None
    return max(0.0, (min(one.first for one in some) - _ns(visible)) / 1e9)


def _ns(text: str) -> int:
    """Of ISO 8601 with nine digits, UTC."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    return round(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * 10**9 + int(rest.ljust(9, "0")[:9])
