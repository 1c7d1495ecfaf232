"""What is under way in one direction of an HTTP/1 connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.decode.buffers.body import Body
    from interlock.decode.buffers.http_head import Head
    from interlock.decode.buffers.sink import Row

    Step = Callable[["Side", int, bytes, int], int]
    """Reads on in a side's octets from an offset; where it came to, or -1: it needs more."""

__all__ = ["Side"]


class Side:
    """One direction: what is half read, the step that reads on, and the message under way.

    asked: the head of its request. opened: whether it is an answer that has begun without a head.
    torn: whether octets of it are missing.
    """

    __slots__ = (
        *(
            "asked",
            "body",
            "head",
            "held",
            "left",
            "lost",
            "number",
            "opened",
            "rows",
            "small",
            "step",
            "told",
        ),
        *("torn", "trailer"),
    )

    def __init__(self, step: Step) -> None:
        self.step = step
        self.held = b""
        self.left = 0
        self.small = 0
        self.lost = False
        self.begin(0, None)

    def begin(self, number: int, asked: Head | None) -> None:
        """A message of a transaction begins."""
        self.number = number
        self.asked = asked
        self.rows: list[Row] = []
        self.head: Head | None = None
        self.body: Body | None = None
        self.opened = False
        self.told = False
        self.torn = False
        self.trailer = b""
