"""What a FINS command is about: its objects, what it writes, and verbs that a parameter decides.

Sources: W342 clause 5 (commands of CS, CJ, CP and NSJ), W227 clause 5 (CVM1, CV).
"""

from __future__ import annotations

import struct
from typing import Final

from interlock.decode.logins import begin
from interlock.decode.protocols.fins.areas import object_text
from interlock.decode.values import WRITTEN
from interlock.records.vocabulary import VERBS

__all__ = ["MAX_ITEMS", "Requests"]

MAX_ITEMS: Final = 256
"""Objects of one message that get a row; a FINS frame has no room for many more."""

_MODES: Final = {0: "program", 1: "debug", 2: "monitor", 4: "run"}
_FORCES: Final = {0x0000: 0, 0x0001: 1, 0x8000: 0, 0x8001: 1}
"""FORCED SET/RESET: what the bit becomes; 0xFFFF only gives it free."""
_VERB: Final = {name: index for index, name in enumerate(VERBS)}
_NAME_OCTETS: Final = 12


class Requests:
    """Reads the octets behind a command's code; `say` is told the row of the request."""

    def __init__(self, decoder):
        """decoder: the Fins decoder, whose cursor stands behind the command code."""
        self.d = decoder
        self._readers = {
            0x0101: self._area, 0x0102: self._write, 0x0103: self._fill, 0x0104: self._many, 0x0105: self._copy,
            0x0201: self._parameter, 0x0202: self._parameter, 0x0203: self._parameter, 0x0220: self._parameter,
            0x0221: self._parameter, 0x0304: self._protect, 0x0305: self._protect, 0x0306: self._program,
            0x0307: self._program, 0x0308: self._program, 0x0401: self._run, 0x0502: self._units,
            0x0620: self._cycle, 0x0702: self._clock, 0x0920: self._messages, 0x2101: self._error,
            0x2201: self._disk, 0x2202: self._file, 0x2203: self._file_write, 0x2204: self._disk,
            0x2205: self._delete, 0x2206: self._label, 0x2207: self._file_copy, 0x2208: self._rename,
            0x2209: self._file, 0x220A: self._area_file, 0x220B: self._parameter_file, 0x220C: self._program_file,
            0x220F: self._block, 0x2210: self._block, 0x2211: self._block, 0x2301: self._force,
            0x230A: self._area, 0x2601: self._name,
        }  # fmt: skip

    def say(self, m, i, out, row, function):
        """Give the request's row its objects; commands without any have none."""
        read = self._readers.get(function)
        if read is not None:
            read(m, i, out, row)

    def area(self, octets):
        """Object code of area code 1, address 2, bit 1, as a number most significant octet first."""
        key = self.d.f.key_base | octets
        code = self.d.objects.find(key)
        if code < 0:
            code = self.d.objects.keep(key, object_text(octets >> 24, (octets >> 8) & 0xFFFF, octets & 0xFF))
        return code

    def _text(self, out, row, text, count=1):
        out.set_object(row, self.d.objects.code(text), count)

    def _block_of(self, m, i, out, row, kind):
        """A block of values written by this request."""
        d = self.d
        return d.values.block(
            m,
            i,
            d.f.protocol_code,
            out.operation_of(row),
            out.unit_of(row),
            out.object_of(row),
            WRITTEN,
            kind,
        )

    def _area(self, m, i, out, row):
        octets, count = struct.unpack(">IH", self.d.cursor.take(6))
        out.set_object(row, self.area(octets), count)
        out.notes[out.operation_of(row)] = (octets >> 24, count)

    def _write(self, m, i, out, row):
        octets, count = struct.unpack(">IH", self.d.cursor.take(6))
        code = self.area(octets)
        out.set_object(row, code, count)
        self.d.answers.elements(m, i, out, row, code, octets >> 24, count, WRITTEN)

    def _fill(self, m, i, out, row):
        octets, count, word = struct.unpack(">IHH", self.d.cursor.take(8))
        out.set_object(row, self.area(octets), count)
        self._block_of(m, i, out, row, self.d.kinds["uint16"])
        self.d.values.number(word)

    def _many(self, m, i, out, row):
        asked = []
        for k in range(min(MAX_ITEMS, self.d.cursor.left() // 4)):
            octets = self.d.cursor.u32be()
            out.set_object(row if k == 0 else out.more(row), self.area(octets), 1)
            asked.append(octets)
        out.notes[out.operation_of(row)] = asked

    def _copy(self, m, i, out, row):
        source, target, count = struct.unpack(">IIH", self.d.cursor.take(10))
        out.set_object(row, self.area(source), count)
        out.set_verb(row, _VERB["read"])
        second = out.more(row)
        out.set_object(second, self.area(target), count)
        out.set_verb(second, _VERB["write"])

    def _parameter(self, m, i, out, row):
        """Area code, first word, number of words, of which bit 15 marks the last part."""
        code, first, count = struct.unpack(">HHH", self.d.cursor.take(6))
        self._text(out, row, f"parameter-{code:04x}:{first}", count & 0x7FFF)

    def _protect(self, m, i, out, row):
        """Program 2, protect code 1, first 4, last 4, password 4 in clear."""
        program, _, first, last = struct.unpack(">HBII", self.d.cursor.take(11))
        self._text(out, row, f"program:{program}/{first}-{last}")
        password = self.d.cursor.take(min(4, self.d.cursor.left()))
        if password:
            begin(self.d.facts, m, i, "fins", "protect-password", None, password.rstrip(b"\0"))

    def _program(self, m, i, out, row):
        c = self.d.cursor
        program = c.u16be()
        if c.left() < 6:
            self._text(out, row, f"program:{program}")
            return
        first, count = struct.unpack(">IH", c.take(6))
        self._text(out, row, f"program:{program}/{first}", count & 0x7FFF)

    def _run(self, m, i, out, row):
        """Program 2 and mode 1; without a mode the controller goes to MONITOR."""
        c = self.d.cursor
        c.skip(min(2, c.left()))
        mode = c.u8() if c.left() else 2
        self._text(out, row, "mode:" + _MODES.get(mode, str(mode)))
        if mode == 0:
            out.set_verb(row, _VERB["stop"])

    def _units(self, m, i, out, row):
        self._text(out, row, f"unit:{self.d.cursor.u8()}", self.d.cursor.u8() if self.d.cursor.left() else 25)

    def _cycle(self, m, i, out, row):
        if self.d.cursor.u8() == 0:
            out.set_verb(row, _VERB["reset"])
            self._text(out, row, "cycle-time:initialize")

    def _clock(self, m, i, out, row):
        self._text(out, row, "clock")
        block = self._block_of(m, i, out, row, self.d.kinds["clock"])
        self.d.values.set_text(block, self.d.answers.clock())

    def _messages(self, m, i, out, row):
        """Bit 15 asks for FAL, bit 14 clears; the low octet chooses among eight messages."""
        parameter = self.d.cursor.u16be()
        if parameter & 0x4000:
            out.set_verb(row, _VERB["reset"])
        self._text(out, row, f"message:{parameter & 0x00FF:02x}")

    def _error(self, m, i, out, row):
        self._text(out, row, f"error:{self.d.cursor.u16be():04x}")

    def _names(self, count=1):
        """The next file names: 8 characters, a dot, 3 characters, filled up with blanks."""
        return [_clean(self.d.cursor.take(_NAME_OCTETS)) for _ in range(count)]

    def _disk(self, m, i, out, row):
        self._text(out, row, f"disk:{self.d.cursor.u16be()}")

    def _file(self, m, i, out, row):
        disk = self.d.cursor.u16be()
        self._text(out, row, f"file:{disk}/{self._names()[0]}")

    def _file_write(self, m, i, out, row):
        disk, _ = struct.unpack(">HH", self.d.cursor.take(4))
        self._text(out, row, f"file:{disk}/{self._names()[0]}")

    def _delete(self, m, i, out, row):
        disk, count = struct.unpack(">HH", self.d.cursor.take(4))
        for k, name in enumerate(self._names(min(count, self.d.cursor.left() // _NAME_OCTETS))):
            self._text(out, row if k == 0 else out.more(row), f"file:{disk}/{name}")

    def _label(self, m, i, out, row):
        disk, _ = struct.unpack(">HH", self.d.cursor.take(4))
        self._text(out, row, f"volume:{disk}/{self._names()[0]}")

    def _file_copy(self, m, i, out, row):
        self._file(m, i, out, row)
        out.set_verb(row, _VERB["file-read"])
        second = out.more(row)
        out.set_verb(second, _VERB["file-write"])
        self._file(m, i, out, second)

    def _rename(self, m, i, out, row):
        disk = self.d.cursor.u16be()
        for k, name in enumerate(self._names(2)):
            self._text(out, row if k == 0 else out.more(row), f"file:{disk}/{name}")

    def _area_file(self, m, i, out, row):
        """Parameter 0: area to file, 1: file to area, 2: compare."""
        parameter, octets, count = struct.unpack(">HIH", self.d.cursor.take(8))
        code = self.area(octets)
        self._between(m, i, out, row, parameter, "write", (code, count))

    def _parameter_file(self, m, i, out, row):
        parameter, code, first, count = struct.unpack(">HHHH", self.d.cursor.take(8))
        code = self.d.objects.code(f"parameter-{code:04x}:{first}")
        self._between(m, i, out, row, parameter, "configure", (code, count & 0x7FFF))

    def _program_file(self, m, i, out, row):
        parameter, program, first, count = struct.unpack(">HHII", self.d.cursor.take(12))
        code = self.d.objects.code(f"program:{program}/{first}")
        self._between(m, i, out, row, parameter, "program-write", (code, count))

    def _between(self, m, i, out, row, parameter, verb, place):
        """One item for the controller's memory, one for the file: the target is what is written."""
        reads = "program-read" if verb == "program-write" else "read"
        out.set_object(row, *place)
        out.set_verb(row, _VERB[verb if parameter == 1 else reads])
        second = out.more(row)
        out.set_verb(second, _VERB["file-write" if parameter == 0 else "file-read"])
        self._file(m, i, out, second)

    def _block(self, m, i, out, row):
        self._text(out, row, f"file-memory:{self.d.cursor.u16be()}")

    def _force(self, m, i, out, row):
        """Count 2, then (specification 2, area 1, address 2, bit 1)*."""
        c, v = self.d.cursor, self.d.values
        for k in range(min(c.u16be(), MAX_ITEMS, c.left() // 6)):
            what, octets = struct.unpack(">HI", c.take(6))
            item = row if k == 0 else out.more(row)
            out.set_object(item, self.area(octets), 1)
            if what in _FORCES:
                block = self._block_of(m, i, out, item, self.d.kinds["bit"])
                v.number(_FORCES[what])
                v.set_quality(block, self.d.kinds["released" if what & 0x8000 else "forced"])

    def _name(self, m, i, out, row):
        self._text(out, row, "name:" + _clean(self.d.cursor.take(min(8, self.d.cursor.left()))))


def _clean(octets):
    return octets.decode("ascii", "backslashreplace").rstrip(" \0")
