from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.report.quantities import (
    clock_text,
    duration_text,
    iso_time,
    octets_text,
    parse_time,
    percent_text,
)

YEAR_1_TO_9999 = st.integers(-62_135_596_800 * 10**9, 253_402_300_800 * 10**9 - 1)


@given(YEAR_1_TO_9999)
def test_times_come_back(time: int) -> None:
    assert parse_time(iso_time(time)) == time


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_arrow_timestamp_has_a_text(time: int) -> None:
    assert len(iso_time(time)) == 30
    assert clock_text(time).endswith(" UTC")


def test_iso_time_has_nine_digits() -> None:
    assert iso_time(1_714_543_200_000_000_001) == "2024-05-01T06:00:00.000000001Z"


@given(st.text(max_size=40))
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text + "x")


@pytest.mark.parametrize(
    "text",
    ["2024-13-01T00:00:00.000000000Z", "2024-05-01T00:00:00.00000000²Z", "2024-05-01T00:00:00.+00000001Z"],
)
def test_look_alikes_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (80_000_000, "80 ms"),
        (1_250_000_000, "1.25 s"),
        (65 * 10**9, "1 min 5 s"),
        (3 * 86_400 * 10**9, "3 d"),
        (93_600 * 10**9, "1 d 2 h"),
    ],
)
def test_durations(duration: int, text: str) -> None:
    assert duration_text(duration) == text


@given(st.integers(0, 2**63))
def test_sizes_and_durations_never_fail(number: int) -> None:
    assert octets_text(number)[-1] == "B"
    assert duration_text(number)


def test_sizes() -> None:
    assert [octets_text(n) for n in (0, 999, 999_999, 3_210_000, 10**15)] == [
        "0 B",
        "999 B",
        "1 MB",
        "3.21 MB",
        "1,000 TB",
    ]
    assert percent_text(0.954) == "95 %"
