"""Counts of both sides compared: the share of equal messages, and what differs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conformance.message import Key, frames_by_key, key_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.known import Known
    from conformance.message import Message

__all__ = ["GOAL", "Difference", "Score", "compare", "total"]

GOAL: Final = 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key whose counts differ, with the frames that only one side has, as often as it has them more."""

    capture: str
    key: Key
    ours: int
    theirs: int
    only_ours: tuple[int, ...]
    only_theirs: tuple[int, ...]

    @property
    def name(self) -> tuple[str, str, str]:
        """What known.toml names it by: capture, protocol, key."""
        return self.capture, self.key[2], key_text(self.key)


@dataclass(slots=True, kw_only=True)
class Score:
    """Sums over the keys of one protocol.

    smaller, larger: sum of min and of max of both counts. settled_*: the same where a listed difference in
    which the other side is wrong counts as equal. shifted: messages counted by both sides in unlike frames.
    """

    protocol: str
    captures: set[str] = field(default_factory=set)
    ours: int = 0
    theirs: int = 0
    smaller: int = 0
    larger: int = 0
    settled_smaller: int = 0
    settled_larger: int = 0
    shifted: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def raw(self) -> float | None:
        """0 to 1; None where neither side saw a message."""
        return self.smaller / self.larger if self.larger else None

    @property
    def settled(self) -> float | None:
        return self.settled_smaller / self.settled_larger if self.settled_larger else None


def compare(capture: str, protocol: str, ours: Iterable[Message], theirs: Iterable[Message]) -> Score:
    """Compare one protocol in one capture; nothing is settled yet."""
    our_frames, their_frames = frames_by_key(ours), frames_by_key(theirs)
    score = Score(protocol=protocol)
    for key in sorted(our_frames.keys() | their_frames.keys()):
        mine, other = our_frames.get(key, Counter()), their_frames.get(key, Counter())
        few, many = sorted((mine.total(), other.total()))
        score.captures.add(capture)
        score.ours += mine.total()
        score.theirs += other.total()
        score.smaller += few
        score.larger += many
        score.shifted += few - (mine & other).total()
        if few != many:
            score.differences.append(_difference(capture, key, mine, other))
    score.settled_smaller, score.settled_larger = score.smaller, score.larger
    return score


def _difference(capture: str, key: Key, mine: Counter[int], other: Counter[int]) -> Difference:
    return Difference(
        capture=capture,
        key=key,
        ours=mine.total(),
        theirs=other.total(),
        only_ours=tuple(sorted((mine - other).elements())),
        only_theirs=tuple(sorted((other - mine).elements())),
    )


def total(protocol: str, parts: Iterable[Score], known: Known) -> Score:
    """Add up captures; a listed difference counts as equal at our count where the other side is wrong."""
    whole = Score(protocol=protocol)
    for part in parts:
        whole.captures |= part.captures
        for name in ("ours", "theirs", "smaller", "larger", "shifted"):
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        whole.differences += part.differences
    whole.settled_smaller, whole.settled_larger = whole.smaller, whole.larger
    for difference in whole.differences:
        if known.excuses(difference):
            whole.settled_smaller += difference.ours - min(difference.ours, difference.theirs)
            whole.settled_larger += difference.ours - max(difference.ours, difference.theirs)
    return whole
