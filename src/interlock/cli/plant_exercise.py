"""`interlock plant exercise`: tasks for people who are new to the security of plants."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from interlock.cli.exits import BY_SIGNAL
from interlock.cli.plant_stop import asked_to_stop

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk
    from interlock.plant.exercises.exercise import Exercise

__all__ = ["exercise"]

_STATE: Final = Path("interlock-practice")
_SEED: Final = 700
_WRONG: Final = 1
_WIDE: Final = 96
_HELP: Final = frozenset({"hint", "--hint", "help", "?"})


@click.command(short_help="Practise: nine tasks, with hints.")
@click.argument("number", type=int, required=False)
@click.option("--answer", metavar="TEXT", help="Your answer; it is checked at once.")
@click.option("--hint", is_flag=True, help="The next hint.")
@click.option(
    "--state",
    "state",
    type=click.Path(path_type=Path, file_okay=False),
    default=_STATE,
    show_default=True,
    metavar="DIR",
    help="Where recordings and answers lie.",
)
def exercise(number: int | None, answer: str | None, state: Path, *, hint: bool) -> None:
    """Practise: without NUMBER list the exercises; with it set the task, take answers, explain.

    At a terminal answers are taken until one is right; `hint` shows the next hint, Ctrl-C keeps everything for later.

    Exit codes: 0 shown or right, 1 wrong answer, 2 there is no such exercise, 3 no place to write, 130 Ctrl-C.
    """
    from interlock.errors import OutputError  # noqa: PLC0415 (--help stays quick)
    from interlock.plant.exercises.desk import Desk  # noqa: PLC0415
    from interlock.plant.exercises.table import FILES  # noqa: PLC0415
    from interlock.plant.exercises.table import exercise as find  # noqa: PLC0415

    try:
        if number is None:
            _list(state, [find(k) for k in range(1, len(FILES) + 1)])
            return
        try:
            found = find(number)
        except KeyError:
            raise click.UsageError(f"there is no exercise {number}; there are 1 to {len(FILES)}") from None
        desk = Desk(state / f"exercise-{number}", found, _SEED + 10 * number, _fired)
        _prepare(desk)
        if hint:
            _hint(desk, state)
        elif answer is not None:
            sys.exit(_judge(desk, state, answer))
        else:
            _set(desk)
            if sys.stdin.isatty() and sys.stdout.isatty():
                _converse(desk, state)
    except KeyboardInterrupt:
        _stop(state, number, signal.SIGINT)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{error.filename or state}: cannot be used ({reason}); name another --state"
        ) from error


def _fired(folder: Path, capture: Path) -> tuple[list[tuple[str, frozenset[int]]], list[str]]:
    """What a folder's rules say of a recording: titles and frames, and what is wrong with them."""
    from interlock.bootstrap.ruling import fired_over  # noqa: PLC0415 (few exercises need it)

    findings, problems = fired_over(str(folder), str(capture))
    told = [(f.title, frozenset(n for part in f.evidence for n in part.frames)) for f in findings]
    return told, [str(problem) for problem in problems]


def _stop(state: Path, number: int | None, by: int) -> NoReturn:
    """Say how to go on, and end. by: number of the signal."""
    click.echo(f"\nStopped. Go on with:  {_again(state, number)}", err=True)
    sys.exit(BY_SIGNAL + by)


def _converse(desk: Desk, state: Path) -> None:
    """Take answers until one is right; the end of input is as good as Ctrl-C, and no signal."""
    from interlock.errors import InterlockError  # noqa: PLC0415

    while True:
        try:
            answer = click.prompt("\nYour answer (hint: a hint; Ctrl-C: later)", prompt_suffix=": ")
        except click.Abort as ended:
            if isinstance(ended.__context__, EOFError):
                click.echo(f"\nKept for later. Go on with:  {_again(state, desk.exercise.number)}")
                return
            raise KeyboardInterrupt from None
        if answer.strip().lower() in _HELP:
            _hint(desk, state)
            continue
        try:
            if not _judge(desk, state, answer):
                return
        except InterlockError as error:  # a site file that cannot be read: to be mended, and answered again
            click.echo(str(error), err=True)


def _read(state: Path) -> dict[str, Any]:
    """What is known of each exercise: answers given, hints shown, whether it is done."""
    file = state / "answers.json"
    try:
        known = json.loads(file.read_text("utf-8"))["exercises"]
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        from interlock.errors import ConfigError  # noqa: PLC0415

        raise ConfigError(f"{file}: is no file of answers; move it away to begin anew") from error
    return dict(known)


