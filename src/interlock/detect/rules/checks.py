"""What is looked at in a rule's text before pySigma reads it: names that we know, each with its place."""

from __future__ import annotations

import difflib
import fnmatch
import re
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.rules.fields import FIELDS, SOURCES
from interlock.detect.rules.wording import PLACEHOLDERS
from interlock.records.vocabulary import BASES, KINDS, OUTCOMES, VERBS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from interlock.detect.rules.model import Problem
    from interlock.detect.rules.places import Document

__all__ = [
    "CORRELATIONS",
    "LEVELS",
    "check_correlation",
    "check_detection",
    "check_head",
    "check_own",
    "meant",
]

LEVELS: Final = {
    "informational": "info",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "critical": "critical",
}
"""Sigma's level → our severity."""

_TOP: Final = frozenset({
    "title", "id", "name", "related", "status", "description", "license", "references", "author", "date", "modified",
    "logsource", "detection", "correlation", "fields", "falsepositives", "level", "tags", "scope", "taxonomy",
    "interlock", "generate",
})  # fmt: skip
_OWN: Final = {
    "says": str, "matters": str, "silent": str, "actions": list, "requirements": list, "kind": str,
    "confidence": (int, float), "per": list,
}  # fmt: skip
_CLOSED: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("operations", "verb"): VERBS,
    ("operations", "outcome"): OUTCOMES,
    ("flows", "basis"): BASES,
    ("values", "direction"): ("written", "read", "reported"),
}
"""Table and field → the only words that it ever holds: a rule that asks for another one never fires."""
_AROUND: Final = {"contains": ("*", "*"), "startswith": ("", "*"), "endswith": ("*", "")}
_MODIFIERS: Final = frozenset({
    "contains", "startswith", "endswith", "all", "re", "i", "m", "s", "cased", "cidr", "gt", "gte", "lt", "lte", "neq",
    "exists", "fieldref", "windash",
})  # fmt: skip
_TRUTH: Final = (
    "; expected text (YAML reads on, off, yes, no and numbers as something else: choose another word)"
)
_HOLE: Final = re.compile(r"\{([^{}]*)\}")
CORRELATIONS: Final = ("event_count", "value_count", "temporal", "temporal_ordered")
"""Types of correlation that are evaluated."""
_CORRELATION: Final = frozenset({"type", "rules", "group-by", "timespan", "condition", "generate", "aliases"})


def meant(word: str, known: Iterable[str]) -> str:
    """Say `; did you mean 'verb'?` where a known word is near, else name the known ones."""
    choices = sorted(known)
    near = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; expected one of: {', '.join(choices)}"


def _among(value: object, words: Container[str]) -> bool:
    """Whether a value that YAML gives, which may be a list or a table, is one of the words."""
    return isinstance(value, str) and value in words


def check_head(document: Document) -> Iterator[Problem]:
    """Look at the keys of a whole rule, its level and its log source."""
    rule = document.value
    for key in rule:
        if key not in _TOP:
            yield document.problem(f"{key!r} is no key of a rule{meant(str(key), _TOP)}", str(key))
    if not _among(rule.get("level"), LEVELS):
        wrong = f"is {rule['level']!r}" if "level" in rule else "is missing"
        yield document.problem(f"the level {wrong}; expected one of: {', '.join(LEVELS)}", "level")
    if not isinstance(rule.get("title"), str) or not rule["title"].strip():
        yield document.problem("the title is missing; expected one line of text", "title")
    if "correlation" not in rule:
        yield from _log_source(document, rule)


def _log_source(document: Document, rule: dict[str, Any]) -> Iterator[Problem]:
    source = rule.get("logsource")
    if not isinstance(source, dict) or not _among(source.get("category"), SOURCES):
        given = source.get("category") if isinstance(source, dict) else source
        text = f"the log source's category is {given!r}{meant(str(given), SOURCES)}"
        yield document.problem(text, "logsource", "category")
        return
    for key in source:
        if key not in ("category", "definition"):
            text = f"a log source has no {key!r} here; expected the category alone, and the protocol in the detection"
            yield document.problem(text, "logsource", str(key))


def check_own(document: Document, table: str) -> Iterator[Problem]:
    """Look at what stands below `interlock`."""
    own = document.value.get("interlock", {})
    if not isinstance(own, dict):
        yield document.problem("expected keys below `interlock`: " + ", ".join(_OWN), "interlock")
        return
    for key, value in own.items():
        if key not in _OWN:
            yield document.problem(
                f"{key!r} is no key of `interlock`{meant(str(key), _OWN)}", "interlock", str(key)
            )
        elif not isinstance(value, _OWN[key]):  # type: ignore[arg-type]
            yield document.problem(
                f"{key!r} is {type(value).__name__}; expected {_spoken(key)}", "interlock", key
            )
        else:
            yield from _own_value(document, table, key, value)


