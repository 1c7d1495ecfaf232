"""A packet socket with a ring in memory, opened by the supervisor and read by the workers that it forks.

The ring belongs to the socket, not to a process: while anybody holds it the kernel goes on filling it. It is never
used to send: there is no ring for that, and nothing here writes to the socket.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import socket
from dataclasses import dataclass, replace
from struct import pack
from typing import TYPE_CHECKING, Final

from interlock.capture.live import kernel
from interlock.capture.live.link import check_name, grant, look, names, state_of
from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.capture.live.link import Link

__all__ = ["LiveRing", "Options", "RingSize", "open_fanout", "open_ring", "why_deaf"]

_FRAME_OCTETS: Final = 2048
"""The kernel asks how long frames are and, in this version of rings, only checks that it divides a block."""
_RETIRE_MS: Final = 1
_GROUPS: Final = 8
_MOST_OCTETS: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RingSize:
    """Room of a ring. block_octets: a power of two, 4 KiB to 4 MiB. blocks: 4 to 65,536; in all up to 1 GiB.

    A block is handed over when it is full or 1 ms old, so a ring holds at least as many milliseconds as it has
    blocks: the default bridges two seconds without a reader, which a worker that hangs and its successor need,
    also at 500,000 small packets a second. A frame longer than a block is cut.
    """

    block_octets: int = 1 << 16
    blocks: int = 2048

    def __post_init__(self) -> None:
        power = self.block_octets & (self.block_octets - 1) == 0
        if not (power and 1 << 12 <= self.block_octets <= 1 << 22 and 4 <= self.blocks <= 1 << 16):
            raise ValueError("a ring has 4 to 65536 blocks of 4 KiB to 4 MiB, a power of two")
        if self.octets > _MOST_OCTETS:
            raise ValueError("a ring has at most 1 GiB")

    @property
    def octets(self) -> int:
        """What the ring takes of the kernel's memory."""
        return self.block_octets * self.blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a ring listens. fanout: a group (0 to 65535) whose sockets share the frames, None: alone.

    defrag: the kernel joins fragmented IPv4 datagrams first, since later fragments have no ports to choose a
    socket by. rollover: a flow moves to another socket while its own is full. ignore_outgoing: leave out what this
    machine sends. must_be_up: refuse an interface that is down, instead of waiting for it.
    """

    fanout: int | None = None
    defrag: bool = True
    rollover: bool = True
    ignore_outgoing: bool = True
    must_be_up: bool = True


class LiveRing:
    """The socket and its mapped ring. `memory`: all blocks; `size`: their measure. To be opened before forking."""

    def __init__(
        self, interface: str, size: RingSize, options: Options, given: socket.socket | None = None
    ) -> None:
        """given: the socket of a ring that another process has set up, and that listens already."""
        check_name(interface)
        self.interface = interface
        self.size = size
        self.options = options
        self.index = 0
        self.socket = given or _socket(interface)
        with contextlib.ExitStack() as undone:
            undone.callback(self.close)
            if given is None:
                self.link()
                self._set_up()
            self._map = self._mapped()
            self.memory = memoryview(self._map)
            if given is None:
                self.listen()
            elif (link := look(given, interface)) is not None:
                self.index = link.index
            undone.pop_all()

    def link(self) -> Link:
        """Ask for the interface. Raises SourceError where it can't be listened to."""
        link = look(self.socket, self.interface)
        if link is None:
            there = ", ".join(names(self.socket)) or "none"
            raise SourceError(f"{self.interface}: there is no such interface; there are: {there}")
        if link.hardware not in {kernel.ARPHRD_ETHER, kernel.ARPHRD_LOOPBACK}:
            raise SourceError(
                f"{self.interface}: is no Ethernet interface (its kind is {link.hardware}); "
                "name the one that the mirror port is plugged into"
            )
        if self.options.must_be_up and state_of(link) == "down":
            raise SourceError(
                f"{self.interface}: is down; `interlock sensor prepare -i {self.interface}` makes it fit to listen, "
                f"`ip link set {self.interface} up` only switches it on"
            )
        return link

    def listen(self) -> None:
        """Bind to the interface that has the name now and join its promiscuous listeners; the ring stays as it is.

        Raises OSError: ENODEV where it is gone; EINVAL where a fanout group's device is gone, which the kernel
        does not let go of.
        """
        if self.hears and self.index:
            return
        fanout = self.options.fanout
        if fanout is not None:
            self.deafen()  # what comes before the group is joined would come twice
        self.socket.bind((self.interface, kernel.ETH_P_ALL))
        link = look(self.socket, self.interface)
        if link is None:
            raise OSError(errno.ENODEV, "the interface went while it was bound")
        self._watch_all(link.index)
        if fanout is not None:
            self._join(fanout)

    @property
    def hears(self) -> bool:
        """Whether the socket is bound to the interface that has the name now, and promiscuous there."""
        link = look(self.socket, self.interface)
        return (
            link is not None and link.index == self.index and self.socket.getsockname()[0] == self.interface
        )

    def deafen(self) -> None:
        """Let no frame in any more: attach a filter of one instruction, which takes nothing."""
        instruction = ctypes.create_string_buffer(pack("HBBI", 6, 0, 0, 0))
        program = pack("HP", 1, ctypes.addressof(instruction))
        self.socket.setsockopt(socket.SOL_SOCKET, kernel.SO_ATTACH_FILTER, program)

    def undeafen(self) -> None:
        """Let the frames in that a member of a fanout group keeps out until the group is complete."""
        with contextlib.suppress(OSError):  # no filter is there
            self.socket.setsockopt(socket.SOL_SOCKET, kernel.SO_DETACH_FILTER, 0)

    def counters(self) -> tuple[int, int]:
        """Drops, and times that the ring was full, since this was asked last (by any process)."""
        octets = self.socket.getsockopt(kernel.SOL_PACKET, kernel.PACKET_STATISTICS, kernel.STATISTICS.size)
        _, drops, freezes = kernel.STATISTICS.unpack(octets)
        return drops, freezes

    def clear_error(self) -> int:
        """Take the socket's pending error, such as ENETDOWN; 0 where there is none."""
        return self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def anew(self) -> LiveRing:
        """Open another ring like this one; the caller closes either. Raises SourceError.

        While members of a fanout group live, the kernel keeps it to the device that it was made for, so that for
        another device there must be another group, which all members choose
        alike.
        """
        options = replace(self.options, must_be_up=False)
        link = look(self.socket, self.interface)
        if options.fanout is None or link is None:
            return _open(self.interface, self.size, options)
        for turn in range(_GROUPS):
            group = (options.fanout + 7919 * link.index + 31 * turn) & 0xFFFF
            with contextlib.suppress(SourceError):
                return _open(self.interface, self.size, replace(options, fanout=group))
        raise SourceError(
            f"{self.interface}: no free group to share its frames in; end another capture program"
        )

    def close(self) -> None:
        """Give up this process's hold on the ring."""
        self.socket.close()
        if hasattr(self, "memory"):
            self.memory.release()
        if hasattr(self, "_map"):
            self._map.close()

    def _set_up(self) -> None:
        options, size = self.options, self.size
        sock = self.socket
        sock.setsockopt(kernel.SOL_PACKET, kernel.PACKET_VERSION, kernel.TPACKET_V3)
        sock.setsockopt(kernel.SOL_PACKET, kernel.PACKET_TIMESTAMP, kernel.SOF_TIMESTAMPING_SOFTWARE)
        sock.setsockopt(socket.SOL_SOCKET, kernel.SO_TIMESTAMPNS, 1)
        if options.ignore_outgoing:
            with contextlib.suppress(OSError):  # Linux before 4.20 shows what is sent, too
                sock.setsockopt(kernel.SOL_PACKET, kernel.PACKET_IGNORE_OUTGOING, 1)
        frames = size.octets // _FRAME_OCTETS
        ring = kernel.RING.pack(size.block_octets, size.blocks, _FRAME_OCTETS, frames, _RETIRE_MS, 0, 0)
        try:
            sock.setsockopt(kernel.SOL_PACKET, kernel.PACKET_RX_RING, ring)
        except OSError as error:
            raise self._no_room(error) from error

    def _mapped(self) -> mmap.mmap:
        try:
            return mmap.mmap(
                self.socket.fileno(), self.size.octets, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE
            )
        except OSError as error:
            raise self._no_room(error) from error

    def _no_room(self, error: OSError) -> SourceError:
        reason = (error.strerror or str(error)).lower()
        return SourceError(
            f"{self.interface}: the kernel gives no ring of {self.size.octets >> 20} MiB ({reason}); "
            "ask for a smaller one"
        )

    def _watch_all(self, index: int) -> None:
        if self.index and self.index != index:
            with contextlib.suppress(OSError):  # the old one is gone, or only has another name now
                self._membership(kernel.PACKET_DROP_MEMBERSHIP, self.index)
        if self.index != index:
            self._membership(kernel.PACKET_ADD_MEMBERSHIP, index)
        self.index = index

    def _membership(self, what: int, index: int) -> None:
        self.socket.setsockopt(
            kernel.SOL_PACKET, what, kernel.MEMBERSHIP.pack(index, kernel.PACKET_MR_PROMISC, 0, bytes(8))
        )

    def _join(self, group: int) -> None:
        kind = kernel.FANOUT_HASH
        kind |= kernel.FANOUT_DEFRAG if self.options.defrag else 0
        kind |= kernel.FANOUT_ROLLOVER if self.options.rollover else 0
        try:
            self.socket.setsockopt(kernel.SOL_PACKET, kernel.PACKET_FANOUT, pack("=I", group | kind << 16))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SourceError(
                f"{self.interface}: cannot share its frames in group {group} ({reason}); choose another group"
            ) from error


