"""What an S7comm-plus request is about: objects and attributes named, and what happens to them as a verb.

    GetVariable, SetVariable           object 4 | number | attribute … | value
    GetMultiVariables, SetMulti…       object 4, not 0 | items | attributes | attribute … | (item number | value) …
                                       0 4             | items | fields | (CRC | area | fields | field …) … | values
    GetVarSubStreamed, SetVar…         object 4 | flags 1, type 1 | attributes | attribute …
    Explore                            object 4 | …
    CreateObject                       parent 4 | flags 1, type 1, value | 0 4 | object
    BeginSequence                      kind 1 | 0 2, 0 1 | object
    DeleteObject                       object 4
    object    0xA1 | id 4 | class | flags | attribute | (0xA3 | attribute | flags 1, type 1, value) … | 0xA2

Numbers have 7 bits an octet, the highest bit says that more follow. Ids of objects whose first bit is set are
0x8000 + class, then a number: 0x8A0E0001 is DB1. Source: the published analyses of S7comm-plus (no public
specification exists); the numbers of classes and attributes are those that engineering stations show on the wire.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["About", "about", "created_ids", "object_name", "sequence_begins", "texts_of"]

EXPLORE, CREATE, DELETE = 0x04BB, 0x04CA, 0x04D4
SET, GET, SET_MULTI, GET_MULTI = 0x04F2, 0x04FC, 0x0542, 0x054C
SET_STREAMED, GET_STREAMED, BEGIN = 0x057C, 0x0586, 0x0556
MAX_FIELDS: Final = 64
"""Attributes or fields of one request that are looked at."""

MAX_SEQUENCES: Final = 16
"""Sequences within sequences that are remembered."""

PROGRAM, EXECUTION = 3, 52
_OBJECTS: Final = {
    1: "theASRoot", 2: "theHWConfiguration", PROGRAM: "thePLCProgram", 49: "theCPUProxy", 50: "theCPUCommon",
    EXECUTION: "theCPUexecUnit", 80: "I", 81: "Q", 82: "M", 83: "C", 84: "T",
    285: "theServerSessionContainer", 288: "theNullServerSession", 537: "theOMSTypeInfoContainer",
}  # fmt: skip
_DB, _OB = 0x8A0E, 0x8A32
"""First half of the ids of data and organisation blocks; other blocks lie between."""

OPERATING_STATE, CLOCK, SESSION_VERSION = 2167, 2421, 306
CHALLENGE, RESPONSE, PROTECTION, LEGITIMATE = 303, 304, 1842, 1846
_NAMES: Final = {
    233: "TypeName", CHALLENGE: "Challenge", RESPONSE: "Response", SESSION_VERSION: "Version",
    1048: "ReferenceList", 1049: "CycleTime", 1051: "Disabled", 1053: "CreditLimit",
    PROTECTION: "EffectiveProtectionLevel", LEGITIMATE: "Legitimate", OPERATING_STATE: "operatingStateReq",
    CLOCK: "CPUClock", 2521: "BlockNumber", 2533: "BodyDescription", 2548: "ValueInitial", 2550: "ValueActual",
    3449: "KnowhowProtectionPassword", 3735: "ValueInitial", 3736: "ValueActual",
}  # fmt: skip
_VALUES: Final = frozenset({2550, 3736})
"""Attributes that hold the variables of a block and of an area: what is behind them is the variable's own number."""
_STATES: Final = {1: "stop", 3: "start", 4: "start"}
"""What is written to operatingStateReq: 1 STOP, 3 RUN, 4 RUN redundant; 2 resets retentive data."""
_RESET: Final = 2
_SUBSCRIPTION: Final = frozenset({1001, 2662})
"""Classes of subscriptions: to variables, to alarms."""
_SUBSCRIBING: Final = frozenset(range(1040, 1055))
_BODY: Final = frozenset({2533, *range(2580, 2592)})
"""Attributes that are a block's code."""
_PROGRAMMING: Final = _BODY | frozenset({*range(2521, 2549), 2607, 3448, 3449, 3735})
"""Attributes of a block that only engineering writes."""
_LOGIN: Final = frozenset({RESPONSE, LEGITIMATE})
_FIXED: Final = {1: 1, 2: 1, 6: 1, 10: 1, 3: 2, 7: 2, 11: 2, 12: 4, 14: 4, 18: 4, 13: 8, 15: 8, 16: 8}
"""Octets of values of fixed size, by type."""
_VARIABLE: Final = {4: False, 5: False, 8: True, 9: True, 17: True, 19: False}
"""Types whose octets hold 7 bits each: whether signed."""
_START, _ATTRIBUTE, _WSTRING = 0xA1, 0xA3, 0x15
DOWNLOAD: Final = "DLTransaction"


