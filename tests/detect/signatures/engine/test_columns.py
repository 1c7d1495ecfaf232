"""What is held against many payloads at once says what is said of one."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.signatures.engine.test_engine import matchers, tcp, told
from detect.signatures.rows import PlainEngine, batch
from interlock.detect.signatures.engine.engine import Engine
from interlock.detect.signatures.engine.tested import may_hold, placed_steps, shape_of
from interlock.detect.signatures.engine.traits import traits_of
from interlock.detect.signatures.language.steps import Expression
from interlock.detect.signatures.plain.steps import Run, depends

ANY = "alert tcp any any -> any any"
OCTETS = st.binary(max_size=12).map(lambda octets: bytes(b"\0\1\2Dd"[octet % 5] for octet in octets))


def cells(payloads):
    starts = np.array([0, *accumulate(map(len, payloads))], np.int64)
    return np.frombuffer(b"".join(payloads) + bytes(8), np.uint8), starts[:-1], np.diff(starts)


TESTED = (
    "byte_jump:2,4; isdataat:0,relative;",
    "byte_jump:1,0,multiplier 2,post_offset -1; isdataat:!2,relative;",
    "byte_test:2,>,257,1;",
    "byte_test:1,!=,1,0; byte_jump:1,1; byte_test:1,<,2,0,relative;",
    "byte_test:2,=,256,0,little; isdataat:4;",
    r'pcre:"/[\S\s]{2}(?!\x00\x00)/iAR";',
    r'pcre:"/(?!\x01\x02)/A";',
    r'pcre:"/\x01[\S\s](?=\x00)/A";',
    r'byte_jump:1,0; pcre:"/\x01\x02/AR";',
    r'pcre:"/(?!\x01\x64)/Ai";',
    r'pcre:"/D[\S\s]/iA";',
)


@settings(max_examples=400)
@given(st.lists(OCTETS, min_size=1, max_size=8), st.sampled_from(TESTED))
def test_numbers_and_shapes_at_places(payloads, text):
    (one,) = matchers(f"{ANY} ({text} sid:1;)")
    steps = placed_steps(one.inspections)
    assert steps == one.inspections[0].steps, "all of them are looked at"
    assert traits_of(one).tested == steps
    held = may_hold(steps, *cells(payloads)).tolist()
    assert held == [Run(octets, steps, depends(steps), {}).holds() for octets in payloads]


@pytest.mark.parametrize(
    "pattern",
    [b"a+", b"a|b", b"(?!a|b)", b"[ab]", b"^a", b"a$", b".", b"(?<!a)b", b"\\d", b"(?!a)b", b"a{2,3}"],
)
def test_what_is_more_than_octets_at_places_is_left_alone(pattern):
    assert shape_of(Expression(pattern=pattern, flags="A")) is None


def test_an_expression_that_may_stand_anywhere_is_left_alone():
    assert shape_of(Expression(pattern=b"ab", flags="")) is None
    assert shape_of(Expression(pattern=b"ab", flags="A")) is not None


@given(
    st.lists(
        st.tuples(st.sampled_from(("packet", "stream", "segment")), OCTETS, st.integers(1, 3), st.booleans()),
        max_size=12,
    ),
    st.sampled_from(TESTED),
    st.sets(st.integers(0, 12)),
)  # fmt: skip
def test_rows_of_all_kinds_say_what_the_plain_way_says(rows, text, cuts):
    rules = matchers(
        f"{ANY} ({text} sid:1;)", f'{ANY} (content:"|01 02|"; depth:3; sid:2;)',
        f'{ANY} (content:"|00 01 00 01 00|"; sid:3;)',
        f'{ANY} (content:"|02 02|"; offset:1; depth:2; dsize:>3; sid:4;)',
        f'{ANY} (stream_size:server,>,2; flow:established,to_server; content:"|02|"; sid:5;)',
        f'{ANY} (content:"|01|"; content:"|00 02 01 02 00|"; distance:0; sid:6;)',
        f'{ANY} (content:"|01|"; offset:1; depth:1; byte_test:1,>,0,0; byte_test:2,!=,258,1; sid:7;)',
        f'{ANY} (content:"|02|"; depth:1; byte_test:2,<=,256,1,little; sid:8;)',
        f'{ANY} (content:"|44|"; depth:1; byte_test:4,>=,18446744073709551615,0; sid:9;)',
    )  # fmt: skip
    batches, made, sent = [], [], {}
    for k, (buffer, octets, flow, to_server) in enumerate(rows):
        side = flow, to_server
        offset = 0 if buffer == "packet" else sent.get(side, 0)
        sent[side] = sent.get(side, 0) + (0 if buffer == "packet" else len(octets))
        way = "to_server" if to_server else "to_client"
        made.append(
            tcp(octets, buffer, flow=flow, direction=way, offset=offset, frame=k + 1, client_port=1000 + flow)
        )
        if k in cuts:
            batches.append(made)
            made = []
    parts = [batch(part) for part in (*batches, made) if part]
    assert told(Engine(rules), *parts) == told(PlainEngine(rules), *parts)
