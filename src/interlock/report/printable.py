"""Text from the wire made safe to look at: what could move a cursor or reorder a line is shown only."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["clip", "clip_path", "printable"]

# C0, DEL, C1; soft hyphen, fillers, zero-width and bidi controls, line separators, invisible operators,
# byte order mark, interlinear annotation, lone surrogates, variation selectors, tag characters.
_INVISIBLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
# More than three combining marks on one letter serve no language; they are used to draw over other lines.
_STACKED: Final = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


def printable(text: str) -> str:
    r"""Return the text on one line; control, bidi and invisible characters as `\x1b` or `\u{202e}`."""
    if text.isascii() and text.isprintable():
        return text
    return _STACKED.sub(r"\1…", _INVISIBLE.sub(_escape, text))


def clip(text: str, limit: int) -> str:
    """Return at most `limit` characters, the cut shown by an ellipsis; text is escaped before it is cut."""
    if len(text) <= limit and text.isascii() and text.isprintable():  # as most are
        return text
    shown = printable(text if len(text) <= 4 * limit else text[: 4 * limit])
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def clip_path(path: str, limit: int) -> str:
    """Return the end of a path, which tells files apart, in at most `limit` characters."""
    shown = printable(path if len(path) <= 4 * limit else path[-4 * limit :])
    return shown if len(shown) <= limit else "…" + shown[len(shown) - limit + 1 :].lstrip()
