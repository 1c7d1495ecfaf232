"""The small interface of a side that answers: octets in, messages out; no clock, no socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Service", "Session"]


class Session(Protocol):
    """One connection's answering side."""

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """Answers to what came, in order; none where more octets are needed first, or nothing is to be said."""
        ...


class Service(Protocol):
    """What listens on a port."""

    def open(self) -> Session:
        """A new connection."""
        ...
