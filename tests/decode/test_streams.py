"""TCP as captures have it: out of order, twice, overlapping, with holes, joined late."""

from __future__ import annotations

import struct

import pytest

from decode import feed
from decode.wire import answer, decode, ipv4, read, segment, shape
from interlock.decode.engine import Engine
from interlock.decode.registry import load_specs
from interlock.decode.streams import MAX_HOLES, MAX_STREAMS, Holes
from interlock.records.frames import Source


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


HELD = 5_000_000_000
"""Longer than a hole is waited for."""


def _held_back(*late: bytes) -> feed.Rows:
    """A request, another one behind a hole, and after the hole was given up these segments."""
    frames = [_syn(), _frame(0, read(1), 1000), _frame(0, read(3, 30), 1024)]
    ticking = _frame(0, read(4, 40), 1036)  # what makes the hole old
    times = [0, 1, 2, HELD, *(HELD + 1 + n for n in range(len(late)))]
    return decode([*frames, ticking, *late], time=times)


def test_a_segment_held_back_until_its_hole_was_given_up_is_decoded_once() -> None:
    rows = _held_back(_frame(0, read(2, 20), 1012), _frame(0, read(2, 20), 1012))
    assert [(r["frame"], r["object"]) for r in rows["operations"]] == [
        (2, "holding:10"),
        (3, "holding:30"),
        (4, "holding:40"),
        (5, "holding:20"),
    ]
    assert (rows["flows"][0]["gaps"], rows["flows"][0]["retransmissions"]) == (1, 1)


def test_a_hole_is_filled_piece_by_piece_and_from_its_middle() -> None:
    r = read(2, 20)
    assert _objects(_held_back(_frame(0, r[:7], 1012), _frame(0, r[7:], 1019)))[-1] == (
        "holding:20",
        "unknown",
    )
    torn = _held_back(_frame(0, r[7:], 1019), _frame(0, r[:7], 1012))
    assert len(torn["operations"]) == 3  # what follows a message's beginning was passed over by then


def test_a_message_that_a_hole_cut_off_goes_on_where_it_is_filled() -> None:
    r = read(1)
    frames = [_syn(), _frame(0, r[:7], 1000), _frame(0, read(3, 30), 1012), _frame(0, read(4, 40), 1024)]
    rows = decode([*frames, _frame(0, r[7:], 1007)], time=[0, 1, 2, HELD, HELD + 1])
    assert [(r["frame"], r["object"]) for r in rows["operations"]] == [
        (3, "holding:30"),
        (4, "holding:40"),
        (5, "holding:10"),
    ]


def test_octets_that_a_cut_off_message_counts_as_its_own_begin_none() -> None:
    long = b"\0\1\0\0\0\x26\1" + bytes([0x10]) + b"\0\x0a\0\x0f\x1e" + bytes(31)  # writes 15 registers
    inside = _frame(0, read(2, 20), 1020)
    behind = _frame(0, read(3, 30), 1044)
    frames = [_syn(), _frame(0, long[:10], 1000), _frame(0, read(4, 40), 1056), _frame(0, read(5, 50), 1068)]
    rows = decode([*frames, inside, behind], time=[0, 1, 2, HELD, HELD + 1, HELD + 2])
    assert [r["object"] for r in rows["operations"]] == ["holding:40", "holding:50", "holding:30"]


def test_what_a_stream_lacked_does_not_disturb_what_it_waits_for() -> None:
    r = read(5, 50)
    rows = _held_back(_frame(0, r[:7], 1048), _frame(0, read(2, 20), 1012), _frame(0, r[7:], 1055))
    assert [r["object"] for r in rows["operations"]][-2:] == ["holding:20", "holding:50"]


def test_octets_from_before_the_first_that_was_captured_are_decoded_once() -> None:
    frames = [_frame(0, read(2, 20), 77012), _frame(0, read(1), 77000), _frame(0, read(1), 77000)]
    rows = decode([*frames, _frame(0, b"\0", 76999)])
    assert [(r["frame"], r["object"]) for r in rows["operations"]] == [(1, "holding:20"), (2, "holding:10")]
    assert rows["oddities"] == []


def test_holes_in_mind_are_bounded() -> None:
    holes = Holes()
    for k in range(3 * MAX_HOLES):
        holes.add(100 * k, 100 * k + 50)
    assert len(holes.holes) == MAX_HOLES
    for k in range(100):  # parts of the middle leave two holes each
        holes.take(100 * (2 * MAX_HOLES + k % MAX_HOLES) + 10 + k % 30, 1)
        assert len(holes.holes) <= MAX_HOLES


def test_streams_whose_holes_are_in_mind_are_bounded() -> None:
    engine = Engine((Source(name="test"),), load_specs(outside=False), feed._verbs())
    sides = MAX_STREAMS + 100
    frames = [
        feed.ethernet(ipv4(struct.pack(">HH", 1024 + k, 502) + segment(0, read())[4:]), 0x0800)
        for k in range(sides)
    ]
    engine.feed(feed._batch(frames, 0))
    assert len(engine.dissector.holes) == MAX_STREAMS


@pytest.mark.parametrize("first", range(MAX_HOLES))
def test_a_split_that_makes_one_hole_too_many_forgets_the_oldest_even_amid_a_segment(first):
    holes = Holes()
    for k in range(MAX_HOLES):
        holes.add(100 * (first + k), 100 * (first + k) + 50)
    parts = holes.take(100 * first + 10, 100 * MAX_HOLES)  # splits the first, lies over all others
    assert parts[0][1:] == (0, 40)
    assert len(holes.holes) <= MAX_HOLES
    assert all(hole.size for hole in holes.holes)


