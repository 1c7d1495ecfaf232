"""Parameters of rare messages, read by layouts that are written as specifications write them.

A layout is words with blanks between:

    disk:2 files:2 last:1          names and kinds: so many octets, an unsigned number
    label:t12 id:h4 level:f32      text until its NUL, hexadecimal digits, IEEE 754
    3                              octets without a meaning
    size:2 data:h=size             as many octets as an earlier number says
    *files( name:t12 size:4 )      so many times as an earlier number says
    *( tag:h4 )                    until the octets end
    ?kind=3( level:f32 )           only where an earlier number is this

Whatever a layout names becomes a row of the protocol's own table `…_parameters`; octets that end early end the rows.
What repeats within what repeats is numbered through the whole message.
"""

from __future__ import annotations

import re
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["MAX_PARAMETERS", "EndedError", "Kind", "Parameters", "Reader", "parameters_table"]

MAX_PARAMETERS: Final = 1024
"""Rows of one message; what is beyond is left out."""

Kind = "Callable[[Reader], object]"
"""A protocol's own kind: takes its octets from the reader, gives what they mean, or None to say nothing."""


def parameters_table(protocol: str, spoken: str, *, alone: str = "") -> Table:
    """Return the table of a protocol's parameters.

    spoken: its name as people write it. alone: messages with parameters that belong to no operation.
    """
    return Table(
        name=f"{protocol}_parameters",
        version=1,
        meaning=f"One row per parameter that a {spoken} message has beside its objects and values.",
        columns=(
            *DETAIL,
            Column(
                name="operation",
                type=pa.uint64(),
                nullable=bool(alone),
                meaning="joins operations" + (f"; null for {alone}" if alone else ""),
            ),
            Column(name="answer", type=pa.bool_(), meaning="whether an answer says it, not a request"),
            Column(
                name="element",
                type=pa.uint16(),
                meaning="which of several like ones, from 1; 0 where it is said once",
            ),
            Column(name="name", type=text(), meaning="what the specification calls it"),
            Column(name="value", type=pa.utf8(), meaning="numbers in decimal, octets as 0x and digits"),
        ),
    )


class _Word(NamedTuple):
    """One word of a layout. about: kind or size, name of a count, or name and number of a condition."""

    what: str
    name: str
    about: str
    inner: tuple[Any, ...]


_WORD: Final = r"\s*(?:(\))|\*([\w-]*)\(|\?([\w-]+)=(\w+)\(|(\d+)(?=\s|$|\))|([\w-]+):(\S+))"


@cache
def _parsed(layout: str) -> tuple[_Word, ...]:
    """Raises ValueError on a layout that is none: they are constants of this package."""
    words, at = _inner(layout, 0, depth=0)
    if layout[at:].strip():
        raise ValueError(layout)
    return words


def _inner(layout: str, at: int, *, depth: int) -> tuple[tuple[_Word, ...], int]:
    words: list[_Word] = []
    words_of = re.compile(_WORD)  # once a layout is read, of the few that are ever asked for
    while layout[at:].strip():
        found = words_of.match(layout, at)
        if found is None:
            raise ValueError(layout[at:])
        at = found.end()
        closes, count, condition, number, skip, name, kind = found.groups()
        if closes:
            if not depth:
                raise ValueError(layout)
            return tuple(words), at
        if count is not None or condition:
            within, at = _inner(layout, at, depth=depth + 1)
            words.append(_Word("?" if condition else "*", condition or count, number or "", within))
        elif skip:
            words.append(_Word("skip", "", skip, ()))
        else:
            words.append(_Word("field", name, kind, ()))
    if depth:
        raise ValueError(layout)
    return tuple(words), at


class EndedError(Exception):
    """The octets are over, or are none of what the layout says: the rows of the message end."""


