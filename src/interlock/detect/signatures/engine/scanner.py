"""Literals looked for in many stretches of octets at once, by Hyperscan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import hyperscan
import numpy as np

from interlock.detect.signatures.engine.laying import AGAIN, PACKET
from interlock.detect.signatures.engine.meeting import PLACE, meet
from interlock.detect.walks import views

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.engine.prefilter import Literal

    Compile = Callable[[Sequence[tuple[bytes, bool]]], hyperscan.Database]

__all__ = ["Found", "Looked", "Scanner", "compile_database"]

_LONGEST: Final = AGAIN + 1
"""Octets of a literal that are looked for: longer ones are told by their beginning."""


def compile_database(literals: Sequence[tuple[bytes, bool]]) -> hyperscan.Database:
    """Compile literals, each with whether its case is ignored; in a scan each is known by its index."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        # Not as pure literals: the binding ends those at their first zero octet.
        expressions=[b"".join(b"\\x%02x" % octet for octet in octets) for octets, _ in literals],
        ids=list(range(len(literals))),
        flags=[hyperscan.HS_FLAG_CASELESS if nocase else 0 for _, nocase in literals],
    )
    return database


class Found(NamedTuple):
    """One number of each stretch and literal in it, each once."""

    stretches: NDArray[np.int64]
    literals: NDArray[np.int64]


class Looked(NamedTuple):
    """Stretches to be looked through, columns of one number each, as `meeting.meet` takes them.

    starts: where each begins in the octets, and behind the last one where that ends; sought: the same in what is looked
    through, which may have only the end of some. floors: from where on each is looked at, which may be before its
    start; joined: whether it goes on from the one before it. groups: what each meets; there: bits of its levels
    (laying). packets, streams: per group and literal's number whether it is sought.
    """

    starts: NDArray[np.int64]
    sought: NDArray[np.int64]
    floors: NDArray[np.int64]
    joined: NDArray[np.bool_]
    groups: NDArray[np.int32]
    there: NDArray[np.uint8]
    packets: NDArray[np.bool_]
    streams: NDArray[np.bool_]


class Scanner:
    """literals: what is looked for. Two that are the same are looked for once.

    numbers: what stands for each in answers, its index where none is given. compiled: gives the database of such
    literals; who has some kept gives one that it need not make.
    scans, matches: how often octets were looked through, and how often something was told of them.
    """

    def __init__(
        self,
        literals: Sequence[Literal],
        compiled: Compile | None = None,
        numbers: NDArray[np.int64] | None = None,
    ) -> None:
        self.scans = self.matches = 0
        same: dict[tuple[bytes, bool], list[int]] = {}
        for index, literal in enumerate(literals):
            octets = literal.octets[:_LONGEST]
            key = (octets.lower(), True) if literal.nocase else (octets, False)
            same.setdefault(key, []).append(index)
        order = np.array([index for owners in same.values() for index in owners], np.int64)
        self._owners = order if numbers is None else numbers[order]
        stops = np.cumsum([len(owners) for owners in same.values()], dtype=np.int64)
        self._owners_of = np.stack((np.concatenate((stops[:1] * 0, stops[:-1])), stops), axis=1)
        self._lengths = np.array([len(octets) for octets, _ in same], np.int64)
        self._database = (compiled or compile_database)(tuple(same)) if same else None

    def found(self, octets: bytes | memoryview, starts: NDArray[np.int64]) -> Found:
        """Every stretch that holds a literal, whatever it is, once for each. starts: as of Looked."""
        count, every = len(starts) - 1, np.ones((1, len(self._owners)), np.bool_)
        nothing, groups = np.zeros(count, np.bool_), np.zeros(count, np.int32)
        there = np.full(count, PACKET, np.uint8)
        looked = Looked(starts, starts, starts[:-1], nothing, groups, there, every, every)
        told = self.met(octets, looked, np.zeros(count, np.uint8))
        pairs = np.array([(k, literal) for k, literal, _ in told], np.int64).reshape(-1, 2)
        return Found(pairs[:, 0], pairs[:, 1])

    def met(
        self, octets: bytes | memoryview, looked: Looked, ending: NDArray[np.uint8]
    ) -> list[tuple[int, int, int]]:
        """(stretch, number of a literal in it, level) of all that are looked for there, each once.

        ending: written, 1 for each stretch in which any literal ends, whoever looks for it.
        """
        told = self._scanned(octets)
        if not told:
            return []
        found: set[tuple[int, int, int, int]] = set()
        literals = self._lengths, self._owners_of, self._owners
        meet(*views(np.array(told, np.int64), *looked[:4], *literals, *looked[4:]), found, ending)
        return [(k, number, level) for level, _, k, number in sorted(found)]

    def _scanned(self, octets: bytes | memoryview) -> list[int]:
        """Literals, and where each ends (meeting.PLACE)."""
        told: list[int] = []
        if self._database is None or not len(octets):
            return told
        note = told.append
        self._database.scan(
            octets,  # type: ignore[type-var] # any buffer will do
            match_event_handler=lambda number, _start, end, _flags, _: note(number << PLACE | end),
        )
        self.scans += 1
        self.matches += len(told)
        return told
