"""Suricata's own tests say how many alerts it gives: rules that are in force here give as many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from suricata_against import cases_below, compare, expected

FOLDER = Path(os.environ.get("INTERLOCK_CAPTURES", "captures"))
KNOWN = [pytest.param(*both, id=both[0].name) for both in cases_below(FOLDER)]


@pytest.mark.skipif(not KNOWN, reason=f"no tests of Suricata in {FOLDER}")
@pytest.mark.parametrize(("test", "capture"), KNOWN)
def test_as_many_alerts_as_suricata(test, capture):
    differing = [one for one in compare(test, FOLDER, capture) if not one.refused and not one.counted]
    assert not differing


def test_only_checks_of_this_version_count(tmp_path):
    (tmp_path / "test.yaml").write_text("""checks:
  - filter: {requires: {lt-version: 8}, count: 4, match: {event_type: alert, alert.signature_id: 1}}
  - filter: {requires: {min-version: 8}, count: 8, match: {event_type: alert, alert.signature_id: 1}}
  - filter: {count: 2, match: {event_type: alert, alert.signature_id: 2, modbus.id: 7}}
  - filter: {count: 3, match: {event_type: modbus}}
""")
    assert expected(tmp_path) == {1: (4, True), 2: (2, False)}
