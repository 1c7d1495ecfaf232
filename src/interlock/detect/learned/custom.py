"""How often somebody acts, and how much of what he then does was never met before: whether that is a custom yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.detect.learned.chances import upper_count
from interlock.detect.learned.rhythm import Rhythm
from interlock.detect.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.detect.tally import Key

__all__ = ["NEWS_SHARE", "Custom"]

NEWS_SHARE: Final = 1 / 3
"""Of the minutes in which somebody acts: where more of them may bring a new object, a new one is no news."""
_MOST: Final = 20_000


class Custom:
    """Minutes in which a client acts on a server, by protocol and verb. Keys: realm, client, server, protocol, verb.

    A panel that was seen to write twice, each time something else, will write something else a third time: after Good
    and Turing, what was met once among so many acts is the chance that the next one is new. A controller that writes
    the same word every second has shown within minutes that it writes no other.
    """

    def __init__(self) -> None:
        self._acts: dict[Key, Rhythm] = {}

    def acted(self, key: Key, minutes: Iterable[int]) -> None:
        """Count minutes in which it did; the same one again adds nothing."""
        rhythm = self._acts.get(key)
        if rhythm is None:
            if len(self._acts) >= _MOST:
                return
            rhythm = self._acts[key] = Rhythm()
        for minute in minutes:
            rhythm.add(int(minute), 1)

    def unsettled(self, key: Key, known: int, once: int) -> str:
        """Say how little is known of what it does; nothing where that is settled.

        known, once: objects that were met at all, and in one minute only.
        """
        rhythm = self._acts.get(key)
        acts = 0 if rhythm is None else rhythm.minutes
        if not acts or upper_count(once) <= NEWS_SHARE * acts:
            return ""  # of what the first versions learned nobody counted acts
        return (
            f"It had done so in {counted(acts, 'minute')} only, to {counted(known, 'object')}, of which {once} "
            f"{'was' if once == 1 else 'were'} met once: that relation has not converged, and something new in it "
            "was to be expected. It is told as a change for that."
        )

    def state(self) -> list[Any]:
        """As JSON values, sorted."""
        return [[list(key), rhythm.state()] for key, rhythm in sorted(self._acts.items())]

    def restore(self, state: Iterable[Any]) -> None:
        """From JSON values."""
        self._acts = {tuple(str(w) for w in key): Rhythm.of(rhythm) for key, rhythm in state}
