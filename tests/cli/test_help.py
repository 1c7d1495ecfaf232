"""One word for one thing in every command, and help that says it in full."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from interlock.cli.main import interlock

if TYPE_CHECKING:
    from collections.abc import Iterator

SPELLED: dict[str, tuple[str | None, ...]] = {
    "--site": ("FILE",), "--config": ("FILE",), "--gsdml": ("FILE",), "--key": ("FILE",), "--rules": ("FOLDER",),
    "--projects": ("FOLDER",), "--assets": ("FOLDER",), "--state": ("DIR",), "--store": ("DIR",), "--from": ("DIR",),
    "--indicators": ("PATH",), "--signatures": ("PATH",), "--until": ("DATE", "TIME"), "--on": ("DATE", "CAPTURE"),
    "--in": ("NAME",), "--json": (None,),
}  # fmt: skip
"""What each of these options takes, wherever it is; None: it is a switch."""


def commands(
    command: click.Command, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            found = command.get_command(context, word)
            assert found
            yield from commands(found, (*words, word))


EVERY = tuple(commands(interlock))


@pytest.mark.parametrize("words", [words for words, command in EVERY if isinstance(command, click.Group)])
def test_no_line_of_a_list_of_commands_is_cut_off(words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(interlock, [*words, "--help"]).output.partition("Commands:")[2]
    assert told
    assert "..." not in told


def test_an_option_takes_the_same_in_every_command() -> None:
    unlike = [
        (words, option.opts, option.metavar)
        for words, command in EVERY
        for option in command.params
        if isinstance(option, click.Option)
        for name in option.opts
        if name in SPELLED and option.metavar not in SPELLED[name]
    ]
    assert not unlike


def test_json_is_said_alike_but_for_what_prints_something_else() -> None:
    said = {option.help for _, command in EVERY for option in command.params if "--json" in option.opts
            and isinstance(option, click.Option)}  # fmt: skip
    assert "Print one JSON object instead of text." in said
    assert len(said) < 8


@pytest.mark.parametrize(
    "words",
    [
        ("approver", "list"), ("doctor",), ("plant", "attacks"), ("plant", "events"), ("rule", "fields"),
        ("rule", "explain", "program-deleted"), ("rule", "list"), ("signature", "list", "--packs", "packs"),
        ("site", "check", "site.toml"), ("window", "verify", "site.toml"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_printed_for_programs_says_by_which_schema(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("site.toml").write_text("", "utf-8")
    told = json.loads(CliRunner().invoke(interlock, [*words, "--json"]).output)
    assert re.fullmatch(r"interlock/[a-z-]+/1", told["schema"])
    assert next(iter(told)) == "schema"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["analyse"], "there is no command 'analyse'; did you mean 'analyze'?"),
        (["sensor", "stats"], "there is no command 'stats'; did you mean 'status'?"),
        (["rule", "qqq"], "there is no command 'qqq'; `interlock rule --help` lists them"),
    ],
)
def test_a_command_that_there_is_not_is_told_with_the_one_that_was_meant(typed: list[str], said: str) -> None:
    told = CliRunner().invoke(interlock, typed, prog_name="interlock")
    assert told.exit_code == 2
    assert said in " ".join(told.output.split())


def test_every_option_says_what_it_does() -> None:
    assert not [
        (words, option.opts)
        for words, command in EVERY
        for option in command.params
        if isinstance(option, click.Option) and not (option.help or "").endswith((".", ")"))
    ]
