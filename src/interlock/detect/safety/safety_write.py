"""A write judged by where it pushes the process: beyond a limit, in too large a step, by a drift, to and fro."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.safety.limits import limits_of, measure
from interlock.detect.safety.moves import CREEP_STEPS, Moves
from interlock.detect.safety.series import NEEDS, Series, Tags
from interlock.detect.safety.trend import drawn
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.safety.limits import Limits
    from interlock.detect.tally import Key, Tally
    from interlock.records.site import Tag
    from interlock.records.vocabulary import Severity

__all__ = ["SafetyWrite"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What a doubt means. title: with who, tag, now, before and limit put in."""

    title: str
    severity: Severity
    matters: str
    silent: str
    techniques: tuple[str, ...]


_PUSHES: Final = "What is written is what the machine does next, whoever wrote it: "
_RULES: Final[dict[str, _Rule]] = {
    "above": _Rule(
        title="{who} commands {tag} to {now}, above its safe limit of {limit}",
        severity="critical",
        matters=_PUSHES + "the process is driven beyond what it is built for.",
        silent="Silent for values within the limits of the tag in the site file, and of what it drives.",
        techniques=named("unsafe-setpoint"),
    ),
    "below": _Rule(
        title="{who} commands {tag} to {now}, below its safe limit of {limit}",
        severity="critical",
        matters=_PUSHES + "the process is driven beyond what it is built for.",
        silent="Silent for values within the limits of the tag in the site file, and of what it drives.",
        techniques=named("unsafe-setpoint"),
    ),
    "near": _Rule(
        title="{who} sets {tag} to {now}, which leaves no room to the safe limit of {limit}",
        severity="medium",
        matters="A process kept at the edge of its limit passes it with the first ordinary disturbance.",
        silent="Silent where the set point keeps its distance (`margin` of the tag, else 5 % of the safe span).",
        techniques=named("setpoint-at-edge"),
    ),
    "step": _Rule(
        title="{who} commands {tag} from {before} to {now} in one step",
        severity="high",
        matters="A step larger or faster than the process can follow strains pumps, valves, seals and belts, and "
        "throws its control loops out of balance.",
        silent="Silent for steps no larger than `step`, and no faster than `rate_per_s`, of the tag in the site file.",
        techniques=named("unsafe-setpoint"),
    ),
    "creep": _Rule(
        title="{who} moves {tag} little by little to {now}",
        severity="medium",
        matters="No single step looks wrong, all of them together take away the distance to the limit.",
        silent="Silent for fewer than eight small steps one way within an hour, and for less than a tenth of the safe "
        "span. A recipe that ramps this set point looks like it too: accept that finding.",
        techniques=named("setpoint-creep"),
    ),
    "hammering": _Rule(
        title="{who} switches {tag} to and fro",
        severity="high",
        matters="Every stroke sends a pressure or load wave through the machine: valves, contactors, pumps and pipes "
        "break after some thousand strokes too many.",
        silent="Silent below `reversals_per_min` of the tag in the site file (6 where it says nothing).",
        techniques=named("hammering"),
    ),
    "contest": _Rule(
        title="{who} commands {tag} against another station",
        severity="high",
        matters="Two writers who want different things: the machine follows whoever wrote last, and the one who "
        "controls it has lost it without knowing.",
        silent="Silent where other stations write the same value, or take turns less than four times a minute.",
        techniques=named("second-master"),
    ),
}
_REQUIREMENTS: Final = (
    *("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 3.5", "IEC 62443-3-3 SR 3.6", "IEC 62443-3-3 SR 6.2"),
    *("NIS2 Art. 21(2)(b)", "NIS2 Art. 21(2)(e)"),
)
_ACTIONS: Final = (
    Action(
        text="Ask the operators now what they see at the machine itself, not only on the screen, and have them bring "
        "the value back by their own procedure.",
        risk="None while only asking; taking a process back too quickly is a disturbance of its own.",
    ),
    Action(
        text="If nobody of yours wrote it, cut the writing station off this machine at its switch or firewall.",
        risk="If the station also shows or controls the process, operators lose it: agree with them first.",
    ),
)


