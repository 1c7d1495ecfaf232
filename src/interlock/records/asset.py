"""An asset: one machine, every field of which says where it came from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

from interlock.records.folded import Folded, Rows

__all__ = [
    "Asset",
    "Conflict",
    "Proof",
    "ProofRow",
    "Risk",
    "altered",
    "proof_row",
    "proof_rows",
    "proofs_of",
]

ProofRow = tuple[Any, ...]
"""A proof's values in the order of its fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One clue behind a field: who said so, where, how sure (0 to 1), first and last time (UTC ns)."""

    value: str
    protocol: str
    source: str
    frame: int
    confidence: float
    first: int
    last: int
    count: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Clues about one field that contradict each other; the asset carries the surest."""

    field: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """0 to 100 and the sentences that add up to it."""

    score: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One machine. What is not known is None or empty, never a made-up word.

    id: UUIDv5 of site plus the strongest of vendor + serial, MAC in its realm, realm + IP + unit.
    parent, children: ids of devices behind one address (Modbus units, CIP slots, S7 rack.slot).
    first_seen, last_seen: UTC nanoseconds since 1970.
    provenance: field name to the proofs it rests on, surest first. It is kept folded, and unfolded each time
    it is read: a site of 100,000 machines rests on more than a million proofs.
    """

    id: str
    realm: str
    macs: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    unit: str | None = None
    vendor: str | None = None
    product: str | None = None
    order_number: str | None = None
    serial: str | None = None
    firmware: str | None = None
    hardware: str | None = None
    os: str | None = None
    role: str | None = None
    purdue_level: str | None = None
    zone: str | None = None
    parent: str | None = None
    children: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    served: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    first_seen: int = 0
    last_seen: int = 0
    risk: Risk = Risk(score=0)
    status: str = "new"
    provenance: tuple[tuple[str, tuple[Proof, ...]], ...] = ()
    conflicts: tuple[Conflict, ...] = ()


_SLOTS: Final = {field.name: getattr(Asset, field.name) for field in fields(Asset)}


def altered(asset: Asset, **changes: object) -> Asset:
    """As dataclasses.replace, without unfolding what stays."""
    copy = object.__new__(Asset)
    for name, slot in _SLOTS.items():
        if name not in changes:
            slot.__set__(copy, slot.__get__(asset))
    for name, value in changes.items():
        object.__setattr__(copy, name, value)
    return copy


def proof_rows(asset: Asset) -> Rows:
    """An asset's provenance as rows of values in the order of a proof's fields: a third of the price of proofs."""
    folded: Folded = _SLOTS["provenance"].__get__(asset)
    return folded.unfold()


def proof_row(proof: Proof) -> ProofRow:
    """A proof as a row, as `proof_rows` has them."""
    row: ProofRow = _ROW(proof)
    return row


def proofs_of(asset: Asset, name: str) -> tuple[Proof, ...]:
    """The proofs that one field rests on, surest first."""
    return next((tuple(map(_proof, rows)) for field, rows in proof_rows(asset) if field == name), ())


def _unfolded(asset: Asset) -> tuple[tuple[str, tuple[Proof, ...]], ...]:
    return tuple((name, tuple(map(_proof, rows))) for name, rows in proof_rows(asset))


def _proof(row: tuple[Any, ...]) -> Proof:
    """Half the price of the constructor."""
    proof = object.__new__(Proof)
    for put, value in zip(_PUTS, row, strict=True):
        put(proof, value)
    return proof


def _keep(asset: Asset, provenance: Folded | tuple[tuple[str, tuple[Proof, ...]], ...]) -> None:
    if not isinstance(provenance, Folded):
        provenance = Folded([(name, [_ROW(proof) for proof in proofs]) for name, proofs in provenance])
    _SLOTS["provenance"].__set__(asset, provenance)


_WORDS: Final = tuple(field.name for field in fields(Proof))
_ROW: Final = attrgetter(*_WORDS)
_PUTS: Final = tuple(getattr(Proof, name).__set__ for name in _WORDS)
setattr(Asset, "provenance", property(_unfolded, _keep))  # noqa: B010 (in place of the slot's own descriptor)
