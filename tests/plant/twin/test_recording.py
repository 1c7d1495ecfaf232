"""The twin: equal octets for equal seeds, clean traffic, attacks that do what they say."""

from __future__ import annotations

import io
from collections import Counter

import pytest

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.plant.attacks.table import NAMES, scenario
from interlock.plant.machines import BY_NAME, MACHINES
from interlock.plant.process.tags import BY_NAME as TAGS
from interlock.plant.twin.recording import BEGIN_S, Twin

DAY_SHIFT_S = BEGIN_S + 5400
LENGTHS = {"setpoint-creep": 14.0, "slow-reconnaissance": 40.0, "valve-hammering": 4.5, "rogue-master": 4.0,
           "forged-write": 3.5, "sensor-spoofing": 6.0, "replayed-writes": 3.0, "arp-spoofing": 3.5,
           "safety-programming": 8.0, "beaconing": 31.5, "s7-password-guessing": 2.0, "coil-flood": 2.5,
           "silenced-machine": 8.0, "lateral-movement": 3.0, "ransomware": 3.0, "firmware-write": 2.5}  # fmt: skip

KEPT = ("frame", "response_frame", "protocol", "verb", "outcome", "client", "server", "oddity")
"""Columns that are looked at."""


def recorded(minutes, seed=1, attacks=(), begin_s=BEGIN_S):
    target = io.BytesIO()
    twin = Twin(target, seed, begin_s)
    for name, minute in attacks:
        twin.attack(name, minute)
    for _ in twin.run(minutes):
        pass
    return twin, target.getvalue()


def rows(tmp_path, octets, tables=("operations", "oddities", "flows")):
    capture = tmp_path / "plant.pcap"
    capture.write_bytes(octets)
    found = {table: [] for table in tables}
    with open_sources(specify((str(capture),), ())) as run:
        engine = build_engine(run.sources, wanted=frozenset(tables))
        batches = [engine.feed(frames) for frames in run]
        for batch in (*batches, *engine.finish()):
            for name, table in batch.items():
                if name in found:
                    kept = [c for c in KEPT if c in table.schema.names]
                    found[name] += table.select(kept).to_pylist()
    return found


def test_equal_seeds_record_equal_octets() -> None:
    attacks = (("malformed-frames", 0.5), ("goose-spoofing", 1.0))
    one, other, third = (recorded(2, seed, attacks)[1] for seed in (7, 7, 8))
    assert one == other
    assert one != third


def test_a_quiet_hour_has_no_oddity_and_every_machine_speaks(tmp_path) -> None:
    _, octets = recorded(6)
    found = rows(tmp_path, octets)
    assert found["oddities"] == []
    spoken = {r["protocol"] for r in found["operations"]}
    assert spoken >= {"modbus", "s7comm", "cip", "opcua", "iec104", "dnp3", "bacnet", "goose", "snmp", "arp"}
    readable = [r for r in found["operations"] if r["protocol"] != "opcua" or r["verb"] != "unknown"]
    assert len(found["operations"]) - len(readable) > 400, "panel and historian speak enciphered"
    outcomes = Counter(r["outcome"] for r in readable)
    assert set(outcomes) <= {"ok", "unsolicited", "unknown"}
    assert outcomes["unknown"] < 20  # what was asked when the recording ended
    addresses = {a for f in found["flows"] for a in (f["client"], f["server"])}
    quiet = {"vendor-laptop", "engineering", "safety-boiler", "rio-boiler"}
    assert {m.ip for m in MACHINES if m.name not in quiet} <= addresses


def test_frames_come_in_the_order_of_their_times() -> None:
    twin, octets = recorded(3)
    at, before, count = 24, 0, 0
    while at < len(octets):
        seconds, nanos, size = (
            int.from_bytes(octets[at + 4 * k : at + 4 * k + 4], "little") for k in range(3)
        )
        when = seconds * 10**9 + nanos
        assert when >= before
        before, at, count = when, at + 16 + size, count + 1
    assert count == twin.mirror.frames


def test_no_conversation_gets_stuck() -> None:
    """Who spoke to whom in the last ten minutes of an hour: as often as in the second ten."""
    _, octets = recorded(60, seed=4)
    stretches = [Counter(), Counter()]
    for when, frame in seen(octets):
        minute = (when / 10**9 - BEGIN_S) / 60
        which = 0 if 10 <= minute < 20 else 1 if minute >= 50 else None
        if which is not None:
            pair = frame[26:34] if frame[12:14] == b"\x08\x00" else frame[:16]
            stretches[which][pair] += 1
    feeder, panel = (BY_NAME[name].end.ip for name in ("rtu-feeder", "hmi"))
    by_chance = {
        feeder + panel,
        panel + feeder,
    }  # tells what has passed its dead band, which noise does in bursts
    for pair in stretches[0] | stretches[1]:
        before, after = stretches[0][pair], stretches[1][pair]
        assert after == pytest.approx(before, rel=0.5 if pair in by_chance else 0.1, abs=20), pair.hex()


