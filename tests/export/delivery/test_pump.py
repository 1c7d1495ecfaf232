"""Findings reach every receiver at least once, whatever fails, hangs or is killed in between."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import DeliveryError, SourceError
from interlock.export.delivery.outlet import open_outlet
from interlock.export.delivery.pump import Chances, Pump, Pumps, Voice, state_name
from interlock.records.config import SyslogConfig, WebhookConfig

from .receivers import HttpReceiver, StreamReceiver, closed_port
from .simulated_store import SimulatedStore

CHANCES = Chances(wall=lambda: 1_790_000_000_000_000_000, chance=lambda: 1.0)


class Outlet:
    """Takes what `takes` says it takes; remembers what it was given."""

    def __init__(self, name="siem", takes=lambda _rows: None) -> None:
        self.name = name
        self.takes = takes
        self.given: list[list[int]] = []
        self.taken: list[int] = []
        self.closed = False

    def deliver(self, findings) -> None:
        self.given.append([one.commit for one in findings])
        self.takes(findings)
        self.taken += [one.commit for one in findings]

    def close(self) -> None:
        self.closed = True


def fails(_rows=()):
    raise DeliveryError("siem: refused")


@pytest.fixture
def store(tmp_path):
    return SimulatedStore(tmp_path)


def pump(store, outlet, told=None, least="info", chances=CHANCES):
    lines = [] if told is None else told
    return Pump(Voice(outlet, least), store, chances, lambda *line: lines.append(line))


def run(pump, steps=50) -> None:
    """Until it waits."""
    for _ in range(steps):
        if pump.step() > 0:
            return
    raise AssertionError("never rests")


def test_findings_come_in_order_and_each_once(store) -> None:
    outlet = Outlet()
    store.commit(*range(250))
    one = pump(store, outlet)
    run(one)
    assert outlet.taken == list(range(1, 251))
    assert [len(rows) for rows in outlet.given] == [100, 100, 50]
    run(one)
    store.commit(7)
    run(one)
    assert outlet.taken == [*range(1, 251), 251]
    assert store.cursor("siem") == 251


def test_who_begins_anew_goes_on_where_it_was(store) -> None:
    store.commit(1, 2)
    run(pump(store, Outlet()))
    store.commit(3)
    again = Outlet()
    run(pump(store, again))
    assert again.taken == [3]


@pytest.mark.parametrize(
    "broken", [b"", b"x", b"[]", b'{"commit":"9"}', b'{"commit":-1}', b'{"commit":true}', b"\xff"]
)
def test_a_cursor_that_cannot_be_read_delivers_again_and_never_less(store, broken) -> None:
    store.commit(1, 2)
    store.keep(state_name("siem"), broken)
    outlet = Outlet()
    run(pump(store, outlet))
    assert outlet.taken == [1, 2]


def test_what_is_not_grave_enough_is_passed_over(store) -> None:
    store.commit(1, severity="low")
    store.commit(2, severity="high")
    store.commit(*range(3, 200), severity="info")
    outlet = Outlet()
    run(pump(store, outlet, least="medium"))
    assert outlet.taken == [2]
    assert store.cursor("siem") == 199


def test_the_diary_says_once_that_it_fails_and_once_that_it_is_back_with_how_many_waited(store) -> None:
    told: list = []
    outlet = Outlet(takes=fails)
    one = pump(store, outlet, told)
    store.commit(*range(8))
    for _ in range(10):
        assert one.step() > 0
    store.commit(20, 21)
    assert one.step() > 0
    assert [line[0] for line in told] == ["outlet-failing"]
    assert "siem: refused" in told[0][1]
    assert one.figures().waiting == 10
    assert one.figures().failing_since == CHANCES.wall()
    outlet.takes = lambda _rows: None
    run(one)
    assert outlet.taken == list(range(1, 11))
    assert [line[0] for line in told] == ["outlet-failing", "outlet-back"]
    assert told[1][2] == 10
    assert "10 had waited" in told[1][1]
    assert (one.figures().failing_since, one.figures().waiting, one.figures().delivered) == (None, 0, 10)


def test_waits_grow_twofold_to_five_minutes_and_are_scattered(store) -> None:
    store.commit(1)
    one = pump(store, Outlet(takes=fails))
    waits = [one.step() for _ in range(20)]
    assert waits[:5] == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert waits[-1] == 300.0
    scattered = pump(store, Outlet(takes=fails), chances=Chances(CHANCES.wall, lambda: 0.5))
    assert [scattered.step() for _ in range(3)] == [0.75, 1.5, 3.0]


def test_a_finding_that_grows_while_it_waits_comes_once(store) -> None:
    store.commit(1, 2)
    outlet = Outlet(takes=fails)
    one = pump(store, outlet)
    one.step()
    store.commit(1)
    outlet.takes = lambda _rows: None
    run(one)
    assert outlet.taken == [2, 3]


def refuses(*poison):
    def takes(rows):
        if {row.commit for row in rows} & set(poison):
            raise DeliveryError("siem: answers 422", refused=True)

    return takes


def test_a_finding_that_a_receiver_will_not_have_holds_no_other_up_and_is_named(store) -> None:
    told: list = []
    store.commit(*range(20))
    outlet = Outlet(takes=refuses(7))
    one = pump(store, outlet, told)
    for _ in range(100):
        one.step()
    assert outlet.taken == [n for n in range(1, 21) if n != 7]
    refused = [line for line in told if line[0] == "refused"]
    assert len(refused) == 1
    assert f"5f0d9a53-1f51-5a3c-9a57-{6:012x}" in refused[0][1]
    assert [line[0] for line in told] == ["outlet-failing", "refused", "outlet-back"] or told[-1][0] in (
        "outlet-back",
        "refused",
    )


def test_a_receiver_that_refuses_everything_makes_nobody_lose_anything(store) -> None:
    told: list = []
    store.commit(*range(5))
    outlet = Outlet(takes=refuses(1, 2, 3, 4, 5))
    one = pump(store, outlet, told)
    for _ in range(50):
        assert one.step() > 0
    assert store.cursor("siem") == 0
    assert [line[0] for line in told] == ["outlet-failing"]
    outlet.takes = lambda _rows: None
    run(one)
    assert outlet.taken == [1, 2, 3, 4, 5]


def test_the_last_finding_is_not_given_up_while_nobody_knows_whose_fault_it_is(store) -> None:
    store.commit(1)
    outlet = Outlet(takes=refuses(1))
    one = pump(store, outlet)
    for _ in range(20):
        assert one.step() > 0
    assert store.cursor("siem") == 0


def test_an_outlet_with_a_fault_is_isolated_and_said(store) -> None:
    told: list = []
    store.commit(1)
    one = pump(store, Outlet(takes=lambda _rows: 1 // 0), told)
    assert one.step() > 0
    assert "ZeroDivisionError" in told[0][1]


def test_a_full_disk_delivers_on_and_says_once_that_it_may_come_twice(store) -> None:
    told: list = []
    store.full = True
    outlet = Outlet()
    one = pump(store, outlet, told)
    for number in range(5):
        store.commit(number)
        run(one)
    assert outlet.taken == [1, 2, 3, 4, 5]
    assert len(told) == 1
    assert "cannot be kept" in told[0][1]
    store.full = False
    run(one)
    assert store.cursor("siem") == 5


@given(st.lists(st.sampled_from(["ok", "fail", "refuse", "commit", "restart"]), max_size=40))
def test_nothing_is_lost_in_any_order_of_troubles(tmp_path_factory, happenings) -> None:
    store = SimulatedStore(tmp_path_factory.mktemp("store"))
    outlet = Outlet()
    one = pump(store, outlet)
    number = 0
    for what in happenings:
        if what == "commit":
            number += 1
            store.commit(number)
        elif what == "restart":
            one = pump(store, outlet)
        else:
            outlet.takes = {"ok": lambda _rows: None, "fail": fails, "refuse": refuses(*range(1, 99))}[what]
            one.step()
    outlet.takes = lambda _rows: None
    run(one)
    assert sorted(set(outlet.taken)) == list(range(1, number + 1))


# --- threads


def pumps(store, outlets, told=None):
    lines = [] if told is None else told
    return Pumps([Voice(one) for one in outlets], store.open, CHANCES, lambda *line: lines.append(line))


def eventually(condition, seconds=5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_receiver_that_hangs_holds_no_other_up(store) -> None:
    release = threading.Event()
    stuck, well = Outlet("stuck", lambda _rows: release.wait(10)), Outlet("well")
    running = pumps(store, [stuck, well])
    running.start()
    for number in range(5):
        store.commit(number)
        running.nudge()
        eventually(lambda: len(well.taken) == number + 1, 0.9)  # noqa: B023
    assert stuck.taken == []
    release.set()
    eventually(lambda: stuck.taken == [1, 2, 3, 4, 5])
    running.stop(5)
    assert stuck.closed
    assert well.closed
    assert {one.name: one.delivered for one in running.figures()} == {"stuck": 5, "well": 5}


def test_stopping_delivers_what_waits_and_does_not_wait_for_who_fails(store) -> None:
    well, bad = Outlet("well"), Outlet("bad", fails)
    running = pumps(store, [well, bad])
    store.commit(*range(300))
    running.start()
    running.stop(5)
    assert len(well.taken) == 300
    assert store.cursor("bad") == 0


class Locked(SimulatedStore):
    """A store that cannot be read the first times."""

    def __init__(self, folder, times) -> None:
        super().__init__(folder)
        self.times = times

    def findings(self, after: int = 0):
        self.times -= 1
        if self.times >= 0:
            raise SourceError("store.sqlite cannot be read (no such table: findings)")
        return super().findings(after)


def test_a_store_that_is_just_being_made_is_no_trouble(tmp_path) -> None:
    store, told, outlet = Locked(tmp_path, 3), [], Outlet()
    store.commit(1)
    running = pumps(store, [outlet], told)
    running.start()
    eventually(lambda: outlet.taken == [1])
    running.stop(5)
    assert told == []


def test_a_store_that_is_being_made_while_the_end_is_asked_for_is_still_told(tmp_path) -> None:
    store, outlet = Locked(tmp_path, 4), Outlet()
    store.commit(1)
    running = pumps(store, [outlet])
    running.start()
    running.stop(5)
    assert outlet.taken == [1]


def test_a_store_that_stays_unreadable_is_said_once_and_holds_up_no_end(tmp_path) -> None:
    store, told, outlet = Locked(tmp_path, 1000), [], Outlet()
    running = pumps(store, [outlet], told)
    running.start()
    eventually(lambda: told, 15)
    began = time.monotonic()
    running.stop(5)
    assert time.monotonic() - began < 3
    assert "cannot be read" in told[0][1]
    assert len(told) == 1
    assert outlet.closed


# --- real receivers, real deaths


def test_a_receiver_that_comes_back_gets_everything(store) -> None:
    port = closed_port()
    outlet = open_outlet(SyslogConfig(host="127.0.0.1", port=port, transport="tcp", name="siem"), "x")
    told: list = []
    running = pumps(store, [outlet], told)
    store.commit(*range(30))
    running.start()
    eventually(lambda: told)
    with StreamReceiver(port=port) as receiver:
        assert len(receiver.wait_for(30)) >= 30
        eventually(lambda: store.cursor("siem") == 30)
    running.stop(5)
    assert [line[0] for line in told] == ["outlet-failing", "outlet-back"]


def test_a_webhook_that_answers_500_gets_everything_once_it_is_well(store) -> None:
    def answer(number):
        state = b"500 No" if number <= 2 else b"200 OK"
        return b"HTTP/1.1 " + state + b"\r\nContent-Length: 0\r\n\r\n"

    with HttpReceiver(answer=answer) as receiver:
        outlet = open_outlet(WebhookConfig(url=f"http://127.0.0.1:{receiver.port}/"), "x")
        one = pump(store, outlet)
        store.commit(*range(10))
        assert one.step() > 0
        assert one.step() > 0
        run(one)
        taken = [row["commit"] for body in receiver.bodies[2:] for row in body["deliveries"]]
        assert taken == list(range(1, 11))


_CHILD = """
import os, signal, sys
from pathlib import Path
from tests.export.delivery.simulated_store import SimulatedStore
from interlock.export.delivery.outlet import open_outlet
from interlock.export.delivery.pump import Chances, Pump, Voice
from interlock.records.config import WebhookConfig

