from __future__ import annotations

import pytest

from interlock.detect.dcp_change import DcpChange
from interlock.detect.interface import Context
from interlock.records.site_text import load_site

from .rows import START, findings

SET = {
    "protocol": "profinet-dcp",
    "verb": "configure",
    "client": "00:1b:1b:00:00:09",
    "server": "00:1b:1b:00:00:02",
}


@pytest.mark.parametrize(
    ("what", "severity"), [("name-of-station", "high"), ("ip-parameter", "medium"), (None, "high")]
)
def test_fires(what: str | None, severity: str) -> None:
    (finding,) = findings(DcpChange(), operations=[{**SET, "object": what}])
    assert finding.severity == severity
    assert finding.machines == (SET["client"], SET["server"])


@pytest.mark.parametrize(
    "row", [{"verb": "discover"}, {"verb": "identify"}, {"verb": "read"}, {"protocol": "cip"}]
)
def test_silent_for_questions_and_other_protocols(row: dict) -> None:
    assert findings(DcpChange(), operations=[{**SET, **row}]) == ()


def test_a_named_engineering_station_is_a_change() -> None:
    site = load_site(f'[[engineering_stations]]\naddress = "{SET["client"].upper().replace(":", "-")}"\n')
    (finding,) = findings(
        DcpChange(), Context(site=site, now=START), operations=[{**SET, "object": "name-of-station"}]
    )
    assert (finding.kind, finding.severity) == ("change", "low")


def test_pending_and_final_rows_count_once() -> None:
    rows = [{**SET, "outcome": "pending"}, SET, {**SET, "operation": 2}]
    (finding,) = findings(DcpChange(), operations=rows)
    assert finding.count == 2
