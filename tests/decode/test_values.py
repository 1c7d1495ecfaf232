"""The sheet of process values by itself: what a row says of the device's own clock."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.cursor import Cursor
from interlock.decode.emit import _octets
from interlock.decode.messages import Messages
from interlock.decode.values import NO_TIME, REPORTED, ValueSheet
from interlock.errors import DecodeError


def test_a_device_time_belongs_to_one_block_and_is_missing_elsewhere() -> None:
    messages, sheet = Messages(), ValueSheet()
    messages.bind(np.zeros(8, np.uint8))
    messages.append(0, 0, 0, 0, 8, 1_000, 1, 0)
    for number in (1.0, 2.0):
        row = sheet.block(messages, 0, 0, 0, -1, -1, REPORTED, -1)
        sheet.number(number)
    sheet.set_device_time(row, 1_700_000_000_000_000_000)
    rows, numbers, *_ = sheet.end_batch()
    assert rows["device_time"].tolist() == [NO_TIME, 1_700_000_000_000_000_000]
    assert numbers.tolist() == [1.0, 2.0]


def test_numbers_with_something_else_between_them() -> None:
    sheet, cursor = ValueSheet(), Cursor()
    octets = struct.pack(">iIiI", -5, 1, 7, 2)
    cursor.bind(memoryview(octets))
    cursor.begin(0, len(octets))
    sheet.every_other(cursor, 2)
    assert sheet.end_batch()[1].tolist() == [-5.0, 7.0]
    assert cursor.left() == 0
    cursor.begin(0, len(octets) - 1)
    with pytest.raises(DecodeError, match="truncated"):
        sheet.every_other(cursor, 2)


def _blocks(sheet: ValueSheet, count: int) -> None:
    messages = Messages()
    messages.bind(np.zeros(8, np.uint8))
    messages.append(0, 0, 0, 0, 8, 1_000, 1, 0)
    for _ in range(count):
        sheet.block(messages, 0, 0, 0, -1, -1, REPORTED, -1)


@pytest.mark.parametrize("count", [200, 1000, 3000])
def test_what_a_batch_took_out_stays_as_it_was(count: int) -> None:
    """The columns of many blocks are handed over, not copied: the next batch must write to others."""
    sheet = ValueSheet()
    _blocks(sheet, count)
    first, *_ = sheet.end_batch()
    held = {name: column.copy() for name, column in first.items()}
    _blocks(sheet, count)
    sheet.set_quality(0, 7)
    sheet.set_device_time(count - 1, 5)
    second, *_ = sheet.end_batch()
    assert all((column == held[name]).all() for name, column in first.items())
    assert {len(column) for column in first.values()} == {count}
    assert (second["quality"][0], second["device_time"][-1]) == (7, 5)


@given(
    st.lists(
        st.tuples(st.none() | st.binary(max_size=300), st.booleans(), st.none() | st.binary(max_size=9)),
        max_size=60,
    )
)
def test_each_block_has_the_octets_that_it_was_given_last_however_they_came(
    blocks: list[tuple[bytes | None, bool, bytes | None]],
) -> None:
    sheet, cursor = ValueSheet(), Cursor()
    for _ in range(2):  # what one batch held is not in the next one
        given_last: list[bytes | None] = []
        for row, (octets, taken, late) in enumerate(blocks):
            _blocks(sheet, 1)
            given_last.append(octets)
            if octets is not None and taken:
                cursor.bind(memoryview(octets))
                cursor.begin(0, len(octets))
                sheet.take_raw(row, cursor, len(octets))
                assert cursor.left() == 0
            elif octets is not None:
                sheet.set_raw(row, octets)
            if late is not None:
                sheet.set_raw(row // 2, late)
                given_last[row // 2] = late
        rows, _, _, octets_of, kept_apart = sheet.end_batch()
        column = _octets(rows["raw_size"], octets_of, kept_apart)
        column.validate(full=True)
        assert column.to_pylist() == given_last


def test_octets_that_are_not_all_there_are_not_taken() -> None:
    sheet, cursor = ValueSheet(), Cursor()
    _blocks(sheet, 1)
    cursor.bind(memoryview(b"ab"))
    cursor.begin(0, 2)
    with pytest.raises(DecodeError, match="truncated"):
        sheet.take_raw(0, cursor, 3)
    assert sheet.end_batch()[0]["raw_size"].tolist() == [-1]
