"""What is counted of the records that pass."""

from __future__ import annotations

from interlock.pipeline.sensor.gauge import Gauge
from interlock.pipeline.sensor.stream import Step

from .some_batches import operations


def _counted(*rows: dict) -> dict[str, int]:
    gauge = Gauge(version="1", sensor="a", clock=lambda: 1)
    gauge.told([Step(now=1, batches={"operations": operations(list(rows))})], [], live=True)
    return gauge.figures().operations


def test_an_operation_counts_once_by_its_protocol() -> None:
    rows = [{"items": 2}, {"item": 1, "items": 2}, {"protocol": "s7comm", "operation": 2}]
    assert _counted(*rows) == {"modbus": 1, "s7comm": 1}


def test_a_pending_row_is_followed_by_the_one_that_counts() -> None:
    assert _counted({"outcome": "pending"}, {"outcome": "pending", "protocol": "cip"}, {}) == {"modbus": 1}
