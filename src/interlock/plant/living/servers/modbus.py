"""pymodbus in front of an image: every read sees the last scan, every write reaches the next one."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Final

from pymodbus import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from interlock.plant.protocols.modbus import RESTART_S, overruns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.plant.living.images import Image
    from interlock.plant.protocols.modbus import Identity, Point

__all__ = ["serve_modbus"]

_WINDOW: Final = 64
"""Addresses of a table that exist, as our own session has them."""

_READ: Final = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
_WRITTEN: Final = {5: "coil", 15: "coil", 6: "holding", 16: "holding", 22: "holding", 23: "holding"}


class _Tables:
    """What the library calls whenever registers are read or written."""

    def __init__(self, image: Image, points: Sequence[Point]) -> None:
        self._image = image
        self._points = {
            table: [p for p in points if p.table == table]
            for table in ("coil", "discrete", "holding", "input")
        }

    async def act(
        self,
        function: int,
        _start: int,
        address: int,
        _count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> None:
        """Take what is written, then put what the controller holds where the library looks."""
        table = _READ.get(function) or _WRITTEN.get(function, "")
        points = self._points.get(table, [])
        for point in points:
            if values is not None and address <= point.address < address + len(values):
                self._image.write(point.tag, point.decode(int(values[point.address - address])))
        for point in points:
            held = point.encode(self._image[point.tag])
            if table in ("coil", "discrete"):
                word, bit = divmod(point.address, 16)
                registers[word] = registers[word] & ~(1 << bit) | (held & 1) << bit
            else:
                registers[point.address] = held


class _Copies(ServerRequestHandler):
    """A connection of a machine that fails on what overruns its buffer; the library would throw that away."""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if overruns(self.recv_buffer + data):
            self.server.image.fails(RESTART_S)
            signal.pause()  # nothing more is said until the plant ends this process
        super().data_received(data)


class _Fragile(ModbusTcpServer):
    """See ModbusServer. image: the machine's, once it is known."""

    image: Image

    def callback_new_connection(self) -> _Copies:
        """See the library."""
        return _Copies(self, self.trace_packet, self.trace_pdu, self.trace_connect)


def serve_modbus(
    image: Image, address: tuple[str, int], points: Sequence[Point], identity: Identity, *, fragile: bool
) -> None:
    """Serve until the process ends. fragile: see ModbusServer."""
    named = ModbusDeviceIdentification(info={0: identity.vendor, 1: identity.product, 2: identity.revision})
    bits = [SimData(0, values=[False] * _WINDOW, datatype=DataType.BITS)]
    words = [SimData(0, count=_WINDOW, values=0, datatype=DataType.REGISTERS)]
    device = SimDevice(
        0, simdata=(bits, list(bits), words, list(words)), identity=named, action=_Tables(image, points).act
    )

    async def run() -> None:
        server = (_Fragile if fragile else ModbusTcpServer)(device, identity=named, address=address)
        server.image = image
        await server.serve_forever(background=True)
        image.ready()
        await server.serving

    asyncio.run(run())
