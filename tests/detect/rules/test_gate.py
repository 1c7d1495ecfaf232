from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.bootstrap.ruling import pack_rules
from interlock.detect.rules.fields import GATES
from interlock.detect.rules.gate import narrowed
from interlock.detect.rules.model import atoms
from interlock.detect.rules.predicates import predicate

FUNCTIONS = (
    "",
    "read",
    "STARTDT act",
    "Write Single Register",
    "PLC stop",
    "get_attribute_all",
    "WHO-IS",
    None,
)


@pytest.mark.parametrize("table", ["operations", "flows", "oddities"])
@settings(max_examples=25, deadline=None)
@given(drawing=st.randoms(use_true_random=False))
def test_narrowing_a_condition_column_by_column_says_what_the_condition_says(
    table: str, drawing: Any
) -> None:
    columns = GATES[table]
    trees = [rule.test for rule in pack_rules() if rule.table == table and not rule.correlation]
    leaves = [leaf for tree in trees for leaf in atoms(tree)]
    told = {
        column: sorted({w for leaf in leaves if leaf[1] == column for w in leaf[2:]}) for column in columns
    }
    made: dict[Any, Any] = {}
    kind = [drawing.choice((*told[column], *FUNCTIONS)) for column in columns]
    for tree in trees:
        left = tree
        for at, (column, word) in enumerate(zip(columns, kind, strict=True)):
            left = narrowed(left, column, word, columns[at + 1 :], made)
        assert left == _held(tree, dict(zip(columns, kind, strict=True))), (tree, kind)


def _held(tree: Any, given: dict[str, Any]) -> Any:
    """By the words alone: true, false, or open."""
    joint, true, false, opened = tree[0], ("true",), ("false",), ("null", "")
    if joint in ("and", "or"):
        parts = {_held(part, given) for part in tree[1:]}
        end, empty = (true, false) if joint == "or" else (false, true)
        return end if end in parts else opened if opened in parts else empty
    if joint == "not":
        return {true: false, false: true, opened: opened}[_held(tree[1], given)]
    if len(tree) == 1:
        return true if joint == "true" else false
    if joint == "same" or tree[1] not in given:
        return opened
    return true if predicate(tree)(given[tree[1]]) else false
