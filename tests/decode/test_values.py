"""The sheet of process values by itself: what a row says of the device's own clock."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from interlock.decode.cursor import Cursor
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
    rows, numbers, _, _ = sheet.end_batch()
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
