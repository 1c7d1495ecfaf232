"""Inference: proofs that follow from others by registries and rules, each with the sentence that says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.inventory.proofs import Fact, Sign, made, retold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.inventory.registries import Registries
    from interlock.inventory.relations import Relations, Row, Sum
    from interlock.inventory.rules import Rules, Verdict

__all__ = ["derived", "is_controller", "level", "nic_vendor", "role_proofs", "stranger_level"]

_SUPERVISING: Final = frozenset({"workstation", "server"})


def derived(told: Iterable[Fact], registries: Registries) -> list[Fact]:
    """Facts that registered numbers stand for: vendors, products, device types."""
    found: list[Fact] = []
    for fact in told:
        value = fact.proof.value
        if fact.field == "vendor-id":
            _say(found, fact, "vendor", registries.vendor(value), 0.95, f"Registered vendor of {value}.")
        elif fact.field == "product-code":
            _say(found, fact, "vendor", registries.code_vendor(value), 0.9, f"Registered vendor of {value}.")
            _say(found, fact, "product", registries.family(value), 0.5, f"Device family of {value}.")
            _say(found, fact, "device-type", registries.device_type(value), 0.95, f"Device type of {value}.")
        elif fact.field == "order-number":
            _say(found, fact, "product", registries.order(value), 0.85, f"Product with order number {value}.")
        elif fact.field == "device-type" and value.removeprefix("cip:").isdecimal():
            name = registries.cip_device_types.get(value.removeprefix("cip:"))
            _say(found, fact, "device-type", name, 0.95, f"CIP device type {value.removeprefix('cip:')}.")
    return found


def nic_vendor(mac: str, row: Row | None, registries: Registries) -> list[Sign]:
    """Maker of the network interface: a weak hint at the machine's."""
    name = registries.mac_vendor(mac)
    if name is None or row is None:
        return []
    note = f"Its MAC {mac} is assigned to {name}, who need not have made more than the interface."
    return [made(Sign, (name, "oui", row.source, row.frame, 0.35, row.first, row.last, row.times, note))]


def role_proofs(
    told: Iterable[Fact],
    relations: Relations,
    measured: Mapping[str, int],
    rules: Rules,
    shown: Sign | None = None,
) -> list[Sign]:
    """Every reason for a role.

    measured: the relations' measures, and the structural ones (units, passed …).
    shown: what shows the structural ones; else the busiest relation stands for what a machine does.
    """
    found = rules.roles_by_fact(told)
    found += _by_protocol(rules.serves, relations.served)
    found += _by_protocol(rules.speaks, relations.used)
    if not any(measured.values()):
        return found
    controller = is_controller(relations, rules)
    verdicts = [b.judge(measured, controller=controller) for b in rules.behaviours if b.possible(measured)]
    example = shown or _busiest(relations)
    return found + [_proof(v, example) for v in verdicts if v is not None]


def is_controller(relations: Relations, rules: Rules) -> bool:
    """Whether it answers a protocol that moves a process, told by more than a port."""
    return any(p in rules.open_control and s.rank[0] <= -0.5 for p, s in relations.served.items())


def level(role: str | None, proofs: Iterable[Sign], relations: Relations, rules: Rules) -> Sign | None:
    """Purdue level that a role stands on, None where the role does not tell. proofs: of the role, surest first."""
    best = next((p for p in proofs if p.value == role), None)
    if role is None or best is None:
        return None
    verdict = rules.levels.get(role)
    if verdict is not None:
        sure = round(min(verdict.confidence, max(best.confidence, 0.3)), 4)
        return retold(best, verdict.value, sure, f"The role {role} stands on level {verdict.value}.")
    if role in _SUPERVISING and any(p in rules.control for p in relations.used):
        return retold(best, "3", 0.3, f"The role {role}, asking controllers, stands on level 3.")
    if role == "gateway" and is_controller(relations, rules):
        return retold(best, "1", 0.4, "A gateway that answers control protocols stands on level 1.")
    return None


def stranger_level(row: Row | None, address: str) -> Sign:
    """Level of a public address that no machine here owns."""
    first, last, source, frame = (row.first, row.last, row.source, row.frame) if row else (0, 0, "", 0)
    return Sign(
        value="5",
        protocol="ip",
        source=source,
        frame=frame,
        confidence=0.9,
        first=first,
        last=last,
        times=row.times if row else 1,
        note=f"{address} is a public address that no machine of this network owns.",
    )


def _say(found: list[Fact], fact: Fact, name: str, value: str | None, share: float, note: str) -> None:
    if value is not None:
        sure = round(fact.proof.confidence * share, 4)
        found.append(made(Fact, (name, retold(fact.proof, value, sure, note))))


def _by_protocol(verdicts: Mapping[str, Verdict], spoken: Mapping[str, Sum]) -> list[Sign]:
    found = []
    for protocol, said in spoken.items():
        verdict = verdicts.get(protocol)
        if verdict is not None:
            shown = said.proof()
            found.append(_proof(verdict, shown, min(1.0, shown.confidence / 0.95)))
    return found


def _proof(verdict: Verdict, shown: Sign | None, share: float = 1.0) -> Sign:
    sure = round(verdict.confidence * share, 4)
    if shown is None:
        shown = Sign(value="", protocol="", source="", frame=0, confidence=0.0, first=0, last=0)
    return retold(shown, verdict.value, sure, verdict.because)


def _busiest(relations: Relations) -> Sign | None:
    """Relation that shows best what a machine does."""
    sums = [*relations.used.values(), *relations.served.values()]
    best = min(sums, key=lambda s: (s.rank[0], -s.count, s.value), default=None)
    return None if best is None else best.proof()
