"""What is judged at once and what may wait, on operations as the decoder makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from tests.cli.terminal import DEMO

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.pipeline.sensor.urgency import PRESSING, Urgency, by_server

from .some_batches import operations as made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def operations(name: str) -> Iterator[pa.RecordBatch]:
    run = open_sources(specify((str(DEMO / name),), ()), batch_frames=200)
    engine = build_engine(run.sources, wanted=frozenset({"operations"}))
    for batches in (*(engine.feed(frames) for frames in run), *engine.finish()):
        if "operations" in batches:
            yield batches["operations"]


def rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    names = ("operation", "item", "flow", "function", "unit", "verb", "outcome")
    columns = [batch.column(n) for n in names]
    plain = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.to_pylist() for c in plain), strict=True)]


@pytest.mark.parametrize("name", ["normal-shift.pcapng", "incident.pcap.gz", "engineering.pcap"])
def test_only_what_a_conversation_repeats_may_wait(name: str) -> None:
    urgency, seen = Urgency(), set()
    waited = 0
    for batch in operations(name):
        mask = urgency.calm(batch)
        assert len(mask) == batch.num_rows
        calm = batch.filter(pa.array(mask))
        before = set(seen)
        for row in rows(calm):
            assert row["outcome"] in ("ok", "unsolicited")
            assert row["verb"] in ("read", "report", "discover", "identify", "diagnose")
            assert (row["flow"], row["function"], row["unit"]) in before
        seen |= {(r["flow"], r["function"], r["unit"]) for r in rows(batch)}
        waited += len(rows(calm))
    assert waited > 0


def test_what_is_not_a_habit_is_never_gathered() -> None:
    urgency = Urgency()
    for batch in (*operations("incident.pcap.gz"), *operations("incident.pcap.gz")):
        calm = batch.filter(pa.array(urgency.calm(batch)))
        assert not {r["verb"] for r in rows(calm)} & {
            "stop",
            "start",
            "program-write",
            "program-read",
            "authenticate",
        }
        assert not {r["outcome"] for r in rows(calm)} & {"refused", "no-answer", "unknown"}


def split(urgency: Urgency, *given: dict[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    batch = made(list(given))
    mask = urgency.calm(batch)
    urgent, calm = (
        [(r["verb"], r["outcome"]) for r in rows(batch.filter(pa.array(some)))] for some in (~mask, mask)
    )
    return urgent, calm


def test_every_verb_that_does_something_presses() -> None:
    assert {"write", "stop", "program-write", "program-read", "unknown", "operate"} < PRESSING
    assert not PRESSING & {"read", "report", "discover", "identify", "diagnose"}


def test_what_was_judged_as_pending_may_end_well_later() -> None:
    urgency, write = Urgency(), {"verb": "write", "function": 6}
    assert split(urgency, {**write, "outcome": "pending"}) == ([("write", "pending")], [])
    assert split(urgency, write) == ([], [("write", "ok")])
    assert split(urgency, write) == ([("write", "ok")], [])  # another one of this number was not judged


@pytest.mark.parametrize(
    "change",
    [{"outcome": "refused"}, {"outcome": "no-answer"}, {"verb": "stop"}, {"flow": 8}, {"operation": 2}],
)
def test_what_ends_ill_or_is_something_else_is_judged_at_once(change: dict[str, Any]) -> None:
    urgency, write = Urgency(), {"verb": "write", "function": 6, "outcome": "pending"}
    split(urgency, write)
    urgent, calm = split(urgency, {**write, "outcome": "ok", **change})
    assert (len(urgent), calm) == (1, [])


def test_what_ends_in_the_same_batch_is_judged_together_with_its_request_or_after_it() -> None:
    urgency, write = Urgency(), {"verb": "write", "function": 6}
    urgent, calm = split(urgency, {**write, "outcome": "pending"}, write)
    assert urgent == [("write", "pending")]
    assert calm == [("write", "ok")]


DIRECTIONS = [
    (["read", "reported"], [], ["read", "reported"]),
    (["written", "written"], ["written", "written"], []),
    (["read", "written", None, "reported"], ["written"], ["read", None, "reported"]),
]


@pytest.mark.parametrize(("directions", "urgent", "calm"), DIRECTIONS)
@pytest.mark.parametrize("coded", [True, False])
def test_of_values_only_what_was_written_cannot_wait(
    directions: list[str | None], urgent: list[str], calm: list[str | None], coded: bool
) -> None:
    column = pa.array(directions, pa.utf8())
    batch = pa.record_batch({"direction": column.dictionary_encode() if coded else column})
    mask = Urgency().calm_values(batch).tolist()
    parts = [[d for d, waits in zip(directions, mask, strict=True) if waits is of] for of in (False, True)]
    assert parts == [urgent, calm]


@pytest.mark.parametrize("coded", [True, False])
@pytest.mark.parametrize("most", [1, 3, 7, 100])
@pytest.mark.parametrize("wait", [lambda _n: True, lambda n: n % 3 != 1, lambda _n: False])
def test_parts_hold_all_waiting_rows_of_their_servers_in_order(
    most: int, coded: bool, wait: Callable[[int], bool]
) -> None:
    servers = [f"10.0.0.{n * n % 5}" for n in range(40)]
    column = pa.array(servers)
    batch = pa.record_batch(
        {"server": column.dictionary_encode() if coded else column, "number": pa.array(range(40))}
    )
    which = np.array([wait(n) for n in range(40)])
    cut = list(by_server(batch, (which, ~which), most))
    assert [more for *_, more in cut] == [True] * (len(cut) - 1) + [False]
    others = sorted(n for mask, part, _ in cut if mask == 1 for n in part.tolist())
    assert others == np.flatnonzero(~which).tolist()
    parts = [batch.take(pa.array(part)).to_pydict() for mask, part, _ in cut if mask == 0]
    assert sum(len(part["number"]) for part in parts) == which.sum()
    for server in set(servers):
        mine = [[n for n, s in zip(p["number"], p["server"], strict=True) if s == server] for p in parts]
        expected = [n for n, s in enumerate(servers) if s == server and wait(n)]
        assert [n for n in mine if n] == ([expected] if expected else [])
