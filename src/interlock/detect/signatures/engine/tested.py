"""What rules ask of numbers at fixed places, and of expressions that are no more than octets at fixed places.

Such steps are held against all payloads at once as far as the place of each is known beforehand; those behind are left
to the plain way. What is said here is what `plain.steps` says.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from interlock.detect.signatures.engine.stepping import JUMP, SHAPE, TEST, THERE, hold
from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.language.steps import ByteJump, ByteTest, Expression, IsDataAt
from interlock.detect.walks import views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.language.model import Inspection
    from interlock.detect.signatures.language.steps import Number, Reading, Step

__all__ = ["COMPARED", "Shape", "fixed_numbers", "may_hold", "placed_steps", "shape_of"]

_MOST: Final = 4
"""Octets of a number that is read here."""
_FAR: Final = 1 << 24
_BEYOND: Final = 1 << 40
_WIDTH: Final = 9
"""Numbers of a step in `stepping.hold`."""
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
    steps: tuple[Step, ...], cells: NDArray[np.uint8], begins: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Per payload whether the steps hold. begins: where each stands in the cells; lengths: octets of each."""
    held = np.empty(len(begins), np.bool_)
    hold(*views(*_program(steps), cells, begins, lengths, held))
    return held


@lru_cache(maxsize=4096)
def _program(steps: tuple[Step, ...]) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """Steps as `stepping.hold` takes them."""
    shapes: list[int] = []
    rows = [row for step in steps if (row := _row(step, shapes)) is not None]
    return np.array(rows, np.int64).reshape(-1, _WIDTH), np.array(shapes or [0], np.int16)


def _row(step: Step, shapes: list[int]) -> tuple[int, ...] | None:
    """One step; octets of shapes go behind those of others. None for what says nothing."""
    if isinstance(step, ByteJump):
        return JUMP, *_reading(step.reading), step.multiplier, _whole(step.post_offset), 0, 0
    if isinstance(step, ByteTest):
        how = COMPARED.index(step.operator)
        return TEST, *_reading(step.reading), how, _whole(step.value), step.negated, 0
    if isinstance(step, IsDataAt):
        return THERE, step.relative, _whole(step.position), step.negated, 0, 0, 0, 0, 0
    if not isinstance(step, Expression) or (shape := shape_of(step)) is None:
        return None
    begin, middle = len(shapes), len(shapes) + len(shape.fixed)
    shapes += (*shape.fixed, *shape.ahead)
    asks = bool(shape.ahead) or shape.without
    return SHAPE, step.relative, begin, middle, middle, len(shapes), asks, shape.without, shape.nocase


def _reading(reading: Reading) -> tuple[int, int, int, int]:
    return reading.relative, _whole(reading.offset), _whole(reading.count), reading.endian == "little"


def _whole(number: Number) -> int:
    """A number that is known (_simple); beyond what four octets hold one is as good as another."""
    return min(max(number, -_BEYOND), _BEYOND) if isinstance(number, int) else 0
