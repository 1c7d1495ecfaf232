"""What no traffic could ever fulfil is refused, so that nobody relies on a rule that cannot speak.

Source: Suricata user guide, "Payload Keywords", sections "depth" and "bsize".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import Content, Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.detect.signatures.language.steps import Step

__all__ = ["needed", "refuse_what_never_holds", "too_narrow"]


def refuse_what_never_holds(steps: Sequence[Step]) -> None:
    """Raises RuleError."""
    contents = [step for step in steps if isinstance(step, Content) and not step.negated]
    for content in contents:
        for word, room in too_narrow(content):
            raise RuleError(word, f"{room} has no room for a content of {len(content.octets)} octets")
    for size in (step.bound for step in steps if isinstance(step, Size)):
        longest = max(map(needed, contents), default=0)
        if (size.operator == "=" and size.number < longest) or (
            size.operator == "<" and size.number <= longest
        ):
            raise RuleError("bsize", f"{size.words()} has no room for a content of {longest} octets")


def too_narrow(content: Content) -> Iterator[tuple[str, int]]:
    """The words of a content that leave it less room than it needs, and how much they leave."""
    for word in ("depth", "within"):
        room = getattr(content, word)
        if isinstance(room, int) and room < len(content.octets):
            yield word, room


def needed(content: Content) -> int:
    """Octets that the buffer must at least have for a content, or for what it must not be."""
    offset = content.offset if isinstance(content.offset, int) and not content.relative else 0
    return len(content.octets) + offset
