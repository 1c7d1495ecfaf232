"""The small interface of a side that answers: octets in, messages out; no clock, no socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Crashed", "Service", "Session", "Spontaneous"]


class Crashed(ValueError):  # noqa: N818 (what happens to the machine, no error of ours)
    """The whole machine fails on what it got. seconds: until its watchdog has started it again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"out of order for {seconds} s")
        self.seconds = seconds


class Session(Protocol):
    """One connection's answering side."""

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """Answers to what came, in order; none where more octets are needed first, or nothing is to be said."""
        ...


@runtime_checkable
class Spontaneous(Protocol):
    """A session that says things by itself."""

    period_s: float
    """How often it looks whether there is something to say."""

    def due(self, now_s: float) -> Sequence[bytes]:
        """What it says now. now_s: seconds since the epoch, for time tags."""
        ...


class Service(Protocol):
    """What listens on a port."""

    def open(self) -> Session:
        """A new connection."""
        ...
