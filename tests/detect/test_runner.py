from __future__ import annotations

import gc
import itertools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.batch import Batch, Groups
from interlock.detect.controller_change import ControllerChange
from interlock.detect.interface import Context, Withheld
from interlock.detect.learned.chances import has_converged
from interlock.detect.learned.learner import Learner
from interlock.detect.registry import DETECTORS, all_detectors
from interlock.detect.runner import AT_ONCE, PACES, SELF, Pace, Runner
from interlock.errors import SourceError

from .rows import START, batch
from .scenario import scenario

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.finding import Finding

CONTEXT = Context(now=START)
STOP = batch("operations", [{"verb": "stop"}])


class Faulty:
    """Fails in one of its methods; counts how often it was fed."""

    name = "faulty"
    version = 1
    needs = MappingProxyType({"operations": ("verb", "no-such-column")})

    def __init__(self, fails_in: str, error: Exception | None = None) -> None:
        self.fails_in, self.error, self.fed = fails_in, error or ZeroDivisionError("division by zero"), 0

    def _may_fail(self, where: str) -> None:
        if where == self.fails_in:
            raise self.error

    def feed(self, batch: Batch, context: Context) -> Iterable[Finding]:
        self.fed += 1
        yield from ()
        self._may_fail("feed")

    def conclude(self, context: Context) -> Iterable[Finding]:
        self._may_fail("conclude")
        return ()

    def withheld(self, context: Context) -> Iterable[Withheld]:
        self._may_fail("withheld")
        return ()

    def dump(self) -> bytes:
        self._may_fail("dump")
        return b"state"

    def load(self, state: bytes) -> None:
        raise SourceError("not mine")


@pytest.mark.parametrize("says", [True, False], ids=["said as it comes", "said at the end"])
@pytest.mark.parametrize("place", ["feed", "conclude", "withheld"])
def test_a_detector_that_raises_is_one_finding_and_the_others_go_on(place: str, says: bool) -> None:
    faulty = Faulty(place)
    runner = Runner([faulty, ControllerChange()])
    for _ in range(3):
        (runner.feed if says else runner.count)("operations", STOP, CONTEXT)
    for _ in range(2):
        conclusion = runner.conclude(CONTEXT)
        assert [f.detector for f in conclusion.findings] == ["controller-change", SELF]
    ours = conclusion.findings[1]
    assert "faulty" in ours.title
    assert "division by zero" in ours.explanation
    assert faulty.fed == (1 if place == "feed" else 3)


def test_the_fault_is_said_at_once_and_once() -> None:
    runner = Runner([Faulty("feed")])
    said = [len(runner.feed("operations", STOP, CONTEXT)) for _ in range(3)]
    assert said == [1, 0, 0]


def test_a_rested_detector_still_tells_what_it_had_found() -> None:
    class Tired(ControllerChange):
        def absorb(self, batch: Batch, context: Context) -> Any:
            if "tired" in batch.words("verb")[0]:
                raise ValueError("tired")
            return super().absorb(batch, context)

    runner = Runner([Tired()])
    runner.feed("operations", STOP, CONTEXT)
    runner.feed("operations", batch("operations", [{"verb": "tired"}]), CONTEXT)
    assert {f.detector for f in runner.conclude(CONTEXT).findings} == {"controller-change", SELF}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), MemoryError()])
def test_what_is_no_fault_of_the_detector_is_not_swallowed(error: BaseException) -> None:
    runner = Runner([Faulty("feed", error)])  # type: ignore[arg-type]
    if isinstance(error, MemoryError):
        assert runner.feed("operations", STOP, CONTEXT)
    else:
        with pytest.raises(type(error)):
            runner.feed("operations", STOP, CONTEXT)


def test_a_missing_column_is_said_once() -> None:
    runner = Runner([Faulty("nowhere")])
    for _ in range(3):
        runner.feed("operations", STOP, CONTEXT)
    assert [d for d in runner.conclude(CONTEXT).diagnostics if "no-such-column" in d] == list(
        runner.conclude(CONTEXT).diagnostics
    )
    assert len(runner.conclude(CONTEXT).diagnostics) == 1


