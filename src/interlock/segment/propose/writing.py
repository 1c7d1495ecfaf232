"""A proposal as text: added to the site file's own, whose comments and order stay; questions and empty answers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from interlock.records.conduit import Conduit
from interlock.records.site import Zone
from interlock.records.toml_places import parse_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import tomlkit

    from interlock.segment.propose.decision import Decision
    from interlock.segment.propose.questions import Question

__all__ = ["answers_text", "questions_text", "with_proposal"]

_DEFAULTS: Final = {
    kind: {field.name: field.default for field in dataclasses.fields(kind)} for kind in (Zone, Conduit)
}


def with_proposal(
    text: str, zones: Sequence[Zone], conduits: Sequence[Conduit], decisions: Iterable[Decision], *, file: str
) -> str:
    """The site file's text with new zones and conduits behind those that are there, each under why it is proposed.

    Raises ConfigError where the text is no TOML.
    """
    document = parse_document(text, file=file)
    why = {decision.about: decision for decision in decisions}
    for section, entries in (("zones", zones), ("conduits", conduits)):
        for entry in entries:
            _append(document, section, _fields(entry), why.get(entry.name))
    return document.as_string()


def _fields(entry: Zone | Conduit) -> dict[str, Any]:
    """What differs from what holds where nothing is said, as the file spells it."""
    defaults = _DEFAULTS[type(entry)]
    found = {field.name: getattr(entry, field.name) for field in dataclasses.fields(entry)}
    told = {name: value for name, value in found.items() if value != defaults[name]}
    return {name.removesuffix("_"): list(v) if isinstance(v, tuple) else v for name, v in told.items()}


def _append(
    document: tomlkit.TOMLDocument, section: str, fields: dict[str, Any], decision: Decision | None
) -> None:
    import tomlkit  # noqa: PLC0415 (slow to load)

    before = document.as_string() if section not in document else ""
    if section not in document:
        document.append(section, tomlkit.aot())
    tables: Any = document[section]
    if isinstance(tables, tomlkit.items.Array):
        tables.append(fields)
        return
    table = tomlkit.table()
    first = section not in document or not len(tables)
    table.trivia.indent = "" if first and (not before.strip() or before.endswith("\n\n")) else "\n"
    if decision is not None:
        table.add(tomlkit.comment(f"proposed ({decision.confidence:.0%} sure): {decision.sentence}"))
    for name, value in fields.items():
        table.add(name, value)
    tables.append(table)


def questions_text(questions: Iterable[Question]) -> str:
    """Render `questions.toml`."""
    import tomlkit  # noqa: PLC0415

    document = tomlkit.document()
    document.add(
        tomlkit.comment("What the traffic could not show. Answer in answers.toml, and propose again.")
    )
    tables = tomlkit.aot()
    for question in questions:
        table = tomlkit.table()
        table.update(
            {
                "id": question.id,
                "text": question.text,
                "unanswered": f"cut as long as nobody answers: {question.unanswered}",
                "clients": list(question.clients),
                "servers": list(question.servers),
                "verbs": list(question.verbs),
            }
        )
        if question.realm != "default":
            table["realm"] = question.realm
        table.trivia.indent = "\n"
        tables.append(table)
    document.append("questions", tables)
    return document.as_string()


def answers_text(questions: Iterable[Question]) -> str:
    """Render a first `answers.toml` in which nothing is answered yet."""
    lines = [
        "# Answers to questions.toml. Take the # away where you answer; what is not answered is not allowed.",
        "# `clients`, `servers`: only these of the question's (or, where it asks who, who). `protocols`, `verbs`: what",
        "# else it takes (other verbs are of the other protocols). `objects`: only these. `reason`, `owner`, `until`",
        "# go into the conduit.",
    ]
    for question in questions:
        lines += [
            "",
            *(f"# {line}" for line in _wrapped(question.text)),
            "# [[answers]]",
            f"# id = {_quoted(question.id)}",
            "# yes = true",
        ]
        lines += [] if question.clients else ["# clients = []"]
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    import textwrap  # noqa: PLC0415

    return textwrap.wrap(" ".join(text.split()), 110)


def _quoted(text: str) -> str:
    import tomlkit  # noqa: PLC0415

    return tomlkit.string(text).as_string()
