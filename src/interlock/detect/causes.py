"""The common body of detectors that keep one tally per cause and turn each into one finding."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from interlock.detect.asked import Asked
from interlock.detect.crowds import Crowds, Gathered, theme_of
from interlock.detect.gate import Deed, calendar_of, expected
from interlock.detect.identify import identify
from interlock.detect.interface import Withheld
from interlock.detect.packing import packed
from interlock.detect.tally import MAX_CAUSES, Key, Tallies, Tally
from interlock.errors import SourceError
from interlock.records.finding import Action, Finding
from interlock.records.vocabulary import Kind, Severity  # noqa: TC001 - Verdict and _GRAVITY name them

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.facts import Facts
    from interlock.detect.interface import Context

__all__ = ["FULL", "CauseDetector", "Verdict", "milder"]

FULL = "full"
_FULL_REASON = "more was seen than is kept in memory; what came last was not judged"
"""Condition of a detector, not of a source: it met one of its bounds."""
_GRAVITY: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")


def milder(severity: Severity, steps: int = 1) -> Severity:
    """Lower a severity by some steps, not below info."""
    return _GRAVITY[max(0, _GRAVITY.index(severity) - steps)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a detector says of one cause; the rest of a finding follows from its tally.

    machines: addresses that the finding is about, part of its id with `cause`; `others`: further
    addresses concerned, not part of the id. seen, matters, silent: the three parts of the explanation.
    deed: what a work order may make expected; None: nothing does.
    table: where the evidence's frames come from, if not from the detector's.
    """

    realm: str
    machines: tuple[str, ...]
    cause: str
    kind: Kind
    severity: Severity
    confidence: float
    title: str
    seen: str
    matters: str
    silent: str
    actions: tuple[Action, ...]
    techniques: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    data: tuple[tuple[str, str], ...] = ()
    deed: Deed | None = None
    table: str = ""


def _gated(verdict: Verdict, deed: Deed, tally: Tally, context: Context) -> Verdict | None:
    """Pass a verdict through the change gate: silent, or info, where a work order made all of it expected."""
    order = expected(deed, tally, context)
    if order is None:
        return verdict
    if not deed.mild:
        return None
    told = f"{verdict.seen} All of it happened under the work order {order.id}."
    return replace(verdict, severity="info", seen=told)


