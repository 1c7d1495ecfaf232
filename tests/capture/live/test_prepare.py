from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from interlock.capture.live.prepare import is_prepared, prepare, undo
from interlock.cli.sensor_prepare import prepare as command
from interlock.errors import OutputError, PolicyError, SourceError

from .network import needs_namespaces
from .rings import collect, frame, listening

pytestmark = needs_namespaces
LISTEN_S = 3.5
"""The kernel tells of groups at once and asks for routers one to two seconds after an interface is up (RFC 4861)."""


def listener(network, interface="b0"):
    """A socket at the other end that hears all that comes in."""
    with network.inside():
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sock.setsockopt(263, 23, 1)  # not what that end sends itself
        sock.bind((interface, 3))
    sock.setblocking(False)
    return sock


def heard(sock):
    found = []
    while True:
        try:
            found.append(sock.recv(65536))
        except BlockingIOError:
            return found


def shown(network, interface="a0"):
    """What `ip` and `tc` tell of an interface, without its counters."""
    with network.inside():
        words = (
            f"ip -d addr show {interface}; ip route show dev {interface}; ip -6 route show dev {interface};"
        )
        words += f"tc qdisc show dev {interface}; cat /proc/sys/net/ipv6/conf/{interface}/disable_ipv6;"
        words += f"cat /proc/sys/net/ipv4/conf/{interface}/rp_filter /proc/sys/net/ipv4/conf/{interface}/forwarding"
        told = subprocess.run(["sh", "-c", words], capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if "tentative" not in line and "fe80" not in line]


def test_the_kernel_speaks_where_nothing_is_prepared(network):
    network.pair(chatty="a0", up=False)
    network.ip("link", "set", "b0", "up")
    with listener(network) as peer:
        network.ip("link", "set", "a0", "up")
        time.sleep(LISTEN_S)
        kinds = {octets[12:14].hex() for octets in heard(peer)}
    assert kinds == {"86dd"}  # IPv6: multicast listener reports, router solicitations
    assert network.received() > 0


@pytest.mark.parametrize("already_up", [False, True])
def test_nothing_is_ever_sent_where_it_is(network, tmp_path, already_up):
    network.pair(chatty="a0", up=False)
    network.ip("link", "set", "b0", "up")
    if already_up:
        network.ip("link", "set", "a0", "up")
        time.sleep(0.3)  # it speaks just now
    with listener(network) as peer:
        with network.inside():
            heard(peer)
            before = network.received()
            prepare("a0", tmp_path)
        if already_up:  # what left before the queue was closed has arrived by now
            heard(peer)
            before = network.received()
        with network.sender("a0") as raw, network.sender("b0") as other:
            for i in range(20):
                raw.send(frame(i))  # a program that does not know
                other.send(frame(i))
                other.send(bytes.fromhex("ffffffffffff 02000000000a 0806") + bytes(46))
            with network.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"a0")
                with contextlib.suppress(OSError):  # without an address the kernel may refuse by itself
                    udp.sendto(b"who is there", ("255.255.255.255", 9))
        time.sleep(LISTEN_S)
        assert heard(peer) == []
    assert network.received() == before


def test_preparing_an_interface_that_speaks_sends_no_farewell(network, tmp_path):
    """Leaving groups is told to the network (RFC 3810) where nothing holds it back."""
    network.pair(chatty="a0")
    time.sleep(LISTEN_S)  # it has said everything by now
    before = network.received()
    assert before > 0
    with network.inside():
        prepare("a0", tmp_path)
    time.sleep(LISTEN_S)
    assert network.received() == before


def test_what_is_prepared_hears_everything(network, tmp_path):
    network.pair()
    with network.inside():
        prepare("a0", tmp_path)
    address, rest = frame(0)[:12], frame(0)[14:]
    sent = [address + bytes.fromhex("81000064") + b"\x88\xb5" + rest, frame(1), frame(2, 1514)]
    with listening(network) as source, network.sender() as sender:
        for octets in sent:
            sender.send(octets)
        assert [octets for _, _, octets, _ in collect(source, 3)] == sent


