"""MMS on COTP: octets from ISO 9506-2 and IEC 61850-8-1 in, rows out."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.iec61850_octets import GOOD, bits, floating, tlv, utc
from decode.protocols.mms_octets import (
    CONFIRM,
    CONNECT,
    aare,
    aarq,
    answer,
    ask,
    cotp,
    data,
    domain,
    failed,
    high,
    initiate,
    initiated,
    integer,
    presentation,
    report,
    spdu,
    text,
    variables,
    vmd,
)
from interlock.decode.protocols.mms.pdus import association, mms
from interlock.decode.protocols.mms.syntax import Module
from interlock.errors import DecodeError

OPENING = [
    (CLIENT, CONNECT),
    (SERVER, CONFIRM),
    (CLIENT, spdu(13, presentation(aarq(initiate())))),
    (SERVER, spdu(14, presentation(aare(initiated()), accepts=True))),
]
POSITION = tlv(0xA2, bits("10"), GOOD, utc(1_710_123_782))
READ = [
    (CLIENT, ask(1, 4, tlv(0xA1, variables("LD/XCBR1$ST$Pos", "LD/MMXU1$MX$TotW")))),
    (SERVER, answer(1, 4, tlv(0xA1, POSITION, integer(10, 0x80)))),
]


def talk(*pieces, opening=True, **options):
    return tcp([*(OPENING if opening else OPENING[:2]), *pieces], port=102, **options)


def told(rows, *columns):
    return [tuple(r[c] for c in columns) for r in rows["operations"] if r["function"] != 520]


def values(rows):
    return [(v["object"], v["number"], v["text"], v["quality"], v["direction"]) for v in rows["values"]]


def oddities(rows):
    return [(o["protocol"], o["oddity"]) for o in rows["oddities"]]


def test_an_association_is_opened():
    rows = talk()
    [row] = rows["operations"]
    assert (row["protocol"], row["function"], row["function_name"], row["verb"]) == (
        "mms",
        520,
        "initiate",
        "open",
    )
    assert (row["outcome"], row["transaction"], row["frame"], row["response_frame"]) == ("ok", None, 6, 7)
    assert oddities(rows) == []
    assert [(f["protocol"], f["basis"]) for f in rows["flows"]] == [("mms", "parsed")]
    asked, accepted = rows["mms_associations"]
    assert {k: asked[k] for k in asked if k not in ("source", "realm", "time", "flow")} == {
        "frame": 6,
        "client": "10.0.0.1",
        "server": "10.0.0.2",
        "client_port": 50000,
        "server_port": 102,
        "event": "connect",
        "acse": "aarq",
        "calling_session_selector": "0001",
        "called_session_selector": "0002",
        "calling_presentation_selector": "0001",
        "called_presentation_selector": "0002",
        "abstract_syntaxes": "2.2.1.0.1,1.0.9506.2.1",
        "application_context": "1.0.9506.2.3",
        "calling_ap_title": "1.3.12.13185.2",
        "called_ap_title": "1.3.12.13185.1",
        "calling_ae_qualifier": "13",
        "called_ae_qualifier": "12",
        "mechanism": None,
        "result": None,
        "reason": None,
        "local_detail": 65000,
        "calling_outstanding": 5,
        "called_outstanding": 5,
        "nesting": 10,
        "mms_version": 1,
        "parameters": "11110001000",
        "services": "1110111000011100000000000000000000000100000010000000000000000000011110011110111100011",
    }
    assert (accepted["event"], accepted["acse"], accepted["result"], accepted["local_detail"]) == (
        "accept",
        "aare",
        0,
        32000,
    )


def test_a_refused_association_refuses_the_initiate():
    refusal = spdu(14, presentation(aare(None, result=1, diagnostic=13), accepts=True))
    rows = talk(OPENING[2], (SERVER, refusal), opening=False)
    assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [("refused", 13)]
    refused = talk(OPENING[2], (SERVER, spdu(12, b"", extra=bytes([50, 1, 129]))), opening=False)
    assert [(r["outcome"], r["code"]) for r in refused["operations"]] == [("refused", 129)]
    assert [r["event"] for r in refused["mms_associations"]] == ["connect", "refuse"]


def test_a_password_is_a_credential_and_its_fate_is_told():
    login = spdu(13, presentation(aarq(initiate(), secret=b"station-7")))
    rows = talk((CLIENT, login), OPENING[3], opening=False)
    assert [(c["protocol"], c["scheme"], c["outcome"], c["known"]) for c in rows["credentials"]] == [
        ("mms", "password", "ok", None)
    ]
    assert b"station-7" not in repr(rows).encode()
    refused = talk(
        (CLIENT, login), (SERVER, spdu(14, presentation(aare(None, result=1), accepts=True))), opening=False
    )
    assert [c["outcome"] for c in refused["credentials"]] == ["refused"]


def test_another_mechanism_is_no_password():
    login = spdu(13, presentation(aarq(initiate(), secret=b"token", mechanism="28ca2203")))
    assert talk((CLIENT, login), OPENING[3], opening=False)["credentials"] == []


def test_release_and_abort_are_told():
    finish = spdu(9, tlv(0x61, tlv(0x30, integer(1), tlv(0xA0, tlv(0x62, integer(0, 0x80))))))
    abort = spdu(25, tlv(0xA0, tlv(0x61, tlv(0x30, integer(1), tlv(0xA0, tlv(0x64, integer(1, 0x80)))))))
    rows = talk((CLIENT, finish), (SERVER, abort))
    assert [(r["event"], r["acse"], r["reason"]) for r in rows["mms_associations"]][2:] == [
        ("finish", "rlrq", 0),
        ("abort", "abrt", 1),
    ]
    assert oddities(rows) == []


def test_a_read_has_an_item_for_each_variable():
    rows = talk(*READ)
    columns = (
        "function",
        "function_name",
        "verb",
        "transaction",
        "item",
        "items",
        "object",
        "outcome",
        "code",
    )
    assert told(rows, *columns) == [
        (4, "read", "read", "1", 0, 2, "LD/XCBR1$ST$Pos", "ok", None),
        (4, "read", "read", "1", 1, 2, "LD/MMXU1$MX$TotW", "refused", 10),
    ]
    assert values(rows) == [("LD/XCBR1$ST$Pos[0]", [2.0], None, "good", "read")]
    assert [v["device_time"] for v in rows["values"]] == [1_710_123_782_000_000_000]
    assert [(v["client"], v["server"]) for v in rows["values"]] == [("10.0.0.1", "10.0.0.2")]


def test_attributes_name_the_parts_of_a_variable():
    parts = tlv(
        0xA1,
        tlv(0x30, text("stVal", 0x80), tlv(0xA1, integer(2, 0x84))),
        tlv(0x30, text("q", 0x80), tlv(0xA1, integer(13, 0x84))),
        tlv(0x30, text("t", 0x80), tlv(0xA1, tlv(0x91))),
    )
    whole = tlv(
        0xA2,
        tlv(
            0xA1,
            tlv(
                0x30,
                text("ST", 0x80),
                tlv(0xA1, tlv(0xA2, tlv(0xA1, tlv(0x30, text("Pos", 0x80), tlv(0xA1, tlv(0xA2, parts)))))),
            ),
        ),
    )
    rows = talk(
        (CLIENT, ask(7, 6, tlv(0xA0, domain("LD/XCBR1")))),
        (SERVER, answer(7, 6, tlv(0x80, b"\x00"), tlv(0xA2, whole))),
        *READ,
    )
    assert told(rows, "function_name", "verb", "object")[0] == (
        "getVariableAccessAttributes",
        "discover",
        "LD/XCBR1",
    )
    assert values(rows)[0][0] == "LD/XCBR1$ST$Pos$stVal"


def oper(value: bytes = tlv(0x83, b"\x01"), who: bytes = b"dispatcher") -> bytes:
    origin = tlv(0xA2, integer(2, 0x85), tlv(0x89, who))
    return tlv(0xA2, value, origin, integer(1, 0x86), utc(1_710_123_782), tlv(0x83, b"\x00"), bits("00"))


@pytest.mark.parametrize(
    ("item", "verb"),
    [
        ("XCBR1$CO$Pos$Oper", "operate"),
        ("XCBR1$CO$Pos$Oper$ctlVal", "operate"),
        ("XCBR1$CO$Pos$SBOw", "select"),
        ("XCBR1$CO$Pos$Cancel", "select"),
        ("LLN0$CO$Mod$Oper", "mode-set"),
        ("MMXU1$SV$TotW$subEna", "force"),
        ("LLN0$SP$SGCB$ActSG", "configure"),
        ("LLN0$RP$urcb01$RptEna", "subscribe"),
        ("LLN0$BR$brcb01$PurgeBuf", "subscribe"),
        ("LLN0$GO$gcb01$GoEna", "configure"),
        ("XCBR1$CO$Pos", "write"),
        ("GGIO1$ST$Ind1$stVal", "write"),
    ],
)
def test_a_write_is_what_its_functional_constraint_says(item, verb):
    rows = talk(
        (CLIENT, ask(2, 5, variables("LD/" + item), tlv(0xA0, tlv(0x83, b"\x01")))),
        (SERVER, answer(2, 5, tlv(0x81))),
    )
    assert told(rows, "verb", "object", "outcome") == [(verb, f"LD/{item}", "ok")]


def test_each_item_of_a_read_has_a_verb_of_its_own():
    asked = tlv(0xA1, variables("LD/XCBR1$CO$Pos$SBO", "LD/MMXU1$MX$TotW"))
    rows = talk((CLIENT, ask(3, 4, asked)))
    assert told(rows, "item", "verb") == [(0, "select"), (1, "read")]


def test_a_control_tells_its_parts_and_who_it_is_of():
    rows = talk(
        (CLIENT, ask(3, 5, variables("LD/XCBR1$CO$Pos$Oper"), tlv(0xA0, oper()))),
        (SERVER, answer(3, 5, integer(3, 0x80))),
    )
    assert told(rows, "verb", "user", "outcome", "code") == [("operate", "dispatcher", "refused", 3)]
    assert [(v[0], v[1]) for v in values(rows)] == [
        ("LD/XCBR1$CO$Pos$Oper$ctlVal", [1.0]),
        ("LD/XCBR1$CO$Pos$Oper$origin$orCat", [2.0]),
        ("LD/XCBR1$CO$Pos$Oper$origin$orIdent", None),
        ("LD/XCBR1$CO$Pos$Oper$ctlNum", [1.0]),
        ("LD/XCBR1$CO$Pos$Oper$Test", [0.0]),
        ("LD/XCBR1$CO$Pos$Oper$Check", [0.0]),
    ]
    assert {v[4] for v in values(rows)} == {"written"}


def test_reading_sbo_selects():
    rows = talk((CLIENT, ask(3, 4, tlv(0xA1, variables("LD/XCBR1$CO$Pos$SBO")))))
    assert told(rows, "verb", "outcome") == [("select", "unknown")]


def test_why_a_control_failed_is_told():
    error = tlv(
        0xA2,
        text("LD/XCBR1$CO$Pos$Oper", 0x8A),
        integer(0, 0x85),
        tlv(0xA2, integer(2, 0x85), tlv(0x89)),
        integer(1, 0x86),
        integer(10, 0x85),
    )
    rows = talk((SERVER, report(error, name=variables("LastApplError"))))
    assert told(rows, "function", "function_name", "verb", "object", "outcome", "code") == [
        (256, "LastApplError", "report", "LD/XCBR1$CO$Pos$Oper", "unsolicited", 10)
    ]


def rpt(*members: bytes, flags: str = "0111100110", included: str = "101") -> bytes:
    """A report with sequence number, time, reasons, data set, entry and revision."""
    return report(
        text("LD/LLN0$BR$rcb1", 0x8A),
        bits(flags),
        integer(9, 0x86),
        tlv(0x8C, (3_600_000).to_bytes(4, "big"), (14_000).to_bytes(2, "big")),
        text("LD/LLN0$DS", 0x8A),
        tlv(0x89, b"\x00\x01"),
        integer(200, 0x86),
        bits(included),
        *members,
        *(bits("0100000") for _ in members),
    )


def test_a_report_gives_its_members():
    listing = tlv(0xA1, *(tlv(0x30, tlv(0xA0, domain(f"LD/XCBR{k}$ST$Pos"))) for k in (1, 2, 3)))
    rows = talk(
        (CLIENT, ask(1, 12, domain("LD/LLN0$DS"))),
        (SERVER, answer(1, 12, tlv(0x80, b"\x00"), listing)),
        (SERVER, rpt(POSITION, tlv(0xA2, bits("01"), bits("0100000000000")))),
    )
    assert told(rows, "function", "verb", "object", "count", "outcome", "client", "server")[1:] == [
        (256, "report", "LD/LLN0$BR$rcb1", 2, "unsolicited", "10.0.0.1", "10.0.0.2")
    ]
    assert values(rows) == [
        ("LD/XCBR1$ST$Pos[0]", [2.0], None, "good", "reported"),
        ("LD/XCBR3$ST$Pos[0]", [1.0], None, "invalid", "reported"),
    ]
    [row] = rows["mms_reports"]
    assert (row["rpt_id"], row["data_set"], row["sequence"], row["revision"], row["entry"], row["included"]) == (
        "LD/LLN0$BR$rcb1", "LD/LLN0$DS", 9, 200, b"\x00\x01", 2,
    )  # fmt: skip
    assert (row["reasons"], row["overflow"]) == ("data-change", None)
    assert [v["device_time"] for v in rows["values"]] == [1_710_123_782_000_000_000, row["time_of_entry"]]


def test_a_report_of_an_unknown_data_set_numbers_its_members():
    assert [v[0] for v in values(talk((SERVER, rpt(floating(1.0), floating(2.0)))))] == [
        "LD/LLN0$DS[0]",
        "LD/LLN0$DS[2]",
    ]


def test_what_a_report_announces_must_be_there():
    rows = talk((SERVER, rpt(floating(1.0), flags="0111110111")))
    assert oddities(rows) == [("mms", "report-malformed")]
    assert len(told(rows, "function")) == 1


def test_identity_becomes_clues():
    rows = talk(
        (CLIENT, ask(1, 2, constructed=False)),
        (SERVER, answer(1, 2, text("ACME", 0x80), text("Relay 7", 0x81), text("4.2", 0x82))),
    )
    assert {(c["who"], c["field"], c["value"]) for c in rows["clues"] if c["protocol"] == "mms"} == {
        ("10.0.0.2", "vendor", "ACME"),
        ("10.0.0.2", "product", "Relay 7"),
        ("10.0.0.2", "firmware", "4.2"),
    }


@pytest.mark.parametrize(
    ("service", "content", "constructed", "verb", "subject"),
    [
        (0, b"\x01", False, "diagnose", None),
        (1, tlv(0xA0, integer(9, 0x80)) + tlv(0xA1, tlv(0x80)), True, "discover", "domain"),
        (1, tlv(0xA0, integer(0, 0x80)) + tlv(0xA1, text("LD", 0x81)), True, "discover", "namedVariable:LD"),
        (11, domain("LD/LLN0$DS") + tlv(0xA0), True, "configure", "LD/LLN0$DS"),
        (13, integer(0, 0x80) + tlv(0xA1, domain("LD/A"), vmd("B")), True, "configure", "LD/A"),
        (26, text("PLC", 0x80) + tlv(0xA1) + tlv(0x82, b"\x00"), True, "program-write", "PLC"),
        (29, b"PLC", False, "program-read", "PLC"),
        (30, b"\x05", False, "program-read", "ulsm:5"),
        (36, b"PLC", False, "program-write", "PLC"),
        (40, text("PI", 0x80), True, "start", "PI"),
        (41, text("PI", 0x80), True, "stop", "PI"),
        (42, text("PI", 0x80), True, "start", "PI"),
        (43, text("PI", 0x80), True, "reset", "PI"),
        (44, text("PI", 0x80), True, "stop", "PI"),
        (46, tlv(0xA1, text("a", 0x19)) + tlv(0xA2, text("b", 0x19)), True, "file-write", "b"),
        (48, tlv(0xA0, vmd("alarm")), True, "alarm-suppress", "alarm"),
        (62, tlv(0xA0, vmd("ee")) + integer(1, 0x82) + tlv(0xA3, integer(0, 0x81)), True, "operate", "ee"),
        (67, tlv(0xA0, domain("LD/log")), True, "reset", "LD/log"),
        (72, tlv(0xA0, text("COMTRADE/1.cfg", 0x19)) + integer(0, 0x81), True, "file-read", "COMTRADE/1.cfg"),
        (73, b"\x02", False, "file-read", "frsm:2"),
        (75, tlv(0xA0, text("a", 0x19)) + tlv(0xA1, text("b", 0x19)), True, "file-write", "a"),
        (76, text("a", 0x19), True, "file-write", "a"),
        (77, b"", True, "discover", None),
        (78, tlv(0x80, b"\x00"), True, "unknown", None),
    ],
)
def test_services_name_what_they_are_about(service, content, constructed, verb, subject):
    rows = talk((CLIENT, ask(5, service, content, constructed=constructed)))
    assert told(rows, "function", "verb", "object")[0] == (service, verb, subject)
    assert oddities(rows) == []


def test_open_files_keep_their_name():
    rows = talk(
        (CLIENT, ask(1, 72, tlv(0xA0, text("log.txt", 0x19)), integer(0, 0x81))),
        (SERVER, answer(1, 72, integer(4, 0x80), tlv(0xA1, integer(100, 0x80)))),
        (CLIENT, ask(2, 73, b"\x04", constructed=False)),
        (SERVER, answer(2, 73, tlv(0x80, b"abc"), tlv(0x81, b"\x00"))),
        (CLIENT, ask(3, 74, b"\x04", constructed=False)),
    )
    assert [r[0] for r in told(rows, "object")] == ["log.txt"] * 3


def test_errors_and_rejects_refuse():
    rows = talk(
        (CLIENT, ask(1, 2, constructed=False)),
        (SERVER, failed(1, 7, 3)),
        (CLIENT, ask(2, 2, constructed=False)),
        (SERVER, data(tlv(0xA4, integer(2, 0x80), integer(1, 0x81)))),
        (SERVER, data(tlv(0xA4, integer(1, 0x85)))),
    )
    assert told(rows, "function", "outcome", "code") == [
        (2, "refused", 256 * 8 + 3),
        (2, "refused", 8192 + 256 + 1),
        (516, "unsolicited", 8192 + 5 * 256 + 1),
    ]


def test_cancel_and_conclude():
    rows = talk(
        (CLIENT, data(integer(7, 0x85))),
        (SERVER, data(tlv(0xA7, integer(7, 0x80), tlv(0xA1, tlv(0xA0, integer(1, 0x8A)))))),
        (CLIENT, data(tlv(0x8B))),
        (SERVER, data(tlv(0x8C))),
    )
    assert told(rows, "function", "verb", "transaction", "outcome") == [
        (517, "unknown", "7", "refused"),
        (523, "close", None, "ok"),
    ]


def test_an_empty_presentation_value_is_truncated_and_the_next_is_read():
    rows = talk((CLIENT, data(b"")), *READ)
    assert oddities(rows) == [("mms", "truncated")]
    assert told(rows, "function", "outcome", "object") == told(talk(*READ), "function", "outcome", "object")


def test_answers_without_requests():
    rows = talk((SERVER, answer(9, 4, tlv(0xA1, floating(1.5)))), (SERVER, failed(8, 0, 0)))
    assert told(rows, "function", "frame", "outcome", "transaction") == [
        (4, None, "ok", "9"),
        (None, None, "refused", "8"),
    ]
    assert values(rows) == [("[0]", [1.5], None, None, "read")]


def test_a_conversation_joined_late_is_recognised():
    rows = tcp(READ, port=102, handshake=False)
    assert [(r["protocol"], r["verb"], r["outcome"]) for r in rows["operations"]] == [
        ("mms", "read", "ok"),
        ("mms", "read", "refused"),
    ]


def test_user_data_in_several_tpdus_are_joined():
    whole = READ[0][1][7:]
    pieces = [cotp(whole[:20], last=False), cotp(whole[20:31], last=False), cotp(whole[31:])]
    rows = talk(*((CLIENT, piece) for piece in pieces), READ[1])
    assert told(rows, "object", "outcome") == [("LD/XCBR1$ST$Pos", "ok"), ("LD/MMXU1$MX$TotW", "refused")]


def test_mms_without_session_and_presentation():
    rows = talk(
        (CLIENT, cotp(initiate())),
        (SERVER, cotp(initiated())),
        (CLIENT, cotp(tlv(0xA0, integer(1), tlv(0xAC + 0, domain("LD/DS"))))),
        (CLIENT, cotp(tlv(0x8B))),
        opening=False,
    )
    assert [r["function"] for r in rows["operations"]] == [520, 12, 523]
    assert [r["event"] for r in rows["mms_associations"]] == ["initiate", "initiate"]


@pytest.mark.parametrize(
    ("octets", "oddity", "rows"),
    [
        (cotp(b"\x02\x00"), "spdu-unknown", []),
        (cotp(b"\x0d\x20\x05"), "spdu-malformed", []),
        (ask(1, 4, tlv(0xA5)), "element-unexpected", [(4, "1")]),
        (data(tlv(0xA0, integer(1))), "service-missing", [(None, "1")]),
        (data(tlv(0xA0, integer(1), tlv(high(99)))), "element-unexpected", [(99, "1")]),
        (data(tlv(0xA3)), "service-missing", []),
        (data(tlv(0xBE)), "element-unexpected", []),
        (data(tlv(0xA0, b"\x02\x05\x01")), "truncated", []),
        (data(tlv(0xA0, tlv(2, b""), tlv(0x82))), "integer-invalid", []),
        (ask(1, 5, variables("LD/A"), tlv(0xA0, tlv(0x83, b""))), "boolean-invalid", [(5, "1")]),
        (ask(1, 5, variables("LD/A"), tlv(0xA0, tlv(0x84, b"\x09\x00"))), "bit-string-invalid", [(5, "1")]),
        (
            ask(1, 5, variables("LD/A"), tlv(0xA0, tlv(0x8F, b"\x80"))),
            "object-identifier-invalid",
            [(5, "1")],
        ),
        (ask(1, 5, variables("LD/A"), tlv(0xA0)), "results-mismatch", [(5, "1")]),
        (ask(1, 2, b"\x00", constructed=False), "null-invalid", [(2, "1")]),
        (
            ask(1, 5, variables("LD/A"), tlv(0xA0, b"\xa2\x82\x00\xa0" * 40 + bytes(160))),
            "truncated",
            [(5, "1")],
        ),
        (
            ask(1, 5, variables("LD/A"), tlv(0xA0, b"\xa2\x80" * 40 + bytes(80))),
            "nested-too-deep",
            [(5, "1")],
        ),
        (ask(1, 5, b"\xbf\xff\xff\xff\x01\x00"), "tag-invalid", [(5, "1")]),
        (ask(1, 5, b"\x80\x85\x00\x00\x00\x00\x00"), "length-invalid", [(5, "1")]),
    ],
)
def test_what_is_wrong_is_told_and_what_can_be_is_kept(octets, oddity, rows):
    found = talk((CLIENT, octets))
    assert ("mms", oddity) in oddities(found)
    assert told(found, "function", "transaction") == rows


def test_answers_that_do_not_fit_their_requests():
    rows = talk(
        READ[0],
        (SERVER, answer(1, 2, text("a", 0x80))),
        READ[0],
        (SERVER, answer(1, 4, tlv(0xA1, floating(1.0)))),
    )
    assert oddities(rows) == [("mms", "function-mismatch"), ("mms", "results-mismatch")]


def test_every_oddity_is_declared_and_met():
    """What the code raises by name is what quality.toml declares."""
    folder = files("interlock.decode.protocols.mms")
    declared = set(tomllib.loads((folder / "quality.toml").read_text("utf-8"))["oddities"])
    pattern = r'(?:DecodeError\(|oddity\(m, i, "mms", )\s*"([a-z-]+)"'
    code = [f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".py")]
    named = {oddity for text in code for oddity in re.findall(pattern, text)}
    named |= {"nested-too-deep", "length-invalid"}  # one raise chooses between them
    assert named - OF_DATA == declared


OF_DATA = {
    "data-type-unknown",
    "floating-point-invalid",
    "real-invalid",
    "utc-time-invalid",
    "binary-time-invalid",
}
"""Raised by data.py for GOOSE; MMS keeps such data as octets."""


def test_the_notation_is_checked():
    with pytest.raises(ValueError, match="no such type: B"):
        Module("A ::= SEQUENCE { a B }").check()
    with pytest.raises(ValueError, match="expected"):
        Module("A = INTEGER").check()
    with pytest.raises(ValueError, match="end of definition expected"):
        Module("A ::= INTEGER OPTIONAL").check()
    with pytest.raises(ValueError, match="no such type"):
        Module("A ::= NULL")["B"]
    for whole in (mms(), association()):
        whole.check()
    module = Module("A ::= SET { a [0] INTEGER OPTIONAL, b [1] EXPLICIT BOOLEAN, c ANY }")
    assert module["A"].whole(bytes.fromhex("310b0401aa a1030101ff 800107".replace(" ", ""))) == {
        "c": (4, b"\xaa"),
        "b": True,
        "a": 7,
    }
    with pytest.raises(DecodeError):
        module["A"].whole(bytes.fromhex("3000")[:1])


CONVERSATION = [*OPENING, *READ, (SERVER, rpt(POSITION, floating(2.0))), (CLIENT, data(tlv(0x8B)))]


def test_split_anywhere_gives_the_same_rows():
    whole = bare(tcp(CONVERSATION, port=102))
    for _, rows in cut_anywhere(CONVERSATION, port=102, step=17):
        assert rows == whole


def test_batches_make_no_difference():
    whole, apart = tcp(CONVERSATION, port=102), tcp(CONVERSATION, port=102, batch=1)
    assert bare(whole) == bare(apart)
    assert values(whole) == values(apart)


@settings(max_examples=120, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(2, 7), st.integers(0, 400), st.integers(0, 255)), max_size=6))
def test_mutated_conversations_give_rows_or_declared_oddities(changes):
    rows = tcp(mutated(CONVERSATION, changes), port=102)
    assert not [o for o in rows["oddities"] if o["oddity"].startswith("decoder-error")]


@settings(max_examples=120, deadline=None)
@given(octets=st.binary(max_size=100), kind=st.sampled_from((0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA8, 0xA9, 0x61)))
def test_any_octets_give_rows_or_declared_oddities(octets, kind):
    rows = talk(
        (CLIENT, data(tlv(kind, octets))), (SERVER, cotp(octets or b"\x01")), (SERVER, spdu(13, octets))
    )
    assert not [o for o in rows["oddities"] if o["oddity"].startswith("decoder-error")]


def test_a_write_without_its_parts_is_a_write_of_nothing_known() -> None:
    """Optional where the decoder reads them: whoever sends them away breaks nothing."""
    named_without_access = tlv(0xA5, tlv(0xA5))
    alternate = tlv(0xA0, tlv(0x30, tlv(0xA0, domain("d")), named_without_access))
    rows = tcp(
        [
            (CLIENT, CONNECT),
            (SERVER, CONFIRM),
            (CLIENT, ask(1, 5)),
            (CLIENT, ask(2, 4, tlv(0xA1, alternate))),
        ],
        port=102,
    )
    assert [r["verb"] for r in rows["operations"]] == ["write", "read"]
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]
