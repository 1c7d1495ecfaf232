"""The decode room as one object: Frames in, record batches out.

Over 400 lines would be split; all of it is the order in which one batch goes through the room.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from interlock.decode import heartbeat
from interlock.decode.decoder import Decoder
from interlock.decode.dissector import COUNTS, Dissector
from interlock.decode.emit import Emitter
from interlock.decode.flows import ENDED_NS, IDLE_NS, TCP_IDLE_NS, Flows
from interlock.decode.framing import Framer
from interlock.decode.recognise import Recogniser
from interlock.decode.sheet import Sheet
from interlock.decode.tools import Tools
from interlock.decode.wordless import wordless
from interlock.decode.words import Words
from interlock.records.budget import Budget
from interlock.records.buffers import BUFFERS, UNASKED
from interlock.records.tables import PAYLOADS
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

    from interlock.decode.buffers.raw import Raw, Screens
    from interlock.decode.buffers.sink import Row
    from interlock.decode.buffers.tap import Tap
    from interlock.decode.spec import ProtocolSpec
    from interlock.decode.tools import VerbRows
    from interlock.records.budget import Fill
    from interlock.records.frames import Frames, Source
    from interlock.records.schema import Table

__all__ = ["Engine"]

SWEEP_NS = 10_000_000_000
"""So often (by the dissector's clock) the flow table is looked through for conversations that are over, to give their
rows and room; that they are over is known without."""
MAX_ENDED = 4096
ID_BITS = 40
"""Operations are numbered within a protocol, and protocols in the order of their first messages: where batches end, and
which of them are decoded first, makes no difference to an id."""
PATIENCE_MS, UNCOMPILED_PATIENCE_MS = 1000, 30_000
"""Processor time that one message or frame may take before its decoder counts as hung."""

Batches = dict[str, "pa.RecordBatch"]
_TCP = 6
_NO_SLOTS = np.empty(0, np.int64)
Tapped = tuple["list[Raw]", "list[Row]"]
"""What a Tap has taken."""


class Engine:
    """Decodes a run's frames, batch by batch; feed everything in time order, then `finish`.

    sources: the run's, by the index that Frames carry. wanted: tables to make (None: all). read: protocols' own table →
    columns that somebody reads: others are null there; of tables that it does not name all are made.
    given: per protocol folder, what people know and wires can't tell (see Tools).
    fingerprint: secret octets → text, keyed per installation. seed: 64 random bits.
    beat: a row of heartbeat.py for whoever watches. hung: (source, frame) on which a decoder hung before: that flow
    turns opaque there. pending: verbs whose requests are shown in `operations` already at the end of the batch that
    completes them, with outcome `pending`, where no answer came in it; final rows of the same `operation` follow.
    budget: how much is kept in memory. buffers: those to make `payloads` of (records.buffers); all of them where that
    table is wanted and none is named. screen: leaves of raw octets those that somebody has a use for.
    Every batch of records is a dict table name → RecordBatch; empty tables are left out.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        specs: Sequence[ProtocolSpec],
        verbs: Mapping[str, VerbRows],
        *,
        fingerprint: Callable[[bytes], str] | None = None,
        seed: int = 0,
        wanted: frozenset[str] | None = None,
        read: Mapping[str, Collection[str]] | None = None,
        given: Mapping[str, Any] | None = None,
        beat: memoryview | None = None,
        hung: frozenset[tuple[int, int]] = frozenset(),
        pending: frozenset[str] = frozenset(),
        budget: Budget | None = None,
        buffers: frozenset[str] = frozenset(),
        screen: Screens | None = None,
    ) -> None:
        beat = heartbeat.unwatched() if beat is None else beat
        names = list(dict.fromkeys(name for spec in specs for name in spec.names))
        codes = {name: code for code, name in enumerate(names)}
        self._wanted = wanted
        self._read = read or {}
        self.flows = Flows(Words(), seed)
        self.sheet = Sheet(Words(seed=seed), Words(seed=seed))
        self.sheet.press([VERBS.index(verb) for verb in pending])
        self.sheet.facts.keyed_by(fingerprint)
        self.sheet.facts.flows = self.flows
        self.sheet.facts.wanted = wanted
        self.sheet.facts.artifacts.wanted = wanted is None or "artifacts" in wanted
        self.sheet.values.wanted = wanted is None or "values" in wanted
        tools = Tools(self.flows, self.sheet, verbs, codes, given, beat)
        self.recogniser = Recogniser(specs, codes, self.sheet.facts, beat)
        self.recogniser.equip = self._equip
        self.recogniser.settle = self._settle
        self.recogniser.announced = tools.announced
        self._specs, self._codes = specs, codes
        self._details: dict[str, Table] = {}
        self._waiting: list[int] = []
        self._beat = beat
        self._lines, framers, messages = _build(specs, codes, tools, self._waiting)
        self.dissector = Dissector(
            self.flows, self.recogniser, self.sheet.facts, framers, messages, beat, hung
        )
        if not buffers and wanted is not None and PAYLOADS.name in wanted:
            buffers = frozenset(BUFFERS) - UNASKED
        self._tap = self._tapped(buffers, screen) if buffers else None
        self.allow(budget or Budget(), contents=wanted is not None and "artifact_contents" in wanted)
        beat[heartbeat.PATIENCE] = PATIENCE_MS if _is_compiled() else UNCOMPILED_PATIENCE_MS
        self._realms = list(dict.fromkeys(s.realm for s in sources)) or ["default"]
        self._realm_codes = [self._realms.index(s.realm) for s in sources]
        refuted = self.recogniser.refuted
        self._emit = Emitter(self.flows, self.sheet.objects, self.sheet.names, names, self._realms, refuted)
        self._emit.set_sources(sources)
        self._swept = 0
        self._compacted: dict[int, int] = {}
        self._speaking = 0
        self._owed = False

    def _tapped(self, buffers: frozenset[str], screen: Screens | None) -> Tap:
        """What takes packets and streams for those who look into them."""
        from interlock.decode.buffers.tap import Tap  # noqa: PLC0415 (most runs ask for no buffer)

        tap = Tap(buffers, self.flows, self.sheet.facts, self._codes, self._beat, screen)
        self.dissector.tap(tap)
        if tap.shows:
            self.sheet.facts.artifacts.shown = tap.show
            self.sheet.facts.artifacts.wanted = True
        return tap

    def allow(self, budget: Budget, *, contents: bool) -> None:
        """Keep so much from now on; what is more already goes with the next frames. contents: see Artifacts."""
        self.sheet.facts.artifacts.contents = contents
        self._most_words = budget.words
        self.sheet.names.limit = budget.words
        self.sheet.most_waiting = budget.requests
        self.dissector.most_flows = budget.flows
        self.dissector.most_queued = budget.reassembly_mib << 20

    @property
    def fill(self) -> Fill:
        """How much of each budget is used now."""
        pools = (self.flows.addresses, self.sheet.objects, self.sheet.names)
        return {
            "flows": (self.flows.live, self.dissector.crowded),
            "requests": (self.sheet.n, self.sheet.crowded),
            "reassembly_mib": (round(self.dissector.queue_octets / (1 << 20), 3), self.dissector.abandoned),
            "words": (max(len(p.texts) for p in pools), sum(p.refused + p.forgotten for p in pools)),
        }

    @property
    def counts(self) -> dict[str, int]:
        """What the dissector counted, by name (dissector.COUNTS)."""
        return dict(zip(COUNTS, self.dissector.count_array.tolist(), strict=True))

    def feed(self, frames: Frames, *, partly: bool = False) -> Batches:
        """Decode a batch of frames; the records that are final now.

        partly: what is looked at for `payloads` may be left to `rest`, to be called before anything else of this is.
        """
        self.dissector.run(frames, self._realm_codes)
        self._decode()
        return self._collect(partly=partly)

    def rest(self) -> Batches:
        """Records of the batch that was fed last which `feed` has left."""
        owed, self._owed = self._owed, False
        return self._buffers(self._looked(())) if owed else {}

    def idle(self, now: int) -> Batches:
        """No frame came up to `now` (UTC ns): time goes on, and what waited for too long ends."""
        d = self.dissector
        d.now = max(d.now, now)
        if d.clock and now > d.latest:
            d.clock, d.latest = d.clock + now - d.latest, now
        return self._collect()

    def open_flows(self, since: int, lasting: int = 0) -> pa.RecordBatch | None:
        """Rows of `flows` as they are now, of conversations that go on and spoke after `since` (UTC ns).

        lasting: only of those that have gone on for so long (ns).
        """
        f = self.flows.columns
        long = f["last"] - f["first"] >= lasting
        slots = np.flatnonzero((f["alive"] == 1) & (f["last"] >= since) & long)
        return self._emit.flows(slots) if len(slots) else None

    def wordless(self, since: int) -> pa.RecordBatch | None:
        """Rows of `flows` as they are now, of conversations that became wordless after `since` (UTC ns)."""
        slots = wordless(self.flows.columns, since, self.dissector.now)
        return self._emit.flows(slots) if len(slots) else None

    def finish(self) -> Iterator[Batches]:
        """The rest: what waited behind holes, open requests (outcome `unknown`), all flows."""
        self._swept = -SWEEP_NS
        yield self._collect()
        self.dissector.drain_all()
        self._decode()
        yield self._collect(final=True)
        slots = np.flatnonzero(self.flows.columns["alive"])
        for at in range(0, len(slots), 65536):
            piece = slots[at : at + 65536]
            if self._wants("flows"):
                yield {"flows": self._emit.flows(piece)}

    def _wants(self, table: str) -> bool:
        return self._wanted is None or table in self._wanted

    def _decode(self, only: int = -1) -> None:
        """Every message that waits, or those of one place; of protocols in the order in which they are known."""
        if not self._waiting:
            return
        self.sheet.reserve_flows(self.flows.capacity)
        for place in self._waiting:
            if not self._lines[place].next_operation:
                self._lines[place].next_operation = 1 + (self._speaking << ID_BITS)
                self._speaking += 1
        for place in sorted(self._waiting) if only < 0 else [only]:
            line = self._lines[place]
            decoder = line.decoder()
            self.sheet.timeout = line.spec.timeout_ns
            self.sheet.next_operation = line.next_operation
            decoder.cursor.bind(line.messages.octets)
            decoder.run(line.messages, self.sheet)
            line.next_operation = self.sheet.next_operation
            self._waiting.remove(place)

    def _settle(self, only: int = -1) -> None:
        """Decode while a frame is dissected, whose heartbeat goes on as it was."""
        held = self._beat[: heartbeat.BUSY + 1].tolist()
        self._decode(only)
        for place, value in enumerate(held[1:], 1):
            self._beat[place] = value

    def _collect(self, *, final: bool = False, partly: bool = False) -> Batches:
        f, now = self.flows.columns, None if final else self.dissector.clock
        over = bool(self.dissector.ended)
        assert not self._owed, "the rest of a batch was not asked for in time"
        ended = self._ended()
        self._owed = partly and not len(ended)
        done: Batches = {}
        if self._tap is not None:
            self._tap.read()
        tapped: Tapped = ([], []) if self._owed else self._looked(self._over(ended, final=final))
        self.sheet.expire(now, f["heard"], f["over"], ended=over or bool(len(ended)))
        rows = self.sheet.end_batch()
        if len(rows["flow"]) and self._wants("operations"):
            done["operations"] = self._emit.operations(rows)
        values = self.sheet.values.end_batch()
        if len(values[0]["flow"]) and self._wants("values"):
            done["values"] = self._emit.values(values)
        clues, oddities, credentials, details = self.sheet.facts.end_batch(now, ended.tolist())
        for name, found in (("clues", clues), ("oddities", oddities), ("credentials", credentials)):
            if found and self._wants(name):
                done[name] = getattr(self._emit, name)(found)
        for name, found in details.items():
            if self._wants(name):
                done[name] = self._emit.details(self._detail(name), found, self._read.get(name))
        done |= self._put_together(ended.tolist(), final=final)
        if not self._owed:
            done |= self._buffers(tapped)
        if len(ended):
            if self._wants("flows"):
                done["flows"] = self._emit.flows(ended)
            self._release(ended.tolist())
        self._compact()
        return done

    def _over(self, ended: Any, *, final: bool) -> list[int]:
        """Slots of conversations that nothing follows in; at the end of the run all."""
        over: list[int] = (np.flatnonzero(self.flows.columns["alive"]) if final else ended).tolist()
        return over

    def _looked(self, over: Sequence[int]) -> Tapped:
        """What passed, as far as anybody has a use for it. over: conversations that nothing follows in."""
        return ([], []) if self._tap is None else self._tap.take(over, self.dissector.clock)

    def _buffers(self, tapped: Tapped) -> Batches:
        """Buffers that are complete now; what is wrong with their octets has become oddities by now."""
        if self._tap is None:
            return {}
        raw, rows = tapped[0], [*tapped[1], *self._tap.late()]
        return {"payloads": self._emit.payloads(raw, rows, self._tap.guessed)} if raw or rows else {}

    def _put_together(self, ended: list[int], *, final: bool) -> Batches:
        """Files and program blocks whose transfer is over."""
        artifacts = self.sheet.facts.artifacts
        artifacts.look(self.flows, None if final else self.dissector.clock)
        if ended:
            artifacts.forget(ended, self.flows)
        rows, octets = artifacts.end_batch(final=final)
        done: Batches = {"artifacts": self._emit.artifacts(rows)} if rows and self._wants("artifacts") else {}
        if octets:
            done["artifact_contents"] = self._emit.artifact_contents(octets)
        return done

    def _detail(self, name: str) -> Table:
        """A protocol's own table; who makes rows of it has been imported."""
        if name not in self._details:
            here = (spec for spec in self._specs if not spec.waiting)
            self._details = {table.name: table for spec in here for table in spec.details}
        return self._details[name]

    def _equip(self, spec: ProtocolSpec) -> None:
        """A protocol is spoken: its streams, and those of what rides on it, need its framer."""
        code, framers = self._codes[spec.name], self.dissector.framers
        if framers[code] is None and spec.framer is not None:
            framer = spec.framer()
            self.dissector.equip(framer)
            for one in (spec, *(s for s in self._specs if s.rides_on == spec.name)):
                for name in one.names:
                    raw = name in one.announces
                    framers[self._codes[name]] = self._plain() if raw else framer

    def _plain(self) -> Any:
        """A framer that hands on what comes."""
        framer = Framer()
        self.dissector.equip(framer)
        return framer

    def _ended(self) -> Any:
        """Slots of conversations that are over: their rows are given now, and what they held back is decoded."""
        clock, gone = self.dissector.clock, self.dissector.ended
        if clock - self._swept < SWEEP_NS and len(gone) < MAX_ENDED:
            return _NO_SLOTS
        self._swept = clock
        gone.clear()
        f = self.flows.columns
        closed = np.isin(f["tcp"], (3, 4, 6))
        patience = np.where(f["transport"] == _TCP, np.where(closed, ENDED_NS, TCP_IDLE_NS), IDLE_NS)
        silent = (f["alive"] == 1) & (clock - f["clock"] > patience)
        idle = np.flatnonzero(
            silent & ~f["queued"].any(axis=1)
        )  # the dissector itself ends what holds segments back
        f["over"][idle] = f["clock"][idle] + patience[idle]
        ended = np.flatnonzero((f["alive"] == 2) | (f["over"] > 0) & (f["alive"] == 1))
        if len(ended):
            self.dissector.close(ended.tolist())
            self._decode()
        return ended

    def _release(self, slots: list[int]) -> None:
        self.recogniser.forget(slots)
        for line in self._lines:
            if line.speaks:
                line.forget(slots)
        self.flows.release(slots)

    def _compact(self) -> None:
        """Keep the pools of words bounded over a long run: forget what no live row or flow uses.

        Names are bounded by their own limit: decoders keep their codes, so they are never renumbered.
        """
        addresses, objects = self.flows.addresses, self.sheet.objects
        if self._crowded(addresses):
            address = self.flows.columns["address"].reshape(-1)
            open_rows = [self.sheet.columns[name][: self.sheet.n] for name in ("client", "server")]
            addresses.compact([address, *open_rows])
            self._compacted[id(addresses)] = len(addresses.texts)
        if self._crowded(objects):
            objects.compact([self.sheet.columns["object"][: self.sheet.n]])
            self._compacted[id(objects)] = len(objects.texts)

    def _crowded(self, pool: Words) -> bool:
        """Whether a pool is beyond its budget, and twice as large as the last time that it was compacted.

        Who floods the flow table fills the pool with addresses that are in use; to look through them costs as much as
        they are many, and would be done for every batch.
        """
        return len(pool.texts) > max(self._most_words, 2 * self._compacted.get(id(pool), 0))


