"""Network namespaces: one for each machine, one for the wires between them, and a mirror port outside.

    ilp-RUN-MACHINE   eth0 ──veth── pN ┐
    ilp-RUN-MACHINE   eth0 ──veth── pN ┤ bridge `wires` in ilp-RUN-net: learns nothing, floods every frame (a hub)
    root namespace    ilp-mirror ─veth─┘ port of which nothing is taken (locked): it only listens

The mirror port is added last: the bridge serves the newest port first, so that a frame is in the mirror before
anybody can have answered it. No namespace has a way out: no route, no address and no interface beside these.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import fcntl
import os
import re
import socket
import struct
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.errors import SourceError
from interlock.plant.machines import MACHINES, OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.plant.machines import Machine

__all__ = ["NAMES", "Namespaces", "clear", "clear_dead", "inside", "leftovers", "may_have_namespaces"]

NAMES: Final = Path("/run/netns")
_PREFIX: Final = "ilp-"
_NAME: Final = re.compile(r"ilp-([0-9a-f]{6})-[a-z0-9-]+")
_MIRROR: Final = "ilp-mirror"
_WIRES: Final = "net"
_PATIENCE_S: Final = 20.0
_CLONE_NEWNET: Final = 0x40000000
_SIOCETHTOOL: Final = 0x8946
_OFFLOADS: Final = (0x17, 0x25, 0x1F, 0x2C)
"""ETHTOOL_STXCSUM, _SGSO, _STSO, _SGRO: frames leave whole and with their checksums, as on a wire."""

_LLDP_FORWARDED: Final = "0x4000"


def may_have_namespaces() -> bool:
    """Whether this process may make namespaces."""
    return os.geteuid() == 0


def _run(*words: str, lines: Sequence[str] = ()) -> str:
    """Standard output of `ip` or `bridge`. Raises SourceError where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 (words are made here, from fixed names and a run's six hex digits)
            words,
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise SourceError(f"{words[0]}: not found; install iproute2, or use --loopback") from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{' '.join(words)}: no answer within {_PATIENCE_S:.0f} s") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise SourceError(f"{' '.join(words)}: {said}; namespaces are not to be had here, use --loopback")
    return done.stdout


def _setns(descriptor: int) -> None:
    libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


@contextmanager
def inside(descriptor: int) -> Iterator[None]:
    """Meanwhile this thread stands in another network namespace; sockets made there stay there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _setns(descriptor)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time makes or clears namespaces on this machine; the kernel ends it with the process."""
    held = socket.socket(socket.AF_UNIX)
    end = time.monotonic() + 3 * _PATIENCE_S
    try:
        while True:
            try:
                held.bind("\0interlock-plant-namespaces")
                break
            except OSError as error:
                if time.monotonic() > end:
                    raise SourceError("another practice plant has been starting for a minute") from error
                time.sleep(0.05)
        yield
    finally:
        held.close()


class Namespaces:
    """The plant's network of one run. run: six hex digits. mirror: the interface that hears everything."""

    layer2 = True

    def __init__(self, run: str) -> None:
        self.run = run
        self.mirror = _MIRROR
        self._open: dict[str, int] = {}

    def build(self) -> None:
        """Make everything, and stand in the namespace of the wires from then on. Raises SourceError."""
        with _alone():
            _clear_dead()
            with ExitStack() as undone:
                undone.callback(clear, self.run)
                undone.callback(self._leave)
                self._build()
                undone.pop_all()

    def _build(self) -> None:
        names = [_WIRES, *(m.name for m in MACHINES)]
        _run("ip", "-batch", "-", lines=[f"netns add {self._named(n)}" for n in names])
        for name in names:
            self._open[name] = os.open(NAMES / self._named(name), os.O_RDONLY | os.O_CLOEXEC)
            with inside(self._open[name]):
                _quiet(forwards=name == "vendor-laptop")
        self._wires()
        for machine in MACHINES:
            _run("ip", "-n", self._named(machine.name), "-batch", "-", lines=_machine_lines(machine))
            with inside(self._open[machine.name]):
                _no_offloads("eth0")
        self._add_mirror()
        _setns(self._open[_WIRES])

    def _wires(self) -> None:
        net = self._named(_WIRES)
        options = f"stp_state 0 ageing_time 0 mcast_snooping 0 group_fwd_mask {_LLDP_FORWARDED}"
        first = [f"link add name wires type bridge {options}", "link set wires up"]
        _run("ip", "-n", net, "-batch", "-", lines=first)
        pairs = [
            f"link add name p{number} netns {net} type veth peer name eth0 "
            f"address {m.mac} netns {self._named(m.name)}"
            for number, m in enumerate(MACHINES)
        ]
        _run("ip", "-batch", "-", lines=pairs)
        self._plug([f"p{number}" for number in range(len(MACHINES))])

    def _plug(self, ports: Sequence[str]) -> None:
        net = self._named(_WIRES)
        lines = [f"link set {port} master wires up" for port in ports]
        _run("ip", "-n", net, "-batch", "-", lines=lines)
        _run("bridge", "-n", net, "-batch", "-", lines=[f"link set dev {p} learning off" for p in ports])

    def _add_mirror(self) -> None:
        """The port that only listens: a locked port takes no frame of a sender that the bridge does not know."""
        net = self._named(_WIRES)
        if (Path("/sys/class/net") / self.mirror).exists():
            self.mirror = f"ilp-m-{self.run}"
        _run("ip", "link", "add", "name", "mirror", "netns", net, "type", "veth", "peer", "name", self.mirror)
        for kind in ("disable_ipv6", "accept_ra"):
            _tell_kernel(f"ipv6/conf/{self.mirror}/{kind}", "1" if kind == "disable_ipv6" else "0")
        _run("ip", "link", "set", self.mirror, "arp", "off", "up")
        self._plug(["mirror"])
        try:
            _run("bridge", "-n", net, "link", "set", "dev", "mirror", "locked", "on")
        except SourceError:  # before Linux 5.16
            _run("tc", "-n", net, "qdisc", "add", "dev", "mirror", "clsact")
            _run("tc", "-n", net, "filter", "add", "dev", "mirror", "ingress", "matchall", "action", "drop")

    def _named(self, name: str) -> str:
        return f"{_PREFIX}{self.run}-{name}"

    def _leave(self) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()

    def enter(self, machine: str) -> None:
        """From now on this process is on that machine. Raises KeyError where there is none of this name."""
        _setns(self._open[_home(machine)])

    def address(self, machine: str, port: int) -> tuple[str, int]:
        """Where a machine serves a port. Raises KeyError where there is no such machine."""
        return (OUTSIDE.ip if machine == OUTSIDE.name else _ADDRESSES[machine]), port

    def everybody(self, _machine: str, port: int) -> tuple[str, int]:
        """Where a datagram to everybody goes."""
        return "10.77.1.255", port

    def cut(self, machine: str) -> None:
        """The machine loses its network: its port at the bridge goes down."""
        self._port(machine, "down")

    def join(self, machine: str) -> None:
        """The machine is on the network again."""
        self._port(machine, "up")

    def move(self, machine: str, mac: bytes) -> None:
        """The machine's interface has another hardware address from now on. Raises SourceError."""
        _run("ip", "-n", self._named(_home(machine)), "link", "set", "eth0", "address", mac.hex(":"))

    def _port(self, machine: str, state: str) -> None:
        number = next(k for k, m in enumerate(MACHINES) if m.name == _home(machine))
        _run("ip", "-n", self._named(_WIRES), "link", "set", f"p{number}", state)

    def make(self, machine: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket that stands on a machine, not blocking. Raises KeyError where there is no such machine."""
        with inside(self._open[_home(machine)]):
            return socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)


_ADDRESSES: Final = {m.name: m.ip for m in MACHINES}


def _home(machine: str) -> str:
    """Who is outside stands behind the switch."""
    return "switch" if machine == OUTSIDE.name else machine


def _machine_lines(machine: Machine) -> list[str]:
    lines = ["link set lo up", f"addr add {machine.ip}/24 broadcast 10.77.1.255 dev eth0", "link set eth0 up"]
    if machine.name == "switch":
        return [*lines, f"addr add {OUTSIDE.ip}/32 dev eth0"]
    return [*lines, f"route add {OUTSIDE.ip}/32 via {_ADDRESSES['switch']}"]


def _quiet(*, forwards: bool) -> None:
    """No IPv6, no answers for addresses of other interfaces; only who stands in the middle forwards."""
    for scope in ("all", "default"):
        _tell_kernel(f"ipv6/conf/{scope}/disable_ipv6", "1")
        _tell_kernel(f"ipv4/conf/{scope}/arp_ignore", "1")
        _tell_kernel(f"ipv4/conf/{scope}/arp_announce", "2")
        _tell_kernel(f"ipv4/conf/{scope}/send_redirects", "0")
        _tell_kernel(f"ipv4/conf/{scope}/rp_filter", "0")
    _tell_kernel("ipv4/ip_forward", "1" if forwards else "0")


def _tell_kernel(setting: str, value: str) -> None:
    path = Path("/proc/sys/net") / setting
    if path.exists():  # a kernel without IPv6 has no such setting
        path.write_text(value, "ascii")


def _no_offloads(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for command in _OFFLOADS:
            told = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode("ascii"), ctypes.addressof(told))
            fcntl.ioctl(asked, _SIOCETHTOOL, request.ljust(40, b"\0"))


def leftovers() -> dict[str, list[str]]:
    """Run → its namespaces, of every plant on this machine, alive or dead."""
    found: dict[str, list[str]] = {}
    for path in sorted(NAMES.glob(f"{_PREFIX}*")):
        match = _NAME.fullmatch(path.name)
        if match:
            found.setdefault(match[1], []).append(path.name)
    return found


def clear(run: str) -> None:
    """Remove the mirror port and every namespace of a run; nothing where there are none."""
    names = leftovers().get(run, ())
    net = f"{_PREFIX}{run}-{_WIRES}"
    if net in names and (NAMES / net).stat().st_dev != Path("/run").stat().st_dev:
        _try("ip", "-n", net, "link", "del", "mirror")
    for name in names:
        _try("ip", "netns", "del", name)
        (NAMES / name).unlink(missing_ok=True)  # a name whose namespace never was mounted
    _wait_gone(f"ilp-m-{run}")


def _try(*words: str) -> None:
    with suppress(SourceError):  # it is gone already, which is what was wanted
        _run(*words)


def _wait_gone(interface: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while (Path("/sys/class/net") / interface).exists() and time.monotonic() < end:
        time.sleep(0.02)


def clear_dead() -> list[str]:
    """Clear runs in whose namespaces no process stands any more; gives which."""
    if not leftovers() or not may_have_namespaces():
        return []
    with _alone():
        return _clear_dead()


def _clear_dead() -> list[str]:
    found = leftovers()
    alive = _inhabited()
    dead = [run for run, names in found.items() if not any(_inode(n) in alive for n in names)]
    for run in dead:
        clear(run)
    return dead


def _inode(name: str) -> int:
    try:
        return (NAMES / name).stat().st_ino
    except OSError:
        return 0


def _inhabited() -> frozenset[int]:
    """Every network namespace that a thread stands in."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(path.stat().st_ino)
        except OSError:
            continue  # ended meanwhile
    return frozenset(found)
