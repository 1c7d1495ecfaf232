from __future__ import annotations

import pytest

from interlock.detect.default_community import DefaultCommunity

from .rows import findings

PUBLIC = {"protocol": "snmp", "scheme": "community", "known": "default"}


@pytest.mark.parametrize(
    ("outcome", "severity", "kind"),
    [("ok", "high", "weakness"), ("unknown", "medium", "weakness"), ("refused", "low", "alert")],
)
def test_fires_by_what_the_machine_answered(outcome: str, severity: str, kind: str) -> None:
    (finding,) = findings(DefaultCommunity(), credentials=[{**PUBLIC, "outcome": outcome}])
    assert (finding.severity, finding.kind) == (severity, kind)
    assert finding.techniques[0] == "T0812"


@pytest.mark.parametrize(
    "row", [{**PUBLIC, "known": None}, {**PUBLIC, "known": "short"}, {"known": "default"}]
)
def test_silent_for_other_secrets(row: dict) -> None:
    assert findings(DefaultCommunity(), credentials=[row]) == ()


def test_one_finding_per_server_whoever_asks() -> None:
    rows = [{**PUBLIC, "client": f"10.0.0.{n}"} for n in range(20, 30)]
    (finding,) = findings(DefaultCommunity(), credentials=rows)
    assert finding.count == 10


def test_an_answer_to_the_request_itself_accepts_the_community() -> None:
    asked = [{**PUBLIC, "outcome": "unknown"}]
    answer = {"protocol": "snmp", "verb": "read", "outcome": "ok"}
    assert findings(DefaultCommunity(), credentials=asked, operations=[answer])[0].severity == "high"
    for other in ({"client": "10.0.0.77"}, {"outcome": "no-answer"}, {"protocol": "modbus"}):
        assert (
            findings(DefaultCommunity(), credentials=asked, operations=[{**answer, **other}])[0].severity
            == "medium"
        )
