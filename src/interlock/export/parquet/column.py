"""One column of a row group as pages: levels, then values in the encoding that suits them, compressed.

    data page   [length 4 | levels of repetition] [length 4 | levels of definition] values
    values      as they are, as differences, in eight streams, or: width 1 | numbers of a dictionary page before it

Levels of repetition are there in lists, of definition where something may be null.
Source: Apache Parquet format 2.10, README.md (Data Pages, Nested Encoding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.export.parquet.encodings import (
    chosen,
    delta,
    dense,
    hybrid,
    levels,
    list_levels,
    number_integers,
    number_octets,
    number_words,
    room_for_delta,
    room_for_hybrid,
    run,
    spelled,
)
from interlock.export.parquet.types import BOOLEAN, BYTE_ARRAY, DOUBLE, FLOAT, INT32, INT64, physical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["DELTA", "DICTIONARY", "PLAIN", "RLE", "SPLIT", "Column", "Content", "Scratch"]

PLAIN, RLE, DELTA, DICTIONARY, SPLIT = 0, 3, 5, 8, 9
_NONE: Final = np.empty(0, np.uint8)
_MOST_ENTRIES: Final = 1 << 16
"""Entries of a dictionary of numbers or octets at most."""
_SELDOM: Final = 4
"""Or so many values for each entry at least, or it is not worth its room."""
_FEW: Final = 16
_WIDE: Final = 64
_REPEATED_BITS, _DEFINED_BITS = 1, 2
"""Widths of a list's levels."""
_NULL_ELEMENT, _ELEMENT = 2, 3


