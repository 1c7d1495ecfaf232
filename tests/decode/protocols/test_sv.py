"""Sampled values: octets from IEC 61850-9-2 in, rows out."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import ethernet, run
from decode.protocols.iec61850_octets import ASDU, sv_frame, tlv, utc

GROUP = bytes.fromhex("010ccd040001")
SENDER, GROUP_TEXT = "02:00:00:00:00:01", "01:0c:cd:04:00:01"


def decode(*frames: bytes, **options) -> dict:
    return run([ethernet(f, 0x88BA, target=GROUP) for f in frames], **options)


def oddities(rows: dict) -> list[str]:
    return [o["oddity"] for o in rows["oddities"]]


def test_a_message_is_a_report_with_an_item_for_each_asdu():
    rows = decode(sv_frame(ASDU(b"MU01"), ASDU(b"MU02", 6)))
    told = [
        tuple(
            r[k]
            for k in ("client", "server", "protocol", "verb", "function", "item", "items", "object", "count")
        )
        for r in rows["operations"]
    ]
    assert told == [
        (SENDER, GROUP_TEXT, "sampled-values", "report", 0, 0, 2, "MU01", 8),
        (SENDER, GROUP_TEXT, "sampled-values", "report", 0, 1, 2, "MU02", 8),
    ]
    assert {r["outcome"] for r in rows["operations"]} == {"unsolicited"}
    assert oddities(rows) == []
    assert rows["flows"][0]["protocol"] == "sampled-values"


def test_every_field_stands_in_the_table():
    extra = (
        tlv(0x81, b"MU01/LLN0$DS")
        + utc(1_710_123_782, 0x400000, 0x0A, tag=0x84)
        + tlv(0x86, struct.pack(">H", 4000))
        + tlv(0x88, b"\x00\x01")
        + tlv(0x89, bytes(8))
    )
    [row] = decode(sv_frame(ASDU(extra=extra)))["sampled_values"]
    told = {k: row[k] for k in ("appid", "no_asdu", "asdu", "sv_id", "dat_set", "smp_cnt", "conf_rev", "refr_tm",
                                "refr_tm_quality", "smp_synch", "smp_rate", "smp_mod", "gm_identity")}  # fmt: skip
    assert told == {
        "appid": 0x4000,
        "no_asdu": 1,
        "asdu": 0,
        "sv_id": "MU01",
        "dat_set": "MU01/LLN0$DS",
        "smp_cnt": 5,
        "conf_rev": 1,
        "refr_tm": 1_710_123_782_250_000_000,
        "refr_tm_quality": 0x0A,
        "smp_synch": 2,
        "smp_rate": 4000,
        "smp_mod": 1,
        "gm_identity": bytes(8),
    }
    assert len(row["seq_data"]) == 64


def test_samples_of_one_quality_are_one_block():
    samples = b"".join(struct.pack(">iI", v, q) for v, q in ((-5, 0), (7, 0), (2, 0x2000), (3, 0x0801)))
    values = decode(sv_frame(ASDU(samples=samples)))["values"]
    assert [(v["object"], v["number"], v["quality"], v["type"]) for v in values] == [
        ("MU01", [-5.0, 7.0], "good", "INT32"),
        ("MU01[2]", [2.0], "good,derived", "INT32"),
        ("MU01[3]", [3.0], "invalid,test", "INT32"),
    ]
    assert {v["server"] for v in values} == {SENDER}


@pytest.mark.parametrize("samples", [bytes(12), b"", struct.pack(">iI", 1, 0xFFFF0000)])
def test_another_layout_stays_octets(samples):
    rows = decode(sv_frame(ASDU(samples=samples)))
    assert [(v["raw"], v["type"]) for v in rows["values"]] == [(samples, "seqData")]
    assert [r["count"] for r in rows["operations"]] == [None]


@pytest.mark.parametrize(
    ("frame", "oddity"),
    [
        (sv_frame(ASDU(), said=3), "asdus-mismatch"),
        (sv_frame(), "asdus-mismatch"),
        (sv_frame(ASDU(b"")), "field-missing"),
        (sv_frame(ASDU(extra=tlv(0x8B, b""))), "tag-unexpected"),
        (sv_frame(ASDU(extra=tlv(0x86, b""))), "integer-invalid"),
        (sv_frame(ASDU(extra=tlv(0x84, b"\x00"))), "utc-time-invalid"),
        (sv_frame(tlv(0x31, b"")), "tag-unexpected"),
        (sv_frame(ASDU())[:60], "truncated"),
        (sv_frame(ASDU()).replace(b"\x60", b"\x61", 1), "apdu-unknown"),
        (sv_frame(ASDU()).replace(b"\x80\x01\x01", b"\x80\x84\x01", 1), "length-invalid"),
    ],
)
def test_what_is_wrong_is_told(frame, oddity):
    if oddity == "asdus-mismatch" and frame == sv_frame():
        frame = sv_frame(said=2)
    assert oddity in oddities(decode(frame))


def test_nobody_who_asks_for_no_details_pays_for_them():
    rows = decode(sv_frame(ASDU()), wanted=frozenset({"operations"}))
    assert set(rows) == {"operations"}


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6), cut=st.integers(0, 150)
)
def test_mutated_messages_give_rows_or_declared_oddities(changes, cut):
    octets = bytearray(sv_frame(ASDU(), ASDU(b"MU02")))
    for at, octet in changes:
        octets[at % len(octets)] = octet
    rows = decode(bytes(octets[: max(1, len(octets) - cut)]))
    assert not [o for o in oddities(rows) if o.startswith("decoder-error")]


@settings(max_examples=100, deadline=None)
@given(octets=st.binary(max_size=120))
def test_any_octets_give_rows_or_declared_oddities(octets):
    rows = decode(octets, sv_frame(octets), sv_frame(ASDU(extra=octets)))
    assert not [o for o in oddities(rows) if o.startswith("decoder-error")]


def samples_of(*pairs: tuple[int, int]) -> bytes:
    return b"".join(struct.pack(">iI", value, quality) for value, quality in pairs)


REFRESHED = utc(1_710_123_782, 0x400000, 0x0A, tag=0x84)
STREAM = (
    sv_frame(ASDU(samples=samples_of((1, 0), (2, 0))), ASDU(b"MU02", samples=bytes(12))),
    sv_frame(ASDU(samples=samples_of((-3, 0), (4, 0))), ASDU(b"MU02", 6, samples=bytes(range(12)))),
    sv_frame(ASDU(samples=samples_of((-3, 0), (4, 1))), ASDU(b"MU02", 7, samples=bytes(12))),  # a quality
    sv_frame(
        ASDU(samples=samples_of((5, 0), (6, 1 << 20))), ASDU(b"MU02", 8, samples=bytes(12))
    ),  # no quality
    sv_frame(ASDU(samples=samples_of((5, 0), (6, 1))), ASDU(b"MU02", 8, samples=bytes(12))),  # fits again
    sv_frame(
        ASDU(samples=samples_of((5, 0), (6, 1))), ASDU(b"MU03", 9, samples=bytes(12))
    ),  # another identifier
    sv_frame(ASDU(samples=samples_of((7, 0), (6, 1))), ASDU(b"MU03", 9, samples=bytes(12))),
    sv_frame(ASDU(samples=samples_of((7, 0), (6, 1))), ASDU(b"MU03", 9, samples=bytes(12)))[:-3],  # cut
    sv_frame(ASDU(samples=samples_of((7, 0), (6, 1))), ASDU(b"MU03", 9, samples=bytes(12)))
    + bytes(4),  # padded
    sv_frame(ASDU(samples=samples_of((7, 0), (6, 1))), ASDU(b"MU03", 9, samples=bytes(12)), said=1),
    sv_frame(ASDU(samples=samples_of((7, 0)), extra=REFRESHED)),
    sv_frame(ASDU(samples=samples_of((8, 0)), extra=utc(1_710_123_783, 0, 1, tag=0x84))),
    sv_frame(
        ASDU(samples=samples_of((8, 0)), extra=utc(1_710_123_783, 0, 1, tag=0x85))
    ),  # an integer of 8 octets
)
RUN_OWN = {"operation", "frame", "response_frame", "time", "flow", "latency"}


def said(rows: dict) -> dict:
    """Rows without what numbers them within a run."""
    return {
        name: [{k: v for k, v in row.items() if k not in RUN_OWN} for row in rows.get(name, [])]
        for name in ("operations", "values", "oddities")
    }


@pytest.mark.parametrize("wanted", [("operations", "oddities"), ("operations", "oddities", "values")])
@settings(max_examples=60, deadline=None)
@given(order=st.lists(st.integers(0, len(STREAM) - 1), min_size=1, max_size=12))
def test_a_message_gives_the_same_rows_whatever_came_before_it(wanted, order):
    frames = [STREAM[k] for k in order]
    together = said(decode(*frames, wanted=frozenset(wanted)))
    alone = [said(decode(frame, wanted=frozenset(wanted))) for frame in frames]
    for name, rows in together.items():
        # By their spelling: a float that is no number is unlike itself.
        assert repr(rows) == repr([row for one in alone for row in one[name]])


@settings(max_examples=100, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3), cut=st.integers(0, 12)
)
def test_a_changed_message_gives_the_same_rows_behind_its_pattern(changes, cut):
    octets = bytearray(STREAM[0])
    for at, octet in changes:
        octets[at % len(octets)] = octet
    changed = bytes(octets[: len(octets) - cut])
    wanted = frozenset(("operations", "values", "oddities"))
    together, alone = said(decode(STREAM[0], changed, wanted=wanted)), said(decode(changed, wanted=wanted))
    for name, rows in said(decode(STREAM[0], wanted=wanted)).items():
        assert together[name] == rows + alone[name]
