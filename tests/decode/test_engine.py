"""What the engine keeps is bounded."""

from __future__ import annotations

from interlock.decode.words import OVERFLOW, Words


def test_a_full_pool_takes_no_more_texts() -> None:
    words = Words(3)
    kept = [words.code(text) for text in "abc"]
    over = {words.code(f"new{n}") for n in range(1000)}
    assert [words.texts[code] for code in over] == [OVERFLOW]
    assert [words.code(text) for text in "abc"] == kept
    assert len(words.texts) == 4
    for number in range(1000):
        words.keep(number, f"kept{number}")
    assert len(words.numbers) <= 3
