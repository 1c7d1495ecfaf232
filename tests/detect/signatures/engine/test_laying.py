"""Payloads laid behind each other, octets at places, and ends of streams: compiled and not, as said row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.uncompiled import uncompiled
from interlock.detect.signatures.engine import laying
from interlock.detect.signatures.engine.groups import Groups
from interlock.detect.signatures.engine.laying import AGAIN, KEPT, PACKET, STREAM
from interlock.detect.signatures.engine.prefilter import Anchor
from interlock.detect.signatures.engine.streams import Streams
from interlock.detect.walks import views

OCTETS = st.binary(max_size=12).map(lambda octets: bytes(b"\0\1\2Dd"[octet % 5] for octet in octets))

BOTH = pytest.mark.parametrize("module", [laying, uncompiled(laying)], ids=["as imported", "uncompiled"])
ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),  # bits
        st.integers(0, 5),  # key
        st.one_of(OCTETS, st.sampled_from([b"x" * 300, b"y" * 511, b"z" * 600])),
        st.sampled_from([0, 0, 0, 0, 3]),  # octets missing before it
    ),
    max_size=10,
)


class Rows:
    """Rows of a batch as `lay` takes them. sent: per key what went before; raised by the pieces of streams."""

    def __init__(self, said, sent):
        self.said, self.offsets = said, []
        for bits, key, octets, missing in said:
            at = sent.get(key, 0) + missing if bits & STREAM else 0
            self.offsets.append(at)
            if bits & STREAM:
                sent[key] = at + len(octets)
        lengths = [len(octets) for _, _, octets, _ in said]
        self.columns = (
            np.array([bits for bits, *_ in said], np.uint8),
            np.array([key for _, key, *_ in said], np.int64),
            np.array(self.offsets, np.int64),
            3 + np.cumsum([0, *lengths], dtype=np.int64)[:-1],
            np.array(lengths, np.int32),
            np.frombuffer(b"###" + b"".join(octets for _, _, octets, _ in said), np.uint8),
        )

    def laid(self, module, streams):
        """Of each row: its octets, those looked at before it, and where these begin in its stream."""
        n = len(self.said)
        streams.reach(6)
        bits, keys = self.columns[:2]
        streams.hear(keys[bits & STREAM > 0])
        out, made = (
            np.empty(sum(len(o) for _, _, o, _ in self.said) + n * KEPT, np.uint8),
            np.empty((6, 2 * n + 1), np.int64),
        )
        ends = streams.place, streams.tails, streams.kept, streams.last
        codes, sought = np.zeros(n, np.int32), np.empty_like(out)
        count = module.lay(
            *views(*self.columns, *ends, codes, streams.clean, np.empty(n, np.int32), out, sought, made)
        )
        assert (streams.last == -1).all()
        found = {}
        for k in range(count):
            row, start, floor, before, joined, there = made[:, k].tolist()
            whole = out[start : made[1, k + 1]].tobytes()
            part = sought[there : made[5, k + 1]].tobytes()
            known = row < 0 and streams.clean[streams.place[keys[made[0, k + 1]]]] == 0
            assert part == (whole[-AGAIN:] if known else whole)
            assert joined == (floor < start), "it goes on where something before it is looked at"
            if row >= 0:
                end = int(made[1, k + 1])
                found[row] = out[start:end].tobytes(), out[floor:start].tobytes(), before
        module.keep(*views(*self.columns, streams.place, codes, streams.clean, streams.tails, streams.kept))
        assert (streams.clean[streams.place[keys[bits & STREAM > 0]]] == 0).all() or len(streams.tails) < 8
        streams.note_found(keys[::2])
        return found


@BOTH
@settings(max_examples=200)
@given(said=st.lists(ROWS, max_size=4), most=st.sampled_from([1, 2, 8]))
def test_every_piece_stands_behind_what_is_known_of_its_stream(module, said, most):
    streams, sent, seen = Streams(most), {}, {}
    for batch in said:
        rows = Rows(batch, sent)
        found = rows.laid(module, streams)
        assert set(found) == {k for k, (bits, *_) in enumerate(batch) if bits}
        speak = {key for bits, key, *_ in batch if bits & STREAM}
        for k, (bits, key, octets, _) in enumerate(batch):
            if not bits:
                continue
            own, before, begins = found[k]
            assert own == octets
            if not bits & STREAM:
                assert (before, begins) == (b"", 0)
                continue
            end, known = seen.get(key, (0, b""))
            known = known[-KEPT:] if end == rows.offsets[k] else b""
            assert begins == rows.offsets[k] - len(before)
            assert known.endswith(before)
            if most == 8:  # there is a place for everybody
                assert before == known
            seen[key] = rows.offsets[k] + len(octets), known + octets
        assert (streams.place >= 0).sum() <= most
        if len(speak) <= most:
            assert all(streams.place[key] >= 0 for key in speak), "whoever speaks has a place"


def test_a_conversation_that_is_over_leaves_its_place_to_others():
    streams, sent = Streams(2), {}
    for key in (0, 1, 0, 1):
        Rows([(STREAM, key, b"ab", 0)], sent).laid(laying, streams)
    streams.forget([0, 77])
    assert streams.place.tolist()[:3] == [-1, 1, -1]
    found = Rows([(STREAM, 2, b"c", 0), (STREAM, 1, b"d", 0)], sent).laid(laying, streams)
    assert found[1] == (b"d", b"abab", 0), "nobody else's end was given up for it"
    assert streams.sent.tolist()[0] == -1


@BOTH
@given(
    payloads=st.lists(OCTETS, min_size=1, max_size=8),
    rules=st.lists(
        st.tuples(
            st.lists(
                st.builds(Anchor, st.integers(0, 4), OCTETS.filter(bool).map(lambda octets: octets[:10])),
                min_size=1,
                max_size=2,
            ),
            st.integers(0, 2),
            st.integers(2, 12),
        ),
        max_size=6,
    ),
    before=st.lists(st.integers(0, 5), min_size=8, max_size=8),
)
def test_octets_at_places(module, payloads, rules, before):
    """Places count from the beginning of a stream; sizes are those of a payload alone."""
    starts = np.cumsum([0, *map(len, payloads)], dtype=np.int64)
    anchors = [anchor for of_rule, _, _ in rules for anchor in of_rule]
    stops = np.cumsum([len(of_rule) for of_rule, _, _ in rules], dtype=np.int32)
    firsts = stops - np.array([len(of_rule) for of_rule, _, _ in rules], np.int32)
    sought = b"".join(anchor.octets for anchor in anchors)
    places, at = [], 0
    for anchor in anchors:
        places.append((anchor.place, at, len(anchor.octets)))
        at += len(anchor.octets)
    found = []
    groups = np.array([0, 1] * 4, np.int32)[: len(payloads)] - 1  # every second one is not looked at
    module.compare(
        *views(
            groups, starts[:-1], starts, starts[1:], np.array(before[: len(payloads)], np.int64),
            np.frombuffer(b"".join(payloads), np.uint8), np.array([[0, len(rules)]], np.int32),
            np.arange(len(rules), dtype=np.int32),
            np.stack((firsts, stops), axis=1).astype(np.int32), np.array(places, np.int32).reshape(-1, 3),
            np.frombuffer(sought or b"#", np.uint8),
            np.array([sizes for _, *sizes in rules], np.int64).reshape(-1, 2),
            np.zeros((len(rules), 2), np.int32), np.zeros((0, 6), np.int64),
        ),
        True, found,
    )  # fmt: skip

    def there(k, anchor):
        place = anchor.place - before[k]
        return place >= 0 and payloads[k][place : place + len(anchor.octets)] == anchor.octets

    assert found == [
        (k, n)
        for k in range(1, len(payloads), 2)
        for n, (of_rule, least, most) in enumerate(rules)
        if least <= len(payloads[k]) <= most and all(there(k, anchor) for anchor in of_rule)
    ]


@BOTH
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99), st.booleans()), max_size=12))
def test_what_each_side_has_sent_is_told(module, said):
    keys, ends = (np.array([row[i] for row in said], np.int64) for i in (0, 1))
    chosen = np.array([k for k, (*_, one) in enumerate(said) if one], np.int64)
    sent, told = np.full(4, -1, np.int64), np.empty((len(chosen), 2), np.int64)
    module.tell(*views(keys, ends, chosen, sent, told))
    most = [
        [max((end for one, end, _ in said[: k + 1] if one == key), default=-1) for key in range(4)]
        for k in range(len(said))
    ]
    assert told.tolist() == [[most[k][said[k][0]], most[k][said[k][0] ^ 1]] for k in chosen.tolist()]
    assert sent.tolist() == (most[-1] if most else [-1] * 4)


def test_what_leaves_its_octets_is_refused():
    streams = Streams()
    columns = list(Rows([(STREAM, 0, b"ab", 0)], {}).columns)
    columns[4] = np.array([9], np.int32)
    streams.reach(2)
    streams.hear(columns[1])
    made, room = np.empty((6, 3), np.int64), np.empty(600, np.uint8)
    ends = streams.place, streams.tails, streams.kept, streams.last
    codes = np.zeros(1, np.int32), streams.clean, np.empty(1, np.int32)
    for module in (laying, uncompiled(laying)):
        with pytest.raises(IndexError):
            module.lay(*views(*columns, *ends, *codes, room, room.copy(), made))


def test_kinds_beyond_those_that_are_told_apart_meet_all_rules(monkeypatch):
    monkeypatch.setattr("interlock.detect.signatures.engine.groups.MOST", 3)
    from detect.signatures.engine.test_engine import ANY, matchers  # noqa: PLC0415 - it tests the engine
    from interlock.detect.signatures.engine.traits import traits_of  # noqa: PLC0415

    rules = matchers(f'{ANY} (content:"a"; sid:1;)', f'{ANY} (content:"a"; dsize:1; sid:2;)')
    groups = Groups([traits_of(one) for one in rules], [0, 1])
    told = [
        groups.number(met) for met in (((), ()), ((1,), ()), ((), (0,)), ((0,), ()), ((0,), (0,)), ((1,), ()))
    ]
    assert told == [0, 1, 2, 3, 3, 1]
    assert groups.full
    assert groups.wants[3] == PACKET | STREAM
    groups.clear()
    assert not groups.full