def test_a_state_that_cannot_be_read_is_said() -> None:
    runner = Runner([Faulty("nowhere"), ControllerChange()])
    runner.load({"faulty": b"x", "controller-change": b"x", "of-tomorrow": b"x"})
    assert len(runner.conclude(CONTEXT).diagnostics) == 2


def test_gravest_first_and_needs_are_merged() -> None:
    runner = Runner(all_detectors())
    for table, rows in scenario().items():
        assert set(runner.needs[table]) <= set(batch(table, []).schema.names)
        runner.feed(table, batch(table, rows), CONTEXT)
    severities = [f.severity for f in runner.conclude(CONTEXT).findings]
    order = ["critical", "high", "medium", "low", "info"]
    assert severities == sorted(severities, key=order.index)
    assert len(severities) > 12


def test_a_batch_with_the_wrong_types_rests_who_cannot_read_it_and_no_one_else() -> None:
    wrong = pa.RecordBatch.from_pydict({"verb": [[1], [2]], "time": ["x", "y"]})
    runner = Runner([ControllerChange(), Faulty("nowhere")])
    runner.feed("operations", wrong, CONTEXT)
    assert [f.detector for f in runner.conclude(CONTEXT).findings] == [SELF]


def alive() -> int:
    return sum(type(thing) in (Batch, Groups) for thing in gc.get_objects())


def test_a_batch_goes_when_it_was_fed() -> None:
    """No circle keeps the rows of a batch until Python's collector happens to look for circles."""
    runner = Runner(all_detectors())
    gc.collect()
    before = alive()
    gc.disable()
    try:
        for table, rows in scenario().items():
            runner.feed(table, batch(table, rows), CONTEXT)
        assert alive() == before
    finally:
        gc.enable()


def test_a_detector_takes_the_place_of_another_and_its_memory() -> None:
    runner = Runner([ControllerChange()])
    runner.feed("operations", STOP, CONTEXT)
    before = runner.conclude(CONTEXT).findings
    runner.renew(ControllerChange())
    assert runner.conclude(CONTEXT).findings == before != ()
    runner.feed("operations", STOP, CONTEXT)
    assert [f.count for f in runner.conclude(CONTEXT).findings] == [2 * f.count for f in before]


def test_a_detector_that_was_rested_is_asked_again_once_it_is_renewed() -> None:
    runner = Runner([Faulty("feed")])
    runner.feed("operations", STOP, CONTEXT)
    assert [f.detector for f in runner.conclude(CONTEXT).findings] == [SELF]
    sound = Faulty("nowhere")
    runner.renew(sound)
    runner.feed("operations", STOP, CONTEXT)
    assert sound.fed == 1
    assert not runner.conclude(CONTEXT).findings


def test_a_detector_that_gives_no_memory_is_renewed_without() -> None:
    runner = Runner([Faulty("dump")])
    runner.renew(Faulty("nowhere"))
    assert any("gave no memory" in said for said in runner.conclude(CONTEXT).diagnostics)


def test_a_detector_that_gives_no_memory_costs_no_other_its_own() -> None:
    assert list(Runner([Faulty("dump"), ControllerChange()]).dump()) == ["controller-change"]


class Waiting(Faulty):
    """Waits in one table."""

    name = "waiting"
    patient = frozenset({"operations"})


class Weighing(Faulty):
    """Weighs minutes of one table."""

    name = "weighing"
    leisurely = frozenset({"operations"})


@pytest.mark.parametrize(
    ("paces", "fed"),
    [
        (PACES, (1, 1, 1)),
        ({"patient"}, (0, 1, 0)),
        ({"prompt"}, (1, 0, 0)),
        ({"leisurely"}, (0, 0, 1)),
        ({"patient", "leisurely"}, (0, 1, 1)),
    ],
)
def test_who_can_wait_is_fed_apart(paces: set[Pace], fed: tuple[int, int, int]) -> None:
    every = Faulty("nowhere"), Waiting("nowhere"), Weighing("nowhere")
    runner = Runner(every)
    runner.feed("operations", STOP, CONTEXT, paces)
    assert tuple(one.fed for one in every) == fed
    later = Waiting("nowhere")
    runner.renew(later)
    runner.feed("operations", STOP, CONTEXT, paces)
    assert (every[0].fed, later.fed) == (2 * fed[0], fed[1])


