from __future__ import annotations

import pytest

from interlock.detect.clear_credentials import ClearCredentials

from .rows import findings, with_roles


def test_a_login_in_clear_fires_and_names_the_account() -> None:
    (finding,) = findings(
        ClearCredentials(), credentials=[{"user": "admin"}, {"user": "op", "client": "10.0.0.8"}]
    )
    assert finding.severity == "medium"
    assert finding.count == 2
    assert "admin" in finding.explanation
    assert "10.0.0.8" in finding.machines


@pytest.mark.parametrize("row", [{"scheme": "anonymous"}, {"scheme": "community", "known": "default"}])
def test_silent_where_no_secret_crosses_or_another_detector_says_it(row: dict) -> None:
    assert findings(ClearCredentials(), credentials=[row]) == ()


@pytest.mark.parametrize(
    ("row", "severity"),
    [
        ({"known": "default"}, "high"),
        ({"known": "empty"}, "high"),
        ({"outcome": "refused"}, "low"),
        ({"scheme": "community", "protocol": "snmp"}, "low"),
        ({"protocol": "s7comm", "scheme": "user-password"}, "high"),
    ],
)
def test_severity(row: dict, severity: str) -> None:
    (finding,) = findings(ClearCredentials(), credentials=[row])
    assert finding.severity == severity


def test_a_plant_device_is_graver() -> None:
    (finding,) = findings(ClearCredentials(), with_roles(_10_0_0_2="plc"), credentials=[{}])
    assert finding.severity == "high"
    assert finding.assets == ("id-_10_0_0_2",)


def test_the_fingerprint_does_not_leave_the_table() -> None:
    (finding,) = findings(ClearCredentials(), credentials=[{"fingerprint": "0123456789abcdef", "user": "x"}])
    assert "0123456789abcdef" not in repr(finding)