class SafetyWrite(CauseDetector):
    """One finding per client, tag and doubt."""

    name: ClassVar[str] = "safety-write"
    table: ClassVar[str] = "values"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"values": NEEDS}

    def __init__(self) -> None:
        super().__init__()
        self._moves: dict[str, Moves] = {}
        self._worst: dict[Key, list[Any]] = {}  # value before, value written, trend to there

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Take the series of every tag; count what is doubtful."""
        tags = Tags.of(context.site)
        by_tag: dict[str, list[Series]] = {}
        for series in tags.series(batch):
            by_tag.setdefault(series.tag.name, []).append(series)
        for every in by_tag.values():
            tag = every[0].tag
            yield from self._absorb(tag, limits_of(tag, tags.by_name), every)

    def _absorb(self, tag: Tag, limits: Limits, every: list[Series]) -> Iterator[Key]:
        moves = self._moves.setdefault(tag.name, Moves())
        counted_rows: dict[tuple[Key, int], tuple[Series, list[int]]] = {}
        for series, row, what, before, now in moves.take(tag, limits, every):
            key: Key = (series.realm, series.client, series.server, tag.name, what)
            self._keep(key, what, before, now, moves)
            counted_rows.setdefault((key, id(series)), (series, []))[1].append(row)
        for (key, _), (series, rows) in counted_rows.items():
            tally = self.tallies[key]
            times, frames = series.times[rows], series.frames[rows]
            tally.add(series.source, int(times.min()), int(times.max()), frames, len(rows))
            for word in series.about:
                tally.note("quality", word)
            for other in moves.writers if key[4] == "contest" else ():
                if other != series.client:
                    tally.note("against", other, 0)
            yield key

    def _keep(self, key: Key, what: str, before: float, now: float, moves: Moves) -> None:
        """Remember the first of a cause, and whatever is worse than what is remembered."""
        known = self._worst.get(key)
        worse = known is None or _gravity(what, before, now) > _gravity(what, known[0], known[1])
        if worse and (known is not None or len(self._worst) < 10_000):
            self._worst[key] = [before, now, moves.trend.points()]

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what it does to the process."""
        realm, client, server, name, what = key
        tags = Tags.of(context.site)
        tag = tags.by_name.get(name)
        worst = self._worst.get(key)
        if tag is None or worst is None:
            return None
        limits, rule = limits_of(tag, tags.by_name), _RULES[what]
        before, now, points = worst
        top = what == "above" or (what != "below" and now >= (limits.low + limits.high) / 2)
        limit, limit_of = (limits.high, limits.high_of) if top else (limits.low, limits.low_of)
        words: dict[str, str] = {
            "who": context.name(realm, client), "tag": f"{name}", "now": measure(now, tag),
            "before": measure(before, tag) if np.isfinite(before) else "a value not seen", "limit": measure(limit, tag),
        }  # fmt: skip
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{what} {name}",
            kind="alert",
            severity="high" if what == "creep" and _at_edge(now, limits) else rule.severity,
            confidence=0.9 if what in {"above", "below", "hammering"} else 0.8,
            title=rule.title.format(**words),
            seen=_seen(what, tag, tally, words, limit_of) + _standing(context, realm, client, server),
            matters=_harm(rule.matters, tag),
            silent=rule.silent,
            actions=_ACTIONS,
            techniques=_techniques(rule, tag),
            requirements=_REQUIREMENTS,
            others=tuple(tally.noted("against")),
            data=(
                ("tag", name), ("object", tag.object), ("written", f"{now:.6g}"), ("before", f"{before:.6g}"),
                ("trend", drawn(points, tag, _finite(limits.low), _finite(limits.high))),
                *((kind, ", ".join(tally.noted(kind))[:500]) for kind in sorted(tally.words)),
            ),
        )  # fmt: skip

    def own_state(self) -> Any:
        """Tags' moves, and the worst of every cause."""
        return [
            {name: moves.state() for name, moves in self._moves.items()},
            [[list(key), worst] for key, worst in self._worst.items()],
        ]

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        self._moves = {str(name): Moves.of(moves) for name, moves in state[0].items()}
        self._worst = {
            tuple(str(part) for part in key): [
                float(before), float(now), [(int(t), float(v)) for t, v in points]
            ]
            for key, (before, now, points) in state[1]
        }  # fmt: skip


def _gravity(what: str, before: float, now: float) -> float:
    """How bad, comparable within a cause: beyond which value, by which step, by how long a drift."""
    if what in {"above", "below", "near"}:
        return -now if what == "below" else now
    return abs(now - before) if np.isfinite(before) else 0.0


def _at_edge(now: float, limits: Limits) -> bool:
    room = 0.1 * limits.span
    return now >= limits.high - room or now <= limits.low + room


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _seen(what: str, tag: Tag, tally: Tally, words: dict[str, str], limit_of: Tag) -> str:
    text = f"Seen {counted(tally.count, 'time')}: {tag.object} ({tag.description or tag.name}) was written"
    if what == "creep":
        return f"{text} in {CREEP_STEPS} or more small steps from {words['before']} to {words['now']}."
    text += f" as {words['now']}; before it was {words['before']}."
    if what in {"above", "below", "near"} and limit_of.name != tag.name:
        text += f" It drives {limit_of.name}, which is safe only to {words['limit']}."
    if what == "contest":
        text += f" Others write it too: {', '.join(tally.noted('against'))[:200]}."
    if any(q in {"priority-1", "priority-2"} for q in tally.noted("quality")):
        text += " It was written at a life-safety priority, which operators cannot take back."
    return text


def _standing(context: Context, realm: str, client: str, server: str) -> str:
    """Who it was, as far as that is known; it changes nothing about the process."""
    if context.site.engineering_station(realm, client, server) is not None:
        return " The site file names the client as engineering station: it may be allowed to, the limit holds anyway."
    role = context.role(realm, client)
    return f" The client looks like this: {role}." if role else ""


def _harm(matters: str, tag: Tag) -> str:
    return f"{matters} What it moves: {tag.description}." if tag.description else matters


def _techniques(rule: _Rule, tag: Tag) -> tuple[str, ...]:
    """Parameters (T0836) are what set points are; a command to an actuator is an unauthorised command first."""
    return (
        named("unsafe-command")
        if rule.techniques == named("unsafe-setpoint") and not tag.drives
        else rule.techniques
    )
