"""Whole = split: however a stream is cut, and however the frames are batched, the rows are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decode.contract.judging import differences, judge, shown, unframed
from decode.contract.playing import play, without_when
from decode.contract.subjects import DEEP, each, randomness
from decode.contract.takes import HANDSHAKE, cut, mutated, reordered, said_again, sent, whole

if TYPE_CHECKING:
    from decode.contract.playing import Rows
    from decode.contract.subjects import Subject
    from decode.contract.takes import Take
    from decode.seeds import Seed

CUTS = 2
MUTANTS = 1
BATCHES = (1, 11)
OPENING = 2
"""Messages that stay whole where a stream is cut: a probe may rightly say other things of half a broken message."""


def _streams(subject: Subject) -> list[Seed]:
    return [seed for seed in subject.seeds if seed.transport == "tcp"]


def _has_streams(subject: Subject) -> bool:
    """Random octets are recognised or not, as it happens: only valid ones must be, whichever way they are cut."""
    return subject.own_seeds and bool(_streams(subject))


def _agree(subject: Subject, seed: Seed, takes: list[Take], *, batch: int = 0) -> None:
    """The first take's rows are what the others must give, times and frame numbers included."""
    first, *others = play(takes, batch=batch)
    judge(subject, seed, first)
    if unframed(first):
        return
    for number, rows in enumerate(others, 1):
        wrong = differences(first, rows)
        assert not wrong, "\n".join((f"take {number}:", *wrong, shown(seed)))


@each(_has_streams)
def test_any_cutting_gives_the_same_rows(subject: Subject) -> None:
    for seed in _streams(subject):
        rng = randomness(subject.name, seed.name, "cut")
        cuts = [cut(seed, rng) for _ in range(CUTS * DEEP)]
        _agree(subject, seed, [whole(seed), *cuts, cut(seed, rng, most=1), cut(seed, rng, most=3)])
        for _ in range(MUTANTS * DEEP):
            mutant = mutated(seed, rng, opening=OPENING)
            _agree(subject, mutant, [whole(mutant), cut(mutant, rng)])


@each()
def test_any_batching_gives_the_same_rows(subject: Subject) -> None:
    for seed in subject.seeds:
        rng = randomness(subject.name, seed.name, "batch")
        tried = [seed, *(mutated(seed, rng) for _ in range(MUTANTS * DEEP))]
        takes = [whole(t) for t in tried]
        together = play(takes)
        for batch in BATCHES:
            for one, first, rows in zip(tried, together, play(takes, batch=batch), strict=True):
                wrong = differences(*(rows if one is seed else _unoriented(rows) for rows in (first, rows)))
                assert not wrong, "\n".join((f"batches of {batch}:", *wrong, shown(one)))


def _unoriented(rows: Rows) -> Rows:
    """Without who asks in tables that say it as known when a batch ends: a broken message may show it later."""
    ends = ("client", "server", "client_port", "server_port")
    return {
        name: table
        if name in ("operations", "flows")
        else sorted(({k: v for k, v in row.items() if k not in ends} for row in table), key=repr)
        for name, table in rows.items()
    }


@each(_has_streams)
def test_messages_that_share_segments_give_the_same_rows(subject: Subject) -> None:
    """Messages of one side that follow each other, in segments that end anywhere."""
    for seed in _streams(subject):
        rng = randomness(subject.name, seed.name, "glue")
        first, *others = play([whole(seed), *(_glued(seed, int(rng.integers(2, 90))) for _ in range(CUTS))])
        if unframed(first):
            continue
        for rows in others:
            wrong = differences(without_when(first), without_when(rows))
            assert not wrong, "\n".join((*wrong, shown(seed)))


def _glued(seed: Seed, step: int) -> Take:
    runs: list[tuple[int, bytearray]] = []
    for side, octets in seed.messages:
        if not runs or runs[-1][0] != side:
            runs.append((side, bytearray()))
        runs[-1][1].extend(octets)
    at = [0, 0]
    pieces = []
    for k, (side, octets) in enumerate(runs):
        for begin in range(0, len(octets), step):
            part = bytes(octets[begin : begin + step])
            pieces.append((k + HANDSHAKE, side, at[side], part))
            at[side] += len(part)
    return sent(seed, pieces)


@each(_has_streams)
def test_reordered_and_repeated_segments_give_the_same_rows(subject: Subject) -> None:
    for seed in _streams(subject):
        rng = randomness(subject.name, seed.name, "order")
        takes = [make(seed, rng) for make in (reordered, said_again) for _ in range(CUTS * DEEP)]
        _agree(subject, seed, [whole(seed), *takes])
        _agree(subject, seed, [whole(seed), takes[0], takes[-1]], batch=5)
