from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.segment.model.objects import Span, allows, merged, mistake_in, span_of


@pytest.mark.parametrize(
    ("name", "count", "span"),
    [
        ("holding:7", 1, Span("holding:", 7, 7)),
        ("holding:7", None, Span("holding:", 7, 7)),
        ("holding:7", 10, Span("holding:", 7, 16)),
        ("Tag[3]", 2, Span("Tag[", 3, 4, "]")),
        ("DB1.DBD12", 1, Span("DB1.DBB", 12, 15)),
        ("DB1.DBD12", 2, Span("DB1.DBB", 12, 19)),
        ("DB1.DBX0.7", 2, Span("DB1.DBB", 0, 1)),
        ("DB1.DBB4", 20, Span("DB1.DBB", 4, 23)),
        ("DB1.DBB4.3", 1, Span("DB1.DBB", 4, 5)),
        ("M10.3", 1, Span("MB", 10, 10)),
        ("QW4", 1, Span("QB", 4, 5)),
        ("Belt_Speed", 1, None),
        ("RTU/LLN0$GO$breaker2", 2, None),
        ("1.3.6.1.2.1.1.3.0", 1, None),
        ("ns=2;s=Tank.Level", 1, None),
    ],
)
def test_what_a_request_touches(name: str, count: int | None, span: Span | None) -> None:
    assert span_of(name, count) == span


@pytest.mark.parametrize(
    ("patterns", "name", "count", "allowed"),
    [
        ((), None, None, True),
        ((), "anything", 9, True),
        (("holding:0",), None, None, False),
        (("holding:0",), "holding:0", 1, True),
        (("holding:0",), "holding:0", 2, False),
        (("holding:0..9",), "holding:0", 10, True),
        (("holding:0..9",), "holding:1", 10, False),
        (("holding:0..9",), "input:0", 1, False),
        (("holding:0..4", "holding:5..9"), "holding:4", 2, False),
        (("DB1.DBB0..15",), "DB1.DBD12", 1, True),
        (("DB1.DBB0..15",), "DB1.DBD13", 1, False),
        (("DB1.DBD12",), "DB1.DBD12", 1, True),
        (("DB1.DBD12",), "DB1.DBB12", 4, True),
        (("DB1.*",), "DB1.DBD12", 100, True),
        (("Belt_Speed",), "Belt_Speed", 1, True),
        (("Belt_*",), "Belt_Speed", 1, True),
        (("Tag[?]",), "Tag[3]", 1, False),
        (("Tag[0..9]",), "Tag[3]", 7, True),
        (("Tag[*",), "Tag[3]", 7, True),
        (("belt_speed",), "Belt_Speed", 1, False),
    ],
)
def test_what_patterns_allow(
    patterns: tuple[str, ...], name: str | None, count: int | None, allowed: bool
) -> None:
    assert allows(patterns, name, count) is allowed


@given(
    st.integers(0, 500), st.integers(1, 50), st.integers(0, 500), st.integers(0, 60),
    st.sampled_from([("holding:{}", ""), ("Tag[{}]", "]"), ("DB7.DBB{}", "")]),
)  # fmt: skip
def test_a_range_allows_exactly_what_lies_within(
    first: int, many: int, low: int, more: int, form: tuple[str, str]
) -> None:
    text, tail = form
    head = text[: text.index("{")]
    pattern = f"{head}{low}..{low + more}{tail}"
    inside = all(low <= number <= low + more for number in range(first, first + many))
    assert allows((pattern,), text.format(first), many) is inside


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(1, 9)), max_size=30))
def test_merged_spans_hold_the_same_objects_and_read_back(parts: list[tuple[str, int, int]]) -> None:
    spans = [Span(f"{head}:", low, low + many - 1) for head, low, many in parts]
    kept = merged(spans)
    numbers = {(s.head, n) for s in spans for n in range(s.low, s.high + 1)}
    assert {(s.head, n) for s in kept for n in range(s.low, s.high + 1)} == numbers
    assert sum(s.high - s.low + 1 for s in kept) == len(numbers)
    assert all(two.low > one.high + 1 for one, two in pairwise(kept) if one.head == two.head)
    patterns = tuple(map(str, kept))
    assert all(allows(patterns, f"{s.head}{s.low}", s.high - s.low + 1) for s in spans)


def test_a_range_that_can_name_nothing_is_told() -> None:
    assert mistake_in("holding:9..1") is not None
    assert "DB1.DBB0..9" in str(mistake_in("DB1.DBD0..9"))
    assert mistake_in("holding:1..9") is None
    assert mistake_in("a..b") is None


@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 2**32 - 1) | st.none())
def test_hostile_texts_are_compared_and_never_fail(pattern: str, name: str, count: int | None) -> None:
    allows((pattern,), name, count)
    mistake_in(pattern)
