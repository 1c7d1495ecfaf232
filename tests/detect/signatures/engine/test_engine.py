"""Nothing is lost on the quick way: what is looked for beforehand says the same as holding every rule against all."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.signatures.rows import PlainEngine, batch, rows_of
from detect.signatures.sets import FOLDER, needs_sets
from detect.signatures.synthesis import UnsolvedError, hit, near_misses, surroundings
from interlock.bootstrap import build_engine
from interlock.bootstrap.signature_files import rule_files
from interlock.bootstrap.signature_screens import screening_with
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.batch import Batch
from interlock.detect.signatures.engine.able import put_in_force
from interlock.detect.signatures.engine.engine import Engine
from interlock.detect.signatures.engine.prefilter import Literal, literal_of
from interlock.detect.signatures.engine.scanner import Scanner
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.reading import read_rule, read_rules
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.plain.matching import Matcher
from interlock.pipeline.decode_run import decoded

VARIABLES = Variables()
ANY = "alert tcp any any -> any any"


def matchers(*texts):
    read = [read_rule(text, Origin("a", k)) for k, text in enumerate(texts)]
    return tuple(Matcher(one, VARIABLES.ends(one.header)) for one in read)


def tcp(octets, buffer="packet", **more):
    row = {
        "source": "a", "realm": "r", "time": 1, "frame": 1, "flow": 1, "client": "10.0.0.66", "server": "10.0.0.2",
        "client_port": 1025, "server_port": 502, "transport": "tcp", "direction": "to_server", "offset": 0,
        "buffer": buffer, "octets": octets,
    }  # fmt: skip
    return {**row, **more}


def told(engine, *batches):
    return [(k, hit) for k, rows in enumerate(batches) for hit in engine.judge(rows)]


def public(*parts):
    files = (file for part in parts for file in rule_files(str(FOLDER / part)))
    rules = (
        put_in_force(read).signature
        for file in files
        for read in read_rules(file.text(), file.name, VARIABLES)
    )
    found = dict.fromkeys(rule for rule in rules if rule is not None and rule.enabled)
    return tuple(Matcher(one, VARIABLES.ends(one.header)) for one in found)


def captured(path, buffers, screen=None):
    with open_sources(specify((str(path),), ()), stdin=None) as run:
        engine = build_engine(run.sources, wanted=frozenset({"payloads"}), buffers=buffers, screen=screen)
        for batches in decoded(run, engine, progress=lambda *_: None, stop=lambda: False):
            if "payloads" in batches and len(batches["payloads"]):
                yield Batch("payloads", batches["payloads"])


def test_literals_with_zero_octets_and_across_stretches():
    (one,) = matchers(f'{ANY} (content:"|00 00|b"; sid:1;)')
    assert [
        h.row
        for _, h in told(Engine([one]), batch([tcp(b"\0\0b", "stream"), tcp(b"a\0\0c", "stream", flow=2)]))
    ] == [0]
    halves = [tcp(b"x\0", "stream"), tcp(b"\0by", "stream", offset=2, frame=2)]
    assert [h.row for _, h in told(Engine([one]), batch(halves))] == [1]
    assert [k for k, _ in told(Engine([one]), batch(halves[:1]), batch(halves[1:]))] == [1]
    after = [*halves, tcp(b"zz", "stream", offset=5, frame=3)]
    assert [h.row for _, h in told(Engine([one]), batch(after))] == [1], "what was seen is not seen again"


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=5).map(lambda b: bytes(97 + o % 2 for o in b)),
            st.booleans(),
            st.integers(1, 2),
        )
    ),
    st.sets(st.integers(0, 12)),
)
def test_a_stream_is_seen_as_it_is_however_it_is_cut(segments, cuts):
    """Two streams, each with two sides, in segments of a and b, that come in batches."""
    (one,) = matchers(f'{ANY} (flow:to_server; content:"abba"; sid:1;)')
    whole = {1: b"", 2: b""}
    sent = {}
    batches, rows = [], []
    for k, (octets, to_server, flow) in enumerate(segments):
        offset = sent.get((flow, to_server), 0)
        sent[flow, to_server] = offset + len(octets)
        if to_server:
            whole[flow] += octets
        way = "to_server" if to_server else "to_client"
        rows.append(
            tcp(
                octets,
                "stream",
                flow=flow,
                offset=offset,
                direction=way,
                frame=k + 1,
                client_port=1000 + flow,
            )
        )
        if k in cuts:
            batches.append(rows)
            rows = []
    parts = [rows for rows in (*batches, rows) if rows]
    batches = [batch(rows) for rows in parts]
    quick = told(Engine([one]), *batches)
    flows = {int(batches[k].integers("flow")[h.row]) for k, h in quick}
    assert flows == {flow for flow, octets in whole.items() if b"abba" in octets}
    frames = [int(batches[k].frames()[h.row]) for k, h in quick]
    together = [batch([row for rows in parts for row in rows])] if parts else []
    assert frames == [int(together[0].frames()[h.row]) for _, h in told(Engine([one]), *together)]


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(
                    [b"x" * 130, b"x" * 126, b"y" * 600, b"hello", b"hel", b"lo", b"zz", b"z", b"cc"]
                ),
                st.integers(1, 2),
                st.sampled_from([0, 0, 0, 0, 0, 5]),  # octets missing before it
                st.sampled_from([502, 502, 80]),
            ),
            min_size=1,
            max_size=4,
        ),
        max_size=8,
    )
)
def test_ends_of_streams_without_literals_are_looked_through_as_far_as_needed(said):
    """As where all that is kept is looked through again: the same rules are held against the same, and hit."""
    rules = matchers(
        f'{ANY} (content:"hello"; content:"zz"; sid:1;)',
        'alert tcp any any -> any 502 (content:"cc"; content:"z"; sid:2;)',
        'alert tcp any any -> any 80 (content:"lo"; content:"x"; sid:3;)',
    )
    quick, whole = Engine(rules), Engine(rules)
    sent, frame = {}, 0
    for part in said:
        rows = []
        for octets, flow, missing, port in part:
            frame += 1
            offset = sent.get(flow, 0) + missing
            sent[flow] = offset + len(octets)
            rows.append(tcp(octets, "stream", flow=flow, offset=offset, frame=frame, server_port=port))
        whole.screen._streams.forget_clean()
        assert told(quick, batch(rows)) == told(whole, batch(rows))
        assert quick.tried.tolist() == whole.tried.tolist()


def test_two_payloads_side_by_side_are_not_one():
    (one,) = matchers(f'{ANY} (content:"abcd"; sid:1;)')
    rows = [tcp(b"xab", "stream"), tcp(b"cdx", "stream", flow=2)]
    assert not told(Engine([one]), batch(rows))


def test_places_count_from_the_beginning_of_the_stream():
    (one,) = matchers(f'{ANY} (content:"ab"; offset:2; depth:2; sid:1;)')
    assert told(Engine([one]), batch([tcp(b"xxab", "stream")]))
    assert not told(Engine([one]), batch([tcp(b"xxab", "stream", offset=7)]))
    split = [tcp(b"xxa", "stream"), tcp(b"b", "stream", offset=3, frame=2)]
    assert [h.row for _, h in told(Engine([one]), batch(split))] == [1]


def test_a_segment_that_hits_as_packet_and_as_stream_is_told_once():
    (one,) = matchers(f'{ANY} (content:"ab"; startswith; sid:1;)')
    assert len(told(Engine([one]), batch([tcp(b"ab"), tcp(b"ab", "stream")]))) == 1


def test_a_mark_that_one_rule_sets_is_there_for_the_next():
    rules = matchers(
        f'{ANY} (flowbits:isset,a; content:"zz"; sid:1;)',
        f'{ANY} (content:"aa"; flowbits:set,a; noalert; sid:2;)',
    )
    rows = [tcp(b"aa", "stream"), tcp(b"zz", "stream", offset=2, frame=2)]
    assert [(h.row, h.number, h.speaks) for _, h in told(Engine(rules), batch(rows))] == [
        (0, 1, False),
        (1, 0, True),
    ]


def test_control_traffic_meets_only_rules_that_can_touch_it():
    out = 'alert tcp $HOME_NET any -> $EXTERNAL_NET any (content:"|00|"; sid:{};)'
    here = f'{ANY} (content:"evil"; sid:99;)'
    engine = Engine(matchers(*(out.format(k) for k in range(1, 50)), here))
    assert not told(engine, batch([tcp(b"\0\1\0\0\0\6\1\3\0\0\0\2", "stream", frame=k) for k in range(100)]))
    assert engine.tried.sum() == 0
    assert len(engine.screen._groups.short) == 2, "one kind of conversation, beside none"


def test_a_message_of_http_is_payload_and_buffers_at_once():
    (one,) = matchers(
        'alert http any any -> any any (content:"X-Evil"; http.uri; content:"/a"; http.request_body; content:"b";'
        " sid:1;)"
    )
    side = {"transaction": 1, "protocol": "http"}
    rows = [
        tcp(b"/a", "http.uri", **side),
        tcp(b"GET /a HTTP/1.1\r\nX-Evil: 1\r\n\r\n", "http.start", **side),
        tcp(b"b", "http.request_body", **side),
    ]
    assert len(told(Engine([one]), batch(rows))) == 1
    assert Engine([one]).buffers == {
        "http.uri", "http.start", "http.request_body", "http.response_body", "flow.joined"
    }  # fmt: skip
    assert not told(Engine([one]), batch([rows[0], rows[2]]))


@given(
    st.lists(st.binary(max_size=6), min_size=1, max_size=8),
    st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=5),
)
def test_the_scanner_finds_what_is_there(pieces, sought):
    literals = [Literal(octets, k % 2 == 0) for k, octets in enumerate(sought)]
    starts = np.array([0, *accumulate(map(len, pieces))], np.int64)
    expected = {
        (row, k)
        for row, piece in enumerate(pieces)
        for k, one in enumerate(literals)
        if (one.octets.lower() in piece.lower() if one.nocase else one.octets in piece)
    }
    found = Scanner(literals).found(b"".join(pieces), starts)
    pairs = list(zip(found.stretches.tolist(), found.literals.tolist(), strict=True))
    assert sorted(pairs) == sorted(expected), "each is told once"


def test_nothing_must_be_there_where_a_rule_only_forbids():
    (one,) = matchers('alert http any any -> any any (http.uri; content:!"x"; sid:1;)')
    assert literal_of(one.signature.inspections[0].steps) is None
    assert told(Engine([one]), batch([tcp(b"/a", "http.uri", transaction=1, protocol="http")]))


def made_for(rules):
    """Rows that were made for rules, and rows that miss them by one thing."""
    units = []
    for one in rules:
        try:
            unit, marks = surroundings(one.signature, one.ends, one.protocol)
            unit, looked = hit(one.signature, unit)
        except UnsolvedError:
            continue
        if marks:
            continue
        units.append(unit)
        units += [missed for _, missed in list(near_misses(one.signature, unit, looked))[:1]]
    return [row for flow, unit in enumerate(units) for row in rows_of(unit, flow)]


@needs_sets
@pytest.mark.parametrize("every", [pytest.param(8, marks=pytest.mark.slow), 60])
def test_nothing_is_lost_on_traffic_that_is_made_for_the_rules(every):
    rules = public("et_open_merged_bsd.rules.xz")[::every]
    rows = made_for(rules)
    quick, slow = told(Engine(rules), batch(rows)), told(PlainEngine(rules), batch(rows))
    assert quick == slow
    assert len({h.number for _, h in quick}) > len(rules) // 3


@needs_sets
@pytest.mark.parametrize("capture", [
    "bacnet_test", "dnp3_test_data_part1", "dnp3_test_data_part2", "enip_test", "fox_info", "modbus_test_data_part1",
    "modbus_test_data_part2", "modicon_test", "omron_test", "s7_test",
])  # fmt: skip
def test_nothing_is_lost_on_the_captures_of_quickdraw(capture):
    rules = public("quickdraw", "malcolm", "elitewolf", "et_open_ot.rules")
    batches = list(captured(FOLDER / "quickdraw" / f"{capture}.pcap", Engine(rules).buffers))
    assert told(Engine(rules), *batches) == told(PlainEngine(rules), *batches)


@needs_sets
@pytest.mark.parametrize(
    ("capture", "sids"),
    [
        ("bacnet_test", {1111701, 1111703, 1111704, 1111708, 1111709}),
        ("dnp3_test_data_part1", {1111201, 1111204, 1111209, 1111210, 1111211}),
        ("enip_test", {1111517}),
        ("fox_info", {1111101}),
        ("modbus_test_data_part1", {1111001, 1111002, 1111003, 1111004, 1111005}),
    ],
)
def test_quickdraw_fires_on_its_own_captures(capture, sids):
    rules = public("quickdraw/all-quickdraw.rules")
    engine = Engine(rules)
    told(engine, *captured(FOLDER / "quickdraw" / f"{capture}.pcap", engine.buffers))
    assert sids <= {one.signature.sid for one, hits in zip(rules, engine.hit, strict=True) if hits}


def every_capture():
    folder = FOLDER.parents[1] / "captures"
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in {".pcap", ".pcapng"}]
    assert len(found) > 100
    return found


def first(batches, most):
    """So many rows of all batches together."""
    for rows in batches:
        if most <= 0:
            return
        yield rows if len(rows) <= most else rows.take(np.arange(len(rows)) < most)
        most -= len(rows)


@needs_sets
@pytest.mark.slow
def test_nothing_is_lost_over_all_captures():
    rules = (*public("quickdraw", "malcolm", "elitewolf"), *public("et_open_merged_bsd.rules.xz")[::20])
    quick, plain = Engine(rules), PlainEngine(rules)
    for path in every_capture():
        batches = list(first(captured(path, quick.buffers), 600))
        assert told(quick.anew(), *batches) == told(plain.anew(), *batches), path


@needs_sets
@pytest.mark.slow
def test_nothing_is_lost_where_packets_are_screened():
    """Rows of which a worker says which rules may hit them, against all rows; every capture whole, every rule."""
    engine = Engine(public(""))
    for path in every_capture():
        counts = []
        for screened in (False, True):
            judge = engine.anew()
            screen = screening_with([judge]) if screened else None
            found = Counter()
            for rows in captured(path, judge.buffers, screen):
                frames = rows.frames()
                found.update((hit.number, int(frames[hit.row]), hit.speaks) for hit in judge.judge(rows))
            counts.append(found)
        assert counts[0] == counts[1], path
