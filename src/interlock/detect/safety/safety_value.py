"""A measured value that leaves its envelope, moves as nothing can, is told by two, stands still, or is told no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.gate import Deed
from interlock.detect.safety.limits import limits_of, measure
from interlock.detect.safety.series import NEEDS, Series, Tags
from interlock.detect.safety.talk import Talk
from interlock.detect.safety.trend import drawn
from interlock.detect.safety.watch import STALE, Watch
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.crossing import distinct
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.safety.limits import Limits
    from interlock.detect.tally import Key, Tally
    from interlock.records.site import Tag
    from interlock.records.vocabulary import Kind, Severity

__all__ = ["SafetyValue"]

BEFORE_NS: Final = 600 * 10**9
"""A write so long before is told beside what a value did."""
_MOST_PUSHES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What a doubt means. title: with tag, now, before and limit put in."""

    title: str
    kind: Kind
    severity: Severity
    matters: str
    silent: str
    techniques: tuple[str, ...]


_LEFT: Final = "Beyond this limit something or somebody is harmed, whether by a disturbance or by a deed."
_WITHIN: Final = "Silent within the limits of the tag in the site file; one reading beyond is none."
_RULES: Final[dict[str, _Rule]] = {
    "above": _Rule(
        title="{tag} is {now}, above its safe limit of {limit}", kind="change", severity="medium", matters=_LEFT,
        silent=_WITHIN, techniques=named("process-out-of-limits"),
    ),
    "below": _Rule(
        title="{tag} is {now}, below its safe limit of {limit}", kind="change", severity="medium", matters=_LEFT,
        silent=_WITHIN, techniques=named("process-out-of-limits"),
    ),
    "rate": _Rule(
        title="{tag} leaps from {before} to {now}, faster than the process can", kind="alert", severity="medium",
        matters="A value that moves as nothing physical can is a broken transmitter, a calibrator, or a false message.",
        silent="Silent for changes no faster than `rate_per_s` of the tag; name the calibration in a work order.",
        techniques=named("false-report"),
    ),
    "conflict": _Rule(
        title="Two tell different values of {tag}", kind="alert", severity="high",
        matters="One of the two tellers is false: controllers and operators act on whichever came last.",
        silent="Silent where the value keeps its rhythm: told more often than ever, or leaping to and fro between two "
        "of its readings, it is not.",
        techniques=named("two-reporters"),
    ),
    "frozen": _Rule(
        title="{tag} stands still at {now}, which it never does", kind="change", severity="medium",
        matters="A measurement always trembles in its last digit: one that stops is stuck, or a kept picture shown "
        "to hide what happens.",
        silent="Silent for values that stand still by habit, at rest (0) or at an end of what they were seen to do.",
        techniques=named("frozen-value"),
    ),
    "stale": _Rule(
        title="{tag} is no longer told", kind="change", severity="low",
        matters="What shows it goes on showing its last value: operators see a process that was.",
        silent=f"Silent where it comes within {STALE} of its own longest gaps, where it never had a rhythm, and where "
        "the whole conversation ended.",
        techniques=named("stale-value"),
    ),
}  # fmt: skip
_REQUIREMENTS: Final = (
    *("IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 3.5", "IEC 62443-3-3 SR 3.6", "IEC 62443-3-3 SR 6.2"),
    "NIS2 Art. 21(2)(b)",
)
_ACTIONS: Final = (
    Action(
        text="Read the value at the machine itself, by a gauge that needs no network, and compare.",
        risk="None to the process; mind that a machine beyond its limits is no place to stand beside.",
    ),
    Action(
        text="If machine and network disagree, run by the local instruments until it is found out why.",
        risk="Taking over by hand is a procedure of its own: let operators decide when.",
    ),
)


