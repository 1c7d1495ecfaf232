"""Scripts at play on the twin's stage, and the connections that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Link, Script
    from interlock.plant.protocols.session import Session, Spontaneous
    from interlock.plant.twin.tcp import Conversation

__all__ = ["Line", "Player"]


@dataclass(slots=True, eq=False)
class Line:
    """One connection. cut: the server knows nothing of it any more, and resets it when it is next used.

    speaks: the session, where it says things by itself. thinks_until: when its answer goes out (ns).
    """

    conversation: Conversation
    session: Session
    speaks: Spontaneous | None = None
    settles: bool = False
    cut: bool = False
    thinks_until: int = 0
    heard: list[bytes] = field(default_factory=list)
    """What the server said by itself and nobody has asked for yet."""


@dataclass(slots=True, eq=False)
class Player:
    """A script at play. frames: numbers of the frames that it caused, where that is kept.

    machine: who speaks by it, as its first message shows. again: how it begins anew after its connection broke or its
    machine was away; a script without this goes on with no answer.
    """

    script: Script
    frames: list[int] | None = None
    machine: str | None = None
    again: Callable[[], Script] | None = None
    lines: dict[Link, Line] = field(default_factory=dict)
    begun: bool = False
    ended: bool = False

    def anew(self) -> Player:
        """The same script from its beginning; this one says nothing more."""
        if self.again is None:
            raise ValueError("a script that cannot begin anew")
        self.ended = True
        self.script.close()
        return Player(self.again(), self.frames, self.machine, self.again)
