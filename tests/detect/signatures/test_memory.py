"""What rules remember over a restart, how often they speak, and what people say of variables."""

from __future__ import annotations

import gc
import weakref

import pytest

from detect.signatures.engine.test_engine import matchers, tcp
from detect.signatures.rows import batch
from interlock.bootstrap.signatures import build_signatures, check_signatures
from interlock.detect.interface import Context
from interlock.detect.signatures.detector import Signatures
from interlock.detect.signatures.language.thresholds import read_thresholds
from interlock.detect.signatures.language.variables import Variables, read_variables
from interlock.errors import ConfigError, SourceError

ANY = "alert tcp-pkt any any -> any any"
NS = 1_000_000_000


def said(detector, *rows):
    """How often each rule speaks of a batch, by its number."""
    return [hit.number for hit in detector.engine.judge(batch(list(rows))) if hit.speaks]


def again(detector):
    """The same rules after a restart."""
    fresh = Signatures(detector.engine.matchers)
    fresh.load(detector.dump())
    return fresh


def test_marks_of_a_conversation_are_there_after_a_restart():
    rules = matchers(
        f'{ANY} (content:"login"; flowbits:set,in; flowbits:noalert; sid:1;)',
        f'{ANY} (content:"stop"; flowbits:isset,in; sid:2;)',
    )
    detector = Signatures(rules)
    assert said(detector, tcp(b"login", time=NS)) == []
    same = again(detector)
    assert said(same, tcp(b"stop", flow=77, time=3 * NS)) == [1], "the same ends, another number"
    other = again(detector)
    assert said(other, tcp(b"stop", flow=77, client_port=1026, time=3 * NS)) == []
    late = again(detector)
    assert said(late, tcp(b"stop", flow=77, time=400 * NS)) == []
    twice = again(again(detector))
    assert said(twice, tcp(b"stop", flow=9, time=3 * NS)) == [1], "what was not met again is kept"


def test_counts_and_marks_of_machines_are_there_after_a_restart():
    rules = matchers(
        f'{ANY} (content:"x"; threshold:type threshold,track by_both,count 3,seconds 60; sid:1;)',
        f'{ANY} (content:"set"; xbits:set,seen,track ip_pair,expire 30; noalert; sid:2;)',
        f'{ANY} (content:"ask"; xbits:isset,seen,track ip_pair; sid:3;)',
    )
    detector = Signatures(rules)
    assert (
        said(detector, tcp(b"x", time=NS), tcp(b"x", time=2 * NS, frame=2), tcp(b"set", time=2 * NS, frame=3))
        == []
    )
    same = again(detector)
    assert said(same, tcp(b"x", time=4 * NS, flow=5)) == [0]
    assert said(same, tcp(b"ask", time=5 * NS, flow=6, client_port=9)) == [2]
    assert said(again(detector), tcp(b"ask", time=40 * NS, flow=6)) == []


@pytest.mark.parametrize(
    ("kind", "count", "expected"),
    [
        ("limit", 1, [0, 3]),
        ("both", 2, [1, 4]),
        ("threshold", 2, [1, 4]),
        ("detection_filter", 2, [2, 5]),
    ],
)
def test_the_last_moment_of_so_many_seconds_is_one_of_them(kind, count, expected):
    """As Suricata 7 has it: hits at 0, 30 and 60 s lie in the same 60 seconds."""
    how = f"threshold:type {kind}" if kind != "detection_filter" else kind
    sep = "," if kind != "detection_filter" else ":"
    rules = matchers(f'{ANY} (content:"x"; {how}{sep}track by_src,count {count},seconds 60; sid:1;)')
    times = [0, 30, 60, 61, 91, 121]
    rows = [tcp(b"x", time=time * NS, frame=n + 1) for n, time in enumerate(times)]
    hits = list(Signatures(rules).engine.judge(batch(rows)))
    assert [hit.row for hit in hits if hit.speaks] == expected


def test_a_state_that_is_none_changes_nothing():
    detector = Signatures(matchers(f'{ANY} (content:"x"; sid:1;)'))
    good = detector.dump()
    for wrong in (
        good.replace(b'"marks":[]', b'"marks":[[1]]'),
        good.replace(b'"latest":0', b'"latest":"x"'),
        b"{}",
    ):
        with pytest.raises(SourceError):
            detector.load(wrong)
    detector.load(good.replace(b'"own":{', b'"owns":{').replace(b'"asked"', b'"own":null,"asked"'))
    assert not list(detector.conclude(Context()))


def limited(rules, text):
    detector = Signatures(matchers(*rules))
    detector.engine.memory.limits = read_thresholds([("threshold.conf", text)], Variables())
    return detector


