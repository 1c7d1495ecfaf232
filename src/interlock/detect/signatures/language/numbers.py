"""Numbers that options compare with: `8`, `!8`, `<8`, `>=8`, `4<>9` (between both, without them).

Source: Suricata user guide, "Integer Keywords".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.problems import RuleError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Bound", "read_bound", "read_integer", "read_natural"]

_BOUND: Final = re.compile(
    r"\s*(!=|<=|>=|[!<>=]?)\s*(0x[0-9A-Fa-f]{1,40}|\d{1,40})\s*(?:(<>|-)\s*(0x[0-9A-Fa-f]{1,40}|\d{1,40}))?\s*",
    re.ASCII,
)
_INTEGER: Final = re.compile(r"[+-]?(?:0[xX][0-9A-Fa-f]{1,40}|\d{1,40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bound:
    """operator: `=`, `!=`, `<`, `>`, `<=`, `>=`, `<>`; other: the upper end of `<>`, exclusive like the lower."""

    operator: str
    number: int
    other: int = 0

    def holds(self, value: int) -> bool:
        """Whether a value is as asked."""
        number = self.number
        match self.operator:
            case "=":
                return value == number
            case "!=":
                return value != number
            case "<":
                return value < number
            case ">":
                return value > number
            case "<=":
                return value <= number
            case ">=":
                return value >= number
            case _:
                return number < value < self.other

    def hold(self, values: NDArray[np.int64]) -> NDArray[np.bool_]:
        """As `holds`, of many values at once."""
        number = self.number
        fits: dict[str, Callable[[], NDArray[np.bool_]]] = {
            "=": lambda: values == number,
            "!=": lambda: values != number,
            "<": lambda: values < number,
            ">": lambda: values > number,
            "<=": lambda: values <= number,
            ">=": lambda: values >= number,
            "<>": lambda: (values > number) & (values < self.other),
        }
        return fits[self.operator]()

    def words(self) -> str:
        """As options write it."""
        if self.operator == "<>":
            return f"{self.number}<>{self.other}"
        return (
            f"{'' if self.operator == '=' else '!' if self.operator == '!=' else self.operator}{self.number}"
        )


def read_bound(value: str | None, keyword: str, *, most: int = (1 << 64) - 1) -> Bound:
    """A comparison. most: the largest number that the field can have. Raises RuleError."""
    found = _BOUND.fullmatch(value or "")
    if not found:
        raise RuleError(keyword, f"{value!r} is no number with <, >, <=, >=, ! or a range like 4<>9")
    operator, first, between, last = found.groups()
    number, other = _number(first), _number(last) if last else 0
    if max(number, other) > most:
        raise RuleError(keyword, f"{value!r} is more than {most}, the most that the field holds")
    if between:
        if operator or number >= other:
            raise RuleError(
                keyword, f"{value!r} is no range: the lower number stands first, without an operator"
            )
        return Bound("<>", number, other)
    return Bound({"": "=", "!": "!="}.get(operator, operator), number)


def _number(text: str) -> int:
    """Zeros before a decimal number mean nothing."""
    return int(text, 16) if "x" in text else int(text)


def read_integer(value: str | None, keyword: str) -> int:
    """A whole number, decimal or hexadecimal. Raises RuleError."""
    text = (value or "").strip()
    if not _INTEGER.fullmatch(text):
        raise RuleError(keyword, f"{value!r} is no whole number")
    return int(text, 16) if "x" in text.lower() else int(text)


def read_natural(value: str | None, keyword: str, *, most: int = (1 << 32) - 1) -> int:
    """A whole number from 0. Raises RuleError."""
    number = read_integer(value, keyword)
    if not 0 <= number <= most:
        raise RuleError(keyword, f"{number} is not between 0 and {most}")
    return number
