from __future__ import annotations

import pytest
from tests.detect.rows import findings, knowing

from interlock.detect.credentials.shared_secret import SharedSecret
from interlock.records.asset import Asset

REUSED = [
    {
        "server": f"10.0.0.{n}",
        "user": "eng",
        "fingerprint": "00ff00ff00ff00ff",
        "outcome": "ok",
        "strength": "common",
    }
    for n in (2, 3, 4)
]


def test_one_finding_per_secret_with_its_machines() -> None:
    (finding,) = findings(SharedSecret(), credentials=REUSED)
    assert "3 machines" in finding.title
    assert {"10.0.0.2", "10.0.0.3", "10.0.0.4"} <= set(finding.machines)


@pytest.mark.parametrize(
    "change", [{"outcome": "refused"}, {"fingerprint": None}, {"strength": "empty"}, {"server": "10.0.0.2"}]
)
def test_silent(change: dict) -> None:
    assert findings(SharedSecret(), credentials=[{**row, **change} for row in REUSED]) == ()


def test_one_machine_with_three_addresses_shares_nothing() -> None:
    one = Asset(id="a", realm="default", ips=("10.0.0.2", "10.0.0.3", "10.0.0.4"))
    assert findings(SharedSecret(), knowing(one), credentials=REUSED) == ()
