"""What a rule says of itself: nothing of this changes what it matches.

Source: Suricata user guide, "Meta Keywords"; "Tag" (what is recorded after a hit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.keyword import Keyword, comma_separated
from interlock.detect.signatures.language.numbers import read_natural
from interlock.detect.signatures.language.problems import RuleError

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["KEYWORDS"]

_ESCAPES: Final = {'\\"': '"', "\\;": ";", "\\:": ":", "\\\\": "\\"}
_MOST_TEXT: Final = 2_048


def _message(draft: Draft, value: str | None) -> None:
    text = (value or "").strip()
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise RuleError("msg", "its text stands between quotation marks")
    text = text[1:-1]
    for escaped, plain in _ESCAPES.items():
        text = text.replace(escaped, plain)
    if len(text) > _MOST_TEXT:
        raise RuleError("msg", f"has more than {_MOST_TEXT} characters")
    draft.once("msg", text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _number(name: str, says: str, least: int = 0) -> Keyword:
    def read(draft: Draft, value: str | None) -> None:
        number = read_natural(value, name)
        if number < least:
            raise RuleError(name, f"is {least} or more")
        if name == "priority":
            draft.about["priority"] = number
        else:
            draft.once(name, number)

    return Keyword(name=name, clause=f"Meta Keywords, {name}", says=says, read=read)


def _class(draft: Draft, value: str | None) -> None:
    draft.once("classtype", (value or "").strip())


def _reference(draft: Draft, value: str | None) -> None:
    kind, comma, text = (value or "").partition(",")
    if not comma or not text.strip():
        raise RuleError("reference", f"{value!r} is not a kind, a comma and what it refers to")
    draft.references.append((kind.strip().lower(), text.strip()))


def _metadata(draft: Draft, value: str | None) -> None:
    for part in comma_separated(value):
        key, _, text = part.partition(" ")
        if part:
            draft.metadata.append((key, text.strip()))


def _target(draft: Draft, value: str | None) -> None:
    if value not in {"src_ip", "dest_ip"}:
        raise RuleError("target", f"{value!r} is neither src_ip nor dest_ip")
    draft.about["target"] = value


def _tag(_draft: Draft, value: str | None) -> None:
    parts = comma_separated(value)
    if parts[0] not in {"session", "host"}:
        raise RuleError("tag", f"{parts[0]!r} is neither session nor host")


KEYWORDS: Final = (
    Keyword(name="msg", clause="Meta Keywords, msg", says="its name for people", read=_message),
    _number("sid", "its id", least=1),
    _number("rev", "its version"),
    _number("gid", "the family of its id"),
    _number("priority", "how urgent it is, from 1"),
    Keyword(
        name="classtype", clause="Meta Keywords, classtype", says="what kind of thing it finds", read=_class
    ),
    Keyword(name="reference", clause="Meta Keywords, reference", says="where to read on", read=_reference),
    Keyword(name="metadata", clause="Meta Keywords, metadata", says="words about it", read=_metadata),
    Keyword(name="target", clause="Meta Keywords, target", says="which end is attacked", read=_target),
    Keyword(
        name="tag",
        clause="Tag",
        says="packets after a hit are to be recorded; the packets are kept anyway",
        read=_tag,
    ),
)
