"""The one table of keywords: what is not in it refuses the rule that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language import (
    about,
    buffers,
    contents,
    conversation,
    datasets,
    expressions,
    facts,
    octets,
    packets,
    transformations,
)

if TYPE_CHECKING:
    from interlock.detect.signatures.language.keyword import Keyword

__all__ = ["CHAPTERS", "KEYWORDS"]

CHAPTERS: Final = {
    "Of the rule itself": about.KEYWORDS,
    "Content": contents.KEYWORDS,
    "Expressions": expressions.KEYWORDS,
    "Numbers on the wire": octets.KEYWORDS,
    "Sets": datasets.KEYWORDS,
    "Buffers": buffers.KEYWORDS,
    "Transformations": transformations.KEYWORDS,
    "Packets": packets.KEYWORDS,
    "Conversations": conversation.KEYWORDS,
    "What decoders read": facts.KEYWORDS,
}
"""Title → its keywords."""

KEYWORDS: Final[dict[str, Keyword]] = {
    keyword.name: keyword for chapter in CHAPTERS.values() for keyword in chapter
}
