"""Devices behind one address: Modbus units, S7 rack.slot, CIP paths, DNP3 and IEC 104 addresses.

A unit is there when it gave identity facts, or at least ANSWERS answers (exceptions `gateway target failed`
are none). By protocol:
- Modbus units 0 and 255 mean the addressed device itself.
- Two or more other units are children; so is a single one beside unit 0 or 255, or one whose identity
  contradicts the address's own. Else the single unit is the addressed device, and what it says is said by the
  address.
- More than MOST_UNITS units without identity facts are no children: a server that ignores the unit id answers
  to all.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.inventory.machines import Machine
    from interlock.inventory.proofs import Fact
    from interlock.inventory.relations import Relations, Sum

__all__ = ["ANSWERS", "MOST_UNITS", "Nest", "nest"]

ANSWERS: Final = 3
MOST_UNITS: Final = 32
_MOST_CHILDREN: Final = 256
_SELF: Final[Mapping[str, frozenset[str]]] = {"modbus": frozenset({"0", "255"})}
_FAMILY: Final = {"umas": "modbus", "s7comm-plus": "s7comm", "pccc": "cip", "enip": "cip"}
_BRIDGED: Final = frozenset({"modbus", "dnp3", "iec104", "hart-ip", "bacnet"})
"""Protocols whose units are devices of their own, so that their address is a gateway's, not a rack's."""
_TELLING: Final = frozenset({"serial", "order-number", "product", "product-code", "name"})


class Nest:
    """own: facts that turned out to be the address's. children: unit → its facts and what it answered.

    bridged: how many units are devices behind a gateway.
    """

    __slots__ = ("bridged", "children", "own")

    def __init__(self) -> None:
        self.own: list[Fact] = []
        self.children: dict[str, tuple[list[Fact], list[Sum]]] = {}
        self.bridged = 0


def nest(machine: Machine, relations: Relations) -> Nest:
    """Tell a machine's units from itself."""
    result = Nest()
    result.own += machine.facts
    if not machine.units and not relations.units:
        return result
    told, answered = _by_family(machine, relations)
    for family in sorted({*told, *answered}):
        _one_family(family, told.get(family, {}), answered.get(family, {}), machine, result)
    return result


def _by_family(
    machine: Machine, relations: Relations
) -> tuple[dict[str, dict[str, list[Fact]]], dict[str, dict[str, list[Sum]]]]:
    told: dict[str, dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    for unit, facts in machine.units.items():
        for fact in facts:
            told[_FAMILY.get(fact.proof.protocol, fact.proof.protocol)][unit].append(fact)
    answered: dict[str, dict[str, list[Sum]]] = defaultdict(lambda: defaultdict(list))
    for (protocol, unit), rows in relations.units.items():
        answered[_FAMILY.get(protocol, protocol)][unit].append(rows)
    return told, answered


def _one_family(
    family: str, told: dict[str, list[Fact]], answered: dict[str, list[Sum]], machine: Machine, result: Nest
) -> None:
    mine = _SELF.get(family, frozenset())
    alive = {unit for unit, rows in answered.items() if sum(r.count for r in rows) >= ANSWERS}
    identified = {unit for unit, facts in told.items() if any(f.field != "unit" for f in facts)}
    units = sorted((alive | identified) - mine, key=lambda u: (len(u), u))
    indifferent = len(alive - mine) > MOST_UNITS and not identified - mine
    single = len(units) == 1 and not alive & mine and not _contradicts(told.get(units[0], []), machine.facts)
    children = [] if indifferent or single else units[:_MOST_CHILDREN]
    for unit, facts in told.items():
        if unit not in children:
            result.own += facts
    for unit in children:
        facts, rows = result.children.setdefault(unit, ([], []))
        facts += told.get(unit, [])
        rows += answered.get(unit, [])
    if family in _BRIDGED:
        result.bridged += len(children)


def _contradicts(told: list[Fact], own: list[Fact]) -> bool:
    """Whether a unit says of itself what the address says otherwise."""
    known = {field: {f.proof.value for f in own if f.field == field} for field in _TELLING}
    return any(known.get(f.field) and f.proof.value not in known[f.field] for f in told)
