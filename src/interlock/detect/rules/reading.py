"""Sigma rules from text: those that can be put in force, and what is wrong with the others, with its place."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from interlock.detect.rules.checks import LEVELS, check_detection, check_head, check_own
from interlock.detect.rules.conditions import UnfitError, joined, tree_of
from interlock.detect.rules.correlations import correlation_of, joined_with
from interlock.detect.rules.fields import SOURCES
from interlock.detect.rules.late import MixedError, ends_asked, split
from interlock.detect.rules.model import Place, Problem, Rule, atoms
from interlock.detect.rules.places import read_documents
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.detect.rules.model import Tree
    from interlock.detect.rules.places import Document, Path

__all__ = ["MAX_RULES", "Reading", "read_rules"]

MAX_RULES: Final = 5_000
_NAMESPACE: Final = uuid.UUID("b1b43c1e-5a43-4c0b-8f0f-1c8a4de0d1a7")
_CONFIDENCE: Final = {"stable": 0.9, "test": 0.8}
_OFF: Final = frozenset({"deprecated", "unsupported"})
"""Sigma's status of rules that are not to be used."""
_ENDED: Final = frozenset({"outcome", "code", "latency"})
"""Fields that an answer brings: rules that ask for none of them judge a request before it is answered."""
_TECHNIQUE: Final = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"(SR|CR|RE) \d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """rules: to be put in force. problems: of the texts, in their order; those that are errors kept a rule out.

    off: ids of rules whose status says that they are not to be used, so that one of the pack can be switched off.
    """

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]
    off: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems for which a rule is not in force."""
        return tuple(problem for problem in self.problems if problem.error)


class _Book:
    """The rules of many texts, while they are read."""

    def __init__(self, origin: str, known: Iterable[Rule]) -> None:
        self.origin = origin
        self.known = {rule.id: rule for rule in known}
        self.rules: dict[str, Rule] = {}
        self.problems: list[Problem] = []
        self.waiting: list[tuple[Document, str]] = []
        self.off: list[str] = []

    def add(self, rule: Rule, document: Document) -> None:
        """Put a rule in the book, unless its id or its name is taken."""
        taken = [r for r in self.rules.values() if r.id == rule.id or r.name == rule.name]
        if len(self.rules) >= MAX_RULES:
            self.problems.append(
                document.problem(f"is past the {MAX_RULES} rules that can be in force at once")
            )
        elif taken:
            same = "id" if taken[0].id == rule.id else "name"
            text = f"has the {same} of the rule {taken[0].title!r}; expected one of its own"
            self.problems.append(document.problem(text, same))
        else:
            self.rules[rule.id] = rule


def read_rules(texts: Iterable[tuple[str, str]], *, origin: str = "", known: Iterable[Rule] = ()) -> Reading:
    """Read the texts of rules; what is wrong with one keeps out that one alone.

    texts: file (what problems call it) and its text. known: rules already in force, which correlations may count.
    """
    book = _Book(origin, known)
    for file, text in texts:
        documents, problems = read_documents(text, file=file)
        book.problems += problems
        stem = file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        for number, document in enumerate(documents, 1):
            if document.value is not None:
                _read(book, document, stem if len(documents) == 1 else f"{stem}-{number}")
    for document, name in book.waiting:
        _read_correlation(book, document, name)
    return Reading(rules=tuple(book.rules.values()), problems=tuple(book.problems), off=tuple(book.off))


def _read(book: _Book, document: Document, name: str) -> None:
    if not isinstance(document.value, dict):
        book.problems.append(
            document.problem("is no rule; expected `title`, `logsource`, `detection`, `level`")
        )
        return
    if "correlation" in document.value:
        book.waiting.append((document, name))
        return
    problems = list(check_head(document))
    source = document.value.get("logsource")
    # YAML may give a list or a table where a word should stand: as text it is no category, and a problem already.
    table = SOURCES.get(str(source.get("category", ""))) if isinstance(source, dict) else None
    if table is not None:
        problems += [*check_own(document, table), *check_detection(document, table)]
    if not problems and table is not None:
        rule = _parse(document, table, problems)
        if rule is not None:
            _put(book, document, rule, name)
    book.problems += problems


def _put(book: _Book, document: Document, rule: Rule, name: str) -> None:
    if str(document.value.get("status", "")).lower() in _OFF:
        text = f"is not in force: its status is {document.value['status']!r}"
        book.problems.append(document.problem(text, "status", error=False))
        book.off.append(rule.id)
        return
    book.add(replace(rule, name=rule.name or name, origin=book.origin), document)


def _parse(document: Document, table: str, problems: list[Problem]) -> Rule | None:
    """What pySigma makes of it, as a rule; None, and problems, where something does not fit."""
    try:
        sigma = SigmaRule.from_dict(document.value, collect_errors=True)
        if sigma.errors:
            raise sigma.errors[0]
        whole = joined("or", [tree_of(part.parsed, table) for part in sigma.detection.parsed_condition])
        test, late = split(whole)
    except UnfitError as error:
        problems.append(Problem(place=_place_of(document, error.field), text=str(error)))
    except MixedError:
        text = (
            "a role or safety field stands in one bracket with other fields; expected it in a search of its own, "
            "joined to the others by `and` or `and not`"
        )
        problems.append(document.problem(text, "detection", "condition"))
    except (SigmaError, RecursionError) as error:
        problems.append(_of_sigma(document, error))
    else:
        return _rule(document, sigma, table, test, late, problems)
    return None


