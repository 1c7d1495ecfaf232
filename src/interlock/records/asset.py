"""An asset: one machine, every field of which says where it came from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Asset", "Conflict", "Proof", "Risk"]


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
    provenance: field name to the proofs it rests on, surest first.
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
