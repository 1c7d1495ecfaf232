from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.safety.place import place_of


@pytest.mark.parametrize(
    ("text", "space", "at", "width"),
    [
        ("holding:3", "holding", 3, 1),
        ("ioa:700", "ioa", 700, 1),
        ("analog-input:0", "analog-input", 0, 1),
        ("DB1.DBD4", "DB1", 32, 32),
        ("DB1.DBX0.3", "DB1", 3, 1),
        ("MW10", "M", 80, 16),
        ("M10.7", "M", 87, 1),
        ("Recipe[12]", "Recipe", 12, 1),
        ("Filler_Run", "Filler_Run", 0, 1),
        ("ns=2;s=PLC:1", "ns=2;s=PLC:1", 0, 1),
        ("input:1/0x0001", "input:1/0x0001", 0, 1),
    ],
)
def test_reads_objects_as_decoders_spell_them(text: str, space: str, at: int, width: int) -> None:
    place = place_of(text)
    assert (place.space, place.at, place.width) == (space, at, width)


@given(st.text(max_size=40))
def test_whatever_it_is_has_a_place(text: str) -> None:
    place = place_of(text)
    assert place.at >= 0
    assert place.width >= 1
