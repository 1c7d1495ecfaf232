"""Causes that differ in nothing but who: told as one where more come than a plant has machines to come from.

Whoever forges his address with every frame would else make a finding of each. Told apart stay machines that somebody
has named in the site file, or of which the inventory has known for a minute what they are; and weaknesses, each of
which is mended by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.causes import Verdict
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key

__all__ = ["MOST_ALONE", "MOST_GRAVE_ALONE", "Crowd", "Crowds", "Gathered", "Theme", "most_alone", "theme_of"]

MOST_ALONE: Final = 50
"""So many of one theme are told one by one: a site of that many machines may have as many with one trouble."""
MOST_GRAVE_ALONE: Final = 1_000
"""Of what is grave so many: nobody hides what stops a controller behind fifty forged ones."""
_GRAVE: Final = frozenset({"high", "critical"})
_MOST_KEPT: Final = 20_000
_HERE_NS: Final = 60_000_000_000
"""A role that a machine says of itself proves that it exists once it was heard over so long: forged ones go by."""
_MOST_THEMES: Final = 1_000
_SHOWN: Final = 50
_FOLDED: Final = frozenset({"alert", "change"})
_STRANGER: Final = "*"
_NO_FRAMES: Final = np.zeros(0, np.int64)

Theme = tuple[str, ...]
"""Realm, cause, kind, severity, and the machines of a verdict, those of whom nothing is known as a star."""


def theme_of(verdict: Verdict, context: Context) -> Theme | None:
    """What a verdict has in common with those of a crowd; None where it stands for itself."""
    if verdict.kind not in _FOLDED:
        return None
    known = tuple(m if _known(verdict.realm, m, context) else _STRANGER for m in verdict.machines)
    if _STRANGER not in known:
        return None
    return (verdict.realm, verdict.cause, verdict.kind, verdict.severity, *known)


def most_alone(theme: Theme) -> int:
    """How many of a theme are told one by one."""
    return MOST_GRAVE_ALONE if theme[3] in _GRAVE else MOST_ALONE


def _known(realm: str, machine: str, context: Context) -> bool:
    if context.site.name_of(realm, machine) is not None:
        return True
    asset = context.asset(realm, machine)
    return asset is not None and asset.role is not None and asset.last_seen - asset.first_seen >= _HERE_NS


@dataclass(slots=True)
class Crowd:
    """members: causes in it, `first` one of them. strangers: some of their machines. said: members when told last."""

    first: Key = ()
    members: int = 0
    said: int = 0
    tally: Tally = field(default_factory=Tally)
    strangers: dict[str, None] = field(default_factory=dict)

    def join(self, key: Key, verdict: Verdict, tally: Tally, before: int = 0) -> None:
        """Take in a cause, or what more of it there is than when it was told last (`before`: rows); no words."""
        self.first = self.first or key
        if before:
            for source in sorted(tally.spans)[:1]:
                self.tally.add(source, tally.first, tally.last, _NO_FRAMES, max(0, tally.count - before))
            return
        self.members += 1
        bare = Tally()
        bare.spans, bare.left_out = tally.spans, tally.left_out
        self.tally.merge(bare)
        if len(self.strangers) < _SHOWN:
            self.strangers.update(dict.fromkeys(verdict.machines))

    def verdict(self, theme: Theme, one: Verdict) -> Verdict:
        """Say of all what is said of one."""
        known = tuple(m for m in theme[4:] if m != _STRANGER)
        others = tuple(m for m in self.strangers if m not in known)[:_SHOWN]
        return replace(
            one,
            machines=known,
            others=others,
            cause="/".join((one.cause, "crowd", *theme[2:])),
            title=f"{one.title}; so do {self.members - 1} more of whom nothing else is known",
            seen=f"The same was seen {self.tally.count} times of {self.members} machines of which neither the site "
            "file nor the inventory knows what they are: told together, for so many are mostly forged by one. Of "
            f"the first: {one.seen}",
            deed=None,
            data=(*one.data, ("machines", str(self.members))),
        )

    def state(self) -> list[Any]:
        """As JSON values."""
        return [list(self.first), self.members, self.said, self.tally.state(), list(self.strangers)]

    @classmethod
    def of(cls, state: list[Any]) -> Crowd:
        """From JSON values."""
        first, members, said, tally, strangers = state
        return cls(_words(first), int(members), int(said), Tally.of(tally), dict.fromkeys(_words(strangers)))


class Crowds:
    """What was told one by one of each theme, and what is told together since. Bounded."""

    def __init__(self) -> None:
        self._alone: dict[Theme, dict[Key, None]] = {}
        self._crowds: dict[Theme, Crowd] = {}
        self._kept = 0

    def of(self, theme: Theme, key: Key) -> Crowd | None:
        """The crowd that a cause belongs to; None where it has a place among those that are told one by one."""
        alone = self._alone.get(theme)
        room = self._kept < _MOST_KEPT
        if alone is None:
            if len(self._alone) < _MOST_THEMES and room:
                self._alone[theme] = {key: None}
                self._kept += 1
            return None
        if key in alone:
            return None
        if len(alone) < MOST_ALONE or (len(alone) < most_alone(theme) and room):
            alone[key] = None
            self._kept += 1
            return None
        return self._crowds.setdefault(theme, Crowd())

    def state(self) -> list[Any]:
        """As JSON values."""
        alone = [[list(theme), [list(key) for key in keys]] for theme, keys in self._alone.items()]
        return [alone, [[list(theme), crowd.state()] for theme, crowd in self._crowds.items()]]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        alone, crowds = state
        self._alone = {_words(theme): dict.fromkeys(map(_words, keys)) for theme, keys in alone}
        self._kept = sum(map(len, self._alone.values()))
        self._crowds = {_words(theme): Crowd.of(crowd) for theme, crowd in crowds}


def _words(listed: list[Any]) -> tuple[str, ...]:
    return tuple(str(word) for word in listed)


class Gathered:
    """Verdicts as they are concluded: of each theme so many wait as would be told one by one."""

    def __init__(self) -> None:
        self._waiting: dict[Theme, list[tuple[Key, Verdict, Tally]]] = {}
        self._crowds: dict[Theme, tuple[Crowd, Verdict]] = {}

    def take(self, theme: Theme, key: Key, verdict: Verdict, tally: Tally) -> None:
        """Keep a verdict until all are known."""
        if theme in self._crowds:
            self._crowds[theme][0].join(key, verdict, tally)
            return
        waiting = self._waiting.setdefault(theme, [])
        waiting.append((key, verdict, tally))
        if len(waiting) > most_alone(theme):
            self._crowds[theme] = crowd, _ = Crowd(), waiting[0][1]
            for one in self._waiting.pop(theme):
                crowd.join(*one)

    def all(self) -> Iterator[tuple[Verdict, Tally]]:
        """Those of no crowd, then the crowds."""
        for waiting in self._waiting.values():
            yield from ((verdict, tally) for _, verdict, tally in waiting)
        for theme, (crowd, one) in self._crowds.items():
            yield crowd.verdict(theme, one), crowd.tally