def open_ring(interface: str, size: RingSize | None = None, options: Options | None = None) -> LiveRing:
    """Open a ring on an interface. Raises SourceError, one sentence with what to do."""
    ring = _open(interface, size, options or Options())
    ring.undeafen()
    return ring


def open_fanout(
    interface: str, count: int, group: int, size: RingSize | None = None, options: Options | None = None
) -> Sequence[LiveRing]:
    """Open `count` rings that share an interface: each flow goes to one of them. Raises SourceError."""
    each = replace(options or Options(), fanout=group)
    with contextlib.ExitStack() as opened:
        rings = [opened.enter_context(contextlib.closing(_open(interface, size, each))) for _ in range(count)]
        for ring in rings:
            ring.undeafen()
        opened.pop_all()
    return rings


def why_deaf() -> str:
    """Why this process may listen to no interface; empty where it may."""
    try:
        _socket("live capture").close()
    except SourceError as error:
        return str(error).removeprefix("live capture: ")
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def _open(interface: str, size: RingSize | None, options: Options) -> LiveRing:
    try:
        return LiveRing(interface, size or RingSize(), options)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(f"{interface}: cannot be listened to ({reason}); look at `ip link`") from error


def _socket(interface: str) -> socket.socket:
    """A packet socket that hears nothing yet: without a protocol the kernel gives it no frame of any interface."""
    if not hasattr(socket, "AF_PACKET"):
        raise SourceError(f"{interface}: only Linux lets Interlock listen; here it reads captures")
    try:
        return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as error:
        raise SourceError(
            f"{interface}: listening needs the capability CAP_NET_RAW; run Interlock as root, "
            f"or grant it once: {grant('CAP_NET_RAW')}"
        ) from error