def _spoken(key: str) -> str:
    return {
        "actions": "a list of `text` and `risk`",
        "requirements": "a list",
        "per": "a list of fields",
    }.get(key, "a number from 0 to 1" if key == "confidence" else "text")


def _own_value(document: Document, table: str, key: str, value: Any) -> Iterator[Problem]:
    here = ("interlock", key)
    if key == "kind" and value not in KINDS:
        yield document.problem(f"the kind is {value!r}{meant(value, KINDS)}", *here)
    elif key == "confidence" and not 0 <= value <= 1:
        yield document.problem(f"the confidence is {value}; expected a number from 0 to 1", *here)
    elif key == "actions":
        for number, action in enumerate(value):
            if not isinstance(action, dict) or set(action) != {"text", "risk"}:
                text = "expected `text` (what to do) and `risk` (what doing it may do to the process)"
                yield document.problem(text, *here, number)
    elif key == "per":
        columns = [name for name, field in FIELDS[table].items() if not field.ends and field.kind != "flag"]
        for number, name in enumerate(value):
            if name not in columns:
                yield document.problem(f"{name!r} is no column{meant(str(name), columns)}", *here, number)
    elif key == "says":
        for hole in _HOLE.findall(value):
            if hole not in PLACEHOLDERS:
                yield document.problem(f"{{{hole}}} tells nothing{meant(hole, PLACEHOLDERS)}", *here)


def check_detection(document: Document, table: str) -> Iterator[Problem]:
    """Look at the fields and modifiers of every search of a rule."""
    detection = document.value.get("detection")
    if not isinstance(detection, dict) or "condition" not in detection:
        text = "the detection is missing; expected searches by name, and a condition"
        yield document.problem(text, "detection")
        return
    for name, search in detection.items():
        if not isinstance(name, str):
            yield document.problem(f"the name of a search is {name!r}{_TRUTH}", "detection")
        elif name == "condition":
            yield from _condition(document, search)
        else:
            yield from _search(document, table, ("detection", name), search)


def _condition(document: Document, condition: Any) -> Iterator[Problem]:
    for part in condition if isinstance(condition, list) else [condition]:
        if not isinstance(part, str) or not part.strip():
            yield document.problem(f"the condition is {part!r}{_TRUTH}", "detection", "condition")


def _search(document: Document, table: str, path: tuple[str | int, ...], search: Any) -> Iterator[Problem]:
    if isinstance(search, list):
        for number, part in enumerate(search):
            yield from _search(document, table, (*path, number), part)
    elif isinstance(search, dict):
        for key, value in search.items():
            yield from _key(document, table, (*path, str(key)))
            yield from _words(document, table, (*path, str(key)), value)
    else:
        yield document.problem(f"{search!r} stands without a field; expected `field: value`", *path)


def _key(document: Document, table: str, path: tuple[str | int, ...]) -> Iterator[Problem]:
    name, *modifiers = str(path[-1]).split("|")
    if name not in FIELDS[table]:
        text = f"{name!r} is no field of {_source_of(table)}{meant(name, FIELDS[table])}"
        yield document.problem(text, *path)
    for modifier in modifiers:
        if modifier not in _MODIFIERS:
            yield document.problem(f"{modifier!r} is no modifier here{meant(modifier, _MODIFIERS)}", *path)


def _words(document: Document, table: str, path: tuple[str | int, ...], value: Any) -> Iterator[Problem]:
    """Look whether a field of a closed set of words is asked for words that it can hold."""
    name, *modifiers = str(path[-1]).split("|")
    known = _CLOSED.get((table, name))
    if known is None or not {*modifiers} <= {*_AROUND, "all", "cased"}:
        return
    before, behind = next((_AROUND[m] for m in modifiers if m in _AROUND), ("", ""))
    listed = isinstance(value, list)
    for number, word in enumerate(value if listed else [value]):
        asked = str(word).lower().replace("[", "[[]")
        if word is None or fnmatch.filter(known, f"{before}{asked}{behind}"):
            continue
        text = f"{word!r} is no word of {name!r}{meant(str(word), known)}"
        yield document.problem(text, *path, *((number,) if listed else ()))


def _source_of(table: str) -> str:
    return next(source for source, name in SOURCES.items() if name == table)


def check_correlation(document: Document) -> Iterator[Problem]:
    """Look at the keys of a correlation."""
    given = document.value["correlation"]
    if not isinstance(given, dict):
        yield document.problem("expected type, rules, group-by, timespan, condition", "correlation")
        return
    for key in given:
        if key not in _CORRELATION:
            text = f"{key!r} is no key of a correlation{meant(str(key), _CORRELATION)}"
            yield document.problem(text, "correlation", str(key))
    kind = given.get("type")
    if kind not in CORRELATIONS:
        yield document.problem(f"the type is {kind!r}{meant(str(kind), CORRELATIONS)}", "correlation", "type")
    if given.get("aliases"):
        yield document.problem(
            "aliases are not followed; expected fields of one name", "correlation", "aliases"
        )
