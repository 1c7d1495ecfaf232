"""UMAS, the programming protocol of Schneider Electric's controllers, inside Modbus function 90.

    request: | session key 1 | function 1 | data … |        answer: | session key 1 | 0xFE or 0xFD | data … |

All fields behind the Modbus header are little-endian. A row is UMAS's own (`protocol` umas): function is the
UMAS function, transaction that of Modbus. Whoever takes the reservation says who he is; the session key that the
controller gives him marks his requests from then on.

Source: published by its researchers only (the Unity (UMAS) protocol, parts I to VI; the open description in Apache
PLC4X) and observed on a recording of Unity Pro with a Quantum; what neither shows is not read.
"""

from __future__ import annotations

from typing import Any

from interlock.decode.artifacts import Transfers
from interlock.decode.logins import Names

__all__ = ["Umas"]

NONE = -2147483648
UNKNOWN, OK, REFUSED = 0, 1, 2
WRITTEN, READ = 0, 1
ANSWERED, ERROR = 0xFE, 0xFD
MAX_KEYS = 64
INIT, READ_ID, PROJECT, RESERVE, RELEASE = 0x01, 0x02, 0x03, 0x10, 0x11
READ_MEMORY, WRITE_MEMORY, READ_VARIABLES, WRITE_VARIABLES, DICTIONARY = 0x20, 0x21, 0x22, 0x23, 0x26
BEGIN_UPLOAD, UPLOAD_BLOCK, END_UPLOAD, BEGIN_DOWNLOAD, DOWNLOAD_BLOCK, END_DOWNLOAD = range(0x30, 0x36)
TO_CONTROLLER = (BEGIN_UPLOAD, UPLOAD_BLOCK, END_UPLOAD)
"""As UMAS counts, who programs uploads to the controller."""
PROGRAM = "umas-program"
SIZES = {1: 1, 2: 2, 3: 4}
"""Size index of a variable → its octets."""
TYPES = {1: "byte", 2: "word", 4: "dword"}


