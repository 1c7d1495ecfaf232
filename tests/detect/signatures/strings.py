"""Octets that an expression matches, made from its syntax tree, and held against Python's own expressions.

PCRE2, which is tested, has no part in it. What Python's syntax does not have (recursion, conditions) is not made.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["UnmadeError", "known", "strings"]

MOST = 24
"""Strings that are tried of one expression."""
_FLAGS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}
_SHORT = re.compile(rb"\\\\|\\x([0-9A-Fa-f])(?![0-9A-Fa-f{])")
"""One digit behind \\x is enough for PCRE2; Python wants two."""
_LIKED = b"a1A~ /.=_-Z9b"
_CATEGORIES = {
    c.CATEGORY_DIGIT: b"7", c.CATEGORY_NOT_DIGIT: b"a~", c.CATEGORY_SPACE: b" \t", c.CATEGORY_NOT_SPACE: b"a1",
    c.CATEGORY_WORD: b"a1", c.CATEGORY_NOT_WORD: b"~ /",
}  # fmt: skip
_CLASSES = {
    b"[:alnum:]": b"0-9A-Za-z", b"[:alpha:]": b"A-Za-z", b"[:digit:]": b"0-9", b"[:xdigit:]": b"0-9A-Fa-f",
    b"[:space:]": rb"\s", b"[:upper:]": b"A-Z", b"[:lower:]": b"a-z", b"[:punct:]": rb"!-/:-@\[-`{-~",
}  # fmt: skip


class UnmadeError(Exception):
    """Nothing is made of this expression."""


@lru_cache(maxsize=65_536)
def known(pattern: bytes, flags: str) -> re.Pattern[bytes]:
    """The same in Python. Raises UnmadeError."""
    if set(flags) - set(_FLAGS) - {"A"}:
        raise UnmadeError("letters that Python lacks")
    for name, inside in _CLASSES.items():
        pattern = pattern.replace(name, inside)
    pattern = (
        pattern.replace(rb"\h", rb"[ \t]").replace(rb"\R", rb"(?:\r\n|\n|\r)").replace(rb"\Z", rb"(?=\n?\Z)")
    )
    pattern = re.sub(rb"\\x\{([0-9A-Fa-f]{1,2})\}", lambda m: rb"\x" + m[1].rjust(2, b"0"), pattern)
    pattern = _SHORT.sub(lambda m: rb"\x0" + m[1] if m[1] else m[0], pattern)
    try:
        return re.compile(pattern, sum(_FLAGS[letter] for letter in flags if letter in _FLAGS))
    except (re.error, OverflowError, RecursionError) as error:
        raise UnmadeError(f"no expression of Python: {error}") from None


@lru_cache(maxsize=65_536)
def strings(pattern: bytes, flags: str) -> tuple[tuple[bytes, bool, bool], ...]:
    """(octets, whether they stand at the beginning, whether at the end), a few. Raises UnmadeError."""
    one = known(pattern, flags)
    try:
        tree = _parser.parse(one.pattern, one.flags)
    except (re.error, RecursionError) as error:
        raise UnmadeError(str(error)) from None
    found: dict[tuple[bytes, bool, bool], None] = {}
    for piece in islice(_sequence(list(tree), {}), 4 * MOST):
        octets, first, last = piece
        if one.search(octets):
            found[octets, first, last] = None
        if len(found) >= MOST:
            break
    if not found:
        raise UnmadeError("nothing made that Python matches")
    return tuple(found)


Piece = tuple[bytes, bool, bool]


def _sequence(nodes: Sequence[Any], groups: dict[int, bytes]) -> Iterator[Piece]:
    """Every choice of the last nodes first, so that few steps give several strings."""
    if not nodes:
        yield b"", False, False
        return
    for octets, first, last in _node(nodes[0], groups):
        for behind, begins, ends in _sequence(nodes[1:], groups):
            yield octets + behind, first or begins, last or ends


def _node(node: Any, groups: dict[int, bytes]) -> Iterator[Piece]:
    kind, said = node
    if kind is c.LITERAL:
        yield bytes([said]), False, False
    elif kind is c.NOT_LITERAL:
        yield from ((bytes([o]), False, False) for o in _LIKED if chr(o).lower() != chr(said).lower())
    elif kind is c.ANY:
        yield from ((bytes([o]), False, False) for o in _LIKED[:3])
    elif kind is c.IN:
        yield from ((bytes([o]), False, False) for o in _members(said))
    elif kind is c.AT:
        yield b"", said in {c.AT_BEGINNING, c.AT_BEGINNING_STRING}, said in {c.AT_END, c.AT_END_STRING}
    elif kind is c.BRANCH:
        yield from (piece for branch in said[1] for piece in islice(_sequence(list(branch), groups), 3))
    elif kind in {c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT}:
        yield from _repeated(*said, groups)
    elif kind is c.SUBPATTERN:
        for piece in _sequence(list(said[3]), groups):
            groups[said[0]] = piece[0]
            yield piece
    elif kind is c.ATOMIC_GROUP:
        yield from _sequence(list(said), groups)
    elif kind is c.GROUPREF:
        yield groups.get(said, b""), False, False
    elif kind in {c.ASSERT, c.ASSERT_NOT}:
        yield b"", False, False  # whether it holds is seen when the whole is held against Python
    else:
        raise UnmadeError(str(kind))


def _repeated(least: int, most: int, nodes: Any, groups: dict[int, bytes]) -> Iterator[Piece]:
    if least > 2_000:
        raise UnmadeError("too long")
    one = list(islice(_sequence(list(nodes), groups), 4))
    counts = dict.fromkeys((least, min(least + 1, int(most)), min(least + 2, int(most))))
    for count in counts:
        if not count:
            yield b"", False, False
            continue
        for piece in one:
            yield piece[0] * count, piece[1], piece[2]
        if len(one) > 1 and count > 1:
            mixed = b"".join(one[k % len(one)][0] for k in range(count))
            yield mixed, False, False


def _members(said: Sequence[Any]) -> list[int]:
    """A few octets of a class: liked ones first, then each range's ends."""
    negated = said[0][0] is c.NEGATE
    inside = [one for one in said if one[0] is not c.NEGATE]
    if negated:
        allowed = [o for o in (*_LIKED, *range(33, 127), 1, 200) if not any(_holds(one, o) for one in inside)]
        return allowed[:4]
    liked = [o for o in _LIKED if any(_holds(one, o) for one in inside)]
    ends = [o for one in inside for o in _ends(one)]
    return list(dict.fromkeys((*liked[:3], *ends)))[:6]


def _holds(one: Any, octet: int) -> bool:
    kind, said = one
    if kind is c.LITERAL:
        return said == octet
    if kind is c.RANGE:
        return said[0] <= octet <= said[1]
    if kind is c.CATEGORY:
        positive = {c.CATEGORY_DIGIT: rb"\d", c.CATEGORY_SPACE: rb"\s", c.CATEGORY_WORD: rb"\w"}
        negative = {c.CATEGORY_NOT_DIGIT: rb"\D", c.CATEGORY_NOT_SPACE: rb"\S", c.CATEGORY_NOT_WORD: rb"\W"}
        return re.fullmatch((positive | negative)[said], bytes([octet])) is not None
    raise UnmadeError(str(kind))


def _ends(one: Any) -> Sequence[int]:
    kind, said = one
    if kind is c.LITERAL:
        return (said,)
    return said if kind is c.RANGE else tuple(_CATEGORIES[said])
