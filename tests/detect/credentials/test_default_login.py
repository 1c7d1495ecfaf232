from __future__ import annotations

import pytest
from tests.detect.rows import findings, knowing

from interlock.detect.credentials.default_login import DefaultLogin
from interlock.detect.credentials.makers import OTHER, PRODUCT, UNKNOWN, VENDOR, match
from interlock.records.asset import Asset

KNOWN = {
    "user": "USER",
    "known": "default",
    "default_of": "Schneider Electric/Modicon M340",
    "protocol": "ftp",
}
M340 = Asset(
    id="a",
    realm="default",
    ips=("10.0.0.2",),
    vendor="Schneider Electric",
    product="BMX P34 M340",
    role="plc",
)


@pytest.mark.parametrize(
    ("outcome", "severity", "kind"),
    [("ok", "critical", "weakness"), ("unknown", "high", "weakness"), ("refused", "medium", "alert")],
)
def test_graver_where_the_machine_took_its_own_default(outcome: str, severity: str, kind: str) -> None:
    (finding,) = findings(DefaultLogin(), knowing(M340), credentials=[{**KNOWN, "outcome": outcome}])
    assert (finding.severity, finding.kind) == (severity, kind)
    assert finding.techniques[0] == "T0812"
    assert ("match", PRODUCT) in finding.data


def test_milder_where_it_is_the_default_of_somebody_else() -> None:
    other = Asset(id="b", realm="default", ips=("10.0.0.2",), vendor="Moxa", role="plc")
    (finding,) = findings(DefaultLogin(), knowing(other), credentials=[{**KNOWN, "outcome": "ok"}])
    assert finding.severity == "high"
    assert finding.confidence < 0.8


def test_one_finding_per_account_whatever_its_case() -> None:
    rows = [{**KNOWN, "outcome": "ok", "user": user} for user in ("USER", "user", "admin")]
    assert len(findings(DefaultLogin(), credentials=rows)) == 2


@pytest.mark.parametrize(
    "row",
    [
        {"known": None, "default_of": None},
        {"scheme": "community"},
        {"scheme": "anonymous"},
        {"strength": "empty", "known": "empty", "default_of": "Moxa/EDS"},
    ],
)
def test_silent_for_what_others_say(row: dict) -> None:
    assert findings(DefaultLogin(), credentials=[{**KNOWN, **row}]) == ()


def test_an_empty_password_is_a_default_at_its_makers_machine() -> None:
    moxa = Asset(id="b", realm="default", ips=("10.0.0.2",), vendor="Moxa Inc.", product="EDS-508A")
    row = {**KNOWN, "strength": "empty", "known": "empty", "default_of": "Moxa/EDS", "outcome": "ok"}
    assert len(findings(DefaultLogin(), knowing(moxa), credentials=[row])) == 1


@pytest.mark.parametrize(
    ("told", "vendor", "product", "near"),
    [
        ("Siemens/LOGO!; Moxa/NPort 5000", "Moxa", "NPort 5110", PRODUCT),
        ("Siemens/LOGO!; Moxa/NPort 5000", "Siemens AG", "S7-1200", VENDOR),
        ("Rockwell Automation/MicroLogix 1400", "Allen-Bradley", "1766-L32BXB MicroLogix 1400", PRODUCT),
        ("WAGO/750", "WAGO Kontakttechnik", "750-841", PRODUCT),
        ("generic/network device", "Moxa", "EDS", OTHER),
        ("Siemens/LOGO!", None, None, UNKNOWN),
    ],
)
def test_how_close_a_machine_is(told: str, vendor: str | None, product: str | None, near: str) -> None:
    assert match(told, Asset(id="x", realm="default", vendor=vendor, product=product))[0] == near