class Umas:
    """Reads UMAS for the Modbus decoder, which has read function 90; its cursor stands at the session key."""

    def __init__(self, decoder: Any, tools: Any) -> None:
        self._d = decoder
        self._f = tools.functions("umas")
        self._users = Names(decoder.names)
        self._types = {octets: decoder.names.code(name) for octets, name in TYPES.items()}
        self._raw = decoder.names.code("octets")
        self._loads = Transfers(decoder.facts.artifacts)
        self._asks = {
            RESERVE: self._reserve,
            READ_MEMORY: self._memory,
            WRITE_MEMORY: self._memory,
            READ_VARIABLES: self._variables,
            WRITE_VARIABLES: self._variables,
            DICTIONARY: self._dictionary,
            BEGIN_UPLOAD: self._begin,
            BEGIN_DOWNLOAD: self._begin,
            UPLOAD_BLOCK: self._block,
            DOWNLOAD_BLOCK: self._block,
        }
        self._answers = {
            END_UPLOAD: self._loaded,
            DOWNLOAD_BLOCK: self._block_read,
            END_DOWNLOAD: self._loaded,
            INIT: self._initialised,
            READ_ID: self._identified,
            PROJECT: self._project,
            RESERVE: self._reserved,
            RELEASE: self._released,
            READ_MEMORY: self._memory_read,
            READ_VARIABLES: self._variables_read,
        }

    def ask(self, m: Any, i: int, out: Any, key: int, transaction: int, unit: int) -> None:
        """A request. key: what its answer carries, too; unit: code of the Modbus unit."""
        c = self._d.cursor
        whole = c.left() >= 2
        session, function = (c.u8(), c.u8()) if whole else (0, NONE)
        row = out.ask(m, i, self._f, function, key)
        out.set_transaction(row, transaction)
        out.set_unit(row, unit)
        if not whole:
            self._d.facts.oddity(m, i, "modbus", "truncated", c.offset())
            return
        owner = self._owners(m, i).get(session)
        if owner:
            out.set_user(row, self._users.code(owner))
        reader = self._asks.get(function)
        note = reader(m, i, out, row, function) if reader is not None else None
        out.notes[out.operation_of(row)] = (function, session, note)

    def answer(self, m: Any, i: int, out: Any, row: int, transaction: int, unit: int) -> None:
        """An answer; row: of its request, or -1."""
        c = self._d.cursor
        if row < 0:
            row = out.orphan(m, i, self._f, NONE, transaction)
            out.set_unit(row, unit)
        note = out.notes.pop(out.operation_of(row), None)
        if c.left() < 2:
            out.settle(row, UNKNOWN, NONE)
            self._d.facts.oddity(m, i, "modbus", "truncated", c.offset())
            return
        c.skip(1)
        how = c.u8()
        if how == ERROR:
            out.settle(row, REFUSED, c.u8() if c.left() else 0)
            if isinstance(note, tuple) and BEGIN_UPLOAD <= note[0] <= END_DOWNLOAD:
                self._loads.gap(self._place(m, i, out, row, note[0]))
        elif how != ANSWERED:
            out.settle(row, UNKNOWN, NONE)
            self._d.facts.oddity(m, i, "modbus", "umas-status-unknown", c.offset() - 1)
        elif isinstance(note, tuple) and note[0] in self._answers:
            self._answers[note[0]](m, i, out, row, note)

    def _owners(self, m: Any, i: int) -> dict[int, str]:
        """Session key → who took the reservation that it stands for, of this flow."""
        slot = m.flow[i]
        owners = self._d.flows.state[slot]
        if not isinstance(owners, dict):
            owners = self._d.flows.state[slot] = {}
        return owners

    def _object(self, out: Any, row: int, text: str, count: int) -> int:
        code = self._d.objects.code(text)
        out.set_object(row, code, count)
        return int(code)

    def _who(self, m: Any, i: int, out: Any, row: int) -> str:
        server = self._d.facts.sender(m, i)
        unit = self._d.names.texts[out.unit_of(row)]
        return server if unit in ("0", "255") else f"{server}/{unit}"

    # Requests

    def _reserve(self, m: Any, i: int, out: Any, row: int, function: int) -> str | None:
        """Take the reservation: 4 octets, the length of a name, the name of the machine that programs."""
        c = self._d.cursor
        c.skip(4)
        name = _text(c.take(min(c.u8(), c.left())))
        if not name:
            return None
        out.set_user(row, self._users.code(name))
        self._d.facts.clue(m, i, self._d.facts.sender(m, i), "name", name, "umas", 0.6)
        return name

    def _memory(self, m: Any, i: int, out: Any, row: int, function: int) -> str:
        """Block of memory: range 1, block 2, offset 2, 2 of unknown meaning, octets 2; behind it what is written."""
        c, v = self._d.cursor, self._d.values
        c.skip(1)
        block, offset = c.u16le(), c.u16le()
        c.skip(2)
        octets = c.u16le()
        text = f"memory:{block}:{offset}"
        code = self._object(out, row, text, octets)
        if function == WRITE_MEMORY and v.wanted and c.left():
            where = (out.operation_of(row), out.unit_of(row), code, WRITTEN, self._raw)
            v.set_raw(v.block(m, i, self._f.protocol_code, *where), c.rest())
        return text

    def _variables(self, m: Any, i: int, out: Any, row: int, function: int) -> list[tuple[str, int, int]]:
        """Variables: the project's checksum 4, how many 1, then each; an item for each of them."""
        c = self._d.cursor
        c.skip(4)
        found: list[tuple[str, int, int]] = []
        for k in range(c.u8()):
            at = row if k == 0 else out.more(row)
            kind, block = c.u8(), c.u16le()
            if function == READ_VARIABLES:
                c.skip(1)
                base, offset = c.u16le(), c.u8()
            else:
                base, offset = c.u16le(), c.u16le()
            count = c.u16le() if kind >> 4 else 1
            text, size = f"variable:{block}:{base}+{offset}", SIZES.get(kind & 15, 0)
            self._object(out, at, text, count)
            found.append((text, size, count))
            if function == WRITE_VARIABLES:
                if not size:
                    break  # how long its value is, is not known: nor where the next variable begins
                self._numbers(m, i, out, row, found[-1], WRITTEN)
        return found

    def _dictionary(self, m: Any, i: int, out: Any, row: int, function: int) -> None:
        """Names of the project's variables and types: record type 2, index 1, hardware id 4, block 2, offset 2."""
        c = self._d.cursor
        kind = c.u16le()
        c.skip(5)
        self._object(out, row, f"dictionary:0x{kind:04x}:{c.u16le()}", 1)

    def _block(self, m: Any, i: int, out: Any, row: int, function: int) -> int:
        """A block of the program: 2 of unknown meaning, block 2, when it is sent its length 2 and its octets."""
        c = self._d.cursor
        c.skip(2)
        number = int(c.u16le())
        size = c.u16le() if function == UPLOAD_BLOCK else -1
        self._object(out, row, f"program:{number}", size)
        if function == UPLOAD_BLOCK:
            self._part(m, i, out, row, function, number, c.take(min(size, c.left())))
        return number

    def _place(self, m: Any, i: int, out: Any, row: int, function: int) -> tuple[int, int, bool]:
        """What a transfer of the program goes by: flow, unit, and which way."""
        return int(m.flow[i]), int(out.unit_of(row)), function in TO_CONTROLLER

    def _begin(self, m: Any, i: int, out: Any, row: int, function: int) -> None:
        """A transfer of the program begins."""
        place = self._place(m, i, out, row, function)
        self._loads.begin(place, m, i, *self._named(function), **self._told(out, row))

    @staticmethod
    def _named(function: int) -> tuple[str, str, str, str]:
        return "umas", PROGRAM, "application", "written" if function in TO_CONTROLLER else "read"

    def _told(self, out: Any, row: int) -> dict[str, Any]:
        return {"unit": self._d.names.texts[out.unit_of(row)], "operation": out.operation_of(row)}

    def _part(self, m: Any, i: int, out: Any, row: int, function: int, number: int, octets: bytes) -> None:
        """The octets of a block; one that comes again is passed over, one that is left out is missed."""
        place = self._place(m, i, out, row, function)
        artifact = self._loads.find(place)
        if artifact is not None and artifact.number == number:
            return
        if artifact is not None and artifact.number >= 0 and artifact.number + 1 != number:
            self._loads.gap(place)
        artifact = self._loads.add(place, m, i, octets, *self._named(function), **self._told(out, row))
        artifact.number = number

    # Answers

    def _block_read(self, m: Any, i: int, out: Any, row: int, note: Any) -> None:
        """A block of the program: 2 (1 with the last one, as observed), octets 2, the octets."""
        c = self._d.cursor
        c.skip(2)
        size = c.u16le()
        if size > c.left():
            self._loads.gap(self._place(m, i, out, row, DOWNLOAD_BLOCK))
        if note[2] is not None:
            self._part(m, i, out, row, DOWNLOAD_BLOCK, note[2], c.take(min(size, c.left())))

    def _loaded(self, m: Any, i: int, out: Any, row: int, note: Any) -> None:
        """The transfer is over."""
        self._loads.end(self._place(m, i, out, row, note[0]), m, i)

    def _initialised(self, m: Any, i: int, out: Any, row: int, note: Any) -> None:
        """Largest frame 2, firmware 2, 4 of unknown meaning, internal code 4, length of a name 1, name."""
        c = self._d.cursor
        c.skip(12)
        name = _text(c.take(min(c.u8(), c.left())))
        self._d.facts.clue(m, i, self._who(m, i, out, row), "name", name, "umas", 0.7)

    def _identified(self, m: Any, i: int, out: Any, row: int, note: Any) -> None:
        """Range 2, hardware id 4, model 2, version 2, patch 2, internal 2, hardware 2, crash code 4, 2, name."""
        c = self._d.cursor
        c.skip(2)
        ident = c.u32le()
        c.skip(2)
        version, patch = c.u16le(), c.u16le()
        c.skip(2)
        hardware = c.u16le()
        c.skip(6)
        product = _text(c.take(min(c.u8(), c.left())))
        who, clue = self._who(m, i, out, row), self._d.facts.clue
        clue(m, i, who, "vendor", "Schneider Electric", "umas", 0.8)
        clue(m, i, who, "product", product, "umas", 0.9)
        clue(m, i, who, "product-code", f"umas:0x{ident:08x}", "umas", 0.7)
        # The version is packed decimal: 0x0270 is 2.70.
        firmware = f"{version >> 8:x}.{version & 0xFF:02x}" + (f".{patch:x}" if patch else "")
        clue(m, i, who, "firmware", firmware if version else "", "umas", 0.8)
        clue(m, i, who, "hardware", f"{hardware:x}" if hardware else "", "umas", 0.5)

    def _project(self, m: Any, i: int, out: Any, row: int, note: Any) -> None:
        """18 octets, times of creation and change 8 each, revision 4, length of a name 1, name.

        Only the part with subcode 0 is such; the length must be what is left.
        """
        c = self._d.cursor
        if c.left() < 40:
            return
        c.skip(26)
        changed = c.take(8)
        revision = c.u32le()
        length = c.u8()
        if length != c.left() or length < 2:
            return
        name = _text(c.take(length))
        when = _moment(changed)
        said = f"project {name}, revision {revision >> 16 & 255}.{revision >> 8 & 255}.{revision & 255}"
        said += f", changed {when}" if when else ""
        if name:
            self._d.facts.clue(m, i, self._who(m, i, out, row), "description", said, "umas", 0.8)

    def _reserved(self, m: Any, i: int, out: Any, row: int, note: Any) -> None:
        """The session key of the one who now owns the controller."""
        owners = self._owners(m, i)
        key = self._d.cursor.u8()
        if note[2] and (key in owners or len(owners) < MAX_KEYS):
            owners[key] = note[2]

    def _released(self, m: Any, i: int, out: Any, row: int, note: Any) -> None:
        self._owners(m, i).pop(note[1], None)

    def _memory_read(self, m: Any, i: int, out: Any, row: int, note: Any) -> None:
        """Range 1, octets 2, the octets."""
        c, v = self._d.cursor, self._d.values
        c.skip(1)
        octets = c.take(min(c.u16le(), c.left()))
        if v.wanted and octets:
            code = self._d.objects.code(note[2])
            where = (out.operation_of(row), out.unit_of(row), code, READ, self._raw)
            v.set_raw(v.block(m, i, self._f.protocol_code, *where), octets)

    def _variables_read(self, m: Any, i: int, out: Any, row: int, note: Any) -> None:
        """Values one after the other, as they were asked for."""
        for variable in note[2] or ():
            if not variable[1] or not self._d.cursor.left():
                return
            self._numbers(m, i, out, row, variable, READ)

    def _numbers(self, m: Any, i: int, out: Any, row: int, variable: tuple[str, int, int], way: int) -> None:
        """Values of one variable: unsigned, since what type it has is the project's secret."""
        c, v = self._d.cursor, self._d.values
        text, size, count = variable
        octets = c.take(size * count)
        if not v.wanted:
            return
        where = (out.operation_of(row), out.unit_of(row), self._d.objects.code(text), way, self._types[size])
        v.block(m, i, self._f.protocol_code, *where)
        for at in range(0, len(octets), size):
            v.number(float(int.from_bytes(octets[at : at + size], "little")))


def _text(octets: bytes) -> str:
    """Text up to its first NUL; empty where it is none."""
    text = octets.partition(b"\0")[0].decode("latin-1").strip()
    return text if text.isprintable() else ""


def _moment(octets: bytes) -> str:
    """Weekday, second, minute, hour, day, month, year 2 as ISO 8601, empty where it is no date."""
    _, second, minute, hour, day, month = octets[:6]
    year = int.from_bytes(octets[6:8], "little")
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60 and year):
        return ""
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
