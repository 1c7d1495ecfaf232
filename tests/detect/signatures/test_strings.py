"""Strings that are made of expressions: PCRE2 and Python agree on them."""

from __future__ import annotations

import pytest

from detect.signatures.strings import UnmadeError, strings
from interlock.detect.signatures.language.expressions import compiled


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        (rb"^GET\s+/[a-z]{3,5}\.php\?id=\d+$", ""), (rb"(?:abc|de+f)[^x]{2}(\w)\1", ""), (rb"a{3,}b*?c++", ""),
        (rb"[\x00-\x1f]+\x2q", ""), (rb"q(?=uit)uit(?!e)", "i"), (rb"a  b # nothing", "x"), (rb"[[:xdigit:]]{8}", ""),
        (rb"(?P<one>ab?)-(?P=one)", "s"),
    ],
)  # fmt: skip
def test_both_find_what_is_made(pattern, flags):
    made = strings(pattern, flags)
    assert made
    assert all(compiled(pattern, flags).search(octets) for octets, _, _ in made)


def test_one_digit_behind_x_is_an_octet():
    assert compiled(rb"a\x2s", "").search(b"a\x02s")
    assert not compiled(rb"a\x2s", "").search(b"ax2s")
    assert compiled(rb"a\\x2s", "").search(rb"a\x2s")


@pytest.mark.parametrize("pattern", [rb"(?(?=a)b|c)", rb"(?<=a+)b", rb"x{9000}", rb"a(?=b)"])
def test_what_is_not_made_says_so(pattern):
    with pytest.raises(UnmadeError):
        strings(pattern, "")
