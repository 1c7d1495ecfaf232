"""Conditions over tags: `boiler.burner > 0 and not (boiler.level < 25)`, as interlocks and relations state them.

    condition  = conjunct { "or" conjunct }
    conjunct   = negation { "and" negation }
    negation   = "not" negation | comparison
    comparison = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
    sum        = product { ( "+" | "-" ) product }
    product    = factor { "*" factor }
    factor     = number | tag | "on" | "off" | "-" factor | "abs" "(" sum ")" | "(" condition ")"
    tag        = letters, digits, "_" and "." | anything between single quotes

What is not known is neither true nor false: unknown and false is false, unknown or true is true, the rest is unknown.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.records.ternary import ExpressionError, combined
from interlock.records.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Condition", "ConditionError", "parse_condition"]

_DEEPEST: Final = 50
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|'(?P<text>[^']+)'|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)"
    r"|(?P<sign><=|>=|==|!=|[<>()+*-]))"
)
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_CONSTANTS: Final = {"on": 1.0, "off": 0.0}
_WORDS: Final = frozenset({"and", "or", "not", "abs", *_CONSTANTS})


class ConditionError(ExpressionError):
    """See ExpressionError."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a condition. kind: number, tag, or what is done to the parts. at: where it stands in the text."""

    kind: str
    at: int
    parts: tuple[Condition, ...] = ()
    value: float = 0.0
    tag: str = ""

    @property
    def logical(self) -> bool:
        """Whether it is true or false, not a number."""
        return self.kind in _COMPARE or self.kind in {"and", "or", "not"}

    @property
    def tags(self) -> frozenset[str]:
        """Names of the tags in it."""
        return frozenset({self.tag} if self.kind == "tag" else ()).union(*(part.tags for part in self.parts))

    def holds(self, look: Callable[[str], float | None]) -> bool | None:
        """Whether it is true. look: value of a tag, None where it has not been seen. None: it cannot be known."""
        if self.kind in {"not", "and", "or"}:
            return combined(self.kind, [part.holds(look) for part in self.parts])
        left, right = (part.number(look) for part in self.parts)
        return None if left is None or right is None else _COMPARE[self.kind](left, right)

    def number(self, look: Callable[[str], float | None]) -> float | None:
        """Give its value; None where a tag of it has not been seen."""
        if self.kind == "tag":
            return look(self.tag)
        if self.kind == "number":
            return self.value
        values = [part.number(look) for part in self.parts]
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            return None
        if self.kind == "abs":
            return abs(known[0])
        if self.kind == "negative":
            return -known[0]
        left, right = known
        return left + right if self.kind == "+" else left - right if self.kind == "-" else left * right


@lru_cache(maxsize=4_096)
def parse_condition(text: str) -> Condition:
    """Read a condition. Raises ConditionError saying what was expected, and where."""
    parser = _Parser(text)
    condition = parser.condition(0)
    parser.end()
    if not condition.logical:
        raise ConditionError(
            condition.at, "expected a comparison, such as `level < 25`; this is only a number"
        )
    return condition


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = Tokens(text, _TOKEN, "a tag, a number or a sign", ConditionError)
        self.end = self._tokens.end

    def condition(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise ConditionError(
                self._tokens.here.at, f"expected at most {_DEEPEST} brackets within each other"
            )
        return self._chain("or", lambda: self._chain("and", lambda: self._negation(depth)))

    def _chain(self, word: str, part: Callable[[], Condition]) -> Condition:
        first = part()
        parts = [first]
        while self._tokens.takes(word):
            parts.append(part())
        if len(parts) == 1:
            return first
        for one in parts:
            if not one.logical:
                raise ConditionError(
                    one.at, f"expected a comparison on each side of `{word}`; this is only a number"
                )
        return Condition(word, first.at, tuple(parts))

    def _negation(self, depth: int) -> Condition:
        at = self._tokens.here.at
        if not self._tokens.takes("not"):
            return self._comparison(depth)
        inner = self._negation(depth + 1) if depth < _DEEPEST else self.condition(depth + 1)
        if not inner.logical:
            raise ConditionError(inner.at, "expected a comparison behind `not`; this is only a number")
        return Condition("not", at, (inner,))

    def _comparison(self, depth: int) -> Condition:
        left = self._sum(depth)
        sign = self._tokens.takes(*_COMPARE)
        if sign is None:
            return left
        right = self._sum(depth)
        return Condition(sign, left.at, (_numeric(left), _numeric(right)))

    def _sum(self, depth: int) -> Condition:
        left = self._product(depth)
        while sign := self._tokens.takes("+", "-"):
            left = Condition(sign, left.at, (_numeric(left), _numeric(self._product(depth))))
        return left

    def _product(self, depth: int) -> Condition:
        left = self._factor(depth)
        while self._tokens.takes("*"):
            left = Condition("*", left.at, (_numeric(left), _numeric(self._factor(depth))))
        return left

    def _factor(self, depth: int) -> Condition:
        kind, word, at = self._tokens.step()
        if kind == "number":
            return Condition("number", at, value=float(word))
        if kind == "text" or (kind == "word" and word not in _WORDS):
            return Condition("tag", at, tag=word)
        if kind == "word" and word in _CONSTANTS:
            return Condition("number", at, value=_CONSTANTS[word])
        if kind == "sign" and word == "-" and depth < _DEEPEST:
            return Condition("negative", at, (_numeric(self._factor(depth + 1)),))
        if kind == "word" and word == "abs" and self._tokens.takes("("):
            return Condition("abs", at, (_numeric(self._closed(depth)),))
        if kind == "sign" and word == "(":
            return self._closed(depth)
        raise ConditionError(
            at, f"expected a tag or a number; found {word!r}" if word else "expected more behind this"
        )

    def _closed(self, depth: int) -> Condition:
        inner = self.condition(depth + 1)
        self._tokens.needs(")")
        return inner


def _numeric(part: Condition) -> Condition:
    if part.logical:
        raise ConditionError(part.at, "expected a number or a tag; this is a comparison")
    return part
