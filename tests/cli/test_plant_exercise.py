"""`interlock plant exercise` as a newcomer sees it: every task can be solved with the commands that it names."""

from __future__ import annotations

import json
import re
import time

import pytest
from proving.newcomer import INTERLOCK, Terminal
from tests.cli.exercise_answers import BY_THE_COMMANDS, NUMBERS, SITES, WRONG, practise, run, set_exercise

from interlock.errors import ConfigError, OutputError
from interlock.plant.exercises.table import FILES, exercise

PROMPT = "Your answer (hint: a hint; Ctrl-C: later): "


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("practice") / "state"


def sit_down(state, number, **how):
    """A newcomer at a terminal."""
    return Terminal((*INTERLOCK, "plant", "exercise", str(number), "--state", str(state)), **how)


def noted(state, number):
    return json.loads((state / "answers.json").read_text("utf-8"))["exercises"][str(number)]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_newcomer_at_a_terminal_gets_through(state, number) -> None:
    """First a wrong answer, then hints until there are no more, then what the commands print."""
    about = exercise(number)
    (state / "answers.json").unlink(missing_ok=True)
    with sit_down(state, number) as seat:
        said = seat.until(PROMPT)
        assert about.title in said
        assert " ".join(about.question.split()[:6]) in " ".join(said.split())
        assert f"interlock plant exercise {number} --state {state} --answer" in said
        seat.type(WRONG[number])
        said = seat.until(PROMPT)
        assert "Try again, or: interlock plant exercise" in said
        for shown, typed in enumerate(("hint", "?", "HINT", "help", "--hint"), 1):
            seat.type(typed)
            found = re.findall(r"^Hint (\d)", seat.until(PROMPT), re.MULTILINE)
            assert len(found) == min(shown, len(about.hints))
        _, folder = set_exercise(state, number)  # the site file is written in another window
        seat.type(BY_THE_COMMANDS[number](folder))
        assert seat.ended() == 0, seat.shown
        assert "Right" in seat.shown
        assert "{" not in seat.shown
        assert "Traceback" not in seat.shown
    assert (folder / "question.txt").exists()
    told = noted(state, number)
    assert (told["done"], told["answers"][0], len(told["answers"])) == (True, WRONG[number], 2)


@pytest.mark.parametrize("number", [2, 5])
def test_answers_can_be_given_as_options(state, number) -> None:
    _, folder = set_exercise(state, number)
    (state / "answers.json").unlink(missing_ok=True)
    wrong = practise(state, number, "--answer", WRONG[number])
    assert (wrong.returncode, "--hint" in wrong.stdout) == (1, True), wrong.stdout
    right = practise(state, number, "--answer", BY_THE_COMMANDS[number](folder))
    assert (right.returncode, "{" in right.stdout) == (0, False), right.stdout
    told = noted(state, number)
    assert (told["done"], len(told["answers"])) == (True, 2)


@pytest.mark.parametrize(("number", "at"), [(1, "plant.pcap.part"), (7, "tuesday.pcap.part")])
def test_ctrl_c_while_it_records_leaves_nothing_behind(tmp_path, number, at) -> None:
    state = tmp_path / "not" / "yet"
    with sit_down(state, number) as seat:
        until = time.monotonic() + 90
        while not (state / f"exercise-{number}" / at).exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        assert seat.interrupt() == 130
        assert f"Stopped. Go on with:  interlock plant exercise {number} --state {state}\n" in seat.shown
        assert "Traceback" not in seat.shown
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_at_the_question_keeps_everything_and_says_how_to_go_on(state) -> None:
    set_exercise(state, 1)
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    with sit_down(state, 1) as seat:
        seat.until(PROMPT)
        assert seat.interrupt() == 130
        assert seat.shown.endswith(f"\nStopped. Go on with:  interlock plant exercise 1 --state {state}\n")
        assert "Aborted" not in seat.shown
    assert {path: path.read_bytes() for path in state.rglob("*") if path.is_file()} == before
    with sit_down(state, 1) as seat:
        assert "recording the plant" not in seat.until(PROMPT)
        seat.end_input()
        assert seat.ended() == 0
        assert seat.shown.endswith(
            f"Kept for later. Go on with:  interlock plant exercise 1 --state {state}\n"
        )


