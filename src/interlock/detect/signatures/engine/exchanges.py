"""Messages of a conversation, as rows of payloads say them, and units of them; and how conversations began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.detect.signatures.engine.sides import side_between, side_of
from interlock.detect.signatures.engine.traits import PARTS
from interlock.detect.signatures.plain.midstream import Begun
from interlock.detect.signatures.plain.unit import Unit
from interlock.records.buffers import FIRST, JOINED, STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.sides import Side

__all__ = ["NUMBERS", "TEXTS", "TRANSACTION", "begun_in", "sides_of", "transaction_unit"]

TRANSACTION: Final = "transaction"
"""The level of such units."""
TEXTS: Final = frozenset(
    {
        *("tls.version", "tls.state", "dnp3.indication", "http.event", "dns.event"),
        *("mqtt.flags", "mqtt.connect.flags", "mqtt.connack.session_present"),
        *("ftp.bounce", "dcerpc.iface", "dcerpc.any_iface", "dcerpc.opnum", "tls.cert_state"),
    }
)
"""Buffers that are words, for rules that ask for them as facts."""

NUMBERS: Final = frozenset(
    {
        *("enip.any_command", "enip.status", "cip.any_service", "enip.protocol_version", "enip.vendor_id"),
        *("enip.device_type", "enip.product_code", "enip.revision", "enip.identity_status", "enip.serial"),
        *("enip.state", "enip.capabilities", "dnp3.any_function", "dnp3.object"),
        *("dns.opcode", "dns.rcode", "snmp.version", "snmp.pdu_type"),
        *("mqtt.type", "mqtt.qos", "mqtt.protocol_version", "mqtt.reason_code"),
        *("dcerpc.iface_version", "krb5.msg_type", "krb5.err_code", "smb.version", "dns.rrtype"),
        *("file.size", "file.seen", "tls.cert_not_before", "tls.cert_not_after", "tls.cert_chain_len"),
    }
)
"""Buffers that are numbers in digits, for rules that ask for them as facts."""
_WHOLE: Final = frozenset({*PARTS["tls"], *PARTS["dns"]})
"""Buffers of which the last row holds what those before it hold."""


def begun_in(batch: Batch) -> Iterator[tuple[int, Begun]]:
    """What a batch of payloads says of how conversations began, by their numbers."""
    rows = np.flatnonzero(batch.among("buffer", (JOINED, FIRST)))
    if not len(rows):
        return
    names = ("transport", "protocol", "client", "server", "direction", "buffer")
    words = [batch.words_at(name, rows) for name in names]
    numbers = [batch.integers(name)[rows].tolist() for name in ("client_port", "server_port", "flow")]
    ported, times = batch.known("client_port")[rows].tolist(), batch.times_ns()[rows].tolist()
    octets = batch.column("octets").take(pa.array(rows)).to_pylist()
    for (*ends, buffer), has, client, server, flow, time, (said, *_) in zip(
        zip(*words, strict=True), ported, *numbers, times, octets, strict=True
    ):
        side = side_between(ends, client if has else None, server)
        if side is not None:
            first, answers, asked = time if said & 2 else None, bool(said & 1), bool(said & 4)
            yield flow, Begun(side.source, side.source_port, buffer == JOINED, answers, first, asked)


def sides_of(batch: Batch, rows: NDArray[np.int64]) -> Iterator[tuple[int, dict[str, tuple[bytes, ...]]]]:
    """Each side of a transaction: its last row, and its buffers."""
    flows, numbers = batch.integers("flow")[rows].tolist(), batch.integers("transaction")[rows].tolist()
    directions, ways = batch.words("direction")
    names, kinds = batch.words("buffer")
    octets = batch.column("octets").take(pa.array(rows)).to_pylist()
    sides: dict[tuple[int, int, str], tuple[int, dict[str, tuple[bytes, ...]]]] = {}
    for k, row in enumerate(rows.tolist()):
        key = (flows[k], numbers[k], str(directions[ways[row]]))
        _, buffers = sides.get(key, (0, {}))
        name = str(names[kinds[row]])
        buffers[name] = (*buffers.get(name, ()), octets[k])
        sides[key] = row, buffers
    for row, buffers in sides.values():
        message = b"".join(octets for name in PARTS["http"] for octets in buffers.get(name, ()))
        for name in _WHOLE & buffers.keys():
            message = buffers[name][-1]
        yield row, {**buffers, STREAM: (message,)} if message else buffers


def transaction_unit(batch: Batch, row: int, buffers: dict[str, tuple[bytes, ...]]) -> Unit | None:
    """One side of a message, with its buffers; None where it is no IP. row: its last one."""
    names = ("transport", "protocol", "client", "server", "direction")
    transport, protocol, client, server, way = (_word(batch, name, row) for name in names)
    ends = side_of(transport, protocol, client, server, way, _ports(batch, row))
    if ends is None:
        return None
    return _unit(
        ends,
        batch,
        row,
        level=TRANSACTION,
        established=True,
        buffers=buffers,
        facts=_facts(buffers),
    )


def _word(batch: Batch, column: str, row: int) -> str:
    words, codes = batch.words(column)
    return str(words[codes[row]] or "")


def _ports(batch: Batch, row: int) -> int:
    """Client's and server's in one number, -1 where there are none."""
    client, server = (int(batch.integers(name)[row]) for name in ("client_port", "server_port"))
    return client << 16 | server if batch.known("client_port")[row] else -1


def _facts(buffers: dict[str, tuple[bytes, ...]]) -> dict[str, tuple[int | str, ...]]:
    """What is asked of buffers as of values."""
    facts: dict[str, tuple[int | str, ...]] = {
        name: tuple(map(int, buffers[name])) for name in NUMBERS & buffers.keys()
    }
    for name in TEXTS & buffers.keys():
        facts[name] = tuple(octets.decode("latin-1") for octets in buffers[name])
    return facts


def _unit(ends: Side, batch: Batch, row: int, **more: Any) -> Unit:
    """A row between these ends. more: what else is known of it."""
    when, flow = int(batch.times_ns()[row]), int(batch.integers("flow")[row])
    source, source_port, target, target_port, transport, application, to_server = ends
    return Unit(
        source=source, source_port=source_port, target=target, target_port=target_port, transport=transport,
        application=application, to_server=to_server, time=when, flow=flow, **more,
    )  # fmt: skip
