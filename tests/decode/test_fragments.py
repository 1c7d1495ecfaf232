"""Datagrams come together from their fragments, in any order, and within bounds."""

from __future__ import annotations

import itertools

import pytest

from decode import feed
from decode.wire import answer, decode, ipv4, read, segment
from interlock.decode.fragments import MAX_AGE_NS, MAX_DATAGRAMS, Fragments

REQUEST = segment(0, read())
"""32 octets of TCP, cut at 8, 16 and 24."""


def _piece(begin: int, end: int, *, octets: bytes = REQUEST, ident: int = 7) -> bytes:
    more = 0x2000 if end < len(REQUEST) else 0
    return feed.ethernet(ipv4(octets[begin:end], ident=ident, piece=more | begin // 8), 0x0800)


def _answer() -> bytes:
    return feed.ethernet(ipv4(segment(1, answer(1, 7), seq=5000), side=1), 0x0800, side=1)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order(order: tuple[int, ...]) -> None:
    cuts = [(0, 8), (8, 24), (24, 32)]
    rows = decode([*(_piece(*cuts[k]) for k in order), _answer()])
    assert [(r["object"], r["frame"], r["outcome"]) for r in rows["operations"]] == [("holding:10", 3, "ok")]
    assert rows["oddities"] == []


def test_what_came_first_wins_where_fragments_overlap() -> None:
    other = segment(0, read(address=99))
    rows = decode([_piece(0, 8), _piece(16, 32), _piece(8, 32, octets=other), _answer()])
    assert [r["object"] for r in rows["operations"]] == ["holding:10"]
    assert [r["oddity"] for r in rows["oddities"]] == ["overlapping-fragments"]


def test_a_fragment_beyond_65535_octets_is_refused() -> None:
    huge = feed.ethernet(ipv4(bytes(64), ident=7, piece=0x1FFF), 0x0800)
    rows = decode([_piece(0, 16), huge, _piece(16, 32), _answer()])
    assert [r["oddity"] for r in rows["oddities"]] == ["oversized-fragments"]
    assert [r["frame"] for r in rows["operations"]] == [None]


class _Packet:
    """What `Fragments.join` reads of a packet."""

    realm = family = source = frame = 0
    source_high = source_low = target_high = target_low = protocol = 0
    start, end, fragment_offset, fragment_more = 0, 8, 0, 1

    def __init__(self, ident: int, time: int) -> None:
        self.fragment_id, self.time = ident, time


def test_datagrams_under_construction_are_bounded_in_number_and_time() -> None:
    fragments = Fragments()
    for ident in range(MAX_DATAGRAMS * 3):
        assert fragments.join(_Packet(ident, 0), bytes(8), None) is None
    assert len(fragments._open) == MAX_DATAGRAMS
    assert fragments.lost == 2 * MAX_DATAGRAMS
    fragments.join(_Packet(1, MAX_AGE_NS + 1), bytes(8), None)
    assert len(fragments._open) == 1


def test_a_fragmented_tunnel_may_carry_fragments() -> None:
    inner = [ipv4(REQUEST[:16], ident=9, piece=0x2000), ipv4(REQUEST[16:], ident=9, piece=2)]
    frames = []
    for ident, packet in enumerate(inner, 20):
        for begin, end, more in ((0, 24, 0x2000), (24, len(packet), 0)):
            piece = ipv4(packet[begin:end], protocol=4, ident=ident, piece=more | begin // 8)
            frames.append(feed.ethernet(piece, 0x0800))
    rows = decode([*frames, _answer()])
    assert [(r["object"], r["frame"], r["outcome"]) for r in rows["operations"]] == [("holding:10", 4, "ok")]
    assert len(rows["flows"]) == 1
