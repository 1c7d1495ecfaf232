"""Files of indicators, whatever their format: told apart by what they begin with."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from interlock.detect.signatures.indicators.lists import read_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.detect.signatures.indicators.model import Indicator, Refused

__all__ = ["read_indicators"]


def read_indicators(lines: Iterable[str], origin: str) -> Iterator[Indicator | Refused]:
    """Every indicator of a file's lines. origin: what the file is called."""
    rest = iter(lines)
    return read_list(chain(rest), origin)
