"""Frame by frame: what only one side has in one capture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.message import key_text
from conformance.score import compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.score import Score

__all__ = ["explain"]

_SHOWN: Final = 40


def explain(capture: str, protocol: str, ours: list[Message], theirs: list[Message]) -> Iterator[str]:
    """Lines for a person: each key whose counts or frames differ, with the frames that one side lacks."""
    score = compare(capture, protocol, ours, theirs)
    yield f"{capture} {protocol}: ours {score.ours}, theirs {score.theirs}, equal {_share(score)}"
    for difference in score.differences:
        yield f"  {key_text(difference.key)}: ours {difference.ours}, theirs {difference.theirs}"
        if difference.only_theirs:
            yield f"    only theirs, frames {_frames(difference.only_theirs)}"
        if difference.only_ours:
            yield f"    only ours,   frames {_frames(difference.only_ours)}"
    if score.shifted:
        yield f"  {score.shifted} messages are counted by both sides but in unlike frames"
        yield from _shifted(ours, theirs)


def _shifted(ours: Iterable[Message], theirs: Iterable[Message]) -> Iterator[str]:
    mine = {(m.key(), m.frame) for m in ours}
    other = {(m.key(), m.frame) for m in theirs}
    for name, frames in (("theirs", other - mine), ("ours", mine - other)):
        listed = tuple(sorted(frame for _, frame in frames))
        yield f"    frames of {name} without a like one: {_frames(listed)}"


def _frames(frames: tuple[int, ...]) -> str:
    more = f" and {len(frames) - _SHOWN} more" if len(frames) > _SHOWN else ""
    return " ".join(map(str, frames[:_SHOWN])) + more


def _share(score: Score) -> str:
    return "-" if score.raw is None else f"{score.raw:.4%}"
