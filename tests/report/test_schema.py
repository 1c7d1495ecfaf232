from __future__ import annotations

import copy
import json
from functools import cache

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.report.documents import assets_text, dump, findings_document
from interlock.report.schema import SchemaError, check

from .plant import report
from .test_json_files import validator

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "high", "2024-05-01T06:00:00.000000000Z"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "schema", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@cache
def _document(name):
    made = json.loads(assets_text(report())) if name == "assets" else findings_document(report())
    return json.loads(dump({**made, name: made[name][:3]}))


def _mutate(node, data):
    """Walk down at random, then replace, remove or add one thing."""
    if isinstance(node, (dict, list)) and node and data.draw(st.booleans(), "deeper"):
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if isinstance(node[key], (dict, list)) and data.draw(st.integers(0, 4)):
            _mutate(node[key], data)
        elif isinstance(node, dict) and data.draw(st.booleans(), "remove"):
            del node[key]
        else:
            node[key] = data.draw(JSON)
    elif isinstance(node, dict):
        node[data.draw(st.sampled_from(["x", "id", "role"]))] = data.draw(JSON)
    else:
        node.append(data.draw(JSON))


@settings(deadline=None)
@given(st.sampled_from(["assets", "findings"]), st.data())
def test_agrees_with_an_independent_validator(name, data) -> None:
    document = copy.deepcopy(_document(name))
    _mutate(document, data)
    try:
        validator(name).validate(document)
    except jsonschema.ValidationError:
        with pytest.raises(SchemaError):
            check(document, name)
    else:
        check(document, name)


@given(JSON)
def test_any_json_is_judged(document) -> None:
    with pytest.raises(SchemaError):
        check(document, "summary")


def test_the_error_says_where() -> None:
    document = copy.deepcopy(_document("assets"))
    document["assets"][1]["risk"]["score"] = 101
    with pytest.raises(SchemaError, match=r"^/assets/1/risk/score: 101 breaks maximum 100$"):
        check(document, "assets")
