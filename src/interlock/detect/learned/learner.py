"""The common body of detectors that judge by what they learned of this plant."""

from __future__ import annotations

import dataclasses
import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.causes import CauseDetector
from interlock.detect.identify import identify
from interlock.detect.learned.chances import Expectation, expected, has_converged
from interlock.detect.learned.observed import TOGETHER, Observed
from interlock.detect.packing import packed
from interlock.detect.wording import counted
from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.causes import Verdict
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.finding import Finding

__all__ = ["HELD_BACK", "Learner", "relation_id", "together"]

HELD_BACK: Final = 1 / 3
"""The last part of what was observed: what would have been said in it, by what came before, is to be expected."""


class Learner(CauseDetector):
    """Subclasses say what they take for normal (`take`), and what of a batch differs from it (`deviations`).

    `know` and `learn` come from people who say that what they give is normal: whoever knows judges by it, converged or
    not. Without them it learns from what it is fed, and begins to judge by itself once that has converged: as a whole,
    or relation by relation where it tells these apart (`partly`).
    """

    version: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.observed = Observed()
        self.judging = False
        self.alone = True
        """Whether nobody says of what it is fed that it is normal."""
        self._weighed = 0
        self.surprises: dict[Key, int] = {}
        self.accepted: dict[str, list[str]] = {}
        """Id of a finding or relation → reason, time, and what people named."""

    @abstractmethod
    def take(self, batch: Batch, context: Context) -> None:
        """Learn from a batch that is not empty."""

    @abstractmethod
    def deviations(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Count what of a batch differs from what was learned; give the causes touched."""

    @abstractmethod
    def knowledge(self) -> Any:
        """Give what was learned, as JSON values."""

    @property
    def known_things(self) -> int:
        """How many things `knowledge` holds; of what a subclass does not count, nothing is saved before its time."""
        return 0

    @property
    def extent(self) -> int:
        """See interface.Growing."""
        return self.known_things + len(self.tallies) + len(self.surprises)

    @abstractmethod
    def restore_knowledge(self, known: Any) -> None:
        """Take back what `knowledge` gave."""

    def learn(self, batch: Batch, context: Context) -> None:
        """Take a batch for normal."""
        if batch.table in self.needs and len(batch):
            self.alone = False
            self._observe(batch)
            self.take(batch, context)

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Judge, where enough is known; learn until then."""
        if self.judging:
            return self.deviations(batch, context)
        self.alone = True
        self._observe(batch)
        found = list(self.partly(batch, context))
        self.take(batch, context)
        if self.observed.minutes != self._weighed:  # less is to be expected only where more was observed
            self._weighed = self.observed.minutes
            self.judging = self._converged()
            self.weigh()
        return found

    def partly(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - for subclasses
        """As `deviations`, of what has converged by itself while the rest still learns; most know no such thing."""
        return ()

    def weigh(self) -> None:
        """Look what has converged; called once a minute while it learns by itself."""

    def _observe(self, batch: Batch) -> None:
        minutes = (batch.messages() if batch.table == "operations" else batch).minutes()
        if minutes and minutes[-1] - minutes[0] <= TOGETHER:
            self.observed.add(minutes[0], minutes[-1])
            return
        for minute in minutes:
            self.observed.add(minute, minute)  # a clock that jumped has not watched in between

    def surprise(self, cause: Key, minute: int) -> None:
        """Note that a cause would have been said in a minute while learning, by what was known before."""
        if len(self.surprises) < 10_000 or cause in self.surprises:
            self.surprises[cause] = min(minute, self.surprises.get(cause, minute))

    def may_converge(self, minutes: int) -> bool:
        """See interface.Converging; who has observed or knows anything already may."""
        held_back = minutes - int(minutes * (1 - HELD_BACK))
        return self.judging or bool(self.observed.minutes) or has_converged(0, held_back)

    def _converged(self) -> bool:
        """Whether what is to be expected is little enough."""
        kept = self.observed.since(self.observed.at_share(1 - HELD_BACK))
        return has_converged(0, kept) and self.expectation().converged

    def expectation(self) -> Expectation:
        """What is to be expected of false alarms: the held-back last part, judged by what came before it."""
        return expected(self.held_back(), self.observed.since(self.observed.at_share(1 - HELD_BACK)))

    def held_back(self) -> int:
        """How many causes would have been said in the held-back part."""
        begin = self.observed.at_share(1 - HELD_BACK)
        return sum(1 for minute in self.surprises.values() if minute >= begin)

    def learned(self) -> bytes:
        """What it knows of the plant."""
        return packed({"detector": self.name, "version": self.version, "knowledge": self._known()})

    def know(self, learned: bytes, /) -> None:
        """Go on from `learned`, and judge by it. Raises SourceError where it is not its own: then nothing changes."""
        fresh = type(self)()
        try:
            given = json.loads(learned)
            if (given["detector"], given["version"]) != (self.name, self.version):
                said = f"{given['detector']}/{given['version']}"
                raise SourceError(f"what {said} learned is not for {self.name}/{self.version}")
            fresh._restore_known(given["knowledge"])  # noqa: SLF001 - a fresh one of its own kind
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise SourceError(f"what detector {self.name} learned cannot be read: {error}") from error
        self._restore_known(given["knowledge"])
        self.judging = True

    def _known(self) -> Mapping[str, Any]:
        return {
            "observed": self.observed.state(),
            "surprises": [[list(key), minute] for key, minute in self.surprises.items()],
            "accepted": self.accepted,
            "own": self.knowledge(),
        }

    def _restore_known(self, known: Mapping[str, Any]) -> None:
        self.observed.restore(known["observed"])
        self.surprises = {tuple(str(w) for w in key): int(minute) for key, minute in known["surprises"]}
        self.accepted = {str(what): [str(w) for w in why] for what, why in known["accepted"].items()}
        self.restore_knowledge(known["own"])

    def own_state(self) -> Any:
        """Give knowledge and what is remembered beside it."""
        return {"judging": self.judging, "known": self._known(), "besides": self.besides()}

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        self.judging = bool(state["judging"])
        self._restore_known(state["known"])
        self.restore_besides(state["besides"])

    def besides(self) -> Any:
        """Give what a subclass remembers of this run besides tallies, as JSON values."""
        return None

    def restore_besides(self, state: Any) -> None:
        """Take back what `besides` gave."""
        del state  # nothing, unless a subclass gave something

    def _compose(self, verdict: Verdict, tally: Tally, context: Context) -> Finding:
        finding = super()._compose(verdict, tally, context)
        rests = f"What is normal was learned from {counted(self.observed.minutes, 'minute')} of this plant."
        finding = dataclasses.replace(finding, explanation=f"{finding.explanation} {rests}")
        why = self.accepted.get(finding.id) or self.accepted.get(relation_id(verdict.realm, verdict.machines))
        return finding if why is None else dataclasses.replace(finding, severity="info", accepted=why[0])


def together(learners: Iterable[Learner]) -> Expectation:
    """What is to be expected of all of them; each held back its own last part."""
    taught = [learner for learner in learners if learner.observed.minutes]
    minutes = max((learner.expectation().minutes for learner in taught), default=0)
    events = sum(learner.held_back() for learner in taught)
    return expected(events, minutes)


def relation_id(realm: str, ends: tuple[str, ...]) -> str:
    """Give the id under which all of a relation (client, server) is accepted."""
    return identify("relation", realm, ends[:2], "")
