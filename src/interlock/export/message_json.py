"""A message as JSON on one line: whole, or ever shorter ones for a receiver that takes only so much."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from interlock.report.printable import clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["encode", "ever_shorter"]


def encode(document: dict[str, Any]) -> str:
    """One line without its end; ASCII, so that nothing in it steers a terminal."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return text.replace("\x7f", "\\u007f")


def ever_shorter(document: dict[str, Any], told: str, longest_first: Sequence[str]) -> Iterator[str]:
    """Give ever shorter documents, each of which names in `left_out` what it lacks.

    told: the part of the document that loses parts of its own, `longest_first`, and at last most of its `title`.
    """
    left_out: list[str] = []
    for part in longest_first:
        if document[told].pop(part, None):
            left_out.append(part)
            yield encode({**document, "left_out": left_out})
    document[told]["title"] = clip(document[told]["title"], 80)
    yield encode({**document, "left_out": [*left_out, "title"]})
