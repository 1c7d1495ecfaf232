"""Rows of rules that speak all the time wait where packets are decoded, and nothing is lost or changed by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.bench.plant_traffic import write_plant_traffic
from interlock.bootstrap import build_engine
from interlock.bootstrap.signature_screens import screening_with
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.decode.buffers.raw import Raw, Seen
from interlock.detect.signatures.detector import Signatures
from interlock.detect.signatures.engine.able import put_in_force
from interlock.detect.signatures.engine.holding import Holding
from interlock.detect.signatures.engine.loud import LOUD
from interlock.detect.signatures.language.reading import read_rules
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.plain.matching import Matcher
from interlock.records.buffers import PATIENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REQUEST = 'content:"|00 00|"; offset:2; depth:2;'
RULES = f"""alert tcp any any -> any 502 (msg:"loud"; flow:to_server; {REQUEST} sid:1;)
alert tcp any any -> any 502 (msg:"marking"; {REQUEST} content:"|06|"; offset:7; depth:1; flowbits:set,seen; sid:2;)
alert tcp any 502 -> any any (msg:"by its header"; ttl:>1; {REQUEST} sid:3;)
"""
SECOND = 1_000_000_000
TABLES = frozenset({"payloads", "flows"})


def detector() -> Signatures:
    variables = Variables()
    read = map(put_in_force, read_rules(RULES, "a.rules", variables))
    return Signatures([Matcher(s, variables.ends(s.header)) for r in read if (s := r.signature) is not None])


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seconds of a plant that polls."""
    path = tmp_path_factory.mktemp("plant") / "plant.pcap"
    with path.open("wb") as file:
        write_plant_traffic(file, packets=6000, plcs=12)
    return path


def batches(
    capture: Path, frames: int, *, holding: bool
) -> Iterator[tuple[int, dict[str, list[dict[str, Any]]]]]:
    """The wire's clock, and rows of both tables."""
    rules = detector()
    screening = screening_with([rules.engine])
    assert screening is not None
    if holding:
        screening.hold_back()
    with open_sources(specify((str(capture),), ()), batch_frames=frames) as run:
        engine = build_engine(run.sources, wanted=TABLES, buffers=rules.buffers, screen=screening)
        for tables in (*(engine.feed(part) for part in run), *engine.finish()):
            yield (
                engine.dissector.clock,
                {name: rows_of(tables[name]) if name in tables else [] for name in TABLES},
            )


def rows_of(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Times as ns."""
    kinds = [pa.int64() if pa.types.is_timestamp(field.type) else field.type for field in batch.schema]
    columns = [column.cast(kind) for column, kind in zip(batch.columns, kinds, strict=True)]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names).to_pylist()


@pytest.mark.parametrize("frames", [40, 400])
def test_the_same_rows_come_at_most_a_second_later(plant: Path, frames: int) -> None:
    plain = list(batches(plant, frames, holding=False))
    came = {key_of(row): at for at, (_, tables) in enumerate(plain) for row in tables["payloads"]}
    late, over, clocks = 0, set[Any](), [now for now, _ in plain]
    held: list[dict[str, Any]] = []
    for at, (_, tables) in enumerate(batches(plant, frames, holding=True)):
        for row in tables["payloads"]:
            since = came[key_of(row)]
            late += at > since
            assert at == since or clocks[at - 1] - clocks[since] < SECOND, (
                "it is due with the batch behind that"
            )
            assert row["flow"] not in over, "its conversation was over"
        held += tables["payloads"]
        over |= {row["flow"] for row in tables["flows"]}
    assert late > 100, "or none of them waits"
    assert sorted(held, key=key_of) == sorted(
        (row for _, tables in plain for row in tables["payloads"]), key=key_of
    )


def key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """What no two rows share."""
    return tuple(row[name] for name in ("frame", "buffer", "direction", "offset"))


def test_those_of_a_conversation_come_in_their_order(plant: Path) -> None:
    rows = [row for _, tables in batches(plant, 40, holding=True) for row in tables["payloads"]]
    loud = [row for row in rows if len(row["rules"]) == 8]
    for flow in {row["flow"] for row in loud}:
        frames = [row["frame"] for row in loud if row["flow"] == flow and row["rules"] == loud[0]["rules"]]
        assert frames == sorted(frames)


def raw(sizes: list[tuple[int, int]], at: int, rule: int) -> Raw:
    """Rows of payloads behind headers of some octets each (-1: not there), all of the same rule."""
    whole, begins, network = bytearray(), [], []
    for header, size in sizes:
        network.append(len(whole) if header >= 0 else -1)
        whole += bytes(np.random.default_rng(len(whole)).integers(0, 256, max(header, 0), np.uint8))
        begins.append(len(whole))
        whole += bytes([len(begins) % 256] * size)
    count = len(sizes)
    zeros = np.zeros(count, np.int64)
    seen = Seen(
        [(rule << 2 | PATIENT).to_bytes(8, "little")] * count, [b""] * count, np.zeros((count, 2), np.int64)
    )
    return Raw(
        kind=zeros, slot=zeros, side=zeros, source=zeros, time=zeros + at, frame=np.arange(count), offset=zeros,
        begin=np.array(begins, np.int64), length=np.array([size for _, size in sizes], np.int32),
        array=np.frombuffer(bytes(whole) or b"\0", np.uint8), network=np.array(network, np.int64), seen=seen,
    )  # fmt: skip


def octets(some: Raw) -> list[tuple[bytes, bytes]]:
    """Headers and payload of each row."""
    rows = zip(some.network.tolist(), some.begin.tolist(), some.length.tolist(), strict=True)
    return [
        (some.array[n:b].tobytes() if n >= 0 else b"", some.array[b : b + length].tobytes())
        for n, b, length in rows
    ]


@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(0, 9)), min_size=1, max_size=60))
def test_what_is_kept_has_its_own_octets(sizes: list[tuple[int, int]]) -> None:
    some = raw(sizes, 0, 1)
    kept = some.kept()
    assert octets(kept) == octets(some)
    assert not np.shares_memory(kept.array, some.array)


def test_only_so_much_is_held_and_no_longer_than_a_second() -> None:
    every = np.ones(LOUD + 8, np.bool_)
    for size, batches_before in ((1, 104), (30_000, 2)):
        holding, taken = Holding(), 0
        while not holding.due(0, anyhow=False):
            assert taken < 200
            left = holding.left(raw([(0, size)] * (LOUD + 8), 0, 1), every)
            taken += 1
        assert taken == batches_before, (left, "4,096 rows, or a mebibyte")
    holding = Holding()
    some = raw([(0, 1)] * (LOUD + 8), 5 * SECOND, 1)
    assert holding.left(some, every & False) is not None
    assert not holding.due(9 * SECOND, anyhow=True), "rows whose protocol is not known yet are not held"
    for more, anyhow, comes in (
        (SECOND - 1, False, False),
        (SECOND, False, True),
        (0, True, True),
        (-1, False, True),
    ):
        assert holding.left(raw([(0, 1)] * 8, 5 * SECOND, 1), every[:8]) is None
        assert comes or not holding.due(3 * SECOND, anyhow=False)
        holding.due(3 * SECOND, anyhow=False)
        held = holding.due(3 * SECOND + more, anyhow=anyhow)
        assert sum(len(one.slot) for one in held) == 8 * (1 + (more == SECOND)) * comes
