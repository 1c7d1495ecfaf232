"""Malformed frames in every protocol: named one by one in the truth, equal for equal seeds, and odd to Interlock."""

from __future__ import annotations

import io

import pytest

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.plant.protocols.malformed import broken
from interlock.plant.twin.recording import Twin

PROTOCOLS = ("modbus", "s7comm", "enip", "dnp3", "iec104", "bacnet", "goose", "profinet-dcp")


@pytest.fixture(scope="module")
def played():
    target = io.BytesIO()
    twin = Twin(target, 3)
    twin.attack("malformed-frames", 0.2)
    for _ in twin.run(1.5):
        pass
    (case,) = twin.cases
    return case.truth(), target.getvalue()


def test_each_message_is_named_in_the_truth(played) -> None:
    truth, _ = played
    named = {(m["protocol"], m["breaks"]) for m in truth["messages"]}
    assert named == {(b.protocol, b.what) for b in broken(lambda: 7)}
    assert {protocol for protocol, _ in named} == set(PROTOCOLS)
    assert len(named) >= 38
    times = [m["time"] for m in truth["messages"]]
    assert times == sorted(times)
    assert truth["begin"] <= times[0]
    assert times[-1] <= truth["end"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_protocol_is_found_odd_by_who_reads_it(played, protocol, tmp_path) -> None:
    truth, octets = played
    capture = tmp_path / "plant.pcap"
    capture.write_bytes(octets)
    own, odd = set(truth["frames"]), set()
    with open_sources(specify((str(capture),), ())) as run:
        engine = build_engine(run.sources, wanted=frozenset({"oddities"}))
        batches = [engine.feed(frames) for frames in run]
        for batch in (*batches, *engine.finish()):
            for name, table in batch.items():
                if name == "oddities":
                    rows = table.select(["frame", "protocol"]).to_pylist()
                    odd |= {r["frame"] for r in rows if r["protocol"] == protocol}
    assert len(odd & own) >= 2
    assert odd <= own, "nothing else in the recording is odd"


def test_a_plant_under_malformed_frames_goes_on() -> None:
    twin = Twin(io.BytesIO(), 3)
    twin.attack("malformed-frames", 0.2)
    for _ in twin.run(3.0):
        pass
    assert all(each.running for each in twin.controllers.values())
    assert not twin.stage.silent
    assert twin.process.harmed() == {}


def test_two_rounds_differ_and_one_draw_gives_one_message() -> None:
    first, second = ([b.octets for b in broken(lambda k=k: k)] for k in (1, 2))
    assert first != second
    assert first == [b.octets for b in broken(lambda: 1)]
