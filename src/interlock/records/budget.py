"""How much of what the sensor keeps in memory: declared, one number a table, all in one place."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

__all__ = ["LEAST", "MOST", "PROCESS_MIB", "RING_BLOCK", "UNITS", "Budget", "Fill"]

Fill = dict[str, tuple[float, int]]
"""Name of a budget → how much of it is used now, in its own unit, and how many were aged out since the start."""

RING_BLOCK: Final = 1 << 16
PROCESS_MIB: Final = 512
"""What one of the sensor's processes may hold in all, where `memory_mib` says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """`[sensor.memory]`. What is oldest makes room where one is full, and how many did is counted.

    Of each capture worker:
    flows: conversations followed; those that were silent for longest end, and their rows are given.
    requests: that wait for their answers; the oldest end as `unknown`.
    reassembly_mib: octets that came before their turn; the stream that has waited longest goes on without the rest.
    words: texts of a pool; addresses and objects that nothing uses are forgotten, new names read as `…`.
    ring_mib: frames that nobody has read; the kernel drops what has no room.
    queue_mib: records on their way to the judge; repeated reads are left out from a quarter on (`shed`).

    Of the judge:
    endpoints: addresses in the inventory; where three quarters are in use, those that told least go, down to half.
    relations: kinds of conversation and of operation; facts: of identity. Those seen least go.
    causes: of each detector; where three quarters are in use, those not seen for longest go, down to half.
    held_mib: rows while the disk takes none; values go first, then operations. held_findings: findings then.
    """

    flows: int = 200_000
    requests: int = 262_144
    reassembly_mib: int = 64
    words: int = 200_000
    ring_mib: int = 128
    queue_mib: int = 32
    endpoints: int = 100_000
    relations: int = 1_000_000
    facts: int = 400_000
    causes: int = 20_000
    held_mib: int = 64
    held_findings: int = 100_000

    def grown(self, asked: Budget) -> tuple[Budget, tuple[str, ...]]:
        """What of `asked` can be had without a restart, and the names of what cannot."""
        fixed = {name: getattr(self, name) for name in _FIXED}
        kept = tuple(name for name, size in fixed.items() if getattr(asked, name) != size)
        return Budget(**{**{f.name: getattr(asked, f.name) for f in fields(asked)}, **fixed}), kept


_FIXED: Final = ("queue_mib", "held_mib", "held_findings", "endpoints", "relations", "facts")
"""Made once, when a process begins."""

LEAST: Final[dict[str, int]] = {
    "flows": 64, "requests": 64, "reassembly_mib": 1, "words": 1_000, "ring_mib": 1, "queue_mib": 1,
    "endpoints": 256, "relations": 1_000, "facts": 1_000, "causes": 100, "held_mib": 1, "held_findings": 100,
}  # fmt: skip
MOST: Final[dict[str, int]] = {
    "flows": 10_000_000, "requests": 10_000_000, "reassembly_mib": 16_384, "words": 4_000_000, "ring_mib": 1_024,
    "queue_mib": 1_024, "endpoints": 10_000_000, "relations": 100_000_000, "facts": 100_000_000, "causes": 1_000_000,
    "held_mib": 65_536, "held_findings": 10_000_000,
}  # fmt: skip
"""Bounds of what may be asked for, by name."""

_WORKER, _JUDGE = "each capture worker", "the judge"
UNITS: Final[dict[str, tuple[str, str]]] = {
    "flows": ("conversations", _WORKER), "requests": ("requests", _WORKER), "reassembly_mib": ("MiB", _WORKER),
    "words": ("texts", _WORKER), "ring_mib": ("MiB", _WORKER), "queue_mib": ("MiB", _WORKER),
    "endpoints": ("addresses", _JUDGE), "relations": ("relations", _JUDGE), "facts": ("facts", _JUDGE),
    "causes": ("causes", "each detector"), "held_mib": ("MiB", _JUDGE), "held_findings": ("findings", _JUDGE),
}  # fmt: skip
"""Name → what it counts, and who has so much."""
