"""Memory areas of Omron's controllers: what an address is called, and how many octets an element takes.

    | area code 1 | address 2 | bit 1 |

Sources: W342 (CS, CJ, CP, NSJ: I/O memory area codes), W227 (CVM1, CV: the same).
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["AREAS", "Area", "object_text"]


class Area(NamedTuple):
    """name: as in an object; octets: of one element; bit: addresses have one; forced: values come with that state."""

    name: str
    octets: int
    bit: bool = False
    forced: bool = False


def _table() -> dict[int, Area]:
    areas = {
        0x00: Area("CV", 1, bit=True),
        0x40: Area("CV", 1, bit=True, forced=True),
        0x80: Area("CV", 2),
        0xC0: Area("CV", 4, forced=True),
        0x01: Area("TC", 1),
        0x41: Area("TC", 1, forced=True),
        0x81: Area("TC", 2),
        0x09: Area("TIM", 1),
        0x49: Area("TIM", 1, forced=True),
        0x89: Area("TIM", 2),
        0x02: Area("DM", 1, bit=True),
        0x82: Area("DM", 2),
        0x03: Area("TN", 1),
        0x43: Area("TN", 1, forced=True),
        0x04: Area("ST", 1),
        0x44: Area("ST", 1, forced=True),
        0x1B: Area("AC", 1),
        0x06: Area("TK", 1),
        0x46: Area("TK", 1, forced=True),
        0x0A: Area("EM", 1, bit=True),
        0x98: Area("EM", 2),
        0xBC: Area("DR", 2),
        0xDC: Area("IR", 4),
    }
    for k, name in enumerate(("CIO", "W", "H", "A")):
        areas[0x30 + k] = Area(name, 1, bit=True)
        areas[0xB0 + k] = Area(name, 2)
        if name != "A":
            areas[0x70 + k] = Area(name, 1, bit=True, forced=True)
            areas[0xF0 + k] = Area(name, 4, forced=True)
    for bank in range(25):
        areas[0x20 + bank if bank < 13 else 0xE0 + bank - 13] = Area(f"E{bank:X}", 1, bit=True)
        areas[0xA0 + bank if bank < 13 else 0x60 + bank - 13] = Area(f"E{bank:X}", 2)
    for bank in range(8):
        areas[0x90 + bank] = Area(f"E{bank:X}", 2)
    return areas


AREAS: Final = _table()

_CV_PARTS: Final = ((0x0B00, "A"), (0x0A00, "G"), (0x0000, "CIO"))
"""The CV series has one code for three areas, which follow each other (W227): CIO, CPU bus link, auxiliary."""


def object_text(code: int, address: int, bit: int) -> str:
    """`DM:100`, `CIO:10.03`, `T:5`, `C:0`, `E1:7`; `area-9c:0.00` where the code is not known."""
    area = AREAS.get(code)
    if area is None:
        return f"area-{code:02x}:{address}.{bit:02d}"
    name = area.name
    if name == "CV":
        begin, name = next(part for part in _CV_PARTS if address >= part[0])
        address -= begin
    elif name in ("TC", "TIM"):
        counters = 0x0800 if name == "TC" else 0x8000
        name, address = ("C", address - counters) if address >= counters else ("T", address)
    return f"{name}:{address}.{bit:02d}" if area.bit else f"{name}:{address}"
