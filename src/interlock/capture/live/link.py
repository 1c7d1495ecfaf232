"""An interface as the kernel knows it now: its number, flags and kind, asked through any socket of its namespace."""

from __future__ import annotations

import errno
import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from interlock.capture.live import kernel
from interlock.errors import SourceError

if TYPE_CHECKING:
    import socket

__all__ = ["STATES", "Link", "LinkState", "State", "check_name", "grant", "look", "names", "state_of"]

State = Literal["up", "no-carrier", "down", "gone"]
STATES: Final[tuple[State, ...]] = ("up", "no-carrier", "down", "gone")
"""`no-carrier`: up, but nothing is plugged in, or the other end is off."""
_GONE: Final = frozenset({errno.ENODEV, errno.ENXIO})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What an interface does, and since when (UTC ns, as the sensor first saw it)."""

    state: State
    since_ns: int


@dataclass(frozen=True, slots=True)
class Link:
    """An interface: its number (a new one each time it is made), its flags, the kind of its hardware."""

    index: int
    flags: int
    hardware: int


def check_name(interface: str) -> bytes:
    """Give the name as the kernel takes it. Raises SourceError where no interface can be called so."""
    octets = interface.encode("utf-8", "surrogateescape")
    wrong = not octets or len(octets) >= kernel.NAME_OCTETS or interface in {".", ".."}
    if wrong or any(c in b"/:\0" or c <= 32 for c in octets):
        raise SourceError(
            f"{interface!r} is no name of an interface; write one that `ip link` shows, such as eth1"
        )
    return octets


def look(sock: socket.socket, interface: str) -> Link | None:
    """Ask for an interface; None where there is none of that name."""
    name = check_name(interface)
    try:
        index = kernel.INDEX.unpack(
            fcntl.ioctl(sock, kernel.SIOCGIFINDEX, name.ljust(kernel.IFREQ_OCTETS, b"\0"))
        )[1]
        flags = kernel.FLAGS.unpack(
            fcntl.ioctl(sock, kernel.SIOCGIFFLAGS, name.ljust(kernel.IFREQ_OCTETS, b"\0"))
        )[1]
        kind = kernel.FLAGS.unpack(
            fcntl.ioctl(sock, kernel.SIOCGIFHWADDR, name.ljust(kernel.IFREQ_OCTETS, b"\0"))
        )[1]
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    return Link(index, flags, kind)


def state_of(link: Link | None) -> State:
    """Say in a word what the flags mean for a capture."""
    if link is None:
        return "gone"
    if not link.flags & kernel.IFF_UP:
        return "down"
    return "up" if link.flags & kernel.IFF_RUNNING else "no-carrier"


def names(sock: socket.socket) -> list[str]:
    """Name the interfaces that there are, those of Ethernet first, loopback last."""
    import socket as sockets  # noqa: PLC0415 (only errors need it)

    found = [(name, look(sock, name)) for _, name in sockets.if_nameindex()]
    known = [(name, link) for name, link in found if link is not None]
    known.sort(
        key=lambda k: (bool(k[1].flags & kernel.IFF_LOOPBACK), k[1].hardware != kernel.ARPHRD_ETHER, k[0])
    )
    return [name for name, _ in known]


def grant(capability: str) -> str:
    """Give the command that lets this Python open such sockets without being root."""
    import sys  # noqa: PLC0415 (only errors need it)

    return f"sudo setcap {capability.lower()}+ep {Path(sys.executable).resolve()}"
