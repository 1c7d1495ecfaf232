"""Findings with and without everything."""

from __future__ import annotations

from interlock.export.finding_message import Committed
from interlock.records.finding import Action, Evidence, Finding

__all__ = ["committed", "finding"]


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
