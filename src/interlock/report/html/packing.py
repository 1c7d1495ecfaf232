"""How thousands of machines fit one file: the riskiest open as plain HTML, the rest is deflated into it.

The page must stay under 5 MB at 5,000 machines and work without JavaScript. A machine opened costs 3 to 6 kB;
its row 0.4. So the rows of all are plain, and what they open to is plain for as many as fit, riskiest first.
The others are packed in chunks, each a base64 text of raw deflate over a JSON list of HTML fragments, and
unpacked by the browser when one is opened.
"""

from __future__ import annotations

import base64
import json
import zlib
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["CHUNK", "INLINE_CHARACTERS", "inline", "pack"]

T = TypeVar("T", bound=str)

INLINE_CHARACTERS: Final = 1_200_000
"""Machines open without JavaScript, riskiest first, until their HTML has grown to this."""

CHUNK: Final = 100
"""Machines in one packed chunk; report.js reads the figure from the data."""

_LEVEL: Final = 6
"""Of deflate: the highest takes twice as long for a twentieth less."""


def inline(fragments: Iterator[T], limit: int = INLINE_CHARACTERS) -> list[T]:
    """Take fragments from the front until they fill the page's share of plain HTML; the rest stays there."""
    taken: list[T] = []
    size = 0
    while size < limit and (fragment := next(fragments, None)) is not None:
        taken.append(fragment)
        size += len(fragment)
    return taken


def pack(fragments: Iterable[str], first: int) -> str:
    """Return JSON safe inside a script element, or empty text where there is nothing to pack.

    first: number of the machine that the first fragment belongs to; the others follow it.
    """
    chunks = [_deflate(json.dumps(chunk)) for chunk in _chunks(fragments)]
    return json.dumps({"first": first, "size": CHUNK, "chunks": chunks}) if chunks else ""


def _chunks(fragments: Iterable[str]) -> Iterable[list[str]]:
    left = iter(fragments)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _deflate(text: str) -> str:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    return base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode("ascii")
