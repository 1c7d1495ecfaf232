from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.records.condition import Condition, ConditionError, parse_condition
from interlock.records.site_text import load_site

VALUES = {"a": 3.0, "b.c": 0.0, "odd-name 7": 1.0}

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda n: f"{abs(n):.3f}")
tags = st.sampled_from(["a", "b.c", "'odd-name 7'", "unseen"])
sums = st.recursive(
    numbers | tags | st.sampled_from(["on", "off"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda p: f"abs({p})"),
        inner.map(lambda p: f"-{p}"),
    ),
    max_leaves=6,
)
conditions = st.recursive(
    st.tuples(sums, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), sums).map(" ".join),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        inner.map(lambda p: f"not ({p})"),
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a > 2", True),
        ("a > 2 and b.c == on", False),
        ("a > 2 and not b.c == on", True),
        ("a < 2 or b.c == off", True),
        ("abs(b.c - a) <= 3", True),
        ("a * 2 + 1 == 7", True),
        ("-a < 0", True),
        ("'odd-name 7' == on", True),
        ("unseen > 0", None),
        ("unseen > 0 and a < 0", False),
        ("unseen > 0 or a > 0", True),
        ("not unseen > 0", None),
        ("a > 0 and unseen > 0", None),
    ],
)
def test_says_what_holds(text: str, holds: bool | None) -> None:
    assert parse_condition(text).holds(VALUES.get) is holds


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0), ("a", 0), ("a >", 3), ("a > 1 b", 6), ("a & 1", 2), ("(a > 1", 6), ("a > (b > 1)", 5),
        ("a and b > 1", 0), ("not a", 4), ("a > 1 and", 9), ("'a > 1", 0), ("abs a > 1", 0), ("1 < 2 < 3", 6),
        ("(" * 60 + "a" + ")" * 60 + "> 1", 51), ("not " * 60 + "a > 1", 204), ("a" * 3000, 2000),
    ],
)  # fmt: skip
def test_says_where_it_is_wrong(text: str, offset: int) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(text)
    assert caught.value.offset == offset
    assert str(caught.value).startswith("expected")


@given(conditions)
def test_agrees_with_python(text: str) -> None:
    def look(tag: str) -> float | None:
        return VALUES.get(tag)

    condition = parse_condition(text)
    ours = condition.holds(look)
    if "unseen" not in text:
        pythons = text.replace("'odd-name 7'", "odd").replace("b.c", "bc")
        known = {"a": 3.0, "bc": 0.0, "odd": 1.0, "on": 1.0, "off": 0.0, "abs": abs}
        assert ours is eval(pythons, {"__builtins__": {}}, known)


@given(conditions, st.dictionaries(st.sampled_from(["a", "b.c", "odd-name 7", "unseen"]), st.floats(-10, 10)))
def test_what_is_known_stays_so_when_more_is(text: str, values: dict[str, float]) -> None:
    condition = parse_condition(text)
    partly = condition.holds(values.get)
    wholly = condition.holds(lambda tag: values.get(tag, 1.5))
    assert wholly is not None
    assert partly is None or partly is wholly


@given(st.text(max_size=60) | st.text("ab.()<>=+-*'0 notandor", max_size=60))
def test_any_text_is_a_condition_or_is_refused(text: str) -> None:
    offset = 0
    try:
        assert isinstance(parse_condition(text), Condition)
    except ConditionError as error:
        offset = error.offset
    assert 0 <= offset <= len(text)


def test_a_site_file_names_line_and_column_within_the_condition() -> None:
    tags = '[[tags]]\nname = "level"\nserver = "10.0.0.2"\nobject = "input:0"\n'
    with pytest.raises(ConfigError, match=r"site.toml, line 7, column 24: expected a tag or a number"):
        load_site(f'{tags}[[relations]]\nname = "r"\nholds = "level > 3 and > 4"\n')
    with pytest.raises(ConfigError, match=r"line 7, column 19: .*did you mean 'level'"):
        load_site(f'{tags}[[relations]]\nname = "r"\nholds = "3 < 4 or levle > 3"\n')
