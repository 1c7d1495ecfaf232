"""Tables as a hostile sender fills them: every row with other addresses, ports and functions.

What detectors fold by address is then as wide as the table is long; this measures that they stay quick and small.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.registry import DETECTORS
from interlock.records.tables import TABLES
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.interface import Detector
    from interlock.records.schema import Column

__all__ = ["cost_of_detectors", "hostile_batches"]

_START_NS: Final = 1_750_000_000_000_000_000
_WORDS: Final = {
    "source": ("hostile.pcap",),
    "realm": ("default",),
    "transport": ("tcp", "udp"),
    "state": ("opened", "established", "closed", "reset", "midstream", "refused"),
    "basis": ("parsed", "heuristic", "port", "unknown"),
    "protocol": ("modbus", "s7comm", "cip", "opcua", "http", "tls", "snmp", "profinet-dcp", "dnp3"),
    "verb": VERBS,
    "outcome": ("ok", "refused", "no-answer", "unknown", "unsolicited"),
    "scheme": ("basic", "community", "user-password"),
    "known": ("default", "short", "empty"),
}
_ADDRESSES: Final = frozenset({"client", "server", "who"})
_MACS: Final = frozenset({"client_mac", "server_mac"})
_PORTS: Final = (102, 502, 44818, 4840, 20000, 80, 443)


def hostile_batches(table: str, rows: int, batch: int = 65_536, seed: int = 1) -> Iterator[pa.RecordBatch]:
    """Batches of one of records.tables.TABLES, the same for the same seed.

    Addresses are random and of all kinds, half of the ports are control protocols', functions are random.
    """
    chance = np.random.default_rng(seed)
    for start in range(0, rows, batch):
        n = min(batch, rows - start)
        yield pa.RecordBatch.from_arrays(
            [_column(c, n, start, chance) for c in TABLES[table].columns], schema=TABLES[table].schema
        )


def cost_of_detectors(rows: int) -> list[dict[str, object]]:
    """Rows a CPU second of every detector on every table that it reads, grouping of the table included."""
    told = []
    for name, make in DETECTORS.items():
        for table in sorted(set(make().needs) & set(TABLES)):
            detector, cpu = make(), 0.0
            for records in hostile_batches(table, rows):
                cpu += _fed(detector, table, records)
            told.append(
                {
                    "detector": name,
                    "table": table,
                    "rows": rows,
                    "rows_per_cpu_s": round(rows / max(cpu, 1e-9)),
                }
            )
    return told


def _fed(detector: Detector, table: str, records: pa.RecordBatch) -> float:
    start = time.process_time()
    list(detector.feed(Batch(table, records), Context(now=_START_NS)))
    return time.process_time() - start


def _column(column: Column, n: int, start: int, chance: np.random.Generator) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return _texts(column, n, chance)
    if column.name in {"time", "first", "last"}:
        return pa.array(_START_NS + (start + np.arange(n)) * 1_000_000, column.type)
    if column.name in {"client_port", "server_port"}:
        known = np.array(_PORTS)[chance.integers(0, len(_PORTS), n)]
        return pa.array(np.where(chance.random(n) < 0.5, known, chance.integers(1, 65_536, n)), column.type)
    if column.name in {"frame", "first_frame", "operation", "flow"}:
        return pa.array(start + np.arange(1, n + 1), column.type)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        few = {"item": 1, "items": 2, "client_packets": 12, "server_packets": 12}.get(column.name, 250)
        return pa.array(chance.integers(0, few, n), pa.int64()).cast(column.type)
    return pa.nulls(n, column.type)


def _texts(column: Column, n: int, chance: np.random.Generator) -> pa.Array:
    if column.name in _WORDS:
        words: list[str] = list(_WORDS[column.name])
        codes = chance.integers(0, len(words), n)
    else:
        words, codes = _strange(column.name, chance.integers(0, 1 << 32, n)), np.arange(n)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words, pa.utf8()))


def _strange(name: str, numbers: NDArray[np.int64]) -> list[str]:
    if name in _ADDRESSES:
        return [f"{i >> 24 or 1}.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in numbers.tolist()]
    if name in _MACS:
        return [
            f"02:00:{i >> 24:02x}:{i >> 16 & 255:02x}:{i >> 8 & 255:02x}:{i & 255:02x}"
            for i in numbers.tolist()
        ]
    return [f"word {i}" for i in numbers.tolist()]
