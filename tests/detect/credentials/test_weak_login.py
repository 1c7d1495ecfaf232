from __future__ import annotations

import pytest
from tests.detect.rows import findings, knowing

from interlock.detect.credentials.weak_login import WeakLogin
from interlock.records.asset import Asset

ROW = {"user": "eng", "protocol": "ftp", "scheme": "user-password", "outcome": "ok"}


@pytest.mark.parametrize("strength", ["empty", "same-as-user", "short", "common"])
def test_each_weakness_of_each_account_is_one_finding(strength: str) -> None:
    rows = [{**ROW, "strength": strength, "user": user} for user in ("eng", "eng", "ops")]
    first, second = findings(WeakLogin(), credentials=rows)
    assert {first.count, second.count} == {1, 2}
    assert "password" in first.title


def test_anonymous_needs_no_secret() -> None:
    (finding,) = findings(WeakLogin(), credentials=[{**ROW, "scheme": "anonymous", "user": "ftp"}])
    assert "lets anybody in" in finding.title


@pytest.mark.parametrize(
    "row",
    [
        {"strength": None},
        {"strength": "short", "outcome": "refused"},
        {"strength": "same-as-user", "known": "default"},
        {"scheme": "anonymous", "outcome": "refused"},
    ],
)
def test_silent(row: dict) -> None:
    assert findings(WeakLogin(), credentials=[{**ROW, **row}]) == ()


def test_a_machines_own_name_is_a_weak_secret() -> None:
    machine = Asset(id="a", realm="default", ips=("10.0.0.2",), vendor="Acme Pumps", serial="SN-4711")
    for secret, many in (("acme", 1), ("sn-4711", 1), ("Kx7-something", 0)):
        row = {**ROW, "fingerprint": f"mark of {secret}"}
        detector = _fresh()
        detector.load(WeakLogin().dump())  # its key is no memory
        found = findings(detector, knowing(machine), credentials=[row])
        assert len(found) == many, secret
    assert findings(_fresh(), credentials=[{**ROW, "fingerprint": "mark of acme"}]) == ()


def _fresh() -> WeakLogin:
    detector = WeakLogin()
    detector.keyed_by(lambda octets: f"mark of {octets.decode()}")
    return detector
