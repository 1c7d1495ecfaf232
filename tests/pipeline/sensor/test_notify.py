from __future__ import annotations

import os
import socket

import pytest

from interlock.pipeline.sensor.notify import Notifier, watchdog_interval_s


def listen(address: str) -> socket.socket:
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.settimeout(2)
    receiver.bind("\0" + address[1:] if address.startswith("@") else address)
    return receiver


@pytest.fixture(params=["path", "abstract"])
def address(request, tmp_path):
    return str(tmp_path / "notify") if request.param == "path" else f"@interlock-test-{os.getpid()}"


def test_a_manager_hears_what_happens(address) -> None:
    with listen(address) as receiver:
        notifier = Notifier.of({"NOTIFY_SOCKET": address})
        for told, heard in [
            (lambda: notifier.ready("listens on eth1"), b"READY=1\nSTATUS=listens on eth1"),
            (notifier.ready, b"READY=1"),
            (notifier.alive, b"WATCHDOG=1"),
            (lambda: notifier.status("12 packets\nREADY=1\x1b[31m"), b"STATUS=12 packets READY=1 [31m"),
            (lambda: notifier.extend(5_000_000), b"EXTEND_TIMEOUT_USEC=5000000"),
            (lambda: notifier.stopping("goes"), b"STOPPING=1\nSTATUS=goes"),
        ]:
            assert told()
            assert receiver.recv(4096) == heard
        assert not notifier.status("\n")


@pytest.mark.parametrize("said", [None, "", "@", "vsock:2:1234", "relative"])
def test_where_nobody_asked_nothing_is_sent(said) -> None:
    notifier = Notifier(said)
    assert not notifier.ready()


def test_a_manager_that_is_gone_or_deaf_stops_nothing(tmp_path) -> None:
    address = str(tmp_path / "gone")
    notifier = Notifier(address)
    assert not notifier.alive()
    assert not Notifier("/" + "x" * 300).alive()
    with listen(address):
        told = sum(1 for _ in iter(notifier.alive, False))  # until the receiver's queue is full
        assert told > 0
        assert not notifier.alive()  # given up after a second, not waited for


@pytest.mark.parametrize(
    ("environment", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_how_often_to_say_alive(environment, interval) -> None:
    assert watchdog_interval_s(environment, 7) == interval
