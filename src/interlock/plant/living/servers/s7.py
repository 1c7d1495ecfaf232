"""python-snap7 in front of an image: the controller's data block, kept fresh, and what is written into it.

The library knows data blocks alone, and is somebody by itself. Programs, who the controller is, and its password are
the business of our own session, behind the library's connection.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Any, Final

from snap7.server import Server
from snap7.type import SrvArea

from interlock.plant.protocols.s7comm import (
    DOWNLOAD_BLOCK,
    DOWNLOAD_ENDED,
    END_UPLOAD,
    REQUEST_DOWNLOAD,
    START_UPLOAD,
    UPLOAD,
    S7Server,
    tpkt,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.plant.living.images import Image
    from interlock.plant.protocols.s7comm import Cpu, Real
    from interlock.plant.protocols.session import Session

__all__ = ["serve_s7"]

_EVERY_S: Final = 0.05
_DT: Final = b"\x02\xf0\x80"
_HEAD: Final = 4 + len(_DT)
_JOB, _CONFIRMED, _USERDATA = b"\x01", b"\x03", b"\x07"
_GROUP: Final = 5
"""Where user data say their kind and group of functions."""

_OUR_GROUPS: Final = frozenset({4, 5})
"""Functions of the CPU (system status lists), security."""

_PROGRAMS: Final = frozenset(
    bytes((function,))
    for function in (REQUEST_DOWNLOAD, DOWNLOAD_BLOCK, DOWNLOAD_ENDED, START_UPLOAD, UPLOAD, END_UPLOAD)
)
_REAL: Final = struct.Struct("!f")


class _Block:
    """One data block as the library holds it. What differs from what was last put there was written by a client."""

    def __init__(self, image: Image, reals: Sequence[Real]) -> None:
        self._image = image
        self._reals = tuple(reals)
        self.octets = bytearray(max(r.octet for r in reals) + _REAL.size)
        self._put = {r.tag: bytes(_REAL.size) for r in reals}

    def take(self) -> None:
        """What clients wrote goes to the controller; to be called while the library's lock is held."""
        for real in self._reals:
            there = self.octets[real.octet : real.octet + _REAL.size]
            if there != self._put[real.tag]:
                self._image.write(real.tag, float(_REAL.unpack(there)[0]))

    def put(self) -> None:
        """What the controller holds goes where clients read it."""
        for real in self._reals:
            self._put[real.tag] = octets = _REAL.pack(self._image[real.tag])
            self.octets[real.octet : real.octet + _REAL.size] = octets


def _ours(pdu: bytes) -> bool:
    """Whether a PDU is about programs, or user data about who the controller is or its password."""
    kind, parameter = pdu[1:2], pdu[10:]
    if kind == _USERDATA:
        return len(parameter) > _GROUP and parameter[_GROUP] & 0x0F in _OUR_GROUPS
    return kind == _CONFIRMED or (kind == _JOB and parameter[:1] in _PROGRAMS)


class _Controller(Server):
    """The library's server, and a session of ours for each of its connections, each with a thread of its own."""

    def __init__(self, cpu: Cpu) -> None:
        super().__init__(log=False)
        self._programs = S7Server({}, (), cpu)
        self._connections: dict[tuple[str, int], tuple[Session, Any]] = {}

    def _handle_client(self, client_socket: Any, address: tuple[str, int]) -> None:
        self._connections[address] = self._programs.open(), client_socket
        try:
            super()._handle_client(client_socket, address)
        finally:
            del self._connections[address]

    def _process_request(self, request_data: bytes, client_address: tuple[str, int]) -> bytes | None:
        """What is said to a PDU; all but the last message at once, for the library sends but one."""
        if not _ours(request_data):
            told: bytes | None = super()._process_request(request_data, client_address)
            return told
        session, sock = self._connections[client_address]
        *before, last = session.receive(tpkt(_DT + request_data)) or (b"",)
        for each in before:
            sock.sendall(each)
        return last[_HEAD:] or None


def serve_s7(image: Image, address: tuple[str, int], reals: Sequence[Real], cpu: Cpu) -> None:
    """Serve until the process ends. cpu: who it is, with its program."""
    number = reals[0].block
    block = _Block(image, reals)
    block.put()
    server = _Controller(cpu)
    server.register_area(SrvArea.DB, number, block.octets)
    server.port = address[1]
    server.start_to(*address)
    image.ready()
    running = True
    while True:
        time.sleep(_EVERY_S)
        server.lock_area(SrvArea.DB, number)
        try:
            block.take()
            block.put()
        finally:
            server.unlock_area(SrvArea.DB, number)
        runs = "Stop" not in str(server.get_status()[1])
        if runs != running:
            running = cpu.running = runs
            image.runs(running=runs)
