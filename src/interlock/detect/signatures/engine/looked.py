"""Payloads that a screen has left, as rows say it; and units of them, for the plain way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from interlock.detect.signatures.engine.headers import buffers_of, carrier_of, fields_of, flags_of, joined_of
from interlock.detect.signatures.engine.screening import rules_in
from interlock.detect.signatures.engine.sides import TCP, side_between
from interlock.detect.signatures.plain.unit import Unit
from interlock.records.buffers import HEADERS, PACKET, STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.sides import Side
    from interlock.detect.signatures.engine.traits import Traits

__all__ = ["Looked", "looked_at", "tunnel_unit", "unit_of"]

_ENDS = ("transport", "protocol", "client", "server", "direction")
_NUMBERS = ("client_port", "server_port", "offset", "client_octets", "server_octets")
_OCTETS = ("octets", "headers", "before", "rules")
_SYN, _RST, _ACK = 2, 4, 16


class Looked(NamedTuple):
    """row: of its batch. rules: (number, level) of those that may hit it. side: None where it is no IP.

    before: octets of its stream before it; sent: by client and server, None where one has not spoken.
    """

    row: int
    rules: Sequence[tuple[int, str]]
    side: Side | None
    time: int
    flow: int
    offset: int
    octets: bytes
    headers: bytes
    before: bytes
    sent: tuple[int | None, int | None]


def looked_at(batch: Batch, rows: NDArray[np.int64], known: Mapping[int, Sequence[int]]) -> Iterator[Looked]:
    """Rows that were screened. known: numbers of rules by their keys; of others nothing is said."""
    which = None if len(rows) == len(batch) else pa.array(rows)
    times = batch.times_ns()[rows].tolist()
    words = [batch.words_at(name, rows) for name in _ENDS]
    said = [batch.column(name) for name in _OCTETS]
    octets = [(one if which is None else one.take(which)).to_pylist() for one in said]
    numbers = [_numbers(batch, name, rows) for name in _NUMBERS]
    flows = batch.integers("flow")[rows].tolist()
    for row, time, flow, ends, one, of in zip(
        rows.tolist(), times, flows, zip(*words, strict=True), zip(*octets, strict=True), zip(*numbers, strict=True),
        strict=True,
    ):  # fmt: skip
        payload, headers, before, told = one
        rules = [(number, level) for key, level in rules_in(told) for number in known.get(key, ())]
        if rules:
            side = side_between(ends, of[0], of[1])
            both = of[3], of[4]
            yield Looked(
                row, rules, side, time, flow, of[2] or 0, payload, headers or b"", before or b"", both
            )


def _numbers(batch: Batch, name: str, rows: NDArray[np.int64]) -> list[int | None]:
    """Of these rows what a column says; None where it says nothing."""
    numbers: list[int | None] = batch.integers(name)[rows].tolist()
    known = batch.known(name)[rows]
    return (
        numbers if known.all() else [n if k else None for n, k in zip(numbers, known.tolist(), strict=True)]
    )


def unit_of(one: Looked, level: str, rules: Sequence[Traits], *, chunked: bool = False) -> Unit | None:
    """What rules are held against. level: `packet` or `stream`. rules: those that ask.

    chunked: pieces of streams are chunks, from whose beginning places count.
    """
    if one.side is None:
        return None
    headed = any(HEADERS in traits.buffers for traits in rules)
    headers = one.headers if level == PACKET else b""
    fields = fields_of(headers) if headed else {"flags": flags_of(headers)}
    before = one.before if level == STREAM else b""
    source, source_port, target, target_port, transport, application, to_server = one.side
    return Unit(
        level=level, time=one.time, flow=one.flow, transport=transport, application=application,
        source=source, source_port=source_port, target=target, target_port=target_port, to_server=to_server,
        established=_established(transport, fields, *one.sent)
        and not (chunked and level == PACKET and _opens(transport, fields, one)),
        buffers={level: (before + one.octets,), **(buffers_of(headers) if headed else {})},
        fields={"dsize": len(one.octets), **fields}, fragment=headed and joined_of(one.headers),
        stream_offset=one.offset - len(before) if level == STREAM and not chunked else 0,
        client_octets=one.sent[0] or 0, server_octets=one.sent[1] or 0,
    )  # fmt: skip


def _established(transport: int, fields: Mapping[str, int], client: int | None, server: int | None) -> bool:
    """Of TCP all but what opens a conversation, and what breaks one in which nothing was said."""
    if transport != TCP:
        return None not in (client, server)
    flags = fields.get("flags", 0)
    return not flags & _SYN and (not flags & _RST or bool(client or server))


def _opens(transport: int, fields: Mapping[str, int], one: Looked) -> bool:
    """Whether it is the third segment of a handshake: Suricata has a connection established from the next one on."""
    silent = not any(one.sent) and not one.octets
    return transport == TCP and silent and fields.get("flags", 0) == _ACK


def tunnel_unit(batch: Batch, row: int, octets: bytes) -> Unit | None:
    """A packet that carried another one, by its headers; None where they are none of IP. batch: of the row."""
    carrier = carrier_of(octets)
    if carrier is None:
        return None
    words, codes = batch.words("direction")
    source, target, transport = carrier
    return Unit(
        level=PACKET, time=int(batch.times_ns()[row]), flow=int(batch.integers("flow")[row]), transport=transport,
        source=source, target=target, to_server=str(words[codes[row]]) == "to_server",
        buffers=buffers_of(octets), fields=fields_of(octets), fragment=joined_of(octets),
    )  # fmt: skip