class Mortal(SimulatedStore):
    def keep(self, name, state):
        if sys.argv[3] == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        super().keep(name, state)

outlet = open_outlet(WebhookConfig(url=sys.argv[2]), "x")
pump = Pump(Voice(outlet), Mortal(Path(sys.argv[1])), Chances(lambda: 0, lambda: 0.0), print)
while pump.step() == 0:
    pass
"""


def test_a_kill_between_delivery_and_cursor_delivers_again_and_loses_nothing(store) -> None:
    store.commit(*range(7))
    with HttpReceiver() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"

        def child(how) -> int:
            command = [sys.executable, "-c", _CHILD, str(store.folder), url, how]
            return subprocess.run(command, timeout=60, check=False, env={**os.environ}).returncode

        assert child("dies") == -signal.SIGKILL
        assert store.cursor("webhook") == 0
        assert child("lives") == 0
        assert child("lives") == 0
    taken = [[row["commit"] for row in body["deliveries"]] for body in receiver.bodies]
    assert taken == [[1, 2, 3, 4, 5, 6, 7]] * 2
    keys = [(row["finding"]["id"], row["commit"]) for body in receiver.bodies for row in body["deliveries"]]
    assert len(set(keys)) == 7
    assert store.cursor("webhook") == 7


def test_what_a_drill_found_is_never_told(store) -> None:
    outlet = Outlet()
    store.commit(*range(3))
    rows = [
        (row[0], dataclasses.replace(row[1], exercise=True if row[0] == 2 else None))
        for row in store.findings()
    ]
    store.findings = lambda after=0: iter([row for row in rows if row[0] > after])
    one = pump(store, outlet)
    run(one)
    assert outlet.taken == [1, 3]
