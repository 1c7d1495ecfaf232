"""Findings of one cause and of machines that nobody knows: one with a count, whoever forges their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.detect.batch import Batch
from interlock.detect.crowds import MOST_ALONE, MOST_GRAVE_ALONE
from interlock.detect.forged_senders import LEAST
from interlock.detect.interface import Context
from interlock.detect.rules.detector import Rules
from interlock.detect.rules.reading import read_rules
from interlock.detect.runner import Runner
from interlock.records.site_text import load_site

from .rows import START, batch
from .taught import made

if TYPE_CHECKING:
    from interlock.detect.rules.model import Rule
    from interlock.records.finding import Finding

NAMED = "02:00:00:00:00:07"
GROUP = "01:0e:cf:00:00:00"
SITE = load_site(f'[[engineering_stations]]\naddress = "{NAMED}"\nname = "station"\n')
CONTEXT = Context(site=SITE, now=START)
TEXT = """\
title: Everybody is asked
name: asked
logsource: {category: ot_operation}
detection:
  asked: {protocol: profinet-dcp, verb: discover}
  condition: asked
level: low
tags: [attack.t0846]
interlock: {says: "{client} asks everybody"}
"""
RULES = read_rules([("t.yml", TEXT)]).rules
GRAVE = read_rules([("t.yml", TEXT.replace("level: low", "level: high"))]).rules


def asked(senders: int) -> list[dict[str, Any]]:
    """Each asks every PROFINET device who it is; one of them is in the site file."""
    rows = [
        {
            "at": 0.01 * n, "client": f"02:00:00:00:{n >> 8:02x}:{n & 255:02x}", "server": GROUP,
            "protocol": "profinet-dcp", "verb": "discover", "function_name": "Identify", "outcome": "ok",
        }
        for n in range(senders)
    ]  # fmt: skip
    return [{**row, "frame": n + 1, "operation": n} for n, row in enumerate(rows)]


def told(
    rows: list[dict[str, Any]], pieces: int, *, restart: bool = False, rules: tuple[Rule, ...] = RULES
) -> tuple[list[Finding], list[Finding]]:
    """What is found as rows come, in so many batches, and what of them is concluded."""
    runner, found = Runner([Rules(rules)]), []
    size = -(-len(rows) // pieces)
    for begin in range(0, len(rows), size):
        found += runner.feed("operations", batch("operations", rows[begin : begin + size]), CONTEXT)
        if restart:
            blob, runner = runner.state(), Runner([Rules(rules)])
            runner.restore(blob)
    concluded = runner.conclude(CONTEXT)
    assert concluded.diagnostics == ()
    return found, list(concluded.findings)


@pytest.mark.parametrize("senders", [MOST_ALONE + 2, 1_500])
def test_a_crowd_of_strangers_is_one_finding_beside_who_is_named(senders: int) -> None:
    _, concluded = told(asked(senders), 3)
    crowd, alone = sorted(concluded, key=lambda finding: -finding.count)
    assert (crowd.count, alone.count, alone.machines) == (senders - 1, 1, (NAMED, GROUP))
    assert f"{senders - 2} more" in crowd.title
    assert 0 < len(crowd.machines) <= 50
    assert NAMED not in crowd.machines
    assert (crowd.kind, crowd.severity, crowd.techniques) == (alone.kind, alone.severity, alone.techniques)
    assert crowd.last - crowd.time == round((senders - 1) * 10**7)


def test_a_hundred_are_told_one_by_one() -> None:
    _, concluded = told(asked(MOST_ALONE + 1), 2)
    assert len(concluded) == MOST_ALONE + 1
    assert {finding.count for finding in concluded} == {1}


@pytest.mark.parametrize("more", [1, 30])
def test_what_is_grave_hides_behind_no_few_forged_ones(more: int) -> None:
    found, concluded = told(asked(MOST_GRAVE_ALONE + more), 7, rules=GRAVE)
    assert sum(finding.count == 1 for finding in found) >= MOST_GRAVE_ALONE
    assert len(concluded) == (MOST_GRAVE_ALONE + 1 if more == 1 else 2)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 60), st.booleans())
def test_as_they_come_a_crowd_is_said_when_it_has_doubled(pieces: int, restart: bool) -> None:
    senders = 700
    found, concluded = told(asked(senders), pieces, restart=restart)
    assert found == told(asked(senders), pieces)[0]
    one_by_one = {
        finding.id for finding in found if finding.count == 1 and "more of whom" not in finding.title
    }
    crowd = [finding for finding in found if "more of whom" in finding.title]
    assert len(one_by_one) == MOST_ALONE + 1
    assert 1 <= len(crowd) <= (senders - MOST_ALONE).bit_length() + 1
    assert len({finding.id for finding in crowd}) == 1
    assert crowd[0].id in {finding.id for finding in concluded}
    assert sum(finding.count for finding in concluded) == senders


def sent(makers: int, per_minute: int) -> Batch:
    """Senders of so many makers, each once."""
    rows = [
        {
            "at": 60.0 * n / per_minute,
            "client_mac": f"00:{maker >> 8:02x}:{maker & 255:02x}:00:{n >> 8:02x}:{n & 255:02x}",
        }
        for n in range(300)
        for maker in [n % makers]
    ]
    return Batch("flows", batch("flows", [{"first_frame": n + 1, **row} for n, row in enumerate(rows)]))


@pytest.mark.parametrize(
    ("makers", "per_minute", "found"), [(300, 6_000, True), (60, 6_000, False), (300, LEAST - 30, False)]
)
def test_senders_are_forged_where_hundreds_have_makers_of_their_own(
    makers: int, per_minute: int, *, found: bool
) -> None:
    runner = Runner([made("forged-senders")])
    runner.feed("flows", sent(makers, per_minute), CONTEXT)
    findings = runner.conclude(CONTEXT).findings
    assert [finding.count for finding in findings] == [300] * found
    assert all("T0814" in finding.techniques for finding in findings)
