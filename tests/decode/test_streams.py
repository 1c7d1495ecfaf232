"""TCP as captures have it: out of order, twice, overlapping, with holes, joined late."""

from __future__ import annotations

import pytest

from decode import feed
from decode.wire import answer, decode, ipv4, read, segment, shape


def _frame(side: int, payload: bytes, seq: int, flags: int = 0x18) -> bytes:
    return feed.ethernet(
        ipv4(segment(side, payload, seq=seq & 0xFFFFFFFF, flags=flags), side=side), 0x0800, side=side
    )


def _answer(n: int = 1) -> bytes:
    return _frame(1, answer(n, 7), 5000 + 11 * (n - 1))


def _syn(seq: int = 999) -> bytes:
    return _frame(0, b"", seq, 2)


def _objects(rows: feed.Rows) -> list[tuple[str | None, str]]:
    return [(r["object"], r["outcome"]) for r in rows["operations"]]


def test_out_of_order_and_retransmitted() -> None:
    r = read()
    frames = [_syn(), _frame(0, r[8:], 1008), _frame(0, r[:8], 1000), _frame(0, r, 1000), _answer()]
    rows = decode(frames)
    assert _objects(rows) == [("holding:10", "ok")]
    assert (rows["flows"][0]["retransmissions"], rows["flows"][0]["gaps"]) == (1, 0)


def test_what_came_first_wins_where_segments_overlap() -> None:
    r, other = read(), read(address=99)
    rows = decode([_syn(), _frame(0, r[:10], 1000), _frame(0, other[4:], 1004), _answer()])
    assert _objects(rows) == [("holding:10", "ok")]


def test_messages_behind_a_hole_are_decoded() -> None:
    late = segment(1, answer(3, 7), seq=5011, ack=1036)  # the server has what the capture lacks
    frames = [_syn(), _frame(0, read(1), 1000), _answer(1), _frame(0, read(3, 30), 1024)]
    rows = decode([*frames, feed.ethernet(ipv4(late, side=1), 0x0800, side=1)])
    assert _objects(rows) == [("holding:10", "ok"), ("holding:30", "ok")]
    assert rows["flows"][0]["gaps"] == 1


def test_joined_midstream() -> None:
    rows = decode([_frame(0, read(), 77000), _answer()])
    assert _objects(rows) == [("holding:10", "ok")]
    assert rows["flows"][0]["state"] == "midstream"


def test_reused_ports_are_two_flows() -> None:
    first = [_syn(), _frame(0, read(), 1000), _answer(), _frame(0, b"", 1012, 0x14)]
    rows = decode([*first, _syn(89999), _frame(0, read(2, 20), 90000), _frame(1, answer(2, 7), 700)])
    assert _objects(rows) == [("holding:10", "ok"), ("holding:20", "ok")]
    assert len({f["flow"] for f in rows["flows"]}) == 2


def test_sequence_numbers_wrap() -> None:
    start = (1 << 32) - 6
    frames = [_syn(start - 1), _frame(0, read(), start), _answer(), _frame(0, read(2, 20), start + 12)]
    rows = decode([*frames, _answer(2)])
    assert _objects(rows) == [("holding:10", "ok"), ("holding:20", "ok")]
    assert rows["flows"][0]["gaps"] == 0


def test_syn_with_fin_opens_nothing() -> None:
    rows = decode([_frame(0, b"", 5, 3), _syn(), _frame(0, read(), 1000), _answer()])
    assert _objects(rows) == [("holding:10", "ok")]
    assert len(rows["flows"]) == 1


@pytest.mark.parametrize("batch", [1, 7])
def test_batches_do_not_matter(batch: int) -> None:
    frames = [_syn()]
    for n in range(1, 21):
        r = read(n, n)
        seq = 1000 + 12 * (n - 1)
        frames += [_frame(0, r[5:], seq + 5), _frame(0, r[:5], seq), _answer(n)]
    whole, split = decode(frames), decode(frames, batch=batch)
    assert len(whole["operations"]) == 20
    assert {r["outcome"] for r in whole["operations"]} == {"ok"}
    assert shape(split) == shape(whole)


def test_realms_keep_the_same_addresses_apart() -> None:
    frames = [f for f in (_syn(), _frame(0, read(), 1000), _answer()) for _ in (0, 1)]
    rows = decode(frames, realms=("a", "b"), source=[0, 1] * 3)
    assert sorted((r["realm"], r["outcome"]) for r in rows["operations"]) == [("a", "ok"), ("b", "ok")]
    assert len({f["flow"] for f in rows["flows"]}) == 2
