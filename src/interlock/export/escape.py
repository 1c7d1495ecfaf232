"""Text from the wire made harmless for whoever looks at it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["escaped"]

_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def escaped(text: str) -> str:
    r"""Control and bidirectional characters as \uNNNN, so that no output can be steered by a hostile name."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