class Scratch:
    """Memory that one column after the other uses."""

    def __init__(self) -> None:
        self._held: dict[str, NDArray[Any]] = {}

    def room(self, name: str, count: int, kind: Any) -> NDArray[Any]:
        """At least `count` places of that name, with whatever is in them."""
        held = self._held.get(name)
        if held is None or len(held) < count:
            held = self._held[name] = np.empty(count + count // 4, kind)
        return held


class Content:
    """What a column's pages hold. values: of the data page, nulls too; words: entries of the dictionary.

    least, most: of what is not null (8 octets each), where they are asked for.
    """

    __slots__ = ("data", "dictionary", "encoding", "least", "most", "nulls", "values", "words")

    def __init__(self, values: int, nulls: int) -> None:
        self.values, self.nulls = values, nulls
        self.data: bytes | memoryview = b""
        self.dictionary: bytes | None = None
        self.words = 0
        self.encoding = PLAIN
        self.least = self.most = b""


class Column:
    """How a column of this field is written. coded: words of a dictionary may stand for its values.

    rising: values are near their neighbours. bounds: least and greatest are said (of numbers of 64 bits).
    """

    def __init__(self, field: pa.Field, *, coded: bool, rising: bool, bounds: bool) -> None:
        self.field = field
        self.is_list = pa.types.is_list(field.type)
        self._kind = field.type.value_type if self.is_list else field.type
        self.physical = physical(self._kind)
        self._coded, self._rising = coded and not self.is_list, rising
        self._bounds = bounds and self.physical == INT64
        self._dtype = _dtype(self._kind) if self.physical not in {BOOLEAN, BYTE_ARRAY} else None
        self.path = [field.name.encode()] + [b"list", b"element"] * self.is_list

    def content(self, chunks: Sequence[Any], scratch: Scratch) -> Content:
        """Pages of the column's arrays, together; they stay as they are till the next call with this scratch."""
        if self.is_list:
            return self._lists(chunks, scratch)
        made = Content(sum(map(len, chunks)), sum(chunk.null_count for chunk in chunks))
        out = scratch.room("out", made.values // 8 + 64 + self._room(chunks, made.values), np.uint8)
        at = 0
        if self.field.nullable:
            bits = _joined(chunks) if made.nulls else _NONE
            at = _framed(out, 0, levels(bits, made.values, out, 4))
        at = self._write(chunks, made, scratch, out, at)
        made.data = out[:at].data
        return made

    def _lists(self, chunks: Sequence[Any], scratch: Scratch) -> Content:
        lists = [chunk if _tidy(chunk) else pa.array(chunk.to_pylist(), chunk.type) for chunk in chunks]
        inner = [chunk.values[int(at[0]) : int(at[-1])] for chunk in lists for at in (_offsets(chunk),)]
        most = sum(map(len, lists)) + sum(map(len, inner))
        repeated, defined = (scratch.room(name, most, np.int32) for name in ("repeated", "defined"))
        count = 0
        for chunk in lists:
            count = list_levels(_offsets(chunk), *_validity(chunk), repeated, defined, count)
        if any(array.null_count for array in inner):
            null = np.concatenate([array.is_null().to_numpy(zero_copy_only=False) for array in inner])
            defined[np.flatnonzero(defined[:count] == _ELEMENT)[null]] = _NULL_ELEMENT
        if not self.field.nullable:
            defined[:count] -= 1
        made = Content(count, 0)
        room = room_for_hybrid(count, _REPEATED_BITS) + room_for_hybrid(count, _DEFINED_BITS) + 64
        out = scratch.room("out", room + self._room(inner, sum(map(len, inner))), np.uint8)
        at = _framed(out, 0, hybrid(repeated[:count], _REPEATED_BITS, out, 4))
        at = _framed(out, at, hybrid(defined[:count], _DEFINED_BITS, out, at + 4))
        made.data = out[: self._write(inner, made, scratch, out, at)].data
        return made

    def _room(self, chunks: Sequence[Any], count: int) -> int:
        """Octets that the values may need at most."""
        if pa.types.is_dictionary(self._kind):
            return room_for_hybrid(count, max((len(c.dictionary) for c in chunks), default=1).bit_length())
        if self.physical == BYTE_ARRAY:
            return 4 * count + sum(int(at[-1] - at[0]) for at in map(_offsets, chunks)) + 64
        return room_for_delta(count)

    def _write(
        self, chunks: Sequence[Any], made: Content, scratch: Scratch, out: NDArray[np.uint8], at: int
    ) -> int:
        """Write the values that are not null from `at` on; where they end."""
        if pa.types.is_dictionary(self._kind):
            return self._words(chunks, made, scratch, out, at)
        if self.physical == BYTE_ARRAY:
            return self._octets(chunks, made, scratch, out, at)
        if self.physical == BOOLEAN:
            return _put(out, at, np.packbits(_booleans(chunks), bitorder="little"))
        return self._numbers(chunks, made, scratch, out, at)

    def _words(
        self, chunks: Sequence[Any], made: Content, scratch: Scratch, out: NDArray[np.uint8], at: int
    ) -> int:
        """Numbers of those words that are named here; all chunks have one dictionary."""
        if not chunks:
            return at
        dictionary = chunks[0].dictionary
        places = scratch.room("places", len(dictionary), np.int32)
        places[: len(dictionary)] = -1
        order = scratch.room("order", len(dictionary), np.int32)
        codes = scratch.room("codes", made.values, np.int32)
        state = np.zeros(2, np.int64)
        for chunk in chunks:
            indices = chunk.indices
            number_words(_plain(indices, np.int32), *_validity(indices), places, order, state, codes)
        count, made.words = state.tolist()
        return _coded(made, _chosen(dictionary, order[: made.words], scratch), codes[:count], out, at)

    def _octets(
        self, chunks: Sequence[Any], made: Content, scratch: Scratch, out: NDArray[np.uint8], at: int
    ) -> int:
        count = sum(len(chunk) - chunk.null_count for chunk in chunks)
        if self._coded and count:
            one = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
            offsets, octets = _offsets(one), _buffer(one, 2)
            places, most = _places(scratch, count)
            order = scratch.room("order", most, np.int32)[:most]
            codes = scratch.room("codes", count, np.int32)
            words = number_octets(offsets, octets, *_validity(one), places, order, codes)
            if words >= 0:
                made.words = words
                return _coded(made, _chosen(one, order[:words], scratch), codes[:count], out, at)
        for chunk in chunks:
            at = spelled(_offsets(chunk), _buffer(chunk, 2), *_validity(chunk), out, at)
        return at

    def _numbers(
        self, chunks: Sequence[Any], made: Content, scratch: Scratch, out: NDArray[np.uint8], at: int
    ) -> int:
        numbers = self._whole(chunks, scratch)
        if self._bounds and len(numbers):
            ordered = numbers.view(np.uint64 if pa.types.is_unsigned_integer(self._kind) else np.int64)
            made.least, made.most = (bound().tobytes() for bound in (ordered.min, ordered.max))
        if self.physical == DOUBLE and self.is_list:
            made.encoding = SPLIT
            return _put(out, at, numbers.view(np.uint8).reshape(-1, 8).T)
        if self._coded and len(numbers):
            places, most = _places(scratch, len(numbers))
            order = scratch.room("numbers", most, np.int64)[:most]
            codes = scratch.room("codes", len(numbers), np.int32)[: len(numbers)]
            words = number_integers(numbers, places, order, codes)
            if words >= 0:
                made.words = words
                return _coded(made, self._as_they_are(order[:words]).tobytes(), codes, out, at)
        if self.physical == INT64 and (self._rising or self._coded):
            end: int = delta(numbers, scratch.room("differences", 128, np.uint64), out, at)
            if end - at < numbers.nbytes:
                made.encoding = DELTA
                return end
        return _put(out, at, self._as_they_are(numbers))

    def _as_they_are(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """Numbers in the width that the physical type has."""
        return numbers.astype(np.int32) if self.physical in {INT32, FLOAT} else numbers

    def _whole(self, chunks: Sequence[Any], scratch: Scratch) -> NDArray[np.int64]:
        """Values that are not null, as integers of 64 bits."""
        if len(chunks) == 1 and not chunks[0].null_count and self.physical in {INT64, DOUBLE}:
            return _plain(chunks[0], np.int64)
        made = scratch.room("whole", sum(map(len, chunks)), np.int64)
        at = 0
        for chunk in chunks:
            numbers = _plain(chunk, self._dtype)
            if chunk.null_count:
                at = dense(numbers.astype(np.int64, copy=False), *_validity(chunk), made, at)
            else:
                made[at : at + len(numbers)] = numbers
                at += len(numbers)
        return made[:at]


def _dtype(kind: pa.DataType) -> Any:
    """What numpy calls the numbers behind a type: all of 64 bits, and floats, are taken for signed integers."""
    unsigned = pa.types.is_unsigned_integer(kind) and kind.bit_width < _WIDE
    return np.dtype(f"{'u' if unsigned else 'i'}{kind.bit_width // 8}")


def _buffer(array: Any, place: int) -> NDArray[np.uint8]:
    buffer = array.buffers()[place]
    return _NONE if buffer is None else np.frombuffer(buffer, np.uint8)


def _plain(array: Any, dtype: Any) -> NDArray[Any]:
    """Its values, those of nulls too."""
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.empty(0, dtype)
    return np.frombuffer(buffer, dtype, len(array), array.offset * np.dtype(dtype).itemsize)


def _offsets(array: Any) -> NDArray[np.int32]:
    """Where its texts, octets or lists begin, one more than there are."""
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros(1, np.int32)
    return np.frombuffer(buffer, np.int32, len(array) + 1, array.offset * 4)


def _validity(array: Any) -> tuple[NDArray[np.uint8], int]:
    """Bits of what is not null, none where nothing is, and which is the first."""
    return (_buffer(array, 0), array.offset) if array.null_count else (_NONE, 0)


def _present(array: Any) -> NDArray[np.uint8]:
    """A 1 for each value that is not null."""
    bits, first = _validity(array)
    if not len(bits):
        return np.ones(len(array), np.uint8)
    return np.unpackbits(bits, count=first + len(array), bitorder="little")[first:]


def _joined(chunks: Sequence[Any]) -> NDArray[np.uint8]:
    """Bits of what is not null of all chunks, from the first one on."""
    if len(chunks) == 1 and chunks[0].offset % 8 == 0:
        first = chunks[0].offset // 8
        return _buffer(chunks[0], 0)[first : first + (len(chunks[0]) + 7) // 8]
    return np.packbits(np.concatenate([_present(chunk) for chunk in chunks]), bitorder="little")


def _booleans(chunks: Sequence[Any]) -> NDArray[np.uint8]:
    found = [np.empty(0, np.uint8)]
    for chunk in chunks:
        bits = np.unpackbits(_buffer(chunk, 1), count=chunk.offset + len(chunk), bitorder="little")
        found.append(bits[chunk.offset :][_present(chunk) == 1])
    return np.concatenate(found)


def _tidy(lists: Any) -> bool:
    """Whether no null list has elements."""
    return not lists.null_count or not np.diff(_offsets(lists))[_present(lists) == 0].any()


def _places(scratch: Scratch, count: int) -> tuple[NDArray[np.int32], int]:
    """An empty table for numbering `count` values, and how many entries are worth it."""
    most = min(_MOST_ENTRIES, max(_FEW, count // _SELDOM))
    size = 1 << (2 * most).bit_length()
    places = scratch.room("places", size, np.int32)[:size]
    places[:] = -1
    return places, most


def _chosen(words: Any, rows: NDArray[np.int32], scratch: Scratch) -> bytes:
    """A dictionary page of those words."""
    offsets = _offsets(words)
    most = 4 * len(rows) + int(offsets[-1] - offsets[0]) + 64
    page = scratch.room("page", most, np.uint8)
    return page[: chosen(offsets, _buffer(words, 2), rows, page, 0)].tobytes()


def _coded(
    made: Content, dictionary: bytes, codes: NDArray[np.int32], out: NDArray[np.uint8], at: int
) -> int:
    """Write numbers of a dictionary's entries; where they end. No dictionary is needed for none."""
    if not made.words:
        return at
    made.encoding, made.dictionary = DICTIONARY, dictionary
    width = max(1, (made.words - 1).bit_length())
    out[at] = width
    alike = made.words == 1
    end: int = run(0, len(codes), width, out, at + 1) if alike else hybrid(codes, width, out, at + 1)
    return end


def _framed(out: NDArray[np.uint8], begin: int, end: int) -> int:
    """Write the length of levels before them; where they end."""
    out[begin : begin + 4] = np.frombuffer((end - begin - 4).to_bytes(4, "little"), np.uint8)
    return end


def _put(out: NDArray[np.uint8], at: int, numbers: NDArray[Any]) -> int:
    """Write numbers as they lie in memory, row after row; where they end."""
    end = at + numbers.nbytes
    if numbers.ndim == 1:
        out[at:end] = numbers.view(np.uint8)
    else:
        out[at:end].reshape(numbers.shape)[:] = numbers
    return end
