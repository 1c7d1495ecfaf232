"""Findings with and without everything."""

from __future__ import annotations

from interlock.export.finding_message import Committed
from interlock.records.finding import Action, Evidence, Finding
from interlock.records.incident import Incident, Step

__all__ = ["committed", "finding", "incident"]


def finding(number: int = 1, **changes) -> Finding:
    said = {
        "id": f"5f0d9a53-1f51-5a3c-9a57-{number:012x}",
        "detector": "controller-change",
        "version": 1,
        "kind": "alert",
        "severity": "high",
        "confidence": 0.9,
        "title": f"Program of PLC {number} changed",
        "explanation": "10.0.0.5 wrote program blocks.\nNo work order covers it.",
        "time": 1_790_000_000_000_000_001,
        "last": 1_790_000_060_123_456_789,
        "count": 3,
        "realm": "cell1",
        "machines": ("10.0.0.5", "10.0.0.9", "10.0.0.10", "10.0.0.11"),
        "assets": ("a1",),
        "evidence": (Evidence(source="hall-3:eth1", frames=(17, 18), total=2),),
        "techniques": ("T0843",),
        "requirements": ("IEC 62443-3-3 SR 2.1",),
        "actions": (Action(text="Compare the program with the released one.", risk="none"),),
        "data": (("blocks", "3"),),
    }
    return Finding(**{**said, **changes})


def committed(number: int = 1, **changes) -> Committed:
    return Committed(number, finding(number, **changes))


def incident(number: int = 1, **changes) -> Incident:
    step = Step(
        finding=finding(number).id,
        detector="controller-change",
        severity="high",
        title="Program changed",
        time=1_790_000_000_000_000_001,
        last=1_790_000_060_123_456_789,
        count=3,
        machines=("10.0.0.5", "10.0.0.9"),
        techniques=("T0843",),
        tactic="lateral-movement",
        consequence="program or firmware",
    )
    said = {
        "id": f"5f0d9a53-1f51-5a3c-9a58-{number:012x}",
        "rank": 3,
        "consequence": "program or firmware",
        "severity": "high",
        "title": f"Program of PLC {number} changed; 2 findings along one path",
        "could": "From now on PLC 1 does what its new program says.",
        "story": "2026-09-21 14:13:20 UTC: Program changed. What could happen: much.",
        "news": "new: Program changed",
        "time": step.time,
        "last": step.last,
        "count": 3,
        "realm": "cell1",
        "actor": "10.0.0.5",
        "machines": step.machines,
        "tactics": ("lateral-movement",),
        "techniques": ("T0843",),
        "findings": (step.finding,),
        "steps": (step,),
    }
    return Incident(**{**said, **changes})
