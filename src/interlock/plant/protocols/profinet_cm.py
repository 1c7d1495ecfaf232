"""PROFINET context management: how a controller and a device agree on what they exchange in cycles.

Source: IEC 61158-6-10, 5.2.3 (Connect, Write, Control), 5.2.4 to 5.2.7 (blocks); Open Group C706, 12.5 (RPC header).

    RPC header 80 | NDR 20: maximum or status, length, maximum count, offset, actual count | blocks
    block: type 2 | length 2, from the version on | version 1.0 | content                     big endian, header little
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["PORT", "Agreement", "ControllerEnd", "DeviceEnd", "Module", "Party"]

PORT: Final = 34964
_CONNECT, _READ, _WRITE, _CONTROL = 0, 2, 3, 4
_REQUEST, _RESPONSE = 0, 2
_IDEMPOTENT: Final = 0x20
_AR, _IOCR, _ALARM_CR, _EXPECTED = 0x0101, 0x0102, 0x0103, 0x0104
_WRITE_HEADER, _READ_HEADER = 0x0008, 0x0009
_IDENTIFICATION: Final = 0xAFF0
"""Index of the record that says who a module is (I&M0)."""

_PRM_END, _APPLICATION_READY = 0x0110, 0x0112
_ANSWER: Final = 0x8000
_DONE: Final = 8
_DATA_OCTETS: Final = 40
_HEADER: Final = struct.Struct("<BBBB3sB16s16s16sIIIHHHHHBB")
_DEVICE, _CONTROLLER = (uuid.UUID(f"dea0000{k}-6c97-11d1-8271-00a02442df7d") for k in (1, 2))
_NDR: Final = 20
_RT_CLASS_1: Final = 1
_ETHERTYPE: Final = 0x8892


@dataclass(frozen=True, slots=True)
class Party:
    """One end: its name, vendor and device identity, hardware address; order and serial number where it has them."""

    name: str
    vendor: int
    device: int
    mac: bytes
    order: str = ""
    serial: str = ""

    @property
    def object(self) -> uuid.UUID:
        """Its object in every call: instance 1."""
        return uuid.UUID(f"dea00000-6c97-11d1-8271-0001{self.device:04x}{self.vendor:04x}")


@dataclass(frozen=True, slots=True)
class Module:
    """What is plugged into a slot, in subslot 1: inputs and outputs in octets; at (in the frame that carries it)."""

    slot: int
    ident: int
    inputs: int = 0
    outputs: int = 0
    at: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is asked for: modules, frame identities of inputs and outputs, reduction of a 1 ms send clock."""

    modules: tuple[Module, ...]
    inputs: int
    outputs: int
    reduction: int


def _block(kind: int, content: bytes) -> bytes:
    return struct.pack("!HHBB", kind, len(content) + 2, 1, 0) + content


