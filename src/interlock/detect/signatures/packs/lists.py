"""Which rules of a set are in force, and how: lists in the form of suricata-update.

    disable.conf, enable.conf, drop.conf:   one condition a line
    modify.conf:                            condition "from" "to"     or     modifysid condition "from" | "to"

    condition = * | [gid:]sid[:rev], ... | re:EXPRESSION | group:FILE | filename:PATH | metadata: KEY VALUE | FILE.rules

A rule goes through disable, enable, drop and modify, in that order. Source: suricata-update's documentation, "update",
sections on its example configuration files.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.detect.signatures.language.lexer import Line
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["KINDS", "SETTINGS", "Changed", "Lists", "read_lists"]

KINDS: Final = ("disable", "enable", "drop", "modify")
SETTINGS: Final = ("threshold", "variables")
"""What else lies beside rules: language/thresholds.py and language/variables.py read it."""
_MOST_LINES: Final = 100_000
_IDS: Final = re.compile(r"\d{1,10}(?::\d{1,10}){0,2}(?:\s*,\s*\d{1,10}(?::\d{1,10}){0,2})*")
_NUMBER: Final = {
    name: re.compile(rf"[(;]\s*{name}\s*:\s*(\d{{1,10}})\s*;") for name in ("gid", "sid", "rev")
}
_METADATA: Final = re.compile(r"[(;]\s*metadata\s*:([^;]*);")
_NOALERT: Final = re.compile(r"[(;]\s*(?:noalert|flowbits\s*:\s*noalert)\s*;")
_ACTION: Final = re.compile(r"^\w+")
_BACK: Final = re.compile(r"\$\{(\d+)\}")


class _Rule(NamedTuple):
    """What conditions ask of. file: its name, below the folder that was named."""

    text: str
    file: str
    gid: int
    sid: int
    rev: int


@dataclass(slots=True)
class _Entry:
    """One line of a list. ids: gid and sid, where it names these. met: rules that it was for; did: that it changed."""

    kind: str
    file: str
    number: int
    text: str
    holds: Callable[[_Rule], bool]
    ids: frozenset[tuple[int, int]] = frozenset()
    pattern: re.Pattern[str] | None = None
    into: str = ""
    met: int = 0
    did: int = 0


class Changed(NamedTuple):
    """A rule's line as lists leave it. by: where its text was changed, nothing where it was not; before: its text."""

    line: Line
    by: str = ""
    before: str = ""


@dataclass(slots=True)
class Lists:
    """The entries of all lists, in the order in which they are applied; those that name ids are found by them."""

    entries: list[_Entry] = field(default_factory=list)
    _of_id: dict[tuple[int, int], list[int]] = field(init=False, default_factory=dict)
    _of_all: list[int] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        for at, one in enumerate(self.entries):
            for rule in one.ids:
                self._of_id.setdefault(rule, []).append(at)
            if not one.ids:
                self._of_all.append(at)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def applied(self, line: Line, file: str) -> Changed:
        """A line of a file of rules, as the lists have it."""
        if not self.entries:
            return Changed(line)
        gid, sid, rev = (
            _said(line.text, name, least) for name, least in (("gid", 1), ("sid", -1), ("rev", 0))
        )
        rule = _Rule(line.text, file, gid, sid, rev)
        text, enabled, by = line.text, line.enabled, ""
        for at in sorted({*self._of_all, *self._of_id.get((gid, sid), ())}):
            one = self.entries[at]
            if not one.holds(rule):
                continue
            one.met += 1
            if one.kind in {"disable", "enable"}:
                one.did += enabled != (one.kind == "enable")
                enabled = one.kind == "enable"
                continue
            changed = _changed(one, text)
            if changed != text:
                one.did += 1
                by = f"{one.file}:{one.number}"
                text = changed
                rule = rule._replace(text=text)
        return Changed(Line(line.number, text, enabled), by, line.text if by else "")

    def without_effect(self) -> Iterator[str]:
        """A sentence about every line that changed nothing."""
        for one in self.entries:
            if not one.met:
                yield f"{one.file}:{one.number}: no rule is {one.text}; the line changes nothing"
            elif not one.did:
                why = {
                    "enable": "all of them were on",
                    "disable": "all of them were off",
                    "drop": "all of them drop already, or never speak",
                    "modify": "what it looks for is in none of them",
                }[one.kind]
                rules = "the 1 rule" if one.met == 1 else f"the {one.met} rules"
                yield f"{one.file}:{one.number}: changes nothing of {rules} that it is for: {why}"


def _changed(one: _Entry, text: str) -> str:
    if one.pattern is not None:
        return one.pattern.sub(one.into, text)
    return text if _NOALERT.search(text) else _ACTION.sub("drop", text, count=1)


def _said(text: str, name: str, otherwise: int) -> int:
    found = _NUMBER[name].search(text)
    return int(found.group(1)) if found else otherwise


