from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from interlock.export.cef import cef_within
from interlock.export.finding_message import (
    cut_octets,
    delivery_document,
    json_batch,
    json_line,
    json_within,
    text_line,
)
from interlock.export.syslog_message import syslog_message
from interlock.records.config import SyslogConfig
from interlock.report.documents import finding_document
from interlock.report.printable import printable
from interlock.report.schema import check

from .readers import read_cef, read_syslog
from .some_findings import committed, finding

HOSTILE = st.text(
    st.one_of(st.sampled_from('|=\\"]\n\r\x1b\u202e\u2028\x7f\x85ä'), st.characters()), max_size=60
)


def test_a_line_is_the_finding_as_findings_json_has_it() -> None:
    document = json.loads(json_line(committed(7), "hall-3"))
    check(document, "delivery")
    assert document == delivery_document(committed(7), "hall-3")
    assert document["finding"] == finding_document(finding(7))
    assert (document["sensor"], document["commit"]) == ("hall-3", 7)


def test_a_batch_satisfies_its_schema() -> None:
    document = json.loads(json_batch([committed(1), committed(2)], "hall-3"))
    check(document, "deliveries")
    assert [row["commit"] for row in document["deliveries"]] == [1, 2]


@given(HOSTILE, HOSTILE)
def test_no_name_steers_whoever_looks_at_a_line(title, machine) -> None:
    one = committed(title=title, machines=(machine,), explanation=title)
    line = json_line(one, "hall-3")
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["finding"]["title"] == title
    assert printable(text_line(one)) == text_line(one)
    assert all("\n" not in text and "\x1b" not in text for text in cef_within(one, "hall-3"))


def test_ever_shorter_documents_name_what_they_lack() -> None:
    documents = [json.loads(text) for text in json_within(committed(), "hall-3")]
    assert "left_out" not in documents[0]
    for document in documents[1:]:
        assert set(document["left_out"]) - {"title"} == set(documents[0]["finding"]) - set(
            document["finding"]
        )
    lengths = [len(json.dumps(document["finding"])) for document in documents]
    assert lengths == sorted(lengths, reverse=True)
    assert documents[-1]["finding"]["id"] == finding().id


def test_a_line_for_people() -> None:
    assert text_line(committed()) == (
        "2026-09-21 14:14:20 UTC  HIGH  Program of PLC 1 changed  [10.0.0.5, 10.0.0.9, 10.0.0.10 and 1 more; 3 times;"
        " finding 5f0d9a53-1f51-5a3c-9a57-000000000001]"
    )
    assert "LOW (accepted)" in text_line(committed(severity="low", accepted="old line", count=1))


@given(HOSTILE, HOSTILE, HOSTILE)
def test_cef_reads_back(title, explanation, machine) -> None:
    one = committed(title=title, explanation=explanation, machines=(machine,) if machine else ())
    header, fields = read_cef(next(iter(cef_within(one, "hall-3"))))
    assert header[:2] == ["CEF:0", "Interlock"]
    assert len(header) == 7
    assert header[6] == "8"
    assert fields["externalId"] == finding().id
    assert (fields["cnt"], fields["cn1"], fields["cn1Label"]) == ("3", "1", "commit")
    assert fields["end"] == "1790000060123"
    assert set(fields) <= {
        "externalId",
        "cat",
        "dvchost",
        "start",
        "end",
        "cnt",
        "cn1",
        "cn1Label",
        "msg",
    } | {f"cs{n}{label}" for n in range(1, 7) for label in ("", "Label")}


def test_cef_severities_follow_its_bands() -> None:
    said = {
        s: read_cef(next(cef_within(committed(severity=s), "x")))[0][6]
        for s in ("info", "low", "medium", "critical")
    }
    assert said == {"info": "0", "low": "3", "medium": "6", "critical": "10"}


def config(**changes) -> SyslogConfig:
    return SyslogConfig(**{"host": "h", "port": 514, "transport": "udp", **changes})


@given(HOSTILE, HOSTILE, st.sampled_from(["json", "cef", "text"]), st.integers(480, 4000))
def test_a_syslog_message_reads_back_and_fits(title, machine, form, room) -> None:
    one = committed(title=title, machines=(machine,) * 5, explanation=title * 20)
    octets = syslog_message(one, config(format=form, max_octets=room), "hall-3", 42)
    assert len(octets) <= room
    message = read_syslog(octets)
    assert message.data["interlock@32473"]["id"] == finding().id
    assert message.data["interlock@32473"]["commit"] == "1"
    assert printable(message.text) == message.text


def test_a_syslog_message_says_who_when_how_grave() -> None:
    message = read_syslog(syslog_message(committed(), config(), "hall-3", 42))
    assert (message.priority, message.time) == (16 * 8 + 3, "2026-09-21T14:14:20.123456Z")
    assert (message.host, message.app, message.process, message.kind) == (
        "hall-3", "interlock", "42", "controller-change",
    )  # fmt: skip
    assert message.data["origin"]["software"] == "interlock"
    assert message.data["interlock@32473"]["machines"] == "10.0.0.5 10.0.0.9 10.0.0.10 10.0.0.11"
    assert json.loads(message.text) == delivery_document(committed(), "hall-3")
    nameless = read_syslog(syslog_message(committed(detector="a b]"), config(facility="audit"), "", 1))
    assert (nameless.host, nameless.kind, nameless.priority) == ("-", "a_b]", 13 * 8 + 3)


def test_text_beyond_ascii_says_that_it_is_utf8() -> None:
    octets = syslog_message(committed(title="Füller"), config(format="text"), "hall-3", 1)
    assert b"] \xef\xbb\xbf2026" in octets
    assert b"\xef\xbb\xbf" not in syslog_message(committed(), config(format="text"), "hall-3", 1)


@given(st.text(max_size=30), st.integers(-3, 60))
def test_text_is_cut_between_characters(text, limit) -> None:
    cut = cut_octets(text.encode("utf-8", "replace").decode(), limit)
    assert len(cut.encode()) <= max(limit, 0)
    assert text.encode("utf-8", "replace").decode().startswith(cut)
