"""Messages that break the rules of their protocol: lengths that lie, functions that do not exist, counts beyond bounds.

Each is broken in one place alone and right in every other one, so that only a reader of that place notices.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols import bacnet, cip, dnp3, goose, iec104, modbus, profinet, s7comm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Broken", "broken"]


@dataclass(frozen=True, slots=True)
class Broken:
    """One message. what: which rule it breaks. before: right messages that lead to it on the same connection."""

    protocol: str
    what: str
    octets: bytes
    before: tuple[bytes, ...] = ()


def broken(number: Callable[[], int]) -> Iterator[Broken]:
    """Every message once. number: draws an octet by which two rounds differ."""
    some = bytes(number() for _ in range(12))
    for protocol, build in _BUILDERS.items():
        for what, octets, *before in build(some):
            yield Broken(protocol, what, octets, tuple(before))


_Built = tuple[str, bytes] | tuple[str, bytes, bytes] | tuple[str, bytes, bytes, bytes]
"""Rule, message, and the right messages before it."""


def _modbus(some: bytes) -> Iterator[_Built]:
    yield "a function that does not exist", modbus.adu(some[0], 1, bytes((0x64 + some[1] % 16,)) + some[:4])
    yield "a count beyond what a message can carry", modbus.adu(some[1], 1, modbus.read(3, 0, 2000))
    wrong = struct.pack("!BHHB", 16, 0, 4, 200) + some
    yield "a count of octets that does not fit the registers", modbus.adu(some[2], 1, wrong)
    yield "a protocol identifier that is not Modbus", struct.pack("!HHHB", some[3], 7, 900, 1) + some


def _s7comm(some: bytes) -> Iterator[_Built]:
    connected = s7comm.connect()
    agreed = s7comm.setup(1)
    yield "a TPKT length below that of its own header", b"\x03\x00\x00\x02" + some[:3]
    yield "a TPKT version that does not exist", b"\x09" + connected[1:]
    yield "a COTP length beyond its packet", connected[:4] + b"\xf0" + connected[5:]
    pdu = bytearray(s7comm.job(some[0], bytes((s7comm.READ, 1)) + some))
    pdu[13:15] = struct.pack("!H", 0x4000)
    yield "a parameter length beyond the message", bytes(pdu), connected, agreed
    yield "a kind of message that does not exist", s7comm.job(some[1], some[:6], kind=9), connected, agreed
    many = bytes((s7comm.READ, 200)) + b"\x12\x0a\x10\x08" + some[:8]
    yield "200 items announced and one there", s7comm.job(some[2], many), connected, agreed
    yield (
        "an item syntax that does not exist",
        s7comm.job(some[3], bytes((s7comm.READ, 1, 0x12, 4, 0xEE)) + some[:3]),
        connected,
        agreed,
    )


def _enip(some: bytes) -> Iterator[_Built]:
    yield "an encapsulation command that does not exist", cip.encapsulate(0x00FE, 0, some)
    yield (
        "a RegisterSession of a version that does not exist",
        cip.encapsulate(cip.REGISTER, 0, b"\x09\x00\x00\x00"),
    )
    registered = cip.register()
    body = struct.pack("<IHH", 0, 10, 40) + some[:4]
    yield "40 items announced and none there", cip.encapsulate(cip.SEND_RR, 1, body), registered
    inner = cip.unconnected(1, cip.request(cip.GET_SINGLE, b"\x20\x01"), some[0])
    yield "a path longer than its message", inner[:-3] + b"\x7f" + inner[-2:], registered
    lies = bytearray(cip.encapsulate(cip.LIST_IDENTITY, 0, some))
    lies[2:4] = b"\xff\xff"
    yield "an encapsulation length beyond all bounds", bytes(lies)


def _dnp3(some: bytes) -> Iterator[_Built]:
    right = dnp3.request(some[0], dnp3.READ, dnp3.CLASS_0)
    yield "a header with a wrong CRC", right[:8] + bytes((right[8] ^ 0xFF,)) + right[9:]
    yield "user data with a wrong CRC", right[:-1] + bytes((right[-1] ^ 0xFF,))
    yield "a link length below the least", dnp3.linked(3, some[:2])
    yield "a function that does not exist", dnp3.request(some[1], 0x70, dnp3.CLASS_0)
    yield (
        "a range whose end is before its begin",
        dnp3.request(some[2], dnp3.READ, b"\x1e\x01\x01\xff\x00\x01\x00"),
    )
    yield "an object header that ends early", dnp3.request(some[3], dnp3.READ, b"\x0c")


def _iec104(some: bytes) -> Iterator[_Built]:
    begun = iec104.u_frame(iec104.STARTDT)
    yield "a frame that does not begin with 68", b"\x69" + begun[1:]
    yield "an APCI length below the least", b"\x68\x03" + some[:3]
    asdu = struct.pack("<BBBBH", 45, 127, 6, 0, 1) + some[:4]
    yield "127 objects announced and one there", b"\x68" + bytes((4 + len(asdu),)) + bytes(4) + asdu, begun
    asdu = struct.pack("<BBBBH", 0, 1, 6, 0, 1) + some[:4]
    yield "a type of ASDU that does not exist", b"\x68" + bytes((4 + len(asdu),)) + bytes(4) + asdu, begun
    yield "a control function that does not exist", b"\x68\x04\xff" + some[:3]


def _bacnet(some: bytes) -> Iterator[_Built]:
    right = bacnet.who_is()
    yield "a BVLC length beyond the datagram", right[:2] + b"\x40\x00" + right[4:]
    yield "an NPDU of a version that does not exist", right[:4] + b"\x09" + right[5:]
    yield "a confirmed service that does not exist", _bvlc(b"\x01\x04\x00\x05" + some[:1] + b"\xfa")
    yield (
        "a tag longer than its datagram",
        _bvlc(b"\x01\x04\x00\x05" + some[1:2] + b"\x0c\x0c\x00\x00\x00\x01\x1d\xfe\xff\xff"),
    )
    yield "a closing tag that nothing opened", _bvlc(b"\x01\x04\x00\x05" + some[2:3] + b"\x0f\x3f")


def _bvlc(npdu: bytes) -> bytes:
    return b"\x81\x0a" + struct.pack("!H", 4 + len(npdu)) + npdu


def _goose(some: bytes) -> Iterator[_Built]:
    base = "RTUFEEDERCTRL/LLN0"
    publisher = goose.Publisher(
        reference=f"{base}$GO$breaker", data_set=f"{base}$breaker", name="breaker", application=0x3001,
        state_number=1 + some[0],
    )  # fmt: skip
    publisher.changed((True, 0.0), 0.0)
    right = publisher.payload(4000)
    yield "a length beyond the frame", right[:2] + b"\x7f\xff" + right[4:]
    yield "an APDU longer than its frame", right[:9] + b"\x82\x7f\xff" + right[10:]
    at = right.index(b"\x8a\x01")
    yield "99 entries announced and two there", right[: at + 2] + b"\x63" + right[at + 3 :]
    yield "a tag in place of the APDU's", right[:8] + b"\x7e" + right[9:]


def _dcp(some: bytes) -> Iterator[_Built]:
    xid = int.from_bytes(some[:4], "big")
    right = profinet.find(xid, "rio-boiler")
    yield "a length of all blocks beyond the frame", right[:10] + b"\xff\xff" + right[12:]
    yield "a block longer than its frame", right[:14] + b"\x7f\xff" + right[16:]
    yield "a service that does not exist", right[:2] + b"\x09" + right[3:]
    yield "a block that ends within its header", right[:10] + b"\x00\x02\x02\x02"


_BUILDERS: Final[dict[str, Callable[[bytes], Iterator[_Built]]]] = {
    "modbus": _modbus, "s7comm": _s7comm, "enip": _enip, "dnp3": _dnp3, "iec104": _iec104, "bacnet": _bacnet,
    "goose": _goose, "profinet-dcp": _dcp,
}  # fmt: skip
