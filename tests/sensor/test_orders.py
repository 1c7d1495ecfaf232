"""What people tell a live sensor: to end, to read its site file anew; and what it tells them before it begins."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from soaking.books import unprinted
from soaking.running import ENTRY, until
from tests.cli.terminal import Ended, one_sentence, run

from interlock.pipeline.sensor.figures import read_figures_file
from interlock.report.quantities import parse_time

SITE = '[[zone]]\nname = "{name}"\naddresses = ["10.77.1.0/24"]\n'


def refused(ground, *words: object, **how: object) -> Ended:
    """What a sensor says that does not begin."""
    process = ground.wire.start(
        *ENTRY, "sensor", "run", *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how
    )
    out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err.decode())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_asks_it_to_end_finds_everything_kept(ground, number: int) -> None:
    sensor = ground.sensor()
    with ground.sending():
        assert until(lambda: sensor.printed)
        begun = time.monotonic()
        assert sensor.stop(number) == 0
    assert time.monotonic() - begun < 15
    assert not sensor.errors()
    assert not unprinted(sensor.printed, sensor.findings())
    assert sum(batch.num_rows for batch in sensor.reader.rows("operations_folded")) > 0
    assert [entry.event for entry in sensor.diary()][-1] == "stopped"
    assert not (sensor.store / ".judge.sock").exists()


def test_who_asks_twice_waits_no_longer(ground) -> None:
    sensor = ground.sensor()
    children = sensor.children()
    os.kill(sensor.process_of("judge"), signal.SIGSTOP)
    sensor.process.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    begun = time.monotonic()
    sensor.stop(signal.SIGTERM)
    assert time.monotonic() - begun < 3
    assert until(lambda: not any(Path("/proc", str(pid)).exists() for pid in children), 5.0)


RULE = """
title: {title}
id: 5e1f0c6e-5f0b-4b39-9e5c-0d9c3f6f0a01
status: experimental
description: A rule of a test.
logsource: {{category: ot_operation}}
detection:
  selection: {{verb: stop}}
  condition: selection