def _names(frames: list[bytes]) -> list[tuple[int, str]]:
    return [(r["frame"], r["oddity"]) for r in decode(frames)["oddities"]]


def test_a_segment_that_comes_again_with_other_octets_is_named() -> None:
    r, other = read(), read(address=99)
    assert _names([_syn(), _frame(0, r, 1000), _frame(0, r, 1000), _answer()]) == []
    assert _names([_syn(), _frame(0, r, 1000), _answer(), _frame(0, other, 1000)]) == [
        (4, "segment-rewritten")
    ]


def test_an_old_segment_that_is_played_again_is_named_and_a_new_one_is_not() -> None:
    def asked(n: int, ack: int) -> bytes:
        octets = segment(0, read(n), seq=1000 + 12 * (n - 1), ack=ack)
        return feed.ethernet(ipv4(octets, side=0), 0x0800, side=0)

    turns = [frame for n in range(1, 601) for frame in (asked(n, 5000 + 11 * (n - 1)), _answer(n))]
    again = asked(3, 5000 + 22)
    assert _names([_syn(), *turns]) == []
    assert _names([_syn(), *turns, again]) == [(1202, "segment-replayed")]
    genuine = asked(3, 5000 + 11 * 600)  # what TCP itself sends again says what it has by now
    assert _names([_syn(), *turns, genuine]) == []
    assert _names([_syn(), *turns[:40], again]) == []  # within a second: a network's own disorder


def _turn(n: int) -> tuple[bytes, bytes]:
    """The n-th question and its answer, each acknowledging all of the other side."""
    asked = segment(0, read(n), seq=1000 + 12 * (n - 1), ack=5000 + 11 * (n - 1))
    told = segment(1, answer(n, 7), seq=5000 + 11 * (n - 1), ack=1000 + 12 * n)
    asking, telling = (feed.ethernet(ipv4(s, side=k), 0x0800, side=k) for k, s in enumerate((asked, told)))
    return asking, telling


def _told(frames: list[bytes], times_ms: list[int]) -> list[tuple[int, str]]:
    rows = decode(frames, time=[feed.START_NS + 1_000_000 * at for at in times_ms])
    return [(r["frame"], r["oddity"]) for r in rows["oddities"]]


@pytest.mark.parametrize(("apart_ms", "named"), [(300, [(22, "segment-replayed")]), (2, [])])
def test_a_segment_that_bears_its_old_time_behind_younger_ones_was_played_again(
    apart_ms: int, named: list[tuple[int, str]]
) -> None:
    turns = [frame for n in range(1, 11) for frame in _turn(n)]
    times = [apart_ms * (k // 2) + k % 2 for k in range(len(turns))]
    assert _told([_syn(), *turns], [0, *times]) == []
    assert _told([_syn(), *turns, turns[4]], [0, *times, times[4]]) == named


@pytest.mark.parametrize(("apart_ms", "named"), [(300, [(20, "segment-replayed")]), (2, [])])
def test_a_segment_that_its_receiver_had_long_ago_was_moved_behind_younger_ones(
    apart_ms: int, named: list[tuple[int, str]]
) -> None:
    turns = [frame for n in range(1, 11) for frame in _turn(n)]
    times = [apart_ms * (k // 2) + k % 2 for k in range(len(turns))]
    moved, when = turns.pop(4), times.pop(4)
    last = turns.pop(), times.pop()
    shown = _told([_syn(), *turns, moved, last[0]], [0, *times, when, last[1]])
    assert [name for name in shown if name[1] == "segment-replayed"] == named


def _reset_amid(*after: bytes, pause: int) -> list[tuple[int, str]]:
    """Names told where a reset in the client's name comes second, and `after` follows so many milliseconds later."""
    reset = feed.ethernet(ipv4(segment(0, b"", seq=1012, flags=4), side=0), 0x0800, side=0)
    others = [feed.ethernet(bytes(46), 0x88B5, side=0)] * pause
    return _names([_syn(), _frame(0, read(), 1000), reset, *others, *after])


def test_who_goes_on_long_after_a_reset_did_not_send_it() -> None:
    assert _reset_amid(_frame(0, read(2), 1012), pause=600) == [(3, "reset-by-another")]


def test_a_network_puts_frames_out_of_order_by_less() -> None:
    assert _reset_amid(_frame(0, read(2), 1012), pause=50) == []


def test_who_connects_anew_after_a_reset_may_have_sent_it() -> None:
    assert _reset_amid(_syn(), _frame(0, read(2), 1000), pause=600) == []


def test_a_scanner_whose_own_machine_resets_what_it_knows_nothing_of_is_nobody_else() -> None:
    reset = feed.ethernet(ipv4(segment(0, b"", seq=1000, flags=4), side=0), 0x0800, side=0)
    others = [feed.ethernet(bytes(46), 0x88B5, side=0)] * 600
    assert _names([_syn(), reset, *others, _frame(0, read(), 1000)]) == []


@pytest.mark.parametrize("count", [70, 150, 180])
def test_as_much_as_is_under_way_may_come_before_what_is_sent_again(count: int) -> None:
    """A window of full segments (RFC 7323) passes before the sender hears that one was lost."""
    connection = feed.Tcp(5000)
    connection.open()
    for number in range(count):
        connection.segment(feed.CLIENT, bytes([number]) * 1448)
    opening, (first, *rest) = connection.frames[:3], connection.frames[3:]
    (row,) = feed.run([*opening, *rest, first])["flows"]
    assert row["gaps"] == 0
    assert feed.run([*opening, *rest])["flows"][0]["gaps"] == 1
