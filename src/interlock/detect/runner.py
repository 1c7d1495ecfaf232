"""The runner: hands every batch to the detectors that need it, and rests a detector that fails."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from interlock.detect.batch import Batch
from interlock.detect.identify import identify
from interlock.detect.interface import (
    Ageing,
    Concluding,
    Context,
    Converging,
    Counting,
    Detector,
    Early,
    Growing,
    Learning,
    Leisurely,
    Patient,
    Pausing,
    Tapping,
    Withheld,
)
from interlock.detect.state import pack, unpack
from interlock.errors import SourceError
from interlock.records.finding import Action, Finding
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    import pyarrow as pa

__all__ = ["AT_ONCE", "PACES", "SELF", "Conclusion", "Pace", "Runner"]

_T = TypeVar("_T")
Pace = Literal["prompt", "patient", "leisurely"]
"""Rows of a table as they come; what nobody asked for a second later; all of it a second later."""
PACES: Final[frozenset[Pace]] = frozenset({"prompt", "patient", "leisurely"})
AT_ONCE: Final = 8
"""Causes that `by_turns` looks at in one turn, and findings that it gives: some milliseconds for who says them."""
SELF: Final = "self"
"""Detector name of findings about Interlock itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a run found: gravest findings first, judgement withheld, sentences about our own trouble."""

    findings: tuple[Finding, ...]
    withheld: tuple[Withheld, ...]
    diagnostics: tuple[str, ...]


class Runner:
    """Feeds detectors table by table. One detector's fault is one finding; the others go on."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        """detectors: fresh ones, each of another name."""
        self._detectors: dict[str, Detector] = {d.name: d for d in detectors}
        self._early = {name for name, d in self._detectors.items() if isinstance(d, Early) and d.early}
        self._paces = {name: _paces(d) for name, d in self._detectors.items()}
        self._rested: dict[str, Finding] = {}
        self._idle: frozenset[str] = frozenset()
        self._diagnostics: dict[str, None] = {}
        self._aged_out = 0

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """Table → columns that any detector reads: what a pipeline must offer."""
        merged: dict[str, dict[str, None]] = {}
        for detector in self._detectors.values():
            for table, columns in detector.needs.items():
                merged.setdefault(table, {}).update(dict.fromkeys(columns))
        return {table: tuple(columns) for table, columns in merged.items()}

    @property
    def buffers(self) -> frozenset[str]:
        """Buffers that any detector looks at: what `payloads` are to be made of."""
        return frozenset().union(*(one.buffers for one in self.tapping))

    @property
    def tapping(self) -> tuple[Tapping, ...]:
        """The detectors that look at them."""
        return tuple(one for one in self._detectors.values() if isinstance(one, Tapping))

    def feed(
        self, table: str, rows: pa.RecordBatch | Batch, context: Context, paces: Container[Pace] = PACES
    ) -> list[Finding]:
        """Hand a batch of a table to who needs it; findings that are new or have grown much come out.

        paces: only to those who are Leisurely or Patient in this table, or prompt: neither.
        """
        return [finding for found in self.feeding(table, rows, context, paces) for finding in found]

    def feeding(
        self, table: str, rows: pa.RecordBatch | Batch, context: Context, paces: Container[Pace] = PACES
    ) -> Iterator[list[Finding]]:
        """As `feed`, a detector at a time, for whoever has other things to do between."""
        batch = rows if isinstance(rows, Batch) else Batch(table, rows)
        if not len(batch):
            return
        for name, detector in self._asked(batch):
            if paces is not PACES and self._paces[name].get(table, "prompt") not in paces:
                continue
            found = self._guarded(detector, context, partial(detector.feed, batch, context))
            yield found + ([self._rested[name]] if name in self._rested else [])

    def expect(self, minutes: int | None) -> bool:
        """Say that in all that is yet to be counted at most so many minutes are observed (None: any number).

        Who would say nothing before more of them need not learn: `count` passes it over. What it would have learned is
        missing from `learned` and `dump`: for runs that keep neither. True where there is one.
        """
        converging = {name: d for name, d in self._detectors.items() if isinstance(d, Converging)}
        self._idle = frozenset(
            name for name, d in converging.items() if minutes is not None and not d.may_converge(minutes)
        )
        return bool(self._idle)

    def count(self, table: str, rows: pa.RecordBatch | Batch, context: Context) -> None:
        """Hand a batch of a table to who needs it, for whoever asks at the end alone (`conclude`)."""
        batch = rows if isinstance(rows, Batch) else Batch(table, rows)
        for name, detector in self._asked(batch) if len(batch) else ():
            if name in self._idle:
                continue
            if isinstance(detector, Counting):
                self._guarded(detector, context, partial(_counted, detector, batch, context))
            else:
                self._guarded(detector, context, partial(detector.feed, batch, context))

    def _asked(self, batch: Batch) -> Iterator[tuple[str, Detector]]:
        """Those who need a batch, by name."""
        asked = self._early if batch.waits else self._detectors
        for name, detector in self._detectors.items():
            if name in asked and name not in self._rested and batch.table in detector.needs:
                self._note_missing(detector, batch)
                yield name, detector

    def named(self, name: str) -> Detector | None:
        """The detector of that name, rested or not; None where there is none."""
        return self._detectors.get(name)

    def renew(self, detector: Detector, *, remembers: bool = False) -> None:
        """Let a detector take the place of the one of its name, with what that one remembers where it can read it.

        remembers: it has taken that over already.
        """
        before = None if remembers else self._detectors.get(detector.name)
        state = None if before is None or detector.name in self._rested else self._remembered(before)
        self._detectors[detector.name] = detector
        self._rested.pop(detector.name, None)
        self._idle -= {detector.name}
        self._early.discard(detector.name)
        self._paces[detector.name] = _paces(detector)
        if isinstance(detector, Early) and detector.early:
            self._early.add(detector.name)
        if state is not None:
            self.load({detector.name: state})

    def _remembered(self, detector: Detector) -> bytes | None:
        try:
            return detector.dump()
        except Exception as error:  # noqa: BLE001 - plug-in isolation: one that gives no memory costs no other its own
            self._diagnostics[f"detector {detector.name} gave no memory: {_told(error)}"] = None
            return None

    def learn(self, table: str, rows: pa.RecordBatch, context: Context) -> None:
        """Let who learns take a batch of a table for normal; one that raises is rested, as ever."""
        if not rows.num_rows:
            return
        batch = Batch(table, rows)
        for name, detector in self._detectors.items():
            if isinstance(detector, Learning) and name not in self._rested and table in detector.needs:
                self._guarded(detector, context, partial(_learnt, detector, batch, context))

    @property
    def extent(self) -> int:
        """How many things are known of the plant in all; the same where nothing new was met."""
        return sum(d.extent for d in self._detectors.values() if isinstance(d, Growing))

    def learned(self) -> bytes:
        """What each detector that learns knows, as one blob (see `state`)."""
        learning = ((name, d) for name, d in self._detectors.items() if name not in self._rested)
        return pack({name: d.learned() for name, d in learning if isinstance(d, Learning)})

    def know(self, blob: bytes) -> None:
        """Go on from `learned`. Raises SourceError where a part cannot be read: a plant half known looks strange."""
        parts = unpack(blob)
        for name, detector in self._detectors.items():
            if name in parts and isinstance(detector, Learning):
                detector.know(parts[name])

    def conclude(self, context: Context) -> Conclusion:
        """Everything found so far with final counts; may be called again as the run goes on.

        A rested detector is asked too, for what it had found before: if it fails again, that is all.
        """
        findings: list[Finding] = []
        withheld: list[Withheld] = []
        for detector in self._detectors.values():
            if isinstance(detector, Concluding):
                findings += self._guarded(detector, context, partial(detector.conclude, context))
                withheld += self._guarded(detector, context, partial(detector.withheld, context))
        findings += self._rested.values()
        findings.sort(key=lambda f: (-SEVERITIES.index(f.severity), f.detector, f.realm, f.machines, f.id))
        return Conclusion(
            findings=tuple(findings), withheld=tuple(withheld), diagnostics=tuple(self._diagnostics)
        )

    def by_turns(self, context: Context) -> Iterator[tuple[Finding, ...]]:
        """The findings of `conclude`, some of one detector at a time, for whoever has other things to do between."""
        for detector in tuple(self._detectors.values()):
            if isinstance(detector, Concluding):
                rest = _concluding(detector, context)
                while some := self._guarded(detector, context, partial(islice, rest, AT_ONCE)):
                    yield tuple(finding for finding in some if finding is not None)
        yield tuple(self._rested.values())

    def age_out(self, most: int) -> None:
        """Let each detector forget what has not occurred for longest, where it remembers almost `most` causes."""
        for name, detector in self._detectors.items():
            if name not in self._rested and isinstance(detector, Ageing):
                self._aged_out += detector.age_out(most)

    @property
    def fill(self) -> tuple[int, int]:
        """Causes of the detector that remembers most; of all, how many were forgotten or did not fit."""
        ageing = [d for d in self._detectors.values() if isinstance(d, Ageing)]
        most = max((d.remembered for d in ageing), default=0)
        return most, self._aged_out + sum(d.left_out for d in ageing)

    def dump(self) -> dict[str, bytes]:
        """Every detector's memory, by its name; one that gives none is said, and the others' are kept."""
        return dict(self._dumping())

    def _dumping(self) -> Iterator[tuple[str, bytes]]:
        for name, detector in self._detectors.items():
            if name not in self._rested and (state := self._remembered(detector)) is not None:
                yield name, state

    def load(self, states: Mapping[str, bytes]) -> None:
        """Go on from a dump. A state that cannot be read is said, and that detector begins anew."""
        for name, detector in self._detectors.items():
            if name in states:
                try:
                    detector.load(states[name])
                except SourceError as error:
                    self._diagnostics[f"detector {name} begins without its memory: {error}"] = None

    def state(self) -> bytes:
        """Every detector's memory as one blob (see `state`), for a store to keep."""
        return pack(self._dumping())

    def restore(self, blob: bytes) -> None:
        """Go on from `state`, as `load`. Raises SourceError where it is no such blob: nothing has changed then."""
        self.load(unpack(blob))

    def _note_missing(self, detector: Detector, batch: Batch) -> None:
        for column in detector.needs[batch.table]:
            if not batch.has(column):
                note = (
                    f"detector {detector.name}: table {batch.table} has no column {column}; read as unknown"
                )
                self._diagnostics[note] = None

    def _guarded(self, detector: Detector, context: Context, call: Callable[[], Iterable[_T]]) -> list[_T]:
        """Give what a call gives; where it raises, nothing, and the detector is rested."""
        try:
            return list(call())
        except Exception as error:  # noqa: BLE001 - plug-in isolation: one detector's fault stops no other
            self._rested.setdefault(detector.name, _about_ourselves(detector, error, context))
            self._diagnostics[f"detector {detector.name} was rested: {_told(error)}"] = None
            return []


