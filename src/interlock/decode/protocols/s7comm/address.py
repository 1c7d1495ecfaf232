# cython: compiled
"""Variable specifications: which object an item of a read, write or cyclic job is about.

    | 0x12 | length 1 | syntax 1 | … |          S7ANY (0x10, length 10):
    | type 1 | count 2 | DB 2 | area 1 | address 3 (octet 16+5 bits, bit 3) |

Source: the published analyses of S7 communication (no public specification exists);
names as STEP 7 spells them.
"""

from __future__ import annotations

import cython

__all__ = ["KINDS", "Address", "spell"]

S7ANY, PBC_ID, NCK, NCK_METRIC, NCK_INCH, DRIVEESANY, DBREAD, SYM1200 = (
    0x10,
    0x13,
    0x82,
    0x83,
    0x84,
    0xA2,
    0xB0,
    0xB2,
)
RECORD, COUNTER, TIMER, IEC_COUNTER, IEC_TIMER = 0x01, 0x1C, 0x1D, 0x1E, 0x1F
MAX_PATH = 16
"""Steps of a symbolic path and areas of one DBREAD item that are spelled."""

KINDS = {
    1: "BIT",
    2: "BYTE",
    3: "CHAR",
    4: "WORD",
    5: "INT",
    6: "DWORD",
    7: "DINT",
    8: "REAL",
    9: "DATE",
    10: "TOD",
    11: "TIME",
    12: "S5TIME",
    15: "DATE_AND_TIME",
    28: "COUNTER",
    29: "TIMER",
    30: "IEC TIMER",
    31: "IEC COUNTER",
    32: "HS COUNTER",
}
"""Transport sizes of variable specifications."""

_LETTERS = {1: "X", 4: "W", 5: "W", 9: "W", 12: "W", 6: "D", 7: "D", 8: "D", 10: "D", 11: "D"}
_AREAS = {
    0x03: "SYS",
    0x05: "SM",
    0x06: "AI",
    0x07: "AQ",
    0x80: "P",
    0x81: "I",
    0x82: "Q",
    0x83: "M",
    0x86: "L",
    0x87: "V",
}
_NUMBERED = {COUNTER: "C", TIMER: "T", IEC_COUNTER: "C", IEC_TIMER: "T", 0x20: "HC"}
_NCK_AREAS = "NBCATVHM"
_SYMBOLIC = {0x50: "I", 0x51: "Q", 0x52: "M", 0x53: "C", 0x54: "T"}
_STEPS = {2: "LID", 3: "IDX", 4: "LID", 5: "IDX", 6: "START", 7: "LEN"}


def spell(area: int, db: int, kind: int, address: int) -> str:
    """Spell a place as DB1.DBX0.0, DB10.DBW20, M10.3, IB0, T5.

    address: octet times 8 plus bit, or the number of a timer or counter.
    """
    if area in _NUMBERED:
        return f"{_NUMBERED[area]}{address}"
    letter = _LETTERS.get(kind, "B")
    place = f"{address >> 3}.{address & 7}" if letter == "X" or address & 7 else f"{address >> 3}"
    if area == 0x84:
        return f"DB{db}.DB{letter}{place}"
    if area == 0x85:
        return f"DI{db}.DI{letter}{place}"
    if area in _AREAS:
        return f"{_AREAS[area]}{'' if letter == 'X' else letter}{place}"
    return f"area{area}.{db}.{letter}{place}"


class Address:
    """Reads one specification; `object`, `count`, `kind` (transport size, 0 unknown) then tell it."""

    def __init__(self, cursor, objects, key_base):
        self.cursor = cursor
        self.objects = objects
        self.key_base = key_base
        self.object = -1
        self.count = -1
        self.kind = 0
        self.known = True

    def read(self):
        """Read the specification at the cursor. `known` is false where its syntax id is not one of ours."""
        c: Cursor = self.cursor
        c.skip(1)
        length: cython.int = c.u8()
        end: cython.Py_ssize_t = c.offset() + length
        self.kind = 0
        self.count = -1
        self.known = True
        if length == 0:
            self.object = -1
            return 0
        c.need(length)
        syntax: cython.int = c.u8()
        if syntax == 0x10 and length == 10:
            self._any()
            return 0
        self.object = self.objects.code(self._rare(syntax, length))
        c.seek(end)
        return 0

    def _any(self):
        c: Cursor = self.cursor
        self.kind = c.u8()
        self.count = c.u16be()
        db: cython.ulonglong = c.u16be()
        area: cython.ulonglong = c.u8()
        address: cython.ulonglong = c.u24be()
        if area == 1:
            self.object = self.objects.code(f"record:{address}/{db}")
            return 0
        kind: cython.ulonglong = self.kind
        key: cython.ulonglong = self.key_base | (kind << 48) | (db << 32) | (area << 24) | address
        code: cython.int = self.objects.find(key)
        self.object = (
            code if code >= 0 else self.objects.keep(key, spell(int(area), int(db), self.kind, int(address)))
        )
        return 0

    def _rare(self, syntax, length):
        if syntax == 0xB0 and length >= 7:
            return self._dbread()
        if syntax == 0xB2 and length >= 14:
            return self._symbolic(length)
        if 0x82 <= syntax <= 0x84 and length == 8:
            return self._nck()
        if syntax == 0xA2 and length == 10:
            self.cursor.skip(5)
            return f"drive:p{self.cursor.u16be()}[{self.cursor.u16be()}]"
        if syntax == 0x13 and length >= 6:
            self.cursor.skip(1)
            return f"r-id:0x{self.cursor.u32be():x}"
        self.known = False
        return f"syntax:0x{syntax:02x}"

    def _dbread(self):
        """Areas of (octets 1, DB 2, first octet 2); the count is that of all octets."""
        c = self.cursor
        self.kind = 2
        self.count = 0
        areas = []
        for _ in range(min(c.u8(), c.left() // 5)):
            octets, db, first = c.u8(), c.u16be(), c.u16be()
            self.count += octets
            if len(areas) < MAX_PATH:
                areas.append(f"DB{db}.DBB{first}")
        return "+".join(areas) or "syntax:0xb0"

    def _symbolic(self, length):
        """0xff, root 2, DB or area 2, CRC 4, then steps of 4 bits meaning and 28 bits value."""
        c = self.cursor
        c.skip(1)
        root, area = c.u16be(), c.u16be()
        c.skip(4)
        name = f"DB{area}" if root == 0x8A0E else _SYMBOLIC.get(area) if root == 0 else None
        steps = [name or f"root{root}.{area}"]
        for _ in range(min((length - 10) // 4, MAX_PATH)):
            step = c.u32be()
            steps.append(f"{_STEPS.get(step >> 28, 'STEP')}{step & 0x0FFFFFFF}")
        self.count = 1
        return ".".join(steps)

    def _nck(self):
        """Area and unit 3+5 bits, column 2, line 2, module 1, lines 1."""
        c = self.cursor
        place, column, line, module = c.u8(), c.u16be(), c.u16be(), c.u8()
        self.count = c.u8()
        return f"nck:{_NCK_AREAS[place >> 5]}{place & 31}.{module}.{column}/{line}"
