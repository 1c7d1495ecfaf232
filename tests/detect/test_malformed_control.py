from __future__ import annotations

from interlock.detect.interface import Context
from interlock.detect.malformed_control import MalformedControl

from .rows import START, concluded, findings


def test_fires_above_the_noise() -> None:
    (finding,) = findings(MalformedControl(), oddities=[{}] * 3, operations=[{}] * 100)
    assert (finding.severity, finding.count) == ("medium", 3)


def test_who_sends_it_to_everybody_looks_for_somebody() -> None:
    rows = [{"server": "10.0.0.255", "at": n} for n in range(5)]
    (finding,) = findings(MalformedControl(), oddities=rows)
    assert finding.techniques[0] == "T0846"
    (finding,) = findings(MalformedControl(), oddities=[{**row, "server": "10.0.0.2"} for row in rows])
    assert finding.techniques[0] == "T0814"


def test_many_kinds_of_violation_are_what_a_fuzzer_does() -> None:
    (finding,) = findings(MalformedControl(), oddities=[{"oddity": f"rule-{n}"} for n in range(6)])
    assert finding.severity == "high"


def test_silent_below_the_noise_and_for_other_protocols_and_for_the_captures_own_faults() -> None:
    assert findings(MalformedControl(), oddities=[{}] * 2) == ()
    assert findings(MalformedControl(), oddities=[{}] * 5, operations=[{}] * 1000) == ()
    assert findings(MalformedControl(), oddities=[{"protocol": "http"}] * 50) == ()
    assert findings(MalformedControl(), oddities=[{"oddity": "stream-gap"}] * 50) == ()


def test_frames_that_may_be_empty_break_no_rule() -> None:
    assert (
        findings(MalformedControl(), oddities=[{"protocol": "dlms", "oddity": "information-empty"}] * 50)
        == ()
    )


def test_many_fire_even_where_they_are_few_beside_the_messages() -> None:
    (finding,) = findings(MalformedControl(), oddities=[{}] * 20, operations=[{}] * 3000)
    assert finding.severity == "low"


def test_withheld_where_frames_are_missing() -> None:
    context = Context(now=START, health={"a.pcap": frozenset({"gaps"})})
    conclusion = concluded(MalformedControl(), {"oddities": [{}] * 9}, context)
    assert conclusion.findings == ()
    assert [(w.source, w.condition, w.count) for w in conclusion.withheld] == [("a.pcap", "gaps", 1)]


def test_a_whole_capture_still_speaks_where_another_has_gaps() -> None:
    context = Context(now=START, health={"a.pcap": frozenset({"gaps"})})
    rows = [{}] * 9 + [{"source": "b.pcap"}] * 4
    (finding,) = concluded(MalformedControl(), {"oddities": rows}, context).findings
    assert finding.count == 4
    assert [e.source for e in finding.evidence] == ["b.pcap"]
