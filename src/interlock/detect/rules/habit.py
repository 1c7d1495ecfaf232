"""What rules told of a plant while it was learned: its habit, and no news later."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.causes import milder
from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from interlock.detect.causes import Verdict
    from interlock.detect.rules.model import Rule
    from interlock.detect.tally import Key

__all__ = ["Habit"]

_MOST: Final = 10_000
_STEPS: Final = 3
_SAYS: Final = " It did so while this plant was learned, too, so it is told as a habit, not as news."


class Habit:
    """Causes that fired on traffic that somebody called normal, each by the wording that its rule had then.

    At most _MOST of them; what comes after is news when it comes again.
    """

    def __init__(self) -> None:
        self._keys: dict[Key, str] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

    def add(self, keys: Iterable[Key], rules: Mapping[str, Rule]) -> None:
        """Take causes for normal."""
        for key in keys:
            if len(self._keys) < _MOST:
                self._keys[key] = rules[key[0]].digest

    def state(self) -> list[Any]:
        """As JSON values."""
        return [[list(key), digest] for key, digest in self._keys.items()]

    def restore(self, state: Iterable[Any], same: Callable[[str, str], bool]) -> None:
        """Take back what `state` gave. same: whether a rule still has the wording of a digest."""
        known = ((tuple(str(word) for word in key), str(digest)) for key, digest in state)
        self._keys = {key: digest for key, digest in known if same(key[0], digest)}

    def octets(self) -> bytes:
        """To be kept apart from any run."""
        return json.dumps({"habit": 1, "causes": self.state()}, separators=(",", ":")).encode()

    @classmethod
    def of(cls, octets: bytes, same: Callable[[str, str], bool]) -> Habit:
        """From `octets`. Raises SourceError where they are not."""
        habit = cls()
        try:
            known = json.loads(octets)
            if known["habit"] != 1:
                raise SourceError(f"what rules learned is of version {known['habit']}, not of version 1")
            habit.restore(known["causes"], same)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            raise SourceError(f"what rules learned cannot be read: {error}") from error
        return habit

    @staticmethod
    def told(verdict: Verdict) -> Verdict:
        """The verdict on a cause of the habit: a change to know of. What is critical stays so."""
        if verdict.severity == "critical" or verdict.kind != "alert":
            return verdict
        return replace(
            verdict, kind="change", severity=milder(verdict.severity, _STEPS), seen=verdict.seen + _SAYS
        )
