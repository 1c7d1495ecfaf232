"""Syslog: messages of RFC 5424 and RFC 3164 over UDP and TCP; compared with tshark where it is installed."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, _ip, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere
from decode.protocols.second_reader import tshark_fields
from interlock.decode.protocols.syslog.decoder import SPEC
from interlock.decode.protocols.syslog.message import read_message
from interlock.decode.spec import NEED_MORE, Hint

if TYPE_CHECKING:
    from pathlib import Path

NEW = (
    b"<165>1 2023-10-11T22:14:15.003Z plc-7.plant.example evntslog 811 ID47 "
    b'[origin software="rsyslogd" swVersion="8.2" ip="192.0.2.9"][x@32473 a="b \\" ]"] \xef\xbb\xbfpump stopped'
)
OLD = b"<34>Oct 11 22:14:15 switch-3 sshd[312]: login failed for joe"
BARE = b"<189>45: *Oct 11 22:14:15: %LINK-3-UPDOWN: Interface down"
NIL = b"<13>1 - - - - - -"


def told(rows: dict) -> list[tuple]:
    return [
        (r["function"], r["function_name"], r["verb"], r["object"], r["outcome"], r["client"])
        for r in rows["operations"]
    ]


REPORTS = [
    (165, "local4.notice", "report", "evntslog", "unsolicited", "10.0.0.1"),
    (34, "auth.crit", "report", "sshd", "unsolicited", "10.0.0.1"),
    (189, "local7.notice", "report", None, "unsolicited", "10.0.0.1"),
    (13, "user.notice", "report", None, "unsolicited", "10.0.0.1"),
]


def test_datagrams() -> None:
    rows = udp([(CLIENT, octets) for octets in (NEW, OLD, BARE, NIL)], port=514)
    assert told(rows) == REPORTS
    assert rows["oddities"] == []


def test_both_framings_of_tcp() -> None:
    lines = b"".join(octets + b"\n" for octets in (NEW, OLD, BARE, NIL))
    counted = b"".join(b"%d " % len(octets) + octets for octets in (NEW, OLD, BARE, NIL))
    assert told(tcp([(CLIENT, lines)], port=601)) == REPORTS
    assert told(tcp([(CLIENT, counted)], port=601)) == REPORTS


def test_what_they_say_is_a_table() -> None:
    rows = udp([(CLIENT, NEW), (CLIENT, OLD)], port=514)["syslog"]
    columns = ("facility", "severity", "host", "app", "process", "message_id", "text")
    assert [tuple(r[c] for c in columns) for r in rows] == [
        (20, 5, "plc-7.plant.example", "evntslog", "811", "ID47", "pump stopped"),
        (4, 2, "switch-3", "sshd", "312", None, "login failed for joe"),
    ]


def test_names_are_clues_and_no_flood() -> None:
    talk = [(CLIENT, NEW), *((CLIENT, b"<34>Oct 11 22:14:15 host-%d app: x" % n) for n in range(50))]
    rows = udp(talk, port=514)
    clues = [(r["who"], r["field"], r["value"]) for r in rows["clues"]]
    assert ("10.0.0.1", "name", "plc-7.plant.example") in clues
    assert ("10.0.0.1", "software", "rsyslogd 8.2") in clues
    assert ("10.0.0.2", "service", "syslog/514") in clues
    assert len([c for c in clues if c[1] == "name"]) == 4


def test_an_address_is_no_name() -> None:
    rows = udp([(CLIENT, b"<34>Oct 11 22:14:15 192.0.2.9 app: x")], port=514)
    assert not [r for r in rows["clues"] if r["field"] == "name"]


def test_who_sends_is_who_reports() -> None:
    assert told(udp([(SERVER, OLD)], port=514, client_port=514))[0][5] == "10.0.0.2"


def test_whole_and_split_agree() -> None:
    talk = [(CLIENT, NEW + b"\n" + OLD + b"\n"), (CLIENT, b"%d " % len(OLD) + OLD + BARE + b"\n")]
    whole = bare(tcp(talk, port=601))
    assert len(whole["operations"]) == 4
    for at, split in cut_anywhere(talk, port=601, step=5):
        assert split == whole, at


def test_a_priority_that_cannot_be_is_odd() -> None:
    rows = udp([(CLIENT, OLD), (CLIENT, b"<999>what"), (CLIENT, b"hello")], port=514)
    assert [r["oddity"] for r in rows["oddities"]] == ["priority-invalid"] * 2


@given(st.binary(max_size=300))
def test_any_octets_behind_a_priority(octets: bytes) -> None:
    found = read_message(b"<34>" + octets)
    assert found is not None
    assert found.priority == 34


@pytest.mark.parametrize(
    "octets", [b'<34>1 - - - - - [origin a="' * 90, b"<34>1 - - - - - " + b"[" * 8000, b"<34>" + b"a" * 9000]
)
def test_hostile_messages_end(octets: bytes) -> None:
    assert read_message(octets) is not None


@pytest.mark.parametrize(
    ("transport", "octets", "port", "least", "most"),
    [
        ("udp", NEW, 9999, 80, 100),
        ("udp", OLD, 9999, 80, 100),
        ("udp", BARE, 9999, 0, 0),
        ("udp", BARE, 514, 60, 100),
        ("tcp", b"%d " % len(NEW) + NEW, 9999, 80, 100),
        ("tcp", b"<3", 601, NEED_MORE, NEED_MORE),
        ("tcp", b"<html><body>hello, hello</body>", 514, 0, 0),
        ("udp", b"<300>Oct 11 22:14:15 x", 514, 0, 0),
        ("udp", b"<34>\x00\x01\x02", 514, 0, 0),
        ("tcp", b"220 ready\r\n", 514, 0, 0),
    ],
)
def test_probe(transport: str, octets: bytes, port: int, least: int, most: int) -> None:
    assert least <= SPEC.probe(octets, Hint(transport, 50000, port, 0, True, 0)) <= most


def test_tshark_reads_the_same(tmp_path: Path) -> None:
    frames = [
        _ip(struct.pack(">HHHH", 50000, 514, 8 + len(octets), 0) + octets, 17, CLIENT)
        for octets in (NEW, OLD, BARE, NIL)
    ]
    fields = ("syslog.facility", "syslog.level", "syslog.hostname", "syslog.appname", "syslog.procid")
    seen = tshark_fields(frames, fields, tmp_path)
    assert [int(r["syslog.facility"]) * 8 + int(r["syslog.level"]) for r in seen] == [r[0] for r in REPORTS]
    ours = udp([(CLIENT, octets) for octets in (NEW, OLD, BARE, NIL)], port=514)["syslog"]
    assert [ours[0][k] for k in ("host", "app", "process")] == [seen[0][f] for f in fields[2:]]
    assert [ours[1][k] for k in ("host", "app")] == [seen[1][f] for f in ("syslog.hostname", "syslog.procid")]
