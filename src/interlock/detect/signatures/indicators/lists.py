"""Plain lists: a value a line, what it is told by its form; `#` and `;` begin a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.signatures.indicators.canonical import kind_of
from interlock.detect.signatures.indicators.model import Indicator, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["read_list"]


def read_list(lines: Iterable[str], origin: str) -> Iterator[Indicator | Refused]:
    """Every value of a list; what is nothing that is known is refused by its line."""
    for number, line in enumerate(lines, 1):
        text = line.partition(" #")[0].partition("\t#")[0].strip()
        if not text or text[0] in "#;":
            continue
        try:
            kind, value = kind_of(text)
        except ValueError as error:
            yield Refused(f"line {number}", f"{error}, found `{text[:80]}`")
        else:
            yield Indicator(kind, value, origin)
