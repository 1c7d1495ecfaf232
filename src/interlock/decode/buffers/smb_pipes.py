r"""What named pipes of SMB carry, as calls of DCE/RPC.

    SMB 2, body at 64  | WRITE: data at 2, length 4 at 4, file 16 at 16
                       | READ: file at 16; answer: data at 2, length at 4
                       | IOCTL: code 4 at 4, file at 8, input 4 + 4 at 24; answer: output 4 + 4 at 32
    SMB 1, words at 33 | WRITE_ANDX: file 2 at 4, length 2 at 20, data 2 at 22
                       | READ_ANDX: file at 4; answer: length 2 at 10, data 2 at 12
                       | TRANSACTION: length 2 at 22, data 2 at 24, function 2 at 28, file 2 at 30; answer: both at 12

A file whose first octets are no DCE/RPC is none that this is about.
Source: MS-SMB2 clauses 2.2.19 to 2.2.22, 2.2.31, 2.2.32; MS-CIFS clauses 2.2.4.42, 2.2.4.43 and 2.2.5.6; MS-RPCE
clause 2.1.1.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.dcerpc import Calls
from interlock.decode.protocols.dcerpc.pdu import HEADER_OCTETS, plausible

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.decode.buffers.sink import Sink

__all__ = ["Pipes"]

_READ2, _WRITE2, _IOCTL2 = 8, 9, 11
_TRANSACTION1, _READ1, _WRITE1 = 0x25, 0x2E, 0x2F
_TRANSCEIVE: Final = 0x0011C017
_PENDING: Final = 0x00000103
"""Status of an interim answer: the one that counts comes later (MS-SMB2 clause 3.3.4.2)."""
_TRANSACT: Final = 0x26
_MOST_PIPES, _MOST_ASKED, _MOST_HELD = 64, 64, 65_536
_WORDS: Final = 33


class _Pipe:
    __slots__ = ("calls", "held")

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.held = [b"", b""]


class Pipes:
    """Those of one connection. number: gives the next transaction."""

    def __init__(self, sink: Sink, number: Callable[[], int]) -> None:
        self._sink = sink
        self._number = number
        self._open: dict[bytes, _Pipe] = {}
        self._asked: dict[bytes, bytes] = {}

    def modern(self, side: int, octets: bytes) -> None:
        """A message of SMB 2. Raises DecodeError."""
        command, message = _word(octets, 12), octets[24:32]
        if octets[16] & 1:
            if _long(octets, 8) == _PENDING:
                return
            at, size = (
                (octets[66], _long(octets, 68))
                if command == _READ2
                else (_long(octets, 96), _long(octets, 100))
            )
            if command in (_READ2, _IOCTL2):
                self._answered(side, message, octets[at : at + size])
        elif command == _WRITE2:
            self._carried(side, octets[80:96], octets[_word(octets, 66) :][: _long(octets, 68)])
        elif command == _READ2:
            self._ask(message, octets[80:96])
        elif command == _IOCTL2 and _long(octets, 68) == _TRANSCEIVE:
            self._ask(message, octets[72:88])
            self._carried(side, octets[72:88], octets[_long(octets, 88) :][: _long(octets, 92)])

    def classic(self, side: int, octets: bytes) -> None:
        """A message of SMB 1. Raises DecodeError."""
        command, message = octets[4], octets[30:32]
        if octets[9] & 0x80:
            if command in (_READ1, _TRANSACTION1):
                size, at = (_word(octets, _WORDS + k) for k in ((10, 12) if command == _READ1 else (12, 14)))
                self._answered(side, message, octets[at : at + size])
        elif command == _WRITE1:
            at = _word(octets, _WORDS + 22)
            self._carried(side, octets[_WORDS + 4 : _WORDS + 6], octets[at : at + _word(octets, _WORDS + 20)])
        elif command == _READ1:
            self._ask(message, octets[_WORDS + 4 : _WORDS + 6])
        elif command == _TRANSACTION1 and _word(octets, _WORDS + 28) == _TRANSACT:
            file, at = octets[_WORDS + 30 : _WORDS + 32], _word(octets, _WORDS + 24)
            self._ask(message, file)
            self._carried(side, file, octets[at : at + _word(octets, _WORDS + 22)])

    def _ask(self, message: bytes, file: bytes) -> None:
        if file not in self._open and len(self._asked) >= _MOST_ASKED:
            return
        self._asked[message] = file
        if len(self._asked) > _MOST_ASKED:
            del self._asked[next(iter(self._asked))]

    def _answered(self, side: int, message: bytes, octets: bytes) -> None:
        file = self._asked.pop(message, None)
        if file is not None and file in self._open:
            self._fed(side, file, octets)

    def _carried(self, side: int, file: bytes, octets: bytes) -> None:
        if file not in self._open:
            if len(octets) < HEADER_OCTETS or not plausible(octets[:HEADER_OCTETS]):
                return
            if len(self._open) >= _MOST_PIPES:
                del self._open[next(iter(self._open))]
            self._open[file] = _Pipe(Calls(self._sink, self._number))
        self._fed(side, file, octets)

    def _fed(self, side: int, file: bytes, octets: bytes) -> None:
        pipe = self._open[file]
        data = pipe.held[side] + octets
        while len(data) >= HEADER_OCTETS:
            length = plausible(data[:HEADER_OCTETS])
            if not length:
                del self._open[file]
                return
            if length > len(data):
                break
            pipe.calls.packet(side, data[:length])
            data = data[length:]
        pipe.held[side] = data[:_MOST_HELD]


def _word(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[at : at + 2], "little")


def _long(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[at : at + 4], "little")
