"""In which order what may hit is judged, and with which packet Suricata looks at it.

    packets as they came -> of each, its own rules and those for streams -> those for messages that it completes
    of each of these as it is the rules' turn (turns.py)

Where streams come in chunks, both sides that are left of a conversation come as two packets, the client's first.
Source: Suricata's src/detect.c and src/flow-timeout.c, version 7.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.signatures.engine.exchanges import TRANSACTION
from interlock.records.buffers import PACKET, STREAM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.plain.unit import Unit

__all__ = ["Candidate", "in_order"]

Candidate = tuple[int, int, str]
"""Row, the rule's number, and what the row is taken as."""
At = tuple[int, int]
"""Time and frame of a packet."""


def in_order(
    batch: Batch,
    candidates: set[Candidate],
    units: Mapping[tuple[int, str], tuple[Unit, bytes]],
    turns: Sequence[int],
    *,
    chunked: bool,
) -> list[tuple[At, Candidate]]:
    """Each with its packet. turns: per rule. chunked: streams come in chunks."""
    times, frames = batch.times_ns(), batch.frames()
    packets = {row: (int(times[row]), int(frames[row])) for row, _, _ in candidates}
    after = _after(packets, candidates, units) if chunked else set()

    def turn(candidate: Candidate) -> tuple[int, ...]:
        row, number, level = candidate
        later = row + 1 if level == TRANSACTION else 0
        return *packets[row], later, (row, level) in after, turns[number], number, row

    return [(packets[one[0]], one) for one in sorted(sorted(candidates), key=turn)]


def _after(
    packets: Mapping[int, At],
    candidates: set[Candidate],
    units: Mapping[tuple[int, str], tuple[Unit, bytes]],
) -> set[tuple[int, str]]:
    """What the server sent that is looked at with a packet of the client's."""
    answers = {(row, level) for row, _, level in candidates if units[row, level][0].to_server is False}
    own = {packets[row] for row, level in answers if level == PACKET}
    return {(row, level) for row, level in answers if level == STREAM and packets[row] not in own}
