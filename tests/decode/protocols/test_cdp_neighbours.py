"""CDP shares its group address, and so its flow, with other announcements of the same vendor."""

from __future__ import annotations

import struct

import pytest

from decode.feed import ethernet, run

GROUP = bytes.fromhex("01000ccccccc")
SNAP = bytes.fromhex("aaaa0300000c")


def announcement(kind: int) -> bytes:
    body = SNAP + struct.pack(">HBBH", kind, 2, 180, 0) + struct.pack(">HH", 1, 8) + b"core"
    return ethernet(body, len(body), target=GROUP)


@pytest.mark.parametrize("kind", [0x0111, 0x2003, 0x2004])
def test_udld_vtp_and_dtp_in_a_flow_of_cdp_are_not_cdp(kind):
    rows = run([announcement(0x2000), announcement(kind)])
    assert [row["frame"] for row in rows["operations"]] == [1]
    assert [clue["frame"] for clue in rows["clues"] if clue["field"] == "name"] == [1]
    assert rows["oddities"] == []
