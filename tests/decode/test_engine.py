"""What the engine keeps is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decode import feed
from decode.wire import read
from interlock.decode import sheet
from interlock.decode.engine import Engine
from interlock.decode.registry import load_specs
from interlock.decode.words import OVERFLOW, Words
from interlock.records.frames import Source

if TYPE_CHECKING:
    import pytest


def test_requests_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_WAITING", 10)
    engine = Engine((Source(name="test"),), load_specs(outside=False), feed._verbs())
    connection = feed.Tcp(502)
    for n in range(50):
        connection.segment(feed.CLIENT, read(n))
    done = engine.feed(feed._batch(connection.frames, 0))
    assert engine.sheet.n == 10
    assert set(done["operations"]["outcome"].to_pylist()) == {"unknown"}
    assert len(done["operations"]) == 40


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
