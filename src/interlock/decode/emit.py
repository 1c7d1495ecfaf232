"""From the sheets' arrays to Arrow record batches of the tables that records/ describes.

Over 400 lines would be split; one class makes all tables because they share the pools of words that are spelled once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from interlock.decode.columns import ends, gathered, laid, present, present_codes, scattered
from interlock.decode.decimals import decimals
from interlock.decode.values import NO_TIME
from interlock.records.buffers import KINDS, WAYS
from interlock.records.tables import (
    ARTIFACT_CONTENTS,
    ARTIFACTS,
    CLUES,
    CREDENTIALS,
    FLOWS,
    ODDITIES,
    OPERATIONS,
    PAYLOADS,
    VALUES,
)
from interlock.records.vocabulary import BASES, OUTCOMES, VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from interlock.decode.buffers.raw import Raw
    from interlock.decode.buffers.sink import Row
    from interlock.decode.flows import Flows
    from interlock.records.frames import Source
    from interlock.records.schema import Table

__all__ = ["Emitter"]

_TCP_STATES = (None, "opened", "established", "closed", "reset", "midstream", "refused")
_DIRECTIONS = ("written", "read", "reported")
_COUNTED = ("retransmissions", "gaps", "duplicates", "bad_checksums", "offloaded_checksums")
_NO_NUMBER = -(1 << 31)
_TCP, _UDP = 6, 17
_BOTH_SIDES = 3
"""Of Flows.refused, a bit for each side."""
_MANY_WORDS = 4096
_OF_TLS = ("tls.", "ja3", "ja4")
"""Buffers of TLS, which SMTP goes on in behind STARTTLS."""
_U16, _U32, _U64, _I32 = pa.uint16(), pa.uint32(), pa.uint64(), pa.int32()
_TIME, _DURATION = pa.timestamp("ns", "UTC"), pa.duration("ns")
_CODED = pa.dictionary(pa.int32(), pa.utf8())
_NONE = pa.array([], pa.utf8())
_NUMBERS = pa.list_(pa.field("element", pa.float64()))
_MAX_COUNT = 0xFFFFFFFF


class Emitter:
    """Turns columns into batches. sources: the run's; protocols: names by code; refuted: Recogniser's."""

    def __init__(
        self,
        flows: Flows,
        objects: Any,
        names: Any,
        protocols: Sequence[str],
        realms: Sequence[str],
        refuted: Callable[..., bool],
    ) -> None:
        self._flows = flows
        self._refuted = refuted
        self._objects = objects
        self._names = names
        self._protocols = pa.array(protocols, pa.utf8())
        self._verbs = pa.array(VERBS, pa.utf8())
        self._outcomes = pa.array(OUTCOMES, pa.utf8())
        self._realms = pa.array(realms, pa.utf8())
        self._sources = pa.array([], pa.utf8())
        self._schemas: dict[str, pa.Schema] = {}
        self._directions = pa.array(_DIRECTIONS, pa.utf8())
        self._arrays: dict[int, tuple[int, pa.Array]] = {}

    def _batch(self, table: Table, columns: list[pa.Array]) -> pa.RecordBatch:
        """A batch of a table, whose schema costs more to make than a small batch."""
        schema = self._schemas.get(table.name)
        if schema is None:
            schema = self._schemas[table.name] = table.schema
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    def set_sources(self, sources: Sequence[Source]) -> None:
        """The run's sources, by index."""
        self._sources = pa.array([s.name for s in sources], pa.utf8())

    def operations(self, rows: dict[str, Any]) -> pa.RecordBatch:
        """One batch of `operations` from Sheet.end_batch's arrays."""
        realm, flow, client, server, *ports, has = ends(rows["flow"], rows["asker"], self._flows.columns)
        columns = [
            _coded(rows["source"], self._sources),
            _coded(realm, self._realms),
            _whole(rows["operation"], _U64),
            _whole(rows["time"], _TIME),
            _wide(rows["frame"], _U64, 1),
            _wide(rows["response_frame"], _U64, 1),
            _whole(flow, _U64),
            self._end(rows["client"], client),
            self._end(rows["server"], server),
            *(_fixed(port, _U16, has) for port in ports),
            _coded(rows["protocol"].astype(np.int32), self._protocols),
            _coded(rows["verb"].astype(np.int32), self._verbs),
            _narrow(rows["function"]),
            self._pool(rows["name"], self._names),
            _decimal(rows["transaction"]),
            _whole(rows["item"], _U16),
            _whole(rows["items"], _U16),
            self._pool(rows["user"], self._names),
            self._pool(rows["unit"], self._names),
            self._pool(rows["object"], self._objects),
            _fixed(_counts(rows["count"]), _U32, present(rows["count"], 0)),
            _coded(rows["outcome"].astype(np.int32), self._outcomes),
            _narrow(rows["code"]),
            _wide(rows["latency"], _DURATION, 0),
        ]
        return self._batch(OPERATIONS, columns)

    def _end(self, said: Any, flow: Any) -> pa.Array:
        """One end of operations: what the protocol said, else the flow's address."""
        if said.max() >= 0:
            flow = np.where(said >= 0, said, flow)
        return self._pool(flow, self._flows.addresses)

    def _ports(self, slot: Any, *ends: Any) -> list[pa.Array]:
        """The ports of both ends (slot times two, plus the side), null where the transport has none."""
        f = self._flows.columns
        transport, port = f["transport"].take(slot), f["port"].reshape(-1)
        has = (transport == _TCP) | (transport == _UDP)
        bits = None if has.all() else np.packbits(has, bitorder="little")
        return [_fixed(port.take(end).astype(np.uint16), _U16, bits) for end in ends]

    def _pool(self, codes: Any, pool: Any) -> pa.Array:
        """A dictionary column; a pool far larger than the batch is cut down to what the batch uses."""
        texts = pool.texts
        if len(texts) > _MANY_WORDS and len(texts) > 2 * len(codes):
            used, codes = np.unique(codes, return_inverse=True)
            missing = int(used[0] < 0)
            return _coded(codes - missing, pa.array([texts[i] for i in used[missing:].tolist()], pa.utf8()))
        return _coded(codes, self._spelled(pool))

    def _spelled(self, pool: Any) -> pa.Array:
        """All texts of a pool as an array, which grows with it: texts are turned into Arrow's once."""
        generation, spelled = self._arrays.get(id(pool), (-1, _NONE))
        if generation != pool.generation:
            spelled = _NONE
        if len(spelled) != len(pool.texts):
            fresh = pa.array(pool.texts[len(spelled) :], pa.utf8())
            spelled = pa.concat_arrays([spelled, fresh]) if len(spelled) else fresh
            self._arrays[id(pool)] = (pool.generation, spelled)
        return spelled

    def flows(self, slots: Any) -> pa.RecordBatch:
        """One batch of `flows` for these slots (int array)."""
        # Over 40 lines: one column after the other, as the table names them.
        slots = slots[self._flows.columns["packets"][slots].any(axis=1)]  # not those of carriers (Dissector)
        f = {name: column[slots] for name, column in self._flows.columns.items()}
        n = len(slots)
        client = f["client_side"].astype(np.int64)
        row = np.arange(n)
        server = 1 - client

        def of(name: str, side: Any) -> Any:
            return f[name][row, side]

        macs = [
            [None if m == 0 else int(m).to_bytes(6, "big").hex(":") for m in of("mac", s).tolist()]
            for s in (client, server)
        ]
        columns = [
            _coded(f["source"], self._sources),
            _coded(f["realm"], self._realms),
            _number(f["ident"]),
            self._pool(of("address", client), self._flows.addresses),
            self._pool(of("address", server), self._flows.addresses),
            *(_words(m) for m in macs),
            *self._ports(slots, 2 * slots + client, 2 * slots + server),
            _words([transport_word(t) for t in f["transport"].tolist()]),
            _fixed(f["vlan"].astype(np.uint16), _U16, present(f["vlan"].astype(np.int64), 0)),
            _times(f["first"]),
            _times(f["last"]),
            _number(f["first_frame"].view(np.uint64)),
            _number(f["last_frame"].view(np.uint64)),
            *(
                _number(of(name, s).astype(np.uint64))
                for name in ("packets", "octets")
                for s in (client, server)
            ),
            _words([_TCP_STATES[t] for t in f["tcp"].tolist()]),
            *(_number(f[name].astype(np.uint32)) for name in _COUNTED),
            *self._named(slots, f),
            *(
                _fixed(of(name, s), _TIME, present(of("packets", s), 1))
                for s in (client, server)
                for name in ("since", "last_time")
            ),
        ]
        return self._batch(FLOWS, columns)

    def _named(self, slots: Any, f: dict[str, Any]) -> list[pa.Array]:
        """Protocol, basis and confidence; a flow that no payload named is named by its port, as such."""
        names = self._protocols.to_pylist()
        protocol, basis, confidence = [], [], []
        for slot, code, how, sure in zip(
            slots.tolist(), f["protocol"].tolist(), f["basis"].tolist(), f["confidence"].tolist(), strict=True
        ):
            name = names[code] if code >= 0 else self.port_name(slot)
            protocol.append(name)
            basis.append(BASES[how] if code >= 0 else ("port" if name else "unknown"))
            confidence.append(sure / 100 if code >= 0 else (0.3 if name else 0.0))
        return [
            _words(protocol),
            _words(basis),
            pa.array(confidence, pa.float32()),
        ]

    def port_name(self, slot: int) -> str | None:
        """What the registered port (or link type) says, for a flow that nothing else named.

        It says nothing where a decoder of that name has seen how the flow begins, and refused it, or what each end
        says in the middle of it, and refused both.
        """
        from interlock.decode.port_names import port_name  # noqa: PLC0415 (read when the first flow ends)

        f = self._flows
        side = f.client_side[slot]
        name = port_name(f.transport[slot], f.port[slot, 1 - side], f.port[slot, side])
        began = f.transport[slot] == _UDP or f.oriented[slot]
        if not name or not (f.tries[slot] if began else f.refused[slot] == _BOTH_SIDES):
            return name
        return None if self._refuted(name, f.transport[slot], midstream=not began) else name

    def values(
        self, done: tuple[dict[str, Any], Any, dict[int, str], Any, dict[int, bytes]]
    ) -> pa.RecordBatch:
        """One batch of `values` from ValueSheet.end_batch's result."""
        rows, numbers, texts, octets, late = done
        n = len(rows["flow"])
        realm, flow, client, server, *_ = ends(rows["flow"], rows["server_side"] ^ 1, self._flows.columns)
        offsets = np.empty(n + 1, np.int32)
        offsets[:n], offsets[n] = rows["begin"], len(numbers)
        columns = [
            _coded(rows["source"], self._sources),
            _coded(realm, self._realms),
            _whole(rows["time"], _TIME),
            _whole(rows["frame"], _U64),
            _whole(flow, _U64),
            _wide(rows["operation"], _U64, 1),
            self._pool(client, self._flows.addresses),
            self._pool(server, self._flows.addresses),
            _coded(rows["protocol"].astype(np.int32), self._protocols),
            self._pool(rows["unit"], self._names),
            self._pool(rows["object"], self._objects),
            _coded(rows["direction"].astype(np.int32), self._directions),
            _lists(offsets, numbers),
            _sparse(texts, n, pa.utf8()),
            _octets(rows["raw_size"], octets, late),
            self._pool(rows["type"], self._names),
            self._pool(rows["quality"], self._names),
            _wide(rows["device_time"], _TIME, NO_TIME + 1),
        ]
        return self._batch(VALUES, columns)

    def clues(self, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
        """One batch of `clues` from Facts' tuples."""
        source, realm, time, frame, who, field, value, protocol, confidence = _across(rows, 9)
        columns = [
            _coded(np.array(source, np.int32), self._sources),
            _coded(np.array(realm, np.int32), self._realms),
            _times(np.array(time, np.int64)),
            _number(np.array(frame, np.uint64)),
            *(_words(column) for column in (who, field, value, protocol)),
            pa.array(confidence, pa.float32()),
        ]
        return self._batch(CLUES, columns)

    def oddities(self, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
        """One batch of `oddities` from Facts' tuples; slot -1: no flow."""
        source, time, frame, slot, side, protocol, oddity, offset, octets = _across(rows, 9)
        f = self._flows
        at = [s if s >= 0 else None for s in slot]
        columns = [
            _coded(np.array(source, np.int32), self._sources),
            _coded(np.array([0 if s is None else f.realm[s] for s in at], np.int32), self._realms),
            _times(np.array(time, np.int64)),
            _number(np.array(frame, np.uint64)),
            pa.array([None if s is None else f.ident[s] for s in at], pa.uint64()),
            *(
                _words([None if s is None else f.address_of(s, d ^ e) for s, d in zip(at, side, strict=True)])
                for e in (0, 1)
            ),
            _words(protocol),
            _words(oddity),
            pa.array([min(o, 0xFFFFFFFF) for o in offset], pa.uint32()),
            pa.array(octets, pa.binary()),
        ]
        return self._batch(ODDITIES, columns)

    def credentials(self, rows: list[list[Any]]) -> pa.RecordBatch:
        """One batch of `credentials` from Facts' rows."""
        source, time, frame, slot, side, protocol, *rest = _across(rows, 13)
        columns = [
            *self._where(source, slot),
            _times(np.array(time, np.int64)),
            _number(np.array(frame, np.uint64)),
        ]
        columns += [*self._ends(slot, side), _words(protocol), *(_words(column) for column in rest)]
        return self._batch(CREDENTIALS, columns)

    def artifacts(self, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
        """One batch of `artifacts` from the tuples of Artifacts."""
        source, time, frame, slot, side, begun, first, operation, *rest = _across(rows, 19)
        asks = [self._flows.client_side[s] if d < 0 else d for s, d in zip(slot, side, strict=True)]
        *words, size, sha256, code, state, detail = rest
        columns = [
            *self._where(source, slot),
            *(_times(np.array(time, np.int64)), _number(np.array(frame, np.uint64))),
            *(_times(np.array(begun, np.int64)), _number(np.array(first, np.uint64))),
        ]
        flow, *both = self._ends(slot, asks)
        columns += [flow, pa.array(operation, pa.uint64()), *both, *(_words(column) for column in words)]
        columns += [_number(np.array(size, np.uint64)), *(_words(column) for column in (sha256, code, state))]
        return self._batch(ARTIFACTS, [*columns, pa.array(detail, pa.utf8())])

    def artifact_contents(self, octets: dict[str, bytes]) -> pa.RecordBatch:
        """One batch of `artifact_contents`."""
        columns = [_words(list(octets)), pa.array(list(octets.values()), pa.binary())]
        return self._batch(ARTIFACT_CONTENTS, columns)

    def payloads(
        self, raw: list[Raw], rows: list[Row], guessed: Mapping[int, str] | None = None
    ) -> pa.RecordBatch:
        """One batch of `payloads` from what a Tap took: columns of packets and stream pieces, and rows.

        guessed: slot → what it speaks, of flows of no protocol; of others that nothing is to be known of it.
        """
        slot, side, source, time, frame, offset, transaction = _joined(raw, rows)
        f, at = self._flows.columns, 2 * slot
        client = f["client_side"].take(slot)
        addresses, codes = self._flows.addresses, f["address"].reshape(-1)
        transport, kinds = np.unique(f["transport"].take(slot), return_inverse=True)
        columns = [
            *(_coded(source, self._sources), _coded(f["realm"].take(slot), self._realms)),
            *(_whole(time, _TIME), _whole(frame, _U64), _whole(f["ident"].take(slot), _U64)),
            *(self._pool(codes.take(at + end), addresses) for end in (client, 1 - client)),
            *self._ports(slot, at + client, at + (1 - client)),
            _coded(kinds, pa.array([transport_word(t) for t in transport.tolist()], pa.utf8())),
            self._spoken(slot, guessed or {}, rows),
            _coded(side ^ client, pa.array(WAYS, pa.utf8())),
            _whole(offset, _U64),
            _fixed(transaction.astype(np.uint32), _U32, present(transaction, 1)),
            _named_buffers(raw, [row[3] for row in rows]),
            _stretches(raw, [row[4] for row in rows]),
            _headers(raw, len(slot)),
            *_seen(raw, len(slot), side == client),
        ]
        return self._batch(PAYLOADS, columns)

    def _spoken(self, slot: Any, guessed: Mapping[int, str], made: list[Row]) -> pa.DictionaryArray:
        """What each speaks. made: the last of them, which are no raw octets: TLS that SMTP goes on in is TLS."""
        codes, names = self._flows.columns["protocol"].take(slot).astype(np.int32), self._protocols
        if guessed:
            names = pa.array([*names.to_pylist(), *dict.fromkeys(guessed.values())], pa.utf8())
            places = {name: place for place, name in enumerate(names.to_pylist())}
            first = len(slot) - len(made)
            for row in np.flatnonzero(np.isin(slot, list(guessed))).tolist():
                begun = guessed[int(slot[row])]
                if row >= first and begun == "smtp" and made[row - first][3].startswith(_OF_TLS):
                    codes[row] = places.get("tls", -1)
                elif codes[row] < 0 or begun in {"smtp", ""}:
                    codes[row] = places[begun] if begun else -1
        return _coded(codes, names)

    def _where(self, source: Any, slot: Any) -> list[pa.Array]:
        realm = self._flows.columns["realm"][np.array(slot, np.int64)]
        return [_coded(np.array(source, np.int32), self._sources), _coded(realm, self._realms)]

    def _ends(self, slot: Any, side: Any) -> list[pa.Array]:
        """Flow, sender and receiver of rows that hang on a message."""
        at, sent = np.array(slot, np.intp), np.array(side, np.intp)
        f, addresses = self._flows.columns, self._flows.addresses
        address = f["address"].reshape(-1)
        both = (self._pool(address.take(2 * at + (sent ^ flip)), addresses) for flip in (0, 1))
        return [_whole(f["ident"].take(at), _U64), *both]

    def details(
        self, table: Table, rows: list[tuple[Any, ...]], read: Collection[str] | None = None
    ) -> pa.RecordBatch:
        """One batch of a protocol's own table.

        Its first columns are those of records.tables.DETAIL, then what the decoder's dict names. read: columns that
        somebody reads (None: all); others are null where they may be.
        """
        source, time, frame, slot, side, own = _across(rows, 6)
        at, client = np.array(slot, np.int64), np.array(side, np.int64)
        columns = [
            *self._where(source, slot),
            _times(np.array(time, np.int64)),
            _number(np.array(frame, np.uint64)),
        ]
        ports = self._ports(at, 2 * at + client, 2 * at + 1 - client)
        columns += [*self._ends(slot, side), *ports]
        for column in table.columns[len(columns) :]:
            if read is not None and column.nullable and column.name not in read:
                columns.append(pa.nulls(len(own), column.type))
            else:
                columns.append(pa.array([row.get(column.name) for row in own], column.type))
        return self._batch(table, columns)


def _joined(raw: list[Raw], rows: list[Row]) -> list[Any]:
    """Columns of both: slot, side, source, time, frame, offset, transaction (0: none)."""
    made = [(m.slot, side, m.source, m.time, m.frame, 0, transaction) for m, side, transaction, _, _ in rows]
    kinds = (np.intp, np.uint8, np.int32, np.int64, np.int64, np.int64, np.int64)
    parts: list[Any] = [
        (p.slot, p.side, p.source, p.time, p.frame, p.offset, np.zeros(len(p.slot), np.int64)) for p in raw
    ]
    parts.append(_across(made, len(kinds)))
    return [np.concatenate([np.asarray(part[i], kind) for part in parts]) for i, kind in enumerate(kinds)]


def _named_buffers(raw: list[Raw], more: list[str]) -> pa.DictionaryArray:
    """The names of both."""
    names = list(dict.fromkeys([*KINDS, *more]))
    places = {name: place for place, name in enumerate(names)}
    codes = [part.kind.astype(np.int32) for part in raw]
    codes.append(np.array([places[name] for name in more], np.int32))
    return _coded(np.concatenate(codes), pa.array(names, pa.utf8()))


def _stretches(raw: list[Raw], more: list[bytes]) -> pa.Array:
    """Their octets as one column: those of packets and stream pieces gathered, then the others."""
    octets, bounds = [], [np.zeros(1, np.int64)]
    for part in raw:
        found, offsets = gathered(part.array, part.begin, part.length)
        bounds.append(offsets[1:] + bounds[-1][-1])
        octets.append(found)
    octets.append(np.frombuffer(b"".join(more), np.uint8))
    bounds.append(np.cumsum([len(one) for one in more], dtype=np.int64) + bounds[-1][-1])
    joined, offsets = np.concatenate(octets), np.concatenate(bounds)
    if offsets[-1] >= 1 << 31:
        raise OverflowError("more octets than a batch can hold")
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(joined)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)


def _headers(raw: list[Raw], rows: int) -> pa.Array:
    """What stands before the payloads of packets whose headers are asked for."""
    parts, left = [], rows
    for part in raw:
        left -= len(part.slot)
        if part.network is None:
            parts.append(pa.nulls(len(part.slot), pa.binary()))
            continue
        there = part.network >= 0
        lengths = np.where(there, part.begin - part.network, 0).astype(np.int32)
        octets, bounds = gathered(part.array, np.maximum(part.network, 0), lengths)
        bits = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
        buffers = [bits, pa.py_buffer(bounds), pa.py_buffer(octets)]
        parts.append(pa.Array.from_buffers(pa.binary(), len(there), buffers))
    return pa.concat_arrays([*parts, pa.nulls(left, pa.binary())])


def _seen(raw: list[Raw], rows: int, by_client: Any) -> list[pa.Array]:
    """What a screen says of its rows, which come first; nothing of the others. by_client: whether the client speaks."""
    told = [part.seen for part in raw if part.seen is not None]
    if not told:
        return [pa.nulls(rows, kind) for kind in (pa.binary(), pa.binary(), _U64, _U64)]
    sent = np.concatenate([part.sent for part in told])
    left = rows - len(sent)
    client = np.where(by_client[: len(sent)], sent[:, 0], sent[:, 1])
    both = (
        _wide(np.append(part, np.full(left, -1)), _U64, 0) for part in (client, sent.sum(axis=1) - client)
    )
    return [
        *(
            pa.array([*(one for part in told for one in getattr(part, name)), *[None] * left], pa.binary())
            for name in ("rules", "before")
        ),
        *both,
    ]


def _across(rows: list[Any], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _coded(codes: Any, texts: pa.Array) -> pa.DictionaryArray:
    codes = np.ascontiguousarray(codes, np.int32)
    bits = present_codes(codes)
    parts = [None if bits is None else pa.py_buffer(bits), pa.py_buffer(codes)]
    return pa.DictionaryArray.from_buffers(_CODED, len(codes), parts, texts)


def _words(texts: list[Any]) -> pa.DictionaryArray:
    """A dictionary column.

    Arrow's own dictionary_encode loads pyarrow.compute, which takes 0.1 s.
    """
    codes: dict[str, int] = {}
    indices = [None if text is None else codes.setdefault(text, len(codes)) for text in texts]
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(list(codes), pa.utf8()))


def _times(ns: Any) -> pa.Array:
    return _whole(ns, _TIME)


def _number(column: Any) -> pa.Array:
    return _whole(column, pa.from_numpy_dtype(column.dtype))


def _whole(column: Any, kind: pa.DataType) -> pa.Array:
    """A column where nothing is missing."""
    return _fixed(column, kind, None)


def _wide(column: Any, kind: pa.DataType, least: int) -> pa.Array:
    """A column of 64 bits (int64 array), null where it is less than `least`."""
    return _fixed(column, kind, present(column, least))


def _narrow(column: Any) -> pa.Array:
    """Numbers of 32 bits, null where there is none."""
    return _fixed(column, _I32, present_codes(np.ascontiguousarray(column), _NO_NUMBER + 1))


def _fixed(column: Any, kind: pa.DataType, bits: Any) -> pa.Array:
    """An array over numpy's octets; bits: the bitmap of what is not null, None where nothing is.

    pa.array with a mask would copy, and load numpy.ma for it.
    """
    octets = pa.py_buffer(np.ascontiguousarray(column))
    if bits is None:
        return pa.Array.from_buffers(kind, len(column), [None, octets], 0)
    return pa.Array.from_buffers(kind, len(column), [pa.py_buffer(bits), octets])


def _lists(offsets: Any, numbers: Any) -> pa.ListArray:
    """Lists of numbers, null where empty; offsets: int32, one more than lists."""
    kind = _NUMBERS
    filled = offsets[1:] != offsets[:-1]
    bits = None if filled.all() else pa.py_buffer(np.packbits(filled, bitorder="little"))
    parts = [bits, pa.py_buffer(offsets)]
    return pa.ListArray.from_buffers(kind, len(offsets) - 1, parts, children=[_number(numbers)])


def _counts(column: Any) -> Any:
    """Counts (int64) as uint32, the greatest there for greater ones; what negative ones become is nobody's business."""
    if len(column) and column.max() > _MAX_COUNT:
        column = np.minimum(column, _MAX_COUNT)
    return column.astype(np.uint32)


def _decimal(column: Any) -> pa.Array:
    """Text of integers; a negative one is null.

    pyarrow.compute would do it, too, and takes 0.1 s to import.
    """
    offsets, octets = decimals(column)
    bits = present(column, 0)
    there = None if bits is None else pa.py_buffer(bits)
    return pa.StringArray.from_buffers(len(column), pa.py_buffer(offsets), pa.py_buffer(octets), there)


def _octets(sizes: Any, octets: Any, late: dict[int, bytes]) -> pa.Array:
    """Octets of rows, null where the size is -1; late: row → octets that stand for a row's own. Less than 2 GiB.

    octets: None where no row has any of its own.
    """
    n = len(sizes)
    if octets is None:
        return _sparse(late, n, pa.binary())
    offsets, bits = laid(sizes), present_codes(sizes, 0)
    if late:
        own = np.flatnonzero(sizes >= 0).tolist()
        parts = {row: octets[offsets[row] : offsets[row + 1]].tobytes() for row in own}
        return _sparse(parts | late, n, pa.binary())
    there = None if bits is None else pa.py_buffer(bits)
    return pa.Array.from_buffers(pa.binary(), n, [there, pa.py_buffer(offsets), pa.py_buffer(octets)])


def _sparse(given: dict[int, Any], n: int, kind: pa.DataType) -> pa.Array:
    """Texts or octets of some rows, by row in whatever order; the other rows are null. A batch has less than 2 GiB."""
    if not given:
        return pa.nulls(n, kind)
    offsets, bits, octets = scattered(given, n)
    buffers = [None if bits is None else pa.py_buffer(bits), pa.py_buffer(offsets), pa.py_buffer(octets)]
    return pa.Array.from_buffers(kind, n, buffers)


def transport_word(code: int) -> str:
    """What flows say of a transport: IP's number, or an EtherType behind 0x10000."""
    if code >= 0x10000:
        return f"eth/0x{code & 0xFFFF:04x}"
    return {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}.get(code, f"ip/{code}")
