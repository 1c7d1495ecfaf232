"""Characters as servers that know one octet a character take them: the nearest one of Windows' code page 1252.

Source: Unicode Consortium, bestfit1252.txt, where it is above U+00FF; UTF-8: RFC 3629, with the longer forms that its
clause 3 forbids, since they are how paths are hidden.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["fitted", "nearest"]

_UNKNOWN: Final = 0x3F
_RUNS: Final = (
    (0x0100, "AaAaAaCcCcCcCcDd?dEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi??JjKk?LlLlLl??LlNnNnNn???OoOo"),
    (0x0150, "Oo??RrRrRrSsSsSs??TtTtTtUuUuUuUuUuUuWwYy?Z?Zz???b"),
    (0x0197, "I??l????OOo"),
    (0x01AB, "t??TUu?????z"),
    (0x01C0, "|??!"),
    (0x01CD, "AaIiOoUuUuUuUuUu?Aa????GgGgKkOoOo??j"),
    (0x0261, "g"),
    (0x02B9, "'\"?'"),
    (0x02C4, "^???'??`?_"),
    (0x0300, "`?^~"),
    (0x030E, '"'),
    (0x0331, "__"),
    (0x037E, ";"),
    (0x0393, "G????T"),
    (0x03A3, "S??F??O"),
    (0x03B1, "a??de"),
    (0x03C0, "p??st?f"),
    (0x04BB, "h"),
    (0x0589, ":"),
    (0x066A, "%"),
    (0x2000, "       "),
    (0x2010, "--?????="),
    (0x2032, "'??`"),
    (0x2044, "/"),
    (0x2074, "45678??????n0123456789"),
    (0x20A7, "P"),
    (0x2102, "C????E??gHHHh?IILl?N??PPQRRR??????Z???Z?K?BCeeEF?Mo"),
    (0x2212, "-??/\\*??v???8????|?????n"),
    (0x2236, ":?????~"),
    (0x2261, "=??=="),
    (0x2303, "^"),
    (0x2320, "()"),
    (0x2329, "<>"),
    (0x2500, "-"),
    (0x250C, "+???+???+???+???+"),
    (0x252C, "-"),
    (0x2534, "-"),
    (0x253C, "+"),
    (0x2550, "-?++++++++++++??????------+++"),
    (0x2584, "_"),
    (0x2758, "|"),
    (0x3000, " "),
    (0x3008, "<>"),
    (0x301A, "[]"),
)
"""Code points that follow each other from the first one on, and what they become."""
_NEAREST: Final = {
    first + place: ord(letter)
    for first, letters in _RUNS
    for place, letter in enumerate(letters)
    if letter != "?"
} | {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_SEQUENCE: Final = re.compile(
    rb"[\xC0-\xDF][\x80-\xBF]|\xED[\x80-\x9F][\x80-\xBF]|[\xE0-\xEC\xEE\xEF][\x80-\xBF]{2}"
    rb"|[\xF0-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2}"
    rb"|(\xED[\x80-\x9F]?|[\xE0-\xEC\xEE\xEF][\x80-\xBF]?|[\xF0-\xF3][\x80-\xBF]{0,2}"
    rb"|\xF4(?:[\x80-\x8F][\x80-\xBF]?)?|[\xC0-\xDF])(\Z)?|[\x80-\xFF]"
)
"""A character; or the beginning of one that goes on otherwise, or ends with all of it; or an octet that begins none."""


def nearest(point: int) -> int:
    """The octet that a code point becomes; a question mark where none is near."""
    return point if point < 0x100 else _NEAREST.get(point, _UNKNOWN)


def fitted(octets: bytes) -> bytes:
    """Octets read as UTF-8, each character one octet; what is no UTF-8 becomes question marks."""
    return octets if octets.isascii() else _SEQUENCE.sub(_character, octets)


def _character(found: re.Match[bytes]) -> bytes:
    first, *others = found[0]
    if found[2] is not None:
        return b""
    if found[1] is not None or not others:
        return b"?"
    point = first & (0x3F >> len(others))
    for octet in others:
        point = point << 6 | octet & 0x3F
    return bytes([nearest(point)])
