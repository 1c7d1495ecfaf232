"""Traits of many rules as JSON columns: each distinct value stands there once.

    field -> [distinct values, index of each rule's value]

Only what stands in the table below is ever made of such text, so that no text can make anything else.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.signatures.engine.prefilter import Anchor, Literal
from interlock.detect.signatures.engine.traits import Traits
from interlock.detect.signatures.language.checks import Field, Flags, FragBits
from interlock.detect.signatures.language.model import Transformation
from interlock.detect.signatures.language.numbers import Bound
from interlock.detect.signatures.language.spans import Spans
from interlock.detect.signatures.language.steps import ByteJump, ByteTest, Expression, IsDataAt, Reading
from interlock.detect.signatures.language.variables import Ends

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["columns_of", "traits_from"]

_TUPLES: Final[dict[str, Any]] = {"Anchor": Anchor, "Literal": Literal}
_RECORDS: Final[dict[str, Any]] = {
    "Bound": Bound,
    "ByteJump": ByteJump,
    "ByteTest": ByteTest,
    "Ends": Ends,
    "Expression": Expression,
    "Field": Field,
    "Flags": Flags,
    "FragBits": FragBits,
    "IsDataAt": IsDataAt,
    "Reading": Reading,
    "Spans": Spans,
    "Transformation": Transformation,
}
_NAMES: Final = {kind: tuple(field.name for field in fields(made)) for kind, made in _RECORDS.items()}
_FIELDS: Final = tuple(field.name for field in fields(Traits))


def columns_of(traits: Sequence[Traits]) -> dict[str, Any]:
    """Traits as JSON values."""
    columns = {}
    for name in _FIELDS:
        known: dict[Any, int] = {}
        indexes = [known.setdefault(getattr(one, name), len(known)) for one in traits]
        columns[name] = [[_plain(value) for value in known], indexes]
    return columns


def traits_from(columns: Any) -> tuple[Traits, ...]:
    """The same traits again. Raises ValueError, TypeError, KeyError or IndexError where it is none of ours."""
    values = []
    for name in _FIELDS:
        known, indexes = columns[name]
        made = [_made(value) for value in known]
        values.append([made[index] for index in indexes])
    rows = zip(*values, strict=True)
    return tuple(Traits(**dict(zip(_FIELDS, row, strict=True))) for row in rows)


def _plain(value: Any) -> Any:
    """Lists are tuples; objects have one key, which says what they are."""
    if isinstance(value, bytes):
        return {"octets": value.decode("latin-1")}
    if isinstance(value, frozenset):
        return {"set": sorted(map(_plain, value))}
    kind = type(value).__name__
    if kind in _TUPLES:
        return {kind: [_plain(part) for part in value]}
    if kind in _RECORDS:
        return {kind: [_plain(getattr(value, name)) for name in _NAMES[kind]]}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, (str, int)):
        return value
    raise TypeError(kind)


def _made(value: Any) -> Any:
    if isinstance(value, list):
        return tuple([_made(part) for part in value])
    if isinstance(value, dict):
        ((kind, inside),) = value.items()
        if kind == "octets":
            return inside.encode("latin-1")
        parts = [_made(part) for part in inside]
        if kind == "set":
            return frozenset(parts)
        if kind in _TUPLES:
            return _TUPLES[kind](*parts)
        return _RECORDS[kind](**dict(zip(_NAMES[kind], parts, strict=True)))
    return value
