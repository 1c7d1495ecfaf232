from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.credentials.strength import STRENGTHS, strength


@pytest.mark.parametrize(
    ("user", "secret", "word"),
    [
        ("eng", b"", "empty"),
        ("", b"", "empty"),
        ("Engineer", b"eNGINEER", "same-as-user"),
        ("eng", b"7x!Q", "short"),
        (None, b"1234", "short"),
        ("eng", b"12345678", "common"),
        ("eng", b"Passw0rd!", "common"),
        ("eng", b"winter2026", "common"),
        ("eng", b"zzzzzzzzzz", "common"),
        ("eng", b"1qaz2wsx", "common"),
        ("eng", b"tUv8-rowing-Ferry", None),
        ("eng", "Kühlturm-Ost-7".encode(), None),
        ("eng", b"engineering-is-fun", None),
    ],
)
def test_each_secret_has_its_word(user: str | None, secret: bytes, word: str | None) -> None:
    assert strength(user, secret) == word


@given(st.none() | st.text(max_size=20), st.binary(max_size=300))
def test_any_octets_have_a_word_of_the_set_or_none(user: str | None, secret: bytes) -> None:
    assert strength(user, secret) in (None, *STRENGTHS)


@given(st.text(st.characters(codec="ascii", categories=["Lu", "Ll"]), min_size=1, max_size=20))
def test_an_accounts_own_name_is_never_a_good_secret(user: str) -> None:
    assert strength(user, user.swapcase().encode()) == "same-as-user"
