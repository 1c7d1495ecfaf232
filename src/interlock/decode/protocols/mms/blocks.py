"""From data to blocks of process values (`writer.py` writes them): flattened, with quality found and names spelled.

In what IEC 61850 sends, a bit string of 13 bits is the quality of the values before it and a utc-time their time, in
a structure (`stVal, q, t`) and in a flat data set (`stVal, q, t, stVal, q, t`) alike.
Source: IEC 61850-7-3 clause 6; 8-1 clause 8.1.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interlock.decode.protocols.mms.data import (
    ARRAY,
    BINARY_TIME,
    BIT_STRING,
    BOOLEAN_ARRAY,
    KINDS,
    OCTET_STRING,
    QUALITY_BITS,
    STRUCTURE,
    UTC_TIME,
    Datum,
    binary_time,
    quality_of,
    time_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_BLOCKS", "Block", "Shape", "blocks_of"]

MAX_BLOCKS: Final = 4096
"""Blocks of one message; what comes after them is left out."""
_EXACT: Final = 1 << 53
_NUMBERS: Final = frozenset({3, 5, 6, 7, 8, 13})

Shape = list[tuple[str, Any]]
"""Components of a structure as a type specification names them: (name, Shape of a structure or None)."""


class Block(NamedTuple):
    """One row of `values` to be: one of numbers, text and raw says something. time: the device's own, UTC ns."""

    name: str
    kind: str
    quality: str | None
    numbers: tuple[float, ...]
    text: str | None = None
    raw: bytes | None = None
    time: int | None = None


def blocks_of(
    data: Sequence[Datum], names: Sequence[str], shapes: Sequence[Shape | None] = ()
) -> list[Block]:
    """Blocks of data that are called `names`, in order; shapes: of each datum, where they are known."""
    found: list[Block] = []
    _level(data, names, shapes, found)
    return found


def _level(
    data: Sequence[Datum], names: Sequence[str], shapes: Sequence[Shape | None], found: list[Block]
) -> None:
    """Flatten data that stand beside each other; a quality and a time belong to what came since the last one."""
    since = timed = len(found)
    for k, (kind, value) in enumerate(data):
        if len(found) >= MAX_BLOCKS:
            return
        if kind == BIT_STRING and len(value) == QUALITY_BITS:
            words = quality_of(value)
            if since == len(found):
                found.append(Block(names[k], "quality", None, (), words))
            for at in range(since, len(found)):
                if found[at].quality is None:
                    found[at] = found[at]._replace(quality=words)
            since = len(found)
        elif kind == UTC_TIME and timed < len(found):
            for at in range(timed, len(found)):
                if found[at].time is None:
                    found[at] = found[at]._replace(time=value[0])
            timed = len(found)
        elif kind == STRUCTURE or (kind == ARRAY and not _is_numeric(value)):
            _level(value, *_inside(names[k], len(value), shapes[k] if k < len(shapes) else None), found)
        else:
            found.append(_block(names[k], kind, value))


def _inside(name: str, count: int, shape: Shape | None) -> tuple[list[str], list[Shape | None]]:
    """Names and shapes of a structure's or array's parts: `Pos$stVal` where they are known, else `Pos[0]`."""
    if shape is not None and len(shape) == count:
        return [f"{name}${part}" for part, _ in shape], [inner for _, inner in shape]
    return [f"{name}[{k}]" for k in range(count)], []


def _is_numeric(value: list[Datum]) -> bool:
    return bool(value) and value[0][0] in _NUMBERS and all(kind == value[0][0] for kind, _ in value)


def _block(name: str, kind: int, value: Any) -> Block:
    word = KINDS[kind]
    if kind in _NUMBERS:
        if isinstance(value, int) and not -_EXACT <= value <= _EXACT:
            return Block(name, word, None, (), str(value))
        return Block(name, word, None, (float(value),))
    if kind == ARRAY:
        return Block(name, KINDS[value[0][0]], None, tuple(float(v) for _, v in value))
    if kind == BIT_STRING:
        return (
            Block(name, word, None, (float(int(value, 2)),))
            if 0 < len(value) <= 32
            else Block(name, word, None, (), value)
        )
    if kind == BOOLEAN_ARRAY:
        return (
            Block(name, word, None, tuple(float(bit) for bit in value))
            if value
            else Block(name, word, None, (), "")
        )
    if kind == OCTET_STRING:
        return Block(name, word, None, (), None, value)
    if kind == UTC_TIME:
        return Block(name, word, None, (), time_text(value[0]))
    return Block(name, word, None, (), time_text(binary_time(value)) if kind == BINARY_TIME else value)
