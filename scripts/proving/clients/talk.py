"""What one says to a machine, and what it answers; frames that are put on the wire as they are."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from interlock.plant.wire.frames import internet_checksum

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["INTERFACE", "Talk", "at_its_card", "held_open", "held_up", "ping", "send_frames", "tell"]

INTERFACE: Final = "eth0"


class Talk:
    """A TCP connection that a refusal or an end does not disturb."""

    def __init__(self, to: str, port: int, patience_s: float = 0.5) -> None:
        self._talk: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._talk = socket.create_connection((to, port), timeout=patience_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._talk is not None:
            self._talk.close()

    def say(self, octets: bytes, pause_s: float = 0.05) -> bytes:
        """Send, and give what came within the patience; nothing where the other has gone."""
        answer = b""
        if self._talk is not None:
            with contextlib.suppress(OSError):
                self._talk.sendall(octets)
                answer = self._talk.recv(4096)
        time.sleep(pause_s)
        return answer

    def send(self, octets: bytes) -> None:
        """Send, and hear nothing."""
        if self._talk is not None:
            with contextlib.suppress(OSError):
                self._talk.sendall(octets)


def held_open(to: str, port: int, count: int, patience_s: float, pause_s: float = 0.0) -> list[socket.socket]:
    """Connections, whether they are taken or not, that stay open as long as somebody keeps them."""
    held = []
    for _ in range(count):
        talk = socket.socket()
        talk.settimeout(patience_s)
        with contextlib.suppress(OSError):
            talk.connect((to, port))
        held.append(talk)
        time.sleep(pause_s)
    return held


def tell(to: str, port: int, *datagrams: bytes, pause_s: float = 0.2) -> None:
    """Send datagrams from one port, and hear what is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        talk.settimeout(pause_s)
        for octets in datagrams:
            talk.sendto(octets, (to, port))
            with contextlib.suppress(OSError):
                talk.recv(4096)
            time.sleep(pause_s)


def send_frames(frames: list[bytes], pause_s: float) -> None:
    """Put frames on the wire, filled up to the smallest that Ethernet has, with a pause behind each."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((INTERFACE, 0))
        for frame in frames:
            link.send(frame.ljust(60, b"\0"))
            time.sleep(pause_s)


def ping(to: str, times: int, pause_s: float) -> None:
    """Ask by ICMP whether somebody is there (RFC 792, echo)."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as talk:
        for number in range(times):
            head, data = struct.pack("!BBHHH", 8, 0, 0, 0x1EA5, number), bytes(range(48))
            sum_ = internet_checksum(head + data)
            with contextlib.suppress(OSError):
                talk.sendto(head[:2] + sum_.to_bytes(2, "big") + head[4:] + data, (to, 0))
            time.sleep(pause_s)


def at_its_card(rule: str, seconds: float) -> None:
    """What leaves this machine's card meets an nftables rule for so long; netem is in few kernels, this in most.

    Raises subprocess.CalledProcessError where the rule cannot be set: an event that does not happen proves nothing.
    """
    chain = f'type filter hook egress device "{INTERFACE}" priority 0;'
    table = (
        f"add table netdev cable; add chain netdev cable out {{ {chain} }}; add rule netdev cable out {rule}"
    )
    subprocess.run(["nft", table], check=True)
    time.sleep(seconds)
    subprocess.run(["nft", "delete table netdev cable"], check=True)


def held_up(times: int, stands_s: float, runs_s: float) -> None:
    """All other processes of this machine (its network namespace) stand still, and run again, so many times."""
    here = Path("/proc/self/ns/net").readlink()
    mine = {os.getpid(), os.getppid()}
    others = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "ns/net").readlink() == here and int(process.name) not in mine:
                others.append(int(process.name))
    for _ in range(times):
        for wish, seconds in ((signal.SIGSTOP, stands_s), (signal.SIGCONT, runs_s)):
            for process in others:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, wish)
            time.sleep(seconds)
