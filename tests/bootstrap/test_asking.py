"""What a sensor's detectors ask, found out beside its processes."""

from __future__ import annotations

import gc

import pytest

from interlock.bootstrap.asking import asked_by
from interlock.bootstrap.detecting import Judgement, build_runner
from interlock.bootstrap.signature_screens import kept_screen, screening_of
from interlock.detect.signatures.engine.engine import Engine
from interlock.errors import ConfigError

RULES = """alert tcp any any -> any 502 (content:"|00 00|"; offset:2; depth:2; msg:"a"; sid:1;)
alert http any any -> any any (http.uri; content:"/evil"; msg:"b"; sid:2;)
"""


@pytest.fixture
def rules(tmp_path, monkeypatch):
    monkeypatch.setenv("INTERLOCK_STATE", str(tmp_path / "state"))
    (tmp_path / "a.rules").write_text(RULES)
    return tmp_path / "a.rules"


def test_it_is_what_the_detectors_themselves_ask(rules):
    given = Judgement(signatures=(str(rules),))
    asked, runner = asked_by(given), build_runner(given)
    assert (asked.needs, asked.buffers) == (runner.needs, runner.buffers)
    assert asked.screening.screen.traits == screening_of(runner).screen.traits
    assert [one.name for one in asked.screening.screen.traits] == ["1:1:0 a"], (
        "that of HTTP is screened nowhere"
    )


def test_no_rule_is_left_in_the_process_that_asked(rules):
    gc.collect()
    before = sum(isinstance(one, Engine) for one in gc.get_objects())
    asked_by(Judgement(signatures=(str(rules),)))
    assert sum(isinstance(one, Engine) for one in gc.get_objects()) == before


def test_a_worker_that_begins_later_reads_no_rules(rules, monkeypatch):
    given = Judgement(signatures=(str(rules),))
    asked = asked_by(given)

    def read(*_, **__):
        raise AssertionError("what a screen needs was kept")

    monkeypatch.setattr("interlock.bootstrap.signatures.build_signatures", read)
    assert kept_screen(given, print).traits == asked.screening.screen.traits


def test_without_signatures_nothing_is_screened():
    asked = asked_by(Judgement())
    assert asked.screening is None
    assert asked.needs == build_runner().needs


def test_what_is_wrong_is_said_here(rules):
    rules.write_text("no rule at all\n")
    with pytest.raises(ConfigError, match="none of its rules loads"):
        asked_by(Judgement(signatures=(str(rules),)))
