from __future__ import annotations

import pytest

from interlock.records.counting import counted, times


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 queries"), (1, "1 query"), (2, "2 queries"), (12_480, "12,480 queries")]
)
def test_one_thing_is_one_and_thousands_are_parted(number: int, said: str) -> None:
    assert counted(number, "query", "queries") == said
    assert counted(number, "machine") == said.replace("queries", "machines").replace("query", "machine")


def test_what_happened_a_single_time_happened_once() -> None:
    assert [times(n) for n in (0, 1, 2, 1204)] == ["0 times", "once", "2 times", "1,204 times"]
