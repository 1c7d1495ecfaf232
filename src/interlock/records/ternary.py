"""What expressions that people write in a site file share: where a fault stands, and answers that may be unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ExpressionError", "combined"]


class ExpressionError(Exception):
    """offset: characters from the text's beginning to what is wrong."""

    def __init__(self, offset: int, text: str) -> None:
        super().__init__(text)
        self.offset = offset


def combined(kind: str, answers: Iterable[bool | None]) -> bool | None:
    """Join answers by `not` (of the only one), `and` or `or`; None where what is unknown decides (Kleene's logic)."""
    every = list(answers)
    if kind == "not":
        return None if every[0] is None else not every[0]
    decides = kind == "or"
    return decides if decides in every else None if None in every else not decides