def test_where_the_state_folder_is_the_usual_one_the_command_is_short(tmp_path) -> None:
    with Terminal((*INTERLOCK, "plant", "exercise", "2"), folder=tmp_path) as seat:
        seat.until("recording the plant")
        assert seat.interrupt() == 130
        assert seat.shown.endswith("Go on with:  interlock plant exercise 2\n")
    assert list(tmp_path.iterdir()) == []


def test_a_site_file_that_cannot_be_read_is_told_and_asked_again(state) -> None:
    _, folder = set_exercise(state, 5)
    (folder / "site.toml").write_text("[[zones", "utf-8")
    with sit_down(state, 5) as seat:
        seat.until(PROMPT)
        seat.type(WRONG[5])
        assert "site.toml" in seat.until(PROMPT)
        (folder / "site.toml").write_text(SITES[5], "utf-8")
        seat.type(BY_THE_COMMANDS[5](folder))
        assert seat.ended() == 0, seat.shown


@pytest.mark.parametrize("number", NUMBERS)
def test_a_narrow_terminal_gets_narrow_text(state, number) -> None:
    set_exercise(state, number)
    with sit_down(state, number, columns=60) as seat:
        lines = seat.until(PROMPT).split("\n")
        seat.interrupt()
    commands = ("    ", "Your answer")
    words = [line for line in lines if not line.startswith(commands)]
    assert len(words) > 5
    assert max(len(line) for line in words if str(state) not in line) <= 60


@pytest.mark.parametrize("number", NUMBERS)
def test_hints_come_one_after_the_other(state, number) -> None:
    set_exercise(state, number)
    (state / "answers.json").unlink(missing_ok=True)
    hints = exercise(number).hints
    for shown in (*range(1, len(hints) + 1), len(hints)):
        ran = practise(state, number, "--hint")
        assert ran.returncode == 0
        assert len(re.findall(r"^Hint \d", ran.stdout, re.MULTILINE)) == shown


@pytest.mark.parametrize(("number", "text"), [(4, ""), (4, SITES[4].replace("05:10", "05:50")), (5, ""),
                                              (5, SITES[5].replace('"10.77.1.13"', '"10.77.1.0/24"'))])  # fmt: skip
def test_the_site_file_is_checked_too(state, number, text) -> None:
    _, folder = set_exercise(state, number)
    right = BY_THE_COMMANDS[number](folder)
    (folder / "site.toml").write_text(text, "utf-8")
    ran = practise(state, number, "--answer", right)
    assert ran.returncode == 1
    assert "site.toml" in ran.stdout or "order" in ran.stdout or "Zone" in ran.stdout


def test_a_site_file_that_is_no_toml_is_one_sentence(state) -> None:
    _, folder = set_exercise(state, 5)
    (folder / "site.toml").write_text("[[zones", "utf-8")
    ran = practise(state, 5, "--answer", "10.77.1.30")
    assert isinstance(ran.error, ConfigError)
    assert "site.toml" in str(ran.error)


def test_the_list_says_which_are_done_and_what_comes_next(tmp_path) -> None:
    fresh = practise(tmp_path / "none").stdout
    assert fresh.count("minutes)") == len(FILES)
    assert "Next: interlock plant exercise 1" in fresh
    (tmp_path / "answers.json").write_text(
        '{"exercises": {"1": {"done": true, "hints": 0, "answers": []}}}', "utf-8"
    )
    assert "1  done" in practise(tmp_path).stdout
    assert "Next: interlock plant exercise 2" in practise(tmp_path).stdout


@pytest.mark.parametrize("number", [0, 10, -1])
def test_an_unknown_number_is_a_wrong_argument(tmp_path, number) -> None:
    ran = run("plant", "exercise", "--state", tmp_path, "--", number)
    assert ran.returncode == 2
    assert f"there is no exercise {number}; there are 1 to 9" in ran.stderr


def test_a_broken_file_of_answers_and_a_folder_that_cannot_be_written_are_told(tmp_path) -> None:
    (tmp_path / "answers.json").write_text("[]", "utf-8")
    assert "answers.json" in str(practise(tmp_path).error)
    (tmp_path / "file").write_text("", "utf-8")
    ran = run("plant", "exercise", 1, "--state", tmp_path / "file" / "below")
    assert isinstance(ran.error, OutputError)
