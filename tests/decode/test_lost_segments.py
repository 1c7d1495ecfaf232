"""Segments that the capture never saw: what follows them keeps its own frame, and answers find their requests."""

from __future__ import annotations

from decode.feed import CLIENT, SERVER, Tcp, run
from decode.protocols.s7_octets import item, read, read_answer, s7any

LOST = 7
"""Octets of the transport's own acknowledgement that a filtered capture leaves out."""


def _frames(*, lost: int) -> list[bytes]:
    connection = Tcp(102)
    connection.open()
    for k in range(6):
        connection.segment(CLIENT, read(k, s7any(2, 1, 0x83, 8 * k)))
        connection.segment(SERVER, read_answer(k, item(4, bytes([k]))))
        connection.sequence[CLIENT] += lost
        connection.sequence[SERVER] += lost // 2
    return connection.frames


def test_requests_behind_a_hole_are_paired_and_keep_their_frames() -> None:
    rows = run(_frames(lost=LOST))
    assert [(r["frame"], r["response_frame"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        (4 + 2 * k, 5 + 2 * k, f"MB{k}", "ok") for k in range(6)
    ]
    assert {r["latency"] for r in rows["operations"]} == {1_000_000}
    assert rows["flows"][0]["gaps"] == 10


def test_reordered_segments_count_in_the_frame_that_fills_the_hole() -> None:
    frames = _frames(lost=0)
    rest = frames[4:]
    late = Tcp(102)
    late.open()
    late.segment(CLIENT, read(0, s7any(2, 1, 0x83, 0))[:10])
    late.segment(CLIENT, read(0, s7any(2, 1, 0x83, 0))[10:])
    first, second = late.frames[3:]
    rows = run([*frames[:3], second, first, *rest])
    assert (rows["operations"][0]["frame"], rows["operations"][0]["outcome"]) == (5, "ok")
