"""The living plant as people use it: up, status, watch, attack, capture, down."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path  # noqa: TC003 (pytest reads annotations)

import pytest
from tests.plant.living.clients import READERS, datagrams, stream
from tests.plant.living.conftest import needs_root
from tests.plant.living.running import Plant, Traces, traces
from tests.plant.living.wire import answers_before_requests, frames_of, operations_of

from interlock.plant.living import control
from interlock.plant.living.namespaces import inside
from interlock.plant.machines import MACHINES
from interlock.plant.process.tags import BY_NAME as TAGS


def _asked_and_answered(plant: Plant) -> dict[tuple[str, int], str]:
    return {(s["machine"], s["port"]): s["answers"] for s in plant.status()["services"]}


def _wait_until_all_answer(plant: Plant) -> None:
    """Polls come once a second, those of the hall every ten."""
    end = time.monotonic() + 40
    wanted = [("plc-water", 502), ("drive-pump", 502), ("plc-boiler", 102), ("plc-filler", 44818),
              ("plc-pasteuriser", 4840), ("rtu-feeder", 2404), ("rtu-well", 20000), ("hvac-hall", 47808)]  # fmt: skip
    while True:
        answers = _asked_and_answered(plant)
        silent = [w for w in wanted if answers[w] != "yes"]
        if not silent:
            return
        assert time.monotonic() < end, silent
        time.sleep(1)


def test_every_controller_answers_its_clients(plant: Plant) -> None:
    _wait_until_all_answer(plant)
    told = plant.status()
    assert {s["server"] for s in told["services"]} >= {
        "pymodbus",
        "python-snap7",
        "asyncua",
        "bacpypes3",
        "interlock",
    }
    assert 0 < told["memory_kib"] < 512 * 1024
    assert told["restarts"] == 0


def test_the_process_moves_and_its_controllers_scan(plant: Plant) -> None:
    first = plant.status()
    time.sleep(2)
    second = plant.status()
    before, after = ({v["tag"]: v["value"] for v in s["values"]} for s in (first, second))
    assert before["boiler.pressure"] != after["boiler.pressure"]
    scans = [{c["name"]: c["scans"] for c in s["controllers"]} for s in (first, second)]
    assert all(scans[1][name] - count in range(5, 40) for name, count in scans[0].items())


def test_status_and_watch_are_pages_for_people(plant: Plant) -> None:
    assert "python-snap7" in plant.run("status")
    page = plant.run("watch")
    assert "boiler.pressure" in page
    assert "█" in page
    assert "\x1b" not in page


def test_a_second_plant_is_refused_while_one_is_up(plant: Plant) -> None:
    assert "up already" in plant.run("up", "--loopback", fails=True)
    assert plant.status()["run"] == plant.files.read().run


def test_an_attack_reaches_the_process_and_its_truth_is_told(plant: Plant) -> None:
    said = json.loads(plant.run("attack", "bacnet-override", "--json"))
    assert (said["asked"], said["answered"], said["complete"]) == (3, 3, True)
    time.sleep(1)
    values = {v["tag"]: v["value"] for v in plant.status()["values"]}
    assert values["hall.temperature_setpoint"] == 30.0
    truth = [json.loads(line) for line in plant.run("truth").splitlines()]
    assert truth[-1]["name"] == "bacnet-override"
    assert truth[-1]["technique"] == "T0836"
    assert "frames" not in truth[-1]


def test_a_write_through_each_library_moves_what_the_controller_holds(plant: Plant) -> None:
    said = json.loads(plant.run("attack", "opcua-downgrade", "--json"))
    assert said["complete"], said["trouble"]
    moved = {m["tag"]: m["least"] for m in said["moved"]}
    assert moved["pasteuriser.temperature_setpoint"] == 55.0


def _served(plant: Plant) -> dict[str, float]:
    """What libraries serve just now, asked from the panel's place."""
    found = {}
    where = {(s["machine"], s["port"]): (s["address"], s["moved_to"]) for s in plant.status()["services"]}
    for (machine, port), read in READERS.items():
        udp = port == 47808
        kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
        with _namespace(plant, "engineering") if plant.files.read().ground == "namespaces" else nullcontext():
            sock = socket.socket(socket.AF_INET, kind)
        with sock:
            sock.settimeout(5)
            sock.connect(where[machine, port])
            found |= read(datagrams(sock) if udp else stream(sock, port))
    return found


