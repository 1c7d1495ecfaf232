"""What is counted of the records that pass."""

from __future__ import annotations

from export.readers import read_openmetrics
from interlock.export.prometheus import exposition
from interlock.pipeline.sensor.gauge import Gauge
from interlock.pipeline.sensor.steps import WorkerNote, note_octets, read_note
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


def _note(worker: int, *, wall: int = 7, drops: int = 0, since: int = 1, state: str = "up") -> WorkerNote:
    statistics = {"frames": 10, "wire_octets": 600, "dropped": drops}
    row = {
        "source": {"name": "eth1"},
        "statistics": statistics,
        "link": {"state": state, "since": since},
    }
    buffers = [("ring", "eth1", 3 + worker, 64), ("queue", None, 100, 1000), ("unsaved", None, 5, 50)]
    return read_note(
        note_octets(WorkerNote(worker=worker, figures=[row], buffers=buffers, wall=wall, frames=10))
    )


def test_how_full_things_are_is_said_of_each_worker_and_of_the_judge_in_the_order_of_the_way() -> None:
    gauge = Gauge(version="1", sensor="a", clock=lambda: 9)
    gauge.buffers.told([("held_findings", None, 1, 10), ("held_rows", None, 2, 20)], 9)
    gauge.told([], [_note(1)], live=True)
    gauge.told([], [_note(0), _note(1, wall=8)], live=True)
    assert [
        (b.name, b.unit, b.used, b.room, b.interface, b.worker, b.time) for b in gauge.figures().buffers
    ] == [
        ("ring", "blocks", 3, 64, "eth1", 0, 7),
        ("ring", "blocks", 4, 64, "eth1", 1, 8),
        ("queue", "octets", 100, 1000, None, 0, 7),
        ("queue", "octets", 100, 1000, None, 1, 8),
        ("unsaved", "octets", 5, 50, None, 0, 7),
        ("unsaved", "octets", 5, 50, None, 1, 8),
        ("held_rows", "octets", 2, 20, None, None, 9),
        ("held_findings", "findings", 1, 10, None, None, 9),
    ]


def test_a_note_without_figures_leaves_what_was_said_and_when() -> None:
    gauge = Gauge(version="1", sensor="a", clock=lambda: 9)
    gauge.told([], [_note(0), WorkerNote(worker=0, frames=1)], live=True)
    assert {b.time for b in gauge.figures().buffers} == {7}


def test_workers_that_share_an_interface_are_one_interface_for_people_and_prometheus() -> None:
    gauge = Gauge(version="1", sensor="a", clock=lambda: 9)
    gauge.told([], [_note(0, drops=2, since=3, state="gone"), _note(1, drops=5, since=2)], live=True)
    figures = gauge.figures()
    (one,) = figures.interfaces
    assert (one.name, one.packets, one.octets, one.drops, one.state) == ("eth1", 20, 1200, 7, "gone")
    assert figures.drops == 7
    families = read_openmetrics(exposition(figures, 9))  # which refuses the same series twice
    assert len(families["interlock_interface_packets"].samples) == 1
    assert len(families["interlock_buffer_used"].samples) == 6
