"""The xDLMS services: which attributes and methods they are about, how they ended, what they brought.

    get 0xC0 | choice 1 | invoke id 1 | class 2 | OBIS 6 | attribute 1 | [selective access] |
    get 0xC4 | choice 1 | invoke id 1 | 0 data, or 1 result |

Source: IEC 62056-5-3 clause 9.5 (productions of the APDUs), 9.3 (services).
"""

from __future__ import annotations

from functools import lru_cache

from interlock.decode.protocols.dlms.axdr import length, read_data, skip_data
from interlock.decode.protocols.dlms.objects import (
    ACTION_VERBS,
    IDENTITY,
    SET_VERBS,
    attribute_text,
    method_text,
    without_channel,
)
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["ANSWERS", "ROLES", "Apdus"]

GET, SET, EVENT, ACTION, GET_ANSWER, SET_ANSWER, ACTION_ANSWER = 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC7
READ, WRITE, READ_ANSWER, WRITE_ANSWER = 0x05, 0x06, 0x0C, 0x0D
SERVICE_ERROR, NOTIFICATION, UNCONFIRMED_WRITE, INFORMATION, EXCEPTION = 0x0E, 0x0F, 0x16, 0x18, 0xD8
ACCESS, ACCESS_ANSWER = 0xD9, 0xDA
RELEASED, NOT_FINISHED = 0x63, 1
GENERAL_GLOBAL, GENERAL_DEDICATED, GENERAL, SIGNED, BLOCKS = 0xDB, 0xDC, 0xDD, 0xDF, 0xE0
ANSWERS = {
    0x61: 0x60, 0x63: 0x62, READ_ANSWER: READ, WRITE_ANSWER: WRITE, GET_ANSWER: GET, SET_ANSWER: SET,
    ACTION_ANSWER: ACTION, ACCESS_ANSWER: ACCESS, 0x2C: 0x25, 0x2D: 0x26, 0x4C: 0x45, 0x4D: 0x46,
    0xCC: 0xC8, 0xCD: 0xC9, 0xCF: 0xCB, 0xD4: 0xD0, 0xD5: 0xD1, 0xD7: 0xD3, 0xE7: 0xE6,
}  # fmt: skip
"""Tag of an answer → tag of what it answers."""
REQUESTS = frozenset({*ANSWERS.values(), UNCONFIRMED_WRITE, 0x36, 0x56})
FROM_SERVER = frozenset(
    {SERVICE_ERROR, NOTIFICATION, INFORMATION, EVENT, EXCEPTION, 0x2E, 0x38, 0x4E, 0x58, 0xCA, 0xD2}
)
BOTH_WAYS = frozenset({GENERAL_GLOBAL, GENERAL_DEDICATED, GENERAL, SIGNED, BLOCKS})
ROLES = bytes(
    1
    if tag in REQUESTS
    else 2
    if tag in ANSWERS
    else 3
    if tag in FROM_SERVER
    else 4
    if tag in BOTH_WAYS
    else 0
    for tag in range(256)
)
"""Of every tag: 1 a request, 2 an answer, 3 a server's message that answers nothing, 4 either's, 0 no APDU."""
NORMAL, NEXT, WITH_LIST = 1, 2, 3
SELECTIVE = 1
WRITTEN, READ_VALUE, REPORTED = range(3)
OK, REFUSED = 1, 2
NONE = -2147483648
EXCEPTION_CODE, SERVICE_ERROR_CODE = 0x10000, 0x20000
MAX_ITEMS = 128
MAX_TEXT = 1024