class SafetyValue(CauseDetector):
    """One finding per tag and doubt."""

    name: ClassVar[str] = "safety-value"
    table: ClassVar[str] = "values"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"values": NEEDS}
    withheld_by: ClassVar[Mapping[str, str]] = {
        "clock-step": "the capture's clock jumped, so no rhythm and no rate can be told",
    }

    def __init__(self) -> None:
        super().__init__()
        self._watches: dict[str, Watch] = {}
        self._kept: dict[Key, list[Any]] = {}  # value before, value, trend to there
        self._pushes: dict[str, list[list[Any]]] = {}  # tag → [time, client, tag written, value]
        self._told: dict[str, list[int]] = {}  # tag → when last, and the last after which it was found stale
        self._talks: dict[Key, Talk] = {}

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Take the readings of every tag; writes are kept to be told beside them."""
        tags = Tags.of(context.site)
        every = tags.series(batch)
        by_tag: dict[str, list[Series]] = {}
        for series in every:
            if series.written:
                self._push(series)
            else:
                by_tag.setdefault(series.tag.name, []).append(series)
        for readings in by_tag.values():
            yield from self._read(readings[0].tag, limits_of(readings[0].tag, tags.by_name), readings)
        yield from self._stale(every, by_tag)
        for name, readings in by_tag.items():
            self._told.setdefault(name, [0, 0])[0] = max(int(s.times[-1]) for s in readings)

    def _push(self, series: Series) -> None:
        for name in dict.fromkeys((series.tag.name, series.tag.drives or series.tag.name)):
            pushes = self._pushes.setdefault(name, [])
            for time, value in zip(series.times[-4:].tolist(), series.values[-4:].tolist(), strict=True):
                if not pushes or pushes[-1][1:] != [series.client, series.tag.name, value]:
                    pushes.append([time, series.client, series.tag.name, value])
            del pushes[:-_MOST_PUSHES]

    def _read(self, tag: Tag, limits: Limits, readings: list[Series]) -> Iterator[Key]:
        times, values, whose, within = _merged(readings)
        if not len(times):
            return
        watch = self._watches.setdefault(tag.name, Watch())
        reported = len(readings) == 1 and tag.octet is not None
        rows: dict[Key, dict[int, list[int]]] = {}
        for row, what, before in watch.take(tag, limits, times, values, reported=reported):
            series = readings[whose[row]]
            key: Key = (series.realm, series.server, tag.name, what)
            if key not in self._kept and len(self._kept) < 10_000:
                self._kept[key] = [before, float(values[row]), watch.trend.points()]
            rows.setdefault(key, {}).setdefault(int(whose[row]), []).append(int(within[row]))
        for key, by_series in rows.items():
            for number, picked in by_series.items():
                series = readings[number]
                at, frames = series.times[picked], series.frames[picked]
                self.tallies[key].add(series.source, int(at.min()), int(at.max()), frames, len(picked))
                self.tallies[key].note("client", series.client, len(picked))
            yield key

    def _stale(self, every: tuple[Series, ...], by_tag: dict[str, list[Series]]) -> Iterator[Key]:
        """Find tags that a conversation no longer tells though it goes on telling others."""
        talks: dict[Key, list[Series]] = {}
        for series in every:
            if not series.written:
                talks.setdefault((series.realm, series.client, series.server), []).append(series)
        for pair, told in talks.items():
            talk = self._talks.setdefault(pair, Talk())
            talk.tags.update(dict.fromkeys(s.tag.name for s in told))
            times = distinct(np.concatenate([s.times for s in told]))
            since = talk.since(times)
            for name in talk.tags:
                yield from self._silent(name, told[0], times, since, by_tag.get(name, []))

    def _silent(
        self,
        name: str,
        one: Series,
        times: NDArray[np.int64],
        since: NDArray[np.int64],
        readings: list[Series],
    ) -> Iterator[Key]:
        watch, (carried, flagged) = self._watches.get(name), self._told.get(name, [0, 0])
        patience = None if watch is None else watch.patience_ns
        if watch is None or patience is None:
            return
        own = np.sort(np.concatenate([np.array([carried]), *(s.times for s in readings)]))
        last = own[np.searchsorted(own, times, "right") - 1]
        late = (times - np.maximum(last, since) > patience) & (last >= watch.learned_at) & (last > flagged)
        for row in np.flatnonzero(late)[:1].tolist():
            key: Key = (one.realm, one.server, name, "stale")
            self._told.setdefault(name, [0, 0])[1] = int(last[row])
            if key not in self._kept and watch.last is not None:
                self._kept[key] = [watch.last[1], watch.last[1], watch.trend.points()]
            self.tallies[key].add(one.source, int(last[row]), int(times[row]), np.zeros(0, np.int64), 1)
            self.tallies[key].note("client", one.client)
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what the value did, and what was written before."""
        # Over 40 lines: most of it is the text of one verdict.
        realm, server, name, what = key
        tags = Tags.of(context.site)
        tag, kept = tags.by_name.get(name), self._kept.get(key)
        if tag is None or kept is None:
            return None
        limits, rule = limits_of(tag, tags.by_name), _RULES[what]
        before, now, points = kept
        pushes = self._pushed(name, tally.first) if what in {"above", "below"} else []
        limit = limits.low if what == "below" else limits.high
        words = {
            "tag": name, "now": measure(now, tag), "before": measure(before, tag), "limit": measure(limit, tag)
        }  # fmt: skip
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(dict.fromkeys((*tally.noted("client"), *(push[1] for push in pushes)))),
            cause=f"{what} {name}",
            kind="alert" if pushes else rule.kind,
            severity="high" if pushes else rule.severity,
            confidence=0.9 if what in {"above", "below"} else 0.7,
            title=rule.title.format(**words),
            seen=f"Seen {counted(tally.count, 'time')}: {tag.object} of {context.name(realm, server)} "
            f"({tag.description or name}).{self._before(pushes, tags, context, realm)}",
            matters=rule.matters,
            silent=rule.silent,
            actions=_ACTIONS,
            techniques=rule.techniques,
            requirements=_REQUIREMENTS,
            data=(
                ("tag", name), ("object", tag.object), ("value", f"{now:.6g}"),
                ("trend", drawn(points, tag, _finite(limits.low), _finite(limits.high))),
            ),
            deed=Deed(realm=realm, machines=(server,), objects=(tag.object,)),
        )  # fmt: skip

    def _pushed(self, name: str, time: int) -> list[list[Any]]:
        """Give the writes shortly before, of the tag and of what drives it, that changed something."""
        return [p for p in self._pushes.get(name, []) if time - BEFORE_NS <= p[0] <= time][-3:]

    def _before(self, pushes: list[list[Any]], tags: Tags, context: Context, realm: str) -> str:
        told = [
            f"{context.name(realm, client)} wrote {tag} as {measure(value, tags.by_name[tag])}"
            for _, client, tag, value in pushes
            if tag in tags.by_name
        ]
        if not told:
            return (
                " Nothing was written to it in the ten minutes before: a disturbance is the likelier cause."
            )
        return f" In the ten minutes before, {'; '.join(told)}."

    def own_state(self) -> Any:
        """Everything that is remembered of tags."""
        return [
            {name: watch.state() for name, watch in self._watches.items()},
            [[list(key), kept] for key, kept in self._kept.items()],
            self._pushes,
            self._told,
            [[list(key), talk.state()] for key, talk in self._talks.items()],
        ]

    def restore_own(self, state: Any) -> None:
        """Take it back."""
        self._watches = {str(name): Watch.of(watch) for name, watch in state[0].items()}
        self._kept = {
            tuple(str(part) for part in key): [
                float(kept[0]), float(kept[1]), [(int(t), float(v)) for t, v in kept[2]]
            ]
            for key, kept in state[1]
        }  # fmt: skip
        self._pushes = {
            str(name): [[int(t), str(client), str(tag), float(v)] for t, client, tag, v in pushes]
            for name, pushes in state[2].items()
        }
        self._told = {str(name): [int(n) for n in told] for name, told in state[3].items()}
        self._talks = {tuple(str(part) for part in key): Talk.of(talk) for key, talk in state[4]}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _merged(
    readings: list[Series],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Readings of a tag in time order, without those that the device itself doubts; whose each is, and its row."""
    sure = [np.flatnonzero(~s.doubted) for s in readings]
    times = np.concatenate([s.times[rows] for s, rows in zip(readings, sure, strict=True)])
    values = np.concatenate([s.values[rows] for s, rows in zip(readings, sure, strict=True)])
    whose = np.repeat(np.arange(len(readings)), [len(rows) for rows in sure])
    within = np.concatenate(sure)
    order = np.argsort(times, kind="stable")
    return times[order], values[order], whose[order], within[order]
