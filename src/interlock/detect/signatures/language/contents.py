"""content, pcre and what stands behind them.

Source: Suricata user guide, "Payload Keywords", section by section.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.keyword import Keyword, comma_separated, unquoted
from interlock.detect.signatures.language.numbers import read_bound, read_integer, read_natural
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import Absent, Content, FastPattern, IsDataAt, Size

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft
    from interlock.detect.signatures.language.steps import Number

__all__ = ["KEYWORDS", "MOST_OCTETS", "read_octets", "variable_or"]

MOST_OCTETS: Final = 4_096
"""Of one content; the longest of the public sets has 660."""
_MOST_DISTANCE: Final = 1_048_576
_PIECE: Final = re.compile(r'([^|\\]+)|\|([0-9A-Fa-f\s]*)\||\\([\\;:"|])|(.)', re.DOTALL)
_VARIABLE: Final = re.compile(r"[A-Za-z_][\w.]*")


@lru_cache(maxsize=65_536)
def read_octets(text: str, keyword: str) -> bytes:
    """What stands between a content's quotation marks, as octets. Raises RuleError."""
    octets = bytearray()
    for plain, hexadecimal, escaped, wrong in _PIECE.findall(text):
        if plain or escaped:
            octets += (plain or escaped).encode("utf-8", "surrogateescape")
        elif wrong:
            reason = "a | has no other one" if wrong == "|" else 'a \\ stands before none of \\ ; : " |'
            raise RuleError(keyword, f"{reason}; write octets as |0a 0d|")
        else:
            try:
                octets += bytes.fromhex(hexadecimal)
            except ValueError:
                raise RuleError(keyword, f"|{hexadecimal}| has half an octet") from None
    if not 0 < len(octets) <= MOST_OCTETS:
        raise RuleError(keyword, f"has {len(octets)} octets; 1 to {MOST_OCTETS} are allowed")
    return bytes(octets)


def _content(draft: Draft, value: str | None) -> None:
    negated, text = unquoted(value or "", "content")
    draft.add(Content(octets=read_octets(text, "content"), negated=negated))


def _uricontent(draft: Draft, value: str | None) -> None:
    negated, text = unquoted(value or "", "uricontent")
    draft.add_to("http.uri", Content(octets=read_octets(text, "uricontent"), negated=negated), "uricontent")


def variable_or(value: str, draft: Draft, keyword: str, *, least: int, most: int) -> Number:
    """A number, or the name of one that byte_extract or byte_math read before. Raises RuleError."""
    text = value.strip()
    if _VARIABLE.fullmatch(text):
        if text not in draft.names:
            raise RuleError(
                keyword, f"{text!r} is no number, and no byte_extract or byte_math before it gives it"
            )
        return text
    number = read_integer(text, keyword)
    if not least <= number <= most:
        raise RuleError(keyword, f"{number} is not between {least} and {most}")
    return number


def _place(name: str, least: int, most: int) -> Keyword:
    def read(draft: Draft, value: str | None) -> None:
        content = draft.content(name)
        if content.starts and name != "offset":
            raise RuleError(name, "does not go with startswith")
        draft.change(name, **{name: variable_or(value or "", draft, name, least=least, most=most)})

    return Keyword(name=name, clause=f"Payload Keywords, {name}", says=_PLACES[name], read=read)


_PLACES: Final = {
    "offset": "the content is looked for from this octet of the buffer on",
    "depth": "the content lies within so many octets from the buffer's beginning, or from its offset",
    "distance": "the content begins at least so many octets behind the end of the match before",
    "within": "the content ends at most so many octets, and its distance, behind the end of the match before",
}


def _starts(draft: Draft, _value: str | None) -> None:
    content = draft.content("startswith")
    if content.depth is not None or content.relative:
        raise RuleError("startswith", "does not go with depth, distance or within")
    draft.change("startswith", starts=True)


def _flag(word: str, name: str) -> Keyword:
    def read(draft: Draft, _value: str | None) -> None:
        draft.change(word, **{name: True})

    return Keyword(name=word, clause=f"Payload Keywords, {word}", says=_FLAGS[word], read=read, value=False)


_FLAGS: Final = {
    "nocase": "the content's letters may be upper or lower case (a to z alone)",
    "endswith": "the content ends where the buffer ends",
    "rawbytes": "nothing; kept for Snort's rules",
}


