"""Remote data base access: signals asked for by name or address, and their values in the answer.

    read by name      function 1 | which selectors follow 1 | selectors | security 1 | number 1 | (name, zero)*
    read by address   function 1 | which selectors follow 1 | selectors | version 2 | security 1 | number 1 | address 2*
    write by address  function 1 | version 2 | security 1 | number 1 | (address 2, what to write …)*
    write by name     function 1 | security 1 | number 1 | (name, zero, what to write …)*
    element           [type and inhibits 1] [value 1 or 4] [address 2] [version 2], as selected

Source: Emerson D301401X012, chapter on RDB; layouts as the capture shows them.
"""

from __future__ import annotations

import struct
from typing import Final

from interlock.decode.values import READ, WRITTEN

__all__ = ["MAX_SIGNALS", "READS", "Database"]

MAX_SIGNALS: Final = 64
"""Signals of one request that get a row each; a message holds few more."""

READ_BY_ADDRESS, READ_BY_NAME, WRITE_BY_ADDRESS, WRITE_BY_NAME = 0x00, 0x04, 0x80, 0x84
READS: Final = frozenset({READ_BY_ADDRESS, READ_BY_NAME})
_KEPT: Final = 1024
_KEPT_OCTETS: Final = 1024
"""Requests whose meaning is kept, and how long one may be: who polls asks the same again and again."""
_SET: Final = {0x09: 1, 0x0A: 0}
"""What to write into a logical signal, in one octet: on and off."""

_FLOAT: Final = struct.Struct("<f")

TYPE, VALUE, ADDRESS, VERSION = 0x80, 0x40, 0x10, 0x01
LOGICAL, ANALOG = 0, 2


class Database:
    """Names signals of requests, reads values of answers.

    A request's note: (object codes, first selector, second selector).
    """

    def __init__(self, decoder):
        """decoder: the Bsap decoder, which lends pools and values."""
        self.d = decoder
        self._readings = {}
        self._generation = 0

    def ask(self, m, i, out, row, data):
        """What a request that reads nothing is about. data: from the RDB function on."""
        function = data[0]
        if function == WRITE_BY_ADDRESS:
            self._write_addresses(m, i, out, row, data)
        elif function == WRITE_BY_NAME:
            self._write_names(m, i, out, row, data)

    def reading(self, data):
        """What a request reads: codes of its signals, and the selectors that its answer's elements depend on or None.

        data: from the RDB function on. Raises IndexError where it is cut short.
        """
        generation = self.d.objects.generation
        if len(self._readings) >= _KEPT or self._generation != generation:
            self._readings.clear()
            self._generation = generation
        known = self._readings.get(data)
        if known is None:
            known = self._read(data)
            if len(data) <= _KEPT_OCTETS:
                self._readings[data] = known
        return known

    def _read(self, data):
        at = 2
        selectors = [0, 0, 0, 0]
        for k in range(4):
            if data[1] >> k & 1:
                selectors[k] = data[at]
                at += 1
        if data[0] == READ_BY_ADDRESS:
            at += 2
        number = data[at + 1]
        at += 2
        if data[0] == READ_BY_NAME:
            named = [_text(name) for name in data[at:].split(b"\0")[:-1][:number]]
        elif len(data) - at == 2 * number:
            named = [_address(data, k) for k in range(at, len(data), 2)]
        else:
            return (), None
        return self._codes(named), None if any(selectors[2:]) else (selectors[0], selectors[1])

    def _codes(self, named):
        return [self.d.signals.code(text) for text in named[:MAX_SIGNALS]]

    def _name(self, out, row, named):
        """A row a signal; codes of their objects."""
        codes = self._codes(named)
        for k, code in enumerate(codes):
            out.set_object(out.more(row) if k else row, code, 1)
        return codes

    def _write_addresses(self, m, i, out, row, data):
        at, found = 5, []
        for _ in range(min(data[4], MAX_SIGNALS)):
            if len(data) < at + 3:
                break
            found.append((_address(data, at), data[at + 2]))
            at += 3
            if found[-1][1] not in _SET:
                break  # how long the value is, is not known
        self._written(m, i, out, row, found)

    def _write_names(self, m, i, out, row, data):
        at, found = 3, []
        for _ in range(min(data[2], MAX_SIGNALS)):
            end = data.find(b"\0", at)
            if end < 0 or len(data) < end + 2:
                break
            found.append((_text(data[at:end]), data[end + 1]))
            at = end + 2
            if found[-1][1] not in _SET:
                break
        self._written(m, i, out, row, found)

    def _written(self, m, i, out, row, found):
        codes = self._name(out, row, [text for text, _ in found])
        v = self.d.values
        for code, (_, what) in zip(codes, found, strict=True):
            if v.wanted and what in _SET:
                here = (m, i, self.d.f.protocol_code, out.operation_of(row), out.unit_of(row), code, WRITTEN)
                v.block(*here, self.d.kinds["logical"])
                v.number(_SET[what])

    def answer(self, m, i, out, row, data, number, note):
        """Values of an answer's elements. data: behind the number of elements; note: of its request."""
        v = self.d.values
        codes, first, second = note
        if first & ~(TYPE | VALUE | ADDRESS) or second & ~VERSION or not (first & TYPE and first & VALUE):
            return  # what else was selected has a length that is not known
        behind = (2 if first & ADDRESS else 0) + (2 if second & VERSION else 0)
        at = 0
        here = (m, i, self.d.f.protocol_code, out.operation_of(row), out.unit_of(row))
        logical, analog = self.d.kinds["logical"], self.d.kinds["analog"]
        for code in codes[:number]:
            kind = data[at] & 3
            if kind == LOGICAL:
                value, size, named = data[at + 1], 1, logical
            elif kind == ANALOG:
                if len(data) < at + 5:
                    raise IndexError
                (value,), size, named = _FLOAT.unpack_from(data, at + 1), 4, analog
            else:
                return
            v.block(*here, code, READ, named)
            v.number(value)
            at += 1 + size + behind


def _address(data, at):
    return f"address:0x{data[at] | data[at + 1] << 8:04x}"


def _text(octets):
    return octets.decode("latin-1")