class CauseDetector(ABC):
    """Subclasses say what to count (`absorb`) and what it means (`judge`); the rest is here.

    table: where the evidence's frames come from. withheld_by: condition (interface.HEALTH) → why a
    source under it cannot be judged. early: whether pending rows of operations are judged.
    asked: what operations add that were asked and have not ended.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    table: ClassVar[str] = "operations"
    needs: ClassVar[Mapping[str, tuple[str, ...]]]
    withheld_by: ClassVar[Mapping[str, str]] = {}
    early: ClassVar[bool] = False
    again: ClassVar[int] = 2
    """So many times as often as when it was said last, a cause is said again; `conclude` has every count."""
    composed: ClassVar[bool] = False
    """Whether it puts causes together itself, of tallies that are counted under other keys."""

    def __init__(self) -> None:
        self.tallies = Tallies(MAX_CAUSES)
        self.asked = Asked()
        self.facts: dict[str, Facts] = {}
        self._said: dict[Key, int] = {}
        self._early: dict[Key, str] = {}
        self._crowds = Crowds()

    @abstractmethod
    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Count a batch that is not empty; give the causes it touched."""

    @abstractmethod
    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what a cause means now; None where it means nothing yet."""

    def feed(self, batch: Batch, context: Context) -> Iterable[Finding]:
        """Give findings that are new, have grown by `again` since they were said, or whom an answer titles anew."""
        touched = self._take_in(batch, context)
        return [finding for key in sorted(touched) for finding in self._say(key, context)]

    def count(self, batch: Batch, context: Context) -> None:
        """See interface.Counting: what a cause means is worked out at the end, once."""
        self._take_in(batch, context)

    def _take_in(self, batch: Batch, context: Context) -> set[Key]:
        """Count a batch; give the causes it touched."""
        if batch.table not in self.needs or not len(batch):
            return set()
        self.tallies.room.when = self.asked.room.when = calendar_of(context.site)
        touched = set(self.absorb(batch, context))
        return touched | self.asked.settle(batch) if batch.table == "operations" else touched

    def _answered(self, key: Key) -> bool:
        """Whether all operations have ended of a cause that was said before they did."""
        return key in self._early and key not in self.asked

    def counting(
        self, key: Key, outcome: str | None, batch: Batch, rows: NDArray[np.int64]
    ) -> Iterable[tuple[Tally, NDArray[np.int64]]]:
        """Say where rows of operations with one outcome are to be counted under a cause: tallies, and rows for each.

        Pending rows count until the operation's final rows come, which then count in their stead.
        """
        return self.asked.open(key, batch, rows) if outcome == "pending" else ((self.tallies[key], rows),)

    def keys(self) -> Iterable[Key]:
        """Give every cause, sorted."""
        return sorted({*self.tallies, *self.asked}) if self.asked else self.tallies

    def tally(self, key: Key) -> Tally:
        """Give what is known of a cause; one without spans where nothing is."""
        if key not in self.asked:
            return self.tallies[key] if key in self.tallies else Tally()
        whole = Tally()
        for part in (*((self.tallies[key],) if key in self.tallies else ()), *self.asked.of(key)):
            whole.merge(part)
        return whole

    def _rows_of(self, key: Key) -> int:
        """How many rows a cause has; without putting its tallies together, where these are what it is made of."""
        if self.composed:
            return self.tally(key).count
        own = self.tallies[key].count if key in self.tallies else 0
        return own + sum(part.count for part in self.asked.of(key))

    def _say(self, key: Key, context: Context) -> Iterator[Finding]:
        answered, count = self._answered(key), self._rows_of(key)
        more = count >= self.again * self._said.get(key, 0)
        if not count or not (more or answered):
            return
        judged = self._meaning(key, context)
        if judged is not None and (more or judged[0].title != self._early[key]):
            told, before = judged[1].count, self._said.get(key, 0)
            self._said[key] = told
            self._early.pop(key, None)
            if key in self.asked:
                self._early[key] = judged[0].title
            yield from self._one_or_crowd(key, judged, before, context)
        elif answered:
            del self._early[key]

    def _one_or_crowd(
        self, key: Key, judged: tuple[Verdict, Tally], before: int, context: Context
    ) -> Iterator[Finding]:
        """Give a finding of a cause, or one of all like it once many were given. before: its count when said last."""
        verdict, tally = judged
        theme = theme_of(verdict, context)
        crowd = None if theme is None else self._crowds.of(theme, key)
        if theme is None or crowd is None:
            yield self._compose(verdict, tally, context)
            return
        crowd.join(key, verdict, tally, before)
        if crowd.members >= 2 * crowd.said:
            crowd.said = crowd.members
            first = self._meaning(crowd.first, context) or judged
            yield self._compose(crowd.verdict(theme, first[0]), crowd.tally, context)

    @property
    def remembered(self) -> int:
        """How many causes it remembers."""
        return len(self.tallies)

    @property
    def left_out(self) -> int:
        """How many times something did not fit."""
        return self.tallies.left_out + sum(facts.left_out for facts in self.facts.values())

    def age_out(self, most: int) -> int:
        """Forget the causes that have not occurred for longest (Tallies.age_out); how many. Findings of theirs stay."""
        gone = self.tallies.age_out(most)
        for key in gone:
            self._said.pop(key, None)
        return len(gone)

    def conclude(self, context: Context) -> Iterable[Finding]:
        """Every finding with its final count, worked out as it is asked for."""
        return (finding for finding in self.concluding(context) if finding is not None)

    def concluding(self, context: Context) -> Iterator[Finding | None]:
        """See interface.Pausing: what is of a crowd is known when all causes are."""
        gathered = Gathered()
        for key in tuple(self.keys()):
            judged = self._meaning(key, context)
            theme = None if judged is None else theme_of(judged[0], context)
            if judged is not None and theme is None:
                yield self._compose(*judged, context)
                continue
            if judged is not None and theme is not None:
                gathered.take(theme, key, *judged)
            yield None
        for verdict, tally in gathered.all():
            yield self._compose(verdict, tally, context)

    def withheld(self, context: Context) -> Iterable[Withheld]:
        """Causes seen only in sources that cannot be judged, counted by source and condition."""
        counts: dict[tuple[str, str], int] = {}
        reasons: dict[str, str] = {}
        met = frozenset().union(*context.health.values())
        for key in self.keys() if met else ():
            if met.isdisjoint(barring := self.barring(key)):
                continue
            tally = self.tally(key)
            for source in self._barred(key, tally, context):
                if self.judge(key, tally.only({source}), context) is not None:
                    condition = next(c for c in barring if context.has(source, c))
                    counts[source, condition] = counts.get((source, condition), 0) + 1
                    reasons[condition] = barring[condition]
        held = [
            Withheld(detector=self.name, source=s, condition=c, reason=reasons[c], count=n)
            for (s, c), n in sorted(counts.items())
        ]
        if left_out := self.left_out:
            held.append(
                Withheld(detector=self.name, source="", condition=FULL, reason=_FULL_REASON, count=left_out)
            )
        return held

    def may(self, key: Key, context: Context) -> bool:  # noqa: ARG002 - of most detectors every cause may
        """Whether a cause can mean anything now, by its key alone: asked before its tallies are put together."""
        return True

    def barring(self, key: Key) -> Mapping[str, str]:  # noqa: ARG002 - of most detectors the same for every cause
        """Condition → why a source under it proves nothing of a cause."""
        return self.withheld_by

    def _barred(self, key: Key, tally: Tally, context: Context) -> set[str]:
        barring = self.barring(key)
        return {s for s in tally.spans if any(context.has(s, c) for c in barring)}

    def _meaning(self, key: Key, context: Context) -> tuple[Verdict, Tally] | None:
        """What a cause means now, past the change gate, and what of its tally counts."""
        if not self.may(key, context):
            return None
        tally = self.tally(key)
        if barred := self._barred(key, tally, context):
            tally = tally.only(set(tally.spans) - barred)
        if not tally.spans:
            return None
        verdict = self.judge(key, tally, context)
        if verdict is not None and verdict.deed is not None:
            verdict = _gated(verdict, verdict.deed, tally, context)
        return None if verdict is None else (verdict, tally)

    def _compose(self, verdict: Verdict, tally: Tally, context: Context) -> Finding:
        found = (context.asset(verdict.realm, m) for m in (*verdict.machines, *verdict.others[:50]))
        return Finding(
            id=identify(self.name, verdict.realm, verdict.machines, verdict.cause),
            detector=self.name,
            version=self.version,
            kind=verdict.kind,
            severity=verdict.severity,
            confidence=verdict.confidence,
            title=verdict.title,
            explanation=f"{verdict.seen} {verdict.matters} {verdict.silent}",
            time=tally.first,
            last=tally.last,
            count=tally.count,
            realm=verdict.realm,
            machines=(*verdict.machines, *verdict.others[:50]),
            assets=tuple(dict.fromkeys(asset.id for asset in found if asset is not None)),
            evidence=tally.evidence(verdict.table or self.table),
            techniques=verdict.techniques,
            requirements=verdict.requirements,
            actions=verdict.actions,
            data=verdict.data,
        )

    def dump(self) -> bytes:
        """Everything it remembers, as JSON."""
        state = {
            "detector": self.name,
            "version": self.version,
            "tallies": self.tallies.state(),
            "facts": {name: facts.state() for name, facts in self.facts.items()},
            "said": [[list(key), count] for key, count in self._said.items()],
            "crowds": self._crowds.state(),
            "asked": [self.asked.state(), [[list(key), title] for key, title in self._early.items()]],
            "own": self.own_state(),
        }
        return packed(state)

    def anew(self) -> Self:
        """Give one of its own kind that has seen nothing."""
        return type(self)()

    def load(self, state: bytes) -> None:
        """Go on from a dump; where it is refused, nothing has changed.

        Raises SourceError where it is not a dump of this detector and version.
        """
        fresh = self.anew()
        try:
            known: dict[str, Any] = json.loads(state)
            if (known["detector"], known["version"]) != (self.name, self.version):
                raise SourceError(
                    f"the state of {known['detector']}/{known['version']} is not for {self.name}"
                )
            fresh._restore(known)  # noqa: SLF001 - a fresh one of its own kind
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise SourceError(f"the state kept for detector {self.name} cannot be read: {error}") from error
        self.__dict__.update(fresh.__dict__)

    def _restore(self, known: dict[str, Any]) -> None:
        self.tallies.restore(known["tallies"])
        for name, facts in self.facts.items():
            facts.restore(known["facts"][name])
        self._said = {tuple(key): int(count) for key, count in known["said"]}
        asked, early = known.get("asked", ([], []))  # states of the first versions have none
        self.asked.restore(asked)
        self._early = {tuple(key): str(title) for key, title in early}
        self._crowds.restore(known.get("crowds", ([], [])))
        self.restore_own(known["own"])

    def own_state(self) -> Any:
        """Give what a subclass remembers besides tallies and facts, as JSON values."""
        return None

    def restore_own(self, state: Any) -> None:
        """Take back what `own_state` gave."""
        del state  # nothing, unless a subclass gave something
