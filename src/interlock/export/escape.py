"""Text from the wire made harmless for whoever looks at it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["escaped"]

_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def escaped(text: str) -> str:
    r"""Control and bidirectional characters as \uNNNN, so that no output can be steered by a hostile name."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
