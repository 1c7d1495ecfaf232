"""Lists in the form of suricata-update: what each line does, and that a wrong or useless one is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.signatures.language.lexer import Line, rule_lines
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.packs.choosing import chosen
from interlock.detect.signatures.packs.lists import KINDS, read_lists
from interlock.errors import ConfigError

HEAD = "alert tcp any any -> any any"
ONE = f'{HEAD} (msg:"Heartbleed"; content:"a"; metadata: deployment Perimeter, x y; sid:1; rev:2;)'
TWO = (
    f'{HEAD} (msg:"b"; threshold: type limit, track by_src, count 1, seconds 60; content:"a"; gid:3; sid:2;)'
)
QUIET = f'{HEAD} (msg:"c"; content:"a"; flowbits:set,x; noalert; sid:3;)'


def on(kind: str, line: str, rule: str, file: str = "sub/emerging-dos.rules.xz", *, enabled: bool = True):
    return read_lists([(kind, "l.conf", line)]).applied(Line(1, rule, enabled), file).line


@pytest.mark.parametrize(
    "condition",
    [
        *("1", "1:1", "1:1:2", "7, 1", "1:1:2,9", "*", "re:heartBLEED", "re: content.*sid:1;"),
        *("group:emerging-dos", "group:emerging-dos.rules", "group:emerging*", "emerging-dos.rules"),
        *("filename:sub/*.rules.xz", "metadata: deployment perimeter", "metadata:X Y", "1 # not here"),
    ],
)
def test_a_condition_that_is_for_a_rule(condition):
    assert not on("disable", f"# said\n\n  {condition}  \n", ONE).enabled
    assert on("enable", condition, ONE, enabled=False).enabled


@pytest.mark.parametrize(
    "condition",
    [
        *(
            "2",
            "3:1",
            "1:1:3",
            "11",
            "re:heartbleeds",
            "group:dos",
            "group:sub/emerging-dos.rules",
            "filename:*.conf",
        ),
        *("metadata: deployment peri", "metadata:deployment perimeters", "metadata: perimeter deployment"),
    ],
)
def test_a_condition_that_is_for_others(condition):
    assert on("disable", condition, ONE).enabled


def test_a_rule_without_gid_has_1_and_others_their_own():
    assert on("disable", "2", TWO).enabled
    assert not on("disable", "3:2", TWO).enabled


def test_what_is_modified_and_dropped():
    assert "seconds 3600)" in on("modify", r'3:2 "seconds \d+" "seconds 3600)"', TWO).text
    assert on("modify", r'* "^(alert)(.*)" "drop\\2"', ONE).text == ONE.replace("alert", "drop")
    assert on("modify", 'modifysid 1 "^alert(.*)rev:2" | "drop${1}rev:9"', ONE).text.endswith("rev:9;)")
    assert on("drop", "re:.", ONE).text == ONE.replace("alert", "drop")
    assert on("drop", "re:.", QUIET).text == QUIET


def test_lists_are_applied_in_their_order():
    texts = [
        ("modify", "m", '1 "^drop" "reject"'),
        ("drop", "d", "1"),
        ("enable", "e", "1"),
        ("disable", "x", "*"),
    ]
    line = read_lists(texts).applied(Line(1, ONE, enabled=True), "a.rules").line
    assert (line.enabled, line.text) == (True, ONE.replace("alert", "reject"))


@pytest.mark.parametrize(
    ("kind", "text", "where"),
    [
        ("disable", "\n  foo", "l.conf:2:3: 'foo' names no rules"),
        ("enable", "re:(a", "l.conf:1:4: '(a' is no expression"),
        ("disable", "group:", "l.conf:1:7: nothing stands behind group:"),
        ("drop", "metadata: x", "l.conf:1:1: expected: metadata: KEY VALUE"),
        ("modify", '1 "a"', 'l.conf:1:1: expected: condition "from" "to"; found 2 words'),
        ("modify", '1 "(a" "b"', "l.conf:1:4: '(a' to 'b': missing )"),
        ("modify", r'1 "a" "\\2"', "l.conf:1:5: 'a' to '\\\\2': invalid group reference"),
        ("modify", '1 "a', "l.conf:1:1: no closing quotation"),
        ("modify", 'x "a" "b"', "l.conf:1:1: 'x' names no rules"),
    ],
)
def test_a_wrong_line_is_named(kind, text, where):
    with pytest.raises(ConfigError) as caught:
        read_lists([(kind, "l.conf", text)])
    assert str(caught.value).startswith(where)


def test_lines_without_effect_are_said():
    lists = read_lists(
        [
            ("disable", "d", "9\n2\n1"),
            ("enable", "e", "3"),
            ("drop", "x", "3"),
            ("modify", "m", '1 "zz" "y"\n1 "content" "Content"'),
        ]
    )
    for line in rule_lines(f"{ONE}\n{TWO}\n{QUIET}"):
        lists.applied(line, "a.rules")
    assert list(lists.without_effect()) == [
        "d:1: no rule is 9; the line changes nothing",
        "d:2: no rule is 2; the line changes nothing",
        "e:1: changes nothing of the 1 rule that it is for: all of them were on",
        "x:1: changes nothing of the 1 rule that it is for: all of them drop already, or never speak",
        "m:1: changes nothing of the 1 rule that it is for: what it looks for is in none of them",
    ]


def test_a_rule_that_a_list_would_break_stays_as_it_was():
    told = []
    lists = read_lists([("modify", "m.conf", '1 "content" "warp"')])
    ((line, read),) = chosen("a.rules", ONE, lists, Variables(), told.append)
    assert (line.text, read.refusal) == (ONE, None)
    assert told == [
        "m.conf:1: would break a rule, which stays as it was (a.rules:1: rule 1 is refused: warp: is not supported)"
    ]


@given(st.sampled_from(KINDS), st.text(max_size=60))
def test_no_text_does_anything_else(kind, text):
    try:
        lists = read_lists([(kind, "l.conf", text)])
    except ConfigError as error:
        said = str(error)
    else:
        said = "l.conf:"
        assert isinstance(lists.applied(Line(1, ONE, enabled=True), "a.rules").line, Line)
    assert said.startswith("l.conf:")
