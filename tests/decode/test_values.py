"""The sheet of process values by itself: what a row says of the device's own clock."""

from __future__ import annotations

import numpy as np

from interlock.decode.messages import Messages
from interlock.decode.values import NO_TIME, REPORTED, ValueSheet


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
