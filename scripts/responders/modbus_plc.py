"""The mixing PLC and the serial gateway: Modbus/TCP servers made of pymodbus."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
import time

from pymodbus import ModbusDeviceIdentification
from pymodbus.server import StartAsyncTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

_PLC = {
    "VendorName": "Schneider Electric",
    "ProductCode": "BMX P34 2020",
    "MajorMinorRevision": "v2.70",
    "VendorUrl": "www.example.com",
    "ProductName": "Modicon M340",
    "ModelName": "BMX P34 2020",
    "UserApplicationName": "MIXER_01",
}
_GATEWAY = {
    "VendorName": "Moxa",
    "ProductCode": "MGate MB3180",
    "MajorMinorRevision": "2.3",
    "ProductName": "MGate MB3180",
}


async def _process(
    _function: int, start: int, address: int, count: int, registers: list[int], written: list[int] | None
) -> None:
    """Let the first eight registers of a block move as temperatures and levels do."""
    if written is None and len(registers) >= 8:
        for i in range(max(address - start, 0), min(address - start + count, 8)):
            registers[i] = int(4000 + 300 * i + 250 * math.sin(time.monotonic() / (9 + 4 * i)))


def _device(unit: int, size: int, identity: ModbusDeviceIdentification) -> SimDevice:
    def bits() -> list[SimData]:
        return [SimData(0, count=size, values=True, datatype=DataType.BITS)]

    def words(value: int) -> list[SimData]:
        return [SimData(0, count=size, values=value, datatype=DataType.REGISTERS)]

    blocks = (bits(), bits(), words(1500), words(800))
    return SimDevice(unit, simdata=blocks, identity=identity, action=_process)


async def main(kind: str) -> None:
    """Serve one PLC, or a gateway with three serial devices behind it."""
    logging.disable()  # refusals are part of the story
    identity = ModbusDeviceIdentification(info_name=_PLC if kind == "plc" else _GATEWAY)
    units = [1] if kind == "plc" else [1, 2, 3]
    devices = [_device(unit, 128 if kind == "plc" else 32, identity) for unit in units]
    await StartAsyncTcpServer(devices, identity=identity, address=("0.0.0.0", 502))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
