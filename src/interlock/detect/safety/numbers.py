"""Numbers out of rows of `values`: an element of a block, some registers or octets joined, raw process data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.safety.place import Place
    from interlock.records.site import Tag

__all__ = ["numbers_of"]

_DTYPES: Final = {
    "bool": ("u1", 8), "int8": ("i1", 8), "uint8": ("u1", 8), "int16": (">i2", 16), "uint16": (">u2", 16),
    "int32": (">i4", 32), "uint32": (">u4", 32), "int64": (">i8", 64), "uint64": (">u8", 64),
    "float32": (">f4", 32), "float64": (">f8", 64),
}  # fmt: skip
"""Value type → numpy's name for it in network order, and its bits."""
_ONE_INDEX: Final = frozenset({"bacnet"})
"""Protocols in which a block holds one object: what follows its first number are no neighbours."""
_REGISTER_BITS: Final = 16


def numbers_of(
    batch: Batch, rows: NDArray[np.int64], block: Place, wanted: Place, tag: Tag, protocol: str
) -> NDArray[np.float64]:
    """Values of a tag in rows whose object begins at `block`, in the tag's unit; nan where they don't hold it."""
    if tag.octet is not None:
        raw = _from_octets(batch, rows, tag.octet, tag)
    else:
        raw = _from_numbers(batch, rows, block, wanted, tag, protocol)
        if np.isnan(raw).all() and wanted.at >= block.at and wanted.width > 1:
            raw = _from_octets(batch, rows, (wanted.at - block.at) // 8, tag)
    if tag.scale is not None or tag.offset is not None:
        raw = raw * (1.0 if tag.scale is None else tag.scale) + (tag.offset or 0.0)
    return raw


def _from_numbers(
    batch: Batch, rows: NDArray[np.int64], block: Place, wanted: Place, tag: Tag, protocol: str
) -> NDArray[np.float64]:
    nothing = np.full(len(rows), np.nan)
    away = wanted.at - block.at
    if away < 0 or away % block.width or not batch.has("number") or (away and protocol in _ONE_INDEX):
        return nothing
    flat, begins, lengths = batch.lists("number")
    index, many = away // block.width, _elements(block, wanted, tag)
    begin = begins[rows] + index
    held = index + many <= lengths[rows]
    if not held.any():
        return nothing
    cells = flat[np.where(held, begin, 0)[:, None] + np.arange(many)]
    bits = block.width if block.width > 1 else _REGISTER_BITS
    values = cells[:, 0] if many == 1 else _joined(cells, bits, tag)
    if many == 1 and tag.type in {"int8", "int16", "int32"}:
        values = _signed(values, _DTYPES[tag.type][1])
    nothing[held] = values[held]
    return nothing


def _elements(block: Place, wanted: Place, tag: Tag) -> int:
    """How many elements of a block make one value of the tag."""
    if block.width > 1 or wanted.width > 1:
        return max(1, wanted.width // block.width)
    return max(1, _DTYPES[tag.type][1] // _REGISTER_BITS) if tag.type in _DTYPES else 1


def _joined(cells: NDArray[np.float64], bits: int, tag: Tag) -> NDArray[np.float64]:
    """Octets or registers as one number; nan where the tag doesn't say how they are to be read."""
    name, size = _DTYPES.get(tag.type or "", ("", 0))
    if size != bits * cells.shape[1] or not np.isfinite(cells).all():
        return np.full(len(cells), np.nan)
    words = cells.astype(np.int64).astype(">u1" if bits == 8 else f">u{bits // 8}")
    if tag.word_order == "little":
        words = words[:, ::-1]
    values: NDArray[np.float64] = np.ascontiguousarray(words).view(name)[:, 0].astype(np.float64)
    return values


def _signed(values: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    signed: NDArray[np.float64] = np.where(values >= 1 << (bits - 1), values - (1 << bits), values)
    return signed


def _from_octets(batch: Batch, rows: NDArray[np.int64], octet: int, tag: Tag) -> NDArray[np.float64]:
    nothing = np.full(len(rows), np.nan)
    name, bits = _DTYPES.get(tag.type or "", ("", 0))
    if not name or not batch.has("raw"):
        return nothing
    column = batch.column("raw")
    offsets, octets = column.buffers()[1:]
    if octets is None:
        return nothing
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    begin, size = ends[:-1][rows] + octet, bits // 8
    held = (begin + size <= ends[1:][rows]) & batch.known("raw")[rows]
    if held.any():
        data = np.frombuffer(octets, np.uint8)
        picked = np.ascontiguousarray(data[begin[held][:, None] + np.arange(size)])
        nothing[held] = picked.view(name)[:, 0].astype(np.float64)
    return nothing
