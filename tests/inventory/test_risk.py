from __future__ import annotations

from dataclasses import replace

from interlock.inventory import risk
from interlock.records.asset import Asset, Proof
from interlock.records.finding import Finding

PLC = Asset(id="a", realm="r", role="plc")


def exposed(asset, *kinds):
    proofs = tuple(
        Proof(value=k, protocol="p", source="s", frame=1, confidence=0.9, first=1, last=1, note=f"{k}.")
        for k in kinds
    )
    return replace(asset, provenance=(("exposure", proofs),))


def finding(severity, assets=("a",), confidence=1.0, **more):
    return Finding(
        id="f",
        detector="d",
        version=1,
        kind="alert",
        severity=severity,
        confidence=confidence,
        title=f"A {severity} thing",
        explanation="",
        time=0,
        last=0,
        count=1,
        assets=assets,
        **more,
    )


def test_nothing_known_is_no_risk():
    assert risk(PLC) == risk(PLC, [])
    assert (risk(PLC).score, risk(PLC).reasons) == (0, ())


def test_the_score_is_the_sum_of_its_sentences():
    judged = risk(exposed(PLC, "open-control", "internet"), [finding("high", confidence=0.8)])
    assert judged.score == sum(int(r.split(":")[0]) for r in judged.reasons) == 20 + 15 + 10 + 20 + 10
    assert judged.reasons[0].startswith("+20: ")


def test_findings_of_others_and_accepted_ones_add_nothing():
    assert risk(PLC, [finding("critical", ("b",)), finding("critical", accepted="known")]).score == 0


def test_more_severe_is_more_and_the_score_ends_at_100():
    scores = [risk(PLC, [finding(s)]).score for s in ("info", "low", "medium", "high", "critical")]
    assert scores == sorted(scores)
    assert scores[0] == 0
    assert risk(PLC, [finding("critical")] * 9).score == 100


def test_harm_depends_on_the_role():
    clerk, safety = replace(PLC, role="workstation"), replace(PLC, role="safety-controller")
    assert (
        risk(clerk, [finding("high")]).score
        < risk(PLC, [finding("high")]).score
        < risk(safety, [finding("high")]).score
    )


def test_unsupported_systems():
    assert risk(replace(PLC, os="Windows XP")).score == 25
    assert risk(replace(PLC, os="Windows 11")).score == 0
    assert risk(replace(PLC, os="Windows 10 or later")).score == 0