def datagram(network, to_mac, source, target, port):
    """An Ethernet frame with a UDP datagram. Source: RFC 791, RFC 768 (a checksum of zero: none)."""
    udp = struct.pack(">HHHH", 40000, port, 8 + 5, 0) + b"hello"
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, source, target)
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF) + ip[12:]
    return to_mac + bytes.fromhex("02000000000b 0800") + ip + udp


@pytest.mark.parametrize("prepared", [False, True])
def test_programs_of_this_machine_hear_nothing_that_is_mirrored(network, tmp_path, prepared):
    """Linux takes what is sent to any address of its own, by whatever interface it comes: nothing to find there."""
    network.pair()
    network.pair("m0", "m1")  # the port by which it is managed
    network.ip("addr", "add", "10.1.0.1/24", "dev", "m0")
    with network.inside():
        if prepared:
            prepare("a0", tmp_path)
        for place in ("all", "a0") if not prepared else ("all",):
            Path(f"/proc/sys/net/ipv4/conf/{place}/rp_filter").write_text("0")
        told = subprocess.run(["ip", "-j", "link", "show", "a0"], capture_output=True, check=True).stdout
        mac = bytes.fromhex(json.loads(told)[0]["address"].replace(":", ""))
        service = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        service.bind(("0.0.0.0", 5514))
        service.settimeout(0.5)
    with service, network.sender() as sender, listening(network) as source:
        for peer in (b"\x0a\x01\x00\x07", b"\x0a\x63\x00\x07"):
            for target in (b"\x0a\x01\x00\x01", b"\xff\xff\xff\xff"):
                sender.send(datagram(network, mac, peer, target, 5514))
        assert len(collect(source, 4)) == 4
        if prepared:
            with pytest.raises(TimeoutError):
                service.recv(100)
        else:
            assert service.recv(100) == b"hello"


def test_undo_puts_everything_back(network, tmp_path):
    network.pair(chatty="a0")
    time.sleep(0.1)
    before = shown(network)
    with network.inside():
        done = prepare("a0", tmp_path)
        assert is_prepared("a0", tmp_path)
        again = prepare("a0", tmp_path)
        assert again == done  # and what was found first is what is kept
        back = undo("a0", tmp_path)
        assert not is_prepared("a0", tmp_path)
    changes = {setting.name: (setting.found, setting.now) for setting in done.changed}
    for name, change in {
        "egress": ("default", "dropped"),
        "ipv6/disable_ipv6": ("0", "1"),
        "ARP": ("on", "off"),
    }.items():
        assert changes[name] == change
    assert changes["rx-vlan-hw-parse"] == ("on", "off")
    assert not done.missing
    assert {s.name: (s.now, s.found) for s in back.changed} == changes
    assert shown(network) == before
    with network.inside(), pytest.raises(SourceError, match=r"^a0: was not prepared"):
        undo("a0", tmp_path)


def test_an_interface_that_was_down_is_down_again(network, tmp_path):
    network.pair(up=False)
    before = shown(network)
    with network.inside():
        prepare("a0", tmp_path)
        assert shown(network) != before
        undo("a0", tmp_path)
    assert shown(network) == before


@pytest.mark.parametrize("what", ["10.9.0.1/24", "fd00::5/64"])
def test_an_address_is_not_taken_silently(network, tmp_path, what):
    network.pair(chatty="a0")
    network.ip("addr", "add", what, "dev", "a0", *(["nodad"] if ":" in what else []))
    before = shown(network)
    with (
        network.inside(),
        pytest.raises(PolicyError, match=rf"^a0: carries {what}, so it is probably the port"),
    ):
        prepare("a0", tmp_path)
    assert shown(network) == before
    assert not is_prepared("a0", tmp_path)


def test_addresses_and_routes_come_back(network, tmp_path):
    network.pair(chatty="a0")
    for what in (["10.9.0.1/24"], ["10.9.0.7/32"], ["fd00::5/64", "nodad"]):
        network.ip("addr", "add", *what, "dev", "a0")
    network.ip("route", "add", "default", "via", "10.9.0.2")
    network.ip("route", "add", "10.77.0.0/16", "via", "10.9.0.3", "metric", "50")
    time.sleep(0.1)
    before = shown(network)
    with network.inside():
        with pytest.raises(PolicyError, match=r"the default route"):
            prepare("a0", tmp_path)
        prepare("a0", tmp_path, take_addresses=True)
        during = shown(network)
        assert not any("inet" in line or "via" in line for line in during)
        undo("a0", tmp_path)
    assert shown(network) == before


