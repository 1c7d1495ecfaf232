"""Arrow's arrays as numpy's and chosen rows of them, without what takes a tenth of a start to import.

`Array.take`, `cast`, `fill_null` and others load `pyarrow.compute`, which makes a Python function of each of three
hundred kernels; `pa.array` of a numpy array asks first whether it is masked, and loads all that numpy has for that.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

# The kernels themselves: pyarrow.compute, which hands these on, is what takes so long.
from pyarrow._compute import CastOptions, TakeOptions, call_function

__all__ = [
    "cast",
    "distinct",
    "encoded",
    "filled",
    "integers",
    "kernel",
    "named",
    "present",
    "taken",
    "whole",
]

_CHECKED: Final = TakeOptions(boundscheck=True)


def whole(
    numbers: np.ndarray[Any, Any], known: np.ndarray[Any, np.dtype[np.bool_]] | None = None
) -> pa.Array:
    """Whole numbers as an Arrow array of 64 bits, over the same memory if they have so many; null where not known."""
    numbers = np.ascontiguousarray(numbers, np.int64)
    bits = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.int64(), len(numbers), [bits, pa.py_buffer(numbers)])


def distinct(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Each once, rising."""
    every = np.sort(numbers)
    fresh = np.ones(len(every), np.bool_)
    np.not_equal(every[1:], every[:-1], out=fresh[1:])
    return every[fresh]


def kernel(name: str, *given: Any) -> Any:
    """What a kernel without options makes of arrays or scalars."""
    return call_function(name, list(given))


def taken(array: Any, rows: np.ndarray[Any, Any]) -> Any:
    """Some rows of an array. Raises IndexError where there is no such row."""
    return call_function("take", [array, whole(rows)], _CHECKED)


def cast(array: Any, kind: pa.DataType) -> Any:
    """An array as another type. Raises ArrowInvalid where a value cannot be said in it."""
    return array if array.type == kind else call_function("cast", [array], CastOptions.safe(kind))


def encoded(array: Any) -> pa.DictionaryArray:
    """An array whose distinct values are numbered; as it is where they are."""
    return array if pa.types.is_dictionary(array.type) else call_function("dictionary_encode", [array])


def present(array: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Per value whether it is not null."""
    if array.null_count in {0, len(array)}:
        return np.full(len(array), not array.null_count, np.bool_)
    if pa.types.is_dictionary(array.type):
        array = array.indices
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    return np.unpackbits(bits, count=array.offset + len(array), bitorder="little")[array.offset :].view(
        np.bool_
    )


def filled(array: Any, missing: float) -> np.ndarray[Any, Any]:
    """Numbers of an array in their own width, times and durations as whole numbers; `missing` for what is null.

    What is returned may be read only.
    """
    kind = array.type
    if array.null_count == len(array):
        return np.full(len(array), missing, np.int64)
    if pa.types.is_boolean(kind):
        bits = np.frombuffer(array.buffers()[1], np.uint8)
        numbers: np.ndarray[Any, Any] = np.unpackbits(
            bits, count=array.offset + len(array), bitorder="little"
        )
        numbers = numbers[array.offset :]
    else:
        whole = pa.types.is_timestamp(kind) or pa.types.is_duration(kind)
        dtype = np.dtype(np.int64 if whole else kind.to_pandas_dtype())
        numbers = np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)
    return (
        np.where(present(array), numbers, np.array(missing, numbers.dtype)) if array.null_count else numbers
    )


def named(array: pa.DictionaryArray) -> tuple[Any, Any, int] | None:
    """Codes of a dictionary array (int32), bits that are 0 for null (empty where none is), and where its bits begin.

    None where the codes are of another type.
    """
    codes = array.indices
    if codes.type != pa.int32():
        return None
    bits = np.frombuffer(codes.buffers()[0] if codes.null_count else b"", np.uint8)
    return np.frombuffer(codes.buffers()[1], np.int32, len(codes), codes.offset * 4), bits, codes.offset


def integers(array: Any, missing: int = 0) -> np.ndarray[Any, np.dtype[np.int64]]:
    """As `filled`, of 64 bits; what is beyond them begins anew at their least."""
    numbers = filled(array, missing)
    return numbers.view(np.int64) if numbers.dtype == np.uint64 else numbers.astype(np.int64, copy=False)
