"""The rules of a file, as lists have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.signatures.language.lexer import Line, rule_lines
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.reading import read_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interlock.detect.signatures.language.reading import Read
    from interlock.detect.signatures.language.variables import Variables
    from interlock.detect.signatures.packs.lists import Lists

__all__ = ["chosen"]


def chosen(
    file: str, text: str, lists: Lists, variables: Variables, told: Callable[[str], None]
) -> Iterator[tuple[Line, Read]]:
    """Each rule of a file's text: its line, and the rule or why it is none.

    told: takes a sentence about a rule that a list would make unreadable; it stays as it was.
    """
    for written in rule_lines(text):
        line, by, before = lists.applied(written, file)
        origin = Origin(file, line.number)
        read = read_line(line, origin, variables)
        if by and read.refusal is not None:
            line = Line(line.number, before, line.enabled)
            was = read_line(line, origin, variables)
            if was.signature is not None:
                told(f"{by}: would break a rule, which stays as it was ({read.refusal})")
                read = was
        yield line, read
