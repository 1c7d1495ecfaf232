"""Joins: the strong reasons for which several MACs and IPs are one machine.

- The same vendor and serial number, unless the order numbers differ (a clone, or a careless maker).
- The same system name and the same management address or chassis, told by LLDP, CDP or SNMP.
- LLDP or CDP of one MAC names an address that another MAC of the same maker, or its own chassis MAC, holds:
  ports announce their system from MACs of their own.
- An EtherCAT frame that came back has its sender's MAC, marked by the first device on its way.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.inventory.addresses import sort_key
from interlock.inventory.bonds import holder_at
from interlock.inventory.proofs import retold
from interlock.inventory.serials import serial_key, vendor_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.inventory.bonds import Ownership
    from interlock.inventory.proofs import Fact, Facts, Sign
    from interlock.inventory.registries import Registries
    from interlock.inventory.sightings import Sightings

__all__ = ["Join", "strong_joins"]

_INTRODUCING: Final = frozenset({"lldp", "cdp", "snmp"})
_ANNOUNCING: Final = frozenset({"lldp", "cdp"})
_MARKING: Final = "ethercat"
_SURE: Final = 0.5
_LONG: Final = 8
"""Characters from which on a serial number is telling without its vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Anchors (endpoint numbers, in the order of their addresses) that are one machine, and why."""

    anchors: tuple[int, ...]
    proof: Sign


def strong_joins(
    sightings: Sightings, facts: Facts, ownership: Ownership, registries: Registries
) -> list[Join]:
    """All joins that the facts tell, in an order that does not depend on the order of facts."""
    work = _Work(sightings, ownership)
    for who, told in facts.introductions(("serial",), sorted(_INTRODUCING | _ANNOUNCING | {_MARKING})):
        work.serials(who, told, registries)
        work.systems(who, told)
        work.chassis(who, told)
        work.marked(who, told)
    return work.joins()


class _Work:
    def __init__(self, sightings: Sightings, ownership: Ownership) -> None:
        self._endpoints, self._ownership = sightings.endpoints, ownership
        self._found: dict[tuple[str, ...], dict[int, tuple[Sign, frozenset[str]]]] = defaultdict(dict)

    def serials(self, who: int, told: Sequence[Fact], registries: Registries) -> None:
        """Note vendor and serial number."""
        sure = [f.proof for f in told if f.field == "serial" and f.proof.confidence >= _SURE]
        if not sure:
            return
        vendor = _vendor(told, registries)
        orders = frozenset(
            "".join(f.proof.value.split()) for f in told if f.field in {"order-number", "product-code"}
        )
        for proof in sure:
            key = serial_key(proof.value)
            if key and (vendor or len(key) >= _LONG):
                note = f"One machine: the same serial number {proof.value}."
                self._note(("serial", vendor or "", key), who, retold(proof, proof.value, 0.9, note), orders)

    def systems(self, who: int, told: Sequence[Fact]) -> None:
        """Note system name with management address or chassis."""
        said = [f for f in told if f.proof.protocol in _INTRODUCING]
        names = [f.proof for f in said if f.field == "name"]
        for name in names:
            for place in (f.proof.value for f in said if f.field in {"ip", "mac"}):
                note = f"One machine: the same system name {name.value} at {place}."
                self._note(("system", name.value, place), who, retold(name, place, 0.85, note))

    def chassis(self, who: int, told: Sequence[Fact]) -> None:
        """Note that a port's announcement names its system's MAC, or an address that a MAC like it holds."""
        said = [f for f in told if f.proof.protocol in _ANNOUNCING]
        realm, port = self._endpoints.realms[who], self._endpoints.addresses[who]
        if not said:
            return
        own = {f.proof.value for f in said if f.field == "mac"}
        for fact in said:
            named = self._endpoints.find(realm, fact.proof.value) if fact.field in {"ip", "mac"} else 0
            for mac in self._holders(named) if named else ():
                holder = self._endpoints.addresses[mac]
                if mac != who and (holder in own or holder[:8] == port[:8]):
                    note = f"One machine: its port {port} announces {fact.proof.value} as its system."
                    proof = retold(fact.proof, fact.proof.value, 0.8, note)
                    for anchor in (who, mac):
                        self._note(("chassis", port, holder), anchor, proof)

    def marked(self, who: int, told: Sequence[Fact]) -> None:
        """Note that a MAC is another one's with the bit set that frames carry on their way back."""
        realm, own = self._endpoints.realms[who], self._endpoints.addresses[who]
        for fact in told:
            if fact.field != "mac" or fact.proof.protocol != _MARKING:
                continue
            back = self._endpoints.find(realm, fact.proof.value)
            if not back or fact.proof.value != f"{int(own[:2], 16) | 2:02x}{own[2:]}":
                continue
            note = f"One machine: what {own} sent came back through the segment as {fact.proof.value}."
            proof = retold(fact.proof, fact.proof.value, 0.9, note)
            for anchor in (who, back):
                self._note(("marked", own, fact.proof.value), anchor, proof)

    def joins(self) -> list[Join]:
        """Everything noted for more than one anchor."""
        found = []
        for key in sorted(k for k, anchors in self._found.items() if len(anchors) > 1):
            anchors = self._found[key]
            ordered = sorted(anchors, key=lambda a: sort_key(self._endpoints.addresses[a]))
            kind = next((anchors[a][1] for a in ordered if anchors[a][1]), frozenset())
            alike = [a for a in ordered if not kind or not anchors[a][1] or anchors[a][1] & kind]
            if len(alike) > 1:
                proof = min(
                    (anchors[a][0] for a in alike), key=lambda p: (p.first, p.source, p.frame, p.value)
                )
                found.append(Join(anchors=tuple(alike), proof=proof))
        return found

    def _note(self, key: tuple[str, ...], who: int, proof: Sign, kind: frozenset[str] = frozenset()) -> None:
        """Note under a key, for the anchor that stood for an address then, the earliest proof."""
        owners = self._ownership.owners.get(who)
        anchor = holder_at(owners, proof.first).mac if owners else who
        held = self._found[self._endpoints.realms[who], *key]
        before = held.get(anchor)
        if before is not None:
            kind |= before[1]
            proof = min(before[0], proof, key=lambda p: (p.first, p.source, p.frame, p.value))
        held[anchor] = (proof, kind)

    def _holders(self, who: int) -> Iterable[int]:
        owners = self._ownership.owners.get(who)
        return {b.mac for b in owners} if owners else (who,)


def _vendor(told: Sequence[Fact], registries: Registries) -> str | None:
    names = [f.proof.value for f in told if f.field == "vendor"]
    names += [n for f in told if f.field == "vendor-id" and (n := registries.vendor(f.proof.value))]
    return min((k for n in names if (k := vendor_key(n))), default=None)
