"""The compact book finds what was put in and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.signatures.indicators.book import built
from interlock.detect.signatures.indicators.canonical import canonical, kind_of, undefanged
from interlock.detect.signatures.indicators.lists import read_list
from interlock.detect.signatures.indicators.model import Indicator, Refused

names = st.from_regex(r"[a-z]{1,8}\.[a-z]{2,5}", fullmatch=True)
indicators = st.builds(
    Indicator,
    kind=st.just("domain"),
    value=names,
    origin=st.sampled_from(["one", "two"]),
    id=st.text("abc-", max_size=5),
    confidence=st.integers(0, 100),
    begins=st.integers(0, 2**32 - 1),
    ends=st.integers(0, 2**32 - 1),
    told=st.text("xyz", max_size=5),
)


@given(st.lists(indicators, max_size=30), st.lists(names, max_size=10))
def test_a_book_is_its_indicators(put: list[Indicator], others: list[str]) -> None:
    book = built(put)
    assert len(book) == len(put)
    values = [one.value for one in put] + others
    assert book.hits("domain", values) == [
        i for i, v in enumerate(values) if any(v == one.value for one in put)
    ]
    assert book.hits("url", values) == []
    for one in put:
        assert sorted(book.find("domain", one.value)) == sorted(o for o in put if o.value == one.value)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("192.0.2.1", "address", "192.0.2.1"),
        ("192.0.2[.]1", "address", "192.0.2.1"),
        ("2001:DB8:0::1", "address", "2001:db8::1"),
        ("192.0.2.77/24", "network", "192.0.2.0/24"),
        ("192.0.2.1/32", "address", "192.0.2.1"),
        ("2001:db8::/32", "network", "2001:db8::/32"),
        ("Evil.Example.", "domain", "evil.example"),
        ("*.evil.example", "domain", "evil.example"),
        ("bücher.example", "domain", "xn--bcher-kva.example"),
        ("hxxps://Evil[.]example:443/A?b#c", "url", "evil.example/A?b"),
        ("http://u:p@h.example:8080", "url", "h.example:8080/"),
        ("h.example/path", "url", "h.example/path"),
        ("D41D8CD98F00B204E9800998ECF8427E", "md5", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a" * 40, "sha1", "a" * 40),
        ("a" * 64, "sha256", "a" * 64),
        ("t13d1516h2_8daaf6152771_e5627efa2ab1", "ja4", "t13d1516h2_8daaf6152771_e5627efa2ab1"),
    ],
)
def test_values_have_one_form(text: str, kind: str, value: str) -> None:
    assert kind_of(text) == (kind, value)


@pytest.mark.parametrize(
    "text", ["localhost", "1.2.3", "999.1.1.1", "http://", "two words.example", "-", "a..b"]
)
def test_what_is_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        kind_of(text)


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    try:
        kind, value = kind_of(text)
    except ValueError:
        return
    assert kind_of(value)[1] == value or kind == "url"
    assert canonical(kind, value) == value
    assert undefanged(value) == value


def test_a_list_names_the_lines_that_it_refuses() -> None:
    lines = ["# feed", "", "192.0.2.1 # a comment", "no value", "; more", "evil.example\n"]
    found = list(read_list(lines, "feed"))
    assert [one.value for one in found if isinstance(one, Indicator)] == ["192.0.2.1", "evil.example"]
    (refused,) = [one for one in found if isinstance(one, Refused)]
    assert refused.id == "line 4"
