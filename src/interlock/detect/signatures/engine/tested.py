"""What rules ask of numbers at fixed places, and of expressions that are no more than octets at fixed places.

Such steps are held against all payloads at once as far as the place of each is known beforehand; those behind are left
to the plain way. What is said here is what `plain.steps` says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.language.steps import ByteJump, ByteTest, Expression, IsDataAt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.language.model import Inspection
    from interlock.detect.signatures.language.steps import Reading, Step

__all__ = ["COMPARED", "Shape", "fixed_numbers", "may_hold", "placed_steps", "shape_of"]

_MOST: Final = 4
"""Octets of a number that is read here."""
_FAR: Final = 1 << 24
COMPARED: Final = ("=", "<", ">", "<=", ">=")
"""How numbers are compared here."""
_ITEM: Final = re.compile(rb"(?:\\x([0-9A-Fa-f]{2})|(\[\\S\\s\]|\[\\s\\S\])|([A-Za-z0-9]))(?:\{(\d{1,2})\})?")
_LOOK: Final = re.compile(rb"\(\?([!=])([^()]*)\)")


class Shape(NamedTuple):
    """fixed: octets, or -1 for any. ahead: octets that must stand behind them, or must not (`without`).

    nocase: letters may be of either case.
    """

    fixed: tuple[int, ...]
    ahead: tuple[int, ...]
    without: bool
    nocase: bool


def placed_steps(inspections: Sequence[Inspection]) -> tuple[Step, ...]:
    """The steps of a rule with one inspection that can be held against many payloads at once."""
    steps: list[Step] = []
    if len(inspections) != 1:
        return ()
    for step in inspections[0].steps:
        if not _simple(step):
            break
        steps.append(step)
        if isinstance(step, Expression):
            break
    return tuple(steps)


def fixed_numbers(inspections: Sequence[Inspection]) -> tuple[ByteTest, ...]:
    """What a rule asks of numbers at fixed places of its payload, whatever else it asks."""
    steps = (
        step for one in inspections if one.buffer == PAYLOAD and not one.transformations for step in one.steps
    )
    return tuple(
        step for step in steps if isinstance(step, ByteTest) and _simple(step) and not step.reading.relative
    )


def _simple(step: Step) -> bool:
    if isinstance(step, ByteJump):
        return _plain(step.reading) and step.origin == "here" and not step.align and _near(step.post_offset)
    if isinstance(step, ByteTest):
        return _plain(step.reading) and isinstance(step.value, int) and step.operator in COMPARED
    if isinstance(step, IsDataAt):
        return _near(step.position)
    return isinstance(step, Expression) and shape_of(step) is not None


def _plain(reading: Reading) -> bool:
    counts = isinstance(reading.count, int) and 1 <= reading.count <= _MOST
    return counts and not reading.base and reading.mask is None and _near(reading.offset)


def _near(number: int | str) -> bool:
    return isinstance(number, int) and abs(number) < _FAR


def shape_of(step: Expression) -> Shape | None:
    """An expression as octets at fixed places; None where it is more than that."""
    if step.negated or "A" not in step.flags or set(step.flags) - set("AisR"):
        return None
    look = _LOOK.search(step.pattern)
    if look is not None and look.end() != len(step.pattern):
        return None
    fixed = _items(step.pattern[: look.start()] if look else step.pattern)
    ahead = _items(look.group(2)) if look else ()
    if fixed is None or ahead is None:
        return None
    return Shape(fixed, ahead, look is not None and look.group(1) == b"!", "i" in step.flags)


def _items(pattern: bytes) -> tuple[int, ...] | None:
    found: list[int] = []
    at = 0
    while at < len(pattern):
        item = _ITEM.match(pattern, at)
        if item is None:
            return None
        octet, _, letter, times = item.groups()
        found += [int(octet, 16) if octet else letter[0] if letter else -1] * int(times or 1)
        at = item.end()
    return tuple(found)


def may_hold(
    steps: Sequence[Step], cells: NDArray[np.uint8], begins: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Per payload whether the steps hold. begins: where each stands in the cells; lengths: octets of each."""
    alive = np.ones(len(begins), np.bool_)
    place = np.zeros(len(begins), np.int64)
    for step in steps:
        if isinstance(step, (ByteJump, ByteTest)):
            start, there, number = _read(step.reading, cells, begins, lengths, place)
            alive &= there
            if isinstance(step, ByteTest):
                alive &= _compared(step, number)
                continue
            count = step.reading.count if isinstance(step.reading.count, int) else 0
            more = step.post_offset if isinstance(step.post_offset, int) else 0
            place = np.where(alive, np.maximum(0, start + count + number * step.multiplier + more), 0)
            alive &= place < lengths
        elif isinstance(step, IsDataAt) and isinstance(step.position, int):
            there = place + step.position <= lengths if step.relative else step.position < lengths
            alive &= there != step.negated
        elif isinstance(step, Expression):
            alive &= _shaped(step, cells, begins, lengths, place)
    return alive


def _read(
    reading: Reading,
    cells: NDArray[np.uint8],
    begins: NDArray[np.int64],
    lengths: NDArray[np.int64],
    place: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Where the number of each payload begins, whether it is within it, and the number."""
    count = reading.count if isinstance(reading.count, int) else 0
    offset = reading.offset if isinstance(reading.offset, int) else 0
    start = place + offset if reading.relative else np.full(len(begins), offset, np.int64)
    there = (start >= 0) & (start + count <= lengths) & (lengths > 0)
    if reading.relative:
        there &= start < lengths
    number = np.zeros(len(begins), np.int64)
    for k in range(count):
        at = np.where(there, begins + start + (count - 1 - k if reading.endian == "little" else k), 0)
        number = number << 8 | cells[at].astype(np.int64)
    return start, there, number


def _compared(step: ByteTest, number: NDArray[np.int64]) -> NDArray[np.bool_]:
    value = step.value if isinstance(step.value, int) else 0
    holds: NDArray[np.bool_] = {
        "=": number == value,
        "<": number < value,
        ">": number > value,
        "<=": number <= value,
        ">=": number >= value,
    }[step.operator]
    return ~holds if step.negated else holds


def _shaped(
    step: Expression,
    cells: NDArray[np.uint8],
    begins: NDArray[np.int64],
    lengths: NDArray[np.int64],
    place: NDArray[np.int64],
) -> NDArray[np.bool_]:
    shape = shape_of(step)
    if shape is None:
        return np.ones(len(begins), np.bool_)
    start = np.minimum(place, lengths) if step.relative else np.zeros(len(begins), np.int64)
    holds = _stand(shape.fixed, cells, begins + start, lengths - start, nocase=shape.nocase)
    start = start + len(shape.fixed)
    if not shape.ahead and not shape.without:
        return holds
    ahead = _stand(shape.ahead, cells, begins + start, lengths - start, nocase=shape.nocase)
    return holds & (~ahead if shape.without else ahead)


def _stand(
    octets: Sequence[int],
    cells: NDArray[np.uint8],
    at: NDArray[np.int64],
    left: NDArray[np.int64],
    *,
    nocase: bool,
) -> NDArray[np.bool_]:
    """Per payload whether octets stand at a place. left: how many there are from there on."""
    holds: NDArray[np.bool_] = left >= len(octets)
    for k, octet in enumerate(octets):
        if octet >= 0:
            found = cells[np.where(holds, at + k, 0)]
            other = bytes((octet,)).swapcase()[0] if nocase else octet
            holds &= (found == octet) | (found == other)
    return holds
