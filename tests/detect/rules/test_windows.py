from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.detect.batch import Batch
from interlock.detect.rules.floods import few_cells, flood_of
from interlock.detect.rules.model import Correlation
from interlock.detect.rules.windows import MAX_GROUPS, MAX_SLOTS, Windows

from ..rows import batch  # noqa: TID252 - the room's own rows

quickly = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _told(windows: Windows) -> tuple[int, dict[tuple[str, ...], dict[int, list[Any]]]]:
    left_out, groups = windows.state()
    return left_out, {tuple(key): dict(slots) for key, slots in groups}


CELL = st.tuples(
    st.sampled_from("abc"), st.integers(0, 70), st.sampled_from(["", "x.pcap"]), st.integers(1, 40)
)


@quickly
@given(st.lists(st.lists(CELL, min_size=1, max_size=60), min_size=1, max_size=6))
def test_a_flood_poured_at_once_comes_out_as_cell_by_cell(
    drawn: list[list[tuple[str, int, str, int]]],
) -> None:
    wanted = Correlation(kind="event_count", rules=("r",), timespan_s=20, least=100)
    one, other = Windows(wanted), Windows(wanted)
    for times, cells in enumerate(drawn):
        rows = [
            {"client": key, "source": source, "at": number, "frame": 10 * times + n + 1}
            for key, number, source, count in cells
            for n in range(count)
        ]
        held = Batch("operations", batch("operations", rows))
        flood = flood_of(held, ("client",), one.slot_ns)
        assert len(flood) == len(flood.ranks) == flood.starts[-1]
        assert list(few_cells(held, ("client",), one.slot_ns)) == list(flood.cells())
        list(one.pour(flood))
        list(other.flood(flood.cells()))
        taken = [[(key, slot.state()) for key, slot in windows.ripe()] for windows in (one, other)]
        assert taken[0] == taken[1]
        assert _told(one) == _told(other)
        assert one._slots == other._slots
        assert one._totals == other._totals


def test_where_there_is_no_room_cells_are_counted_in_their_order() -> None:
    wanted = Correlation(kind="event_count", rules=("r",), timespan_s=20, least=100)
    rows = [{"client": f"c{n}", "at": n % 7, "frame": n + 1} for n in range(MAX_GROUPS + 9)]
    flood = flood_of(Batch("operations", batch("operations", rows)), ("client",), 10**9)
    one, other = Windows(wanted), Windows(wanted)
    for windows, cells in ((one, one.pour(flood)), (other, other.flood(flood.cells()))):
        for _ in cells:
            list(windows.ripe())
    assert one.left_out == other.left_out == 9
    assert _told(one) == _told(other)
    assert len(flood) < MAX_SLOTS
