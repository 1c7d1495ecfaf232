"""`interlock rule check`: what is wrong with rules, before a sensor is given them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, FINDINGS
from interlock.records.counting import counted

if TYPE_CHECKING:
    from interlock.detect.rules.model import Problem

__all__ = ["check"]


@click.command()
@click.argument("folder", metavar="FOLDER")
@json_option
@click.pass_context
def check(ctx: click.Context, folder: str, *, as_json: bool) -> None:
    """Say what is wrong with the rules of FOLDER (or one file): file, line, column and what was expected.

    The other rules would be in force. Exit codes: 0 all are right; 1 some are not.
    """
    from interlock.bootstrap.ruling import pack_rules, read_folder, read_trials  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415

    reading = read_folder(folder, pack_rules())
    trials, wrong = read_trials(folder)
    problems = [*reading.problems, *wrong]
    tried = {trial.rule for trial in trials}
    untried = [rule.name for rule in reading.rules if rule.name not in tried and rule.alone]
    if as_json:
        document = {
            "schema": "interlock/rule-check/1",
            "in_force": [rule.name for rule in reading.rules],
            "problems": [_document(problem) for problem in problems],
            "without_cases": untried,
        }
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for problem in problems:
            click.echo(escaped(str(problem)))
        click.echo(
            f"{counted(len(reading.rules), 'rule')} of {folder} can be put in force; "
            f"{counted(len(problems), 'problem')}"
        )
        if untried:
            click.echo(f"without cases (NAME.test.yml) that show that they work: {', '.join(untried)}")
    ctx.exit(FINDINGS if any(problem.error for problem in problems) else DONE)


def _document(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {
        "file": place.file, "line": place.line, "column": place.column, "text": problem.text, "error": problem.error,
    }  # fmt: skip
