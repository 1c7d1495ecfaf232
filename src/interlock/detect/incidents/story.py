"""An incident in words: a title, what happened in order, what it could do physically."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from interlock.detect.incidents.consequence import (
    DISCOVERY,
    LOSS,
    PROGRAM,
    RANKS,
    SAFETY,
    meant,
    of_many,
    physically,
)
from interlock.detect.wording import counted
from interlock.records.incident import Incident
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.detect.incidents.consequence import Consequence
    from interlock.detect.interface import Context
    from interlock.records.incident import Step

__all__ = ["tell"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MALFORMED: Final = "malformed-control"
_REFUSED: Final = "refusals"
_NEW_ODDITY: Final = "new-oddity"
_NEW_DEED: Final = "new-deed"
_MANY_KINDS: Final = 4
"""Deeds that are new between two: who has an aim reads, writes and perhaps asks what it is."""
_BROKEN: Final = ("T0814",)
"""What detectors of malformed messages name first."""
_TRIES_AN_ACT: Final = 20
_OFTEN: Final = 4
_AROUND_NS: Final = 5 * 10**9
"""What is tried first, or last, may be taken, too."""
_WAYS: Final = frozenset({_MALFORMED, _NEW_ODDITY, "connection-flood", "unusual-rate"})
"""Detectors of the way in which somebody asks: in many conversations, fast, wrongly."""
_SEARCHES: Final = (("T0888",), ("T0846",))
_WATCHERS: Final = frozenset(
    {"unusual-step", "unusual-value", "repeated-values", "safety-value", "twin-values"}
)
_TOLD_WRONG: Final = (("T0856",), ("T0832",), ("T0831",))
"""Detectors of what is told of the process, and what they say of it first."""
_WEIGHTY: Final = SEVERITIES.index("medium")
_TOLD: Final = 8
"""Steps that a story tells one by one; the gravest are always among them."""


def tell(
    number: str,
    realm: str,
    steps: Sequence[Step],
    gravest: Consequence,
    context: Context,
    *,
    left_out: int,
    merged: tuple[str, ...],
    news: str,
) -> Incident:
    """steps: at least one, in the order of their times."""
    worst = _worst(steps)
    reached = _once(m for step in steps if step.consequence == gravest.name for m in _done_to(step))
    could = physically(gravest, realm, reached or worst.machines[:1], context)
    machines = _once(machine for step in steps for machine in step.machines)
    return Incident(
        id=number,
        rank=gravest.rank,
        consequence=gravest.name,
        severity=max((step.severity for step in steps), key=SEVERITIES.index),
        title=worst.title
        if len(steps) == 1
        else f"{worst.title}; {counted(len(steps), 'finding')} along one path",
        could=could,
        story=f"{_story(steps, worst)} What could happen: {could}",
        news=news,
        time=steps[0].time,
        last=max(step.last for step in steps),
        count=sum(step.count for step in steps),
        realm=realm,
        actor=steps[0].machines[0] if steps[0].machines else "",
        machines=machines,
        tactics=_once(step.tactic for step in steps if step.tactic),
        techniques=_once(technique for step in (worst, *steps) for technique in step.techniques),
        findings=tuple(step.finding for step in steps),
        steps=tuple(steps),
        left_out=left_out,
        merged=merged,
    )


def _done_to(step: Step) -> tuple[str, ...]:
    """Machines that may be harmed; of an address that several claim, that machine itself."""
    if step.techniques[:1] == ("T0830",):
        return step.machines[:1]
    return tuple(machine for machine in step.machines[1:] if not of_many(machine))


def _worst(steps: Sequence[Step]) -> Step:
    """The step that names an incident: the gravest thing that was done.

    What only shows an effect (a value leaps once new firmware runs) names it where nothing else was; and what nobody
    could take (every message of it was malformed) was not done. That much was refused names it where nobody says what.
    Nor does a rule broken for the first time between two who do something for the first time: that is what it shows;
    nor what weighs little, where something weighs more. Of many kinds of requests of which none did anything it is the
    search that they were, however fast or wrongly they were asked; so it is where a few of them were taken on the way.
    """
    ranks = {consequence.name: consequence.rank for consequence in RANKS}
    heeded = _heeded(steps)
    acts = [s for s in heeded if not _effect(s) and ranks.get(s.consequence, DISCOVERY.rank) <= PROGRAM.rank]
    if acts and _tries_everything(steps) and (passing := _scan(heeded, acts)):
        return max(passing, key=_weight)
    mine = acts or heeded
    least = min(ranks.get(step.consequence, DISCOVERY.rank) for step in mine)
    mine = [step for step in mine if ranks.get(step.consequence, DISCOVERY.rank) == least]
    searches = _tries_everything(steps) and not _insists(mine)
    if least >= LOSS.rank and all(s.detector in _WAYS for s in mine if meant(s.techniques) is LOSS):
        mine = (_sought(heeded) if searches else []) or mine
    if least == DISCOVERY.rank and searches:
        mine = [step for step in mine if meant(step.techniques) is DISCOVERY] or mine
    return max([step for step in mine if step.detector != _REFUSED] or mine, key=_weight)


def _insists(steps: Sequence[Step]) -> bool:
    """Whether one thing that was meant is most of what was asked for: who searches asks for each thing once."""
    asked = max((s.count for s in steps if meant(s.techniques) is DISCOVERY), default=0)
    meanings = [s for s in steps if meant(s.techniques) is not DISCOVERY and s.detector not in _WAYS]
    acts = max((s.count for s in meanings), default=0)
    return acts >= _OFTEN and 2 * acts > asked


def _scan(steps: Sequence[Step], acts: Sequence[Step]) -> list[Step]:
    """Steps of a search among whose tries all acts are, each one of many: who wants to act does it again."""
    if any(step.consequence == SAFETY.name for step in acts):
        return []
    tries = [s for s in steps if s.techniques[:1] in _SEARCHES and SEVERITIES.index(s.severity) >= _WEIGHTY]
    return [
        scan
        for scan in tries
        if all(
            act.machines[:2] == scan.machines[:2]
            and act.count * _TRIES_AN_ACT <= scan.count
            and scan.time <= act.time + _AROUND_NS
            and act.last <= scan.last + _AROUND_NS
            for act in acts
        )
    ]


def _sought(steps: Sequence[Step]) -> list[Step]:
    """Steps that say what somebody looks for who asks one machine for everything, where they weigh as much as any."""
    grave = max(SEVERITIES.index(step.severity) for step in steps)
    found = [s for s in steps if s.techniques[:1] in _SEARCHES and SEVERITIES.index(s.severity) >= grave]
    return [step for step in found if step.detector != _REFUSED]


def _tries_everything(steps: Sequence[Step]) -> bool:
    """Whether somebody asks one machine for so many kinds of things that he finds out which of them it knows."""
    kinds = Counter(step.machines[:2] for step in steps if step.detector == _NEW_DEED)
    return max(kinds.values(), default=0) >= _MANY_KINDS


def _heeded(steps: Sequence[Step]) -> list[Step]:
    """Steps that may name an incident; at least one."""
    broken = {step.machines[:2]: step.count for step in steps if step.detector == _MALFORMED}
    done = [s for s in steps if s.detector == _MALFORMED or broken.get(s.machines[:2], 0) < s.count]
    deeds: dict[tuple[str, ...], int] = {}
    for step in done:
        if step.detector == _NEW_DEED:
            grave = SEVERITIES.index(step.severity)
            deeds[step.machines[:2]] = max(grave, deeds.get(step.machines[:2], 0))
    done = [step for step in done or steps if not _mere_oddity(step, deeds)]
    return [step for step in done if SEVERITIES.index(step.severity) >= _WEIGHTY] or done


def _mere_oddity(step: Step, deeds: dict[tuple[str, ...], int]) -> bool:
    """Whether it is only a rule broken for the first time beside a deed of the same two. deeds: how grave."""
    odd = step.detector == _NEW_ODDITY and step.techniques[:1] == _BROKEN
    return odd and SEVERITIES.index(step.severity) <= deeds.get(step.machines[:2], -1)


def _weight(step: Step) -> tuple[bool, int, int, int]:
    """What was meant weighs before how often: a command that was refused says more than the reading beside it."""
    severity = SEVERITIES.index(step.severity)
    return severity >= _WEIGHTY, -meant(step.techniques).rank, severity, step.count


def _effect(step: Step) -> bool:
    return step.detector in _WATCHERS and step.techniques[:1] in _TOLD_WRONG


def _story(steps: Sequence[Step], worst: Step) -> str:
    """Each step a sentence, by when it began."""
    shown = list(steps[:_TOLD])
    if worst not in shown:
        shown[-1] = worst
    said = [_sentence(step, None if k == 0 else shown[k - 1]) for k, step in enumerate(shown)]
    more = len(steps) - len(shown)
    return " ".join((*said, f"{counted(more, 'more finding')} belong to it." if more else "")).strip()


def _sentence(step: Step, before: Step | None) -> str:
    when = _EPOCH + timedelta(microseconds=step.time // 1000)
    same_day = before is not None and before.time // 86_400_000_000_000 == step.time // 86_400_000_000_000
    clock = f"{when:%H:%M:%S}" if same_day else f"{when:%Y-%m-%d %H:%M:%S} UTC"
    tactic = f" ({step.tactic.replace('-', ' ')})" if step.tactic else ""
    times = f", {step.count:,} times" if step.count > 1 else ""
    return f"{clock}: {step.title}{tactic}{times}."


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
