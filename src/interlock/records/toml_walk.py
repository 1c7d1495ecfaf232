"""Where keys and values stand in TOML text: what parsers of it do not tell.

Walks over a text that may be wrong; it stops where it understands no more, and knows then what was open there.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from dataclasses import dataclass, field
from typing import Final, NoReturn

__all__ = ["Places", "Unclosed", "walk"]

TomlPath = tuple[str | int, ...]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BLANK: Final = re.compile(r"[ \t]*")
_BLANK_LINES: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR: Final = re.compile(r"[^,\]}#\n]+")
_TEXT: Final = {
    '"': re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'),
    "'": re.compile(r"'[^'\n]*'"),
    '"""': re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}', re.DOTALL),
    "'''": re.compile(r"'''(?:[^']|'{1,2}(?!'))*'{3,5}"),
}
_DEEPEST: Final = 100


@dataclass(frozen=True, slots=True)
class Unclosed:
    """Something that begins at an offset and has no end. closing: what would end it."""

    at: int
    what: str
    closing: str


@dataclass(slots=True)
class Places:
    """Offsets into the text, by path. keys: of the key, or the name in a header. values: of the value, or the header.

    twice: offsets of a key that stands a second time, and of where it stood first; None where none does.
    """

    keys: dict[TomlPath, int] = field(default_factory=dict)
    values: dict[TomlPath, int] = field(default_factory=dict)
    unclosed: Unclosed | None = None
    twice: tuple[int, int] | None = None


class _LostError(Exception):
    """From here on the text is not understood."""


def walk(text: str) -> Places:
    """Find the places, up to the first thing that is no TOML."""
    walker = _Walker(text)
    with contextlib.suppress(_LostError):
        walker.run()
    return walker.places


class _Walker:
    def __init__(self, text: str) -> None:
        self.places = Places()
        self._text = text
        self._at = 0
        self._counts: dict[TomlPath, int] = {}
        self._given: dict[TomlPath, int] = {}

    def run(self) -> None:
        """Header by header, line by line."""
        here: TomlPath = ()
        while True:
            self._skip(_BLANK_LINES)
            if self._at >= len(self._text):
                return
            if self._text[self._at] == "[":
                here = self._header()
            else:
                self._pair(here, 0)

    def _header(self) -> TomlPath:
        begin = self._at
        many = self._text.startswith("[[", begin)
        self._at += 1 + many
        *outer, (name, at) = self._names()
        if not self._text.startswith("]]" if many else "]", self._at):
            raise _LostError
        self._at += 1 + many
        path: TomlPath = ()
        for part, offset in outer:
            path = self._newest((*path, part))
            self._note(path, offset, begin)
        path = (*path, name)
        if many:
            return self._another(path, at, begin)
        self._give(path, at)
        self.places.keys[path], self.places.values[path] = at, begin
        return path

    def _another(self, path: TomlPath, at: int, begin: int) -> TomlPath:
        """One more table of an array."""
        if path not in self._counts:
            self._give(path, at)
        self._note(path, at, begin)
        number = self._counts.get(path, 0)
        self._counts[path] = number + 1
        self.places.keys[*path, number], self.places.values[*path, number] = at, begin
        return (*path, number)

    def _pair(self, here: TomlPath, depth: int) -> None:
        names = self._names()
        self._expect("=")
        self._skip(_BLANK)
        path, first = here, names[0][1]
        for name, offset in names:
            path = (*path, name)
            self._note(path, offset, first)
        self._give(path, first)
        self._value(path, depth)

    def _value(self, path: TomlPath, depth: int) -> None:
        self.places.values[path] = self._at
        sign = self._text[self._at : self._at + 1]
        if depth > _DEEPEST:
            raise _LostError
        if sign == "[":
            self._array(path, depth + 1)
        elif sign == "{":
            self._inline(path, depth + 1)
        elif sign in {'"', "'"}:
            self._quoted()
        elif not self._skip(_SCALAR):
            raise _LostError

    def _array(self, path: TomlPath, depth: int) -> None:
        begin, number = self._at, 0
        self._at += 1
        self._skip(_BLANK_LINES)
        while not self._taken("]"):
            self._goes_on(begin, "array", "]")
            self._value((*path, number), depth)
            number += 1
            self._skip(_BLANK_LINES)
            self._next(begin, "array", "]")
            self._skip(_BLANK_LINES)

    def _inline(self, path: TomlPath, depth: int) -> None:
        begin = self._at
        self._at += 1
        self._skip(_BLANK)
        while not self._taken("}"):
            self._goes_on(begin, "table", "}")
            self._pair(path, depth)
            self._skip(_BLANK)
            self._next(begin, "table", "}")
            self._skip(_BLANK)

    def _goes_on(self, begin: int, what: str, closing: str) -> None:
        """Something more comes before the text is at its end."""
        if self._at >= len(self._text):
            self._open(begin, what, closing)

    def _next(self, begin: int, what: str, closing: str) -> None:
        """Behind an item stands a comma, or what closes all."""
        if not self._taken(",") and not self._text.startswith(closing, self._at):
            self._open(begin, what, closing)

    def _open(self, begin: int, what: str, closing: str) -> NoReturn:
        self.places.unclosed = Unclosed(begin, what, closing)
        raise _LostError

    def _names(self) -> list[tuple[str, int]]:
        """The parts of a dotted key, with their offsets."""
        names: list[tuple[str, int]] = []
        while not names or self._taken("."):
            self._skip(_BLANK)
            begin = self._at
            if self._text[begin : begin + 1] in {'"', "'"}:
                names.append((_spelled(self._quoted()), begin))
            elif found := _BARE.match(self._text, begin):
                self._at = found.end()
                names.append((found[0], begin))
            else:
                raise _LostError
            self._skip(_BLANK)
        return names

    def _quoted(self) -> str:
        begin = self._at
        sign = self._text[begin]
        quote = sign * 3 if self._text.startswith(sign * 3, begin) else sign
        found = _TEXT[quote].match(self._text, begin)
        if found is None:
            self._open(begin, "text", quote)
        self._at = found.end()
        return found[0]

    def _note(self, path: TomlPath, key: int, value: int) -> None:
        self.places.keys.setdefault(path, key)
        self.places.values.setdefault(path, value)

    def _give(self, path: TomlPath, at: int) -> None:
        if path in self._given and self.places.twice is None:
            self.places.twice = (at, self._given[path])
        self._given.setdefault(path, at)

    def _newest(self, path: TomlPath) -> TomlPath:
        """In an array of tables what follows belongs to its last one."""
        return (*path, self._counts[path] - 1) if path in self._counts else path

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Pass what the pattern matches; whether it does."""
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found is not None

    def _taken(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    def _expect(self, sign: str) -> None:
        if not self._taken(sign):
            raise _LostError


def _spelled(quoted: str) -> str:
    """The text that a quoted key stands for."""
    try:
        return str(tomllib.loads(f"key = {quoted}")["key"])
    except tomllib.TOMLDecodeError:
        raise _LostError from None
