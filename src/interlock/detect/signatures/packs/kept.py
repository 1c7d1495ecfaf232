"""Which rules can be held against what a sensor's store keeps, why others cannot, and what is held against them.

    operations  what decoders read of control protocols (modbus, cip_service, s7comm.verb …)
                names that DNS was asked for: the same text as the buffer dns.query, of messages with one question
    values      what Modbus writes (modbus: … value)

A store keeps no octets, so that all other rules cannot be tried. A rule is tried whole or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from interlock.detect.batch import Batch
from interlock.detect.signatures.engine.operations import FACTS
from interlock.detect.signatures.packs.marks import names_of
from interlock.records.buffers import BUFFERS, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.signatures.engine.engine import Engine
    from interlock.detect.signatures.engine.traits import Traits

__all__ = ["NAMES", "Untried", "asked_names", "sorted_out"]

NAMES: Final = "dns.query"
"""The buffer that a store's operations give back."""
_DNS: Final = "dns"
_HEADS: Final = frozenset({"dns", "udp", "ip"})
"""Words of heads that such a name is for: whether it was asked by UDP or TCP is not kept, and nearly all are by UDP."""
_COPIED: Final = (
    "source",
    "realm",
    "time",
    "frame",
    "flow",
    "client",
    "server",
    "client_port",
    "server_port",
)


class Untried(NamedTuple):
    """Rules that cannot be tried, by what they ask for. rules: their names."""

    reason: str
    rules: tuple[str, ...]


def sorted_out(engine: Engine, counted: frozenset[str]) -> tuple[frozenset[str], tuple[Untried, ...]]:
    """Names of the rules that can be tried, of those that are counted, and why the others cannot, most first."""
    reasons = {number: reason for number, one in enumerate(engine.traits) if (reason := _unkept(one))}
    able = {number for number in range(len(engine.traits)) if number not in reasons}
    for number in _without_marks(engine, able):
        reasons[number] = "marks or numbers that a rule sets which cannot be tried"
    found: dict[str, list[str]] = {}
    for number, reason in reasons.items():
        if (name := engine.traits[number].name) in counted:
            found.setdefault(reason, []).append(name)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    names = {one.name for number, one in enumerate(engine.traits) if number not in reasons}
    return counted & names, tuple(Untried(reason, tuple(rules)) for reason, rules in ordered)


def _unkept(one: Traits) -> str:
    """What a rule asks for that no store keeps; nothing where all is there."""
    if one.sized or one.sizes or one.heads:
        return "headers or sizes of packets and streams"
    if missing := {BUFFERS[name].protocol or name for name in one.buffers - {NAMES} if name in BUFFERS}:
        if missing & set(KINDS) or not all(missing):
            return "octets of packets and streams"
        return f"what {', '.join(sorted(missing))} carries"
    if set(one.asks) - FACTS or (one.buffers and one.asks):
        return "several things at once that a store keeps apart"
    if one.buffers and one.head not in _HEADS:
        return f"a name that was asked for by {one.head} alone"
    return "" if one.buffers or one.asks else "packets alone"


def _without_marks(engine: Engine, able: set[int]) -> Iterator[int]:
    """Of those that could be tried, the ones that ask for what another rule sets that could not; `able` loses them."""
    asking = {n: set(names_of(engine.matchers[n].signature, asked=True)) for n in able}
    asking = {number: names for number, names in asking.items() if names}
    if not asking:
        return
    setting = [(n, set(names_of(one.signature, asked=False))) for n, one in enumerate(engine.matchers)]
    while True:
        unset = {name for number, names in setting if number not in able for name in names}
        lost = {number for number, names in asking.items() if number in able and names & unset}
        if not lost:
            return
        able -= lost
        yield from lost


def asked_names(rows: pa.RecordBatch) -> Batch | None:
    """Names that DNS was asked for, as a batch of payloads; None where none was. rows: of operations."""
    known = Batch("operations", rows)
    asked = known.among("protocol", (_DNS,)) & known.known("frame") & known.known("object")
    chosen = np.flatnonzero(asked)
    if not len(chosen):
        return None
    taken = rows.take(pa.array(chosen))
    count = len(chosen)
    columns: dict[str, pa.Array] = {name: taken.column(name) for name in _COPIED}
    columns |= {name: pa.array([word] * count) for name, word in _said().items()}
    names = taken.column("object").cast(pa.string()).to_pylist()
    columns["octets"] = pa.array([name.encode("utf-8", "backslashreplace") for name in names], pa.binary())
    columns["offset"] = pa.array([0] * count, pa.uint64())
    columns["transaction"] = pa.array(range(1, count + 1), pa.uint32())
    columns["headers"] = pa.nulls(count, pa.binary())
    return Batch("payloads", pa.record_batch(list(columns.values()), list(columns)))


def _said() -> dict[str, str]:
    return {"transport": "udp", "protocol": _DNS, "direction": "to_server", "buffer": NAMES}