def _is_compiled() -> bool:
    from interlock.decode import cursor  # noqa: PLC0415 (asked once)

    return not str(cursor.__file__).endswith(".py")


class _Line:
    """One protocol's messages of a batch, and its decoder: made when the first message comes.

    Most captures speak few of the protocols; the tables and states of the others would only cost time.
    """

    def __init__(self, spec: ProtocolSpec, messages: Any, tools: Tools) -> None:
        self.spec = spec
        self.messages = messages
        self.next_operation = 0
        self._tools = tools
        self._decoder: Any = None

    def decoder(self) -> Any:
        """The protocol's decoder."""
        if self._decoder is None:
            self._decoder = _made(self.spec, self._tools)
        return self._decoder

    @property
    def speaks(self) -> bool:
        """Whether a message has come."""
        return self._decoder is not None

    def forget(self, slots: Sequence[int]) -> None:
        """Flows have ended; only for lines that speak. Nothing to drop where nothing but Decoder's own is kept."""
        decoder = self._decoder
        if type(decoder).forget is not Decoder.forget or decoder.strikes:
            for slot in slots:
                decoder.forget(slot)


def _made(spec: ProtocolSpec, tools: Tools) -> Any:
    return spec.decoder(spec, tools)


def _build(
    specs: Sequence[ProtocolSpec], codes: dict[str, int], tools: Tools, waiting: list[int]
) -> tuple[list[_Line], list[Any], list[Any]]:
    """Lines, and per protocol code its framer (None while its spec waits) and messages; names of one spec share both.

    What rides on another spec shares that one's, whose decoder makes the rider's and hands it its user data.
    """
    from interlock.decode.messages import Messages  # noqa: PLC0415 (compiled; needed only here)

    lines: list[_Line] = []
    framers: list[Any] = [None] * len(codes)
    messages: list[Any] = [None] * len(codes)
    carriers = {spec.name: spec for spec in specs}
    for spec in specs:
        if spec.rides_on:
            tools.riders.setdefault(spec.rides_on, []).append(partial(_made, spec, tools))
            continue
        own, framer = Messages(), spec.framer() if not spec.waiting and spec.framer else None
        own.place, own.waiting = len(lines), waiting
        lines.append(_Line(spec, own, tools))
        for name in spec.names:
            raw = framer is not None and name in spec.announces
            framers[codes[name]], messages[codes[name]] = Framer() if raw else framer, own
    for spec in specs:
        if spec.rides_on:
            under = codes[carriers[spec.rides_on].name]
            for name in spec.names:
                framers[codes[name]], messages[codes[name]] = framers[under], messages[under]
    return lines, framers, messages
