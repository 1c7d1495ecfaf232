"""What a column is in a Parquet file: its physical type, its place in the schema, the encoding that suits it.

Source: Apache Parquet format 2.10, parquet.thrift and LogicalTypes.md.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from interlock.export.parquet.thrift import Struct

__all__ = ["BOOLEAN", "BYTE_ARRAY", "DOUBLE", "FLOAT", "INT32", "INT64", "elements", "physical"]

BOOLEAN, INT32, INT64, FLOAT, DOUBLE, BYTE_ARRAY = 0, 1, 2, 4, 5, 6
REQUIRED, OPTIONAL, REPEATED = 0, 1, 2
_UTF8, _LIST = 0, 3
_UINT: Final = {8: 11, 16: 12, 32: 13, 64: 14}
_INT: Final = {8: 15, 16: 16}
"""Bits → converted type; signed numbers of 32 and 64 bits need none."""
_UNITS: Final = {"ms": 1, "us": 2, "ns": 3}
_CONVERTED_TIME: Final = {"ms": 9, "us": 10}
_WIDE: Final = 64
_EMPTY: Final = Struct().end()


def physical(kind: pa.DataType) -> int:
    """What holds its values. Raises TypeError for a type that no table has."""
    if pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type) and kind.index_type == pa.int32():
        return BYTE_ARRAY
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return BYTE_ARRAY
    if pa.types.is_integer(kind) or pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        return INT64 if kind.bit_width == _WIDE else INT32
    for found, holds in ((BOOLEAN, pa.bool_()), (FLOAT, pa.float32()), (DOUBLE, pa.float64())):
        if kind == holds:
            return found
    raise TypeError(f"no column of {kind} can be written")


def elements(field: pa.Field) -> list[bytes]:
    """Its elements of the file's schema: one, or of a list the three that nest."""
    if not pa.types.is_list(field.type):
        return [_leaf(field)]
    outer = Struct().number(3, OPTIONAL if field.nullable else REQUIRED).binary(4, field.name.encode())
    outer.number(5, 1).number(6, _LIST).struct(10, Struct().struct(3, _EMPTY).end())
    middle = Struct().number(3, REPEATED).binary(4, b"list").number(5, 1)
    return [outer.end(), middle.end(), _leaf(field.type.value_field.with_name("element").with_nullable(True))]


def _leaf(field: pa.Field) -> bytes:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    said = Struct().number(1, physical(kind)).number(3, OPTIONAL if field.nullable else REQUIRED)
    said.binary(4, field.name.encode())
    converted, logical = _meaning(kind)
    if converted is not None:
        said.number(6, converted)
    if logical is not None:
        said.struct(10, logical)
    return said.end()


def _meaning(kind: Any) -> tuple[int | None, bytes | None]:
    """Converted type, for older readers, and logical type; None where the physical type says all."""
    if pa.types.is_string(kind):
        return _UTF8, Struct().struct(1, _EMPTY).end()
    if pa.types.is_timestamp(kind):
        unit = Struct().struct(_UNITS[kind.unit], _EMPTY).end()
        said = Struct().flag(1, value=kind.tz is not None).struct(2, unit).end()
        return _CONVERTED_TIME.get(kind.unit), Struct().struct(8, said).end()
    if pa.types.is_integer(kind):
        signed = pa.types.is_signed_integer(kind)
        converted = (_INT if signed else _UINT).get(kind.bit_width)
        if converted is not None:
            said = Struct().small(1, kind.bit_width).flag(2, value=signed).end()
            return converted, Struct().struct(10, said).end()
    return None, None
