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


def test_what_is_not_handed_over_is_refused(tmp_path):
    values = "modbus:access write holding, address 1, value >5;"
    (tmp_path / "a.rules").write_text(f"{HEAD} ({values} sid:1;)\n{HEAD} (modbus:function 5; sid:2;)\n")
    said = []
    detector = build_signatures((str(tmp_path),), said.append)
    assert [one.signature.sid for one in detector.engine.matchers] == [2]
    assert said == ["a.rules:1: rule 1 is refused: modbus: modbus.value is not handed to signatures yet"]
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
