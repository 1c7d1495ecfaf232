"""What detectors remember, as JSON, without holding all of it as values at once.

What is remembered of thousands of objects takes eight times as much as values as it does as text. So a list may be
given as an iterator: its elements are made, written and let go a few at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import Any, Final

__all__ = ["packed"]

_AT_ONCE: Final = 256


def packed(values: Any) -> bytes:
    """JSON of values, among them iterators as lists. These stand in dicts, or in a list that stands in dicts."""
    made = BytesIO()  # its octets are handed over as they are, where a bytearray's would be copied
    _write(made, values)
    return made.getvalue()


def _write(made: BytesIO, values: Any) -> None:
    if isinstance(values, Iterator):
        made.write(b"[")
        made.writelines(
            b"," * bool(number) + _text(some)[1:-1]
            for number, some in enumerate(iter(lambda: list(islice(values, _AT_ONCE)), []))
        )
        made.write(b"]")
    elif not _makes(values):
        made.write(_text(values))
    else:
        named = isinstance(values, dict)
        made.write(b"{" if named else b"[")
        for number, value in enumerate(values.items() if named else values):
            made.write(b"," * bool(number) + (_text(value[0]) + b":" if named else b""))
            _write(made, value[1] if named else value)
        made.write(b"}" if named else b"]")


def _makes(values: Any) -> bool:
    """Whether there are iterators in it."""
    if isinstance(values, dict):
        return any(isinstance(value, Iterator) or _makes(value) for value in values.values())
    return isinstance(values, list) and any(isinstance(value, Iterator) for value in values)


def _text(values: Any) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()
