"""byte_test, byte_jump, byte_extract, byte_math and base64_decode: numbers and text read from the wire.

Source: Suricata user guide, "Payload Keywords" (byte_test, byte_math, byte_jump, byte_extract), "Base64 Keywords".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.contents import variable_or
from interlock.detect.signatures.language.keyword import Keyword, comma_separated
from interlock.detect.signatures.language.numbers import read_integer, read_natural
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import (
    ANY_BASE,
    Base64,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Reading,
)

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["KEYWORDS"]

_MOST: Final = (1 << 64) - 1
_OFFSET: Final = 65_535
_MOST_BINARY: Final = 8
_MOST_DIGITS: Final = {8: 23, 10: 20, 16: 23, ANY_BASE: 23}
_BASES: Final = {"dec": 10, "hex": 16, "oct": 8}
_ENDS: Final = ("big", "little")
_TEST: Final = re.compile(r"(!?)\s*(<=|>=|[<>=&^]?)")
_NAME: Final = re.compile(r"[A-Za-z_][\w.]*")
_MATH: Final = ("+", "-", "*", "/", "<<", ">>")


@dataclass(slots=True)
class _Words:
    """What stands behind the numbers of one option, taken word by word. left: what this keyword alone knows."""

    keyword: str
    relative: bool = False
    endian: str = ""
    string: bool = False
    base: int = 0
    mask: int | None = None

    def take(self, word: str) -> bool:
        """Whether it was one of those that all four keywords have. Raises RuleError."""
        name, _, value = word.partition(" ")
        if word == "relative":
            self.relative = True
        elif word == "dce":
            raise RuleError(
                self.keyword, "dce asks for the byte order of a DCE header, which our decoders do not read"
            )
        elif word in _ENDS:
            self.endian = word
        elif word == "string":
            self.string = True
        elif word in _BASES:
            self.base = _BASES[word]
        elif name == "bitmask":
            self.mask = read_natural(value, self.keyword)
        else:
            return False
        return True

    def reading(self, draft: Draft, count: str, offset: str) -> Reading:
        """How the number is read. Raises RuleError."""
        base = (self.base or ANY_BASE) if self.string else 0
        if self.base and not self.string:
            raise RuleError(self.keyword, "dec, hex and oct stand behind string")
        most = _MOST_DIGITS[base] if base else _MOST_BINARY
        return Reading(
            count=variable_or(count, draft, self.keyword, least=0, most=most),
            offset=variable_or(offset, draft, self.keyword, least=-_OFFSET, most=_OFFSET),
            relative=self.relative,
            endian="big" if base else self.endian or "big",
            base=base,
            mask=self.mask,
        )


def _parts(value: str | None, keyword: str, least: int) -> list[str]:
    parts = comma_separated(value)
    if len(parts) < least or "" in parts:
        raise RuleError(keyword, f"has fewer than {least} parts between its commas")
    return parts


def _refuse(keyword: str, word: str) -> RuleError:
    return RuleError(keyword, f"{word!r} is not known here")


def _test(draft: Draft, value: str | None) -> None:
    count, operator, number, offset, *rest = _parts(value, "byte_test", 4)
    found = _TEST.fullmatch(operator)
    if not found:
        raise _refuse("byte_test", operator)
    words = _Words("byte_test")
    for word in rest:
        if not words.take(word):
            raise _refuse("byte_test", word)
    _ask(
        draft,
        ByteTest(
            reading=words.reading(draft, count, offset),
            operator=found.group(2) or "=",
            negated=bool(found.group(1)),
            value=variable_or(number, draft, "byte_test", least=0, most=_MOST),
        ),
    )


def _jump(draft: Draft, value: str | None) -> None:
    count, offset, *rest = _parts(value, "byte_jump", 2)
    words = _Words("byte_jump")
    multiplier, align, origin, post = 1, False, "here", "0"
    for word in rest:
        name, _, argument = word.partition(" ")
        if word in {"from_beginning", "from_end"}:
            origin = word.removeprefix("from_")
        elif word == "align":
            align = True
        elif name == "multiplier":
            multiplier = read_natural(argument, "byte_jump", most=65_535)
        elif name == "post_offset":
            post = argument
        elif not words.take(word):
            raise _refuse("byte_jump", word)
    _ask(
        draft,
        ByteJump(
            reading=words.reading(draft, count, offset),
            multiplier=multiplier,
            align=align,
            origin=origin,
            post_offset=variable_or(post, draft, "byte_jump", least=-_OFFSET, most=_OFFSET),
        ),
    )


def _extract(draft: Draft, value: str | None) -> None:
    count, offset, name, *rest = _parts(value, "byte_extract", 3)
    words = _Words("byte_extract")
    multiplier, align = 1, 0
    for word in rest:
        key, _, argument = word.partition(" ")
        if key == "multiplier":
            multiplier = read_natural(argument, "byte_extract", most=65_535)
        elif key == "align":
            align = read_natural(argument, "byte_extract", most=4)
        elif not words.take(word):
            raise _refuse("byte_extract", word)
    if align not in {0, 2, 4}:
        raise RuleError("byte_extract", "align is 2 or 4")
    reading = words.reading(draft, count, offset)
    _ask(
        draft,
        ByteExtract(
            reading=reading, name=_named(draft, name, "byte_extract"), multiplier=multiplier, align=align
        ),
    )


def _ask(draft: Draft, step: ByteTest | ByteJump | ByteExtract | ByteMath) -> None:
    if step.reading.relative:
        draft.go_on(step)
    else:
        draft.add(step)


def _named(draft: Draft, name: str, keyword: str) -> str:
    if not _NAME.fullmatch(name):
        raise RuleError(keyword, f"{name!r} is no name for a number: one begins with a letter")
    draft.names.add(name)
    return name


def _math(draft: Draft, value: str | None) -> None:
    words = _Words("byte_math")
    said: dict[str, str] = {}
    for part in _parts(value, "byte_math", 5):
        key, _, argument = part.partition(" ")
        if key in {"bytes", "offset", "oper", "rvalue", "result"}:
            said[key] = argument.strip()
        elif key == "endian" and words.take(argument.strip()):
            continue
        elif key == "string":
            words.string, words.base = True, _BASES.get(argument.strip(), 0)
        elif not words.take(part):
            raise _refuse("byte_math", part)
    missing = [key for key in ("bytes", "offset", "oper", "rvalue", "result") if not said.get(key)]
    if missing:
        raise RuleError("byte_math", f"says no {missing[0]}")
    if said["oper"] not in _MATH:
        raise _refuse("byte_math", said["oper"])
    reading = words.reading(draft, said["bytes"], said["offset"])
    operand = variable_or(said["rvalue"], draft, "byte_math", least=0, most=_MOST)
    name = _named(draft, said["result"], "byte_math")
    _ask(draft, ByteMath(reading=reading, operator=said["oper"], operand=operand, name=name))


def _base64(draft: Draft, value: str | None) -> None:
    length, offset, relative = None, 0, False
    for part in comma_separated(value) if value else ():
        key, _, argument = part.partition(" ")
        if key == "bytes":
            length = read_natural(argument, "base64_decode", most=_OFFSET)
        elif key == "offset":
            offset = read_integer(argument, "base64_decode")
        elif part == "relative":
            relative = True
        else:
            raise _refuse("base64_decode", part)
    draft.decode(Base64(length=length, offset=offset, relative=relative))


def _decoded(draft: Draft, _value: str | None) -> None:
    draft.enter_decoded()


KEYWORDS: Final = (
    Keyword(
        name="byte_test",
        clause="Payload Keywords, byte_test",
        says="a number on the wire compares with another as asked",
        read=_test,
    ),
    Keyword(
        name="byte_jump",
        clause="Payload Keywords, byte_jump",
        says="a number on the wire moves the place that relative words start from",
        read=_jump,
    ),
    Keyword(
        name="byte_extract",
        clause="Payload Keywords, byte_extract",
        says="a number on the wire gets a name that later words may use",
        read=_extract,
    ),
    Keyword(
        name="byte_math",
        clause="Payload Keywords, byte_math",
        says="a number on the wire, calculated with, gets a name",
        read=_math,
    ),
    Keyword(
        name="base64_decode",
        clause="Base64 Keywords, base64_decode",
        says="octets are decoded from Base64",
        read=_base64,
        value=None,
    ),
    Keyword(
        name="base64_data",
        clause="Base64 Keywords, base64_data",
        says="what follows is looked for in what was decoded",
        read=_decoded,
        value=False,
    ),
)
