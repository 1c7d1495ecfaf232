"""The screen where packets are decoded: of all that passes, rows are made only of what a rule may hit.

Each of them says which rules those are, by numbers that are the same for whoever knows the rule, so that two processes
need not have the same rules at the same moment.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.decode.buffers.raw import KNOWN, Raw, Seen
from interlock.detect.signatures.engine.holding import Holding
from interlock.detect.signatures.engine.laying import PACKET, STREAM
from interlock.detect.signatures.engine.screen import Lot, Screen
from interlock.detect.signatures.engine.sides import side_of
from interlock.records.buffers import OF_STREAM, PATIENT
from interlock.records.buffers import PACKET as PACKETS
from interlock.records.buffers import STREAM as STREAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["Screening", "key_of", "rules_in"]

_KEY: Final = struct.Struct("<Q")


@lru_cache(maxsize=1 << 15)
def key_of(name: str) -> int:
    """The number of a rule by its name; its two lowest bits are free. Rules of one name have one number."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()) & ~3


def rules_in(octets: bytes) -> Iterator[tuple[int, str]]:
    """What `payloads.rules` says: key of a rule, and what its row is held against it as (records.buffers)."""
    for (number,) in _KEY.iter_unpack(octets):
        yield number & ~3, STREAMS if number & OF_STREAM else PACKETS


class Screening:
    """What a Tap asks (decode.buffers.raw.Screens). `screen` may be replaced between two batches."""

    def __init__(self, screen: Screen) -> None:
        self._holding: Holding | None = None
        self._set(screen)

    def _set(self, screen: Screen) -> None:
        self.screen = screen
        self._keys = [key_of(one.name) | PATIENT * one.patient for one in screen.traits]

    def renew(self, screen: Screen) -> None:
        """Go on with other rules."""
        screen.follow(self.screen)
        self._set(screen)

    def pick(
        self, raw: Raw, states: NDArray[np.int64], ends: Callable[[int, int], tuple[Any, ...]]
    ) -> Raw | None:
        """Of these rows those that a rule may hit, with what it needs to know of them; None where there are none."""
        raw, states = self._apart(raw, states)
        if not len(raw.slot):
            return None
        keys = 2 * raw.slot.astype(np.int64) + raw.side
        lot = Lot(
            bits=(raw.kind + 1).astype(np.uint8),
            keys=keys,
            states=states,
            offsets=raw.offset,
            begins=raw.begin,
            lengths=raw.length,
            octets=raw.array,
            network=raw.network,
            side=lambda row: side_of(*ends(int(raw.slot[row]), int(raw.side[row]))),
        )
        picked = self.screen.look(lot)
        if not picked:
            return None
        rows = np.array([one.row for one in picked], np.int64)
        seen = Seen(
            rules=[self._told(one.rules) for one in picked],
            before=[one.before for one in picked],
            sent=np.array([(one.sent, one.answered) for one in picked], np.int64),
        )
        found = raw.rows(rows)._replace(seen=seen)
        return found if self._holding is None else self._holding.left(found, states[rows] >= KNOWN)

    def hold_back(self) -> None:
        """Let rows of rules that speak all the time wait for a moment: for who works live."""
        self._holding = Holding()

    def held(self, now: int, *, ended: bool) -> list[Raw]:
        """Rows that have waited; see Screens."""
        return [] if self._holding is None else self._holding.due(now, anyhow=ended)

    def _apart(self, raw: Raw, states: NDArray[np.int64]) -> tuple[Raw, NDArray[np.int64]]:
        """Where connections that nobody saw open are none: each of their segments is a packet, and a whole stream."""
        if self.screen.midstream != "no" or raw.joined is None or not raw.joined.any():
            return raw, states
        bits = raw.kind + 1
        left = np.flatnonzero(~raw.joined | (bits & PACKET > 0))
        apart = raw.rows(left)
        alone = apart._replace(
            kind=np.where(apart.joined, (PACKET | STREAM) - 1, apart.kind),
            offset=np.where(apart.joined, 0, apart.offset),
        )
        return alone, states[left]

    def over(self, slot: int) -> None:
        """A conversation has ended; its slot will be another's."""
        self.screen.forget((2 * slot, 2 * slot + 1))

    def _told(self, rules: list[tuple[int, int]]) -> bytes:
        return b"".join(_KEY.pack(self._keys[rule] | OF_STREAM * (level == STREAM)) for rule, level in rules)
