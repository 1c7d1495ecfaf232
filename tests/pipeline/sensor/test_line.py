"""A worker's line to judges who die, who hang up, and who keep nothing."""

from __future__ import annotations

import socket

import pyarrow as pa
import pytest

from interlock.pipeline.sensor.line import Line
from interlock.pipeline.sensor.shedding import Pressure
from interlock.pipeline.sensor.stream import QUEUE_OCTETS, Receiver

SCHEMAS = {"marks": pa.schema([("word", pa.dictionary(pa.int32(), pa.utf8())), ("octets", pa.binary())])}


def batch(word: str, octets: int = 0) -> dict[str, pa.RecordBatch]:
    words = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), pa.array([word]))
    column = pa.array([b"x" * octets])
    return {"marks": pa.RecordBatch.from_arrays([words, column], schema=SCHEMAS["marks"])}


class Judges:
    """One after the other. kept: the last step that is on disk."""

    def __init__(self) -> None:
        self.kept = self.life = 0
        self.sockets: list[socket.socket] = []

    def call(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self.sockets.append(ours)
        self._receiver = Receiver(ours.fileno(), SCHEMAS)
        return theirs

    def read(self) -> list[int]:
        """Numbers of the steps that this judge has got."""
        found = []
        while steps := self._receiver.read():
            found += [int(step.note) for step in steps]
        return found

    def die(self) -> None:
        self.sockets[-1].close()
        self.life += 1


@pytest.fixture
def judges():
    made = Judges()
    yield made
    for one in made.sockets:
        one.close()


@pytest.fixture
def line(judges):
    made = Line(
        judges.call,
        SCHEMAS,
        lambda: None,
        Pressure.NONE,
        kept=lambda: judges.kept,
        life=lambda: judges.life,
        held_octets=10_000,
    )
    yield made
    judges.kept = 1 << 40
    made.close()


def send(line: Line, *steps: int, octets: int = 0) -> None:
    for step in steps:
        line.send(batch(f"word {step}", octets), now=step, note=str(step).encode(), step=step)


def test_the_next_judge_gets_what_the_last_one_did_not_keep(judges, line) -> None:
    send(line, 1, 2, 3, 4)
    assert judges.read() == [1, 2, 3, 4]
    judges.kept = 2
    judges.die()
    send(line, 5)
    assert judges.read() == [3, 4, 5]
    assert line.delivered == 5


def test_a_death_is_noticed_where_nothing_is_to_be_sent(judges, line) -> None:
    send(line, 1)
    judges.die()
    line.wait(0.0)
    assert judges.read() == [1]


def test_what_is_held_is_bounded_and_the_oldest_goes(judges, line) -> None:
    send(line, *range(1, 101), octets=1000)
    judges.die()
    line.wait(0.0)
    again = judges.read()
    assert 5 < len(again) < 11
    assert again == list(range(101 - len(again), 101))


def test_what_one_judge_refuses_again_and_again_is_given_up(judges, line) -> None:
    send(line, 1, 2)
    for _ in range(5):
        judges.sockets[-1].close()  # and lives on
        line.wait(0.0)
    judges.read()
    judges.die()
    line.wait(0.0)
    assert judges.read() == []
    send(line, 3)
    assert judges.read() == [3]


def test_judges_who_die_one_after_the_other_refuse_nothing(judges, line) -> None:
    send(line, 1, 2)
    for _ in range(9):
        judges.die()
        line.wait(0.0)
    assert judges.read() == [1, 2]


def test_it_says_how_much_waits_and_how_much_is_held_until_it_is_on_disk(judges, line) -> None:
    assert line.buffers == {"queue": (0, QUEUE_OCTETS), "unsaved": (0, 10_000)}
    send(line, 1, 2, octets=2000)
    judges.read()
    line.wait(1.0)
    (waiting, _), (held, _) = line.buffers.values()
    assert waiting == 0
    assert 4000 < held < 5000
    judges.kept = 1
    line.wait(0.0)
    assert 2000 < line.buffers["unsaved"][0] < held - 1999
    judges.kept = 2
    line.wait(0.0)
    assert line.buffers["unsaved"][0] == 0


def test_what_the_judge_does_not_read_is_seen_to_wait(judges, line) -> None:
    send(line, *range(1, 9), octets=200_000)
    waiting, limit = line.buffers["queue"]
    assert 8 * 200_000 - (1 << 20) < waiting <= 8 * 201_000
    assert limit == QUEUE_OCTETS
