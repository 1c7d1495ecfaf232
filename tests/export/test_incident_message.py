"""An incident as lines, CEF and syslog: whole where there is room, and never a line that steers a terminal."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from interlock.export.incident_message import (
    Reported,
    incident_batch,
    incident_cef,
    incident_json,
    incident_line,
    incident_within,
)
from interlock.export.syslog_message import syslog_message
from interlock.pipeline.sensor.incident_file import (
    IncidentFile,
    incident_of,
    incident_row,
    incidents_octets,
    place_incidents,
)
from interlock.records.config import SyslogConfig
from interlock.report.documents import incident_document
from interlock.report.printable import printable
from interlock.report.schema import check

from .readers import read_cef, read_syslog
from .some_findings import incident
from .test_finding_message import HOSTILE

ONE = Reported(incident(), "new")


def config(**changes) -> SyslogConfig:
    return SyslogConfig(**{"host": "h", "port": 514, "transport": "udp", **changes})


def test_a_line_and_a_batch_satisfy_their_schemas() -> None:
    line = json.loads(incident_json(ONE, "hall-3"))
    check(line, "incident-delivery")
    assert line["incident"] == incident_document(incident())
    batch = json.loads(incident_batch([ONE, Reported(incident(2), "worse: x")], "hall-3"))
    check(batch, "incident-deliveries")
    assert [row["why"] for row in batch["deliveries"]] == ["new", "worse: x"]


def test_a_line_for_people() -> None:
    assert incident_line(ONE) == (
        "2026-09-21 14:14:20 UTC  INCIDENT HIGH (program or firmware; new)  "
        "Program of PLC 1 changed; 2 findings along one path  From now on PLC 1 does what its new program says.  "
        "[1 finding, incident 5f0d9a53-1f51-5a3c-9a58-000000000001]"
    )


def test_ever_shorter_documents_name_what_they_lack() -> None:
    documents = [json.loads(text) for text in incident_within(ONE, "hall-3")]
    assert "left_out" not in documents[0]
    for document in documents[1:]:
        lacks = set(documents[0]["incident"]) - set(document["incident"])
        assert set(document["left_out"]) - {"title"} == lacks
    assert documents[-1]["incident"]["id"] == incident().id


@given(HOSTILE, HOSTILE, st.sampled_from(["json", "cef", "text"]), st.integers(480, 4000))
def test_a_syslog_message_reads_back_and_fits(title, machine, form, room) -> None:
    one = Reported(incident(title=title, machines=(machine,) * 5, story=title * 20), "worse: critical now")
    octets = syslog_message(one, config(format=form, max_octets=room), "hall-3", 42)
    assert len(octets) <= room
    message = read_syslog(octets)
    assert message.kind == "incident"
    assert message.data["interlock@32473"]["id"] == incident().id
    assert message.data["interlock@32473"]["why"] == "worse: critical now"
    assert printable(message.text) == message.text
    assert incident_json(one, "hall-3").isascii()
    assert printable(incident_line(one)) == incident_line(one)


@given(HOSTILE, HOSTILE)
def test_cef_reads_back(title, story) -> None:
    header, fields = read_cef(
        next(iter(incident_cef(Reported(incident(title=title, story=story), "new"), "x")))
    )
    assert (header[4], header[6]) == ("incident", "8")
    assert (fields["externalId"], fields["reason"], fields["cat"]) == (incident().id, "new", "incident")


def test_what_was_written_reads_back(tmp_path) -> None:
    file = IncidentFile(tmp_path)
    assert file.incidents() == ()
    many = (incident(1), incident(2, time=0, exercise=True))
    place_incidents(tmp_path, incidents_octets(map(incident_row, many)))
    assert file.incidents() == many
    place_incidents(tmp_path, incidents_octets(map(incident_row, many[:1])))
    assert file.incidents() == many[:1]
    assert (tmp_path / "incidents.json").stat().st_mode & 0o077 == 0
    assert tuple(map(incident_of, map(incident_document, many))) == many
