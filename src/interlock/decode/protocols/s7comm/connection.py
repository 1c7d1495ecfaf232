# cython: compiled
"""What is remembered of one transport connection (one flow): TSAPs, fragments, uploads, jobs, SZL parts.

Everything here is bounded and dropped with the flow.
"""

from __future__ import annotations

from typing import Any

__all__ = ["MAX_JOINED", "MAX_KEPT", "Connection", "keep"]

MAX_JOINED = 65536
"""Octets of one transport service data unit, of one SZL and of one block list that are joined."""
MAX_KEPT = 64
"""Uploads, jobs and unfinished lists that a connection may have at a time."""


class Connection:
    """One flow that speaks TPKT.

    kind: protocol code of what rides on it, -1 not known. unit: code of `rack.slot` in the names pool, or -1.
    pdu_length: negotiated by Setup communication, 0 unknown. told: whether the unit has been told as a clue.
    joined, held: per side, octets of unfinished DT TPDUs, and the head of an unfinished S7comm-plus PDU.
    rider, rider_state: decoder of what else rides here (MMS), and what it remembers.
    overflow: per side, 1 while an oversized unit is thrown away to its end. encrypted: TLS has begun inside.
    uploads: upload id → block. loads: (download or upload, name or id) → Artifact under way.
    jobs: (function, job id) → objects that pushes of this job carry.
    parts: (function, data unit reference) → octets of an answer in several PDUs.
    asked: (function, sequence) → object.
    created: name of an S7comm-plus object that was made here → verb of its making. sequences: verbs of those that are
    open, the innermost last.
    """

    def __init__(self):
        self.kind = -1
        self.rider = None
        self.rider_state = None
        self.unit = -1
        self.pdu_length = 0
        self.told = 0
        self.encrypted = 0
        self.joined = [None, None]
        self.held = [None, None]
        self.overflow = [0, 0]
        self.uploads = {}
        self.loads = {}
        self.jobs = {}
        self.parts = {}
        self.asked = {}
        self.created = {}
        self.sequences = []

    def join(self, side, octets, last):
        """Add a fragment; the whole unit where this was its last, else None; b"" where it was too long."""
        so_far = self.joined[side]
        if so_far is None:
            so_far = self.joined[side] = bytearray()
        if self.overflow[side] or len(so_far) + len(octets) > MAX_JOINED:
            self.overflow[side] = 0 if last else 1
            self.joined[side] = None if last else bytearray()
            return b"" if last else None
        so_far += octets
        if not last:
            return None
        self.joined[side] = None
        return bytes(so_far)


def keep(known: dict[Any, Any], key: Any, value: Any) -> None:
    """Remember value under key; the oldest goes where MAX_KEPT are known."""
    if len(known) >= MAX_KEPT and key not in known:
        known.pop(next(iter(known)))
    known[key] = value