def _fast(draft: Draft, value: str | None) -> None:
    content = draft.content("fast_pattern")
    fast = FastPattern()
    if value == "only":
        fast = FastPattern(only=True)
    elif value:
        parts = comma_separated(value)
        if len(parts) != 2:
            raise RuleError("fast_pattern", f"{value!r} is neither `only` nor two numbers")
        start, length = (read_natural(part, "fast_pattern", most=MOST_OCTETS) for part in parts)
        if start + length > len(content.octets):
            raise RuleError("fast_pattern", f"{value!r} goes past the content's {len(content.octets)} octets")
        fast = FastPattern(start=start, length=length)
    draft.change("fast_pattern", fast=fast)


def _is_data_at(draft: Draft, value: str | None) -> None:
    first, *rest = comma_separated(value)
    negated = first.startswith("!")
    unknown = [word for word in rest if word not in {"relative", "rawbytes"}]
    if unknown:
        raise RuleError("isdataat", f"{unknown[0]!r} is neither relative nor rawbytes")
    position = variable_or(first[negated:], draft, "isdataat", least=0, most=65_535)
    if "relative" not in rest:
        draft.add(IsDataAt(position=position, relative=False, negated=negated))
    # Suricata makes `endswith` of it (src/detect-isdataat.c), so that it belongs to what must not be there, too.
    elif not (negated and position == 1 and draft.ended()):
        draft.go_on(IsDataAt(position=position, relative=True, negated=negated))


def _bsize(draft: Draft, value: str | None) -> None:
    if draft.buffer == "payload" and draft.decoded is None:
        raise RuleError("bsize", "stands behind a sticky buffer")
    draft.add(Size(read_bound(value, "bsize")))


def _urilen(draft: Draft, value: str | None) -> None:
    bound, _, kind = (value or "").partition(",")
    if kind.strip() not in {"", "norm", "raw"}:
        raise RuleError("urilen", f"{kind!r} is neither norm nor raw")
    buffer = "http.uri.raw" if kind.strip() == "raw" else "http.uri"
    draft.lists.setdefault((buffer, (), 0), []).append(Size(read_bound(bound, "urilen", most=65_535)))


def _absent(draft: Draft, value: str | None) -> None:
    if value not in {None, "", "or_else"}:
        raise RuleError("absent", f"{value!r} is not or_else")
    if draft.buffer == "payload":
        raise RuleError("absent", "stands behind a sticky buffer")
    draft.add(Absent(or_else=value == "or_else"))


KEYWORDS: Final = (
    Keyword(
        name="content",
        clause="Payload Keywords, content",
        says="these octets are in the buffer, or with ! are not",
        read=_content,
    ),
    Keyword(
        name="uricontent",
        clause="HTTP Keywords, uricontent",
        says="content of http.uri, in its older form",
        read=_uricontent,
    ),
    *(
        _flag(word, name)
        for word, name in (("nocase", "nocase"), ("endswith", "ends"), ("rawbytes", "rawbytes"))
    ),
    Keyword(
        name="startswith",
        clause="Payload Keywords, startswith",
        says="the content begins where the buffer begins, or at its offset",
        read=_starts,
        value=False,
    ),
    _place("offset", 0, 65_535),
    _place("depth", 0, 65_535),
    _place("distance", -_MOST_DISTANCE, _MOST_DISTANCE),
    _place("within", 1, _MOST_DISTANCE),
    Keyword(
        name="fast_pattern",
        clause="Fast Pattern",
        says="nothing of what matches: the content that a prefilter should look for",
        read=_fast,
        value=None,
    ),
    Keyword(
        name="isdataat",
        clause="Payload Keywords, isdataat",
        says="there are octets at a place, from the beginning or from the match before; with ! there are none",
        read=_is_data_at,
    ),
    Keyword(name="bsize", clause="Payload Keywords, bsize", says="how long the buffer is", read=_bsize),
    Keyword(name="urilen", clause="HTTP Keywords, urilen", says="how long the URI is", read=_urilen),
    Keyword(
        name="absent",
        clause="Payload Keywords, absent",
        says="the buffer is not there; with or_else, or what follows holds",
        read=_absent,
        value=None,
    ),
)
