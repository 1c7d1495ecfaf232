"""What the living plant stands on: where machines are, and how a socket comes to stand on one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import socket

__all__ = ["Ground"]


class Ground(Protocol):
    """Namespaces or loopback. layer2: whether machines can send Ethernet frames. mirror: the interface, or none."""

    layer2: bool
    mirror: str

    def build(self) -> None:
        """Make it. Raises SourceError."""
        ...

    def enter(self, machine: str) -> None:
        """From now on this process is on that machine."""
        ...

    def address(self, machine: str, port: int) -> tuple[str, int]:
        """Where a machine serves a port. Raises KeyError where there is no such machine."""
        ...

    def everybody(self, machine: str, port: int) -> tuple[str, int]:
        """Where a datagram to everybody goes; machine: the one who answers it."""
        ...

    def cut(self, machine: str) -> None:
        """The machine loses its network: nothing it says arrives, and nothing reaches it."""
        ...

    def join(self, machine: str) -> None:
        """The machine is on the network again."""
        ...

    def move(self, machine: str, mac: bytes) -> None:
        """The machine's address is at another hardware address from now on. Raises SourceError."""
        ...

    def make(self, machine: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket that stands on a machine, not blocking. Raises KeyError where there is no such machine."""
        ...