def test_lists_say_of_whom_rules_are_silent():
    rule = f'{ANY} (content:"x"; flowbits:set,a; sid:7;)'
    for text, speaks in (
        ("suppress gen_id 1, sig_id 7", False),
        ("suppress gen_id 1, sig_id 8", True),
        ("suppress gen_id 0, sig_id 0, track by_src, ip 10.0.0.0/24", False),
        ("suppress gen_id 1, sig_id 0, track by_dst, ip [10.0.0.64/26, 192.0.2.1]", True),
        ("suppress gen_id 1, sig_id 7, \\\n  track by_either, ip $HOME_NET", False),
    ):
        detector = limited([rule], text)
        assert bool(said(detector, tcp(b"x"))) == speaks, text
        assert detector.engine.memory.marks, "what follows from a hit follows all the same"


def test_lists_say_how_often_rules_speak():
    own = f'{ANY} (content:"x"; threshold:type limit,track by_src,count 2,seconds 60; sid:7;)'
    free = f'{ANY} (content:"x"; sid:8;)'
    rows = [tcp(b"x", frame=k, time=k * NS, flow=k) for k in range(1, 5)]
    one = "threshold gen_id 1, sig_id 7, type limit, track by_src, count 1, seconds 60\n"
    every = "event_filter gen_id 0, sig_id 0, type limit, track by_rule, count 3, seconds 60\n"
    assert said(limited([own, free], ""), *rows).count(0) == 2
    assert said(limited([own, free], one), *rows).count(0) == 1, (
        "a line that names the rule holds against its own words"
    )
    counts = said(limited([own, free], every), *rows)
    assert (counts.count(0), counts.count(1)) == (2, 3), "one for all rules does not"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("suppres gen_id 1, sig_id 7", ":1:1: suppres"),
        ("# a\nsuppress gen_id 1, sig_id x", ":2:1: sig_id"),
        ("suppress gen_id 1, sig_id 7, track by_src", ":1:1: suppress"),
        ("threshold gen_id 1, sig_id 7, type often, track by_src, count 1, seconds 1", ":1:1: threshold"),
        ("rate_filter gen_id 1, sig_id 7, track by_src, count 1, seconds 1, new_action drop, timeout 3", "take the"),
        ("suppress gen_id 1, sig_id 7, track by_src, ip 10.0.0.300", "no address"),
    ],
)  # fmt: skip
def test_wrong_lines_are_named(text, place):
    with pytest.raises(ConfigError, match="threshold") as caught:
        read_thresholds([("threshold.conf", text)], Variables())
    assert place in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "HOME_NET = 10.1.0.0/16\nMODBUS_PORTS = [502,5020]",
        'vars:\n  address-groups:\n    HOME_NET: "[10.1.0.0/16]"\n  port-groups:\n    MODBUS_PORTS: "[502,5020]"',
        "$HOME_NET = [10.1.0.0/16] # the plant\nMODBUS_PORTS: [502, 5020]",
    ],
)
def test_variables_of_people(text, tmp_path):
    variables = read_variables([("variables.conf", text)])
    rule = 'alert tcp $EXTERNAL_NET any -> $MODBUS_SERVER $MODBUS_PORTS (msg:"a"; flags:S; sid:1;)'
    (one,) = matchers(rule)
    ends = variables.ends(one.signature.header)
    assert ends.target_ports.ranges == ((502, 502), (5020, 5020))
    assert (10 << 24 | 1 << 16 | 5) in ends.targets
    assert (192 << 24 | 168 << 16 | 5) in ends.sources, "what is not home is outside"
    (tmp_path / "a.rules").write_text(rule)
    (tmp_path / "variables.conf").write_text(text)
    (tmp_path / "threshold.conf").write_text("suppress gen_id 1, sig_id 4\n")
    detector = build_signatures((str(tmp_path),), print)
    assert detector.engine.traits[0].ends == ends
    notes = check_signatures(str(tmp_path), lambda *_: None, lambda: 0.0).notes
    assert any("no rule is 1:4" in note for note in notes)


@pytest.mark.parametrize(
    "text", ["HOME_NET", "HOME_NET = 10.0.0.0/99", "A_PORTS = 99999", "HOME_NET = $HOME_NET"]
)
def test_wrong_variables_are_named(text):
    with pytest.raises(ConfigError, match="variables"):
        read_variables([("variables.conf", text)])


def test_what_was_in_force_before_is_given_back():
    """Its marks go on; its rules and databases must not stay with them, swap after swap."""
    rules = matchers(*(f'alert tcp any any -> any any (content:"never{k}"; sid:{k};)' for k in range(1, 40)))
    known = Signatures(rules)
    list(known.feed(batch([tcp(b"never1", "segment")]), Context()))
    gone = []
    for _ in range(3):
        fresh = Signatures(matchers('alert tcp any any -> any any (content:"never1"; sid:1;)'))
        fresh.follow(known)
        list(fresh.feed(batch([tcp(b"never1", "segment", flow=2)]), Context()))
        gone += [weakref.ref(known.engine), weakref.ref(known.engine.screen)]
        known = fresh
    del fresh
    gc.collect()
    assert [one() for one in gone] == [None] * 6
