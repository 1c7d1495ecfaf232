"""The rules that ship: compiled as they are written, tried, and told in full."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from interlock.bootstrap.ruling import compile_pack, pack_rules, pack_trials
from interlock.detect.rules.model import atoms
from interlock.detect.rules.plain_words import looks_for
from interlock.detect.rules.plan import read_plan, write_plan
from interlock.detect.rules.trial import run_trial
from interlock.errors import ConfigError
from interlock.records.vocabulary import OUTCOMES, ROLES, VERBS

REPOSITORY = Path(__file__).parents[3]
INTEL = Path(os.environ.get("INTERLOCK_CAPTURES", REPOSITORY / "../shared/captures")).parent / "intel"
TRIALS = {trial.rule: trial for trial in pack_trials()[0]}
SPEAKING = [rule for rule in pack_rules() if rule.alone]
each = pytest.mark.parametrize("rule", SPEAKING, ids=lambda rule: rule.name)


def test_what_ships_compiled_is_what_is_written() -> None:
    reading = compile_pack()
    assert reading.problems == ()
    assert reading.rules == pack_rules(), "run scripts/compile_rules.py"


def test_the_page_of_the_pack_is_made_from_it() -> None:
    command = [sys.executable, REPOSITORY / "scripts" / "compile_rules.py", "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_at_least_sixty_rules_speak() -> None:
    assert len(SPEAKING) >= 60


def test_a_plan_is_read_as_it_was_written_and_nothing_else_is() -> None:
    assert read_plan(write_plan(pack_rules()), file="x") == pack_rules()
    for wrong in (
        "",
        "[]",
        "{}",
        '{"schema": "x", "rules": []}',
        '{"schema": "interlock/rules/1", "rules": [{}]}',
    ):
        with pytest.raises(ConfigError):
            read_plan(wrong, file="x")


@each
def test_a_rule_fires_and_keeps_silent_as_its_cases_say(rule) -> None:
    trial = TRIALS[rule.name]
    assert {case.fires for case in trial.cases} == {True, False}
    assert all(case.because for case in trial.cases)
    assert [f"{o.case.place}: {o.wrong}" for o in run_trial(trial, pack_rules()) if o.wrong] == []


@each
def test_a_rule_says_all_that_an_engineer_needs(rule) -> None:
    assert rule.says
    assert rule.description
    assert rule.matters
    assert rule.silent.startswith("Silent where ")
    assert rule.falsepositives
    assert rule.actions
    assert all(action.text and action.risk for action in rule.actions)
    assert rule.techniques
    assert rule.requirements
    assert all(re.fullmatch(r"IEC 62443-3-3 SR [1-7]\.\d{1,2}", text) for text in rule.requirements)
    assert looks_for(rule, {r.id: r for r in pack_rules()})


def test_no_trial_is_left_over() -> None:
    assert sorted(TRIALS) == sorted(rule.name for rule in SPEAKING)


@pytest.mark.skipif(not (INTEL / "attack").exists(), reason="without the reference data")
def test_techniques_are_those_of_attack_for_ics() -> None:
    text = (INTEL / "attack" / "ics_techniques.tsv").read_text("utf-8")
    known = {word for row in csv.reader(text.splitlines(), delimiter="\t") for word in row}
    assert {technique for rule in SPEAKING for technique in rule.techniques} <= known


def _decoders_words() -> tuple[set[str], str]:
    """Names of functions that decoders give, and all their text, in lower case."""
    protocols = REPOSITORY / "src/interlock/decode/protocols"
    names: set[str] = set()
    for file in protocols.glob("*/verbs.toml"):
        for part in tomllib.loads(file.read_text("utf-8")).values():
            if isinstance(part, dict):
                names |= {entry["name"].lower() for entry in part.values() if "name" in entry}
    return names, "\n".join(file.read_text("utf-8") for file in protocols.parent.rglob("*.py")).lower()


def test_verbs_outcomes_and_functions_are_words_that_decoders_say() -> None:
    names, text = _decoders_words()
    allowed = {
        "verb": set(VERBS),
        "outcome": set(OUTCOMES),
        "client_role": set(ROLES),
        "server_role": set(ROLES),
    }
    unknown: dict[str, list[str]] = {}
    for rule in pack_rules():
        for leaf in (*atoms(rule.test), *atoms(rule.late)):
            kind, field, *words = leaf
            if kind == "in" and field in allowed:
                assert set(words) <= allowed[field], rule.name
            if kind in ("in", "has", "begins") and field in ("function_name", "oddity"):
                wrong = [w for w in words if not any(w in name for name in names) and w not in text]
                unknown.update({rule.name: wrong} if wrong else {})
    assert unknown == {}


_NO_SOCKETS = """
import socket, sys
def refuse(*given, **named):
    raise AssertionError("a socket was asked for")
socket.socket.__init__ = refuse
socket.create_connection = refuse
socket.getaddrinfo = refuse
from interlock.bootstrap.ruling import compile_pack
assert not compile_pack().problems
assert not {"requests", "urllib3"} & set(sys.modules)
"""
_LOADS = """
import json, sys
from interlock.bootstrap.ruling import build_rules
rules, problems = build_rules(())
print(json.dumps([len(rules.rules), sorted({"sigma", "yaml", "re2", "pyparsing"} & set(sys.modules))]))
"""


def _python(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_reading_rules_opens_no_socket_and_loads_nothing_that_does() -> None:
    _python(_NO_SOCKETS)


def test_a_run_without_rules_of_its_own_loads_no_parser() -> None:
    assert json.loads(_python(_LOADS)) == [len(pack_rules()), []]
