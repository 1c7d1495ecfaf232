"""Where to look: Wireshark display filters and the frames that evidence names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["display_filter"]


def display_filter(frames: Sequence[int]) -> str:
    """Return the display filter that shows exactly these frames.

    Source: wireshark-filter(4), membership operator.
    """
    if len(frames) == 1:
        return f"frame.number == {frames[0]}"
    return f"frame.number in {{{', '.join(map(str, frames))}}}"
