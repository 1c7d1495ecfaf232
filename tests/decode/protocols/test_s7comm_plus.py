"""What S7comm-plus requests are about, and what that makes of their verbs."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.protocols.s7_octets import CLIENT, SERVER, talk
from decode.protocols.s7_plus_octets import answer, ask, attribute, dint, instance, vlq, wstring
from interlock.decode.protocols.s7comm.plus_objects import About, about, texts_of

SESSION = 0x3C0
SET, SET_MULTI, GET_MULTI, GET_STREAMED, SET_STREAMED = 0x04F2, 0x0542, 0x054C, 0x0586, 0x057C
CREATE, DELETE, EXPLORE, BEGIN, END = 0x04CA, 0x04D4, 0x04BB, 0x0556, 0x0560


def u32(number: int) -> bytes:
    return struct.pack(">I", number)


def set_one(number: int, attribute_: int, value: bytes) -> bytes:
    return u32(number) + b"\1" + vlq(attribute_) + value


def create(parent: int, *objects: bytes) -> bytes:
    return u32(parent) + b"\0\4\0" + bytes(4) + b"".join(objects)


def streamed(number: int, *attributes: int) -> bytes:
    return u32(number) + b"\x20\4" + vlq(len(attributes)) + b"".join(map(vlq, attributes))


@pytest.mark.parametrize(
    ("function", "body", "verb", "name"),
    [
        (SET, set_one(52, 2167, dint(1)), "stop", "theCPUexecUnit.operatingStateReq"),
        (SET, set_one(52, 2167, dint(3)), "start", "theCPUexecUnit.operatingStateReq"),
        (SET, set_one(52, 2167, dint(4)), "start", "theCPUexecUnit.operatingStateReq"),
        (SET, set_one(52, 2167, dint(2)), "reset", "theCPUexecUnit.operatingStateReq"),
        (SET, set_one(52, 2167, dint(-1)), "mode-set", "theCPUexecUnit.operatingStateReq"),
        (SET, set_one(52, 2167, b"\x10\0\0"), "mode-set", "theCPUexecUnit.operatingStateReq"),
        (SET, set_one(50, 2421, bytes((0, 16)) + bytes(8)), "time-set", "theCPUCommon.CPUClock"),
        (SET, set_one(0x8A0E0005, 2521, b"\0\3\0\5"), "program-write", "DB5.BlockNumber"),
        (SET, set_one(SESSION, 304, b"\0\0"), "authenticate", "session.Response"),
        (SET, set_one(0x70000E51, 1053, b"\0\7\0\x0c"), "subscribe", "0x70000e51.CreditLimit"),
        (SET, set_one(0x70000E51, 7777, b"\0\0"), "", "0x70000e51.7777"),
        (SET_STREAMED, streamed(SESSION, 1846), "authenticate", "session.Legitimate"),
        (GET_STREAMED, streamed(SESSION, 303), "authenticate", "session.Challenge"),
        (GET_STREAMED, streamed(0x8A320001, 2580), "program-read", "OB1.2580"),
        (GET_STREAMED, streamed(49, 3753), "", "theCPUProxy.3753"),
        (SET_MULTI, u32(SESSION) + b"\1\1" + vlq(306), "open", "session.Version"),
        (CREATE, create(3, instance(0x8A320001, 2647)), "program-write", "OB1"),
        (CREATE, create(SESSION, instance(0x7FFFC001, 1001)), "subscribe", "session.1001"),
        (CREATE, create(2, instance(211, 3333)), "", "theHWConfiguration.3333"),
        (BEGIN, b"\2\0\1\0" + instance(0x7FFFC001, 1700, attribute(233, wstring("DLTransaction"))), "program-write",
         "DLTransaction"),
        (BEGIN, b"\4\0\x12\0\0\0\3\0", "", ""),
        (DELETE, u32(0x8A0E0001), "program-write", "DB1"),
        (DELETE, u32(SESSION), "", "session"),
        (EXPLORE, u32(3) + bytes(8), "", "thePLCProgram"),
        (EXPLORE, u32(0x8A320001) + bytes(4) + vlq(2533), "program-read", "OB1"),
        (0x056B, bytes(20), "", ""),
    ],
)  # fmt: skip
def test_what_a_request_is_about_makes_its_verb(function: int, body: bytes, verb: str, name: str) -> None:
    assert about(function, SESSION, body)[:2] == (verb, name)
    assert about(function, SESSION, body[:3]) == About()


def test_the_state_asked_for_stands_behind_other_values() -> None:
    body = u32(52) + b"\2\2" + vlq(2100) + vlq(2167) + b"\1" + b"\0\3\0\7" + b"\2" + dint(1)
    assert about(SET_MULTI, SESSION, body) == About("stop", "theCPUexecUnit.2100", 2)
    unknown = u32(52) + b"\2\2" + vlq(2100) + vlq(2167) + b"\1" + wstring("x") + b"\2" + dint(1)
    assert about(SET_MULTI, SESSION, unknown).verb == "mode-set"


def test_variables_are_named_by_area_and_number() -> None:
    def item(area: int, *fields: int) -> bytes:
        return b"\0" + vlq(area) + vlq(len(fields)) + b"".join(map(vlq, fields))

    body = u32(0) + b"\2\x08" + item(0x8A0E0002, 2550, 10) + item(82, 3736, 5)
    assert about(GET_MULTI, SESSION, body) == About("", "DB2.10", 2)
    assert about(GET_MULTI, SESSION, u32(0) + b"\1\4" + item(82, 3736, 5)) == About("", "M.5", 1)
    assert about(GET_MULTI, SESSION, u32(0) + b"\1\4" + item(50, 3451)) == About("", "theCPUCommon.3451", 1)


def test_a_cpu_is_stopped_and_started_through_every_version() -> None:
    for version in (1, 2, 3):
        rows = talk(
            (CLIENT, ask(SET, 1, set_one(52, 2167, dint(1)), version=version)),
            (SERVER, answer(SET, 1, version=version)),
            (CLIENT, ask(SET, 2, set_one(52, 2167, dint(3)), version=version)),
            (SERVER, answer(SET, 2, b"\x9f\xff\xff\xff\xff\xff\xff\xff\xfb", version=version)),
        )
        assert [(r["verb"], r["outcome"], r["code"]) for r in rows["operations"]] == [
            ("stop", "ok", None),
            ("start", "refused", -5),
        ]


def test_a_download_is_a_sequence_with_blocks_in_it() -> None:
    transaction = instance(0x7FFFC001, 1700, attribute(233, wstring("DLTransaction")))
    steps = [
        (BEGIN, b"\2\0\1\0" + transaction),
        (BEGIN, b"\4\0\x12" + u32(3) + b"\0"),
        (CREATE, create(3, instance(0x8A0E0007, 2574))),
        (END, bytes(4)),
        (END, b"\1\0\0\0"),
        (END, bytes(4)),
    ]
    rows = talk(*((CLIENT, ask(f, k, body)) for k, (f, body) in enumerate(steps)))
    told = sorted((int(r["transaction"]), r["verb"], r["object"]) for r in rows["operations"])
    assert told == [
        (0, "program-write", "DLTransaction"),
        (1, "unknown", "session:0x000003c0"),
        (2, "program-write", "DB7"),
        (3, "program-write", "session:0x000003c0"),
        (4, "program-write", "session:0x000003c0"),
        (5, "unknown", "session:0x000003c0"),
    ]


def test_what_was_created_is_deleted_under_its_own_verb() -> None:
    rows = talk(
        (CLIENT, ask(CREATE, 1, create(SESSION, instance(0x7FFFC001, 1001)))),
        (SERVER, answer(CREATE, 1, b"\0\1" + vlq(0x70000E51))),
        (CLIENT, ask(DELETE, 2, u32(0x70000E51))),
        (CLIENT, ask(DELETE, 3, u32(0x70000E52))),
        (CLIENT, ask(DELETE, 4, u32(SESSION))),
    )
    told = {(r["transaction"], r["verb"]) for r in rows["operations"]}
    assert told == {("1", "subscribe"), ("2", "subscribe"), ("3", "unknown"), ("4", "close")}


def test_who_stands_at_the_ends() -> None:
    client = instance(211, 287, attribute(233, wstring("ServerSession_1")), attribute(297, wstring("HMI RT OMS+")),
                      attribute(298, wstring("HMI-4")), attribute(301, wstring("line 4")))  # fmt: skip
    server = instance(
        288, 287, attribute(301, wstring("OMSP.REL.1")), attribute(319, wstring("1;6ES7 511-1AK00-0AB0;V1.0"))
    )
    record = b"\0\x20\0\x38\1\0" + struct.pack(
        ">H20s16sHc3B", 0x2A, b"6ES7 511-1AK00-0AB0", b"S C-X123", 2, b"V", 2, 2, 0
    )
    rows = talk(
        (CLIENT, ask(CREATE, 1, create(285, client), session=0x120)),
        (SERVER, answer(CREATE, 1, b"\0\2" + vlq(SESSION) + vlq(SESSION + 1) + server)),
        (CLIENT, ask(GET_STREAMED, 2, streamed(49, 3753))),
        (SERVER, answer(GET_STREAMED, 2, b"\0\0\x14\0\x3c" + record + bytes(12))),
    )
    found = {(c["who"], c["field"], c["value"]) for c in rows["clues"] if c["protocol"] == "s7comm-plus"}
    assert found == {
        ("10.0.0.1", "name", "HMI-4"),
        ("10.0.0.1", "software", "HMI RT OMS+"),
        ("10.0.0.1", "description", "line 4"),
        ("10.0.0.2", "order-number", "6ES7 511-1AK00-0AB0"),
        ("10.0.0.2", "firmware", "V1.0"),
        ("10.0.0.2", "software", "OMSP.REL.1"),
        ("10.0.0.2", "vendor", "Siemens"),
        ("10.0.0.2", "vendor-id", "profinet:0x002a"),
        ("10.0.0.2", "serial", "S C-X123"),
        ("10.0.0.2", "hardware", "2"),
        ("10.0.0.2", "firmware", "V2.2.0"),
    }


@settings(max_examples=300, deadline=None)
@given(st.sampled_from((SET, SET_MULTI, GET_MULTI, GET_STREAMED, SET_STREAMED, CREATE, DELETE, EXPLORE, BEGIN)),
       st.binary(max_size=64))  # fmt: skip
def test_any_octets_are_about_something_or_nothing(function: int, octets: bytes) -> None:
    told = about(function, SESSION, octets)
    assert isinstance(told, About)
    assert len(told.name) < 2048
    assert all(isinstance(k, int) for k in texts_of(octets))
