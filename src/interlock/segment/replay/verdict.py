"""The verdict on a policy: what it would have cut of what was seen. It knows the past only, and never says `safe`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.records.counting import counted
from interlock.segment.check.verdicts import judged, outcome_of
from interlock.segment.propose.coverage import coverage_of, lasting
from interlock.segment.replay.loops import loops_of, masters_of
from interlock.segment.replay.warnings import warnings_of
from interlock.segment.replay.watchdogs import Watchdogs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.finding import Finding
    from interlock.segment.check.traffic import Traffic
    from interlock.segment.check.verdicts import Outcome, Violation
    from interlock.segment.model.policy import Policy
    from interlock.segment.propose.coverage import Coverage
    from interlock.segment.replay.loops import Loop, Master

__all__ = ["Replay", "replay_of"]

_DAY_HOURS: Final = 24.0
_WHOLE: Final = 0.999
"""Share of a time that counts as all of it: the first and the last packet of a day come some seconds within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """state: cuts, not-enough or clean. verdict: the sentence. loops, masters: those that would be cut or lost.

    loops_seen: how many control loops were seen at all. stopped: alerts of which something would have been denied;
    alerts: how many there were, None where nobody judged the traffic.
    """

    state: str
    verdict: str
    outcome: Outcome
    coverage: Coverage
    loops_seen: int
    loops: tuple[Loop, ...]
    masters: tuple[Master, ...]
    alerts: int | None
    stopped: tuple[Finding, ...]
    warnings: tuple[str, ...]


def replay_of(
    policy: Policy,
    traffic: Traffic,
    *,
    enough_days: float,
    findings: Iterable[Finding] | None,
    whole: bool,
    watchdogs: Watchdogs | None = None,
) -> Replay:
    """Replay it. enough_days: with less seen, the verdict is `not enough seen`. whole: all that was given was read."""
    every = list(judged(policy, traffic))
    outcome = outcome_of(policy, traffic)
    coverage = coverage_of(traffic.spans, (), ())
    loops = loops_of(every)
    cut_loops = tuple(loop for loop in loops if loop.cut)
    known = watchdogs or Watchdogs()
    lost = tuple(_waited(master, policy, known) for master in masters_of(every) if master.lost)
    alerts = None if findings is None else [finding for finding in findings if finding.kind == "alert"]
    state, verdict = _verdict(outcome, coverage, cut_loops, lost, enough_days=enough_days, whole=whole)
    return Replay(
        state=state,
        verdict=verdict,
        outcome=outcome,
        coverage=coverage,
        loops_seen=len(loops),
        loops=cut_loops,
        masters=lost,
        alerts=None if alerts is None else len(alerts),
        stopped=tuple(alert for alert in alerts or () if _stopped(alert, outcome.violations)),
        warnings=warnings_of(policy, every, outcome),
    )


def _waited(lost: Master, policy: Policy, watchdogs: Watchdogs) -> Master:
    """With how long the machine waits for its master, where that is known."""
    ends = (policy.places.aliases(lost.realm, end) for end in (lost.master, lost.server))
    silence = watchdogs.shortest(lost.realm, *ends)
    if silence is None:
        return lost
    if silence.cyclic:
        return dataclasses.replace(lost, watchdog_s=silence.seconds)
    return dataclasses.replace(lost, session_ends_s=silence.seconds)


def _verdict(
    outcome: Outcome,
    coverage: Coverage,
    loops: tuple[Loop, ...],
    lost: tuple[Master, ...],
    *,
    enough_days: float,
    whole: bool,
) -> tuple[str, str]:
    hours = coverage.hours
    if outcome.violations:
        unheard = sum(v.count - v.answered for v in outcome.violations if v.what == "operation")
        parts = [
            counted(outcome.cut_operations, "operation")
            + (f" ({unheard:,} of them never answered)" if unheard else ""),
            counted(outcome.cut_flows, "conversation"),
            counted(len(loops), "control loop"),
            _without(len({(m.realm, m.server) for m in lost})),
        ]
        return "cuts", f"cuts {', '.join(parts)} of what was seen in {lasting(hours)}"
    if not outcome.operations and not outcome.flows:
        return "not-enough", "not enough seen: no traffic at all"
    if not whole or outcome.left_out:
        return "not-enough", "not enough seen: part of what was given could not be replayed"
    if hours < enough_days * _DAY_HOURS * _WHOLE:
        return "not-enough", f"not enough seen: {lasting(hours)} of at least {enough_days:g} days"
    return "clean", f"cuts nothing seen in {lasting(hours)}"


def _without(machines: int) -> str:
    return f"{counted(machines, 'machine')} {'loses' if machines == 1 else 'lose'} a master"


def _stopped(alert: Finding, violations: Iterable[Violation]) -> bool:
    """Whether something that an alert is about would have been denied: its frames, or its machines at its time."""
    frames = {(e.source, frame) for e in alert.evidence for frame in e.frames}
    machines = set(alert.machines)
    for violation in violations:
        ends = {violation.client, violation.server}
        at_once = violation.first <= alert.last and alert.time <= violation.last
        if any((violation.source, frame) in frames for frame in violation.frames):
            return True
        if violation.realm == alert.realm and ends <= machines and at_once:
            return True
    return False