def test_loops_close_over_the_network() -> None:
    twin, harmed = Twin(io.BytesIO(), 1, BEGIN_S + 3600 - 600), {}
    for _ in twin.run(60):
        harmed.update(twin.process.harmed())  # every second, across the start of a shift
    assert harmed == {}
    state = twin.process.state
    assert state["filler.speed"] == pytest.approx(180.0, abs=2.0)
    assert state["boiler.pressure"] == pytest.approx(7.0, abs=1.0)
    assert state["buffer.level"] == pytest.approx(1.5, abs=0.3)


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_is_labelled_and_moves_what_it_says(name, tmp_path) -> None:
    length = LENGTHS.get(name, 1.5)
    twin, octets = recorded(length + 1.0, attacks=((name, 1.0),), begin_s=DAY_SHIFT_S)
    (case,) = twin.cases
    truth = case.truth()
    assert truth["complete"], "the recording is long enough"
    assert truth["frames"] == sorted(set(truth["frames"]))
    assert truth["frames"]
    assert truth["frames"][-1] <= twin.mirror.frames
    about = scenario(name)
    assert about.attacker in BY_NAME
    assert set(about.victims) <= set(BY_NAME)
    assert set(about.moves) <= set(TAGS)
    quick = {"setpoint", "actuator"}
    for moved in truth["moved"]:
        if TAGS[moved["tag"]].kind in quick and moved["tag"] not in {"raw.inlet", "hall.fan"}:
            assert moved["least"] < moved["most"], moved
    operations = rows(tmp_path, octets, ("operations",))["operations"]
    touched = {r[which] for r in operations for which in ("frame", "response_frame")}
    if name not in {"discovery-sweep", "slow-reconnaissance", "beaconing", "sensor-spoofing"}:
        # connections without a request, and cyclic data, are flows
        assert touched & set(truth["frames"]), "the attack's operations are in the capture"


def test_there_are_at_least_thirty_attacks_of_many_techniques() -> None:
    assert len(NAMES) >= 30
    assert len({scenario(name).technique for name in NAMES}) >= 15


def seen(octets):
    """Frames of a recording: time (ns) and octets."""
    at, frames = 24, []
    while at < len(octets):
        seconds, nanos, size = (
            int.from_bytes(octets[at + 4 * k : at + 4 * k + 4], "little") for k in range(3)
        )
        frames.append((seconds * 10**9 + nanos, octets[at + 16 : at + 16 + size]))
        at += 16 + size
    return frames


def test_a_man_in_the_middle_gets_every_packet_and_passes_it_on() -> None:
    twin, octets = recorded(4.0, attacks=(("arp-spoofing", 1.0),))
    between, panel, water = (BY_NAME[name].end for name in ("vendor-laptop", "hmi", "plc-water"))
    (case,) = twin.cases
    told, diverted, passed_on = set(case.frames), [], []
    for number, (_, frame) in enumerate(seen(octets), 1):
        if {frame[26:30], frame[30:34]} != {panel.ip, water.ip} or frame[12:14] != b"\x08\x00":
            continue
        if between.mac not in (frame[:6], frame[6:12]):
            continue
        assert number in told
        (passed_on if frame[6:12] == between.mac else diverted).append(frame)
    assert len(diverted) > 500
    assert [f[14:] for f in diverted] == [f[14:] for f in passed_on]
    mac_of = {panel.ip: panel.mac, water.ip: water.mac}
    assert all(f[6:12] == mac_of[f[26:30]] and f[:6] == between.mac for f in diverted)
    assert all(f[:6] == mac_of[f[30:34]] for f in passed_on)


def test_a_crashed_machine_is_silent_until_its_watchdog_starts_it() -> None:
    _, octets = recorded(4.0, attacks=(("silenced-machine", 1.0),))
    drive, crashed = BY_NAME["drive-pump"].end.mac, (BEGIN_S + 60) * 10**9
    spoken = [when for when, frame in seen(octets) if frame[6:12] == drive]
    assert not [w for w in spoken if crashed + 10**9 < w < crashed + 89 * 10**9]
    assert [w for w in spoken if crashed + 92 * 10**9 < w < crashed + 105 * 10**9], (
        "the controller reconnects"
    )


def test_ransomware_blinds_the_panel() -> None:
    twin, octets = recorded(4.0, attacks=(("ransomware", 1.0),))
    panel = BY_NAME["hmi"].end.mac
    (case,) = twin.cases
    told, last = set(case.frames), case.end_ns
    after = [n for n, (when, f) in enumerate(seen(octets), 1) if when > last + 10**9 and f[6:12] == panel]
    assert not set(after) - told


def test_the_table_names_every_file() -> None:
    from pathlib import Path  # noqa: PLC0415

    from interlock.plant.attacks import table  # noqa: PLC0415

    files = {p.stem.replace("_", "-") for p in Path(table.__file__).parent.glob("*.py")}
    assert files - {"--init--", "logon", "scenario", "table"} == set(NAMES)
    assert {scenario(name).name for name in NAMES} == set(NAMES)
    with pytest.raises(KeyError):
        scenario("nothing")
