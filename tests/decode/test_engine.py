"""What the engine keeps is bounded."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from decode import feed
from decode.wire import answer, read
from interlock.decode.engine import Engine
from interlock.decode.registry import PROTOCOLS, load_specs, waiting_specs
from interlock.decode.waiting import index_row, read_index
from interlock.decode.words import OVERFLOW, Words
from interlock.records.budget import Budget
from interlock.records.frames import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.decode.spec import ProtocolSpec


def test_requests_that_wait_are_bounded() -> None:
    engine = Engine(
        (Source(name="test"),), load_specs(outside=False), feed._verbs(), budget=Budget(requests=10)
    )
    connection = feed.Tcp(502)
    for n in range(50):
        connection.segment(feed.CLIENT, read(n))
    done = engine.feed(feed._batch(connection.frames, 0))
    assert engine.sheet.n == 10
    assert set(done["operations"]["outcome"].to_pylist()) == {"unknown"}
    assert len(done["operations"]) == 40
    assert engine.fill["requests"] == (10, 40)


def test_a_full_pool_takes_no_more_texts() -> None:
    words = Words(3)
    kept = [words.code(text) for text in "abc"]
    over = {words.code(f"new{n}") for n in range(1000)}
    assert [words.texts[code] for code in over] == [OVERFLOW]
    assert [words.code(text) for text in "abc"] == kept
    assert len(words.texts) == 4
    for number in range(1000):
        words.keep(number, f"kept{number}")
    assert words.used <= 3


def _spoken(specs: Sequence[ProtocolSpec], port: int, *payloads: tuple[int, bytes]) -> feed.Rows:
    connection = feed.Tcp(port)
    for side, payload in payloads:
        connection.segment(side, payload)
    engine = Engine((Source(name="test"),), specs, feed._verbs())
    found: feed.Rows = defaultdict(list)
    for batches in (engine.feed(feed._batch(connection.frames, 0)), *engine.finish()):
        feed._collect(found, batches)
    return found


def test_protocols_wait_until_somebody_may_speak_them() -> None:
    """Modbus alone needs no other protocol's code; what comes out is the same as with all of it."""
    specs = waiting_specs()
    talk = ((feed.CLIENT, read()), (feed.SERVER, answer(1, 7)))
    rows = _spoken(specs, 502, *talk)
    assert [spec.name for spec in specs if not spec.waiting] == ["modbus"]
    assert rows == _spoken(load_specs(outside=False), 502, *talk)
    assert rows["operations"][0]["outcome"] == "ok"
    assert (
        _spoken(specs, 9999, *talk)["operations"][0]["outcome"] == "ok"
    )  # on a port that says nothing, all are asked
    assert not [spec.name for spec in specs if spec.streams and not spec.rides_on and spec.waiting]


def test_the_index_says_what_the_protocols_say() -> None:
    index = read_index()
    assert list(index) == list(PROTOCOLS)
    for name, spec in zip(PROTOCOLS, load_specs(outside=False), strict=True):
        assert index[name] == index_row(name, spec), f"run `make docs`: {name} has changed"
