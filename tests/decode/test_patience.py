"""How long an answer may take, where a protocol's own practice says so; in one batch and frame by frame alike."""

from __future__ import annotations

import struct

import pytest

from decode import feed
from decode.protocols import enip_octets as cip
from decode.protocols.profinet_octets import dcp, dcp_block, link
from decode.test_cuts import MILLI, SECOND, Moment, same, timed

BLOCK = cip.request(0x4D, cip.logical(0xA1, 1), bytes(64))
DONE = cip.reply(0x4D)


def outcomes(frames: list[Moment]) -> list[str]:
    rows = same(frames, [-1])["operations"]
    return sorted(row.partition("'outcome': '")[2].partition("'")[0] for row in rows)


@pytest.mark.parametrize(
    ("after", "ended"), [(16 * SECOND, ["ok", "ok"]), (30 * SECOND + MILLI, ["no-answer", "ok", "ok"])]
)
def test_a_controller_may_check_its_new_firmware_before_it_answers(after: int, ended: list[str]) -> None:
    """Half a minute, as Logix messages wait; what comes later is an answer without a request."""
    connection = feed.Tcp(cip.PORT)
    for context in (b"one", b"two"):
        connection.segment(feed.CLIENT, cip.unconnected(BLOCK, context=context))
        connection.segment(feed.SERVER, cip.unconnected(DONE, context=context))
    assert outcomes(timed(connection, 0, MILLI, SECOND, SECOND + after)) == ended


@pytest.mark.parametrize(
    ("factor", "after", "ended"),
    [
        (1, 9 * SECOND, ["ok", "ok"]),
        (1, 11 * SECOND, ["ok", "unknown"]),
        (0x1900, 70 * SECOND, ["ok", "ok"]),
        (0x1900, 75 * SECOND, ["ok", "unknown"]),
        (0xFFFF, 75 * SECOND, ["ok", "unknown"]),
    ],
)
def test_who_answers_a_group_may_take_the_time_that_the_question_gave(
    factor: int, after: int, ended: list[str]
) -> None:
    """A factor of 6400 spreads the answers over 64 s; one above what the standard has counts as that."""
    question = bytearray(dcp(0xFEFE, 5, 0, dcp_block(255, 255)))
    struct.pack_into(">H", question, 8, factor)
    answer = dcp(0xFEFF, 5, 1, dcp_block(2, 2, b"\0\0filler-io-2"))
    frames = [(0, link(bytes(question), group=True)), (after, link(answer, feed.SERVER))]
    assert outcomes(frames) == ended
