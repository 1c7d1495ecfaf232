"""Processes of a live sensor that die or stand still: what was on the wire and what was said stays."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from soaking.books import unprinted
from soaking.running import ROLES, until
from soaking.sender import ENTRY, PROBE_SERVER
from tests.store.plain.killed import numbered

from interlock.store.plain.store import PlainStore

SLOWLY = 30


@pytest.fixture
def sensor(ground):
    made = ground.sensor()
    yield made
    made.close()


def strike(sensor, role: str, number: int) -> int:
    """Send a signal to one of its processes, once it is there; which it was."""
    assert until(sensor.watching)
    pid = sensor.process_of(role)
    os.kill(pid, number)
    return pid


def test_workers_that_are_killed_lose_no_frame(ground, sensor) -> None:
    with ground.sending(SLOWLY) as sender:
        for _ in range(3):
            before = sensor.packets()
            assert until(lambda before=before: sensor.packets() > before)  # it has begun to read
            killed = strike(sensor, "worker", signal.SIGKILL)
            assert until(lambda killed=killed: sensor.watching() and killed not in sensor.children())
        count = ground.sent(sender)
    assert until(lambda: sensor.packets() == count), (sensor.packets(), count)
    assert sensor.drops() == 0
    assert sensor.stop() == 0
    said = [entry for entry in sensor.diary() if entry.event == "worker-lost"]
    assert len(said) == 3
    assert all("worker 0 of near0 died (signal 9)" in entry.says for entry in said)
    blind = [entry for entry in sensor.diary() if entry.event == "blind"]
    assert len(blind) == 3
    assert all(entry.until - entry.time < 2_000_000_000 for entry in blind)
    assert not unprinted(sensor.printed, sensor.findings())


def test_a_worker_that_is_stopped_is_woken_and_loses_no_frame(ground, sensor) -> None:
    with ground.sending() as sender:
        time.sleep(0.7)
        strike(sensor, "worker", signal.SIGSTOP)
        count = ground.sent(sender)
    assert until(lambda: sensor.packets() == count), (sensor.packets(), count)
    assert sensor.drops() == 0
    assert any("stopped by a signal" in entry.says for entry in sensor.diary())


def test_a_judge_that_is_killed_has_kept_what_was_printed_and_the_next_one_goes_on(ground, sensor) -> None:
    with ground.sending() as sender:
        assert until(
            lambda: any(" to stop " in title or " stopped " in title for _, title, _ in sensor.printed)
        )
        strike(sensor, "judge", signal.SIGKILL)
        before = list(sensor.printed)
        assert not unprinted(before, sensor.findings())
        count = ground.sent(sender)
    assert until(lambda: sensor.packets() == count)
    assert until(lambda: any("wrote firmware" in title for _, title, _ in sensor.printed))
    assert sensor.stop() == 0
    assert not unprinted(sensor.printed, sensor.findings())
    assert any("the judge died (signal 9)" in entry.says for entry in sensor.diary())


def test_a_judge_that_is_killed_loses_no_row_and_keeps_none_twice(ground, sensor) -> None:
    log = ground.folder / "probes.log"
    with ground.sending(SLOWLY, "--probes", 100, "--log", log) as sender:
        for _ in range(4):
            time.sleep(1.3)
            strike(sensor, "judge", signal.SIGKILL)
        ground.sent(sender)
    assert sensor.stop() == 0
    rows = Counter()
    for batch in sensor.reader.rows("operations_folded", columns=["server", "object", "repeats"]):
        for server, what, repeats in zip(*(batch[n].to_pylist() for n in range(3)), strict=True):
            if server == PROBE_SERVER:
                rows[what] += repeats
    sent = [number for number, _ in ENTRY.iter_unpack(log.read_bytes())]
    assert len(sent) > 300
    assert rows == {f"holding:{number}": 1 for number in sent}


def test_a_supervisor_that_is_killed_leaves_no_process_and_the_next_sensor_goes_on(ground, sensor) -> None:
    with ground.sending():
        assert until(lambda: sensor.printed)
        children = sensor.children()
        assert len(children) == len(ROLES)
        sensor.process.send_signal(signal.SIGKILL)
        sensor.process.wait(10)
        assert until(lambda: not any(_lives(pid) for pid in children), 5.0)
    printed, before = list(sensor.printed), sensor.findings()
    again = ground.sensor(store=sensor.store)
    assert set(again.findings()) >= set(before)
    assert not unprinted(printed, again.findings())
    with ground.sending() as sender:
        count = ground.sent(sender)
    assert until(lambda: again.packets() == count)
    assert again.stop() == 0
    assert set(again.findings()) >= set(before)
    assert [entry.event for entry in again.diary()].count("started") == 2


def _lives(pid: int) -> bool:
    with suppress(OSError), Path(f"/proc/{pid}/stat").open("rb") as status:
        return status.read().rpartition(b")")[2].split()[0] != b"Z"
    return False


def test_a_compactor_that_is_killed_is_said_and_costs_no_row(ground, sensor) -> None:
    with ground.sending() as sender:
        assert until(lambda: sensor.printed)
        killed = [strike(sensor, "compactor", signal.SIGKILL) for _ in range(2) if not time.sleep(0.5)]
        count = ground.sent(sender)
    assert until(lambda: sensor.packets() == count), (sensor.packets(), count)
    assert until(lambda: "compactor" in {process.name for process in sensor.figures().processes})
    assert sensor.stop() == 0
    assert not sensor.errors()
    said = [entry.says for entry in sensor.diary() if entry.event == "worker-lost"]
    assert said == ["the compactor died (signal 9)"] * len(set(killed))
    assert not [entry for entry in sensor.diary() if entry.event == "blind"]
    assert {path.suffix for top in ("tables", "journal") for path in (sensor.store / top).glob("*/*")} == {
        ".parquet"
    }
    assert sum(batch.num_rows for batch in sensor.reader.rows("operations_folded")) > 0


FAULT = """
import ctypes
from interlock.store.plain import lanes