class About(NamedTuple):
    """What a request is about. verb: empty where the function's own holds. name: empty where not known."""

    verb: str = ""
    name: str = ""
    items: int = 1


class _Octets:
    """Reads on; what is not there ends the reading by IndexError."""

    __slots__ = ("at", "octets")

    def __init__(self, octets: bytes, at: int = 0) -> None:
        self.octets = octets
        self.at = at

    def u8(self) -> int:
        value = self.octets[self.at]
        self.at += 1
        return value

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def take(self, count: int) -> bytes:
        if count > len(self.octets) - self.at:
            raise IndexError
        self.at += count
        return self.octets[self.at - count : self.at]

    def number(self, *, signed: bool = False) -> int:
        """A number of 7 bits an octet, of 9 octets at most; signed: the first octet's bit 6 is the sign."""
        octet = self.u8()
        value = octet & 0x7F
        if signed:
            value = (octet & 0x3F) - (octet & 0x40)
        for _ in range(8):
            if octet < 0x80:
                break
            octet = self.u8()
            value = value << 7 | octet & 0x7F
        return value

    def numbers(self, count: int) -> list[int]:
        return [self.number() for _ in range(min(count, MAX_FIELDS))]

    def scalar(self) -> int | None:
        """The whole number of a plain value; None where it is another one, which is not passed over."""
        flags, kind = self.u8(), self.u8()
        if flags:
            return None
        if kind in _FIXED:
            return int.from_bytes(self.take(_FIXED[kind]), "big", signed=kind in {6, 7})
        return self.number(signed=_VARIABLE[kind]) if kind in _VARIABLE else None


def about(function: int, session: int, octets: bytes) -> About:
    """Say what a request is about. octets: what follows the transport flags, which may be cut short."""
    read = _READERS.get(function)
    try:
        return About() if read is None else read(function, session, _Octets(octets))
    except IndexError:
        return About()


def object_name(number: int, session: int) -> str:
    """Spell an object's id: `DB1`, `theCPUexecUnit`, `session`, `0x70000e51`."""
    if number == session:
        return "session"
    if number >> 16 == _DB:
        return f"DB{number & 0xFFFF}"
    if number >> 16 == _OB:
        return f"OB{number & 0xFFFF}"
    return _OBJECTS.get(number, f"0x{number:08x}")


def _is_block(number: int) -> bool:
    return _DB <= number >> 16 <= _OB


def _spelled(number: int, session: int, attributes: list[int]) -> str:
    name = object_name(number, session)
    return f"{name}.{_NAMES.get(attributes[0], attributes[0])}" if attributes else name


def _variable(function: int, session: int, o: _Octets) -> About:
    number, attributes = o.u32(), o.numbers(o.number())
    return About(_written(function, session, number, attributes, o), _spelled(number, session, attributes))


def _several(function: int, session: int, o: _Octets) -> About:
    number, items, fields = o.u32(), o.number(), o.number()
    if number:
        attributes = o.numbers(fields)
        verb = _written(function, session, number, attributes, o, numbered=True)
        return About(verb, _spelled(number, session, attributes), items)
    o.number()
    area, rest = o.number(), o.numbers(o.number())
    path = [str(_NAMES.get(rest[0], rest[0]))] if rest and rest[0] not in _VALUES else []
    return About("", ".".join([object_name(area, session), *path, *map(str, rest[1:])]), items)


def _streamed(function: int, session: int, o: _Octets) -> About:
    number, flags, kind = o.u32(), o.u8(), o.u8()
    attributes = o.numbers(o.number()) if (flags, kind) == (0x20, 4) else []
    verb = _read(number, session, attributes) if function == GET_STREAMED else ""
    if function == SET_STREAMED:
        verb = _written(function, session, number, attributes, o)
    return About(verb, _spelled(number, session, attributes))


