"""Detectors for tests of all of them: who learns has learned what is calm."""

from __future__ import annotations

import math
from typing import Any

from interlock.detect.batch import Batch
from interlock.detect.interface import Context, Learning
from interlock.detect.registry import DETECTORS

from .rows import MINUTE, START, batch
from .test_routed_control import ACROSS

CYCLE = {
    "client": "00:1b:1b:00:00:02", "server": "00:1b:1b:00:00:03", "transport": "eth/0x8892", "protocol": "profinet-rt",
    "server_port": None, "client_port": None, "state": None,
}  # fmt: skip
"""Two machines that exchange a message a second."""

__all__ = ["CYCLE", "calm", "made"]


def calm() -> dict[str, list[dict[str, Any]]]:
    """The hour before: one client reads one controller, and everything is as it should be."""
    hour = -3_600
    return {
        "operations": sorted(
            [
                *(
                    {"at": hour + 10 * n, "object": "holding:0", "unit": "1", "latency": 3_000_000}
                    for n in range(360)
                ),
                *({"at": hour + 60 * n, "client": "10.0.0.8", "server": "10.0.0.3"} for n in range(60)),
                *({**ACROSS, "at": hour + 60 * n, "verb": "write"} for n in range(60)),
            ],
            key=lambda row: row["at"],
        ),
        "values": [
            *(
                {"at": hour + 10 * n, "direction": "written", "object": "holding:4", "number": [6.0]}
                for n in range(360)
            ),
            *({"at": hour + 10 * n, "object": "input:9", "number": [0.37 * n, n % 11]} for n in range(360)),
        ],
        "flows": [
            {"at": hour, "last": START - MINUTE, "state": "established"},
            {**CYCLE, "at": hour, "last": START, "client_packets": 3600, "server_packets": 3600},
        ],
        "clues": [{"at": hour}],
    }


def _alike() -> dict[str, list[dict[str, Any]]]:
    """Before that half an hour of one number that two read of one machine."""
    return {
        "values": [
            {"at": n - 6_000, "object": "input:20", "number": [round(9 * math.sin(n / 70), 3)],
             "client": f"10.0.0.{who}"}
            for n in range(1_600)
            for who in ("8", "9")
        ]
    }  # fmt: skip


ALSO = {"twin-values": _alike()}
"""What some have learned besides."""


def made(name: str) -> Any:
    """A fresh detector; one that learns has learned what is calm."""
    detector = DETECTORS[name]()
    if isinstance(detector, Learning):
        for table, rows in [*ALSO.get(name, {}).items(), *calm().items()]:
            detector.learn(Batch(table, batch(table, rows)), Context(now=START))
        detector.know(detector.learned())
    return detector
