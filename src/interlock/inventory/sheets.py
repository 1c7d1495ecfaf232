"""Sheets: what is known about one machine or unit, collected field by field before it is an Asset."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from interlock.inventory.fields import Settled, settle, settle_roles
from interlock.inventory.inference import derived, level, role_proofs
from interlock.inventory.proofs import MOST_PROOFS, Fact, surest
from interlock.inventory.risk import standing
from interlock.records.folded import Folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interlock.inventory.proofs import Sign
    from interlock.inventory.registries import Registries
    from interlock.inventory.relations import Relations
    from interlock.inventory.rules import Rules
    from interlock.records.asset import Conflict
    from interlock.records.folded import Book

__all__ = ["Sheet"]

_SINGLE: Final = {
    "vendor": "vendor",
    "product": "product",
    "order-number": "order_number",
    "serial": "serial",
    "firmware": "firmware",
    "hardware": "hardware",
}
"""Clue field → asset field that has one value."""
_SETTLED: Final = frozenset({*_SINGLE, "name", "os", "mac", "ip", "role", "routes", "proxy-arp"})
_MOST_NAMES: Final = 8


@dataclass(slots=True, kw_only=True)
class Sheet:
    """Proofs by field, settled values and conflicts. told: all facts, those that follow included."""

    rules: Rules
    now_ns: int
    book: Book
    told: list[Fact] = field(default_factory=list)
    proofs: dict[str, list[Sign]] = field(default_factory=dict)
    values: dict[str, str | None] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    conflicts: list[Conflict] = field(default_factory=list)

    def say(self, told: list[Fact], registries: Registries, vendors: Iterable[Sign] = ()) -> None:
        """Settle what a machine says of itself. vendors: weaker hints at its manufacturer."""
        self.told = [*told, *derived(told, registries)]
        by_field: dict[str, list[Sign]] = defaultdict(list)
        for fact in self.told:
            by_field[fact.field].append(fact.proof)
        by_field["vendor"] += vendors
        for clue, name in _SINGLE.items():
            self._settle(name, by_field.get(clue, ()))
        self._settle("os", [*by_field.get("os", ()), *self.rules.systems_by_fact(self.told)])
        self.proofs["names"] = surest(by_field.get("name", ()), self.now_ns)[: 2 * _MOST_NAMES]
        different = {p.value.casefold(): p.value for p in reversed(self.proofs["names"])}
        self.names = tuple(reversed(different.values()))[:_MOST_NAMES]
        for clue, proofs in by_field.items():
            if clue not in _SETTLED:
                self.proofs[clue] = surest(proofs, self.now_ns)[:MOST_PROOFS]

    def play(self, relations: Relations, measured: Mapping[str, int], shown: Sign | None = None) -> None:
        """Settle role and Purdue level. measured, shown: see inference.role_proofs."""
        told, system = self.told, self.values["os"]
        if system is not None:
            told = [*told, Fact("os", next(p for p in self.proofs["os"] if p.value == system))]
        settled = settle_roles(role_proofs(told, relations, measured, self.rules, shown), self.now_ns)
        self._put("role", settled)
        self.stand(level(settled.value, settled.proofs, relations, self.rules))

    def stand(self, proof: Sign | None) -> None:
        """Set the Purdue level to what a proof says."""
        self._put("purdue_level", Settled(proof.value, (proof,)) if proof else Settled(None, ()))

    def columns(self) -> dict[str, Any]:
        """Return what it adds to an Asset, as keywords."""
        return {
            **self.values,
            "names": self.names,
            "conflicts": tuple(self.conflicts),
            "provenance": Folded(
                [
                    (name, [p[:] for p in self.proofs[name]])
                    for name in sorted(self.proofs)
                    if self.proofs[name]
                ],
                self.book,
            ),
            "risk": standing(self.values["role"], self.values["os"], self.proofs.get("exposure", ())),
        }

    def _settle(self, name: str, signs: Sequence[Sign]) -> None:
        """Settle a field that has one value; mostly nothing is known of it."""
        if signs:
            self._put(name, settle(name, signs, self.now_ns))
        else:
            self.values[name] = None

    def _put(self, name: str, settled: Settled) -> None:
        self.values[name] = settled.value
        self.proofs[name] = list(settled.proofs)
        if settled.conflict is not None:
            self.conflicts.append(settled.conflict)