def crash_after(calls, work):
    """Run `work` in a child that ends without a farewell at its so many-eth call to the kernel; whether it did."""
    child = os.fork()
    if child == 0:
        left = [calls]

        def count(_frame, event, called):
            if event == "c_call" and called.__name__ in {"ioctl", "send", "fsync", "replace", "write"}:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(7)

        sys.setprofile(count)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_crash_in_the_middle_can_be_undone(network, tmp_path):
    network.pair(chatty="a0")
    network.ip("addr", "add", "10.9.0.1/24", "dev", "a0")
    network.ip("route", "add", "10.77.0.0/16", "via", "10.9.0.3")
    time.sleep(0.1)
    before = shown(network)
    calls, kinds = 0, set()
    with network.inside():
        while crash_after(calls, lambda: prepare("a0", tmp_path, take_addresses=True)):
            kinds.add((is_prepared("a0", tmp_path), shown(network) == before))
            if is_prepared("a0", tmp_path):
                undo("a0", tmp_path)
            assert shown(network) == before, f"after {calls} calls"
            calls += 5
    assert calls > 20
    assert kinds >= {(False, True), (True, False)}  # before anything was changed, and in the middle of it


def test_a_crash_in_the_middle_of_undo_can_be_undone(network, tmp_path):
    network.pair(chatty="a0")
    time.sleep(0.1)
    before = shown(network)
    calls = 0
    with network.inside():
        while True:
            prepare("a0", tmp_path)
            if not crash_after(calls, lambda: undo("a0", tmp_path)):
                break
            undo("a0", tmp_path)
            assert shown(network) == before, f"after {calls} calls"
            calls += 4
    assert calls > 20


def test_a_second_try_after_a_crash_keeps_what_was_found_first(network, tmp_path):
    network.pair(chatty="a0")
    time.sleep(0.1)
    before = shown(network)
    with network.inside():
        calls = 0
        while crash_after(calls, lambda: prepare("a0", tmp_path)) and shown(network) == before:
            calls += 6
        assert shown(network) != before
        prepare("a0", tmp_path)
        undo("a0", tmp_path)
    assert shown(network) == before


def test_another_interface_under_the_name_has_a_record_of_its_own(network, tmp_path):
    network.pair(chatty="a0")
    with network.inside():
        prepare("a0", tmp_path)
        network.ip("link", "del", "a0")
        network.pair(chatty="a0", up=False)
        before = shown(network)
        assert undo("a0", tmp_path).settings == ()  # what was set went with the other one
        assert shown(network) == before
        prepare("a0", tmp_path)
        undo("a0", tmp_path)
        assert shown(network) == before


def test_errors_say_what_to_do(network, tmp_path):
    network.pair()
    with network.inside():
        with pytest.raises(SourceError, match=r"^nix: there is no such interface; there are: a0, b0, lo$"):
            prepare("nix", tmp_path)
        with pytest.raises(SourceError, match=r"^lo: is no Ethernet interface"):
            prepare("lo", tmp_path)
        with pytest.raises(SourceError, match=r"is no name of an interface"):
            prepare("../a0", tmp_path)
        file = tmp_path / "file"
        file.write_text("")
        before = shown(network)
        with pytest.raises(OutputError, match=r"so nothing was changed"):
            prepare("a0", file)
        assert shown(network) == before
        place = tmp_path / "prepared" / "a0.json"
        place.parent.mkdir()
        place.write_text("{")
        with pytest.raises(SourceError, match=r"a0\.json: .* remove it to begin anew$"):
            undo("a0", tmp_path)


