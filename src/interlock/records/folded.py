"""Rows of plain values as octets, for what is many, alike, and seldom read.

A hundred thousand machines rest on more than a million proofs, 2.5 KiB a machine as objects. Folded, they take
1.3 KiB; with a book, which knows what all of them have in common, a quarter of that.
"""

from __future__ import annotations

import marshal
from typing import Any, Final

import zstandard

__all__ = ["Book", "Folded", "Rows"]

Rows = list[tuple[str, list[tuple[Any, ...]]]]
"""(name, rows of text, whole numbers and floats)."""
_PLAIN: Final = 4_096
"""Rows that a book leaves as they are: some MiB, which to shorten and lengthen takes as long as to make them."""
_LESSONS: Final = 256
"""Rows that it learns from before it shortens anything."""
_MOST_OCTETS: Final = 1 << 20


class Book:
    """What some of the first rows that it is shown have in common with all that follow."""

    def __init__(self) -> None:
        self._plain = _PLAIN
        self._lessons: list[bytes] = []
        self._short: zstandard.ZstdCompressor | None = None
        self._long: zstandard.ZstdDecompressor | None = None

    def opened(self) -> bool:
        """Whether it is to be asked: of the first rows it is not, each of which is counted here."""
        self._plain -= self._plain > 0
        return not self._plain

    def shorten(self, octets: bytes) -> bytes | None:
        """The octets shortened; None while the book still learns."""
        if self._short is None:
            self._learn(octets)
            return None
        # A copy: the compressor's result was made for the worst case and cut, which would hold on to what was cut.
        return bytes(memoryview(self._short.compress(octets)))

    def lengthen(self, octets: bytes) -> bytes:
        """What was shortened."""
        assert self._long is not None
        return self._long.decompress(octets)

    def _learn(self, octets: bytes) -> None:
        self._lessons.append(octets)
        if len(self._lessons) < _LESSONS:
            return
        text = b"".join(self._lessons)[-_MOST_OCTETS:]
        known = zstandard.ZstdCompressionDict(text, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        known.precompute_compress(level=1)
        self._short = zstandard.ZstdCompressor(level=1, dict_data=known)
        self._long = zstandard.ZstdDecompressor(dict_data=known)
        self._lessons.clear()


class Folded:
    """Rows as octets. book: shared by many, which shortens them."""

    __slots__ = ("_book", "_octets")

    def __init__(self, rows: Rows, book: Book | None = None) -> None:
        # Version 2 repeats what is equal, which the book then shortens better than references. The octets never
        # leave this process: neither the format nor the trust that reading it takes matters.
        asked = book if book is not None and book.opened() else None
        octets = marshal.dumps(rows, 2 if asked else 4)
        short = asked.shorten(octets) if asked else None
        self._octets, self._book = (octets, None) if short is None else (short, asked)

    def unfold(self) -> Rows:
        """The rows."""
        octets = self._octets if self._book is None else self._book.lengthen(self._octets)
        rows: Rows = marshal.loads(octets)  # noqa: S302 (octets made above)
        return rows
