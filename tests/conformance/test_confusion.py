from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from conformance.cache import Cache
from conformance.captures import find
from conformance.confusion.judging import Bench, Judged
from conformance.confusion.matrix import GOAL, Matrix
from conformance.confusion.moving import move
from conformance.confusion.rounds import Round, registered, rounds
from conformance.confusion.truth import Rules, Seen, conversations, read_rules, said_of
from conformance.test_end_to_end import write_capture
from conformance.tshark import Tshark
from interlock.capture import SourceSpec, open_sources
from interlock.decode.port_names import TCP, UDP
from interlock.decode.registry import load_specs

HARNESS = Path(__file__).parent
DEMO = HARNESS.parents[1] / "demo"
TAKEN = registered(load_specs(outside=False))
HINTED = {"tcp": {*TCP, *TAKEN["tcp"]}, "udp": {*UDP, *TAKEN["udp"]}}
NONE = Rules(specific={"mbtcp": "modbus"}, carrier={"cotp": "cotp"}, stated=(), formats=())


def seen(frame: int, *layers: str, octets: int = 8, opens: bool = False, back: bool = False) -> Seen:
    ends = (("10.0.0.1", 50000), ("10.0.0.2", 502))
    sender, receiver = ends[::-1] if back else ends
    return Seen(
        frame=frame, key=("tcp", *ends), sender=sender, receiver=receiver, octets=octets, opens=opens,
        layers=layers,
    )  # fmt: skip


def test_only_the_ports_change(tmp_path: Path) -> None:
    write_capture(tmp_path / "poll.pcap")
    new = np.arange(65536, dtype=np.uint16)
    new[502] = 61000
    spec = [SourceSpec(path=str(tmp_path / "poll.pcap"), realm="default")]
    with open_sources(spec) as run, open_sources(spec) as again:
        for moved, left in zip(run, again, strict=True):
            move(moved, {"tcp": new, "udp": new})
            differ = np.flatnonzero(moved.octets[: moved.used] != left.octets[: left.used])
            ports = {int(offset) + 34 + k for offset in left.offset for k in range(4)}
            assert differ.size
            assert set(differ.tolist()) <= ports
            for offset in moved.offset:
                both = moved.octets[offset + 34 : offset + 38].tobytes()
                assert {int.from_bytes(both[:2], "big"), int.from_bytes(both[2:], "big")} == {50000, 61000}


def test_no_round_leaves_a_port_that_hints_at_what_is_spoken() -> None:
    ports = frozenset({502, 102, 1883, 50000, 61000})
    servers = {502: frozenset({"modbus", "umas"}), 102: frozenset({"cotp", "s7comm"})}
    for turn in rounds(TAKEN, HINTED, 6):
        new = turn.ports("tcp", servers, ports)["tcp"]
        assert len({int(new[port]) for port in ports}) == len(ports)
        for port, speaks in servers.items():
            there = TAKEN["tcp"].get(int(new[port]), frozenset())
            assert not there & speaks
            assert bool(there) == turn.name.startswith("foreign")
        assert int(new[1883]) not in HINTED["tcp"]


def test_foreign_rounds_differ() -> None:
    free = range(61000, 62000)
    spoken = {502: frozenset({"modbus"})}
    turns = [Round("", TAKEN, HINTED, free, step) for step in range(6)]
    targets = {int(turn.ports("tcp", spoken, frozenset(spoken))["tcp"][502]) for turn in turns}
    assert len(targets) == 6


def test_most_frames_say_what_a_flow_speaks_and_data_says_nothing() -> None:
    frames = [seen(1, "data"), seen(2, "mbtcp", "modbus"), seen(3, "cotp")]
    assert said_of(NONE, "a.pcap", frames[0].key, frames) == "modbus"
    assert said_of(NONE, "a.pcap", frames[0].key, frames[:1]) is None
    assert said_of(NONE, "a.pcap", frames[0].key, [seen(1, "sbus")]) == "sbus"


def test_a_stated_flow_holds_for_its_capture_its_port_and_what_was_said() -> None:
    stated = {
        "capture": "dlms/*",
        "port": "tcp/502",
        "protocol": "dlms",
        "said": "nothing",
        "reason": "as told",
    }
    rules = Rules(specific=NONE.specific, carrier={}, stated=(stated,), formats=())
    key = seen(1).key
    assert said_of(rules, "dlms/a.pcap", key, [seen(1, "data")]) == "dlms"
    assert said_of(rules, "other/a.pcap", key, [seen(1, "data")]) is None
    assert said_of(rules, "dlms/a.pcap", key, [seen(1, "mbtcp")]) == "modbus"


def test_who_accepted_the_connection_is_the_server() -> None:
    talks, asked = conversations([seen(1, opens=True, octets=0), seen(2, back=True)])
    (talk,) = talks.values()
    assert talk.server(asked) == ("10.0.0.2", 502)


def test_rules_need_reasons(tmp_path: Path) -> None:
    text = (HARNESS / "confusion.toml").read_text("utf-8")
    assert read_rules(HARNESS / "confusion.toml").stated
    (tmp_path / "bad.toml").write_text(text + '\n[[flow]]\ncapture = "*"\nport = "tcp/1"\nprotocol = "x"\n')
    with pytest.raises(ValueError, match="reason"):
        read_rules(tmp_path / "bad.toml")


def judged(verdict: str, said: str | None = "modbus") -> Judged:
    return Judged(
        capture="a.pcap", turn="free, high", frame=1, port="tcp/502", truth="modbus", said=said, basis="parsed",
        verdict=verdict,
    )  # fmt: skip


def test_unknown_lowers_the_share_and_is_not_wrong() -> None:
    matrix = Matrix(frozenset({"modbus"}))
    matrix.add([judged("right")] * 98 + [judged("unknown", None)] * 2)
    assert matrix.share() == GOAL
    assert matrix.good
    assert matrix.share("wrong") == 0
    matrix.add([judged("wrong", "dnp3")])
    assert not matrix.good
    assert any(line.startswith("wrong: a.pcap") and "dnp3" in line for line in matrix.lines())


def test_nothing_judged_is_not_good() -> None:
    assert not Matrix(frozenset()).good


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_the_captures_that_ship_are_recognised_on_any_port(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    bench = Bench(Tshark(cache, {}), cache, read_rules(HARNESS / "confusion.toml"), foreign=2)
    matrix = Matrix(bench.ours)
    for capture in find(DEMO):
        matrix.add(bench.judge(capture))
    assert matrix.totals()["wrong"] == 0, "\n".join(matrix.lines())
    assert matrix.good, "\n".join(matrix.lines())
    assert matrix.totals().total() > 50