level: low
"""


def test_rules_are_read_anew_and_a_wrong_one_leaves_the_others_in_force(ground) -> None:
    rules = ground.folder / "rules"
    rules.mkdir()
    sensor = ground.sensor("--rules", rules)
    (rules / "wrong.yml").write_text("title: [")
    (rules / "ours.yml").write_text(RULE.format(title="Somebody stopped something"))
    sensor.process.send_signal(signal.SIGHUP)
    assert until(lambda: _says(sensor, "refused") and _says(sensor, "reloaded"))
    (refused,) = _says(sensor, "refused")
    assert "wrong.yml:2:1" in refused
    with ground.sending() as sender:
        ground.sent(sender)
    assert until(lambda: any("omebody stopped something" in f.title for f in sensor.findings().values()))
    assert sensor.stop(signal.SIGTERM) == 0


def test_projects_are_read_anew_and_a_folder_that_is_gone_changes_nothing(ground) -> None:
    projects = ground.folder / "approved"
    projects.mkdir()
    (projects / "line1.awl").write_bytes(b"ORGANIZATION_BLOCK OB 1")
    sensor = ground.sensor("--projects", projects)
    (projects / "line2.awl").write_bytes(b"ORGANIZATION_BLOCK OB 2")
    sensor.process.send_signal(signal.SIGHUP)
    assert until(
        lambda: any("2 programs and files of projects are approved" in s for s in _says(sensor, "reloaded"))
    )
    shutil.rmtree(projects)
    sensor.process.send_signal(signal.SIGHUP)
    assert until(lambda: any("projects of before stay in force" in s for s in _says(sensor, "refused")))
    with ground.sending():
        assert until(lambda: _stops(sensor))
    assert sensor.stop(signal.SIGTERM) == 0


def test_rules_that_are_gone_keep_no_judge_away(ground) -> None:
    rules = ground.folder / "gone"
    rules.mkdir()
    sensor = ground.sensor("--rules", rules)
    rules.rmdir()
    os.kill(sensor.process_of("judge"), signal.SIGKILL)
    assert until(lambda: any(str(rules) in said for said in _says(sensor, "refused")))
    with ground.sending():
        assert until(lambda: _stops(sensor))
    assert sensor.stop(signal.SIGTERM) == 0


def test_a_site_file_is_read_anew_without_a_gap_and_a_wrong_one_changes_nothing(ground) -> None:
    site = ground.folder / "site.toml"
    site.write_text("")
    sensor = ground.sensor("--site", site)
    before = sensor.children()
    with ground.sending() as sender:
        assert until(lambda: _stops(sensor))
        (ident,) = _stops(sensor)
        site.write_text('# zones\n[[zone]]\nnaam = "x"\n')
        sensor.process.send_signal(signal.SIGHUP)
        assert until(lambda: _says(sensor, "refused"))
        site.write_text(
            f'[[exceptions]]\nfinding = "{ident}"\nreason = "a test of the line"\nowner = "shift"\n'
            "until = 2999-01-01\n"
        )
        sensor.process.send_signal(signal.SIGHUP)
        assert until(lambda: _says(sensor, "reloaded"))
        count = ground.sent(sender)
    with ground.sending() as sender:
        assert until(lambda: _stops(sensor)[ident].accepted)
        count += ground.sent(sender)
    assert until(lambda: sensor.packets() == count)
    assert sensor.drops() == 0
    assert sensor.children() == before
    (wrong,) = _says(sensor, "refused")
    assert re.search(r"site\.toml, line \d, column \d+: expected one of .*zones", wrong)
    assert sensor.stop() == 0


CONFIG = """
[sensor]
shed = "{shed}"
[sensor.memory]
flows = {flows}
ring_mib = {ring}
held_mib = {held}
[[outlet]]
kind = "file"
name = "{name}"
path = "{name}.jsonl"
"""


def test_a_configuration_is_read_anew_without_a_gap_and_what_needs_a_restart_is_said(ground) -> None:
    config = ground.folder / "interlock.toml"
    config.write_text(CONFIG.format(shed="reads", flows=5000, ring=64, held=64, name="first"))
    sensor = ground.sensor("--config", config)
    before = sensor.children()
    with ground.sending() as sender:
        assert until(lambda: _lines(ground.folder / "first.jsonl"))
        assert until(lambda: _budget(sensor, "flows") == 5000)
        config.write_text("[sensor]\nshedd = 'reads'\n")
        sensor.process.send_signal(signal.SIGHUP)
        assert until(lambda: _says(sensor, "refused"))
        assert _budget(sensor, "flows") == 5000
        config.write_text(CONFIG.format(shed="nothing", flows=6000, ring=64, held=32, name="second"))
        sensor.process.send_signal(signal.SIGHUP)
        assert until(lambda: _says(sensor, "reloaded"))
        assert until(lambda: _budget(sensor, "flows") == 6000)
        count = ground.sent(sender)
    assert until(lambda: sensor.packets() == count)
    assert sensor.drops() == 0
    assert sensor.children() == before
    (wrong,) = _says(sensor, "refused")
    assert re.search(r"interlock\.toml, line 2, column 1: expected .*did you mean 'shed'", wrong)
    (again,) = _says(sensor, "reloaded")
    assert again == "the configuration was read anew; needs a restart: held_mib"
    assert until(lambda: _told(ground.folder / "second.jsonl") == set(sensor.findings()))
    assert sensor.stop() == 0


OTHER = """
[sensor]
store = "{store}"
memory_mib = {memory}
[[sensor.interfaces]]
name = "{interface}"
[sensor.memory]
ring_mib = {ring}
"""


def test_a_ring_of_another_size_takes_its_place_while_frames_come(ground) -> None:
    config = ground.folder / "rings.toml"

    def asked(ring: int, **other: object) -> None:
        other = {"store": "/nowhere", "memory": 512, "interface": "none0", **other}
        config.write_text(OTHER.format(ring=ring, **other))

    asked(16)
    others = _packet_sockets(ground)  # of tests that have ended their sensors less than a moment ago
    sensor = ground.sensor("--config", config)
    before, rings = sensor.children(), _packet_sockets(ground) - others
    assert len(rings) == 1
    with ground.sending() as sender:
        assert until(sensor.packets)
        for turn, size in enumerate((64, 8), 1):  # the second while the first is still on its way
            asked(size)
            sensor.process.send_signal(signal.SIGHUP)
            assert until(lambda turn=turn: len(_says(sensor, "reloaded")) >= 2 * turn - 1)
        count = ground.sent(sender)
    assert until(lambda: sensor.packets() == count), (sensor.packets(), count)
    assert until(lambda: _ring(sensor) == 8 * 16, 30)
    assert sensor.drops() == 0
    assert sensor.children() == before
    assert until(lambda: "the configuration was read anew" in _says(sensor, "reloaded"))
    assert not [says for says in _says(sensor, "reloaded") if "restart" in says]
    sizes = [says for says in _says(sensor, "reloaded") if "ring" in says]
    assert sizes == [
        "near0: a ring of 64 MiB takes the place of one of 16 MiB",
        "near0: a ring of 8 MiB takes the place of one of 64 MiB",
    ]
    assert until(lambda: len(_packet_sockets(ground)) == 1, 30)  # nobody holds the old ones any more
    with ground.sending() as sender:
        count += ground.sent(sender)
    assert until(lambda: sensor.packets() == count)
    assert sensor.stop() == 0


def test_rings_of_workers_that_share_an_interface_give_way_while_one_of_them_is_killed(ground) -> None:
    config = ground.folder / "shared.toml"
    config.write_text(OTHER.format(ring=16, store="/nowhere", memory=512, interface="none0"))
    sensor = ground.sensor("--config", config, "--workers", 2)
    with ground.sending() as sender:
        assert until(sensor.packets)
        config.write_text(OTHER.format(ring=32, store="/nowhere", memory=512, interface="none0"))
        sensor.process.send_signal(signal.SIGHUP)
        assert until(lambda: len(_packet_sockets(ground)) > 3, 5, 0.001)  # the sender has one, too
        os.kill(sensor.process_of("worker"), signal.SIGKILL)
        count = ground.sent(sender)
    assert until(lambda: sensor.packets() == count), (sensor.packets(), count)
    assert until(lambda: _ring(sensor) == 2 * 32 * 16, 30)
    assert sensor.drops() == 0
    assert [says for says in _says(sensor, "reloaded") if "ring" in says] == [
        "near0: a ring of 32 MiB takes the place of one of 16 MiB for each of 2 workers"
    ]
    assert until(lambda: len(_packet_sockets(ground)) == 2, 30)
    assert sensor.stop() == 0


def test_what_the_command_line_says_needs_no_restart_and_what_has_not_changed_stays(ground) -> None:
    config = ground.folder / "same.toml"
    config.write_text(OTHER.format(ring=16, store="/nowhere", memory=512, interface="none0"))
    sensor = ground.sensor("--config", config)
    rings = _packet_sockets(ground)
    config.write_text(OTHER.format(ring=16, store="/elsewhere", memory=700, interface="none1"))
    sensor.process.send_signal(signal.SIGHUP)
    assert until(lambda: _says(sensor, "reloaded"))
    time.sleep(1.0)
    assert _says(sensor, "reloaded") == ["the configuration was read anew; needs a restart: memory_mib"]
    assert _packet_sockets(ground) == rings
    assert sensor.stop() == 0


def test_a_ring_that_the_kernel_does_not_give_is_refused_and_the_old_one_stays(ground) -> None:
    config = ground.folder / "gone.toml"
    config.write_text(OTHER.format(ring=16, store="/nowhere", memory=512, interface="none0"))
    sensor = ground.sensor("--config", config)
    ground.wire.unplug()
    try:
        config.write_text(OTHER.format(ring=32, store="/nowhere", memory=512, interface="none0"))
        sensor.process.send_signal(signal.SIGHUP)
        assert until(lambda: _says(sensor, "refused") and _says(sensor, "interface-gone"))
        (refused,) = _says(sensor, "refused")
        assert "near0: there is no such interface" in refused
        assert refused.endswith("what was in force before stays so")
    finally:
        ground.wire.plug()
    assert until(lambda: _says(sensor, "interface-back"))
    with ground.sending() as sender:
        count = ground.sent(sender)
    assert until(lambda: sensor.packets() == count)
    assert _ring(sensor) == 256
    assert sensor.stop() == 0


def test_a_ring_is_opened_once_and_as_large_as_the_configuration_wants_it(ground) -> None:
    """The very first thing that a sensor does: what it hears until all is imported would be lost with another one."""
    config = ground.folder / "first.toml"
    config.write_text(OTHER.format(ring=16, store="/nowhere", memory=512, interface="none0"))
    words = ("sensor", "run", "-i", ground.wire.near, "--config", config, "--out", ground.folder / "first")
    before, seen = _packet_sockets(ground), []
    sensor = ground.wire.start(*ENTRY, *words, stderr=subprocess.DEVNULL)
    try:
        store = ground.folder / "first"

        def there() -> bool:
            seen.append(_packet_sockets(ground) - before)
            return (store / "figures.json").exists()

        assert until(there, 30, 0.002)
        seen.append(_packet_sockets(ground) - before)
    finally:
        sensor.send_signal(signal.SIGTERM)
        sensor.wait(60)
    assert {sockets for sockets in seen if sockets} == {seen[-1]}
    assert len(seen[-1]) == 1


def _packet_sockets(ground) -> frozenset[str]:
    """Those that listen on the wire, by the numbers of their files."""
    listing = ground.wire.start("cat", "/proc/net/packet", stdout=subprocess.PIPE).communicate(timeout=20)[0]
    return frozenset(line.split()[-1] for line in listing.decode().splitlines()[1:])


def _ring(sensor) -> int:
    """Blocks of the ring that is read."""
    return sum(int(row["room"]) for row in _buffers(sensor) if row["name"] == "ring")


def test_how_full_its_buffers_are_is_said_of_each_place(ground) -> None:
    config = ground.folder / "buffers.toml"
    config.write_text("[sensor.memory]\nring_mib = 16\nqueue_mib = 8\nheld_mib = 4\nheld_findings = 1000\n")
    sensor = ground.sensor("--config", config, "--workers", 2)
    with ground.sending() as sender:
        ground.sent(sender)
    assert until(lambda: len(_buffers(sensor)) == 8)
    near, mib = ground.wire.near, 1 << 20
    assert {
        (b["name"], b["unit"], b.get("interface"), b.get("worker"), b["room"]) for b in _buffers(sensor)
    } == {
        *(("ring", "blocks", near, worker, 256) for worker in (0, 1)),
        *(("queue", "octets", None, worker, 8 * mib) for worker in (0, 1)),
        *(("unsaved", "octets", None, worker, 32 * mib) for worker in (0, 1)),
        ("held_rows", "octets", None, None, 4 * mib),
        ("held_findings", "findings", None, None, 1000),
    }
    assert until(lambda: all(b["used"] == 0 for b in _buffers(sensor) if b["name"] != "unsaved"))
    assert all(0 <= time.time_ns() - parse_time(b["time"]) < 10**10 for b in _buffers(sensor))
    (one,) = read_figures_file(sensor.store).interfaces  # which both workers read
    assert (one.name, one.state) == (near, "up")
    assert sensor.stop() == 0


def _buffers(sensor) -> list[dict[str, object]]:
    """As `status --json` has them."""
    return json.loads(run("sensor", "status", "--store", sensor.store, "--json").out)["figures"]["buffers"]


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _told(path: Path) -> set[str]:
    """Findings that an outlet wrote, by id."""
    return {line["finding"]["id"] for line in _lines(path)}


def _budget(sensor, name: str) -> float:
    figures = read_figures_file(sensor.store)
    return next((b.budget for b in figures.budgets if b.name == name), 0.0)


def _says(sensor, event: str) -> list[str]:
    return [entry.says for entry in sensor.diary() if entry.event == event]


def _stops(sensor) -> dict[str, object]:
    """Findings that say that a controller was stopped."""
    return {i: f for i, f in sensor.findings().items() if " stopped " in f.title}


def test_a_second_sensor_on_the_same_store_is_refused_and_the_first_one_goes_on(ground) -> None:
    sensor = ground.sensor()
    ended = refused(ground, "-i", ground.wire.near, "--out", sensor.store)
    assert ended.code != 0
    assert str(sensor.process.pid) in one_sentence(ended)
    os.kill(sensor.process_of("worker"), signal.SIGKILL)
    with ground.sending():
        assert until(lambda: sensor.printed)  # the next worker still finds the judge
    assert sensor.stop() == 0


def test_an_interface_that_is_missing_is_said_with_those_that_there_are(ground) -> None:
    store = ground.folder / "nothing"
    ended = refused(ground, "-i", "nosuch0", "--out", store)
    assert ended.code == 3
    assert "near0" in one_sentence(ended)
    assert not store.exists()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="the program `setpriv` is not installed")
def test_without_the_capability_it_names_it_and_how_to_grant_it(ground) -> None:
    bound = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    process = ground.wire.start(
        *bound, *ENTRY, "sensor", "run", "-i", ground.wire.near, "--out", ground.folder / "none",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    said = one_sentence(Ended(process.returncode, out, err.decode()))
    assert "CAP_NET_RAW" in said
    assert "setcap" in said
