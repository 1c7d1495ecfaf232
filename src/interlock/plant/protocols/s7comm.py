"""S7 communication over ISO on TCP: requests, and a controller that answers them.

No public specification exists; the layouts are those that the open implementations agree on. ISO on TCP: RFC 1006;
the connection: ISO 8073 (COTP) class 0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols.tpkt import Packets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.plant.process.tags import State

__all__ = [
    "Cpu",
    "Real",
    "S7Server",
    "asks_for",
    "confirm",
    "connect",
    "granted",
    "job",
    "read_reals",
    "reals_of",
    "setup",
    "szl",
    "tpkt",
    "write_real",
]

JOB: Final = 1
ACK_DATA: Final = 3
USERDATA: Final = 7
SETUP: Final = 0xF0
READ: Final = 0x04
WRITE: Final = 0x05
REQUEST_DOWNLOAD: Final = 0x1A
DOWNLOAD_BLOCK: Final = 0x1B
DOWNLOAD_ENDED: Final = 0x1C
START_UPLOAD: Final = 0x1D
UPLOAD: Final = 0x1E
END_UPLOAD: Final = 0x1F
PI_SERVICE: Final = 0x28
PLC_STOP: Final = 0x29
_GOOD: Final = 0xFF
_NO_OBJECT: Final = 0x0A
_DT: Final = b"\x02\xf0\x80"
_REAL: Final = 0x08
_UPLOAD_ID: Final = 7
_PDU_OCTETS: Final = 240


@dataclass(frozen=True, slots=True)
class Real:
    """A tag as a REAL in a data block, at an octet."""

    tag: str
    block: int
    octet: int


@dataclass(slots=True, kw_only=True)
class Cpu:
    """What a controller says of itself, its blocks (`08` data, `0A` OB … by type and number) and whether it runs."""

    order_number: str
    serial: str
    name: str
    firmware: tuple[int, int, int]
    blocks: dict[str, bytes] = field(default_factory=dict)
    running: bool = True


def tpkt(octets: bytes) -> bytes:
    """RFC 1006 header."""
    return struct.pack("!BBH", 3, 0, 4 + len(octets)) + octets


def connect(rack: int = 0, slot: int = 2) -> bytes:
    """COTP connection request to a rack and slot (as a programming device: connection type 1)."""
    body = b"\xe0\x00\x00\x00\x01\x00\xc0\x01\x0a\xc1\x02\x01\x00" + bytes((0xC2, 2, 1, rack << 5 | slot))
    return tpkt(bytes((len(body),)) + body)


def job(reference: int, parameter: bytes, data: bytes = b"", kind: int = JOB) -> bytes:
    """A job (or user data) with its parameter and data."""
    return tpkt(
        _DT
        + struct.pack("!BBHHHH", 0x32, kind, 0, reference & 0xFFFF, len(parameter), len(data))
        + parameter
        + data
    )


def confirm(reference: int, parameter: bytes, data: bytes = b"", error: int = 0) -> bytes:
    """The acknowledgement of a job, with its data."""
    head = struct.pack("!BBHHHHH", 0x32, ACK_DATA, 0, reference & 0xFFFF, len(parameter), len(data), error)
    return tpkt(_DT + head + parameter + data)


def setup(reference: int) -> bytes:
    """Setup communication: one job at a time, PDUs of 240 octets."""
    return job(reference, struct.pack("!BBHHH", SETUP, 0, 1, 1, _PDU_OCTETS))


def _item(real: Real) -> bytes:
    bits = real.octet * 8
    return struct.pack("!BBBBHHB", 0x12, 0x0A, 0x10, _REAL, 1, real.block, 0x84) + bits.to_bytes(3, "big")


def read_reals(reference: int, reals: Sequence[Real]) -> bytes:
    """Read variables, at most 18."""
    return job(reference, bytes((READ, len(reals))) + b"".join(map(_item, reals)))


def write_real(reference: int, real: Real, value: float) -> bytes:
    """Write one variable."""
    data = struct.pack("!BBHf", 0, 0x07, 4, value)
    return job(reference, bytes((WRITE, 1)) + _item(real), data)


def szl(reference: int, number: int, index: int = 0) -> bytes:
    """Read a system status list: 0x0011 identifies the module, 0x001C the component."""
    parameter = b"\x00\x01\x12\x04\x11\x44\x01\x00"
    return job(reference, parameter, struct.pack("!BBHHH", _GOOD, 0x09, 4, number, index), USERDATA)


def granted(answers: Sequence[bytes]) -> bool:
    """Whether what a controller said to a job is an acknowledgement without an error."""
    return bool(answers) and answers[0][8:9] == bytes((ACK_DATA,)) and answers[0][17:19] == b"\0\0"


def asks_for(answers: Sequence[bytes], function: int) -> int | None:
    """The reference of the job by which a controller asks for the next step of a download; None where it does not."""
    last = answers[-1] if answers else b""
    if last[8:9] != bytes((JOB,)) or last[17:18] != bytes((function,)):
        return None
    return int.from_bytes(last[11:13], "big")


def reals_of(answer: bytes) -> tuple[float, ...]:
    """Values in the answer to read_reals. Raises ValueError where it is none, or refused."""
    try:
        kind, parameters, error = answer[8], struct.unpack_from("!H", answer, 13)[0], answer[17]
        at = 19 + parameters
        if kind != ACK_DATA or error or answer[19] != READ:
            raise ValueError(f"no variables in the answer: {answer[:24].hex()}")
        found = []
        for _ in range(answer[20]):
            if answer[at] != _GOOD:
                raise ValueError(f"variable refused with {answer[at]:#x}")
            found.append(struct.unpack_from("!f", answer, at + 4)[0])
            at += 8
        return tuple(found)
    except (IndexError, struct.error) as error:
        raise ValueError("an answer that ends early") from error


class S7Server:
    """A controller whose data blocks are an image's tags.

    wrote: told the tag and the value of every accepted write. stopped, started: called when the CPU is told to.
    """

    def __init__(
        self,
        image: State,
        reals: Sequence[Real],
        cpu: Cpu,
        wrote: Callable[[str, float], None] = lambda _tag, _value: None,
        ran: Callable[[bool], None] = lambda _running: None,
    ) -> None:
        self.cpu = cpu
        self._image = image
        self._wrote = wrote
        self._ran = ran
        self._reals: Mapping[tuple[int, int], Real] = {(r.block, r.octet): r for r in reals}

    def open(self) -> _Connection:
        """See Service."""
        return _Connection(self)

    def run(self, *, running: bool) -> None:
        """Start or stop the CPU."""
        self.cpu.running = running
        self._ran(running)

    def read(self, item: bytes) -> bytes:
        """One item of an answer to read variables."""
        real = self._real(item)
        if real is None:
            return bytes((_NO_OBJECT, 0, 0, 0))
        return struct.pack("!BBHf", _GOOD, 0x07, 4, self._image[real.tag])

    def write(self, item: bytes, value: float) -> int:
        """Return code of one item."""
        real = self._real(item)
        if real is None:
            return _NO_OBJECT
        self._wrote(real.tag, value)
        self._image[real.tag] = value
        return _GOOD

    def _real(self, item: bytes) -> Real | None:
        if len(item) < 12 or item[3] != _REAL or item[8] != 0x84:
            return None
        return self._reals.get((struct.unpack_from("!H", item, 6)[0], int.from_bytes(item[9:12], "big") // 8))


class _Connection:
    def __init__(self, server: S7Server) -> None:
        self._server = server
        self._packets = Packets()
        self._block = ("", b"")
        self._asked = 0
        self._jobs: dict[int, Callable[[int, bytes, bytes], list[bytes]]] = {
            SETUP: self._setup, READ: self._read, WRITE: self._write, REQUEST_DOWNLOAD: self._request_download,
            DOWNLOAD_ENDED: self._plain, START_UPLOAD: self._start_upload, UPLOAD: self._upload,
            END_UPLOAD: self._plain, PI_SERVICE: self._pi, PLC_STOP: self._stop,
        }  # fmt: skip

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. Raises ValueError where it isn't ISO on TCP: the server closes."""
        return [answer for message in self._packets.cut(octets) for answer in self._one(message)]

    def _one(self, message: bytes) -> list[bytes]:
        if message[1] & 0xF0 == 0xE0:
            return [tpkt(bytes((message[0],)) + b"\xd0" + message[4:6] + b"\x00\x07" + message[6:])]
        if len(message) < 13 or message[3] != 0x32:
            raise ValueError("not S7 communication")
        kind, _, reference, parameters = struct.unpack_from("!BHHH", message, 4)
        at = 15 if kind == ACK_DATA else 13
        parameter, data = message[at : at + parameters], message[at + parameters :]
        if not parameter:
            raise ValueError("a job without a function")
        if kind == USERDATA:
            return self._userdata(reference, parameter, data)
        if kind == ACK_DATA:
            return self._downloaded(parameter, data)
        answer = self._jobs.get(parameter[0])
        if answer is None:
            return [confirm(reference, parameter[:1], error=0x8104)]
        return answer(reference, parameter, data)

    def _plain(self, reference: int, parameter: bytes, _data: bytes) -> list[bytes]:
        return [confirm(reference, parameter[:1])]

    def _setup(self, reference: int, parameter: bytes, _data: bytes) -> list[bytes]:
        return [confirm(reference, parameter[:6] + _PDU_OCTETS.to_bytes(2, "big"))]

    def _read(self, reference: int, parameter: bytes, _data: bytes) -> list[bytes]:
        items = [parameter[2 + 12 * k : 14 + 12 * k] for k in range(parameter[1])]
        return [confirm(reference, parameter[:2], b"".join(map(self._server.read, items)))]

    def _write(self, reference: int, parameter: bytes, data: bytes) -> list[bytes]:
        codes = bytearray()
        for k in range(parameter[1]):
            value = struct.unpack_from("!f", data, 8 * k + 4)[0]
            codes.append(self._server.write(parameter[2 + 12 * k : 14 + 12 * k], value))
        return [confirm(reference, parameter[:2], bytes(codes))]

    def _request_download(self, reference: int, parameter: bytes, _data: bytes) -> list[bytes]:
        """The controller agrees, and then asks for the block itself."""
        self._block = (parameter[9:18].decode("ascii", "replace"), b"")
        self._asked = 0x8000
        return [confirm(reference, parameter[:1]), self._ask_for(DOWNLOAD_BLOCK)]

    def _ask_for(self, function: int) -> bytes:
        """A job of the controller's own to whom downloads to it."""
        self._asked += 1
        return job(
            self._asked,
            struct.pack("!B7sB", function, bytes(7), 9) + self._block[0].encode("ascii", "replace"),
        )

    def _downloaded(self, parameter: bytes, data: bytes) -> list[bytes]:
        name, octets = self._block
        if parameter[0] != DOWNLOAD_BLOCK:
            self._server.cpu.blocks[name] = octets
            return []
        self._block = (name, octets + data[4:])
        more = parameter[1:2] == b"\x01"
        return [self._ask_for(DOWNLOAD_BLOCK if more else DOWNLOAD_ENDED)]

    def _start_upload(self, reference: int, parameter: bytes, _data: bytes) -> list[bytes]:
        name = parameter[9:18].decode("ascii", "replace")
        octets = self._server.cpu.blocks.get(name)
        if octets is None:
            return [confirm(reference, parameter[:1], error=0xD20E)]
        self._block = (name, octets)
        told = struct.pack("!BBHIB", START_UPLOAD, 0, 0x0100, _UPLOAD_ID, 7) + b"%07d" % len(octets)
        return [confirm(reference, told)]

    def _upload(self, reference: int, _parameter: bytes, _data: bytes) -> list[bytes]:
        name, octets = self._block
        part, rest = octets[:200], octets[200:]
        self._block = (name, rest)
        data = struct.pack("!HH", len(part), 0x00FB) + part
        return [confirm(reference, bytes((UPLOAD, 1 if rest else 0)), data)]

    def _pi(self, reference: int, parameter: bytes, _data: bytes) -> list[bytes]:
        if b"P_PROGRAM" in parameter:
            self._server.run(running=True)
        return [confirm(reference, parameter[:1])]

    def _stop(self, reference: int, parameter: bytes, _data: bytes) -> list[bytes]:
        self._server.run(running=False)
        return [confirm(reference, parameter[:1])]

    def _userdata(self, reference: int, parameter: bytes, data: bytes) -> list[bytes]:
        told = (
            b"\x00\x01\x12\x08\x12" + bytes((0x80 | parameter[5] & 0x0F,)) + parameter[6:7] + bytes((0, 0, 0))
        )
        if parameter[5] & 0x0F != 4 or len(data) < 8:
            refused = struct.pack("!BBH", _NO_OBJECT, 0, 0)
            return [job(reference, told + b"\xd4\x02", refused, USERDATA)]
        number, index = struct.unpack_from("!HH", data, 4)
        records = self._records(number)
        size = len(records[0]) if records else 0
        body = struct.pack("!HHHH", number, index, size, len(records)) + b"".join(records)
        return [
            job(reference, told + b"\x00\x00", struct.pack("!BBH", _GOOD, 0x09, len(body)) + body, USERDATA)
        ]

    def _records(self, number: int) -> list[bytes]:
        cpu = self._server.cpu
        order = cpu.order_number.encode("ascii").ljust(20)
        if number == 0x0011:
            firmware = struct.pack("!HBBBB", 0, ord("V"), *cpu.firmware)
            return [
                struct.pack("!H", 1) + order + b"\0\0\0\x01\0\x01",
                struct.pack("!H", 7) + order + firmware,
            ]
        if number == 0x001C:
            named = ((1, cpu.name), (2, cpu.name), (5, cpu.serial))
            return [struct.pack("!H", k) + text.encode("ascii").ljust(32, b"\0") for k, text in named]
        if number == 0x0424:
            return [struct.pack("!HBBBB", 0x4302, 0xFF, 0x08 if cpu.running else 0x04, 0, 0) + bytes(14)]
        return []
