"""Namespaces, two switches and a router: a plant network that no packet can leave.

    cell 192.168.10.0/24          supervision 192.168.20.0/24      public 203.0.113.0/24 (TEST-NET-3)
    plc, hmi, panel, …  ── router ── historian, office ──────── router ── a server that plays the Internet

The cell's switch forgets every address at once, so it floods like a hub and its last port, where the recorder
listens, sees each frame exactly once: a perfect mirror port.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Self

PREFIX = "ilkdemo-"
SWITCHES = ("cell", "sup", "wan")
GATEWAYS = {"cell": "192.168.10.1", "sup": "192.168.20.1", "wan": "203.0.113.1"}
ROUTER_MACS = {"cell": "00:a0:45:6b:20:01", "sup": "00:a0:45:6b:20:02", "wan": "00:a0:45:6b:20:03"}


@dataclass(frozen=True)
class Host:
    """One machine: its switch, address and hardware address; `quiet` ones speak no IPv6."""

    name: str
    switch: str
    ip: str
    mac: str
    quiet: bool = True


# The first three octets are prefixes that the IEEE assigned to the makers of such devices, so that the demo
# shows how makers are recognised; the rest is invented.
HOSTS = (
    Host("switch", "cell", "192.168.10.2", "00:80:63:4d:10:02"),
    Host("services", "cell", "192.168.10.5", "00:50:56:8a:10:05"),
    Host("plc-a", "cell", "192.168.10.11", "00:80:f4:1c:10:11"),
    Host("plc-b", "cell", "192.168.10.12", "00:1b:1b:3e:10:12"),
    Host("plc-c", "cell", "192.168.10.13", "00:00:bc:5f:10:13"),
    Host("gateway", "cell", "192.168.10.14", "00:90:e8:27:10:14"),
    Host("drive", "cell", "192.168.10.15", "00:1d:9c:c2:10:15"),
    Host("opcua", "cell", "192.168.10.20", "00:01:05:48:10:20"),
    Host("io", "cell", "192.168.10.30", "28:63:36:a1:10:30"),
    Host("bacnet", "cell", "192.168.10.40", "00:40:ae:09:10:40"),
    Host("bms", "cell", "192.168.10.41", "94:18:82:0d:10:41"),
    Host("hmi", "cell", "192.168.10.50", "00:0c:26:33:10:50"),
    Host("engineer", "cell", "192.168.10.60", "b8:ca:3a:71:10:60", quiet=False),
    Host("intruder", "cell", "192.168.10.66", "dc:a6:32:0e:10:66"),
    Host("historian", "sup", "192.168.20.10", "94:18:82:55:20:10"),
    Host("office", "sup", "192.168.20.30", "3c:52:82:18:20:30"),
    Host("public", "wan", "203.0.113.77", "00:1b:21:99:01:77"),
)
BY_NAME = {host.name: host for host in HOSTS}


def ip_of(name: str) -> str:
    """Give the address of one machine."""
    return BY_NAME[name].ip


def namespace(name: str) -> str:
    """Give the namespace of one machine."""
    return PREFIX + name


class PlantNetwork:
    """The whole network as a context: built on entry, and gone on exit whatever happened between."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        remove_namespaces()
        try:
            self._build()
        except BaseException:
            remove_namespaces()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for child in reversed(self._children):  # clients before their servers
            stop(child)
        remove_namespaces()

    def start(self, host: str, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `python -m MODULE` as one of the machine's programs; it ends with the network."""
        child = subprocess.Popen(
            ["ip", "netns", "exec", namespace(host), sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
        )
        self._children.append(child)
        return child

    def await_listener(self, host: str, port: int, patience_s: float = 60) -> None:
        """Wait until something on the machine listens on the TCP port."""
        wanted, end = f":{port:04X} 00000000:0000 0A ", time.monotonic() + patience_s
        while time.monotonic() < end:
            table = subprocess.run(
                ["ip", "netns", "exec", namespace(host), "cat", "/proc/net/tcp"],
                check=True,
                capture_output=True,
                text=True,
            )
            if wanted in table.stdout:
                return
            time.sleep(0.3)
        raise TimeoutError(f"nothing listens on {host}:{port}")

    def fallen(self) -> list[str]:
        """Name the programs that ended with an error."""
        return [
            " ".join(child.args[5:]) for child in self._children if child.poll() not in {None, 0, -15, 143}
        ]

    def _build(self) -> None:
        machines = ["net", "router", "tap", *(host.name for host in HOSTS)]
        lines = [f"netns add {namespace(name)}" for name in machines]
        _ip(lines)
        in_net = [f"link add {name} type bridge ageing_time 0 stp_state 0" for name in SWITCHES]
        # Bridges keep LLDP to themselves unless told (bit 14 of the reserved group addresses).
        in_net += [f"link set {name} type bridge group_fwd_mask 0x4000" for name in SWITCHES]
        in_net += [f"link set {name} up" for name in SWITCHES]
        _ip(in_net, "net")
        for host in HOSTS:
            self._plug(host.name, host.switch, host.mac, f"{host.ip}/24")
            _ip([f"route add default via {GATEWAYS[host.switch]}"], host.name)
        for switch, address in GATEWAYS.items():
            self._plug("router", switch, ROUTER_MACS[switch], f"{address}/24", interface=switch)
        self._plug("tap", "cell", "02:00:00:00:00:01", None)
        for name in machines:
            quiet = name not in BY_NAME or BY_NAME[name].quiet
            _sysctl(name, "net/ipv6/conf/all/disable_ipv6", "1" if quiet else "0")
        _sysctl("router", "net/ipv4/ip_forward", "1")
        _sysctl("router", "net/ipv4/conf/all/send_redirects", "0")

    def _plug(self, name: str, switch: str, mac: str, address: str | None, interface: str = "eth0") -> None:
        """Lay a cable between a machine and a switch, without offloading so that checksums are real."""
        port = f"{switch[0]}-{name}"
        _ip([f"link add {port} type veth peer name {interface} netns {namespace(name)}"], "net")
        _ip([f"link set {port} master {switch}", f"link set {port} up"], "net")
        lines = [f"link set {interface} address {mac}", "link set lo up"]
        lines += [f"address add {address} dev {interface}"] if address else []
        _ip([*lines, f"link set {interface} up"], name)
        run_in(name, "responders.network", "offload", interface)


def run_in(name: str, module: str, *arguments: str) -> None:
    """Run `python -m MODULE` to its end as one of the machine's programs."""
    subprocess.run(
        ["ip", "netns", "exec", namespace(name), sys.executable, "-m", module, *arguments],
        check=True,
        timeout=120,
    )


def stop(child: subprocess.Popen[bytes]) -> None:
    """End one program, politely first."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(5)


def remove_namespaces() -> None:
    """Remove every namespace of the demo plant and end what still runs inside."""
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True).stdout
    for name in (line.split()[0] for line in listed.splitlines() if line.startswith(PREFIX)):
        inside = subprocess.run(["ip", "netns", "pids", name], check=False, capture_output=True, text=True)
        for pid in inside.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "delete", name], check=False)
    time.sleep(0.2)


def _ip(lines: list[str], name: str | None = None) -> None:
    inside = ["-n", namespace(name)] if name else []
    subprocess.run(["ip", *inside, "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def _sysctl(name: str, key: str, value: str) -> None:
    subprocess.run(
        ["ip", "netns", "exec", namespace(name), "tee", f"/proc/sys/{key}"],
        input=value,
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _without_offload(interface: str) -> None:
    """Switch checksum and segmentation offload off (SIOCETHTOOL), as `ethtool -K` would."""
    siocethtool, commands = 0x8946, (0x17, 0x15, 0x1F, 0x24, 0x2C)  # tx and rx sums, TSO, GSO, GRO
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in commands:
            value = bytearray(struct.pack("II", command, 0))
            pointer = (ctypes.c_char * len(value)).from_buffer(value)
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(pointer))
            fcntl.ioctl(control, siocethtool, request)


if __name__ == "__main__" and sys.argv[1] == "offload":
    _without_offload(sys.argv[2])
