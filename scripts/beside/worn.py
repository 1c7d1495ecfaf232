"""Conversations as captures have them that lost something: segments lost, twice, late, one way alone, cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random  # noqa: TID251 (a seed is given)

__all__ = ["worn"]

_SHARE: Final = 0.15
_PORTS: Final = slice(34, 38)
"""Of a frame of IPv4 without options."""


def worn(frames: Sequence[bytes], draw: Random) -> list[bytes]:
    """A conversation's frames, changed in one way."""
    return draw.choice(_WAYS)(list(frames), draw) if frames else []


def _lost(frames: list[bytes], draw: Random) -> list[bytes]:
    """Any of them may be missing."""
    return [frame for frame in frames if draw.random() >= _SHARE]


def _twice(frames: list[bytes], draw: Random) -> list[bytes]:
    """Any may come again, at once or later."""
    told: list[bytes] = []
    for frame in frames:
        told.append(frame)
        if draw.random() < _SHARE:
            told.append(draw.choice(told[-4:]))
    return told


def _late(frames: list[bytes], draw: Random) -> list[bytes]:
    """Any may come behind those that follow."""
    told = list(frames)
    for at in range(len(told) - 1):
        if draw.random() < _SHARE:
            to = min(at + draw.choice((1, 1, 2, 4)), len(told) - 1)
            told.insert(to, told.pop(at))
    return told


def _one_way(frames: list[bytes], draw: Random) -> list[bytes]:
    """One end is not heard."""
    first = frames[0][_PORTS]
    heard = draw.random() < 0.5
    return [frame for frame in frames if (frame[_PORTS] == first) == heard]


def _joined(frames: list[bytes], draw: Random) -> list[bytes]:
    """The capture begins later."""
    return frames[draw.randint(1, max(len(frames) // 2, 1)) :]


def _short(frames: list[bytes], draw: Random) -> list[bytes]:
    """The capture ends before the conversation does."""
    return frames[: -draw.randint(1, max(len(frames) // 2, 1))]


_WAYS: Final[tuple[Callable[[list[bytes], Random], list[bytes]], ...]] = (
    _lost, _twice, _late, _one_way, _joined, _short,
)  # fmt: skip
