"""Lines of the diary from what workers say: once each, counts added up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.pipeline.sensor.logbook import PAUSE_NS, Logbook
from interlock.pipeline.sensor.steps import WorkerNote
from interlock.pipeline.sensor.stream import Step

if TYPE_CHECKING:
    from interlock.store.port import Entry

BEGIN = 1_800_000_000_000_000_000


class Clock:
    now = BEGIN

    def __call__(self) -> int:
        return self.now


def figures(state: str = "up", dropped: int = 0, back: int = 0, forward: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "source": {"name": "eth1", "realm": "default"},
            "statistics": {"dropped": dropped, "steps_back": back, "steps_forward": forward},
            "link": {"state": state, "since": BEGIN},
        }
    ]


def made() -> tuple[Logbook, list[Entry], Clock]:
    lines: list[Entry] = []
    clock = Clock()
    return Logbook(lines.append, clock), lines, clock


def said(book: Logbook, **note: Any) -> None:
    book.told([Step(now=None, batches={})], [WorkerNote(worker=0, **note)], live=True)


def test_an_interface_that_goes_and_comes_is_two_lines() -> None:
    book, lines, _ = made()
    for state in ("up", "up", "gone", "gone", "up", "up"):
        said(book, figures=figures(state))
    assert [(e.event, e.source) for e in lines] == [("interface-gone", "eth1"), ("interface-back", "eth1")]


def test_drops_that_go_on_are_a_line_a_minute_with_all_that_came_since() -> None:
    book, lines, clock = made()
    for dropped in (5, 7, 7, 20):
        said(book, figures=figures(dropped=dropped))
        clock.now += PAUSE_NS // 4
    clock.now += PAUSE_NS
    book.say()
    assert [e.count for e in lines] == [5, 15]
    assert {e.event for e in lines} == {"dropped"}


def test_rows_left_out_are_said_by_table() -> None:
    book, lines, _ = made()
    book.told([Step(now=None, batches={}, shed={"values": 9, "operations": 2})], [], live=True)
    assert sorted((e.event, e.count) for e in lines) == [("shed", 2), ("shed", 9)]


def test_a_leap_of_time_stamps_is_said_and_ordinary_time_is_not() -> None:
    book, lines, _ = made()
    for back, forward in ((0, 0), (0, 1), (0, 1), (2, 1)):
        said(book, figures=figures(back=back, forward=forward))
    assert [(e.event, e.count) for e in lines] == [("clock-jump", 1), ("clock-jump", 2)]