def test_without_the_capability_one_sentence(network, tmp_path):
    network.pair()

    def work():
        os.seteuid(65534)  # nobody: capabilities go with it
        try:
            prepare("a0", tmp_path)
        except SourceError as error:
            wanted = (
                "needs the capability CAP_NET_ADMIN; run Interlock as root, or grant it once: sudo setcap"
            )
            os._exit(0 if wanted in str(error) else 5)
        os._exit(6)

    tmp_path.chmod(0o777)
    for folder in tmp_path.parents:  # how many are ours hangs on how many test processes there are
        if folder.name.startswith(("pytest", "popen")):
            folder.chmod(0o755)
    with network.inside():
        child = os.fork()
        if child == 0:
            try:
                work()
            finally:
                os._exit(4)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_command(network, tmp_path, monkeypatch):
    network.pair(chatty="a0")
    monkeypatch.setenv("INTERLOCK_STATE", str(tmp_path))
    runner = CliRunner()
    with network.inside():
        done = runner.invoke(command, ["-i", "a0", "--json"])
        assert done.exit_code == 0
        told = json.loads(done.output)
        assert told["schema"] == "interlock/sensor-prepare/1"
        assert {"name": "ipv6/disable_ipv6", "found": "0", "now": "1"} in told["settings"]
        undone = runner.invoke(command, ["-i", "a0", "--undo"])
        assert undone.exit_code == 0
        assert "a0: ARP on (was off)" in undone.output
        again = runner.invoke(command, ["-i", "a0", "--undo"])
        assert isinstance(again.exception, SourceError)


def test_interfaces_that_a_configuration_names_are_prepared_and_put_back(network, tmp_path):
    network.pair(chatty="a0")
    network.pair("c0", "d0", chatty="c0")
    before = shown(network, "a0"), shown(network, "c0")
    config = tmp_path / "interlock.toml"
    config.write_text('[[sensor.interfaces]]\nname = "a0"\n[[sensor.interfaces]]\nname = "c0"\n')
    code, out, err = run(network, tmp_path, "--config", str(config), "--json")
    assert (code, err) == (0, "")
    decoder, said = json.JSONDecoder(), []
    while out.strip():
        one, end = decoder.raw_decode(out.lstrip())
        said.append(one["interface"])
        out = out.lstrip()[end:]
    assert said == ["a0", "c0"]
    with network.inside():
        assert is_prepared("a0", tmp_path)
        assert is_prepared("c0", tmp_path)
    code, out, err = run(network, tmp_path, "--config", str(config), "--undo", "--quiet")
    assert (code, out, err) == (0, "", "")
    assert (shown(network, "a0"), shown(network, "c0")) == before


def test_without_an_interface_nothing_is_prepared(network, tmp_path):
    config = tmp_path / "interlock.toml"
    config.write_text("[sensor]\nshed = 'values'\n")
    code, out, err = run(network, tmp_path, "--config", str(config))
    assert (code, out) == (2, "")
    assert "names no interface" in err
    code, out, err = run(network, tmp_path)
    assert (code, out) == (2, "")
    assert "-i NAME" in err
    code, out, err = run(network, tmp_path, "--config", str(tmp_path / "none.toml"))
    assert (code, out) == (2, "")
    assert "cannot be read" in err


def run(network, state, *words):
    """The program itself, in the namespace: exit code and what it said on either stream."""
    program = [
        sys.executable,
        "-c",
        "from interlock.cli.main import main; main()",
        "sensor",
        "prepare",
        *words,
    ]
    environment = {**os.environ, "INTERLOCK_STATE": str(state)}
    with network.inside():
        done = subprocess.run(
            program, capture_output=True, text=True, env=environment, timeout=60, check=False
        )
    return done.returncode, done.stdout, done.stderr


def test_the_program_says_in_one_line_and_a_code_what_is_wrong(network, tmp_path):
    network.pair()
    network.ip("addr", "add", "10.9.0.1/24", "dev", "a0")
    code, out, err = run(network, tmp_path, "-i", "a0")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("interlock: a0: carries 10.9.0.1/24, so it is probably the port")
    code, out, err = run(network, tmp_path, "-i", "eth7", "--undo")
    assert (code, err) == (3, "interlock: eth7: was not prepared, so there is nothing to put back\n")
    code, out, err = run(network, tmp_path, "-i", "a0", "--take-addresses")
    assert (code, err) == (0, "")
    assert "a0: egress dropped (was default)\n" in out
    assert "a0: address 10.9.0.1/24 none (was there)\n" in out
    code, out, err = run(network, tmp_path, "-i", "a0", "--undo")
    assert "a0: address 10.9.0.1/24 there (was none)\n" in out
