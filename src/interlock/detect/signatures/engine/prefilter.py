"""What of a rule can be looked for quickly: its best literal, and octets at a fixed place.

Both are necessary, neither is enough: a row without them cannot hit, one with them is held against the rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.detect.signatures.language.steps import Absent, Content, Size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.detect.signatures.language.model import Inspection
    from interlock.detect.signatures.language.numbers import Bound
    from interlock.detect.signatures.language.steps import Step

__all__ = ["LONG", "Anchor", "Literal", "anchors_of", "best_literal", "literal_of", "rare", "sizes_of"]

LONG: Final = 5
"""Octets from which on a literal is looked for once for all; shorter ones only where their rule can touch."""


class Literal(NamedTuple):
    """Octets that must be somewhere in a buffer."""

    octets: bytes
    nocase: bool


class Anchor(NamedTuple):
    """Octets that must be at one place of a buffer."""

    place: int
    octets: bytes


def literal_of(steps: Sequence[Step]) -> Literal | None:
    """The content that its rule marks for it, else the longest; None where there is none that must be there."""
    if steps and isinstance(steps[0], Absent):
        return None
    contents = [step for step in steps if isinstance(step, Content) and not step.negated]
    if not contents:
        return None
    content = max(contents, key=_worth)
    octets = content.octets
    if content.fast is not None and content.fast.start is not None and content.fast.length:
        octets = octets[content.fast.start : content.fast.start + content.fast.length]
    return Literal(octets, content.nocase)


def _worth(content: Content) -> tuple[bool, bool, int]:
    """Runs of one octet, as of zeros, stand everywhere: anything else is better, however it is marked."""
    return len(set(content.octets)) > 1, content.fast is not None, len(content.octets)


def best_literal(inspections: Sequence[Inspection]) -> tuple[int, Literal] | None:
    """Of all buffers of a rule: which inspection, and the literal. A marked content goes first, then length."""
    found: list[tuple[bool, bool, int, int, Literal]] = []
    for index, one in enumerate(inspections):
        literal = literal_of(one.steps)
        if literal is not None:
            marked = any(isinstance(s, Content) and s.fast is not None and not s.negated for s in one.steps)
            found.append((len(set(literal.octets)) > 1, marked, len(literal.octets), index, literal))
    if not found:
        return None
    *_, index, literal = max(found, key=lambda item: item[:3])
    return index, literal


def rare(literal: Literal) -> bool:
    """Whether it is hardly ever met by chance."""
    return len(literal.octets) >= LONG and len(set(literal.octets)) > 1


def anchors_of(steps: Sequence[Step]) -> tuple[Anchor, ...]:
    """Contents that can be at one place alone, letter by letter."""
    anchors = []
    for step in steps:
        if not isinstance(step, Content) or step.negated or step.nocase or step.relative:
            continue
        offset = step.offset or 0
        if not isinstance(offset, int):
            continue
        fixed = step.starts or (isinstance(step.depth, int) and step.depth == len(step.octets))
        if fixed:
            anchors.append(Anchor(offset, step.octets))
    return tuple(anchors)


def sizes_of(steps: Sequence[Step]) -> tuple[Bound, ...]:
    """How long the buffer must be."""
    return tuple(step.bound for step in steps if isinstance(step, Size))
