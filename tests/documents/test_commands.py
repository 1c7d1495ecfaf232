"""No document names a command, an option, a script or a target that is not there."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import click
import pytest

from documents.command_lines import DOCUMENTS, REPOSITORY, Shown, command_lines, option_names
from interlock.bench.__main__ import main as bench
from interlock.cli.main import interlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OF_OTHERS = {
    "--inplace": "setup.py",
    "--name": "setup.py",
    "--no-build-isolation": "pip",
    "--noflush": "iptables-restore",
    "--require-hashes": "pip",
    "--shared": "cython",
    "--tool": "valgrind",
    "--now": "systemctl",
}
"""Options that documents name and that are another program's."""

SHOWN = tuple(shown for document in DOCUMENTS for shown in command_lines(document))


def of(program: str) -> tuple[Shown, ...]:
    return tuple(shown for shown in SHOWN if shown.program == program and len(shown.words) > 1)


def named(shown: Shown) -> str:
    return f"{shown.where} {' '.join(shown.words)}"


@pytest.mark.parametrize("shown", of("interlock"), ids=named)
def test_the_program_takes_it(shown: Shown) -> None:
    parse(interlock, list(shown.words[1:]), whole=shown.whole)


@pytest.mark.parametrize("shown", of("interlock.bench"), ids=named)
def test_a_benchmark_takes_it(shown: Shown) -> None:
    parse(bench, list(shown.words[1:]), whole=shown.whole)


def parse(command: click.Command, words: list[str], *, whole: bool) -> None:
    """As the command line reads it; names in capitals stand for what a person puts there."""
    context = click.Context(command, info_name=command.name)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found, f"no command {words[0]}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    if isinstance(command, click.Group) and not words:
        return
    words = [word.strip("[]") for word in words if word not in ("...", "…", "[", "]")]
    values, left, _ = command.make_parser(context).parse_args(args=list(words))
    assert not left or not whole, f"too many: {left}"
    for parameter in command.params:
        for value in spelled(values.get(parameter.name or "")):
            parameter.type.convert(value, parameter, context)
    if whole:
        given = {
            name for name, value in values.items() if isinstance(value, (str, int, list, tuple)) and value
        }
        missing = [p.name for p in command.params if p.required and p.name not in given]
        assert not missing, f"needs {missing}"


def spelled(value: object) -> Iterator[str]:
    """What is written out of a value: each of `jsonl|csv`, nothing of FILE, `eth1` or a file that is not there."""
    for one in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(one, str) and not re.search(r"[A-Z/]|\.\w+$|\.\.\.$|…$", one):
            yield from one.split("|")


def scripts() -> Iterator[tuple[Shown, Path, tuple[str, ...]]]:
    """Command lines of scripts and of benchmarks that are modules of their own, with the file that reads them."""
    for shown in SHOWN:
        program, words = shown.words[0].removeprefix("./") if shown.words else "", shown.words[1:]
        if program == "sh" and words:
            program, words = words[0], words[1:]
        if program.startswith("scripts/"):
            yield shown, REPOSITORY / program, words
        elif program.startswith("interlock.bench."):
            yield shown, REPOSITORY / "src" / (program.replace(".", "/") + ".py"), words


@pytest.mark.parametrize("called", tuple(scripts()), ids=lambda called: named(called[0]))
def test_a_script_is_there_and_has_these_options(called: tuple[Shown, Path, tuple[str, ...]]) -> None:
    shown, path, words = called
    assert path.exists(), f"{shown.where}: no {path.name}"
    if path.suffix != ".py":
        return
    given = {word.strip("[]").partition("=")[0] for word in words if word.strip("[").startswith("--")}
    assert given <= options(path) | {"--help"}, shown.where


@cache
def options(path: Path) -> frozenset[str]:
    """Options that this file declares to argparse or click."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    texts = (argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant))
    return frozenset(
        part for text in texts if isinstance(text, str) for part in text.split("/") if part[:2] == "--"
    )


@pytest.mark.parametrize("shown", of("make"), ids=named)
def test_make_has_the_target(shown: Shown) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    asked = [word for word in shown.words[1:] if re.fullmatch(r"[a-z-]+", word)]
    assert set(asked) <= targets, shown.where
    assert not [word for word in shown.words[1:] if word.startswith("--")], "make takes these for its own"


@pytest.mark.parametrize("shown", of("pytest"), ids=named)
def test_tests_that_are_named_are_there(shown: Shown) -> None:
    paths = [word.partition("::")[0] for word in shown.words if word.startswith("tests/")]
    assert not [path for path in paths if "egd" not in path and not (REPOSITORY / path).exists()], shown.where


def test_every_option_in_a_sentence_is_one_of_ours() -> None:
    ours = set(OF_OTHERS) | {"--help"}
    for path in (*REPOSITORY.glob("scripts/**/*.py"), *REPOSITORY.glob("src/interlock/bench/*.py")):
        ours |= options(path)
    for path in REPOSITORY.glob("src/interlock/cli/*.py"):
        ours |= options(path)
    unknown = [said for document in DOCUMENTS for said in option_names(document) if said[1] not in ours]
    assert not unknown


@pytest.mark.parametrize(
    "typed", ["analyze demo --nope", "plant fly", "decode demo --table", "diff only-one"]
)
def test_what_the_program_would_refuse_is_refused_here(typed: str) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        parse(interlock, typed.split(), whole=True)


def commands(command: click.Command, name: str) -> Iterator[str]:
    """Every command below this one, by all its words."""
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        found = command.get_command(context, word)
        assert found
        yield from commands(found, f"{name} {word}")


def test_every_command_is_shown_somewhere() -> None:
    shown = {" ".join(one.words[:length]) for one in SHOWN for length in (2, 3) if one.program == "interlock"}
    shown |= {name.removeprefix(".venv/bin/") for name in shown}
    assert not [name for name in commands(interlock, "interlock") if name not in shown]


def test_documents_do_show_commands() -> None:
    assert len(of("interlock")) > 60
    assert len(list(scripts())) > 20
