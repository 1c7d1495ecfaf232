"""The one table of keywords: what is not in it refuses the rule that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language import (
    about,
    buffers,
    calls,
    contents,
    conversation,
    datasets,
    expressions,
    facts,
    messages,
    octets,
    packets,
    transformations,
)

if TYPE_CHECKING:
    from interlock.detect.signatures.language.keyword import Keyword

__all__ = ["CHAPTERS", "KEYWORDS", "REFUSED"]

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
    "What messages say of themselves": messages.KEYWORDS,
    "Calls, records, files and certificates": calls.KEYWORDS,
}
"""Title → its keywords."""

REFUSED: Final[dict[str, str]] = {
    "geoip": "asks for the country of an address, which nothing here knows offline",
    "iprep": "asks for the reputation of an address; name addresses as indicators instead (docs/indicators.md)",
    **dict.fromkeys(
        ("filemd5", "filesha1", "filesha256"),
        "asks for a hash out of a file; name hashes as indicators instead (docs/indicators.md)",
    ),
    "filemagic": "asks what libmagic says of a file, which differs from version to version",
    "file.magic": "asks what libmagic says of a file, which differs from version to version",
    "filestore": "keeps files; hashes of files are kept, their octets never are",
    "lua": "runs a program of the rule's own, which is never done",
    "luajit": "runs a program of the rule's own, which is never done",
    **dict.fromkeys(
        ("domain", "tld"), "asks for the public list of domains' ends, which changes and is not kept here"
    ),
    "luaxform": "runs a program of the rule's own, which is never done",
    "decode-event": "asks for an event of Suricata's own decoder, which is not ours",
    "stream-event": "asks for an event of Suricata's own reassembly, which is not ours",
    "frame": "asks for a frame of Suricata's own parsers, which are not ours",
    "replace": "changes packets, which is never done",
    "bypass": "lets the rest of a conversation pass unseen, which is never done",
}
"""Suricata's words that are known and not taken, and why."""

KEYWORDS: Final[dict[str, Keyword]] = {
    keyword.name: keyword for chapter in CHAPTERS.values() for keyword in chapter
}
