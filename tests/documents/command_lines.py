"""Command lines that the documents show: in spans of code, in blocks without a language, in indented blocks."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DOCUMENTS", "REPOSITORY", "Shown", "command_lines", "option_names", "prose", "spans"]

REPOSITORY = Path(__file__).resolve().parents[2]
GENERATED = ("protocols.md", "records.md")
DOCUMENTS = tuple(
    path
    for pattern in ("*.md", "docs/*.md", "docs/adr/*.md", "demo/*.md")
    for path in sorted(REPOSITORY.glob(pattern))
    if path.name not in GENERATED
)
_FENCE = re.compile(r"^\s*```(\w*)\s*$")
_SPAN = re.compile(r"`([^`]+)`")
_SHELL = ("", "sh", "shell", "console")
_ENDS = re.compile(r" \| | \|\| | && |; | > | >> | < |\)$")
_COMMENT = re.compile(r"\s#\s.*$")
_BEFORE = frozenset(("sudo", "nice", "time", "python", "python3", "-m", ".venv/bin/python"))


@dataclass(frozen=True, slots=True)
class Shown:
    """words: from the program's name on. whole: typed as it stands, not a span in a sentence."""

    where: str
    words: tuple[str, ...]
    whole: bool

    @property
    def program(self) -> str:
        """Its name, without the folder of the environment."""
        return self.words[0].removeprefix(".venv/bin/")


def command_lines(document: Path) -> Iterator[Shown]:
    """Every command line in it whose program is named; environment and `sudo` left out."""
    for line, text, whole in _code(document):
        for piece in _ENDS.split(_COMMENT.sub("", text)):
            words = _words(piece)
            if words:
                yield Shown(f"{document.relative_to(REPOSITORY)}:{line}", words, whole)


def option_names(document: Path) -> Iterator[tuple[str, str]]:
    """(where, `--name`) of every option that a sentence names, alone or in a command line."""
    for line, text in spans(document):
        for name in re.findall(r"(?:^|[\s(\[])(--[a-z][a-z-]*)", text):
            yield f"{document.relative_to(REPOSITORY)}:{line}", name


def spans(document: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of spans of code in sentences; one may go on in the next line."""
    kept = "\n".join(text if kind == "prose" else "" for text, kind in _lines(document))
    for found in _SPAN.finditer(kept):
        yield kept.count("\n", 0, found.start()) + 1, " ".join(found[1].split())


def prose(document: Path) -> str:
    """The document without its blocks of code."""
    return "\n".join(text for text, kind in _lines(document) if kind == "prose")


def _code(document: Path) -> Iterator[tuple[int, str, bool]]:
    for line, (text, kind) in enumerate(_lines(document), 1):
        if kind == "shell":
            yield line, text, True
    for line, text in spans(document):
        yield line, text, False


def _lines(document: Path) -> Iterator[tuple[str, str]]:
    """(text, `prose`, `shell` or `other`) of every line."""
    language: str | None = None
    for text in document.read_text("utf-8").splitlines():
        fence = _FENCE.match(text)
        if fence:
            language = fence[1] if language is None else None
            yield "", "other"
        elif language is not None:
            yield text, "shell" if language in _SHELL else "other"
        else:
            yield text, "shell" if text.startswith("    ") else "prose"


def _words(piece: str) -> tuple[str, ...]:
    """The words of one command, from its program's name on; () where it is no command line."""
    try:
        words = shlex.split(piece.strip().removeprefix("$ "))
    except ValueError:
        return ()
    while words and (words[0] in _BEFORE or re.match(r"[A-Z_]+=", words[0])):
        words.pop(0)
    return tuple(words)