def test_each_library_serves_what_the_controllers_hold(plant: Plant) -> None:
    """Read over each protocol, and compare with what the plant says of itself before and after."""
    first = {v["tag"]: v["value"] for v in plant.status()["values"]}
    served = _served(plant)
    second = {v["tag"]: v["value"] for v in plant.status()["values"]}
    assert len(served) >= 16
    for tag, value in served.items():
        slack = 6 * TAGS[tag].noise + 0.03 * (TAGS[tag].high - TAGS[tag].low)
        assert min(first[tag], second[tag]) - slack <= value <= max(first[tag], second[tag]) + slack, tag
    time.sleep(3)  # a quick machine reads twice before anything has moved
    again = _served(plant)
    changed = {tag.partition(".")[0] for tag, value in served.items() if again[tag] != value}
    assert changed >= {"pump", "boiler", "pasteuriser", "hall"}, "what is served lives"


def test_hanging_up_stops_an_attack(plant: Plant) -> None:
    with control.reach(plant.files) as sock:
        lines = control.ask(sock, {"do": "attack", "name": "slow-reconnaissance"})
        assert next(lines)["event"] == "running"
        lines.close()
    time.sleep(0.5)
    last = plant.status()["attacks"][-1]
    assert (last["name"], last["running"], last["complete"]) == ("slow-reconnaissance", False, False)


@pytest.mark.parametrize(
    "request_",
    [
        {"do": "attack", "name": "forged-write", "victim": "192.0.2.1"},
        {"do": "attack", "name": "forged-write", "address": "8.8.8.8"},
        {"do": "attack", "name": "../../etc/passwd"},
        {"do": "attack", "name": ["forged-write"]},
        {"do": "attack"},
        {"do": "connect", "to": "192.0.2.1"},
    ],
)
def test_an_attack_cannot_be_described_only_named(plant: Plant, request_: dict) -> None:
    before = len(plant.status()["attacks"])
    with control.reach(plant.files) as sock:
        assert [line.keys() for line in control.ask(sock, request_)] == [{"error"}]
    assert len(plant.status()["attacks"]) == before


def test_no_environment_points_an_attack_elsewhere(plant: Plant) -> None:
    """Whatever is set for the command, the plant's own process plays it, on machines that it knows by name."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.2)
        address = f"127.0.0.1:{trap.getsockname()[1]}"
        names = dict.fromkeys(
            ("INTERLOCK_TARGET", "PLC_WATER", "HTTP_PROXY", "ALL_PROXY", "DRIVE_PUMP"), address
        )
        plant.run("attack", "identity-reads", "--json", **names)
        with pytest.raises(TimeoutError):
            trap.accept()


@needs_root
def test_the_mirror_port_hears_every_frame_once_and_takes_none(plant: Plant, tmp_path: Path) -> None:
    mirror = plant.status()["mirror"]
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with sender:
        sender.bind((mirror, 0))
        out = tmp_path / "heard.pcap"
        recording = subprocess.Popen(
            [*_python("plant", "capture", "--seconds", "9", "--out", str(out))],
            env={**os.environ, "INTERLOCK_STATE": str(plant.state)},
        )
        time.sleep(3)
        strange = b"\xff" * 6 + b"\x02\x00\x00\x00\x00\x99" + b"\x88\xb5" + b"from outside".ljust(46, b"\0")
        watched = _on_machine(plant, "plc-water", 0x88B5)
        with watched:
            for _ in range(20):
                sender.send(strange)
            time.sleep(0.5)
            with pytest.raises(BlockingIOError):
                watched.recv(100)
        assert recording.wait(60) == 0
    frames = frames_of(out)
    assert len(frames) > 100
    assert not [f for _, f in frames if b"from outside" in f]
    macs = {m.end.mac for m in MACHINES}
    assert {f[6:12] for _, f in frames} <= macs
    # Identification and ports make each IP frame of a kernel unique: what is heard twice shows.
    seen = Counter(f for _, f in frames if f[12:14] == b"\x08\x00")
    assert max(seen.values()) == 1
    assert sum(f[12:14] == b"\x81\x00" for _, f in frames) > 20, "priority tags are kept"
    assert not answers_before_requests([f for _, f in frames])
    times = [when for when, _ in frames]
    # Two processors stamp at once: what has nothing to do with each other may be some microseconds out of order.
    assert all(later > earlier - 2_000_000 for earlier, later in itertools.pairwise(times))
    rows = operations_of(out)
    assert {protocol for protocol, _ in rows} >= {"modbus", "s7comm", "cip", "opcua", "dnp3", "goose"}
    assert sum(n for (_, outcome), n in rows.items() if outcome == "ok") > 50
    assert sum(n for (_, outcome), n in rows.items() if outcome in ("no-answer", "refused")) <= 2


@needs_root
def test_machines_have_no_way_out(plant: Plant) -> None:
    """No route but the plant's network, no interface but their own: an address of the world cannot be reached."""
    for name in ("vendor-laptop", "plc-water", "switch", "net"):
        with _namespace(plant, name), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            with pytest.raises(OSError, match="unreachable"):
                sock.connect(("192.0.2.1", 9))
            assert {n for _, n in socket.if_nameindex()} <= {
                "lo",
                "eth0",
                "wires",
                "mirror",
                *(f"p{k}" for k in range(15)),
            }


