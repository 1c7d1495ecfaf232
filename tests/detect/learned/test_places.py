"""Places of keys: counted once, their words in common, and arrays that have little to spare."""

from __future__ import annotations

import numpy as np
import pytest

from interlock.detect.learned.lexicon import Lexicon
from interlock.detect.learned.places import Places, kept, roomy


def spelled(*words):
    """A key of words that nobody else has, as every batch spells its own."""
    return tuple("".join(list(word)) for word in words)


def test_keys_have_their_words_in_common():
    places, lexicon = Places(10), Lexicon()
    for number in range(3):
        places.make(spelled("default", "10.0.0.17", f"holding:{number}"))
        lexicon.meet(spelled("s", "default", "10.0.0.17", f"{number + 10}"), 1, 2)
    for keys in (places.keys, [key[1:] for key in lexicon]):
        assert len({id(key[1]) for key in keys}) == 1
        assert len({id(key[2]) for key in keys}) == 3
    assert kept(("a b", None, 7)) == ("a b", None, 7)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_quarter_is_to_spare(shape):
    column = np.zeros((0, *shape))
    copies = 0
    for wanted in range(1, 5000):
        before = column
        (column,) = roomy((column,), wanted, (7,))
        copies += column is not before
        assert wanted <= len(column) <= wanted * 5 / 4 + 64
        column[wanted - 1] = wanted
    assert copies < 30
    assert (column[:4999].reshape(4999, -1)[:, 0] == np.arange(1, 5000)).all()
    assert (column[4999:] == 7).all()
