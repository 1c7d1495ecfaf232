"""Payloads that a rule may hit, found among all that pass: what is left goes to the plain way.

    payloads -> what their conversations meet -> octets at fixed places, literals, numbers -> (payload, rule) pairs

It runs where packets are decoded, so that only what may hit goes from there. Each step asks for what is necessary
alone: nothing can be lost.
Source: Suricata user guide, "Performance", sections on grouping of signatures and on pattern matching.
"""

from __future__ import annotations

from collections import OrderedDict
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

from interlock.detect.signatures.engine.ends import Reach
from interlock.detect.signatures.engine.gathering import gather
from interlock.detect.signatures.engine.groups import LEVELS, Groups
from interlock.detect.signatures.engine.headers import Headers
from interlock.detect.signatures.engine.laying import KEPT, PACKET, STREAM, compare, keep, lay, tell
from interlock.detect.signatures.engine.prefilter import LONG
from interlock.detect.signatures.engine.scanner import Looked, Scanner
from interlock.detect.signatures.engine.streams import Streams
from interlock.detect.signatures.engine.tested import may_hold
from interlock.detect.walks import views
from interlock.records import buffers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.engine.ends import Kind
    from interlock.detect.signatures.engine.sides import Side
    from interlock.detect.signatures.engine.traits import Traits
    from interlock.records.vocabulary import Midstream

__all__ = ["Lot", "Picked", "Screen", "firsts"]

_MOST_SETS: Final = 64
"""Sets of short literals that are ready."""
_MOST_KINDS: Final = 16_384
_NAMES: Final = {PACKET: buffers.PACKET, STREAM: buffers.STREAM}


class Lot(NamedTuple):
    """Payloads as they came, a number of each. bits: packet, piece of a stream (laying).

    keys: of conversation and side (streams); states: another one where it may have become known what it speaks.
    offsets: of pieces, octets of the stream before them; begins, lengths: where each stands in the octets.
    network: where the headers of packets begin, -1 where they are not there; None where nobody asked for any.
    side: of a row, who sends to whom; None where it is no IP.
    """

    bits: NDArray[np.uint8]
    keys: NDArray[np.int64]
    states: NDArray[np.int64]
    offsets: NDArray[np.int64]
    begins: NDArray[np.int64]
    lengths: NDArray[np.int32]
    octets: NDArray[np.uint8]
    network: NDArray[np.int64] | None
    side: Callable[[int], Side | None]


class Picked(NamedTuple):
    """row: of the lot. rules: (number, level) of those that may hit. before: octets of its stream before it.

    sent, answered: octets that its side, and the other, have sent with it; -1 where that one has not spoken.
    """

    row: int
    rules: list[tuple[int, int]]
    before: bytes
    sent: int
    answered: int


class _Laid:
    """Payloads behind each other. rows: of the lot, -1 where it is what was kept.

    groups: what each meets, -1 there; starts: where each stretch begins, and the last ends; floors: from where on it is
    looked at; before: octets of its stream before that; joined: whether it goes on from the one before. there: per
    level which of them are that.
    sought: what is to be looked through for literals, and per stretch where it begins there; holding: 1 for
    stretches in which some literal ends.
    """

    def __init__(
        self,
        lot: Lot,
        octets: NDArray[np.uint8],
        sought: NDArray[np.uint8],
        made: NDArray[np.int64],
        codes: NDArray[np.int32],
        bits: NDArray[np.uint8],
    ) -> None:
        self._lot = lot
        self.octets = octets
        count = made.shape[1] - 1
        self.sought = sought, made[5]
        self.holding = np.zeros(count, np.uint8)
        self.starts = made[1]
        self.ends = made[1, 1:]
        self.rows, self.floors, self.before = made[0, :count], made[2, :count], made[3, :count]
        self.joined = made[4, :count] > 0
        self.lengths = self.ends - self.starts[:-1]
        own = self.rows >= 0
        self.groups = codes[self.rows]
        bits = bits[self.rows]
        if not own.all():
            self.groups, bits = np.where(own, self.groups, np.int32(-1)), np.where(own, bits, np.uint8(0))
        self.bits = bits
        self.there = {level: bits & level > 0 for level in LEVELS}

    def begins(self, level: int) -> NDArray[np.int64]:
        """From where on each is looked at."""
        begins: NDArray[np.int64] = self.floors if level == STREAM else self.starts[:-1]
        return begins

    def ahead(self, level: int) -> NDArray[np.int64]:
        """Octets of its stream before that."""
        return self.before if level == STREAM else np.zeros_like(self.before)

    def kept(self, k: int) -> bytes:
        """Octets of its stream before a stretch."""
        before: bytes = self.octets[self.floors[k] : self.starts[k]].tobytes()
        return before

    @cached_property
    def headers(self) -> Headers | None:
        """Of packets, where they are known."""
        if (network := self._lot.network) is None:
            return None
        at = np.maximum(self.rows, 0)
        there = (self.rows >= 0) & (self._lot.bits[at] & PACKET > 0) & (network[at] >= 0)
        lengths = np.where(there, self._lot.begins[at] - network[at], 0).astype(np.int32)
        octets, bounds = gather(self._lot.octets, np.where(there, network[at], 0), lengths)
        return Headers(np.append(octets, np.uint8(0)), bounds.astype(np.int64))


