"""pcre: expressions in PCRE2's own dialect, compiled by PCRE2 (ADR 22).

    pcre: [!] " / expression / letters [, names] "

Letters are PCRE's (i s m x A E G), Suricata's (R O B), or name the buffer (U I P Q H D M C S Y B V W).
Source: Suricata user guide, "Payload Keywords", section "pcre".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pcre2

from interlock.detect.signatures.language.buffers import OF_LETTER
from interlock.detect.signatures.language.keyword import Keyword, unquoted
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import Expression

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["KEYWORDS", "MATCH_LIMIT", "compiled"]

MATCH_LIMIT: Final = 3_500
"""Steps that PCRE2 may take for one match, as Suricata's default has it; past them the expression does not match."""
_OPTIONS: Final = {
    "i": int(pcre2.I),
    "s": int(pcre2.S),
    "m": int(pcre2.M),
    "x": int(pcre2.X),
    "A": 0,
    "E": 0x0000_0010,
    "G": 0x0004_0000,
}
"""Letter → PCRE2's option bit: DOLLAR_ENDONLY, UNGREEDY. The binding drops ANCHORED: \\G is written instead."""
_ONE_DIGIT: Final = re.compile(rb"\\\\|\\x([0-9A-Fa-f])(?![0-9A-Fa-f{])")
"""PCRE2 reads up to two digits behind \\x (pcre2pattern, "Non-printing characters"); as built here it wants both."""
_WITHOUT_MEANING: Final = "OB"
_NAMES: Final = re.compile(r"\s*(?:flow|pkt|alert):\s*\w+(?:\s*,\s*(?:flow|pkt|alert):\s*\w+)*\s*", re.ASCII)
"""Under what names Suricata logs what groups match: nothing of what the rule matches."""
_MOST_CHARACTERS: Final = 8_192
_POSITION: Final = re.compile(r"(?<=at position )\d+")


@lru_cache(maxsize=65_536)
def compiled(pattern: bytes, flags: str) -> pcre2.Pattern:
    """The expression, ready to match octets, its work bounded. Raises RuleError."""
    options = 0
    for letter in flags:
        options |= _OPTIONS[letter]
    pattern = _ONE_DIGIT.sub(lambda found: rb"\x0" + found[1] if found[1] else found[0], pattern)
    # A line end closes a comment that the x letter allows.
    end = b"\n)" if "x" in flags else b")"
    anchor = rb"\G(?:" if "A" in flags else b""
    head = b"(*LIMIT_MATCH=%d)" % MATCH_LIMIT + anchor
    try:
        return pcre2.compile(head + pattern + (end if anchor else b""), options, jit=False)
    except (pcre2.PatternError, pcre2.LibraryError, ValueError) as error:
        # It counts from the beginning of what it was given, of which nobody has written the head.
        says = _POSITION.sub(
            lambda found: str(min(max(0, int(found[0]) - len(head)), len(pattern))), str(error)
        )
        raise RuleError("pcre", f"PCRE2 does not take the expression: {says}") from error


def _pcre(draft: Draft, value: str | None) -> None:
    negated, text = unquoted(value or "", "pcre")
    end = text.rfind("/")
    if not text.startswith("/") or end == 0:
        raise RuleError("pcre", "the expression stands between two /")
    letters, comma, names = text[end + 1 :].partition(",")
    letters = letters.strip()
    if comma and not _NAMES.fullmatch(names):
        raise RuleError(
            "pcre", f"{names!r} is no list of names for what groups match, like flow:a,pkt:b,alert:c"
        )
    flags = "".join(sorted(set(letters) & set(_OPTIONS)))
    buffers = [letter for letter in letters if letter in OF_LETTER]
    unknown = set(letters) - set(_OPTIONS) - set(OF_LETTER) - {"R", *_WITHOUT_MEANING}
    if unknown or len(buffers) > 1:
        what = f"{min(unknown)!r} is no letter of pcre" if unknown else "names two buffers"
        raise RuleError("pcre", what)
    if len(text) > _MOST_CHARACTERS:
        raise RuleError("pcre", f"has more than {_MOST_CHARACTERS} characters")
    pattern = text[1:end].encode("utf-8", "surrogateescape")
    compiled(pattern, flags)
    step = Expression(pattern=pattern, flags=flags, negated=negated, relative="R" in letters)
    # A body of an answer is what file.data holds of HTTP: within that buffer the letter says nothing new.
    if buffers and (buffers[0], draft.buffer) != ("Q", "file.data"):
        draft.add_to(OF_LETTER[buffers[0]], step, "pcre")
    else:
        draft.add(step)


KEYWORDS: Final = (
    Keyword(
        name="pcre",
        clause="Payload Keywords, pcre",
        says="an expression in PCRE2's dialect matches, or with ! does not",
        read=_pcre,
    ),
)
