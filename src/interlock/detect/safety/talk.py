"""A conversation that tells values: which tags, and since when it has gone on without a pause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Talk"]

PAUSE_NS: Final = 90 * 10**9
"""After so long a pause a conversation is another one: a panel that was restarted asks for everything anew."""


class Talk:
    """tags: what it has told. since: see there."""

    __slots__ = ("_begun", "_last", "tags")

    def __init__(self) -> None:
        self.tags: dict[str, None] = {}
        self._begun, self._last = 0, 0

    def since(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Since when it went on without a pause, at each of these instants (UTC ns, rising); they are remembered."""
        pauses = np.diff(times, prepend=self._last) > PAUSE_NS
        begun = np.maximum.accumulate(np.where(pauses, times, self._begun))
        self._begun, self._last = int(begun[-1]), int(times[-1])
        return begun

    def state(self) -> list[Any]:
        """As JSON values."""
        return [list(self.tags), self._begun, self._last]

    @classmethod
    def of(cls, state: list[Any]) -> Talk:
        """From JSON values."""
        talk = cls()
        talk.tags = dict.fromkeys(str(name) for name in state[0])
        talk._begun, talk._last = int(state[1]), int(state[2])
        return talk
