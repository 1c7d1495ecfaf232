"""How far a ring was read, in memory that outlives the worker that reads it: a row of 64-bit numbers.

A worker says that it is done with a batch by one store, of SLOT: two sets of figures stand side by side, and SLOT
tells which one holds. Killed before it, the next worker is given the same frames again under the same numbers;
killed behind it, the next one gives back what is left of the batch. So no frame is lost, and one that was read
twice is told by its number.
"""

from __future__ import annotations

import mmap
from typing import Final

__all__ = ["MOST_TRIES", "SIZE", "Place", "pardon", "shared_row"]

SLOT, DROPPED, FREEZES, DAMAGED, PASSED, BEGUN, TRIED, TRIES, INDEX, STATE, SINCE, OWN, READ = range(13)
"""DROPPED, FREEZES: what the kernel said so far. DAMAGED: blocks that contradicted themselves. PASSED: frames
passed over. BEGUN: the sequence number behind the batch begun last. TRIED, TRIES: the block that the batch began
with, and how often it was begun. INDEX: the interface's number. STATE, SINCE: of the interface (ns). OWN: the ring
that supervisor and workers share can hear nothing more. READ: frames handed out or passed over."""
SETS: Final = (16, 24)
SEQUENCE, NUMBER, OCTETS, WIRE_OCTETS, SNAPPED, GENERATION = range(6)
"""In each set: the block to read next; frames done with, their octets captured and on the wire, and how many were
cut; which ring it is, of those that there were one after the other (succession.py)."""

SIZE: Final = 32
MOST_TRIES: Final = 3
"""So many workers may die over one block before the next one passes it over."""


def shared_row() -> memoryview:
    """A row for one ring, to be made before forking: all children see the same one."""
    return memoryview(mmap.mmap(-1, 8 * SIZE)).cast("q")


def pardon(row: memoryview) -> None:
    """A reader was killed from outside: the block that it was at is not suspect for that."""
    row[TRIES] = max(0, row[TRIES] - 1)


class Place:
    """What a row says, by name. A row of zeros is that of a ring that nobody has read."""

    def __init__(self, row: memoryview) -> None:
        if len(row) < SIZE or row.itemsize != 8 or row.readonly:
            raise ValueError(f"a row for a ring has {SIZE} numbers of 64 bits that can be written")
        self.row = row
        if not self.sequence:
            row[SETS[row[SLOT] & 1] + SEQUENCE] = 1

    def _done(self, field: int) -> int:
        number: int = self.row[SETS[self.row[SLOT] & 1] + field]
        return number

    @property
    def sequence(self) -> int:
        """The number of the block to read next."""
        return self._done(SEQUENCE)

    @property
    def generation(self) -> int:
        """Which ring is read, of those that there were one after the other."""
        return self._done(GENERATION)

    @property
    def number(self) -> int:
        """How many frames were done with."""
        return self._done(NUMBER)

    @property
    def figures(self) -> tuple[int, int, int, int]:
        """Frames done with, their octets captured and on the wire, how many of them were cut."""
        return self._done(NUMBER), self._done(OCTETS), self._done(WIRE_OCTETS), self._done(SNAPPED)

    def tries(self, sequence: int) -> int:
        """How often a batch was begun that began with this block."""
        return int(self.row[TRIES]) if self.row[TRIED] == sequence else 0

    @property
    def begun(self) -> int:
        """The block behind those that anybody has begun to work on."""
        return int(self.row[BEGUN])

    def begin(self, sequence: int, blocks: int) -> None:
        """Note that `blocks` blocks from `sequence` on are being worked on now.

        Blocks that are read again before those over which somebody died leave these suspect.
        """
        row = self.row
        if not sequence < row[TRIED] < row[BEGUN]:
            tries = self.tries(sequence)
            row[TRIES] = 0
            row[TRIED] = sequence
            row[TRIES] = tries + 1
        row[BEGUN] = max(row[BEGUN], sequence + blocks)

    def finish(self, blocks: int, figures: tuple[int, int, int, int]) -> None:
        """Note that they are done with: `sequence` moves on, `figures` hold from now on."""
        self._put(self.sequence + blocks, figures, self.generation)

    def _put(self, sequence: int, figures: tuple[int, int, int, int], generation: int) -> None:
        row = self.row
        other = (row[SLOT] & 1) ^ 1
        at = SETS[other]
        row[at + SEQUENCE], row[at + GENERATION] = sequence, generation
        row[at + NUMBER], row[at + OCTETS], row[at + WIRE_OCTETS], row[at + SNAPPED] = figures
        row[SLOT] = other

    def move(self, sequence: int) -> None:
        """Go on at another block, with the same figures."""
        self.finish(sequence - self.sequence, self.figures)

    def restart(self, generation: int | None = None) -> None:
        """Begin a new ring: blocks are numbered from 1 again, frames go on. generation: where it is another one."""
        self._put(1, self.figures, self.generation if generation is None else generation)
        self.row[BEGUN] = self.row[TRIED] = self.row[TRIES] = 0

    def count(self, field: int, more: int) -> None:
        """Add to DROPPED, FREEZES, DAMAGED or PASSED."""
        if more:
            self.row[field] += more
