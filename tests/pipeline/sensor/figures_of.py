"""Figures in which every part says something."""

from __future__ import annotations

from interlock.pipeline.sensor.figures import (
    BudgetFigures,
    BufferFigures,
    Figures,
    Histogram,
    InterfaceFigures,
    OutletFigures,
    ProcessFigures,
)

__all__ = ["NOW", "figures"]

NOW = 1_790_000_000_123_456_789


def figures(**changes) -> Figures:
    record, finding = Histogram(), Histogram()
    record.add_all([90_000, 1_000_000, 3_000_000])
    finding.add_all([20_000_000, 40_000_000])
    said = {
        "version": "0.1.0",
        "sensor": "hall-3",
        "time": NOW,
        "started": NOW - 3_600_000_000_000,
        "capture_time": NOW - 2_000_000,
        "packets": 1_000_000,
        "octets": 90_000_000,
        "operations": {"modbus": 400_000, "s7comm": 20_000},
        "findings": 12,
        "severities": {"high": 1, "low": 3},
        "drops": 17,
        "shed": {"values": 5},
        "batches": 3600,
        "blind_ns": 1_500_000_000,
        "worker_restarts": 1,
        "flows": 210,
        "assets": 34,
        "processes": (
            ProcessFigures(name="judge", pid=101, rss_octets=210_000_000),
            ProcessFigures(name="worker eth1 0", pid=102),
        ),
        "budgets": (
            BudgetFigures(name="flows", used=150_000, budget=200_000, aged_out=12),
            BudgetFigures(name="reassembly_mib", used=0.125, budget=64),
        ),
        "buffers": (
            BufferFigures(
                name="ring", unit="blocks", used=1600, room=2048, time=NOW, interface="eth1", worker=0
            ),
            BufferFigures(
                name="ring", unit="blocks", used=2, room=2048, time=NOW, interface="eth2", worker=1
            ),
            BufferFigures(name="queue", unit="octets", used=1 << 20, room=32 << 20, time=NOW, worker=0),
            BufferFigures(name="unsaved", unit="octets", used=0, room=32 << 20, time=NOW, worker=0),
            BufferFigures(name="held_rows", unit="octets", used=0, room=64 << 20, time=NOW),
            BufferFigures(name="held_findings", unit="findings", used=0, room=100_000, time=NOW),
        ),
        "interfaces": (
            InterfaceFigures(
                name="eth1", state="up", since=NOW - 5, packets=999_000, octets=89_000_000, drops=17
            ),
            InterfaceFigures(name="eth2", state="gone", since=NOW - 9, packets=1_000, octets=1_000_000),
        ),
        "outlets": (
            OutletFigures(name="siem", delivered=12),
            OutletFigures(
                name="tickets", delivered=3, failures=4, waiting=9, failing_since=NOW - 60_000_000_000
            ),
        ),
        "record_latency": record,
        "finding_latency": finding,
    }
    return Figures(**{**said, **changes})
