from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.records.ternary import ExpressionError
from interlock.records.tokens import MAX_CHARACTERS, Tokens

PATTERN = re.compile(r"\s*(?:'(?P<text>[^']*)'|\"(?P<text_too>[^\"]*)\"|(?P<word>[a-z]+)|(?P<sign>[=()]))")


def tokens(text: str) -> Tokens:
    return Tokens(text, PATTERN, "a word", ExpressionError)


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "or", "=", "(", "'or'", '"a b"']), st.sampled_from(["", " ", "\n "]))
    )
)
def test_every_word_comes_in_order_with_its_place(drawn: list[tuple[str, str]]) -> None:
    text, expected = "", []
    for word, blank in drawn:
        text += blank or " "
        expected.append((len(text), word.strip("'\"")))
        text += word
    read, taken = tokens(text), []
    while read.here.kind != "end":
        taken.append((read.here.at, read.step().word))
    assert taken == expected
    assert (read.step().at, read.here.kind) == (len(text), "end")


def test_what_stands_in_quotes_is_no_word_of_the_language() -> None:
    read = tokens("'or' or")
    assert (read.sees("or"), read.takes("or"), read.step().kind) == (None, None, "text")
    assert (read.sees("and", "or"), read.takes("or")) == ("or", "or")
    read.end()


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [("a  7", 3, "expected a word; found '7'"), ("a" * (MAX_CHARACTERS + 1), MAX_CHARACTERS, "at most 2000")],
)
def test_what_is_none_is_told_with_its_place(text: str, at: int, says: str) -> None:
    with pytest.raises(ExpressionError, match=says) as caught:
        tokens(text)
    assert caught.value.offset == at


def test_what_is_needed_or_left_over_is_told_with_its_place() -> None:
    read = tokens("a )")
    with pytest.raises(ExpressionError, match=re.escape("expected `(`")):
        read.needs("(")
    read.step()
    with pytest.raises(ExpressionError, match=re.escape("or the end; found ')'")) as caught:
        read.end()
    assert caught.value.offset == 2