def _write(state: Path, known: dict[str, Any]) -> None:
    from interlock.report.atomic import write_atomic  # noqa: PLC0415

    state.mkdir(parents=True, exist_ok=True)
    told = {"schema": "interlock/plant-answers/1", "exercises": known}
    write_atomic(state / "answers.json", json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def _noted(known: dict[str, Any], number: int) -> dict[str, Any]:
    noted: dict[str, Any] = known.setdefault(str(number), {"done": False, "hints": 0, "answers": []})
    return noted


def _list(state: Path, exercises: list[Exercise]) -> None:
    known = _read(state)
    for each in exercises:
        done = "done" if known.get(str(each.number), {}).get("done") else "    "
        click.echo(f"{each.number}  {done}  {each.title}  (about {each.minutes} minutes)")
    left = next((e.number for e in exercises if not known.get(str(e.number), {}).get("done")), None)
    click.echo(f"\nNext: interlock plant exercise {left}" if left else "\nAll done.")


def _prepare(desk: Desk) -> None:
    """Record what is needed, once, with progress on a terminal."""
    if desk.prepared:
        return
    from rich.progress import Progress  # noqa: PLC0415

    from interlock.cli.console import Console  # noqa: PLC0415

    hidden = not sys.stderr.isatty()
    with (
        asked_to_stop() as asked,
        closing(desk.prepare()) as prepared,
        Progress(console=Console(stderr=True), transient=True, disable=hidden) as progress,
    ):
        task = progress.add_task("recording the plant", total=1.0)
        for share in prepared:
            progress.update(task, completed=share)
            if asked.number:
                break
    if asked.number:
        _stop(desk.folder.parent, desk.exercise.number, asked.number)


def _filled(desk: Desk, text: str) -> str:
    return text.replace("{desk}", str(desk.folder))


def _flowed(desk: Desk, text: str, width: int = 0) -> str:
    """Paragraphs joined and wrapped; what is indented stays as it is. width: in columns; 0: the terminal's."""
    width = width or min(_WIDE, shutil.get_terminal_size((_WIDE, 24)).columns)
    lines: list[str] = []
    for line in _filled(desk, text).split("\n"):
        last = lines[-1] if lines else ""
        if last and line and not line.startswith(" ") and not last.startswith(" "):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return "\n".join(
        line
        if line.startswith(" ")
        else textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in lines
    )


def _set(desk: Desk) -> None:
    """Show the question; in its file it is as wide as ever, whatever the terminal."""
    about, again = desk.exercise, _again(desk.folder.parent, desk.exercise.number)
    commands = "\n".join(f"    {command}" for command in about.commands)
    ways = f'    Answer with:  {again} --answer "..."\n    Stuck?        {again} --hint'
    text = (
        f"Exercise {about.number}: {about.title}  (about {about.minutes} minutes)\n\n{about.task}\n\n"
        f"Commands that help:\n{commands}\n\n{about.question}\n\n{ways}"
    )
    (desk.folder / "question.txt").write_text(_flowed(desk, text, _WIDE) + "\n", "utf-8")
    click.echo(_flowed(desk, text))


def _again(state: Path, number: int | None) -> str:
    """The command that comes back to an exercise, or to the list."""
    which = "" if number is None else f" {number}"
    other = "" if state == _STATE else f" --state {shlex.quote(str(state))}"
    return f"interlock plant exercise{which}{other}"


def _hint(desk: Desk, state: Path) -> None:
    known = _read(state)
    noted, hints = _noted(known, desk.exercise.number), desk.exercise.hints
    shown = min(noted["hints"] + 1, len(hints))
    for k, text in enumerate(hints[:shown], 1):
        click.echo(_flowed(desk, f"Hint {k} of {len(hints)}: {text}"))
    noted["hints"] = shown
    _write(state, known)


def _judge(desk: Desk, state: Path, answer: str) -> int:
    """Check, note, and explain once it is right."""
    verdict = desk.exercise.check(desk, answer)
    known = _read(state)
    noted = _noted(known, desk.exercise.number)
    noted["answers"].append(answer)
    noted["done"] = noted["done"] or verdict.right
    _write(state, known)
    click.echo(verdict.text)
    if verdict.right:
        click.echo(f"\n{_flowed(desk, desk.exercise.explain(desk))}")
        return 0
    click.echo(f"Try again, or: {_again(state, desk.exercise.number)} --hint")
    return _WRONG
