"""Fields: from proofs to the value that an asset carries, and to the conflicts that stay visible.

Proofs that say the same in other words (`V2.8.1` and `2.8.1`, `Siemens` and `Siemens AG`) stand together. The
value is the best proof's; age counts (proofs.surest). A conflict is a proof of at least CONFLICT_FROM that says
something else, unless the same protocol of the same machine said it earlier and took it back: that is a change. A
product that only follows from a number contradicts nobody: tables name families in their own words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.inventory.proofs import MOST_PROOFS, shown, surest
from interlock.inventory.rules import together
from interlock.inventory.serials import serial_key, vendor_key
from interlock.records.asset import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.inventory.proofs import Sign

__all__ = ["CONFLICT_FROM", "STATED_FROM", "Settled", "settle", "settle_roles"]

CONFLICT_FROM: Final = 0.4
_PRODUCT_CONFLICT_FROM: Final = 0.75
"""Station, family and module are all called the product: only what is sure of itself contradicts."""
STATED_FROM: Final = 0.25
"""Below this a proof is shown, but its value is not stated."""

_BLANKS: Final = re.compile(r"[\s_-]+")


class Settled:
    """One field: value (None where unknown), proofs (surest first), conflict (None where all agree)."""

    __slots__ = ("conflict", "proofs", "value")

    def __init__(self, value: str | None, proofs: Iterable[Sign], conflict: Conflict | None = None) -> None:
        self.value = value
        self.proofs = tuple(proofs)
        self.conflict = conflict


def settle(name: str, proofs: Iterable[Sign], now_ns: int) -> Settled:
    """Settle a field that has one value. name: as in Asset."""
    ordered = surest(proofs, now_ns)
    if not ordered or ordered[0].confidence < STATED_FROM:
        return Settled(None, ordered[:MOST_PROOFS])
    best = ordered[0]
    if len(ordered) == 1:
        return Settled(best.value, ordered)
    least = _PRODUCT_CONFLICT_FROM if name == "product" else CONFLICT_FROM
    against = [p for p in ordered[1:] if p.confidence >= least and not _agree(name, best.value, p.value)]
    against = [p for p in against if not _taken_back(p, best) and (name != "product" or not p.note)]
    if best.confidence < CONFLICT_FROM or not against:
        return Settled(best.value, ordered[:MOST_PROOFS])
    told = tuple(map(shown, (best, *_distinct(against))))
    return Settled(best.value, ordered[:MOST_PROOFS], Conflict(field=name, proofs=told))


def settle_roles(proofs: Iterable[Sign], now_ns: int) -> Settled:
    """Settle the role: witnesses of one role join.

    A close second that one machine is not commonly beside the first is a conflict.
    """
    unlike = {(p.value, p.note, p.protocol): p for p in reversed(surest(proofs, now_ns))}
    ordered = list(reversed(unlike.values()))
    by_role: dict[str, list[float]] = {}
    for proof in ordered:
        by_role.setdefault(proof.value, []).append(proof.confidence)
    scores = {role: together(confidences) for role, confidences in by_role.items()}
    ranked = sorted(scores, key=lambda r: (-scores[r], r))
    if not ranked or scores[ranked[0]] < STATED_FROM:
        return Settled(None, ordered[:MOST_PROOFS])
    winner = ranked[0]
    if winner in _MADE_SAFE and scores.get(_SAFE, 0.0) >= _SAFE_FROM:
        winner = _SAFE  # it is the same machine's role, said more exactly
    mine = [p for p in ordered if p.value == winner]
    others = [p for p in ordered if p.value != winner]
    told = (mine[:MOST_PROOFS] + others)[:MOST_PROOFS]
    rivals = [
        r
        for r in ranked
        if r != winner and scores[r] >= max(CONFLICT_FROM, 0.8 * scores[winner]) and not _related(winner, r)
    ]
    if not rivals:
        return Settled(winner, told)
    against = [next(p for p in others if p.value == r) for r in rivals]
    rival = tuple(map(shown, (mine[0], *against[: MOST_PROOFS - 1])))
    return Settled(winner, told, Conflict(field="role", proofs=rival))


def _agree(name: str, one: str, other: str) -> bool:
    return _SAME.get(name, _same_text)(one, other)


def _same_text(one: str, other: str) -> bool:
    a, b = (_BLANKS.sub("", t).casefold() for t in (one, other))
    return a in b or b in a


def _same_exact(one: str, other: str) -> bool:
    return _BLANKS.sub("", one).casefold() == _BLANKS.sub("", other).casefold()


def _same_serial(one: str, other: str) -> bool:
    return (
        (serial_key(one) or one) == (serial_key(other) or other) or _hex_is(one, other) or _hex_is(other, one)
    )


def _hex_is(one: str, other: str) -> bool:
    digits = one.lower().removeprefix("0x")
    try:
        return other.isdecimal() and int(digits, 16) == int(other) and len(digits) <= 16
    except ValueError:
        return False


def _same_vendor(one: str, other: str) -> bool:
    return vendor_key(one) == vendor_key(other)


def _same_version(one: str, other: str) -> bool:
    a, b = (_numbers(v) for v in (one, other))
    short = min(len(a), len(b))
    return a[:short] == b[:short] if short else _same_text(one, other)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n[:12]) for n in re.findall(r"\d+", version))


_SAME: Final[dict[str, Callable[[str, str], bool]]] = {
    "order_number": _same_exact,
    "serial": _same_serial,
    "vendor": _same_vendor,
    "firmware": _same_version,
    "hardware": _same_version,
}

_SAFE: Final = "safety-controller"
_MADE_SAFE: Final = frozenset({"plc", "rtu", "io", "drive", "gateway", "ied"})
_SAFE_FROM: Final = 0.65
"""Above what an order number alone is worth: a controller that could run a safety program need not."""

_NEIGHBOURS: Final = (
    {"plc", "safety-controller", "rtu", "io", "gateway", "ied"},
    {"hmi", "scada-server", "historian", "engineering-station", "workstation", "server"},
    {"router", "firewall", "switch", "access-point", "gateway", "server"},
    {"io", "sensor", "drive"},
)


def _related(one: str, other: str) -> bool:
    """Whether one machine is commonly both."""
    return any(one in group and other in group for group in _NEIGHBOURS)


def _taken_back(old: Sign, new: Sign) -> bool:
    return old.protocol == new.protocol and old.last < new.first


def _distinct(proofs: Iterable[Sign]) -> list[Sign]:
    found: dict[str, Sign] = {}
    for proof in proofs:
        found.setdefault(proof.value, proof)
    return list(found.values())[: MOST_PROOFS - 1]
