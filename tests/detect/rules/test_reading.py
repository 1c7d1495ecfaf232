"""Rules from text: what is taken, and what is said of the rest and where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.detect.rules.places import MAX_OCTETS, read_documents
from interlock.detect.rules.reading import read_rules

RULE = """\
title: A stop
name: a-stop
id: 5f0d9a53-1f51-4a3c-9a57-6f4f2c9d1e10
logsource:
  category: ot_operation
detection:
  stop:
    verb: [stop, reset]
    protocol|startswith: s7
  hmi:
    client_role: hmi
  condition: stop and not hmi
level: high
tags: [attack.t0858]
interlock:
  says: "{client} stops {server}"
  requirements: [SR 2.1]
"""
COUNTED = """\
---
title: Many stops
name: many-stops
correlation:
  type: event_count
  rules: [a-stop]
  group-by: [client]
  timespan: 10m
  condition: {gte: 5}
level: critical
"""


def said(text: str) -> list[str]:
    return [str(problem) for problem in read_rules([("r/a.yml", text)]).problems]


def test_a_rule_is_read_whole() -> None:
    reading = read_rules([("r/a.yml", RULE)], origin="r")
    assert reading.problems == ()
    (rule,) = reading.rules
    assert (rule.name, rule.table, rule.severity, rule.origin) == ("a-stop", "operations", "high", "r")
    assert rule.test == ("and", ("in", "verb", "stop", "reset"), ("begins", "protocol", "s7"))
    assert rule.late == ("not", ("in", "client_role", "hmi"))
    assert (rule.techniques, rule.requirements) == (("T0858",), ("IEC 62443-3-3 SR 2.1",))
    assert rule.early
    assert rule.alone


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("verb:", "verbs:", "r/a.yml:8:5: 'verbs' is no field of ot_operation; did you mean 'verb'?"),
        ("verb:", "verb|gtr:", "r/a.yml:8:5: 'gtr' is no modifier here; did you mean 'gt'?"),
        ("level: high", "level: hgh", "r/a.yml:13:1: the level is 'hgh'; expected one of: informational"),
        ("level: high\n", "", "r/a.yml:1:1: the level is missing; expected one of"),
        ("title: A stop\n", "", "r/a.yml:1:1: the title is missing; expected one line of text"),
        ("ot_operation", "ot_operations", "r/a.yml:5:3: the log source's category is 'ot_operations'; did you mean"),
        ("stop and not hmi", "stop and not hmis", "r/a.yml:12:3: is no Sigma: "),
        ("stop and not hmi", "stop and (", "r/a.yml:12:3: is no Sigma: "),
        ("condition: stop and not hmi", "condition: on", "r/a.yml:12:3: the condition is True; expected text"),
        ("  hmi:", "  off:", "r/a.yml:6:1: the name of a search is False; expected text"),
        ("verb: [", "verb: [[", "is not YAML"),
        ("tags:", "tgas:", "r/a.yml:14:1: 'tgas' is no key of a rule; did you mean 'tags'?"),
        ("says:", "say:", "r/a.yml:16:3: 'say' is no key of `interlock`; did you mean 'says'?"),
        ("{server}", "{sever}", "r/a.yml:16:3: {sever} tells nothing; did you mean 'server'?"),
        ("id: 5f0d9a53", "id: zz", "r/a.yml:3:1: is no Sigma: "),
        ("verb: [stop, reset]", "client|cidr: 10.0.0/8", "r/a.yml:8:5: is no Sigma: "),
        ("verb: [stop, reset]", "object|re: '(a'", "r/a.yml:8:5: is no Sigma: "),
        ("verb: [stop, reset]", "count: many", "r/a.yml:8:5: count is a number and is compared with 'many'"),
        ("verb: [stop, reset]", "verb|gt: 5", "r/a.yml:8:5: verb is text, which is not larger or smaller"),
        ("verb: [stop, reset]", "in_window: soon", "r/a.yml:8:5: in_window is asked for 'soon'"),
        ("verb: [stop, reset]", "verb: stop\n    verb: reset", "r/a.yml:9:5: the key 'verb' stands here"),
        ("[stop, reset]", "[stop, restet]", "r/a.yml:8:18: 'restet' is no word of 'verb'; did you mean 'reset'?"),
        ("[stop, reset]", "delete", "r/a.yml:8:5: 'delete' is no word of 'verb'; did you mean"),
        ("verb: [stop, reset]", "verb: st*pp", "r/a.yml:8:5: 'st*pp' is no word of 'verb'; did you mean"),
        ("verb: [stop, reset]", "verb|startswith: pg-", "'pg-' is no word of 'verb'; expected one of"),
        ("verb: [stop, reset]", "outcome: refuse", "r/a.yml:8:5: 'refuse' is no word of 'outcome'; did you mean"),
        ("client_role: hmi", "client_role: hmi\n    unit: 1", "r/a.yml:13:3: a role or safety field stands"),
        ("verb: [stop, reset]", "object|fieldref: count", "r/a.yml:8:5: 'count' is no column that 'object' can be"),
        ("    verb: [stop, reset]\n    protocol|startswith: s7", "    - stop", "r/a.yml:8:7: 'stop' stands without a"),
        ("requirements:", "per: [clint]\n  requirements:", "r/a.yml:17:9: 'clint' is no column; did you mean"),
        ("requirements:", "per: [server]\n  requirements:", "r/a.yml:17:3: asks for the role of the client"),
        ("requirements: [SR 2.1]", "actions: [look]", "r/a.yml:17:13: expected `text` (what to do) and `risk`"),
        ("requirements: [SR 2.1]", "kind: alarm", "r/a.yml:17:3: the kind is 'alarm'; did you mean"),
        ("requirements: [SR 2.1]", "confidence: 2", "r/a.yml:17:3: the confidence is 2; expected a number from 0 to 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, told: str) -> None:
    assert old in RULE
    reading = read_rules([("r/a.yml", RULE.replace(old, new, 1))])
    assert reading.rules == ()
    assert reading.errors
    first = str(reading.errors[0])
    assert told in first
    assert first.startswith("r/a.yml:")


@pytest.mark.parametrize(
    "asks", ["verb: STOP", "verb: program-*", "verb|endswith: -write", "outcome: ok", "verb:"]
)
def test_a_closed_set_of_words_is_asked_for_as_sigma_compares(asks: str) -> None:
    assert read_rules([("r/a.yml", RULE.replace("verb: [stop, reset]", asks, 1))]).problems == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[a-stop]", "[a-stpo]", "there is no plain rule 'a-stpo'"),
        ("[a-stop]", "[]", "it counts no rule"),
        ("{gte: 5}", "{lt: 5}", "expected `gte` or `gt` and a whole number"),
        ("event_count", "value_count", "r/a.yml:26:3: is no Sigma: "),
        ("event_count", "value_sum", "the type is 'value_sum'"),
        ("10m", "10x", "is no Sigma: "),
        ("10m", "90d", "the timespan is not from a second to 31 days"),
        ("[client]", "[clint]", "'clint' is no column; did you mean 'client'?"),
        ("[client]", "[server]", "'a-stop' asks for the role of the client; expected it in group-by"),
        ("group-by", "groupby", "'groupby' is no key of a correlation; did you mean 'group-by'?"),
    ],
)
def test_what_is_wrong_with_a_correlation_is_said(old: str, new: str, told: str) -> None:
    reading = read_rules([("r/a.yml", RULE + COUNTED.replace(old, new, 1))])
    assert [rule.name for rule in reading.rules] == ["a-stop"]
    assert any(told in str(problem) for problem in reading.errors), reading.errors
    assert reading.rules[0].alone


def test_what_a_correlation_counts_keeps_silent_unless_it_says_generate() -> None:
    counted = read_rules([("a.yml", RULE + COUNTED)])
    assert {rule.name: rule.alone for rule in counted.rules} == {"a-stop": False, "many-stops": True}
    both = read_rules([("a.yml", RULE + COUNTED.replace("type:", "generate: true\n  type:"))])
    assert all(rule.alone for rule in both.rules)


def test_one_wrong_rule_leaves_the_others_in_force() -> None:
    texts = [("a.yml", RULE), ("b.yml", "]["), ("c.yml", RULE.replace("a-stop", "c").replace("5f0d", "6f0d"))]
    reading = read_rules(texts)
    assert [rule.name for rule in reading.rules] == ["a-stop", "c"]
    assert [problem.place.file for problem in reading.errors] == ["b.yml"]


def test_a_second_rule_of_the_same_id_or_name_is_refused() -> None:
    assert "has the id of the rule" in said(RULE + "---\n" + RULE.replace("a-stop", "other"))[0]
    assert "has the name of the rule" in said(RULE + "---\n" + RULE.replace("5f0d", "6f0d"))[0]


def test_a_rule_that_is_off_is_noted_and_not_in_force() -> None:
    reading = read_rules([("a.yml", RULE + "status: unsupported\n")])
    assert (reading.rules, reading.errors) == ((), ())
    assert reading.off == ("5f0d9a53-1f51-4a3c-9a57-6f4f2c9d1e10",)


@pytest.mark.parametrize(
    ("search", "leaf"),
    [
        ("object: '*'", ("not", ("null", "object"))),
        ("object: DB1*", ("begins", "object", "db1")),
        ("object: '*1'", ("ends", "object", "1")),
        ("object|contains|all: [a, B]", ("and", ("has", "object", "a"), ("has", "object", "b"))),
        ("object|cased: Ab", ("cased", "object", "Ab")),
        ("object: 'a?c*d'", ("re", "object", "^(?:a.c.*d)$", "is")),
        ("object|re|i: 'a+'", ("re", "object", "a+", "i")),
        ("object: null", ("null", "object")),
        ("object|exists: false", ("null", "object")),
        ("object: ''", ("in", "object", "")),
        ("unit: 7", ("in", "unit", "7")),
        ("count|gte: 5", ("number", "count", ">=", 5)),
        ("count|neq: 5", ("not", ("number", "count", "==", 5))),
        ("count: '0x10'", ("number", "count", "==", 16)),
        ("client|cidr: 10.0.0.0/8", ("cidr", "client", "10.0.0.0/8")),
        ("client|fieldref: server", ("same", "client", "server")),
        ("in_window: false", ("not", ("flag", "in_window"))),
        ("user: [a, B, a]", ("in", "user", "a", "b")),
    ],
)
def test_every_way_to_ask_becomes_a_leaf(search: str, leaf: tuple[object, ...]) -> None:
    text = RULE.replace("verb: [stop, reset]\n    protocol|startswith: s7", search).replace(
        " and not hmi", ""
    )
    reading = read_rules([("a.yml", text)])
    assert reading.problems == ()
    assert reading.rules[0].test == leaf


def test_yaml_that_would_grow_without_bound_is_refused() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    documents, problems = read_documents(bomb, file="b.yml")
    assert documents == []
    assert "alias" in str(problems[0])
    assert read_documents("x" * (MAX_OCTETS + 1), file="b.yml")[1]
    assert read_documents("[" * 5_000, file="b.yml")[1]


@pytest.mark.parametrize(
    ("word", "where"), [("level: high", "level"), ("category: ot_operation", "category")]
)
@pytest.mark.parametrize("instead", ["[high]", "{high: 1}", "4", "[[a], {b: c}]"])
def test_a_list_or_table_instead_of_a_word_is_a_problem_with_its_place(
    word: str, where: str, instead: str
) -> None:
    assert word in RULE
    reading = read_rules([("x.yml", RULE.replace(word, f"{where}: {instead}"))])
    assert not reading.rules
    assert any(where in problem.text for problem in reading.problems)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_rules_or_problems(text: str) -> None:
    read_rules([("x.yml", text)])


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(RULE + COUNTED)), st.integers(0, 12), st.text(alphabet="ab:[]{}|'*&\n- 1", max_size=8)
)
def test_any_change_of_a_rule_gives_rules_or_problems(at: int, cut: int, put: str) -> None:
    whole = RULE + COUNTED
    reading = read_rules([("x.yml", whole[:at] + put + whole[at + cut :])])
    assert all(problem.place.line >= 1 for problem in reading.problems)
