"""What one flow's earlier messages said that later ones refer to: registered monitors and open files."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["Points", "Session", "of"]

Points = list[tuple[int, int, int, int]]
"""(device code, number, block of file registers or -1, words), in the order of the answer's data."""

MAX_KEPT: Final = 64


class Session:
    """Numbers and texts only, no codes: pools may give a code anew."""

    __slots__ = ("files", "monitors")

    def __init__(self) -> None:
        self.monitors: dict[int, Points] = {}
        self.files: dict[int, str] = {}

    def register(self, key: int, points: Points) -> None:
        """Keep what a monitor reads; the oldest goes where there are too many."""
        _keep(self.monitors, key, points)

    def open(self, pointer: int, name: str) -> None:
        """Keep the name of an open file."""
        _keep(self.files, pointer, name)


def _keep(kept: dict[int, Any], key: int, value: Any) -> None:
    if key not in kept and len(kept) >= MAX_KEPT:
        del kept[next(iter(kept))]
    kept[key] = value


def of(decoder: Any, slot: int) -> Session:
    """The session of a flow."""
    session: Session | None = decoder.flows.state[slot]
    if session is None:
        session = decoder.flows.state[slot] = Session()
    return session
