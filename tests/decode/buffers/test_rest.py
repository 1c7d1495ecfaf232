"""What is looked at for payloads may follow a moment later: then it says the same."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli.terminal import DEMO

from decode.contract.playing import STEP_NS, batch_of, engine_for
from decode.feed import CLIENT, Tcp
from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.records.buffers import BUFFERS

TABLES = frozenset({"payloads", "oddities", "flows", "operations"})


def batches(frames: int, *, partly: bool) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Of each batch what it gives, and the rest of it."""
    found = []
    with open_sources(specify((str(DEMO / "normal-shift.pcapng"),), ()), batch_frames=frames) as run:
        engine = build_engine(run.sources, wanted=TABLES, buffers=frozenset(BUFFERS))
        for part in run:
            first = engine.feed(part, partly=partly)
            found.append((first, engine.rest()))
        found += [(last, {}) for last in engine.finish()]
    return found


@pytest.mark.parametrize("frames", [60, 900])
def test_together_they_are_what_the_batch_gives_at_once(frames: int) -> None:
    whole, parts = batches(frames, partly=False), batches(frames, partly=True)
    assert not any(rest for _, rest in whole)
    assert sum(bool(rest) for _, rest in parts) > len(parts) / 2
    for (at_once, _), (first, rest) in zip(whole, parts, strict=True):
        assert not rest or not first.keys() & rest.keys()
        assert rest.keys() <= {"payloads"}
        together = {**first, **rest}
        assert together.keys() == at_once.keys()
        assert all(together[name].equals(rows) for name, rows in at_once.items())


def test_where_conversations_end_nothing_is_left() -> None:
    """One ends, another one begins two days later: rows of both come with the batch."""
    ended, goes_on = Tcp(502), Tcp(502, client_port=4000)
    for connection in (ended, goes_on):
        connection.open()
        connection.segment(CLIENT, b"ab")
    engine = engine_for(1, wanted=TABLES, buffers=frozenset({"packet"}))
    engine.feed(batch_of([(k, 0, octets) for k, octets in enumerate(ended.frames)]), partly=True)
    assert [row["octets"] for row in engine.rest()["payloads"].select(["octets"]).to_pylist()] == [b"ab"]
    later = 172_800 * 1_000_000_000 // STEP_NS
    first = engine.feed(
        batch_of([(later + k, 0, octets) for k, octets in enumerate(goes_on.frames)]), partly=True
    )
    assert first["flows"].num_rows == 1
    assert first["payloads"].num_rows == 1
    assert engine.rest() == {}, "places of conversations that end will be others'"


def test_the_rest_is_asked_for_before_anything_else() -> None:
    with open_sources(specify((str(DEMO / "normal-shift.pcapng"),), ()), batch_frames=60) as run:
        engine = build_engine(run.sources, wanted=TABLES, buffers=frozenset(BUFFERS))
        frames = iter(run)
        engine.feed(next(frames), partly=True)
        with pytest.raises(AssertionError, match="not asked for in time"):
            engine.feed(next(frames), partly=True)
