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

    At most _MOST of them; what comes after is news when it comes again. Those of rules that are not here now (people's
    own, from a folder that was not named this time) are carried on, and hold again when their rules are back.
    """

    def __init__(self) -> None:
        self._keys: dict[Key, str] = {}
        self._away: dict[Key, str] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

    def add(self, keys: Iterable[Key], rules: Mapping[str, Rule]) -> None:
        """Take causes for normal."""
        for key in keys:
            if len(self._keys) + len(self._away) < _MOST:
                self._keys[key] = rules[key[0]].digest

    def state(self) -> list[Any]:
        """As JSON values."""
        return [[list(key), digest] for part in (self._keys, self._away) for key, digest in part.items()]

    def restore(self, state: Iterable[Any], wording: Callable[[str], str | None]) -> None:
        """Take back what `state` gave. wording: digest of a rule as it reads now, None where it is not here."""
        known = {tuple(str(word) for word in key): str(digest) for key, digest in state}
        self._keys = {key: digest for key, digest in known.items() if wording(key[0]) == digest}
        self._away = {key: digest for key, digest in known.items() if wording(key[0]) is None}

    def octets(self) -> bytes:
        """To be kept apart from any run."""
        return json.dumps({"habit": 1, "causes": self.state()}, separators=(",", ":")).encode()

    @classmethod
    def of(cls, octets: bytes, wording: Callable[[str], str | None]) -> Habit:
        """From `octets`. Raises SourceError where they are not."""
        habit = cls()
        try:
            known = json.loads(octets)
            if known["habit"] != 1:
                raise SourceError(f"what rules learned is of version {known['habit']}, not of version 1")
            habit.restore(known["causes"], wording)
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
