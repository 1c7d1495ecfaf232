"""Rules that ask for what decoders read of control protocols."""

from __future__ import annotations

import pytest
from tests.detect.rows import batch

from detect.signatures.engine.test_engine import captured, matchers, public, told
from detect.signatures.sets import FOLDER, needs_sets
from interlock.bootstrap import build_engine
from interlock.bootstrap.signatures import build_signatures
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.signatures.detector import Signatures
from interlock.detect.signatures.engine.engine import Engine
from interlock.pipeline.decode_run import decoded

HEAD = "alert modbus any any -> any 502"


def hits(rule, *rows, head=HEAD):
    engine = Engine(matchers(f"{head} ({rule} sid:1;)"))
    return [hit.row for hit in engine.judge_requests(Batch("operations", batch("operations", list(rows))))]


def request(**more):
    row = {
        "protocol": "modbus", "verb": "write", "function": 16, "unit": "7", "object": "holding:499", "count": 3,
        "outcome": "ok", "client": "10.0.0.66", "server": "10.0.0.2", "client_port": 1025, "server_port": 502,
    }  # fmt: skip
    return {**row, **more}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("modbus:function 16;", True),
        ("modbus:function 15;", False),
        ("modbus:access write;", True),
        ("modbus:access read;", False),
        ("modbus:access write holding;", True),
        ("modbus:access write coils;", False),
        ("modbus:access write holding, address 500;", True),
        ("modbus:access write holding, address 502;", True),
        ("modbus:access write holding, address 503;", False),
        ("modbus:access write holding, address <500;", False),
        ("modbus:unit 7, function 16;", True),
        ("modbus:unit 8, function 16;", False),
        ("modbus.verb:write;", True),
        ("modbus.verb:!write;", False),
    ],
)
def test_modbus(rule, expected):
    assert hits(rule, request()) == [0] * expected


def test_heads_hold_for_requests_too():
    assert hits("modbus:function 16;", request(), head="alert modbus !10.0.0.66 any -> any any") == []
    assert hits("modbus:function 16;", request(), head="alert modbus any any -> any 503") == []
    assert hits("modbus:function 16;", request(protocol="umas")) == []


def test_other_protocols_and_requests_that_wait():
    cip = request(protocol="cip", function=76, object="Tag", server_port=44818)
    head = "alert enip any any -> any 44818"
    assert hits("cip_service:76;", cip, head=head) == [0]
    assert hits("cip_service:76;", {**cip, "outcome": "pending"}, head=head) == []
    restart = request(protocol="dnp3", function=13)
    assert hits("dnp3_func:cold_restart;", restart, head="alert dnp3 any any -> any any") == [0]
    stop = request(protocol="s7comm", verb="stop", function=41)
    assert hits("s7comm.verb:stop;", stop, head="alert s7comm any any -> any any") == [0]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("address 500, value >5", True),
        ("address 500, value >7", False),
        ("address 501, value 300", True),
        ("address 500, value 300", False),
        ("address 500<>503, value 300", True),
        ("address 502, value 7", False),
    ],
)
def test_values_that_are_written(rule, expected):
    row = {
        "protocol": "modbus", "direction": "written", "unit": "7", "object": "holding:499", "number": [7.0, 300.0],
        "client": "10.0.0.66", "server": "10.0.0.2", "frame": 4,
    }  # fmt: skip
    detector = Signatures(matchers(f"{HEAD} (modbus:access write holding, {rule}; sid:1;)"))
    assert set(detector.needs) == {"operations", "values"}
    rows = Batch("values", batch("values", [row, {**row, "direction": "read"}]))
    assert [hit.row for hit in detector.engine.judge_requests(rows)] == [0] * expected


@pytest.mark.parametrize(
    ("function", "thing", "groups"),
    [
        (16, "holding:4", {"assigned", "public", "all"}), (8, "diagnostic:1", {"assigned", "public", "all"}),
        (8, "diagnostic:21", {"reserved", "all"}), (43, "mei:14", {"assigned", "public", "all"}),
        (43, "mei:15", {"unassigned", "public", "all"}), (90, "", {"reserved", "all"}), (66, "", {"user", "all"}),
        (44, "", {"unassigned", "public", "all"}),
    ],
)  # fmt: skip
def test_groups_of_functions(function, thing, groups):
    row = request(function=function, object=thing, verb="unknown")
    for group in ("assigned", "unassigned", "public", "user", "reserved", "all"):
        assert bool(hits(f"modbus:function {group};", row)) == (group in groups)
        assert bool(hits(f"modbus:function !{group};", row)) != (group in groups)


