"""Machines around one enforcer, each in a network namespace of its own that ends with this process.

    router     machine eth0 ──veth── mN  one namespace that forwards, a route for each address (also within a subnet)
    bridge     machine eth0 ──veth── mN  ports of one bridge, all addresses on one link

No namespace has a name, a way out or any interface beside these. Needs Linux and root, or a user namespace of one's own
(`unshare -rn`).
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from interlock.plant.living.namespaces import inside
from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LAYOUTS", "LISTENER", "Around", "is_mac", "why_not"]

LAYOUTS: Final = ("router", "bridge")
LISTENER: Final = "02:00:00:00:fe:01"
"""A machine that nobody knows."""
_CLONE_NEWNET: Final = 0x40000000
_GATES: Final = {4: "169.254.1.1", 6: "fe80::1"}
_BRIDGE: Final = "link add br0 type bridge stp_state 0 mcast_snooping 0\nlink set br0 up\n"
_SETTINGS: Final = {
    "router": ("ipv4/ip_forward", "ipv6/conf/all/forwarding"),
    "bridge": ("bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"),
}


def why_not(program: str = "nft") -> str:
    """Why no machines can be made here; empty where they can. program: what the rules are loaded by."""
    for name in ("ip", program):
        if not any((Path(folder) / name).exists() for folder in ("/usr/sbin", "/sbin", "/usr/bin", "/bin")):
            return f"the program `{name}` is not installed"
    try:
        os.close(_new())
    except (OSError, AttributeError) as error:
        return f"no network namespace can be made here ({error}); it needs root, or `unshare -rn`"
    return ""


def is_mac(address: str) -> bool:
    """Whether an address is a link address: such a machine speaks no IP."""
    return address.count(":") == 5 and len(address) == 17


class Around:
    """The machines at these addresses (IP or MAC), once built. layout: of LAYOUTS."""

    def __init__(self, addresses: Sequence[str], layout: str) -> None:
        """On a bridge one machine more stands by, which hears what is sent to groups."""
        self.layout = layout
        every = (*addresses, LISTENER) if layout == "bridge" else addresses
        machines = (address for address in dict.fromkeys(every) if not is_group(address))
        self._machines = {address: number for number, address in enumerate(machines)}
        self._broadcasts = sorted({a for a in addresses if a.endswith(".255") and a != "255.255.255.255"})
        self._open: dict[str, int] = {}

    def __enter__(self) -> Self:
        with ExitStack() as undone:
            undone.callback(self.__exit__)
            self._middle = _new()
            for address in self._machines:
                self._open[address] = _new()
            self._build()
            undone.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in (*self._open.values(), self.__dict__.pop("_middle", None)):
            if descriptor is not None:
                os.close(descriptor)
        self._open.clear()

    @contextmanager
    def at(self, address: str) -> Iterator[None]:
        """Meanwhile sockets are made on that machine; of a group, on the listener."""
        with inside(self._open[LISTENER if is_group(address) else address]):
            yield

    def put_in_force(self, text: str, *command: str) -> None:
        """Hand rules to the enforcer's kernel. Raises RuntimeError with what was said."""
        with inside(self._middle):
            _run(*command, text=text)

    def told(self, *command: str) -> str:
        """What a program says in the enforcer's namespace."""
        with inside(self._middle):
            return _run(*command)

    def _build(self) -> None:
        with inside(self._middle):
            if self.layout == "bridge":
                _run("ip", "-batch", "-", text=_BRIDGE)
            for setting in _SETTINGS[self.layout]:
                _tell_kernel(setting, "1")
            lines = [line for each in self._machines for line in self._port(each)]
            _run("ip", "-batch", "-", text="\n".join(lines))
        for address, number in self._machines.items():
            with inside(self._open[address]):
                _run("ip", "-batch", "-", text="\n".join(self._machine(address, number)))

    def _port(self, address: str) -> Iterator[str]:
        """What the enforcer's namespace is told of one machine."""
        number = self._machines[address]
        there = f"/proc/{os.getpid()}/fd/{self._open[address]}"
        yield (
            f"link add m{number} address {_ours(number)} type veth"
            f" peer name eth0 address {_theirs(address, number)} netns {there}"
        )
        if self.layout == "bridge":
            yield f"link set m{number} master br0"
        yield f"link set m{number} up"
        if self.layout == "router" and not is_mac(address):
            yield f"route add {_host(address)} dev m{number}"
            yield f"neigh add {address} lladdr {_theirs(address, number)} dev m{number} nud permanent"

    def _machine(self, address: str, number: int) -> Iterator[str]:
        """What a machine's own namespace is told."""
        yield "link set lo up"
        yield "link set eth0 up"
        if is_mac(address):
            return
        version = ipaddress.ip_address(address).version
        yield f"addr add {_host(address)} dev eth0{' nodad' if version == 6 else ''}"
        if self.layout == "bridge":
            yield f"route add {'::/0' if version == 6 else 'default'} dev eth0"
            for group in self._broadcasts if version == 4 else ():
                yield f"neigh add {group} lladdr ff:ff:ff:ff:ff:ff dev eth0 nud permanent"
            return
        gate = _GATES[version]
        yield f"neigh add {gate} lladdr {_ours(number)} dev eth0 nud permanent"
        yield f"route add default via {gate} dev eth0 onlink"


def _host(address: str) -> str:
    return f"{address}/{ipaddress.ip_address(address).max_prefixlen}"


def _ours(number: int) -> str:
    return f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"


def _theirs(address: str, number: int) -> str:
    return address if is_mac(address) else f"02:00:00:01:{number >> 8:02x}:{number & 255:02x}"


def _new() -> int:
    """An empty network namespace, as a descriptor. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    with _back_home():
        if libc.unshare(_CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def _back_home() -> Iterator[None]:
    """Afterwards this thread stands where it stood before."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        with inside(home):
            yield
    finally:
        os.close(home)


def _tell_kernel(setting: str, value: str) -> None:
    path = Path("/proc/sys/net") / setting
    if path.exists():  # no IPv6, or no br_netfilter
        path.write_text(value, "ascii")


def _run(*command: str, text: str = "") -> str:
    done = subprocess.run(  # noqa: S603 (words are made here)
        command, input=text, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
