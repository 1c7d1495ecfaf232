"""How full the places are in which things wait: sentences for `status`, bars for `top`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.report.printable import clip, printable
from interlock.report.quantities import duration_text, octets_text, percent_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.records.figures import BufferFigures, Figures

__all__ = ["NEARLY_FULL", "bars_of", "buffer_label", "buffer_sentences", "old_text"]

NEARLY_FULL: Final = 0.75
_OLD_NS: Final = 5_000_000_000
_HELD: Final = "held"


def buffer_sentences(figures: Figures) -> Iterator[tuple[str, str]]:
    """A word and a sentence each, in the order of the way through the sensor."""
    for one in figures.buffers:
        octets = one.unit == "octets"
        used = octets_text(one.used) if octets else f"{one.used:,}"
        room = octets_text(one.room) if octets else f"{one.room:,}"
        room += " blocks" if one.unit == "blocks" else ""
        near = ": nearly full" if one.share >= NEARLY_FULL else ""
        says = f"{_whose(one)}{used} of {room}, {percent_text(one.share)}{near}{old_text(one, figures.time)}"
        yield _kind(one), says


def buffer_label(one: BufferFigures, width: int, count: int = 1) -> str:
    """At most that many columns that name it, behind a stroke the worker. count: of which it is the fullest."""
    name = one.name.replace("_", " ") if one.interface is None else f"ring {one.interface}"
    tail = "" if one.worker is None else f"/{one.worker}"
    tail += f" of {count}" if count > 1 else ""
    return clip(clip(name, max(2, width - len(tail))) + tail, width)


def old_text(one: BufferFigures, now: int) -> str:
    """How old it is, where that is more than a moment: its owner has died or cannot get a word through."""
    age = now - one.time
    return f", {duration_text(age)} ago" if age >= _OLD_NS else ""


def bars_of(figures: Figures, most: int) -> Sequence[tuple[BufferFigures, int]]:
    """What is to be drawn; where all of it is more than `most`, the fullest of each kind, and of how many it is."""
    kinds: dict[str, list[BufferFigures]] = {}
    for one in figures.buffers:
        kinds.setdefault(_kind(one), []).append(one)
    if _HELD in kinds:  # rows and findings wait for the same disk
        kinds[_HELD] = [max(kinds[_HELD], key=lambda one: one.share)]
    if sum(map(len, kinds.values())) <= most:
        return [(one, 1) for several in kinds.values() for one in several]
    return [(max(several, key=lambda one: one.share), len(several)) for several in kinds.values()]


def _kind(one: BufferFigures) -> str:
    return _HELD if one.name.startswith(_HELD) else one.name


def _whose(one: BufferFigures) -> str:
    whose = [] if one.interface is None else [printable(one.interface)]
    whose += [] if one.worker is None else [f"worker {one.worker}"]
    return f"{', '.join(whose) or one.name.removeprefix('held_')}: "