class Reader:
    """Octets that are read once, from the front; `big` is the order of numbers."""

    def __init__(self, octets: bytes, *, big: bool = True) -> None:
        self.octets, self.at, self.big = octets, 0, big
        self.order: Any = "big" if big else "little"

    def take(self, count: int) -> bytes:
        """Raises EndedError where there are fewer."""
        if count < 0 or self.at + count > len(self.octets):
            raise EndedError
        self.at += count
        return self.octets[self.at - count : self.at]

    def number(self, size: int) -> int:
        """An unsigned number of so many octets."""
        return int.from_bytes(self.take(size), self.order)

    def left(self) -> int:
        """Octets that were not read."""
        return len(self.octets) - self.at


class Parameters:
    """Reads messages by layouts and writes the rows of one table. kinds: the protocol's own."""

    def __init__(
        self, facts: Any, table: str, kinds: Mapping[str, Callable[[Reader], object]], *, big: bool = True
    ) -> None:
        self._facts, self._table, self._kinds, self._big = facts, table, kinds, big

    def wanted(self) -> bool:
        """Whether anybody asked for them."""
        return bool(self._facts.wants(self._table))

    def tell(
        self, m: Any, i: int, operation: int | None, layout: str, octets: bytes, *, answer: bool
    ) -> None:
        """Write the rows of message i, whose parameters are these octets."""
        if self.wanted():
            found = self._read(_parsed(layout), Reader(octets, big=self._big))
            self.rows(m, i, operation, found, answer=answer)

    def rows(
        self,
        m: Any,
        i: int,
        operation: int | None,
        found: Iterator[tuple[int, str, object]],
        *,
        answer: bool,
    ) -> None:
        """Write rows from (element, name, value); a value of None is left out."""
        for count, (element, name, value) in enumerate(found):
            if count == MAX_PARAMETERS:
                return
            if value is not None:
                about = {
                    "operation": operation,
                    "answer": answer,
                    "element": min(element, 65535),
                    "name": name,
                }
                self._facts.detail(self._table, m, i, {**about, "value": spoken(value)})

    def _read(self, words: tuple[_Word, ...], reader: Reader) -> Iterator[tuple[int, str, object]]:
        try:
            yield from self._words(words, reader, {}, 0)
        except EndedError:
            return

    def _words(
        self, words: tuple[_Word, ...], reader: Reader, seen: dict[str, object], element: int
    ) -> Iterator[tuple[int, str, object]]:
        for word in words:
            if word.what == "skip":
                reader.take(int(word.about))
            elif word.what == "?":
                if str(seen.get(word.name)) == word.about:
                    yield from self._words(word.inner, reader, seen, element)
            elif word.what == "*":
                times = seen.get(word.name) if word.name else MAX_PARAMETERS
                before = _before(word, seen, element)
                for k in range(min(times if isinstance(times, int) else 0, MAX_PARAMETERS)):
                    if reader.left():
                        seen["*" + word.name] = before + k + 1
                        yield from self._words(word.inner, reader, seen, before + k + 1)
            else:
                seen[word.name] = value = self._value(word.about, reader, seen)
                yield element, word.name, value

    def _value(self, kind: str, reader: Reader, seen: Mapping[str, object]) -> object:
        if kind.isdecimal():
            return reader.number(int(kind))
        own = self._kinds.get(kind)
        if own is not None:
            return own(reader)
        if kind in ("f32", "f64"):
            size = int(kind[1:]) // 8
            return float(
                struct.unpack((">" if self._big else "<") + ("f" if size == 4 else "d"), reader.take(size))[0]
            )
        octets = reader.take(_size(kind[1:], reader, seen))
        return f"0x{octets.hex()}" if kind[0] == "h" else _text(octets)


def _before(word: _Word, seen: Mapping[str, object], element: int) -> int:
    """Elements of a loop within a loop that were read before."""
    before = seen.get("*" + word.name, 0) if element else 0
    return before if isinstance(before, int) else 0


def _size(told: str, reader: Reader, seen: Mapping[str, object]) -> int:
    if told == "*":
        return reader.left()
    if told.startswith("="):
        size = seen.get(told[1:])
        return size if isinstance(size, int) else 0
    return int(told)


def _text(octets: bytes) -> str:
    return octets.split(b"\0", 1)[0].decode("utf-8", "backslashreplace").rstrip(" ")


def spoken(value: object) -> str:
    """A value as text: floating point numbers with nine digits, which hold a single one whole."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