def _blocks(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each block. Raises ValueError where one ends early."""
    at = 0
    while at + 6 <= len(octets):
        kind, length = struct.unpack_from("!HH", octets, at)
        if length < 2 or at + 4 + length > len(octets):
            raise ValueError("a block that ends early")
        yield kind, octets[at + 6 : at + 4 + length]
        at += 4 + length


def _call(kind: int, ends: Sequence[uuid.UUID], sequence: int, operation: int, body: bytes) -> bytes:
    """ends: object, interface, activity."""
    uuids = (end.bytes_le for end in ends)
    flags = _IDEMPOTENT if kind == _REQUEST else 0x0A
    numbers = (0, 1, sequence, operation, 0xFFFF, 0xFFFF, len(body), 0, 0, 0)
    return _HEADER.pack(4, kind, flags, 0, b"\x10\0\0", 0, *uuids, *numbers) + body


def _asked(blocks: bytes) -> bytes:
    return struct.pack("<5I", len(blocks), len(blocks), len(blocks), 0, len(blocks)) + blocks


def _told(blocks: bytes) -> bytes:
    return struct.pack("<5I", 0, len(blocks), len(blocks), 0, len(blocks)) + blocks


def _content(octets: bytes, kind: int) -> tuple[int, int, uuid.UUID, bytes]:
    """Operation, sequence, activity and blocks of a call. Raises ValueError where it is none of this kind."""
    if len(octets) < _HEADER.size + _NDR or octets[0] != 4 or octets[1] != kind or octets[4] & 0xF0 != 0x10:
        raise ValueError("no such call")
    fields = _HEADER.unpack_from(octets)
    activity, sequence, operation, length = uuid.UUID(bytes_le=fields[8]), fields[11], fields[12], fields[15]
    return operation, sequence, activity, octets[_HEADER.size + _NDR : _HEADER.size + length]


def _control(kind: int, relation: bytes, key: int, command: int) -> bytes:
    return _block(kind, bytes(2) + relation + struct.pack("!HHHH", key, 0, command, 0))


@dataclass(slots=True)
class ControllerEnd:
    """The controller's end. target: the device's hardware address, once it has said so. ready: it has said it is."""

    station: Party
    device: Party
    agreement: Agreement
    target: bytes = b""
    ready: bool = False
    missed: int = 0
    _times: int = 0
    _sequence: int = 0
    _relation: uuid.UUID = field(default_factory=lambda: uuid.UUID(int=0))

    def open(self) -> ControllerEnd:
        """See Service; datagrams have no connection."""
        return self

    def connect(self) -> bytes:
        """Ask for a relation."""
        self._times += 1
        self._sequence, self.target, self.ready, self.missed = 0, b"", False, 0
        self._relation = uuid.UUID(int=0x5A100000_0000_4000_8000_000000000000 | self._times)
        name = self.station.name.encode("ascii")
        relation = struct.pack("!H16sH6s16sIHHH", 1, self._relation.bytes, self._times & 0xFFFF, self.station.mac,
                               self.station.object.bytes, 0x11, 200, _ETHERTYPE, len(name)) + name  # fmt: skip
        alarms = struct.pack("!HHIHHHHHH", 1, _ETHERTYPE, 0, 1, 3, 1, 200, 0xC000, 0xA000)
        blocks = _block(_AR, relation) + self._data(1) + self._data(2) + _block(_ALARM_CR, alarms)
        return self._ask(_CONNECT, blocks + b"".join(map(_expected, self.agreement.modules)))

    def connected(self, answer: bytes) -> None:
        """Take the device's hardware address. Raises ValueError where it has refused, or the answer is none."""
        _, _, _, octets = _content(answer, _RESPONSE)
        for kind, content in _blocks(octets):
            if kind == _AR | _ANSWER and len(content) >= 26:
                self.target = content[20:26]
        if not self.target:
            raise ValueError("no relation")

    def write(self, slot: int, index: int, record: bytes) -> bytes:
        """Write a record of parameters to a module."""
        head = struct.pack(
            "!H16sIHHHHI24x", self._sequence, self._relation.bytes, 0, slot, 1, 0, index, len(record)
        )
        return self._ask(_WRITE, _block(_WRITE_HEADER, head) + record)

    def identify(self) -> bytes:
        """Ask the device itself (slot 0) who it is."""
        head = struct.pack(
            "!H16sIHHHHI24x", self._sequence, self._relation.bytes, 0, 0, 1, 0, _IDENTIFICATION, 256
        )
        return self._ask(_READ, _block(_READ_HEADER, head))

    def end_of_parameters(self) -> bytes:
        """Say that all records are written."""
        return self._ask(_CONTROL, _control(_PRM_END, self._relation.bytes, self._times & 0xFFFF, 1))

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session: the device says that it is ready. What isn't that is ignored."""
        try:
            operation, sequence, activity, blocks = _content(octets, _REQUEST)
            ((kind, content),) = _blocks(blocks)
        except ValueError:
            return ()
        if operation != _CONTROL or kind != _APPLICATION_READY or content[2:18] != self._relation.bytes:
            return ()
        self.ready = True
        done = _control(kind | _ANSWER, content[2:18], self._times & 0xFFFF, _DONE)
        return (
            _call(_RESPONSE, (self.station.object, _CONTROLLER, activity), sequence, operation, _told(done)),
        )

    def _ask(self, operation: int, blocks: bytes) -> bytes:
        activity = uuid.UUID(int=0x5A10AC00_0000_4000_8000_000000000000 | self._times)
        message = _call(
            _REQUEST, (self.device.object, _DEVICE, activity), self._sequence, operation, _asked(blocks)
        )
        self._sequence += 1
        return message

    def _data(self, kind: int) -> bytes:
        """One communication relation: 1 inputs, 2 outputs; status octets stand behind the data of all modules."""
        told, agreement = kind == 1, self.agreement
        frame = agreement.inputs if told else 0xFFFF
        carried = [
            m for m in agreement.modules if (m.inputs if told else m.outputs) or (told and not m.outputs)
        ]
        others = [m for m in agreement.modules if m not in carried]
        behind = sum(m.inputs if told else m.outputs for m in carried) + len(carried)
        objects = b"".join(struct.pack("!HHH", m.slot, 1, m.at) for m in carried)
        statuses = b"".join(struct.pack("!HHH", m.slot, 1, behind + k) for k, m in enumerate(others))
        return _block(
            _IOCR,
            struct.pack("!HHHIHHHHHHIHHH6sHI", kind, kind, _ETHERTYPE, _RT_CLASS_1, _DATA_OCTETS, frame, 32,
                        agreement.reduction, 1, 0, 0xFFFFFFFF, 3, 3, 0xC000, bytes(6), 1, 0)
            + struct.pack("!H", len(carried)) + objects + struct.pack("!H", len(others)) + statuses,
        )  # fmt: skip


def _expected(module: Module) -> bytes:
    """One slot with what is expected in it."""
    kind = 1 if module.inputs else 2 if module.outputs else 0
    head = struct.pack("!HIHIHH", 1, 0, module.slot, module.ident, 0, 1)
    described = struct.pack("!HHBB", 2 if module.outputs else 1, module.inputs or module.outputs, 1, 1)
    return _block(_EXPECTED, head + struct.pack("!HIH", 1, 1, kind) + described)


@dataclass(slots=True)
class DeviceEnd:
    """The device's end. target: the controller's hardware address; empty where no relation stands.

    named: it has a name and an address, and so can be asked at all.
    parameters: records written. prepared: all are, and the controller waits to hear that the device is ready.
    """

    station: Party
    outputs: int
    target: bytes = b""
    prepared: bool = False
    named: bool = True
    missed: int = 0
    parameters: dict[tuple[int, int], bytes] = field(default_factory=dict)
    _relation: bytes = bytes(16)
    _key: int = 0
    _initiator: uuid.UUID = field(default_factory=lambda: uuid.UUID(int=0))
    _times: int = 0

    def open(self) -> DeviceEnd:
        """See Service; datagrams have no connection."""
        return self

    def drop(self) -> None:
        """The relation is over: the controller has fallen silent."""
        self.target, self.prepared = b"", False

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. What isn't a call of an IO device is ignored."""
        try:
            operation, sequence, activity, blocks = _content(octets, _REQUEST)
            answer = self._answer(operation, blocks)
        except (ValueError, struct.error):
            return ()
        if not answer:
            return ()
        return (
            _call(_RESPONSE, (self.station.object, _DEVICE, activity), sequence, operation, _told(answer)),
        )

    def application_ready(self) -> bytes:
        """Tell the controller."""
        self.prepared, self._times = False, self._times + 1
        block = _control(_APPLICATION_READY, self._relation, self._key, 2)
        activity = uuid.UUID(int=0x5A10AD00_0000_4000_8000_000000000000 | self._times)
        return _call(_REQUEST, (self._initiator, _CONTROLLER, activity), 0, _CONTROL, _asked(block))

    def _answer(self, operation: int, octets: bytes) -> bytes:
        if not self.named:
            return b""
        if operation == _CONNECT:
            return b"".join(self._accept(kind, content) for kind, content in _blocks(octets))
        if operation == _WRITE:
            return self._written(octets)
        if operation == _READ:
            return self._identified(octets)
        if operation != _CONTROL:
            return b""
        ((kind, content),) = _blocks(octets)
        if kind != _PRM_END or content[2:18] != self._relation:
            return b""
        self.prepared = True
        return _control(kind | _ANSWER, self._relation, self._key, _DONE)

    def _accept(self, kind: int, content: bytes) -> bytes:
        if kind == _AR:
            self._relation, self._key = content[2:18], struct.unpack_from("!H", content, 18)[0]
            self.target, self._initiator = content[20:26], uuid.UUID(bytes=content[26:42])
            self.prepared, self.missed = False, 0
            return _block(kind | _ANSWER, content[:20] + self.station.mac + struct.pack("!H", _ETHERTYPE))
        if kind == _IOCR:
            role, reference = struct.unpack_from("!HH", content)
            frame = self.outputs if role == 2 else struct.unpack_from("!H", content, 12)[0]
            return _block(kind | _ANSWER, struct.pack("!HHH", role, reference, frame))
        return _block(kind | _ANSWER, struct.pack("!HHH", 1, 1, 200)) if kind == _ALARM_CR else b""

    def _written(self, octets: bytes) -> bytes:
        head = octets[6:64]
        sequence, relation, api, slot, subslot, _, index, length = struct.unpack_from("!H16sIHHHHI", head)
        if relation != self._relation or len(octets) < 64 + length:
            return b""
        self.parameters[slot, index] = octets[64 : 64 + length]
        told = struct.pack(
            "!H16sIHHHHIHHI16x", sequence, relation, api, slot, subslot, 0, index, length, 0, 0, 0
        )
        return _block(_WRITE_HEADER | _ANSWER, told)

    def _identified(self, octets: bytes) -> bytes:
        sequence, relation, api, slot, subslot, _, index = struct.unpack_from("!H16sIHHHH", octets, 6)
        if relation != self._relation or index != _IDENTIFICATION:
            return b""
        party = self.station
        told = party.vendor.to_bytes(2, "big") + party.order.encode("ascii").ljust(20)
        told += party.serial.encode("ascii").ljust(16)
        told += struct.pack("!H4sHHH2sH", 3, b"V\x01\x02\x00", 0, 0, 0, b"\1\1", 0)
        record = _block(0x0020, told)
        head = struct.pack(
            "!H16sIHHHHIHH20x", sequence, relation, api, slot, subslot, 0, index, len(record), 0, 0
        )
        return _block(_READ_HEADER | _ANSWER, head) + record