@needs_root
def test_the_host_has_no_address_or_route_of_the_plant(plant: Plant) -> None:
    del plant
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("10.77.1.11", 9))
        except OSError:
            return
        assert not sock.getsockname()[0].startswith("10.77.")


def test_a_failover_befalls_the_plant_and_its_clients_come_back(plant: Plant) -> None:
    """Late in this file: the water controller is at another hardware address afterwards."""
    said = json.loads(plant.run("event", "failover", "--json"))
    assert (said["kind"], said["name"], said["complete"], said["trouble"]) == ("event", "failover", True, "")
    layer2 = plant.status()["layer2"]
    assert said["frames_sent"] == (5 if layer2 else 0)
    if layer2:
        with _namespace(plant, "plc-water"):
            links = subprocess.run(
                ["ip", "-o", "link", "show", "eth0"], capture_output=True, text=True, check=True
            )
        assert "00:80:f4:5a:10:6e" in links.stdout
    end = time.monotonic() + 30
    while (told := plant.status())["silent"] or not _lately(told, "plc-water"):
        assert time.monotonic() < end, told["services"]
        time.sleep(1)
    assert "there is no event" in plant.run("event", "forged-write", fails=True)


def _lately(told: dict, machine: str) -> bool:
    return all(s["answers"] == "yes" for s in told["services"] if (s["machine"], s["port"]) == (machine, 502))


def test_a_simulated_transmitter_moves_what_the_controller_sees(plant: Plant) -> None:
    """It sees frost, and throttles the fan to its least; the hall itself is as warm as before."""
    with control.reach(plant.files) as sock:
        lines = control.ask(sock, {"do": "event", "name": "transmitter-calibration"})
        assert next(lines)["event"] == "running"
        shown = [_hall(plant) for _ in range(20) if not time.sleep(0.5)]
        lines.close()
    assert min(fan for fan, _ in shown) == 15.0, shown
    assert all(temperature > 20.0 for _, temperature in shown)


def _hall(plant: Plant) -> tuple[float, float]:
    values = {v["tag"]: v["value"] for v in plant.status()["values"]}
    return values["hall.fan"], values["hall.temperature"]


@pytest.mark.parametrize("machine", ["hmi", "historian", "plc-pasteuriser"])
def test_keys_of_opcua_are_this_runs_and_its_owners_alone(plant: Plant, machine: str) -> None:
    folder = plant.files.keys
    for suffix in (".key", ".der"):
        found = (folder / f"{machine}{suffix}").stat()
        assert (found.st_uid, found.st_mode & 0o777) == (os.geteuid(), 0o600)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_drive_that_is_crashed_is_silent(plant: Plant) -> None:
    """Late in this file: its watchdog starts it again only after this plant is down."""
    assert _asked_and_answered(plant)["drive-pump", 502] == "yes"
    with control.reach(plant.files) as sock:
        lines = control.ask(sock, {"do": "attack", "name": "silenced-machine"})
        next(lines)
        end = time.monotonic() + 20
        while "drive-pump" not in (told := plant.status())["silent"]:
            assert time.monotonic() < end, told["silent"]
            time.sleep(0.3)
        lines.close()
    assert _asked_and_answered(plant)["drive-pump", 502] == "no"
    assert plant.status()["silent"] == ["drive-pump"], "nobody else is"


def test_down_leaves_nothing(before: tuple[Plant, Traces], plant: Plant) -> None:
    """Last of this file: it takes the plant down."""
    plant.run("down")
    _, clean = before
    now = traces(plant.state)
    assert now.files == {"plant-truth.jsonl"}
    assert (now.interfaces - clean.interfaces, now.processes) == (frozenset(), frozenset())
    assert not {n for n in now.namespaces - clean.namespaces if n.startswith("ilp-")}
    assert "no plant was up" in plant.run("down")
    assert "no plant is up" in plant.run("status", fails=True)
    assert "no plant is up" in plant.run("attack", "forged-write", fails=True)


def _python(*words: str) -> list[str]:
    return [sys.executable, "-c", "from interlock.cli.main import main; main()", *words]


def _namespace(plant: Plant, machine: str):
    handle = os.open(f"/run/netns/ilp-{plant.files.read().run}-{machine}", os.O_RDONLY)

    class _Inside:
        def __enter__(self) -> None:
            self.stack = inside(handle)
            self.stack.__enter__()

        def __exit__(self, *what) -> None:
            self.stack.__exit__(*what)
            os.close(handle)

    return _Inside()


def _on_machine(plant: Plant, machine: str, ethertype: int) -> socket.socket:
    with _namespace(plant, machine):
        sock = socket.socket(
            socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(ethertype)
        )
    sock.bind(("eth0", ethertype))
    return sock
