"""What a script may do. A script is a generator: it yields steps, and is sent what came back.

def poll(link: Link) -> Script:
    while True:
        answers = yield Ask(link, request)
        yield Wait(1.0)
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

__all__ = ["Ask", "Cast", "Close", "Hear", "Link", "Script", "Step", "Until", "Wait"]


@dataclass(frozen=True, slots=True)
class Link:
    """A connection from one machine to another one's port; opened by the first request, kept until it is closed.

    transport: tcp; udp from port to port; broadcast: a datagram to everybody, which only the server answers.
    """

    client: str
    server: str
    port: int
    transport: Literal["tcp", "udp", "broadcast"] = "tcp"


@dataclass(frozen=True, slots=True)
class Ask:
    """Send octets and wait for what the other side says to them: sent back as a tuple of messages, empty where none."""

    link: Link
    octets: bytes


@dataclass(frozen=True, slots=True)
class Hear:
    """What the other side said by itself since this was last asked: sent back as a tuple of messages."""

    link: Link


@dataclass(frozen=True, slots=True)
class Cast:
    """Send one Ethernet frame from a machine; who listens to its type takes it. Nothing comes back to the script.

    target: hardware address, 6 octets, of one or of many. pretends: the hardware address that it is sent from, where
    that is not the machine's own. priority: class of the 802.1Q tag; None: untagged.
    """

    machine: str
    target: bytes
    ethertype: int
    payload: bytes
    pretends: bytes = b""
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """End a connection; nothing where it is not open."""

    link: Link


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    """Do nothing until the next multiple of `period` seconds, plus `offset`: polls keep their rhythm."""

    period: float
    offset: float = 0.0


Step = Ask | Cast | Hear | Close | Wait | Until
Script = Generator[Step, tuple[bytes, ...], None]
