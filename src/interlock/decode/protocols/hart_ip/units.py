"""What HART's codes mean: engineering units, makers, status of values, packed characters.

Sources: HCF SPEC-183 (Common Tables: 2 engineering units, 8 manufacturers, 17 device status), HCF SPEC-127 clause 5.1.1
(packed ASCII), HCF SPEC-307 (response codes).
"""

from __future__ import annotations

from typing import Final

__all__ = ["MAKERS", "UNITS", "device_quality", "is_error", "packed_text", "plain_text", "variable_quality"]

UNITS: Final[dict[int, str]] = {
    1: "inH2O", 2: "inHg", 3: "ftH2O", 4: "mmH2O", 5: "mmHg", 6: "psi", 7: "bar", 8: "mbar", 9: "g/cm2",
    10: "kg/cm2", 11: "Pa", 12: "kPa", 13: "torr", 14: "atm", 15: "ft3/min", 16: "gal/min", 17: "l/min",
    18: "impgal/min", 19: "m3/h", 20: "ft/s", 21: "m/s", 22: "gal/s", 23: "Mgal/d", 24: "l/s", 25: "Ml/d",
    26: "ft3/s", 27: "ft3/d", 28: "m3/s", 29: "m3/d", 30: "impgal/h", 31: "impgal/d", 32: "°C", 33: "°F", 34: "°R",
    35: "K", 36: "mV", 37: "Ω", 38: "Hz", 39: "mA", 40: "gal", 41: "l", 42: "impgal", 43: "m3", 44: "ft", 45: "m",
    46: "bbl", 47: "in", 48: "cm", 49: "mm", 50: "min", 51: "s", 52: "h", 53: "d", 54: "cSt", 55: "cP", 56: "µS",
    57: "%", 58: "V", 59: "pH", 60: "g", 61: "kg", 62: "t", 63: "lb", 70: "g/s", 71: "g/min", 72: "g/h",
    73: "kg/s", 74: "kg/min", 75: "kg/h", 76: "kg/d", 77: "t/min", 78: "t/h", 79: "t/d", 80: "lb/s", 81: "lb/min",
    82: "lb/h", 83: "lb/d", 90: "SGU", 91: "g/cm3", 92: "kg/m3", 93: "lb/gal", 94: "lb/ft3", 95: "g/ml", 96: "kg/l",
    97: "g/l", 98: "lb/in3", 100: "°Twaddell", 101: "°Brix", 105: "%solids/wt", 106: "%solids/vol", 117: "°",
    118: "rad", 120: "%vol", 127: "kW", 130: "ft3/h", 131: "m3/min", 136: "gal/h", 138: "l/h", 139: "ppm",
    160: "%LEL", 237: "MPa",
}  # fmt: skip
"""Code → unit; 250 to 253 say that there is none, or an unknown one."""

MAKERS: Final[dict[int, str]] = {
    17: "Endress+Hauser", 19: "Fisher Controls", 23: "Honeywell", 26: "ABB", 31: "Micro Motion", 38: "Rosemount",
    42: "Siemens", 55: "Yokogawa", 62: "VEGA",
}  # fmt: skip

_WARNINGS: Final = frozenset({0, 8, 14, 24, 25, 26, 27, 30, 31, 33, 34, *range(96, 128)})
"""Response codes with which the command was carried out (33, 34: is being carried out)."""

_PROCESS: Final = ("bad", "poor-accuracy", "manual-or-fixed", "good")
_LIMIT: Final = ("", " low-limited", " high-limited", " constant")


def is_error(response_code: int) -> bool:
    """Whether the command was refused. Bit 7 is another thing: an error of communication."""
    return response_code not in _WARNINGS


def variable_quality(status: int) -> str:
    """Device variable status → `good`, `bad low-limited` …: bits 7 and 6 the value, 5 and 4 its limits."""
    return _PROCESS[status >> 6] + _LIMIT[status >> 4 & 3]


def device_quality(status: int, *, primary: bool, current: bool) -> str | None:
    """What the field device status says of a value, or None for nothing. current: of the loop current itself."""
    if status & 0x80:
        return "device-malfunction"
    if current and status & 0x04:
        return "loop-current-saturated"
    if current and status & 0x08:
        return "loop-current-fixed"
    if not current and status & (0x01 if primary else 0x02):
        return "out-of-limits"
    return None


def packed_text(octets: bytes) -> str:
    """Packed ASCII (four characters of 6 bits in three octets) without the blanks around.

    A character of nothing but zeros is `@`: behind a text it is what fills it, before one it belongs to it.
    """
    bits = int.from_bytes(octets, "big")
    count = len(octets) * 8 // 6
    found = [bits >> 6 * (count - 1 - k) & 0x3F for k in range(count)]
    return "".join(chr(c | 0x40 if c < 0x20 else c) for c in found).rstrip(" @").lstrip()


def plain_text(octets: bytes) -> str:
    """ISO 8859-1, as long tags are, up to the first NUL."""
    return octets.partition(b"\0")[0].decode("latin-1").strip()
