"""What detectors learn of a plant leaves one run and enters another, whole or not at all."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from interlock.detect.controller_change import ControllerChange
from interlock.detect.interface import Context, Learning
from interlock.detect.runner import SELF, Runner
from interlock.errors import SourceError

from .rows import START, batch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.detect.batch import Batch
    from interlock.records.finding import Finding

CONTEXT = Context(now=START)


class Pupil:
    """Learns verbs; knows only octets that begin with its own mark."""

    version = 1
    needs = MappingProxyType({"operations": ("verb",)})

    def __init__(self, name: str = "pupil") -> None:
        self.name, self.verbs = name, set[str]()

    def feed(self, batch: Batch, context: Context) -> Iterable[Finding]:
        del batch, context
        return []

    def learn(self, batch: Batch, context: Context) -> None:
        del context
        if "stop" in (words := batch.words("verb")[0]):
            raise ValueError("not this one")
        self.verbs.update(word for word in words if word)

    def learned(self) -> bytes:
        return f"pupil {' '.join(sorted(self.verbs))}".encode()

    def know(self, learned: bytes, /) -> None:
        mark, *verbs = learned.decode().split()
        if mark != "pupil":
            raise SourceError("no pupil's octets")
        self.verbs = set(verbs)

    def dump(self) -> bytes:
        return b""

    def load(self, state: bytes) -> None:
        del state


def operations(*verbs: str) -> object:
    return batch("operations", [{"verb": verb} for verb in verbs])


def test_only_who_learns_is_asked_and_finds_nothing() -> None:
    pupil, watcher = Pupil(), ControllerChange()
    assert isinstance(pupil, Learning)
    assert not isinstance(watcher, Learning)
    runner = Runner([pupil, watcher])
    runner.learn("operations", operations("read", "write"), CONTEXT)
    assert pupil.verbs == {"read", "write"}
    assert not runner.conclude(CONTEXT).findings


def test_what_was_learned_is_known_elsewhere() -> None:
    runner, again = Runner([Pupil("one"), Pupil("two")]), (Pupil("two"), Pupil("three"))
    runner.learn("operations", operations("read"), CONTEXT)
    Runner(again).know(runner.learned())
    assert [p.verbs for p in again] == [{"read"}, set()]


def test_who_raises_while_it_learns_is_rested_and_leaves_no_half_knowledge() -> None:
    pupil = Pupil()
    runner = Runner([pupil])
    runner.learn("operations", operations("read"), CONTEXT)
    runner.learn("operations", operations("stop"), CONTEXT)
    runner.learn("operations", operations("write"), CONTEXT)
    assert [f.detector for f in runner.conclude(CONTEXT).findings] == [SELF]
    assert pupil.verbs == {"read"}
    fresh = Pupil()
    Runner([fresh]).know(runner.learned())
    assert fresh.verbs == set()


def test_octets_that_are_not_its_own_are_refused_aloud() -> None:
    class Stranger(Pupil):
        def learned(self) -> bytes:
            return b"stranger"

    with pytest.raises(SourceError, match="no pupil's octets"):
        Runner([Pupil()]).know(Runner([Stranger()]).learned())
    with pytest.raises(SourceError, match="does not begin with"):
        Runner([Pupil()]).know(b"anything")
