"""What one request of a control protocol reaches, as rules ask for it.

    modbus  holding:5 (count 2), coil:0     table, addresses from 1 as Suricata counts them
            diagnostic:4, mei:14            subfunction
    cip     class:0x01/1/5                  class, instance, attribute

Source: Suricata user guide, "Modbus Keyword", "ENIP/CIP Keywords"; MODBUS Application Protocol Specification V1.1b3,
clause 5.1 and Annex A for the groups of functions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

__all__ = ["TABLES", "Facts", "groups_of", "reached"]

Facts = dict[str, tuple[int | str, ...]]
TABLES: Final = {"coil": "coils", "discrete": "discretes", "input": "input", "holding": "holding"}
"""Kind of object → Suricata's word."""
_SUBFUNCTIONS: Final = frozenset({"diagnostic", "mei"})
_MOST_ADDRESSES: Final = 65_536
_DIAGNOSTICS, _ENCAPSULATED = 8, 43
_ASSIGNED: Final = frozenset({1, 2, 3, 4, 5, 6, 7, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24})
_ASSIGNED_BELOW: Final = {
    _DIAGNOSTICS: frozenset({0, 1, 2, 3, 4, *range(10, 19), 20}),
    _ENCAPSULATED: frozenset({13, 14}),
}
_USER: Final = frozenset({*range(65, 73), *range(100, 111)})
_RESERVED: Final = frozenset({9, 10, 13, 14, 41, 42, 90, 91, 125, 126, 127})


def groups_of(function: int, below: int | None) -> tuple[str, ...]:
    """The groups that a function of Modbus is in. below: its subfunction, where it has one."""
    if function in _RESERVED or (
        function == _DIAGNOSTICS and below is not None and (below == 19 or below > 20)
    ):
        return ("reserved", "all")
    if function in _USER:
        return ("user", "all")
    known = function in _ASSIGNED or (below is not None and below in _ASSIGNED_BELOW.get(function, ()))
    return ("assigned" if known else "unassigned", "public", "all")


@lru_cache(maxsize=4_096)
def reached(protocol: str, verb: str, function: int, unit: str, thing: str, count: int) -> Facts:
    """Facts of one row of operations. thing: its object, or nothing."""
    if protocol == "modbus":
        return _modbus(verb, function, unit, thing, count)
    return _cip(thing) if protocol == "cip" else {}


def _modbus(verb: str, function: int, unit: str, thing: str, count: int) -> Facts:
    facts: Facts = {"modbus.unit": (int(unit),)} if unit.isdecimal() else {}
    kind, _, address = thing.partition(":")
    number = int(address) if address.isdecimal() else None
    below = number if kind in _SUBFUNCTIONS else None
    facts["modbus.group"] = groups_of(function, below)
    if below is not None:
        facts["modbus.subfunction"] = (below,)
    if kind in TABLES and number is not None and verb in {"read", "write"}:
        facts["modbus.access"], facts["modbus.table"] = (verb,), (TABLES[kind],)
        first = number + 1
        facts["modbus.address"] = tuple(range(first, first + min(max(count, 1), _MOST_ADDRESSES)))
    return facts


def _cip(thing: str) -> Facts:
    kind, _, path = thing.partition(":")
    if kind != "class":
        return {}
    names = ("cip.class", "cip.instance", "cip.attribute")
    return {
        name: (number,)
        for name, number in zip(names, map(_number, path.split("/")), strict=False)
        if number >= 0
    }


def _number(text: str) -> int:
    """-1 where it is none."""
    try:
        return int(text, 0)
    except ValueError:
        return -1
