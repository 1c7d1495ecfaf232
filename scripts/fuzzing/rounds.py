"""Mutants in groups over a few worker processes; a group that breaks is gone through one by one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from fuzzing.parent import Worker
from fuzzing.score import RSS_OCTETS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fuzzing.score import Score

__all__ = ["GROUP", "run_mutants"]

GROUP = 25
"""Mutants that share an engine; a block of mutants of one capture is a whole number of groups."""

COMPARED_EVERY = 500
CHECKPOINT_S = 10.0

Result = tuple[int, int, dict[str, Any]]


def run_mutants(
    score: Score, folder: Path, last: int, seconds: float, jobs: int, make: Callable[..., Any] = Worker
) -> None:
    """Mutants up to number `last`, or until the time is up. make: builds a worker (fuzzing.parent.Worker)."""
    seed = score.now["seed"]
    workers = [make(folder, seed) for _ in range(max(1, jobs))]
    pair = (make(folder, seed, digest=True), make(folder, seed, digest=True, uncompiled=True))
    began = saved = time.monotonic()
    before = score.now["seconds"]
    try:
        with ThreadPoolExecutor(len(workers)) as pool:
            while (first := score.now["mutants"]) < last and time.monotonic() - began <= seconds:
                starts = range(first, last, GROUP)[: len(workers)]
                groups = [(at, min(GROUP, last - at)) for at in starts]
                for results in pool.map(_group, workers, groups):
                    _add(score, results)
                score.now["mutants"] = groups[-1][0] + groups[-1][1]
                _compare(score, first, score.now["mutants"], pair)
                score.now["seconds"] = before + time.monotonic() - began
                if time.monotonic() - saved > CHECKPOINT_S:
                    saved = time.monotonic()
                    score.save()
    finally:
        for each in (*workers, *pair):
            each.close()
        score.save()


def _broke(found: dict[str, Any]) -> bool:
    return "crash" in found or "hang" in found or bool(found["errors"]) or found["rss"] > RSS_OCTETS


def _group(worker: Any, group: tuple[int, int]) -> list[Result]:
    """One result where nothing broke, else one for each mutant, and one for all where none alone broke anything.

    The same octets take the same work: a time-out that a fresh worker does not repeat is the machine's (a virtual one
    that was held is charged for the pause) and says so as `unrepeated`, with the result of the repetition.
    """
    first, count = group
    together = worker.run(first, count)
    if not _broke(together):
        return [(first, count, together)]
    worker.close()  # memory that the group took is not held against its mutants
    if "hang" in together:
        again = worker.run(first, count)
        if not _broke(again):
            return [(first, count, again | {"unrepeated": together})]
    if count == 1:
        return [(first, count, together)]
    alone = [(number, 1, worker.run(number, 1)) for number in range(first, first + count)]
    return alone if any(_broke(found) for _, _, found in alone) else [*alone, (first, count, together)]


def _add(score: Score, results: list[Result]) -> None:
    for first, count, found in results:
        if _broke(found):
            score.broke(first, found, count)
            continue
        score.fine(first, found)
        if "unrepeated" in found:
            score.unrepeated(first, found["unrepeated"], count)


def _compare(score: Score, first: int, behind: int, pair: tuple[Any, Any]) -> None:
    """One mutant in COMPARED_EVERY, compiled and not: every row must be the same."""
    for number in range(first, behind):
        if number % COMPARED_EVERY != 1:
            continue
        compiled, uncompiled = (worker.run(number) for worker in pair)
        score.now["compared"] += 1
        for found in (compiled, uncompiled):
            if "digest" not in found:
                score.keep(number, "compared", [str(found)[:400]])
        if compiled.get("digest") != uncompiled.get("digest"):
            score.now["differ"] += 1
            score.keep(number, "compiled-differs", [])
