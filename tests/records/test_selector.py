from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.records.asset import Asset
from interlock.records.selector import FIELDS, SelectorError, parse_selector

PLC = Asset(
    id="1", realm="default", role="plc", vendor="Siemens AG", ips=("10.0.0.1", "10.0.0.2"), served=("s7comm",)
)
BARE = Asset(id="2", realm="default")


@pytest.mark.parametrize(
    ("text", "plc", "bare"),
    [
        ('role = "plc"', True, None),
        ('role = "PLC"', True, None),
        ('role != "plc"', False, None),
        ('not role = "plc"', False, None),
        ('vendor ~ "siemens*"', True, None),
        ("vendor = 'Siemens'", False, None),
        ('role in ("hmi", "plc")', True, None),
        ('role = "plc" and vendor = "Siemens AG"', True, None),
        ('role = "hmi" or vendor ~ "*AG"', True, None),
        ('role = "hmi" and os = "x"', False, None),
        ('role = "plc" or os = "x"', True, None),
        ('role = "plc" and os = "x"', None, None),
        ('ip = "10.0.0.2" and serves = "s7comm"', True, None),
        ('ip != "10.0.0.2"', False, None),
        ('not (role = "hmi" or role = "io")', True, None),
    ],
)
def test_what_is_known_decides_and_what_is_not_selects_nobody(
    text: str, plc: bool | None, bare: bool | None
) -> None:
    assert parse_selector(text).selects(PLC) is plc
    assert parse_selector(text).selects(BARE) is bare


@pytest.mark.parametrize(
    ("text", "offset", "says"),
    [
        ("", 0, "expected one of role"),
        ("rol = 'x'", 0, "did you mean 'role'?"),
        ("role", 4, "expected `=`"),
        ("role = plc", 7, "a text in quotes"),
        ("role = ''", 7, "a text in quotes"),
        ("role = 'a' role = 'b'", 11, "`and`, `or` or the end"),
        ("role = 'a' and", 14, "expected one of role"),
        ("(role = 'a'", 11, "expected `)`"),
        ("role in ('a' 'b')", 13, "expected `)`"),
        ("role > 'a'", 5, "found '>'"),
        ("(" * 60 + "role = 'a'" + ")" * 60, 51, "at most 50"),
        ("not " * 60 + "role = 'a'", 204, "at most 50"),
        ("x" * 2_001, 2_000, "at most 2000 characters"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, offset: int, says: str) -> None:
    with pytest.raises(SelectorError) as caught:
        parse_selector(text)
    assert caught.value.offset == offset
    assert says in str(caught.value)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*FIELDS, "and", "or", "not", "(", ")", "=", "'a'", "in", "~", ","])).map(
        " ".join
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        selector = parse_selector(text)
    except SelectorError:
        return
    assert selector.selects(BARE) is None  # of who nothing is known, nothing can be said