def read_lists(texts: Sequence[tuple[str, str, str]]) -> Lists:
    """texts: kind, the file's name for people, and its text. Raises ConfigError, which names file, line and column."""
    entries = [entry for kind, file, text in texts if kind in KINDS for entry in _entries(kind, file, text)]
    entries.sort(key=lambda entry: KINDS.index(entry.kind))
    return Lists(entries)


def _entries(kind: str, file: str, text: str) -> Iterator[_Entry]:
    for number, line in enumerate(text.splitlines(), 1):
        if number > _MOST_LINES:
            raise ConfigError(
                f"{file}:{number}:1: has more than {_MOST_LINES} lines; name rules by group: or re:"
            )
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            column = len(line) - len(line.lstrip()) + 1
            yield (_modifying if kind == "modify" else _choosing)(kind, file, number, column, stripped)


def _choosing(kind: str, file: str, number: int, column: int, text: str) -> _Entry:
    text = text if text.startswith("re:") else re.split(r"\s+#", text)[0]
    return _Entry(kind, file, number, text, _condition(text, f"{file}:{number}", column), _ids(text))


def _modifying(kind: str, file: str, number: int, column: int, text: str) -> _Entry:
    place = f"{file}:{number}"
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"{place}:{column}: {str(error).lower()}; close what is quoted") from error
    if words and words[0] == "modifysid" and len(words) == 5 and words[3] == "|":
        condition, old, new = words[1], words[2], words[4]
    elif len(words) == 3:
        condition, old, new = words
    else:
        raise ConfigError(f'{place}:{column}: expected: condition "from" "to"; found {len(words)} words')
    at = column + max(0, text.find(old))
    try:
        pattern = re.compile(old)
        into = _BACK.sub(r"\\\1", new)
        _try(pattern, into)
    except (re.error, IndexError) as error:
        raise ConfigError(
            f"{place}:{at + (getattr(error, 'pos', 0) or 0)}: {old!r} to {new!r}: {error}"
        ) from error
    holds = _condition(condition, place, column)
    return _Entry(kind, file, number, text, holds, _ids(condition), pattern, into)


def _try(pattern: re.Pattern[str], into: str) -> None:
    """Raises re.error or IndexError where what is put in names a group that is not there."""
    re.compile(f"(?:{pattern.pattern})|", pattern.flags & ~re.DEBUG).sub(into, "", count=1)


def _condition(text: str, place: str, column: int) -> Callable[[_Rule], bool]:
    word, colon, rest = text.partition(":")
    asked = rest.strip()
    if text == "*":
        return lambda _: True
    if _IDS.fullmatch(text):
        return _by_id(text)
    if colon and word in {"re", "group", "filename", "metadata"} and not asked:
        raise ConfigError(f"{place}:{column + len(word) + 1}: nothing stands behind {word}:")
    if word == "re" and colon:
        try:
            pattern = re.compile(asked, re.IGNORECASE)
        except re.error as error:
            at = column + text.index(asked) + (error.pos or 0)
            raise ConfigError(f"{place}:{at}: {asked!r} is no expression: {error.msg}") from error
        return lambda rule: pattern.search(rule.text) is not None
    if word == "filename" and colon:
        return lambda rule: fnmatch(rule.file, asked)
    if word == "metadata" and colon:
        return _by_metadata(asked, f"{place}:{column}")
    if (word == "group" and colon) or text.endswith(".rules"):
        return _by_group(asked if colon else text)
    raise ConfigError(
        f"{place}:{column}: {text!r} names no rules; expected an id, or one of re:, group:, filename:, metadata:"
    )


def _ids(text: str) -> frozenset[tuple[int, int]]:
    """Gid and sid of the rules that a condition names by their ids."""
    if not _IDS.fullmatch(text):
        return frozenset()
    return frozenset((numbers[0], numbers[1]) for numbers in map(_numbers, text.split(",")))


def _numbers(text: str) -> tuple[int, ...]:
    numbers = tuple(map(int, text.split(":")))
    return numbers if len(numbers) > 1 else (1, *numbers)


def _by_id(text: str) -> Callable[[_Rule], bool]:
    rules = set(map(_numbers, text.split(",")))
    return lambda rule: (rule.gid, rule.sid) in rules or (rule.gid, rule.sid, rule.rev) in rules


def _by_group(pattern: str) -> Callable[[_Rule], bool]:
    """By a file's name, with or without its ending."""

    def holds(rule: _Rule) -> bool:
        name = rule.file.replace("\\", "/").rpartition("/")[2]
        packed = name.removesuffix(".xz").removesuffix(".gz")
        return any(fnmatch(one, pattern) for one in (name, packed, packed.rpartition(".")[0]))

    return holds


def _by_metadata(asked: str, place: str) -> Callable[[_Rule], bool]:
    key, _, value = asked.lower().partition(" ")
    if not value.strip():
        raise ConfigError(f"{place}: expected: metadata: KEY VALUE")

    def holds(rule: _Rule) -> bool:
        pairs = (
            part.split(None, 1) for said in _METADATA.findall(rule.text.lower()) for part in said.split(",")
        )
        return any(pair == [key, value.strip()] for pair in ([w.strip() for w in pair] for pair in pairs))

    return holds