whole = lanes.Folder._fold

def fold(self, journal, now):
    if (journal.path.parent.name, journal.number) == ("operations", 1):
        ctypes.string_at(0)
    whole(self, journal, now)

lanes.Folder._fold = fold
"""
"""What Python imports before the program: compiled code that crashes over one journal."""


def test_a_journal_that_kills_compactors_is_set_aside_and_all_behind_it_is_folded(ground) -> None:
    store = ground.folder / "fatal"
    writer = PlainStore(store, clock=time.time_ns, compacts=False)
    writer.write(numbered(1))
    writer.close()
    journal = store / "journal" / "operations" / "00000001.arrows"
    octets = journal.stat().st_size
    planted = ground.folder / "planted"
    planted.mkdir()
    (planted / "sitecustomize.py").write_text(FAULT)
    path = os.pathsep.join([str(planted), *filter(None, [os.environ.get("PYTHONPATH")])])
    sensor = ground.sensor(store=store, env={"PYTHONPATH": path})
    said = lambda event: [entry for entry in sensor.diary() if entry.event == event]  # noqa: E731
    with ground.sending() as sender:
        assert until(lambda: said("state-lost"))
        count = ground.sent(sender)
    assert until(lambda: sensor.packets() == count)
    died = [entry.says for entry in said("worker-lost")]
    assert died == ["the compactor died (signal 11)"] * 3
    (lost,) = said("state-lost")
    assert lost.says == (
        f"operations/00000001.arrows ({octets:,} octets) killed 3 compactors; "
        "its rows were set aside as operations/00000001.broken"
    )
    assert lost.count == octets
    children = sensor.children()
    assert until(sensor.watching)
    assert sensor.stop() == 0
    assert len(children) == len(ROLES)
    assert [p.name for p in journal.parent.iterdir()] == ["00000001.broken"]
    assert sum(batch.num_rows for batch in sensor.reader.rows("operations_folded")) > 0
