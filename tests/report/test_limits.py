from __future__ import annotations

from dataclasses import replace

from interlock.report.limits import limits_of, unnamed_services
from interlock.report.record import Report, Run
from interlock.report.relations import Relations


def test_unproven_names_are_counted(plant_report) -> None:
    assert {(s.protocol, s.basis) for s in unnamed_services(plant_report)} == {
        (None, "unknown"),
        ("rdp", "port"),
    }
    assert (
        limits_of(plant_report)[0] == "5 flows (1 % of the octets) are named by the port alone or not at all."
    )


def test_every_missing_field_is_counted(plant_report) -> None:
    without = sum(asset.firmware is None for asset in plant_report.assets)
    assert f"For {without} of 41 machines nothing showed its firmware." in limits_of(plant_report)


def test_what_was_folded_away_is_said(plant_report) -> None:
    report = replace(plant_report, relations=Relations(left_out=1_234))
    assert any("1,234 messages" in sentence for sentence in limits_of(report))


def test_what_the_inventory_had_no_room_for_is_said(plant_report) -> None:
    sentences = limits_of(replace(plant_report, beyond={"senders": 990_000, "strangers": 1, "facts": 7}))
    assert any(s.startswith("990,000 machines that merely sent, and") for s in sentences)
    assert "1 public address is not drawn: those seen most are." in sentences
    assert not any("facts" in s or "address was forgotten" in s for s in sentences)


def test_even_an_empty_run_has_limits() -> None:
    assert len(limits_of(Report(run=Run(version="0", sources=())))) == 2
