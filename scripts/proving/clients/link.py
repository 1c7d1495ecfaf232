"""Frames: PROFINET, GOOSE and ARP in another's name."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.goose import ETHERTYPE as GOOSE
from interlock.plant.protocols.goose import Publisher
from interlock.plant.protocols.profinet import ETHERTYPE as PROFINET
from proving.clients.talk import send_frames

if TYPE_CHECKING:
    from collections.abc import Callable

_GROUP: Final = bytes.fromhex("010ccd010001")


def _cyclic(sender: str, to: str, frame_id: int, data: bytes, counter: int, status: int) -> bytes:
    ends = BY_NAME[to].end.mac + BY_NAME[sender].end.mac
    return (
        ends
        + struct.pack("!HHHH", 0x8100, 0xC000, PROFINET, frame_id)
        + data
        + struct.pack("!HBB", counter, status, 0)
    )


def inputs_marked_bad(to: str) -> None:  # noqa: ARG001 - by name
    """A remote I/O's inputs sent in its name, their provider status bad."""
    data = struct.pack("!3f", 6.2, 58.0, 163.0) + b"\x00" * 5 + bytes(23)
    send_frames(
        [_cyclic("rio-boiler", "plc-boiler", 0x8001, data, n * 32 & 0xFFFF, 0x35) for n in range(150)], 0.05
    )


def outputs_of_a_stopped(to: str) -> None:  # noqa: ARG001 - by name
    """A controller's outputs sent in its name, its data status stopped."""
    data = struct.pack("!2f", 0.0, 0.0) + b"\x80" * 5 + bytes(27)
    send_frames(
        [_cyclic("plc-boiler", "rio-boiler", 0x8002, data, n * 32 & 0xFFFF, 0x25) for n in range(150)], 0.05
    )


def inputs_invalid(to: str) -> None:  # noqa: ARG001 - by name
    """A remote I/O's inputs sent in its name, not valid."""
    data = struct.pack("!3f", 6.2, 58.0, 163.0) + b"\x80" * 5 + bytes(23)
    send_frames(
        [_cyclic("rio-boiler", "plc-boiler", 0x8001, data, n * 32 & 0xFFFF, 0x31) for n in range(150)], 0.05
    )


def goose_numbered_high(to: str) -> None:  # noqa: ARG001 - by name
    """A breaker said open, with a state number that nobody's after it reaches."""
    made = Publisher(reference="RTUFEEDERCTRL/LLN0$GO$breaker", data_set="RTUFEEDERCTRL/LLN0$breaker",
                     name="breaker", application=0x3001)  # fmt: skip
    made.changed((True, 0.0), 1.0)
    made.state_number = 65535
    frames = []
    for number in range(10):
        made.changed((False, 0.0), 1_795_935_000.0)
        made.sequence_number = number
        source = BY_NAME["rtu-feeder"].end.mac
        frames.append(_GROUP + source + struct.pack("!HHH", 0x8100, 0x8000, GOOSE) + made.payload(4000))
    send_frames(frames, 0.3)


def addresses_taken(to: str) -> None:
    """ARP answers to the panel and a controller: each is told that the other is here."""
    mine = BY_NAME["vendor-laptop"].end.mac
    ends = BY_NAME["hmi"].end, next(m for m in BY_NAME.values() if m.ip == to).end
    frames = []
    for one, other in (ends, ends[::-1]):
        arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + mine + other.ip + one.mac + one.ip
        frames.append(one.mac + mine + struct.pack("!H", 0x0806) + arp)
    send_frames(frames * 6, 0.5)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "pn-inputs-bad": inputs_marked_bad,
    "pn-outputs-stopped": outputs_of_a_stopped,
    "pn-inputs-invalid": inputs_invalid,
    "goose-numbered-high": goose_numbered_high,
    "addresses-taken": addresses_taken,
}
