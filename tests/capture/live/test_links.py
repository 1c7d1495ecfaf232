"""Interfaces that go down, vanish, come back, or are another one under the same name."""

from __future__ import annotations

import contextlib
import os
import time

import pytest

from interlock.capture.live.interface import LiveSource
from interlock.capture.live.place import shared_row
from interlock.capture.live.socket import Options, open_fanout, open_ring
from interlock.errors import SourceError

from .network import needs_namespaces
from .rings import SMALL, collect, frame, listening, number_of, opened

pytestmark = needs_namespaces


def until(source, state, timeout_s=5.0):
    """Read until the interface is in this state; nothing may come meanwhile."""
    end = time.monotonic() + timeout_s
    while source.state.state != state:
        assert time.monotonic() < end, f"{source.state} is not {state}"
        assert source.batch(0.05) is None
    return source.state.since_ns


def heard(source, sender, number):
    sender.send(frame(number))
    return [number_of(octets) for _, _, octets, _ in collect(source, 1)] == [number]


def test_down_and_up_again(network):
    network.pair()
    with listening(network) as source, network.sender() as sender:
        begun = source.state
        assert begun.state == "up"
        assert heard(source, sender, 1)
        down = time.time_ns()
        network.ip("link", "set", "a0", "down")
        assert down <= until(source, "down") <= time.time_ns()
        file = source.fileno()
        network.ip("link", "set", "a0", "up")
        assert until(source, "up") > down
        assert heard(source, sender, 2)
        assert source.fileno() == file
        assert source.statistics.frames == 2


def test_going_down_is_noticed_at_once(network):
    network.pair()
    with listening(network, monotonic_s=time.monotonic) as source:
        source.batch(0)
        network.ip("link", "set", "a0", "down")
        begin = time.monotonic()
        until(source, "down")
        assert time.monotonic() - begin < 1
        begin = time.process_time()
        assert source.batch(0.5) is None
        assert time.process_time() - begin < 0.2  # an error that is not taken makes poll spin


def test_nothing_plugged_in_is_told(network):
    network.pair()
    with listening(network) as source:
        network.ip("link", "set", "b0", "down")
        until(source, "no-carrier")
        network.ip("link", "set", "b0", "up")
        until(source, "up")


def test_deleted_and_made_anew(network):
    network.pair()
    with listening(network) as source:
        with network.sender() as sender:
            assert heard(source, sender, 1)
            sender.send(frame(2))
            time.sleep(0.02)
        network.ip("link", "del", "a0")
        assert [number_of(octets) for _, _, octets, _ in collect(source, 1)] == [2]  # it lay in the ring
        until(source, "gone")
        network.pair()
        until(source, "up")
        with network.sender() as sender:
            assert heard(source, sender, 3)
        assert [source.statistics.frames, source.statistics.dropped] == [3, 0]


def test_made_anew_between_two_looks(network):
    network.pair()
    with listening(network) as source:
        source.batch(0)
        for turn in range(3):
            network.ip("link", "del", "a0")
            network.pair()
            source.batch(0.3)
            with network.sender() as sender:
                assert heard(source, sender, turn)


def test_another_interface_under_the_same_name(network):
    network.pair()
    network.pair("a1", "b1")
    with listening(network) as source:
        network.ip("link", "set", "a0", "down")
        network.ip("link", "set", "a1", "down")
        network.ip("link", "set", "a0", "name", "old")
        network.ip("link", "set", "a1", "name", "a0")
        network.ip("link", "set", "old", "up")
        network.ip("link", "set", "a0", "up")
        source.batch(0.3)
        until(source, "up")
        with network.sender("b0") as wrong, network.sender("b1") as right:
            wrong.send(frame(1))
            assert heard(source, right, 2)
            assert source.statistics.frames == 1


def test_the_next_worker_knows_since_when(network):
    network.pair()
    ring, row = opened(network), shared_row()
    first = LiveSource(ring, row)
    network.ip("link", "set", "a0", "down")
    since = until(first, "down")
    second = LiveSource(ring, row)
    assert (second.state.state, second.state.since_ns) == ("down", since)
    network.ip("link", "set", "a0", "up")
    until(second, "up")
    with network.sender() as sender:
        assert heard(second, sender, 1)
    second.close()


@pytest.mark.parametrize("again", [False, True], ids=["same worker", "next worker"])
def test_a_fanout_group_outlives_its_interface(network, again):
    network.pair()
    with network.inside():
        (ring,) = open_fanout("a0", 1, 7, SMALL)
    row = shared_row()
    source = LiveSource(ring, row)
    with network.sender() as sender:
        assert heard(source, sender, 1)
    network.ip("link", "del", "a0")
    until(source, "gone")
    network.pair()
    with network.inside():
        until(source, "up")
    with network.sender() as sender:
        assert heard(source, sender, 2)
        if again:
            with network.inside():
                after = LiveSource(ring, row)
            source._ring.close()  # what the first worker's death would close
            source = after
            assert heard(source, sender, 3)
        assert source.statistics.frames == 2 + again
    source.close()


def test_errors_say_what_to_do(network):
    network.pair(up=False)
    with network.inside():
        with pytest.raises(SourceError, match=r"^nix: there is no such interface; there are: a0, b0, lo$"):
            open_ring("nix")
        with pytest.raises(SourceError, match=r"^a0: is down; `interlock sensor prepare -i a0` "):
            open_ring("a0")
        with pytest.raises(SourceError, match=r"is no name of an interface"):
            open_ring("../a0")
        network.ip("tuntap", "add", "dev", "t0", "mode", "tun")
        with pytest.raises(SourceError, match=r"^t0: is no Ethernet interface"):
            open_ring("t0")
        ring = open_ring("a0", SMALL, Options(must_be_up=False))
    with contextlib.closing(LiveSource(ring, shared_row())) as source, network.sender("b0") as sender:
        until(source, "down")
        network.ip("link", "set", "a0", "up")
        network.ip("link", "set", "b0", "up")
        until(source, "up")
        assert heard(source, sender, 1)


def test_without_the_capability_one_sentence(network):
    network.pair()
    child = os.fork()
    if child == 0:
        try:
            with network.inside():
                os.seteuid(65534)  # nobody: capabilities go with it
                try:
                    open_ring("a0", SMALL)
                except SourceError as error:
                    says = "needs the capability CAP_NET_RAW; run Interlock as root, or grant it once: sudo setcap"
                    os._exit(0 if says in str(error) else 5)
        finally:
            os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