def _explore(function: int, session: int, o: _Octets) -> About:
    del function
    number = o.u32()
    wanted = range(2533, 2592)
    asked = o.octets[o.at :]
    body = _is_block(number) and any(bytes((0x80 | k >> 7, k & 0x7F)) in asked for k in _BODY if k in wanted)
    return About("program-read" if body else "", object_name(number, session))


def _read(number: int, session: int, attributes: list[int]) -> str:
    if number == session and attributes[:1] == [CHALLENGE]:
        return "authenticate"
    return "program-read" if _BODY & set(attributes) else ""


def _written(
    function: int, session: int, number: int, attributes: list[int], o: _Octets, *, numbered: bool = False
) -> str:
    """What setting attributes of an object does; empty: nothing but writing."""
    if function in {GET, GET_MULTI}:
        return _read(number, session, attributes)
    known = set(attributes)
    if OPERATING_STATE in known:
        return _state(attributes.index(OPERATING_STATE), o, numbered=numbered)
    if CLOCK in known:
        return "time-set"
    if known & _LOGIN:
        return "authenticate"
    if number == session and SESSION_VERSION in known:
        return "open"
    if known & _PROGRAMMING:
        return "program-write"
    return "subscribe" if attributes and known <= _SUBSCRIBING else ""


def _state(index: int, o: _Octets, *, numbered: bool) -> str:
    """The verb of an operating state that is asked for; it stands behind `index` other plain values."""
    value = None
    for _ in range(index + 1):
        if numbered:
            o.number()
        value = o.scalar()
        if value is None:
            break
    return "reset" if value == _RESET else _STATES.get(value or 0, "mode-set")


def _create(function: int, session: int, o: _Octets) -> About:
    del function
    parent = o.u32()
    o.scalar()
    o.take(4)
    if o.u8() != _START:
        return About("", object_name(parent, session))
    number, kind = o.u32(), o.number()
    name = f"{object_name(number, session)}" if number >> 31 else f"{object_name(parent, session)}.{kind}"
    if kind in _SUBSCRIPTION:
        return About("subscribe", name)
    return About("program-write" if parent == PROGRAM or _is_block(number) else "", name)


def _begin(function: int, session: int, o: _Octets) -> About:
    del function, session
    o.take(4)
    if o.octets[o.at : o.at + 1] != bytes((_START,)):
        return About()
    texts = texts_of(o.octets)
    name = texts.get(233, "")
    return About("program-write" if name == DOWNLOAD else "", name)


def _delete(function: int, session: int, o: _Octets) -> About:
    del function
    number = o.u32()
    return About("program-write" if _is_block(number) else "", object_name(number, session))


_READERS: Final = {
    SET: _variable, GET: _variable, SET_MULTI: _several, GET_MULTI: _several, SET_STREAMED: _streamed,
    GET_STREAMED: _streamed, EXPLORE: _explore, CREATE: _create, DELETE: _delete, BEGIN: _begin,
}  # fmt: skip


def sequence_begins(open_: list[str], verb: str) -> None:
    """Remember a sequence that begins; within another one it does what that one does."""
    open_.append(verb or (open_[-1] if open_ else ""))
    del open_[:-MAX_SEQUENCES]


def created_ids(octets: bytes) -> list[int]:
    """Ids of what CreateObject made. octets: what follows the return value in its answer."""
    o = _Octets(octets)
    try:
        return o.numbers(o.u8())
    except IndexError:
        return []


def texts_of(octets: bytes) -> dict[int, str]:
    """Attributes that are texts, by number, of the first object and those within it.

    They are searched for by their form (0xA3, number, 0, 0x15, length, UTF-8), since other values may stand between.
    """
    found: dict[int, str] = {}
    at = octets.find(_ATTRIBUTE)
    while at >= 0 and len(found) < MAX_FIELDS:
        o = _Octets(octets, at + 1)
        try:
            number, flags, kind = o.number(), o.u8(), o.u8()
            if flags == 0 and kind == _WSTRING:
                text = o.take(o.number()).decode("utf-8")
                found.setdefault(number, text)
        except (IndexError, UnicodeDecodeError):
            pass
        at = octets.find(_ATTRIBUTE, at + 1)
    return found