class Apdus:
    """Fills rows of one decoder (Dlms) with what APDUs say behind their tags."""

    def __init__(self, decoder):
        self._d = decoder
        self._verbs = {name: k for k, name in enumerate(VERBS)}

    def request(self, m, i, out, row, c, tag):
        """Name what a request is about."""
        if tag in (GET, SET, ACTION):
            self._logical(m, i, out, row, c, tag)
        elif tag == ACCESS:
            self._access(out, row, c)
        elif tag in (READ, WRITE, UNCONFIRMED_WRITE):
            self._short_names(out, row, c)
        elif tag in (GENERAL_GLOBAL, GENERAL):
            self._title(m, i, c, tag)

    def _logical(self, m, i, out, row, c, tag):
        choice = c.u8()
        c.skip(1)
        if choice == NORMAL or (choice == 2 and tag == SET):
            text = self._descriptor(out, row, c, tag)
            if (choice == NORMAL and tag == SET) or (
                choice == NORMAL and tag == ACTION and c.left() and c.u8()
            ):
                self._value(m, i, out, row, read_data(c), WRITTEN)
            self._d.flows.state[m.flow[i]]["object"] = text
        elif choice == NEXT or (choice == 3 and tag == SET):
            text = self._d.flows.state[m.flow[i]].get("object")  # a further block of what was asked for
            if text is not None:
                out.set_object(row, self._d.objects.code(text), 1)
        elif choice == WITH_LIST or (choice == 4 and tag == SET):
            for k in range(min(length(c), MAX_ITEMS)):
                self._descriptor(out, row if k == 0 else out.more(row), c, tag)

    def _descriptor(self, out, row, c, tag):
        """Class, OBIS, attribute or method, and the selection where one follows; the object's text."""
        text, verb = _named(tag, c.take(9)) if c.left() >= 9 else _cut_short(c)
        if tag != ACTION and c.left() and c.u8() == SELECTIVE:
            c.skip(1)
            skip_data(c)
        if verb is not None:
            out.set_verb(row, self._verbs[verb])
        out.set_object(row, self._d.objects.code(text), 1)
        return text

    def _access(self, out, row, c):
        """Long invoke id (read before), date-time, then what is got, set and invoked."""
        c.skip(length(c))
        for k in range(min(length(c), MAX_ITEMS)):
            choice = c.u8()
            if choice not in (1, 2, 3, 4, 5):
                raise DecodeError("choice-unknown", c.offset() - 1)
            at = row if k == 0 else out.more(row)
            tag = {1: GET, 2: SET, 3: ACTION, 4: GET, 5: SET}[choice]
            kind, obis, number = c.u16be(), c.take(6), c.u8()
            text = method_text(kind, obis, number) if tag == ACTION else attribute_text(kind, obis, number)
            table, usual = (ACTION_VERBS, "operate") if tag == ACTION else (SET_VERBS, "write")
            verb = "read" if tag == GET else table.get((kind, number)) or table.get((kind, None)) or usual
            out.set_verb(at, self._verbs[verb])
            out.set_object(at, self._d.objects.code(text), 1)
            if choice in (4, 5):
                c.skip(1)
                skip_data(c)

    def _short_names(self, out, row, c):
        """Variable access specifications of short names: 2 name, 4 with selection; others end the list."""
        for k in range(min(length(c), MAX_ITEMS)):
            choice = c.u8()
            if choice not in (2, 4):
                return
            at = row if k == 0 else out.more(row)
            out.set_object(at, self._d.objects.code(f"short-name:0x{c.u16be():04x}"), 1)
            if choice == 4:
                c.skip(1)
                skip_data(c)

    def answer(self, m, i, out, row, c, tag, server):
        """Settle a request by its answer. server: whose facts the answer tells."""
        if tag == GET_ANSWER:
            self._got(m, i, out, row, c, server)
        elif tag in (SET_ANSWER, ACTION_ANSWER):
            self._done(m, i, out, row, c, tag)
        elif tag == READ_ANSWER:
            self._short_results(m, i, out, row, c)
        elif tag == WRITE_ANSWER:
            for k in range(min(length(c), MAX_ITEMS)):
                if c.u8():
                    out.settle_item(row, k, REFUSED, c.u8())
        elif tag == RELEASED:
            if c.u8() >= 3 and c.u16be() == 0x8001 and c.u8() == NOT_FINISHED:
                out.settle(row, REFUSED, NOT_FINISHED)
        elif tag in (GENERAL_GLOBAL, GENERAL):
            self._title(m, i, c, tag)

    def _got(self, m, i, out, row, c, server):
        choice = c.u8()
        c.skip(1)
        if choice == NORMAL:
            self._result(m, i, out, row, 0, c, server)
        elif choice == 2:  # a block: last 1, number 4, then octets or a result
            c.skip(5)
            if c.u8():
                out.settle(row, REFUSED, c.u8())
        elif choice == WITH_LIST:
            for k in range(min(length(c), MAX_ITEMS)):
                self._result(m, i, out, row, k, c, server)

    def _result(self, m, i, out, row, k, c, server):
        """One Get-Data-Result: data, or why there is none."""
        if c.u8():
            out.settle_item(row, k, REFUSED, c.u8())
            return
        datum = read_data(c)
        if k < out.items_of(row):
            self._value(m, i, out, row + k, datum, READ_VALUE)
            if datum.octets is not None:
                self._facts(m, i, out, row + k, datum, server)

    def _done(self, m, i, out, row, c, tag):
        choice = c.u8()
        c.skip(1)
        listed = 5 if tag == SET_ANSWER else 3
        if choice == NORMAL or (tag == SET_ANSWER and choice == 3):
            code = c.u8()
            if code:
                out.settle(row, REFUSED, code)
            elif tag == ACTION_ANSWER and c.left() and c.u8():
                if c.u8():
                    out.settle(row, REFUSED, c.u8())
                else:
                    self._value(m, i, out, row, read_data(c), READ_VALUE)
        elif choice in (listed, 4) and tag == SET_ANSWER:
            for k in range(min(length(c), MAX_ITEMS)):
                code = c.u8()
                if code:
                    out.settle_item(row, k, REFUSED, code)

    def _short_results(self, m, i, out, row, c):
        """0 data, 1 error, 2 block: of one variable each."""
        for k in range(min(length(c), MAX_ITEMS)):
            choice = c.u8()
            if choice == 0:
                datum = read_data(c)
                if k < out.items_of(row):
                    self._value(m, i, out, row + k, datum, READ_VALUE)
            elif choice == 1:
                out.settle_item(row, k, REFUSED, c.u8())
            else:
                return

    def refusal(self, m, i, out, c, tag, last):
        """An exception or a service error refuses the last request (its key); its row, or -1 where there is none."""
        if tag not in (EXCEPTION, SERVICE_ERROR):
            return -1
        row = out.answer(m, i, last) if last >= 0 else -1
        if row < 0:
            row = out.orphan(m, i, self._d.f, NONE, -1)
        first, second = c.u8(), c.u8()
        if tag == EXCEPTION:
            out.settle(row, REFUSED, EXCEPTION_CODE + (first << 8 | second))
        else:
            out.settle(row, REFUSED, SERVICE_ERROR_CODE + (first << 16 | second << 8 | c.u8()))
        return row

    def report(self, m, i, out, row, c, tag):
        """EventNotification: time, attribute, value. DataNotification: long invoke id, time, data."""
        if tag == EVENT:
            if c.u8():
                c.skip(length(c))
            kind, obis, number = c.u16be(), c.take(6), c.u8()
            out.set_object(row, self._d.objects.code(attribute_text(kind, obis, number)), 1)
            self._value(m, i, out, row, read_data(c), REPORTED)
        elif tag == NOTIFICATION:
            c.skip(4)
            c.skip(length(c))
            self._value(m, i, out, row, read_data(c), REPORTED)

    def _title(self, m, i, c, tag):
        """The sender's system title before what is ciphered."""
        if tag == GENERAL:
            c.skip(length(c))
        self._d.associations.title(m, i, self._d.facts.sender(m, i), c.take(length(c)))

    def _facts(self, m, i, out, row, datum, server):
        code = out.object_of(row)
        known = _identity(self._d.objects.texts[code]) if code >= 0 else None
        if known is None:
            return
        text = datum.text()
        if text is not None:
            associations = self._d.associations
            who = associations.identity(m, i, server)
            self._d.facts.clue(m, i, who, known[0], text, "dlms", known[1])
            if known[0] == "name":
                associations.maker(m, i, who, datum.octets)

    def _value(self, m, i, out, row, datum, direction):
        v = self._d.values
        if not v.wanted or datum.kind == "null-data":
            return
        kind = self._d.names.code(datum.kind)
        block = v.block(
            m,
            i,
            self._d.f.protocol_code,
            out.operation_of(row),
            out.unit_of(row),
            out.object_of(row),
            direction,
            kind,
        )
        for number in datum.numbers:
            v.number(number)
        text = datum.text()
        if text is not None and datum.kind.endswith("string"):
            v.set_text(block, text[:MAX_TEXT])
        elif datum.octets is not None:
            v.set_raw(block, datum.octets)


@lru_cache(4096)
def _named(tag, octets):
    """Text of a descriptor (class 2, OBIS 6, attribute or method 1), and its verb, None where the function's is it."""
    kind, obis, number = octets[0] << 8 | octets[1], octets[2:8], octets[8]
    if tag == ACTION:
        verb = ACTION_VERBS.get((kind, number)) or ACTION_VERBS.get((kind, None))
        return method_text(kind, obis, number), verb
    verb = (SET_VERBS.get((kind, number)) or SET_VERBS.get((kind, None))) if tag == SET else None
    return attribute_text(kind, obis, number), verb


def _cut_short(c):
    """Raise DecodeError("truncated") where the field of a descriptor begins that the octets do not hold."""
    c.skip(2)
    c.skip(6)
    c.skip(1)
    raise DecodeError("truncated", c.offset())


@lru_cache(4096)
def _identity(name):
    """The clue that an object's text is (field, confidence), or None. name: as attribute_text spells it."""
    kind, _, rest = name.partition("/")
    obis, _, attribute = rest.partition("/")
    if not (kind.isdigit() and attribute.isdigit()):
        return None
    return IDENTITY.get((int(kind), without_channel(obis), int(attribute)))