def test_subfunctions_and_paths_of_cip():
    assert hits("modbus:function 8, subfunction 4;", request(function=8, object="diagnostic:4")) == [0]
    assert hits("modbus:function 8, subfunction 5;", request(function=8, object="diagnostic:4")) == []
    row = request(protocol="cip", verb="read", function=14, object="class:0x69/2/11", server_port=44818)
    head = "alert enip any any -> any any"
    assert hits("cip_service:14,105,11;", row, head=head) == [0]
    assert hits("cip_service:14,105,12;", row, head=head) == []
    assert hits("enip.cip_class:105; enip.cip_instance:2; enip.cip_attribute:11;", row, head=head) == [0]


def test_answers_are_asked_too():
    head = "alert enip any any -> any any"
    row = request(
        protocol="cip", verb="read", function=14, object="Tag", outcome="refused", code=5, response_frame=9
    )
    assert hits("enip.cip_status:5;", row, head=head) == [0]
    assert hits("enip.cip_status:0;", row, head=head) == []
    assert hits("flow:to_client; cip_service:14;", row, head=head) == [0]
    dnp3 = request(
        protocol="dnp3", verb="read", function=1, object="class:0", server_port=20000, response_frame=9
    )
    assert hits("dnp3_func:response;", dnp3, head="alert dnp3 any 20000 -> any any") == [0]
    told = request(
        protocol="dnp3", verb="report", function=130, object="counter:1", outcome="unsolicited", frame=3
    )
    assert hits("dnp3_func:unsolicited_response;", told, head="alert dnp3 10.0.0.2 any -> any any") == [0]


def test_answers_that_nobody_was_seen_to_ask_for():
    head = "alert dnp3 any any -> any any"
    one = {"protocol": "dnp3", "verb": "report", "function": 129, "outcome": "ok", "frame": None}
    rows = [request(**one, response_frame=number) for number in (6, 16)]
    assert hits("dnp3_func:129; flow:to_client;", *rows, head=head) == [0, 1]
    assert hits("dnp3_func:129; flow:to_server;", *rows, head=head) == []


def test_what_is_not_handed_over_is_refused(tmp_path):
    both = "modbus:function 5; dnp3_func:read;"
    (tmp_path / "a.rules").write_text(f"{HEAD} ({both} sid:1;)\n{HEAD} (modbus:function 5; sid:2;)\n")
    said = []
    detector = build_signatures((str(tmp_path),), said.append)
    assert [one.signature.sid for one in detector.engine.matchers] == [2]
    assert said == [
        "a.rules:1: rule 1 is refused: options: asks for what two protocols say, each of which is a record of its own"
    ]
    assert set(detector.needs) == {"operations"}
    assert not Signatures().needs


@needs_sets
def test_quickdraw_on_recorded_ethernet_ip(tmp_path):
    rules = public("quickdraw/suricata-enip.rules")
    detector = Signatures(rules)
    assert "operations" in detector.needs
    capture = next((FOLDER.parents[1] / "captures").rglob("*CL5000EIP-Lock_PLC_Attempt.pcap"))
    with open_sources(specify((str(capture),), ()), stdin=None) as run:
        engine = build_engine(run.sources, wanted=frozenset({"operations"}))
        for batches in decoded(run, engine, progress=lambda *_: None, stop=lambda: False):
            if "operations" in batches:
                list(detector.feed(Batch("operations", batches["operations"]), Context()))
    found = list(detector.conclude(Context()))
    assert any("Unlock Rockwell PLC" in finding.title for finding in found)
    assert all(finding.evidence and finding.evidence[0].table == "operations" for finding in found)
    assert not told(Engine(rules), *captured(capture, frozenset({"packet"})))
