"""Selectors: `role = "plc" and vendor ~ "Siemens*"`, by which people name machines without listing addresses.

    selector   = conjunct { "or" conjunct }
    conjunct   = negation { "and" negation }
    negation   = "not" negation | "(" selector ")" | comparison
    comparison = field ( "=" | "!=" ) text | field "~" text with * and ? | field "in" "(" text { "," text } ")"
    text       = anything between double or single quotes

What is not known of a machine is neither equal nor unequal to anything: the comparison is unknown, and a selector that
is not true selects nobody. Capitals do not count.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.records.ternary import ExpressionError, combined
from interlock.records.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.records.asset import Asset

__all__ = ["FIELDS", "Selector", "SelectorError", "parse_selector"]

_DEEPEST: Final = 50
_TOKEN: Final = re.compile(
    r"""\s*(?:"(?P<text>[^"]*)"|'(?P<text_too>[^']*)'|(?P<word>[A-Za-z_]+)|(?P<sign>!=|[=~(),]))"""
)


def _one(name: str) -> Callable[[Asset], tuple[str, ...]]:
    def look(asset: Asset) -> tuple[str, ...]:
        value = getattr(asset, name)
        return () if value is None else (str(value).lower(),)

    return look


def _many(name: str) -> Callable[[Asset], tuple[str, ...]]:
    return lambda asset: tuple(value.lower() for value in getattr(asset, name))


FIELDS: Final[dict[str, Callable[[Asset], tuple[str, ...]]]] = {
    **{
        name: _one(name)
        for name in (
            *("role", "vendor", "product", "order_number", "serial", "firmware", "hardware", "os"),
            *("purdue_level", "unit"),
        )
    },
    "name": _many("names"),
    "ip": _many("ips"),
    "mac": _many("macs"),
    "serves": _many("served"),
    "uses": _many("used"),
}
"""Field → what is known of it, in small letters; empty where nothing is. Of several (names, protocols) any counts."""


class SelectorError(ExpressionError):
    """See ExpressionError."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A part of a selector. kind: and, or, not, or how `field` is compared with `values` (in small letters)."""

    kind: str
    parts: tuple[Selector, ...] = ()
    field: str = ""
    values: tuple[str, ...] = ()

    def selects(self, asset: Asset) -> bool | None:
        """Whether a machine is meant; None where too little is known of it to say so."""
        if self.kind in {"not", "and", "or"}:
            return combined(self.kind, [part.selects(asset) for part in self.parts])
        known = FIELDS[self.field](asset)
        if not known:
            return None
        if self.kind == "~":
            return any(fnmatchcase(value, self.values[0]) for value in known)
        return any(value in self.values for value in known) is not (self.kind == "!=")


@lru_cache(maxsize=4_096)
def parse_selector(text: str) -> Selector:
    """Read a selector. Raises SelectorError saying what was expected, and where."""
    parser = _Parser(text)
    selector = parser.selector(0)
    parser.end()
    return selector


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = Tokens(text, _TOKEN, "a field, a text in quotes or a sign", SelectorError)
        self.end = self._tokens.end

    def selector(self, depth: int) -> Selector:
        if depth > _DEEPEST:
            raise SelectorError(self._tokens.here.at, f"expected at most {_DEEPEST} brackets or `not`")
        return self._chain("or", lambda: self._chain("and", lambda: self._negation(depth)))

    def _chain(self, word: str, part: Callable[[], Selector]) -> Selector:
        parts = [part()]
        while self._tokens.takes(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Selector(word, tuple(parts))

    def _negation(self, depth: int) -> Selector:
        if self._tokens.takes("not"):
            if depth >= _DEEPEST:
                raise SelectorError(self._tokens.here.at, f"expected at most {_DEEPEST} brackets or `not`")
            return Selector("not", (self._negation(depth + 1),))
        if self._tokens.takes("("):
            inner = self.selector(depth + 1)
            self._tokens.needs(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Selector:
        kind, word, at = self._tokens.here
        if kind != "word" or word not in FIELDS:
            near = difflib.get_close_matches(word, FIELDS, 1, 0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            found = f"; found {word!r}{hint}" if word else ""
            raise SelectorError(at, f"expected one of {', '.join(FIELDS)}{found}")
        self._tokens.step()
        for sign in ("=", "!=", "~"):
            if self._tokens.takes(sign):
                return Selector(sign, field=word, values=(self._text(),))
        if not self._tokens.takes("in"):
            raise SelectorError(self._tokens.here.at, "expected `=`, `!=`, `~` or `in`")
        self._tokens.needs("(")
        values = [self._text()]
        while self._tokens.takes(","):
            values.append(self._text())
        self._tokens.needs(")")
        return Selector("in", field=word, values=tuple(values))

    def _text(self) -> str:
        kind, word, at = self._tokens.here
        if kind != "text" or not word.strip():
            raise SelectorError(at, 'expected a text in quotes, such as "plc"')
        self._tokens.step()
        return word.lower()
