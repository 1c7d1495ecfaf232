"""`interlock plant` as a user sees it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

ENTRY = "from interlock.cli.main import main; main()"


def _run(*arguments):
    command = [sys.executable, "-c", ENTRY, *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def test_a_recording_comes_with_its_truth(tmp_path) -> None:
    out = tmp_path / "plant.pcap"
    ran = _run("plant", "record", "--minutes", 2, "--seed", 3, "--out", out, "--attack", "unit-sweep@1")
    assert ran.returncode == 0, ran.stderr
    told = json.loads((tmp_path / "plant.pcap.truth.json").read_text("utf-8"))
    assert told["schema"] == "interlock/plant-truth/1"
    assert [a["name"] for a in told["attacks"]] == ["unit-sweep"]
    alone = json.loads(_run("plant", "truth", "--policy").stdout)
    assert told["policy"] == alone
    assert alone["schema"] == "interlock/plant-policy/1"
    assert {r["client"] for r in alone["rights"]} & {"vendor-laptop", "outside"} == set()
    assert not (tmp_path / "plant.pcap.part").exists()
    assert f"{told['frames']:,} frames, 1 attack" in ran.stdout


def test_an_unknown_attack_is_a_wrong_option(tmp_path) -> None:
    for value, said in (("nothing@1", "no attack"), ("unit-sweep", "say when")):
        ran = _run("plant", "record", "--minutes", 1, "--out", tmp_path / "x.pcap", "--attack", value)
        assert ran.returncode == 2
        assert said in ran.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_recording_that_is_stopped_is_whole(tmp_path, number, code) -> None:
    out = tmp_path / "long.pcap"
    command = [sys.executable, "-c", ENTRY, "plant", "record", "--minutes", "20000", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    part, until = tmp_path / "long.pcap.part", time.monotonic() + 60
    while time.monotonic() < until and not (part.exists() and part.stat().st_size > 100_000):
        time.sleep(0.05)
    process.send_signal(number)
    said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert not part.exists()
    frames = json.loads((tmp_path / "long.pcap.truth.json").read_text("utf-8"))["frames"]
    at, octets, count = 24, out.read_bytes(), 0
    while at < len(octets):
        at, count = at + 16 + int.from_bytes(octets[at + 8 : at + 12], "little"), count + 1
    assert (at, count) == (len(octets), frames)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("--attack=forged-write@2", "forged-write@2 begins after the end, at minute 1"),
        ("--event=failover@1", "failover@1 begins after the end"),
        ("--attack=forged-write@-1", "say when, in minutes"),
        ("--attack=forged-write@nan", "say when, in minutes"),
        ("--attack=forged-write", "say when, in minutes"),
    ],
)
def test_what_would_never_be_played_is_refused(tmp_path, what, says) -> None:
    out = tmp_path / "never.pcap"
    done = _run("plant", "record", "--minutes", 1, what, "--out", out)
    assert done.returncode == 2
    assert says in done.stderr
    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_written_it_says_so(tmp_path) -> None:
    for out, code in ((tmp_path / "no" / "x.pcap", 3), ("/dev/full", 2), (tmp_path, 2)):
        ran = _run("plant", "record", "--minutes", 1, "--out", out)
        assert ran.returncode == code
        assert str(out) in ran.stderr
        assert "Traceback" not in ran.stderr


def test_attacks_are_listed(tmp_path) -> None:
    listed = json.loads(_run("plant", "attacks", "--json").stdout)
    assert listed["schema"] == "interlock/plant-attacks/1"
    assert all(a["technique"].startswith("T0") and a["harm"] for a in listed["attacks"])
    assert "bacnet-override" in _run("plant", "attacks").stdout


def test_events_are_told_beside_attacks_and_named_in_a_site_file(tmp_path) -> None:
    from interlock.records.site_text import load_site  # noqa: PLC0415

    out = tmp_path / "plant.pcap"
    planned = ("--event", "work-order-download@1", "--event", "shift-change@0.5")
    ran = _run("plant", "record", "--minutes", 4, "--out", out, *planned)
    assert ran.returncode == 0, ran.stderr
    told = json.loads((tmp_path / "plant.pcap.truth.json").read_text("utf-8"))
    assert told["attacks"] == []
    assert {e["name"]: e["ordered"] for e in told["events"]} == {
        "work-order-download": True,
        "shift-change": False,
    }
    site = load_site((tmp_path / "plant.pcap.site.toml").read_text("utf-8"))
    assert [w.title for w in site.work_orders] == [next(e["title"] for e in told["events"] if e["ordered"])]
    printed = _run("plant", "site", "--event", "work-order-download@1").stdout
    assert load_site(printed) == site
    assert _run("plant", "record", "--minutes", 1, "--out", out, "--event", "x@1").returncode == 2


def test_events_are_listed() -> None:
    listed = json.loads(_run("plant", "events", "--json").stdout)
    assert listed["schema"] == "interlock/plant-events/1"
    assert {"failover", "hmi-reboot"} <= {e["name"] for e in listed["events"]}
    assert "replaced-io" in _run("plant", "events").stdout


def test_rare_events_by_chance_are_equal_for_equal_seeds(tmp_path) -> None:
    told = []
    for name in ("a", "b"):
        out = tmp_path / f"{name}.pcap"
        assert (
            _run("plant", "record", "--minutes", 2, "--seed", 5, "--out", out, "--year-like").returncode == 0
        )
        told.append(
            (
                out.read_bytes(),
                json.loads((tmp_path / f"{name}.pcap.truth.json").read_text("utf-8"))["events"],
            )
        )
    assert told[0] == told[1]
