"""Devices of MELSEC controllers: codes, names and how their numbers are written.

Source: SLMP reference manual SH-080956ENG, "Device code list".
"""

from __future__ import annotations

from typing import Final

__all__ = ["BY_NAME", "DEVICES", "OLD", "device_text"]

DEVICES: Final[dict[int, tuple[str, bool]]] = {
    0x91: ("SM", False), 0xA9: ("SD", False), 0x9C: ("X", True), 0x9D: ("Y", True), 0x90: ("M", False),
    0x92: ("L", False), 0x93: ("F", False), 0x94: ("V", False), 0xA0: ("B", True), 0xA8: ("D", False),
    0xB4: ("W", True), 0xC1: ("TS", False), 0xC0: ("TC", False), 0xC2: ("TN", False), 0x51: ("LTS", False),
    0x50: ("LTC", False), 0x52: ("LTN", False), 0xC7: ("STS", False), 0xC6: ("STC", False), 0xC8: ("STN", False),
    0x59: ("LSTS", False), 0x58: ("LSTC", False), 0x5A: ("LSTN", False), 0xC4: ("CS", False), 0xC3: ("CC", False),
    0xC5: ("CN", False), 0x55: ("LCS", False), 0x54: ("LCC", False), 0x56: ("LCN", False), 0xA1: ("SB", True),
    0xB5: ("SW", True), 0x98: ("S", False), 0xA2: ("DX", True), 0xA3: ("DY", True), 0xCC: ("Z", False),
    0x62: ("LZ", False), 0xAF: ("R", False), 0xB0: ("ZR", False), 0x2C: ("RD", False), 0xAB: ("G", False),
}  # fmt: skip
"""Code → name, and whether its numbers are hexadecimal."""

BY_NAME: Final = {name: code for code, (name, _) in DEVICES.items()} | {"SS": 0xC7, "SC": 0xC6, "SN": 0xC8}
"""ASCII frames name the device; retentive timers have a second name there."""

OLD: Final[dict[int, str]] = {
    0x4420: "D", 0x5220: "R", 0x544E: "TN", 0x5453: "TS", 0x5443: "TC", 0x434E: "CN", 0x4353: "CS", 0x4343: "CC",
    0x5820: "X", 0x5920: "Y", 0x4D20: "M", 0x5320: "S", 0x4220: "B", 0x4620: "F", 0x5720: "W",
}  # fmt: skip
"""Device codes of 1E frames: two characters."""


def device_text(code: int, number: int) -> str:
    """`D:100`, `X:1F`; `device-7f:4` where the code is not known."""
    known = DEVICES.get(code)
    if known is None:
        return f"device-{code:02x}:{number}"
    return f"{known[0]}:{number:X}" if known[1] else f"{known[0]}:{number}"
