"""Connect: the blocks by which a controller and a device agree on an application relation.

Source: IEC 61158-6-10, 5.2.3 (ARBlockReq, IOCRBlockReq, ExpectedSubmoduleBlockReq and their answers).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.addresses import mac_text
from interlock.decode.protocols.profinet.blocks import each_block
from interlock.decode.protocols.profinet.rpc import uuid_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AR_REQUEST", "Accepted", "Asked", "Channel", "Submodule", "read_accepted", "read_asked"]

AR_REQUEST: Final = 0x0101
_IOCR_REQUEST, _MODULES_REQUEST = 0x0102, 0x0104
_AR_ANSWER, _IOCR_ANSWER = 0x8101, 0x8102
_KINDS: Final = {1: "input", 2: "output", 3: "multicast provider", 4: "multicast consumer"}
_CLOCK_NS: Final = 31_250
"""What a send clock factor of 1 is (SendClockFactor)."""
_MAX_CHANNELS, _MAX_SUBMODULES = 64, 1024

Place = tuple[int, int, int]
"""Slot, subslot, offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One IOCR as asked for. send_clock, cycle, watchdog: nanoseconds. octets: data of a frame.

    data, consumers: (slot, subslot, offset in the frame's data) of what is sent, and of what is told received.
    """

    kind: str
    reference: int
    rt_class: int
    octets: int
    frame_id: int
    send_clock: int
    cycle: int
    watchdog: int
    data: tuple[Place, ...] = ()
    consumers: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submodule:
    """What is expected in one subslot; lengths in octets."""

    api: int
    slot: int
    module: int
    subslot: int
    ident: int
    inputs: int
    outputs: int


@dataclass(slots=True, kw_only=True)
class Asked:
    """A Connect request.

    relation: the AR's UUID. mac, station: the initiator's. product: its (vendor, device); target: that of
    the device it expects, as the RPC object UUID says. (0, 0) where they say none.
    """

    relation: str = ""
    kind: int = 0
    session_key: int = 0
    mac: str = ""
    station: str = ""
    product: tuple[int, int] = (0, 0)
    target: tuple[int, int] = (0, 0)
    channels: list[Channel] = field(default_factory=list)
    submodules: list[Submodule] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Accepted:
    """A Connect's answer: the responder's MAC, and reference → frame id of each IOCR."""

    mac: str = ""
    frame_ids: dict[int, int] = field(default_factory=dict)


def read_asked(c: Any, asked: Asked) -> None:
    """Fill `asked` from the blocks of a Connect request; what was read before a DecodeError stays."""
    for kind in each_block(c):
        if kind == AR_REQUEST:
            _relation(c, asked)
        elif kind == _IOCR_REQUEST and len(asked.channels) < _MAX_CHANNELS:
            asked.channels.append(_channel(c))
        elif kind == _MODULES_REQUEST:
            for submodule in _submodules(c):
                if len(asked.submodules) < _MAX_SUBMODULES:
                    asked.submodules.append(submodule)


def _relation(c: Any, asked: Asked) -> None:
    asked.kind = c.u16be()
    asked.relation = uuid_text(c.take(16))
    asked.session_key = c.u16be()
    asked.mac = mac_text(int.from_bytes(c.take(6), "big"))
    c.skip(12)  # CMInitiatorObjectUUID: the same for all but instance, device and vendor
    device, vendor = c.u16be(), c.u16be()
    asked.product = (vendor, device)
    c.skip(8)
    asked.station = c.take(c.u16be())[:240].decode("utf-8", "backslashreplace")


def _channel(c: Any) -> Channel:
    kind, reference = c.u16be(), c.u16be()
    c.skip(2)
    properties, octets, frame_id = c.u32be(), c.u16be(), c.u16be()
    clock, ratio = c.u16be(), c.u16be()
    c.skip(8)
    watchdog = c.u16be()
    data, consumers = _places(c)
    cycle = clock * ratio * _CLOCK_NS
    return Channel(
        kind=_KINDS.get(kind, str(kind)),
        reference=reference,
        rt_class=properties & 15,
        octets=octets,
        frame_id=frame_id,
        send_clock=clock * _CLOCK_NS,
        cycle=cycle,
        watchdog=cycle * watchdog,
        data=data,
        consumers=consumers,
    )


def _places(c: Any) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """What a frame carries of each submodule: data objects, then consumer states, for each API."""
    c.skip(10)  # data hold factor, tag header, multicast address
    found: tuple[list[Place], list[Place]] = ([], [])
    for _ in range(c.u16be()):
        c.skip(4)
        for kind in found:
            for _ in range(c.u16be()):
                place = (c.u16be(), c.u16be(), c.u16be())
                if len(kind) < _MAX_SUBMODULES:
                    kind.append(place)
    return tuple(found[0]), tuple(found[1])


def _submodules(c: Any) -> Iterator[Submodule]:
    for _ in range(c.u16be()):
        api, slot, module = c.u32be(), c.u16be(), c.u32be()
        c.skip(2)
        for _ in range(c.u16be()):
            subslot, ident, properties = c.u16be(), c.u32be(), c.u16be()
            lengths = [0, 0, 0]
            for _ in range(2 if properties & 3 == 3 else 1):  # only one with both has two descriptions
                direction = c.u16be()
                lengths[min(direction & 3, 2)] = c.u16be()
                c.skip(2)
            yield Submodule(
                api=api,
                slot=slot,
                module=module,
                subslot=subslot,
                ident=ident,
                inputs=lengths[1],
                outputs=lengths[2],
            )


def read_accepted(c: Any) -> Accepted:
    """Read the blocks of a Connect's positive answer."""
    accepted = Accepted()
    for kind in each_block(c):
        if kind == _AR_ANSWER:
            c.skip(20)
            accepted.mac = mac_text(int.from_bytes(c.take(6), "big"))
        elif kind == _IOCR_ANSWER and len(accepted.frame_ids) < _MAX_CHANNELS:
            c.skip(2)
            reference = c.u16be()
            accepted.frame_ids[reference] = c.u16be()
    return accepted