def _place_of(document: Document, field: str) -> Place:
    """The first key of the detection that asks for a field."""
    for path in sorted(document.places, key=lambda path: document.places[path]):
        if path[:1] == ("detection",) and field and str(path[-1]).split("|")[0] == field:
            return document.place(*path)
    return document.place("detection", "condition")


_PLACES: Final = {
    "SigmaConditionError": ("detection", "condition"),
    "SigmaLevelError": ("level",),
    "SigmaStatusError": ("status",),
    "SigmaIdentifierError": ("id",),
    "SigmaDateError": ("date",),
    "SigmaModifiedError": ("modified",),
    "SigmaTagError": ("tags",),
    "SigmaLogsourceError": ("logsource",),
    "SigmaAuthorError": ("author",),
    "SigmaReferencesError": ("references",),
    "SigmaFalsePositivesError": ("falsepositives",),
    "SigmaDescriptionError": ("description",),
    "SigmaNameError": ("name",),
    "SigmaTitleError": ("title",),
    "SigmaRelatedError": ("related",),
    "SigmaFieldsError": ("fields",),
    "SigmaScopeError": ("scope",),
    "SigmaLicenseError": ("license",),
    "SigmaTimespanError": ("correlation", "timespan"),
    "SigmaCorrelationConditionError": ("correlation", "condition"),
    "SigmaCorrelationTypeError": ("correlation", "type"),
    "SigmaCorrelationRuleError": ("correlation", "condition"),
}


def _of_sigma(document: Document, error: Exception) -> Problem:
    path = _PLACES.get(type(error).__name__) or _modified(document, type(error).__name__)
    said = " ".join(str(error).split()).rstrip(".")[:300] or type(error).__name__
    return document.problem(f"is no Sigma: {said}; expected what docs/rules.md shows", *path)


def _modified(document: Document, error: str) -> Path:
    """The first key of the detection with a modifier that may have raised this."""
    wanted = "re" if error == "SigmaRegularExpressionError" else ""
    for path in sorted(document.places, key=lambda path: document.places[path]):
        modifiers = str(path[-1]).split("|")[1:] if path[:1] == ("detection",) else []
        if modifiers and (not wanted or wanted in modifiers):
            return path
    return ("detection",)


def _rule(
    document: Document, sigma: Any, table: str, test: Tree, late: Tree, problems: list[Problem]
) -> Rule | None:
    own = document.value.get("interlock", {})
    per = tuple(own.get("per", ("client", "server")))
    if missing := ends_asked(late) - set(per):
        text = f"asks for the role of the {min(missing)}, which is not told apart; expected it in `per`"
        problems.append(document.problem(text, "interlock", "per"))
        return None
    asked = {leaf[1] for leaf in atoms(test)}
    return Rule(
        **_told(document, sigma),
        table=table,
        per=per,
        test=test,
        late=late,
        early=table == "operations" and not asked & _ENDED,
    )


def _told(document: Document, sigma: Any) -> dict[str, Any]:
    """What every rule says, a correlation too."""
    given, own = document.value, document.value.get("interlock", {})
    status = str(given.get("status", "")).lower()
    actions = (Action(text=a["text"].strip(), risk=a["risk"].strip()) for a in own.get("actions", ()))
    name = sigma.name or ""
    tags = [str(tag) for tag in given.get("tags") or ()]
    return {
        "id": str(
            sigma.id or uuid.uuid5(_NAMESPACE, f"{document.file.rsplit('/', 1)[-1]} {name or sigma.title}")
        ),
        "name": name,
        "title": sigma.title.strip(),
        "severity": LEVELS[given["level"]],
        "kind": own.get("kind", "alert"),
        "confidence": float(own.get("confidence", _CONFIDENCE.get(status, 0.6))),
        "description": " ".join(str(given.get("description") or "").split()),
        "says": own.get("says", "").strip(),
        "matters": " ".join(own.get("matters", "").split()),
        "silent": " ".join(own.get("silent", "").split()),
        "falsepositives": tuple(str(said) for said in given.get("falsepositives") or ()),
        "actions": tuple(actions),
        "techniques": tuple(found[1].upper() for tag in tags if (found := _TECHNIQUE.fullmatch(tag))),
        "requirements": tuple(_requirement(str(text)) for text in own.get("requirements", ())),
    }


def _requirement(text: str) -> str:
    return f"IEC 62443-3-3 {text}" if _CLAUSE.match(text) else text


def _read_correlation(book: _Book, document: Document, name: str) -> None:
    problems = list(check_head(document))
    if not problems:
        try:
            found = correlation_of(document, {**book.known, **book.rules}, problems)
        except (SigmaError, RecursionError) as error:
            problems.append(_of_sigma(document, error))
            found = None
        if found is not None:
            sigma, correlation, per, generate = found
            counted = [book.rules.get(i) or book.known[i] for i in correlation.rules]
            problems += check_own(document, counted[0].table)
            rule = joined_with(correlation, per, counted, _told(document, sigma)) if not problems else None
            if rule is not None:
                _put(book, document, rule, name)
                if rule.id in book.rules and not generate:
                    _silence(book, correlation.rules)
    book.problems += problems


def _silence(book: _Book, counted: Iterable[str]) -> None:
    """What a correlation counts makes no findings of its own, unless the correlation says `generate: true`."""
    for identifier in counted:
        if identifier in book.rules:
            book.rules[identifier] = replace(book.rules[identifier], alone=False)