def test_by_turns_says_what_conclude_says_some_at_a_time() -> None:
    runner = Runner([Faulty("conclude"), ControllerChange()])
    rows = [{"server": f"10.0.1.{n}", "verb": "stop", "frame": n} for n in range(3 * AT_ONCE)]
    runner.feed("operations", batch("operations", rows), CONTEXT)
    turns = list(runner.by_turns(CONTEXT))
    assert max(map(len, turns)) == AT_ONCE
    said = [finding for turn in turns for finding in turn]
    assert {f.id for f in said} == {f.id for f in runner.conclude(CONTEXT).findings}
    assert [f.detector for f in said].count("controller-change") == len(rows)
    assert said[-1].detector == SELF


def test_by_turns_looks_at_some_causes_at_a_time_where_none_is_told_before_all_are_known() -> None:
    looked: list[int] = []

    class Watched(ControllerChange):
        def judge(self, key: Any, tally: Any, context: Context) -> Any:
            looked.append(1)
            return super().judge(key, tally, context)

    runner = Runner([Watched()])
    rows = [{"client": f"10.0.1.{n}", "server": "10.0.0.1", "verb": "stop", "frame": n} for n in range(100)]
    runner.feed("operations", batch("operations", rows), CONTEXT)
    looked.clear()
    steps = [len(looked) for _ in runner.by_turns(CONTEXT)]
    assert max(after - before for before, after in itertools.pairwise([0, *steps])) <= AT_ONCE
    assert steps[-1] == len(rows)


def counting(minutes: int, expected: int | None) -> Runner:
    """Every detector, counted so many minutes of one who reads, and another one who writes at the end."""
    runner = Runner(all_detectors())
    assert runner.expect(expected) == (expected is not None and expected < 12_917)
    for begin in range(0, minutes, 1_000):
        times = range(60 * begin, 60 * min(begin + 1_000, minutes), 60)
        for table in ("operations", "values", "flows"):
            runner.count(table, batch(table, [{"at": at} for at in times]), Context(now=START))
    late = {"at": 60 * minutes, "client": "10.0.0.66", "verb": "write", "object": "holding:9"}
    runner.count("operations", batch("operations", [late]), Context(now=START))
    return runner


@pytest.mark.parametrize("minutes", [100, 4_000, 4_400, 13_200])
def test_who_could_say_nothing_in_the_end_need_not_learn(minutes: int) -> None:
    """4,306 observed minutes are needed for a relation to converge, three times as many for all that is learned."""
    context = Context(now=START)
    idle, busy = counting(minutes, minutes + 1), counting(minutes, None)
    assert idle.conclude(context) == busy.conclude(context)
    assert any(f.detector == "new-deed" for f in busy.conclude(context).findings) == (minutes > 4_306)
    assert (idle.extent < busy.extent) == (minutes < 12_917)


@pytest.mark.parametrize("name", [n for n, make in DETECTORS.items() if isinstance(make(), Learner)])
@given(minutes=st.integers(0, 20_000))
def test_who_may_converge_does_so_where_nothing_surprises(name: str, minutes: int) -> None:
    learner, lived = DETECTORS[name](), DETECTORS[name]()
    assert isinstance(learner, Learner)
    assert isinstance(lived, Learner)
    for minute in range(0, minutes, 5):
        lived.observed.add(minute, min(minute + 5, minutes - 1))
    assert lived.observed.minutes == minutes
    converged = lived._converged() or (name == "new-deed" and has_converged(0, minutes))
    assert learner.may_converge(minutes) == converged
    assert lived.may_converge(0) == (minutes > 0)
