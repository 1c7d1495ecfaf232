"""Codes that a decoder keeps for names, while the pool they come from is renumbered."""

from __future__ import annotations

import numpy as np

from interlock.decode.logins import Names
from interlock.decode.words import Words


def test_a_renumbered_pool_gives_a_kept_name_its_new_code():
    pool = Words()
    for text in ("gone", "also gone", "operator"):
        pool.code(text)
    names = Names(pool)
    before = names.code("operator")
    column = np.array([before], np.int32)
    pool.compact([column])
    after = names.code("operator")
    assert pool.texts[after] == "operator"
    assert after == column[0]
    assert names.code("engineer") != after
