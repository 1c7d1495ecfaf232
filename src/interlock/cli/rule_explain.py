"""`interlock rule explain` and `interlock rule fields`."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.rule_list import book_of, rule_document, source_of
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.bootstrap.ruling import RuleBook
    from interlock.detect.rules.model import Rule

__all__ = ["explain", "fields"]


@click.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--rules", "folders", multiple=True, metavar="FOLDER", help="Rules of your own; may be repeated."
)
@json_option
def explain(name: str, folders: tuple[str, ...], *, as_json: bool) -> None:
    """Tell all of one rule: what it looks for, why it matters, what to do, and when it is wrong.

    NAME is a rule's name or id, as `interlock rule list` and findings give them.
    """
    from interlock.detect.rules.plain_words import looks_for  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415

    book = book_of(folders)
    found = _find(book, name)
    looks = looks_for(found, {rule.id: rule for rule in book.rules})
    if as_json:
        click.echo(
            json.dumps(
                {"schema": "interlock/rule/1", **rule_document(found), "looks_for": looks},
                indent=1,
                ensure_ascii=False,
            )
        )
        return
    for line in _text(found, looks):
        click.echo(escaped(line))


def _find(book: RuleBook, name: str) -> Rule:
    import difflib  # noqa: PLC0415

    for rule in book.rules:
        if name in (rule.name, rule.id):
            return rule
    near = difflib.get_close_matches(name, [rule.name for rule in book.rules], n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`interlock rule list` names them"
    raise ConfigError(f"there is no rule {name!r} in force; {hint}")


def _text(rule: Rule, looks: str) -> Iterator[str]:
    yield f"{rule.title}  [{rule.severity}, {rule.kind}]"
    yield f"{rule.name}  {rule.id}  from {rule.origin}, over {source_of(rule)}"
    if rule.description:
        yield from _part("What it is", rule.description)
    yield from _part("It looks for", looks)
    early = "as soon as the request is seen" if rule.early else "once the answer has come, or should have"
    if rule.table == "operations":
        yield from _part("It speaks", early)
    yield from _part("Why it matters", rule.matters)
    for action in rule.actions:
        yield from _part("Do", f"{action.text} (Risk: {action.risk})")
    yield from _part("It is silent", rule.silent.removeprefix("Silent "))
    for said in rule.falsepositives:
        yield from _part("It is wrong", said)
    yield from _part("ATT&CK for ICS", ", ".join(rule.techniques))
    yield from _part("Requirements", ", ".join(rule.requirements))


def _part(head: str, text: str) -> list[str]:
    if not text:
        return []
    return textwrap.wrap(text, 110, initial_indent=f"{head + ':':<16}", subsequent_indent=" " * 16)


@click.command()
@json_option
def fields(*, as_json: bool) -> None:
    """Say what a rule may ask about: columns of each log source, and what site file and inventory add."""
    from interlock.detect.rules.fields import FIELDS, SOURCES  # noqa: PLC0415 (--help stays quick)

    if as_json:
        known = {
            source: {
                name: {"kind": field.kind, "meaning": field.meaning} for name, field in FIELDS[table].items()
            }
            for source, table in SOURCES.items()
        }
        click.echo(json.dumps({"schema": "interlock/rule-fields/1", "log_sources": known}, indent=1))
        return
    for source, table in SOURCES.items():
        click.echo(f"category: {source}")
        for name, field in FIELDS[table].items():
            click.echo(f"  {name:<26}{field.kind:<8}{field.meaning}")
