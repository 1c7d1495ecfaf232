"""Where batches of frames end makes no difference: not to a row, not to an id, whatever the clock does meanwhile."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode import feed
from decode.contract.playing import batch_of, engine_for
from decode.contract.subjects import _subjects, randomness
from decode.contract.takes import Ends, cut, mutated, reordered, said_again, sent, whole
from decode.wire import answer, read
from interlock.records.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from decode.contract.takes import Take
    from decode.seeds import Seed

MILLI, SECOND = 1_000_000, 1_000_000_000
GAPS = (
    1000,
    MILLI,
    200 * MILLI,
    4 * SECOND,
    9 * SECOND,
    11 * SECOND,
    61 * SECOND,
    11 * 60 * SECOND,
    3700 * SECOND,
)
BACK = (-MILLI, -SECOND, -61 * SECOND, -7200 * SECOND)
_SPOKEN = (
    "modbus",
    "dnp3",
    "s7comm",
    "cotp",
    "snmp",
    "enip",
    "mqtt",
    "ftp",
    "opcua",
    "iec104",
    "mms",
    "profinet",
)

Moment = tuple[int, bytes]


def decoded(frames: Sequence[Moment], edges: Sequence[int]) -> dict[str, list[str]]:
    """Sorted rows of every table; frames: (ns from the start, octets). edges: where batches end."""
    engine = engine_for(1, seed=5)
    found: dict[str, list[str]] = {}

    def collect(batches: Any) -> None:
        for name, batch in batches.items():
            found.setdefault(name, []).extend(map(repr, batch.to_pylist()))

    for begin, end in zip((0, *edges), (*edges, len(frames)), strict=True):
        if begin < end:
            batch = batch_of([(n, 0, octets) for n, (_, octets) in enumerate(frames[begin:end], begin)])
            batch.time[:] = [feed.START_NS + when for when, _ in frames[begin:end]]
            collect(engine.feed(batch))
    for rest in engine.finish():
        collect(rest)
    counted = {"counts": [repr(engine.counts)]}
    return {name: sorted(rows) for name, rows in found.items()} | counted


def same(frames: Sequence[Moment], cuts: Sequence[int]) -> dict[str, list[str]]:
    """The rows of the frames in one batch, which those of other cuts must equal; -1: every frame by itself."""
    together = decoded(frames, ())
    every = range(1, len(frames))
    edges = list(every) if -1 in cuts else sorted({c % len(frames) for c in cuts if len(frames)})
    apart = decoded(frames, edges)
    for name in {*together, *apart}:
        assert apart.get(name) == together.get(name), name
    return together


@cache
def _seeds() -> list[Seed]:
    return [seed for subject in _subjects() if subject.name in _SPOKEN for seed in subject.seeds]


@st.composite
def mixtures(draw: st.DrawFn) -> list[Moment]:
    """Some conversations, valid, damaged or out of order, among each other; the clock leaps now and then."""
    rng = randomness("cuts", draw(st.integers(0, 1 << 30)))
    seeds = _seeds()
    frames: list[tuple[float, bytes]] = []
    for number in range(draw(st.integers(1, 4))):
        seed = seeds[int(rng.integers(len(seeds)))]
        if rng.random() < 0.4:
            seed = mutated(seed, rng)
        ends = Ends(ips=(bytes([10, 0, number, 1]), bytes([10, 0, number, 2])))
        take: Take = (whole(seed, ends=ends), cut(seed, rng), reordered(seed, rng), said_again(seed, rng))[
            int(rng.integers(4))
        ]
        shift = float(rng.integers(30))
        frames += [(shift + moment, octets) for moment, octets in take.frames if rng.random() > 0.05]
    frames.sort(key=lambda frame: frame[0])
    leaps = draw(st.lists(st.sampled_from((*GAPS, *BACK)), min_size=len(frames), max_size=len(frames)))
    usual = rng.random(len(frames)) < 0.8
    now, mixed = 0, []
    for (_, octets), leap, small in zip(frames, leaps, usual, strict=True):
        now += MILLI if small else leap
        mixed.append((now, octets))
    return mixed


@settings(max_examples=150)
@given(frames=mixtures(), cuts=st.lists(st.integers(-1, 10_000), max_size=12))
def test_any_cut_gives_the_same_rows(frames: list[Moment], cuts: list[int]) -> None:
    same(frames, cuts)


def timed(connection: feed.Tcp, *whens: int) -> list[Moment]:
    """Frames of a connection at these moments."""
    return list(zip(whens, connection.frames, strict=True))


@pytest.mark.parametrize(
    ("after", "outcome"), [(9 * SECOND, "ok"), (10 * SECOND, "ok"), (10 * SECOND + 1000, "no-answer")]
)
def test_an_answer_after_its_time_is_none_even_in_the_same_batch(after: int, outcome: str) -> None:
    """Modbus waits ten seconds; who was never heard before cannot be said to be silent."""
    connection = feed.Tcp(502)
    for number in (1, 2):
        connection.segment(feed.CLIENT, read(number))
        connection.segment(feed.SERVER, answer(number))
    rows = same(timed(connection, 0, MILLI, SECOND, SECOND + after), [-1])
    assert sum(f"'outcome': '{outcome}'" in row for row in rows["operations"]) == (
        2 if outcome == "ok" else 1
    )


@pytest.mark.parametrize(("silent", "flows"), [(3599 * SECOND, 1), (3601 * SECOND, 2)])
def test_a_conversation_that_was_silent_for_too_long_is_another_one(silent: int, flows: int) -> None:
    """TCP: an hour, whether or not a batch ended meanwhile."""
    connection = feed.Tcp(502)
    for number in (1, 2):
        connection.segment(feed.CLIENT, read(number))
        connection.segment(feed.SERVER, answer(number))
    rows = same(timed(connection, 0, MILLI, silent, silent + 2 * MILLI), [-1])
    assert len(rows["flows"]) == flows


def test_what_was_closed_is_over_after_a_minute() -> None:
    """A late segment of it is a conversation of its own."""
    connection = feed.Tcp(502)
    connection.open()
    connection.segment(feed.CLIENT, read(1))
    connection.segment(feed.CLIENT, flags=feed.ACK | feed.FIN)
    connection.segment(feed.SERVER, flags=feed.ACK | feed.FIN)
    connection.segment(feed.CLIENT, read(2))
    rows = same(timed(connection, *range(0, 6 * MILLI, MILLI), 62 * SECOND), [-1])
    assert len(rows["flows"]) == 2


def test_what_waits_behind_a_hole_counts_when_its_conversation_ends() -> None:
    """A segment is missing; the next one waits for it, until an hour later somebody else speaks."""
    connection, other = feed.Tcp(502), feed.Tcp(502, client_port=50_001)
    connection.segment(feed.CLIENT, read(1))
    connection.segment(feed.CLIENT, read(2))
    connection.segment(feed.CLIENT, read(3))
    del connection.frames[1]
    frames = timed(connection, 0, MILLI)
    for number in range(4):
        other.segment(feed.CLIENT, read(number))
        frames.append((3700 * SECOND + number * MILLI, other.frames[-1]))
    rows = same(frames, [-1])
    assert len(rows["flows"]) == 2
    assert len(rows["operations"]) == 6


def test_too_many_conversations_lose_the_same_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were silent for longest, at the frame that was one too many."""
    monkeypatch.setattr("interlock.decode.engine.Budget", lambda: Budget(flows=8))
    frames = []
    for number in range(40):
        connection = feed.Tcp(502, client_port=40_000 + (number * 7) % 13)
        connection.segment(feed.CLIENT, read(number))
        frames.append((number * MILLI, connection.frames[0]))
    rows = same(frames, [-1])
    assert len(rows["flows"]) > 13


def test_a_decoder_that_gave_up_leaves_the_framing_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Octets that are no message are said the same, whether a flow turned opaque in an earlier batch or in this one."""
    from interlock.decode.protocols.modbus.decoder import SPEC  # noqa: PLC0415 (what waits is imported where it is used)

    rng = randomness("opaque")
    seed = next(seed for subject in _subjects() if subject.name == SPEC.name for seed in subject.seeds)
    pieces, at = [], 0
    for number in range(60):
        octets = seed.messages[0][1] if number % 3 else rng.bytes(40)
        pieces.append((number, feed.CLIENT, at, octets))
        at += len(octets)
    monkeypatch.setattr("interlock.decode.decoder.MAX_STRIKES", 1)
    take = sent(seed, pieces, handshake=False)
    same([(n * MILLI, octets) for n, (_, octets) in enumerate(take.frames)], [-1])
