"""What templates may do to a value before it is shown: shorten, format, and nothing that skips escaping."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

from interlock.records.counting import counted
from interlock.report.order import spoken
from interlock.report.printable import clip, clip_path, printable
from interlock.report.proofs import display_filter
from interlock.report.quantities import clock_text, duration_text, octets_text, percent_text
from interlock.report.trends import trend_of
from interlock.report.words import ROLE_LABELS, effect_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FILTERS", "SHOWN", "age", "finalize", "shown"]

_NS: Final = 1_000_000_000
_MINUTE: Final = 60 * _NS
_REMEMBERED: Final = 8_192
_DRAWN: Final = frozenset({*ROLE_LABELS, "unknown", "group", "cloud"})


def finalize(value: object) -> object:
    """Make every text printable before autoescape sees it; what is markup already is ours."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def shown(value: object) -> str:
    """The value as the page has it: printable and escaped; what is markup already as it is."""
    kind = type(value)
    if kind is str:
        return _safe(value)
    if kind is int or kind is float:
        return str(value)
    return value if isinstance(value, Markup) else str(escape(finalize(value)))


@lru_cache(4096)
def _safe(text: str) -> str:
    """Of a plant's page, most texts are told again and again: protocols, captures, how sure a proof is."""
    return str(escape(printable(text)))


def age(last: int, end: int | None) -> str:
    """How long before the end something was seen last (both UTC ns), as the page has it; empty where unknown."""
    if end is None or not last or end < last:
        return ""
    time = end - last
    if time < _NS:
        return "until the end"
    return _ago(time if time < _MINUTE else time - time % _NS)  # of more than a minute no fraction is told


@lru_cache(4096)
def _ago(time: int) -> str:
    return f"{duration_text(time)} before the end"


def _clock(time: int) -> str:
    return _second(time // _NS) if time else "unknown"


@lru_cache(4096)
def _second(time_s: int) -> str:
    """Of a capture, the same few seconds are told over and over."""
    return clock_text(time_s * _NS)


def _icon(name: str) -> str:
    return name if name in _DRAWN else "unknown"


def _fit(text: str, width: float, size: float) -> str:
    """Shorten to about `width` user units at font size `size`; SVG text neither wraps nor clips itself."""
    shown = clip(text, 60)
    room = width / size
    used = 0.0
    for place, letter in enumerate(shown):
        used += _advance(letter)
        if used > room:
            return shown[: max(1, place - 1)].rstrip() + "…"
    return shown


def _advance(letter: str) -> float:
    """Guess a letter's width in em, on the wide side of common sans-serif faces."""
    if letter in "mwMW@%":
        return 0.95
    if letter in " .,:;|ilj-'()":
        return 0.35
    return 0.68 if letter.isupper() else 0.58


def _paragraphs(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()] or [""]


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "clip": clip,
    "clock": _clock,
    "effect": effect_of,
    "fit": _fit,
    "frames": display_filter,
    "icon": _icon,
    "octets": octets_text,
    "paragraphs": _paragraphs,
    "path": clip_path,
    "percent": percent_text,
    "plural": counted,
    "spoken": spoken,
    "trend": trend_of,
}


def _remembering(name: str) -> Callable[..., str]:
    """A filter whose result is shown, both in one call; a text and markup that are equal are remembered apart."""
    made = FILTERS[name]
    return lru_cache(_REMEMBERED, typed=True)(lambda value, *given: shown(made(value, *given)))


SHOWN: Final[dict[str, Callable[..., str]]] = {
    name: _remembering(name) for name in ("clip", "clock", "icon", "octets", "path", "percent")
}
"""Filters of texts and numbers, of which a page has few, each told again and again → as shown."""
