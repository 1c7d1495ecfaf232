"""Portraits: one machine, its units and relations drawn as Assets, every field with its proofs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from interlock.inventory.addresses import Address
from interlock.inventory.inference import is_controller, nic_vendor, stranger_level
from interlock.inventory.nested import nest
from interlock.inventory.proofs import MOST_PROOFS, Sign, made, retold, surest
from interlock.inventory.relations import Relations
from interlock.inventory.sheets import Sheet
from interlock.records.asset import Asset
from interlock.records.counting import counted
from interlock.records.folded import Book

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.inventory.bonds import Bond
    from interlock.inventory.machines import Machine
    from interlock.inventory.nested import Nest
    from interlock.inventory.proofs import Fact
    from interlock.inventory.registries import Registries
    from interlock.inventory.relations import Seen, Sum
    from interlock.inventory.rules import Rules
    from interlock.inventory.sightings import Sightings

__all__ = ["Painter"]

_BOND_SURE: Final = (0.6, 0.8, 0.9)
"""Confidence in an address by kind of bond: carried, claimed, resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Painter:
    """Everything that a portrait needs besides the machine.

    seen: endpoint → its sightings. now_ns: capture clock.
    routers: endpoint → how many machines were told to use it as their router.
    """

    sightings: Sightings
    registries: Registries
    rules: Rules
    seen: Seen
    routers: Mapping[int, int]
    now_ns: int
    book: Book = field(default_factory=Book)

    def paint(self, machine: Machine, relations: Relations) -> tuple[Asset, ...]:
        """Draw a machine, then what is behind its address; ids are still empty."""
        nested, text = nest(machine, relations), self.sightings.endpoints.addresses
        for bond in machine.bonds:
            if bond.ip in self.seen:  # an IP counts only while it was the machine's
                relations.span(bond.first, bond.last)
        sheet = Sheet(rules=self.rules, now_ns=self.now_ns, book=self.book)
        sheet.say(nested.own, self.registries, self._nic_vendors(machine))
        sheet.proofs["ips"] = self._held(machine.bonds)
        sheet.proofs["via"] = [
            _bond(b, text[b.mac], "Forwards for it: not its own MAC.") for b in machine.via[:MOST_PROOFS]
        ]
        sheet.proofs["macs"] = machine.joins[:MOST_PROOFS]
        sheet.proofs["forwards"] = [_bond(b, str(machine.passed), note) for b, note in machine.passing]
        for side, spoken in (("served", relations.served), ("used", relations.used)):
            sheet.proofs[side] = surest((s.proof() for s in spoken.values()), self.now_ns)
        sheet.proofs["exposure"] = self._exposures(relations)
        shown = next(iter(sheet.proofs["forwards"]), None)
        sheet.play(relations, self._measured(machine, nested, relations), shown)
        if machine.stranger and sheet.values["purdue_level"] is None:
            sheet.stand(stranger_level(self.seen.get(machine.ips[0]), text[machine.ips[0]]))
        asset = Asset(
            id="",
            realm=machine.realm,
            macs=tuple(text[m] for m in machine.macs),
            ips=tuple(text[i] for i in machine.ips),
            **_spoken(relations),
            **sheet.columns(),
        )
        units = sorted(nested.children.items(), key=lambda item: (len(item[0]), item[0]))
        return (asset, *(self._child(machine.realm, unit, *of) for unit, of in units))

    def _child(self, realm: str, unit: str, told: list[Fact], rows: list[Sum]) -> Asset:
        """Draw what is behind an address; addresses are its parent's."""
        times = [(r.rank[1], r.last) for r in rows] + [(f.proof.first, f.proof.last) for f in told]
        relations = Relations(served={s.protocol: s for s in rows})
        relations.first, relations.last = min(t[0] for t in times), max(t[1] for t in times)
        sheet = Sheet(rules=self.rules, now_ns=self.now_ns, book=self.book)
        sheet.say(told, self.registries)
        served = ((s.protocol, s.proof()) for s in rows)
        sheet.proofs["served"] = [retold(p, protocol, p.confidence, p.note) for protocol, p in served]
        sheet.play(relations, {})
        return Asset(id="", realm=realm, unit=unit, **_spoken(relations), **sheet.columns())

    def _measured(self, machine: Machine, nested: Nest, relations: Relations) -> dict[str, int]:
        flags = self.sightings.endpoints.flags
        return {
            **relations.measured(),
            "units": nested.bridged,
            "passed": machine.passed,
            "virtual": sum(1 for m in machine.macs if flags[m] & Address.VIRTUAL),
            "told": sum(self.routers.get(i, 0) for i in machine.ips),
        }

    def _nic_vendors(self, machine: Machine) -> list[Sign]:
        text, flags = self.sightings.endpoints.addresses, self.sightings.endpoints.flags
        real = [m for m in machine.macs if not flags[m] & (Address.VIRTUAL | Address.LOCAL_ADMIN)]
        return [p for m in real[:MOST_PROOFS] for p in nic_vendor(text[m], self.seen.get(m), self.registries)]

    def _exposures(self, relations: Relations) -> list[Sign]:
        found = [s.proof() for s in relations.exposures.values()]
        clients = len(relations.peers.get("served_clients", ()))
        reachable = {p: s for p, s in relations.served.items() if p in self.rules.open_control and clients}
        if reachable and is_controller(relations, self.rules):
            first = min(reachable.values(), key=lambda s: s.rank).proof()
            who = counted(clients, "machine")
            note = f"Answers {', '.join(sorted(reachable))} to {who} without asking who they are."
            found.append(retold(first, "open-control", first.confidence, note))
        return surest(found, self.now_ns)

    def _held(self, bonds: list[Bond]) -> list[Sign]:
        text = self.sightings.endpoints.addresses
        found = [_bond(b, text[b.ip], f"Spoken for by {text[b.mac]}.") for b in bonds]
        return surest(found, self.now_ns)[: 2 * MOST_PROOFS]


def _bond(bond: Bond | None, value: str, note: str) -> Sign:
    if bond is None:
        return Sign(value=value, protocol="", source="", frame=0, confidence=0.9, first=0, last=0, note=note)
    sure = _BOND_SURE[bond.kind]
    return made(
        Sign, (value, bond.protocol, bond.source, bond.frame, sure, bond.first, bond.last, bond.times, note)
    )


def _spoken(relations: Relations) -> dict[str, Any]:
    return {
        "served": tuple(sorted(relations.served)),
        "used": tuple(sorted(relations.used)),
        "first_seen": relations.first,
        "last_seen": relations.last,
    }
