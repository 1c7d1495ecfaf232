"""Requests and answers find each other; what is never answered ends."""

from __future__ import annotations

import struct

from decode import feed
from decode.wire import answer, decode, read


def _outcomes(payloads: list[tuple[int, bytes]]) -> list[tuple[int | None, str]]:
    rows = feed.tcp(payloads, port=502)["operations"]
    return [(int(r["transaction"]), r["outcome"]) for r in rows]


def test_answers_in_another_order() -> None:
    asked = [(0, read(n)) for n in (1, 2, 3)]
    assert _outcomes([*asked, (1, answer(3, 7)), (1, answer(1, 7)), (1, answer(2, 7))]) == [
        (n, "ok") for n in (1, 2, 3)
    ]


def test_refused() -> None:
    refusal = struct.pack(">HHHBBB", 1, 0, 3, 1, 0x83, 2)
    rows = feed.tcp([(0, read()), (1, refusal)], port=502)["operations"]
    assert [(r["outcome"], r["code"]) for r in rows] == [("refused", 2)]


def test_an_answer_alone_is_an_orphan() -> None:
    rows = feed.tcp([(1, answer(9, 7))], port=502)["operations"]
    assert [(r["frame"], r["response_frame"], r["outcome"]) for r in rows] == [(None, 4, "ok")]


def test_the_newest_of_300_open_requests_finds_its_answer() -> None:
    found = _outcomes([*((0, read(n)) for n in range(300)), (1, answer(299, 7))])
    assert len(found) == 300
    assert [n for n, outcome in found if outcome == "ok"] == [299]
    assert {outcome for n, outcome in found if n != 299} == {"unknown"}


def test_no_answer_after_the_time_out_where_the_server_was_heard() -> None:
    pairs = [(0, read(1)), (1, answer(1, 7)), (0, read(2)), (0, read(3)), (0, read(4))]
    connection = feed.Tcp(502)
    connection.open()
    for side, payload in pairs:
        connection.segment(side, payload)
    n = len(connection.frames)
    time = [feed.START_NS + k * feed.STEP_NS for k in range(n)]
    time[-1] += 60_000_000_000
    rows = decode(connection.frames, time=time)["operations"]
    assert {int(r["transaction"]): r["outcome"] for r in rows} == {
        1: "ok",
        2: "no-answer",
        3: "no-answer",
        4: "unknown",
    }
