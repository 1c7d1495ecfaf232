"""`interlock rule list`: every rule in force."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from interlock.cli.as_json import json_option
from interlock.records.counting import counted
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from interlock.bootstrap.ruling import RuleBook
    from interlock.detect.rules.model import Rule

__all__ = ["book_of", "list_rules", "rule_document", "source_of"]

_COLUMNS: Final = ("NAME", "LEVEL", "TECHNIQUES", "LOG SOURCE", "FROM", "TITLE")


@click.command("list")
@click.option(
    "--rules", "folders", multiple=True, metavar="FOLDER", help="Rules of your own; may be repeated."
)
@click.option("--level", type=click.Choice(SEVERITIES), help="Only those at least this severe.")
@json_option
def list_rules(folders: tuple[str, ...], level: str | None, *, as_json: bool) -> None:
    """Say which rules are in force: those that ship, and those of the folders."""
    book = book_of(folders)
    least = SEVERITIES.index(level) if level else 0
    rules = [rule for rule in book.rules if SEVERITIES.index(rule.severity) >= least]
    rules.sort(key=lambda rule: (-SEVERITIES.index(rule.severity), rule.name))
    if as_json:
        document = {"schema": "interlock/rule-list/1", "rules": [rule_document(rule) for rule in rules]}
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return
    for line in _table([_row(rule) for rule in rules]):
        click.echo(line)
    click.echo(f"{counted(len(rules), 'rule')}; `interlock rule explain NAME` tells all of one")


def book_of(folders: tuple[str, ...]) -> RuleBook:
    """The rules in force; what is wrong with the others goes to standard error."""
    from interlock.bootstrap.ruling import read_book  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415

    book = read_book(folders)
    for problem in book.problems:
        click.echo(f"interlock: {escaped(str(problem))}", err=True)
    return book


def source_of(rule: Rule) -> str:
    """Sigma's category of a rule's log source."""
    from interlock.detect.rules.fields import SOURCES  # noqa: PLC0415

    return next(source for source, table in SOURCES.items() if table == rule.table)


def _row(rule: Rule) -> tuple[str, ...]:
    from interlock.export.escape import escaped  # noqa: PLC0415

    told = "" if rule.alone else " (counted by another rule only)"
    words = (
        rule.name,
        rule.severity,
        " ".join(rule.techniques),
        source_of(rule),
        rule.origin,
        rule.title + told,
    )
    return tuple(escaped(word) for word in words)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    whole = [_COLUMNS, *rows]
    widths = [max(len(row[n]) for row in whole) for n in range(len(_COLUMNS) - 1)]
    lines = (
        "  ".join((*(word.ljust(width) for word, width in zip(row, widths, strict=False)), row[-1]))
        for row in whole
    )
    return [line.rstrip() for line in lines]


def rule_document(rule: Rule) -> dict[str, Any]:
    """A rule as `--json` gives it."""
    return {
        "id": rule.id,
        "name": rule.name,
        "title": rule.title,
        "level": rule.severity,
        "kind": rule.kind,
        "log_source": source_of(rule),
        "from": rule.origin,
        "techniques": list(rule.techniques),
        "requirements": list(rule.requirements),
        "description": rule.description,
        "matters": rule.matters,
        "silent": rule.silent,
        "falsepositives": list(rule.falsepositives),
        "actions": [{"text": action.text, "risk": action.risk} for action in rule.actions],
        "early": rule.early,
        "alone": rule.alone,
    }
