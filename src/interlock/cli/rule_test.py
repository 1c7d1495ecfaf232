"""`interlock rule test`: the cases that stand beside rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, FINDINGS
from interlock.records.counting import counted

if TYPE_CHECKING:
    from interlock.detect.rules.model import Problem, Rule
    from interlock.detect.rules.trial import Outcome, Trial

__all__ = ["test"]


@click.command("test")
@click.argument("folder", metavar="[FOLDER]", required=False)
@json_option
@click.pass_context
def test(ctx: click.Context, folder: str | None, *, as_json: bool) -> None:
    """Run the cases (NAME.test.yml) of the rules in FOLDER; without FOLDER those of the pack.

    Exit codes: 0 every rule fires and keeps silent where its cases say so; 1 one does not, or cannot be read.
    """
    from interlock.detect.rules.trial import run_trial  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415

    rules, trials, problems = _read(folder)
    outcomes = [outcome for trial in trials for outcome in run_trial(trial, rules)]
    failed = [outcome for outcome in outcomes if outcome.wrong]
    if as_json:
        document = {
            "schema": "interlock/rule-test/1",
            "cases": [_document(outcome) for outcome in outcomes],
            "problems": [str(problem) for problem in problems],
        }
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for problem in problems:
            click.echo(escaped(str(problem)))
        for outcome in failed:
            click.echo(
                escaped(f"{outcome.case.place}: {outcome.rule}: {outcome.case.because}: {outcome.wrong}")
            )
        click.echo(
            f"{counted(len(outcomes), 'case')} of {counted(len(trials), 'rule')}: {len(failed)} failed"
        )
    ctx.exit(FINDINGS if failed or any(problem.error for problem in problems) else DONE)


def _read(folder: str | None) -> tuple[tuple[Rule, ...], list[Trial], list[Problem]]:
    from interlock.bootstrap.ruling import pack_rules, pack_trials, read_folder, read_trials  # noqa: PLC0415

    if folder is None:
        trials, problems = pack_trials()
        return pack_rules(), trials, problems
    reading = read_folder(folder, pack_rules())
    trials, problems = read_trials(folder)
    own = {rule.id for rule in reading.rules}
    rules = (*reading.rules, *(rule for rule in pack_rules() if rule.id not in own))
    return rules, trials, [*reading.problems, *problems]


def _document(outcome: Outcome) -> dict[str, object]:
    return {
        "rule": outcome.rule,
        "place": outcome.case.place,
        "because": outcome.case.because,
        "must_fire": outcome.case.fires,
        "said": list(outcome.said),
        "wrong": outcome.wrong,
    }