def _concluding(detector: Concluding, context: Context) -> Iterator[Finding | None]:
    yield from detector.concluding(context) if isinstance(detector, Pausing) else detector.conclude(context)


def _paces(detector: Detector) -> dict[str, Pace]:
    """Tables in which it is not prompt."""
    paces: dict[str, Pace] = {}
    if isinstance(detector, Patient):
        paces.update(dict.fromkeys(detector.patient, "patient"))
    if isinstance(detector, Leisurely):
        paces.update(dict.fromkeys(detector.leisurely, "leisurely"))
    return paces


def _learnt(detector: Learning, batch: Batch, context: Context) -> tuple[()]:
    detector.learn(batch, context)
    return ()


def _counted(detector: Counting, batch: Batch, context: Context) -> tuple[()]:
    detector.count(batch, context)
    return ()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _about_ourselves(detector: Detector, error: Exception, context: Context) -> Finding:
    return Finding(
        id=identify(SELF, "", (), f"detector {detector.name} failed"),
        detector=SELF,
        version=1,
        kind="weakness",
        severity="medium",
        confidence=1.0,
        title=f"Interlock's own check '{detector.name}' failed and was rested",
        explanation=(
            f"The check raised {_told(error)} and was not asked again in this run; all other checks went "
            "on. Until it runs again nobody looks for what it finds, so its silence says nothing about "
            "the plant. Silent where every check runs to its end."
        ),
        time=context.now,
        last=context.now,
        count=1,
        actions=(
            Action(
                text="Report this with the version of Interlock; run again with a newer one.",
                risk="None to the plant: only this program is concerned.",
            ),
        ),
        data=(("detector", detector.name), ("error", _told(error))),
    )
