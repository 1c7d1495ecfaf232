"""GOOSE: octets from IEC 61850-8-1 annex A in, rows out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, ethernet, run, udp
from decode.protocols.iec61850_octets import DATA, GOOD, bits, floating, goose, goose_frame, tlv, utc

GROUP = bytes.fromhex("010ccd010001")
PUBLISHER, GROUP_TEXT = "02:00:00:00:00:01", "01:0c:cd:01:00:01"


def decode(*frames: bytes, batch: int = 0, wanted: frozenset[str] | None = None) -> dict:
    return run([ethernet(f, 0x88B8, target=GROUP) for f in frames], batch=batch, wanted=wanted)


def oddities(rows: dict) -> list[str]:
    return [o["oddity"] for o in rows["oddities"]]


def test_a_message_is_a_report_of_its_publisher():
    rows = decode(goose_frame(goose(*DATA)))
    [row] = rows["operations"]
    told = {
        k: row[k] for k in ("client", "server", "protocol", "verb", "function", "function_name", "object")
    }
    assert told == {
        "client": PUBLISHER,
        "server": GROUP_TEXT,
        "protocol": "goose",
        "verb": "report",
        "function": 1,
        "function_name": "goosePdu",
        "object": "IED1LD0/LLN0$GO$gcb1",
    }
    assert (row["count"], row["outcome"], row["frame"], row["response_frame"]) == (4, "unsolicited", 1, None)
    assert rows["flows"][0]["protocol"] == "goose"
    assert oddities(rows) == []


def test_every_field_stands_in_the_table():
    [row] = decode(goose_frame(goose(*DATA), simulated=True))["goose"]
    assert {k: v for k, v in row.items() if k not in ("source", "realm", "time", "flow", "operation")} == {
        "frame": 1,
        "client": PUBLISHER,
        "server": GROUP_TEXT,
        "client_port": None,
        "server_port": None,
        "vlan": None,
        "appid": 0x3101,
        "length": 8 + len(goose(*DATA)),
        "simulated": True,
        "gocb_ref": "IED1LD0/LLN0$GO$gcb1",
        "time_allowed_to_live": 2000,
        "dat_set": "IED1LD0/LLN0$DS1",
        "go_id": "gcb1",
        "t": 1_710_123_782_500_000_000,
        "t_quality": 0x0A,
        "st_num": 7,
        "sq_num": 3,
        "simulation": False,
        "conf_rev": 200,
        "nds_com": False,
        "num_dat_set_entries": 4,
        "entries": 4,
        "all_data": json.dumps([True, "0" * 13, 1.5, "0100000000010"]),
        "all_data_octets": b"".join(DATA),
        "signed": False,
    }


def test_values_carry_the_quality_that_follows_them():
    values = decode(goose_frame(goose(*DATA)))["values"]
    assert [(v["object"], v["number"], v["type"], v["quality"], v["direction"]) for v in values] == [
        ("IED1LD0/LLN0$DS1[0]", [1.0], "boolean", "good", "reported"),
        ("IED1LD0/LLN0$DS1[2]", [1.5], "floating-point", "invalid,test", "reported"),
    ]
    assert {v["server"] for v in values} == {PUBLISHER}


def test_structures_and_arrays_are_flattened():
    position = tlv(0xA2, bits("10"), GOOD, utc(1_710_123_782))
    series = tlv(0xA1, *(tlv(0x85, bytes([k])) for k in (1, 2, 255)))
    values = decode(goose_frame(goose(position, series, tlv(0xA2, tlv(0xA2, floating(2.0)), GOOD))))["values"]
    assert [
        (v["object"].removeprefix("IED1LD0/LLN0$DS1"), v["number"], v["text"], v["quality"]) for v in values
    ] == [
        ("[0][0]", [2.0], None, "good"),
        ("[1]", [1.0, 2.0, -1.0], None, None),
        ("[2][0][0]", [2.0], None, "good"),
    ]


def test_values_without_a_time_of_their_own_have_that_of_the_message():
    values = decode(goose_frame(goose(tlv(0x83, b"\x01"), GOOD, utc(1_700_000_000), tlv(0x83, b"\x00"))))[
        "values"
    ]
    assert [v["device_time"] for v in values] == [1_700_000_000_000_000_000, 1_710_123_782_500_000_000]


def test_a_repetition_is_a_row_with_its_values():
    frames = [goose_frame(goose(*DATA, sq_num=k)) for k in range(5)]
    rows = decode(*frames)
    assert [r["sq_num"] for r in rows["goose"]] == [0, 1, 2, 3, 4]
    assert len(rows["operations"]) == 5
    assert len(rows["values"]) == 10
    assert len({json.dumps(v["number"]) for v in rows["values"][::2]}) == 1
    apart = decode(*frames, batch=1)
    assert [{**v, "operation": 0} for v in apart["values"]] == [{**v, "operation": 0} for v in rows["values"]]


def test_changed_data_are_read_anew():
    values = decode(goose_frame(goose(tlv(0x83, b"\x00"))), goose_frame(goose(tlv(0x83, b"\x01"), st_num=8)))[
        "values"
    ]
    assert [v["number"] for v in values] == [[0.0], [1.0]]


def test_the_logical_device_names_the_publisher():
    clues = decode(goose_frame(goose(*DATA)), goose_frame(goose(*DATA)))["clues"]
    assert [(c["who"], c["field"], c["value"]) for c in clues if c["protocol"] == "goose"] == [
        (PUBLISHER, "name", "IED1LD0")
    ]


@pytest.mark.parametrize(
    ("frame", "oddity", "operations"),
    [
        (goose_frame(goose(*DATA, without=(0x82,))), "field-missing", 1),
        (goose_frame(goose(*DATA, without=(0x80,))), "field-missing", 0),
        (goose_frame(goose(*DATA, entries=9)), "entries-mismatch", 1),
        (goose_frame(goose(b"\x9f\x81\x81\x81\x01\x00")), "tag-invalid", 1),
        (goose_frame(goose(b"\x94\x01\x00")), "data-type-unknown", 1),
        (goose_frame(goose(tlv(0x83, b""))), "boolean-invalid", 1),
        (goose_frame(goose(tlv(0x84, b"\x09\x00"))), "bit-string-invalid", 1),
        (goose_frame(goose(tlv(0x85, b""))), "integer-invalid", 1),
        (goose_frame(goose(tlv(0x87, b"\x08\x00"))), "floating-point-invalid", 1),
        (goose_frame(goose(tlv(0x88, b"\x83"))), "real-invalid", 1),
        (goose_frame(goose(tlv(0x8C, b"\x00"))), "binary-time-invalid", 1),
        (goose_frame(goose(tlv(0x8F, b"\x80"))), "object-identifier-invalid", 1),
        (goose_frame(goose(tlv(0x91, b"\x00"))), "utc-time-invalid", 1),
        (goose_frame(goose(b"\xa2\x80" * 20)), "truncated", 1),
        (goose_frame(goose(b"\xa2\x80" * 40 + b"\x00\x00" * 40)), "nested-too-deep", 1),
        (goose_frame(goose(b"\xa2\x85\x00\x00\x00\x00\x00")), "length-invalid", 1),
        (goose_frame(goose(*DATA, extra=b"\x90\x00")), "tag-unexpected", 1),
        (goose_frame(goose(*DATA))[:80], "truncated", 1),
        (goose_frame(tlv(0x62, b"\x00" * 8)), "apdu-unknown", 0),
        (goose_frame(goose(*DATA), length=3), "length-invalid", 0),
        (goose_frame(goose(*DATA, without=(0x85,), extra=tlv(0x85, b""))), "integer-invalid", 1),
        (goose_frame(goose(*DATA, without=(0x84,), extra=tlv(0x84, b"\x00"))), "utc-time-invalid", 1),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_kept(frame, oddity, operations):
    rows = decode(frame)
    assert oddity in oddities(rows)
    assert len(rows["operations"]) == operations


def test_padding_behind_the_length_is_no_message():
    assert oddities(decode(goose_frame(goose(*DATA)) + bytes(20))) == []


def test_a_signature_is_told():
    frame = goose_frame(goose(*DATA, extra=tlv(0x8C, bytes(20))))
    assert [r["signed"] for r in decode(frame)["goose"]] == [True]


@pytest.mark.parametrize(("kind", "name"), [(0xA1, "r-goose"), (0xA2, "r-sv")])
def test_routed_flows_are_named(kind, name):
    octets = bytes([1, 0x40, kind, 0x18, 0x80, 0x16]) + bytes(60)
    rows = udp([(CLIENT, octets), (CLIENT, b"\x02" + octets)], port=102, client_port=102)
    assert [f["protocol"] for f in rows["flows"]] == [name]
    assert [(o["protocol"], o["oddity"]) for o in rows["oddities"]] == [("r-goose", "session-unknown")]
    assert rows["operations"] == []


def test_management_is_named():
    [row] = decode(goose_frame(tlv(0x60, tlv(0x80, b"\x01"))))["operations"]
    assert (row["function_name"], row["verb"], row["object"]) == ("gseMngtPdu", "unknown", None)


def test_lengths_of_any_form_are_read():
    apdu = goose(*DATA)
    loose = b"\x61\x80" + apdu[2 if apdu[1] < 128 else 3 :] + b"\x00\x00"
    [row] = decode(goose_frame(loose))["goose"]
    assert row["entries"] == 4


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 200),
)
def test_mutated_messages_give_rows_or_declared_oddities(changes, cut):
    octets = bytearray(goose_frame(goose(*DATA, tlv(0xA2, floating(1.0), GOOD))))
    for at, octet in changes:
        octets[at % len(octets)] = octet
    rows = decode(bytes(octets[: max(1, len(octets) - cut)]))
    assert not [o for o in oddities(rows) if o.startswith("decoder-error")]


@settings(max_examples=100, deadline=None)
@given(octets=st.binary(max_size=120))
def test_any_octets_give_rows_or_declared_oddities(octets):
    rows = decode(octets, goose_frame(octets), goose_frame(goose(octets)))
    assert not [o for o in oddities(rows) if o.startswith("decoder-error")]


STREAM = (
    goose_frame(goose(*DATA)),
    goose_frame(goose(*DATA, sq_num=4)),
    goose_frame(goose(*DATA, st_num=8, sq_num=0)),
    goose_frame(goose(DATA[0], st_num=9, sq_num=0)),
    goose_frame(goose(*DATA, sq_num=200)),
    goose_frame(goose(*DATA, reference=b"IED1LD0/LLN0$GO$gcb2")),
    goose_frame(goose(*DATA, sq_num=5), simulated=True),
    goose_frame(goose(*DATA, sq_num=6, entries=3)),
    goose_frame(goose(*DATA, sq_num=6, without=(0x84,))),
    goose_frame(goose(*DATA, sq_num=7))[:-2],
    goose_frame(goose(*DATA, sq_num=7)) + bytes(3),
)
RUN_OWN = {"operation", "frame", "response_frame", "time", "flow", "latency"}
TABLES = ("operations", "values", "oddities", "goose")


def _said(frames: tuple[bytes, ...], wanted: frozenset[str]) -> dict[str, list[dict]]:
    rows = decode(*frames, wanted=wanted)
    return {
        name: [{k: v for k, v in row.items() if k not in RUN_OWN} for row in rows.get(name, [])]
        for name in TABLES
    }


@pytest.mark.parametrize("count", [2, 3, 4])
@settings(max_examples=60, deadline=None)
@given(
    order=st.lists(st.integers(0, len(STREAM) - 1), min_size=1, max_size=12),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=2),
)
def test_a_message_gives_the_same_rows_whatever_came_before_it(count, order, changes):
    wanted = frozenset(("operations", "oddities", "values", "goose")[:count])
    changed = bytearray(STREAM[0])
    for at, octet in changes:
        changed[at % len(changed)] = octet
    frames = (*(STREAM[k] for k in order), bytes(changed))
    together = _said(frames, wanted)
    alone = [_said((frame,), wanted) for frame in frames]
    for name, rows in together.items():
        # By their spelling: a float that is no number is unlike itself.
        assert repr(rows) == repr([row for one in alone for row in one[name]])


def test_many_different_short_data_are_read_anew_and_the_same_ones_alike():
    """Short data are kept as read (some thousand of them): no message may get another one's."""
    frames = [
        goose_frame(goose(tlv(0x86, k.to_bytes(2, "big")), tlv(0x83, bytes([k & 1])), sq_num=k % 250))
        for k in (*range(6000), *range(40))
    ]
    rows = decode(*frames)
    numbers = [row["number"] for row in rows["values"]]
    assert numbers == [n for k in (*range(6000), *range(40)) for n in ([float(k)], [float(k & 1)])]
