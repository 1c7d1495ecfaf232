"""Portraits: one machine, its units and relations drawn as Assets, every field with its proofs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from interlock.inventory.addresses import Address
from interlock.inventory.fields import Settled, settle, settle_roles
from interlock.inventory.inference import (
    derived,
    is_controller,
    level,
    nic_vendor,
    role_proofs,
    stranger_level,
)
from interlock.inventory.nested import nest
from interlock.inventory.proofs import MOST_PROOFS, Fact, surest
from interlock.inventory.relations import Relations, Row
from interlock.inventory.risk import risk
from interlock.records.asset import Asset, Proof

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.inventory.bonds import Bond
    from interlock.inventory.machines import Machine
    from interlock.inventory.nested import Nest
    from interlock.inventory.registries import Registries
    from interlock.inventory.rules import Rules
    from interlock.inventory.sightings import Sightings
    from interlock.records.asset import Conflict

__all__ = ["Painter", "Portrait"]

_SINGLE: Final = {
    "vendor": "vendor",
    "product": "product",
    "order-number": "order_number",
    "serial": "serial",
    "firmware": "firmware",
    "hardware": "hardware",
}
"""Clue field → asset field that has one value."""
_MOST_NAMES: Final = 8
_BOND_SURE: Final = (0.6, 0.8, 0.9)
_PLAIN: Final = frozenset({*_SINGLE, "name", "os", "mac", "ip", "role", "routes", "proxy-arp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """An asset without id, and its children."""

    asset: Asset
    children: tuple[Asset, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Sheet:
    """What goes into one asset: proofs by field, settled fields and conflicts."""

    proofs: dict[str, list[Proof]]
    values: dict[str, str | None]
    conflicts: list[Conflict]

    def put(self, name: str, settled: Settled) -> None:
        self.values[name] = settled.value
        self.proofs[name] = list(settled.proofs)
        if settled.conflict is not None:
            self.conflicts.append(settled.conflict)

    def provenance(self) -> tuple[tuple[str, tuple[Proof, ...]], ...]:
        return tuple((name, tuple(p)) for name, p in sorted(self.proofs.items()) if p)


@dataclass(frozen=True, slots=True, kw_only=True)
class Painter:
    """Everything that a portrait needs besides the machine.

    seen: endpoint → its sightings. now_ns: capture clock.
    routers: endpoint → how many machines were told to use it as their router.
    """

    sightings: Sightings
    registries: Registries
    rules: Rules
    seen: Mapping[int, Row]
    routers: Mapping[int, int]
    now_ns: int

    def paint(self, machine: Machine, relations: Relations) -> Portrait:
        """Draw a machine and what is behind its address."""
        nested = nest(machine, relations)
        sheet = self._say(nested.own, self._nic_vendors(machine))
        text = self.sightings.endpoints.addresses
        sheet.proofs["ips"] = self._held(machine.bonds)
        sheet.proofs["via"] = [
            self._bond(b, text[b.mac], "Forwards for it: not its own MAC.") for b in machine.via
        ]
        for side, spoken in (("served", relations.served), ("used", relations.used)):
            sheet.proofs[side] = surest((s.proof() for s in spoken.values()), self.now_ns)
        sheet.proofs["exposure"] = self._exposures(relations)
        self._role(sheet, machine, nested, relations)
        asset = self._asset(sheet, machine, relations)
        children = (
            self._child(machine, unit, *of) for unit, of in sorted(nested.children.items(), key=_by_unit)
        )
        return Portrait(asset=replace(asset, risk=risk(asset)), children=tuple(children))

    def _asset(self, sheet: _Sheet, machine: Machine, relations: Relations) -> Asset:
        text = self.sightings.endpoints.addresses
        return Asset(
            id="",
            realm=machine.realm,
            macs=tuple(text[m] for m in machine.macs),
            ips=tuple(text[i] for i in machine.ips),
            names=_names(sheet),
            served=_spoken(relations.served),
            used=_spoken(relations.used),
            first_seen=relations.first,
            last_seen=relations.last,
            provenance=sheet.provenance(),
            conflicts=tuple(sheet.conflicts),
            **sheet.values,  # type: ignore[arg-type]
        )

    def _say(self, told: list[Fact], more_vendors: Iterable[Proof]) -> _Sheet:
        """Settle what a machine says of itself."""
        told = [*told, *derived(told, self.registries)]
        by_field: dict[str, list[Proof]] = defaultdict(list)
        for fact in told:
            by_field[fact.field].append(fact.proof)
        by_field["vendor"] += more_vendors
        sheet = _Sheet(proofs={}, values={}, conflicts=[])
        for clue, name in _SINGLE.items():
            sheet.put(name, settle(name, by_field.get(clue, ()), self.now_ns))
        sheet.put(
            "os", settle("os", [*by_field.get("os", ()), *self.rules.systems_by_fact(told)], self.now_ns)
        )
        sheet.proofs["names"] = surest(by_field.get("name", ()), self.now_ns)[: 2 * _MOST_NAMES]
        for field, proofs in by_field.items():
            if field not in _PLAIN:
                sheet.proofs[field] = surest(proofs, self.now_ns)[:MOST_PROOFS]
        sheet.put("role", settle_roles(self.rules.roles_by_fact(told), self.now_ns))
        return sheet

    def _role(self, sheet: _Sheet, machine: Machine, nested: Nest, relations: Relations) -> None:
        told = [*nested.own, *derived(nested.own, self.registries)]
        if sheet.values["os"] is not None:
            told += [Fact("os", p) for p in sheet.proofs["os"] if p.value == sheet.values["os"]][:1]
        forwards = [self._bond(bond, str(machine.passed), note) for bond, note in machine.passing]
        sheet.proofs["forwards"] = forwards
        shown = forwards[0] if forwards else None
        measured = self._measured(machine, nested, relations)
        proofs = role_proofs(told, relations, measured, self.rules, shown)
        settled = settle_roles(proofs, self.now_ns)
        sheet.put("role", settled)
        supervises = any(p in self.rules.control for p in relations.used)
        stands = level(settled.value, settled.proofs, self.rules, supervises=supervises)
        if stands is None and machine.stranger:
            address = self.sightings.endpoints.addresses[machine.ips[0]]
            stands = stranger_level(self.seen.get(machine.ips[0]), address)
        sheet.put("purdue_level", Settled(stands.value if stands else None, (stands,) if stands else ()))

    def _measured(self, machine: Machine, nested: Nest, relations: Relations) -> dict[str, int]:
        flags = self.sightings.endpoints.flags
        return {
            **relations.measured(),
            "units": nested.bridged,
            "passed": machine.passed,
            "virtual": sum(1 for m in machine.macs if flags[m] & Address.VIRTUAL),
            "told": sum(self.routers.get(i, 0) for i in machine.ips),
        }

    def _nic_vendors(self, machine: Machine) -> list[Proof]:
        text, flags = self.sightings.endpoints.addresses, self.sightings.endpoints.flags
        real = [m for m in machine.macs if not flags[m] & (Address.VIRTUAL | Address.LOCAL_ADMIN)]
        return [p for m in real for p in nic_vendor(text[m], self.seen.get(m), self.registries)]

    def _exposures(self, relations: Relations) -> list[Proof]:
        found = [s.proof() for s in relations.exposures.values()]
        clients = len(relations.peers.get("served_clients", ()))
        reachable = {p: s for p, s in relations.served.items() if p in self.rules.open_control and clients}
        if reachable and is_controller(relations, self.rules):
            first = min(reachable.values(), key=lambda s: s.rank)
            who = "1 machine" if clients == 1 else f"{clients} machines"
            note = f"Answers {', '.join(sorted(reachable))} to {who} without asking who they are."
            found.append(replace(first.proof(note), value="open-control"))
        return surest(found, self.now_ns)

    def _held(self, bonds: list[Bond]) -> list[Proof]:
        text = self.sightings.endpoints.addresses
        found = [self._bond(b, text[b.ip], f"Spoken for by {text[b.mac]}.") for b in bonds]
        return surest(found, self.now_ns)[: 2 * MOST_PROOFS]

    def _bond(self, bond: Bond | None, value: str, note: str) -> Proof:
        if bond is None:
            return Proof(
                value=value, protocol="", source="", frame=0, confidence=0.9, first=0, last=0, note=note
            )
        return Proof(
            value=value,
            protocol=bond.protocol,
            source=bond.source,
            frame=bond.frame,
            confidence=_BOND_SURE[bond.kind],
            first=bond.first,
            last=bond.last,
            count=bond.times,
            note=note,
        )

    def _child(self, machine: Machine, unit: str, told: list[Fact], rows: list) -> Asset:  # type: ignore[type-arg]
        relations = Relations(served={s.protocol: s for s in rows})
        for row in rows:
            first, last = row.rank[1], row.last
            relations.first, relations.last = min(relations.first or first, first), max(relations.last, last)
        for fact in told:
            relations.first = min(relations.first or fact.proof.first, fact.proof.first)
            relations.last = max(relations.last, fact.proof.last)
        sheet = self._say(told, ())
        sheet.proofs["served"] = [s.proof() for s in rows]
        facts = [*told, *derived(told, self.registries)]
        settled = settle_roles(role_proofs(facts, relations, {}, self.rules), self.now_ns)
        sheet.put("role", settled)
        stands = level(settled.value, settled.proofs, self.rules, supervises=False)
        sheet.put("purdue_level", Settled(stands.value if stands else None, (stands,) if stands else ()))
        alone = replace(machine, macs=[], ips=[])
        asset = replace(self._asset(sheet, alone, relations), unit=unit)
        return replace(asset, risk=risk(asset))


def _by_unit(item: tuple[str, object]) -> tuple[int, str]:
    return (len(item[0]), item[0])


def _names(sheet: _Sheet) -> tuple[str, ...]:
    """Names, the surest first; those that differ in case only, once."""
    found: dict[str, str] = {}
    for proof in sheet.proofs["names"]:
        found.setdefault(proof.value.casefold(), proof.value)
    return tuple(found.values())[:_MOST_NAMES]


def _spoken(spoken: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(sorted(spoken))