class Screen:
    """traits: of rules for packets and streams; answers are indexes into it. midstream: for whoever fills its lots.

    Rules whose literal is hardly ever met by chance are looked for in all conversations at once; the other literals
    only where a rule that has them can touch.
    """

    def __init__(self, traits: Sequence[Traits], midstream: Midstream = "own") -> None:
        self.traits = tuple(traits)
        self.midstream = midstream
        self.chunked = midstream != "own"
        literals = [one.literal for one in traits]
        self._long = np.array(
            [n for n, one in enumerate(literals) if one and len(one.octets) >= LONG], np.int64
        )
        self._short = [n for n, one in enumerate(literals) if one and len(one.octets) < LONG]
        self._scanner = Scanner(
            [one for n in self._long.tolist() if (one := literals[n])], numbers=self._long
        )
        self._sets: OrderedDict[frozenset[int], Scanner] = OrderedDict()
        self._reach = Reach(self.traits)
        self._begin()

    def anew(self) -> Self:
        """Give one with the same rules that has seen nothing; what was compiled is shared."""
        fresh = copy(self)
        fresh._begin()  # noqa: SLF001 - one of its own kind
        return fresh

    def _begin(self) -> None:
        self._groups = Groups(self.traits, self._short)
        self._kinds: dict[Kind, int] = {}
        self._streams = Streams()
        self._codes = np.zeros(0, np.int32)
        self._states = np.zeros(0, np.int64)
        self.looked = self.met = 0

    def follow(self, before: Screen) -> None:
        """Go on where one with other rules stood."""
        self._streams = before._streams
        self._streams.forget_clean()

    def forget(self, keys: Sequence[int]) -> None:
        """These conversations are over; their keys will be another's."""
        self._streams.forget(keys)
        self._states[[key for key in keys if key < len(self._states)]] = -1

    def look(self, lot: Lot) -> list[Picked]:
        """What may hit, in the order of its rows."""
        if self._groups.full:
            self._groups.clear()
            self._kinds.clear()
            self._states[:] = -1
            self._streams.forget_clean()
        codes = self._met(lot)
        bits = lot.bits & self._groups.wants[codes]
        found: dict[int, list[tuple[int, int]]] = {}
        laid = self._lay(lot, codes, bits) if bits.any() else None
        if laid is not None:
            for k, rule, level in self._candidates(laid):
                found.setdefault(k, []).append((rule, level))
        rows = sorted((int(laid.rows[k]), k) for k in found) if laid is not None else []
        told = np.zeros((len(rows), 2), np.int64)
        ends = lot.offsets + lot.lengths
        tell(*views(lot.keys, ends, np.array([row for row, _ in rows], np.int64), self._streams.sent, told))
        if laid is None:
            return []
        if not self.chunked:
            self._keep(lot, bits, codes, laid)
        return [
            Picked(
                row, found[k], laid.kept(k) if any(level == STREAM for _, level in found[k]) else b"", *sent
            )
            for (row, k), sent in zip(rows, told.tolist(), strict=True)
        ]

    def _met(self, lot: Lot) -> NDArray[np.int32]:
        """What each conversation meets; asked again where more is known of it."""
        keys = lot.keys
        most = int(keys.max(initial=0)) | 1
        self._streams.reach(most + 1)
        if (more := most + 1 - len(self._codes)) > 0:
            self._codes = np.concatenate((self._codes, np.zeros(more, np.int32)))
            self._states = np.concatenate((self._states, np.full(more, -1, np.int64)))
        changed = firsts(keys, lot.states, np.flatnonzero(self._states[keys] != lot.states), most + 1)
        known: dict[int, int] = {}
        rows = zip(changed.tolist(), keys[changed].tolist(), lot.states[changed].tolist(), strict=True)
        for row, key, state in rows:
            if known.get(key) != state:
                self._codes[key] = self._number(lot.side(row))
                known[key] = state
        if known:
            self._states[list(known)] = list(known.values())
        return self._codes[keys]

    def _number(self, side: Side | None) -> int:
        if side is None:
            return 0
        kind = self._reach.kind(side)
        found = self._kinds.get(kind)
        if found is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            rules = self._reach.rules(_NAMES[PACKET], kind), self._reach.rules(_NAMES[STREAM], kind)
            found = self._kinds[kind] = self._groups.number(rules)
        return found

    def rules(self, level: str, side: Side) -> tuple[int, ...]:
        """Those that can touch packets, or streams, of a side of a conversation."""
        return self._reach.rules(level, self._reach.kind(side))

    def _lay(self, lot: Lot, codes: NDArray[np.int32], bits: NDArray[np.uint8]) -> _Laid:
        streams = self._streams
        pieces = bits & STREAM > 0
        if not self.chunked:
            streams.hear(lot.keys[pieces])
        n, several = len(bits), int(pieces.sum())
        octets = np.empty(int(lot.lengths[bits > 0].sum(dtype=np.int64)) + KEPT * several, np.uint8)
        sought = np.empty_like(octets)
        made = np.empty((6, n + several + 1), np.int64)
        following = np.empty(n, np.int32)
        # A chunk goes on from none: places count from where it begins.
        offsets = np.zeros_like(lot.offsets) if self.chunked else lot.offsets
        rows = bits, lot.keys, offsets, lot.begins, lot.lengths, lot.octets
        ends = streams.place, streams.tails, streams.kept, streams.last
        count = lay(*views(*rows, *ends, codes, streams.clean, following, octets, sought, made))
        octets, sought = octets[: made[1, count]], sought[: made[5, count]]
        return _Laid(lot, octets, sought, made[:, : count + 1], codes, bits)

    def _keep(self, lot: Lot, bits: NDArray[np.uint8], codes: NDArray[np.int32], laid: _Laid) -> None:
        streams = self._streams
        rows = bits, lot.keys, lot.offsets, lot.begins, lot.lengths, lot.octets
        keep(*views(*rows, streams.place, codes, streams.clean, streams.tails, streams.kept))
        if len(held := np.flatnonzero(laid.holding)):
            # Behind what was kept of a stream stands its first piece.
            streams.note_found(lot.keys[laid.rows[held + (laid.rows[held] < 0)]])

    def _candidates(self, laid: _Laid) -> Iterator[tuple[int, int, int]]:
        """(stretch, rule, level)."""
        present = tuple(np.flatnonzero(np.bincount(laid.groups + 1)[1:]).tolist())
        yield from self._by_literals(laid, self._scanner)
        if short := self._groups.shorts(present):
            yield from self._by_literals(laid, self._set(short))
        for level in LEVELS:
            if laid.there[level].any():
                yield from self._placed(laid, level)
                for rule in self._groups.others(level, present):
                    yield from self._other(laid, level, rule)

    def _set(self, short: frozenset[int]) -> Scanner:
        """What looks for the literals of these rules."""
        made = self._sets.get(short)
        if made is None:
            numbers = sorted(short)
            literals = [one for n in numbers if (one := self.traits[n].literal)]
            made = self._sets[short] = Scanner(literals, numbers=np.array(numbers, np.int64))
            if len(self._sets) > _MOST_SETS:
                self._sets.popitem(last=False)
        self._sets.move_to_end(short)
        return made

    def _by_literals(self, laid: _Laid, scanner: Scanner) -> Iterator[tuple[int, int, int]]:
        """By literals, of rules that their conversations meet."""
        scans, matches = scanner.scans, scanner.matches
        allowed = (self._groups.levels[level].allowed for level in LEVELS)
        octets, starts = laid.sought
        stretches = laid.starts, starts, laid.floors, laid.joined, laid.groups, laid.bits
        found = scanner.met(octets.data, Looked(*stretches, *allowed), laid.holding)
        self.looked += scanner.scans - scans
        self.met += scanner.matches - matches
        yield from (one for one in found if self._may(laid, *one))

    def _may(self, laid: _Laid, k: int, rule: int, level: int) -> bool:
        """Whether a rule whose literal is there has its other octets at their places, too."""
        one = self.traits[rule]
        if not one.anchors and not one.sizes:
            return True
        end = int(laid.ends[k])
        if not all(bound.holds(end - int(laid.starts[k])) for bound in one.sizes):
            return False
        begin, before = int(laid.begins(level)[k]), int(laid.before[k]) if level == STREAM else 0
        return all(
            before <= anchor.place
            and (at := begin + anchor.place - before) + len(anchor.octets) <= end
            and laid.octets[at : at + len(anchor.octets)].tobytes() == anchor.octets
            for anchor in one.anchors
        )

    def _placed(self, laid: _Laid, level: int) -> Iterator[tuple[int, int, int]]:
        known, found = self._groups.levels[level], list[tuple[int, int]]()
        if not len(known.placed):
            return
        there = laid.there[level]
        groups = laid.groups if there.all() else np.where(there, laid.groups, np.int32(-1))
        stretches = laid.begins(level), laid.starts, laid.ends, laid.ahead(level), laid.octets
        tables = views(groups, *stretches, known.rules_of, known.placed, *self._groups.table)
        compare(*tables, level == PACKET, found)
        for k, rule in found:
            if not self.traits[rule].heads or self._headed(laid, rule, np.array([k], np.int64)).any():
                yield k, rule, level

    def _other(self, laid: _Laid, level: int, rule: int) -> Iterator[tuple[int, int, int]]:
        """By sizes, headers, and numbers at places."""
        one = self.traits[rule]
        fits = laid.there[level] & self._groups.levels[level].others[rule][laid.groups]
        for bound in one.sizes:
            fits &= bound.hold(laid.lengths)
        rows = np.flatnonzero(fits)
        if len(rows) and one.heads:
            rows = rows[self._headed(laid, rule, rows)]
        if len(rows) and one.tested and (level == PACKET or self.chunked):
            octets = laid.octets if len(laid.octets) else np.zeros(1, np.uint8)
            rows = rows[may_hold(one.tested, octets, laid.starts[rows], laid.lengths[rows])]
        yield from ((k, rule, level) for k in rows.tolist())

    def _headed(self, laid: _Laid, rule: int, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        fits = np.ones(len(rows), np.bool_)
        if (heads := self.traits[rule].heads) and laid.headers is not None:
            for check in heads:
                fits &= laid.headers.may(check, rows)
        return fits


def firsts(
    keys: NDArray[np.int64], states: NDArray[np.int64], rows: NDArray[np.int64], room: int
) -> NDArray[np.int64]:
    """Of these rows the first one of each key, where all of a key say the same; else all. keys: below `room`."""
    keys, states = keys[rows], states[rows]
    first = np.empty(room, np.int64)
    places = np.arange(len(rows))
    first[keys[::-1]] = places[::-1]  # from the end, since what is written last stays
    first = first[keys]
    return rows[first == places] if np.array_equal(states, states[first]) else rows
