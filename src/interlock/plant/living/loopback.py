"""Loopback: machines as addresses 127.77.1.N, where namespaces are not to be had. No Ethernet, so no layer 2."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final

from interlock.plant.machines import MACHINES, OUTSIDE

__all__ = ["Loopback"]

_ADDRESSES: Final = {m.name: m.ip.replace("10.77.1.", "127.77.1.") for m in MACHINES} | {
    OUTSIDE.name: "127.77.1.77"
}
_MOVED_BY: Final = 30_000
"""Below the ports that the kernel gives to clients, and beside every port that the plant serves."""


def _first_free_port() -> int:
    """The lowest port that this process may serve."""
    if os.geteuid() == 0:
        return 0
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text("ascii"))
    except (OSError, ValueError):
        return 1024


class Loopback:
    """The plant's network on loopback. mirror: none. Ports that this user may not serve are moved up by 30,000."""

    layer2 = False
    mirror = ""

    def __init__(self) -> None:
        self._first = _first_free_port()

    def build(self) -> None:
        """Nothing to make: every address of 127.0.0.0/8 is there."""

    def enter(self, machine: str) -> None:
        """Nothing to enter. Raises KeyError where there is no machine of this name."""
        assert _ADDRESSES[machine]

    def address(self, machine: str, port: int) -> tuple[str, int]:
        """Where a machine serves a port. Raises KeyError where there is no such machine."""
        return _ADDRESSES[machine], port if port >= self._first else port + _MOVED_BY

    def everybody(self, machine: str, port: int) -> tuple[str, int]:
        """Loopback has no everybody: the datagram goes to the one who would answer."""
        return self.address(machine, port)

    def cut(self, machine: str) -> None:
        """Loopback cannot be cut: a server of a library ends meanwhile, our own ones go on."""

    def join(self, machine: str) -> None:
        """See cut."""

    def move(self, machine: str, mac: bytes) -> None:
        """Loopback has no hardware addresses."""

    def make(self, machine: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket, not blocking. Raises KeyError where there is no such machine, ValueError for layer 2."""
        self.enter(machine)
        if family != socket.AF_INET:
            raise ValueError("loopback has no layer 2")
        return socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
