from __future__ import annotations

import copy
import json
from functools import cache

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.report.documents import assets_text, dump, findings_document
from interlock.report.schema import SchemaError, _check, check

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


SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.just(0.5) | st.sampled_from(["", "a", "ab", "b"])
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["x", "y", "z"]), inner, max_size=3)
    ),
    max_leaves=5,
)
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
            "enum": st.lists(st.sampled_from(["a", "ab", None]), min_size=1, max_size=2, unique=True),
            "const": st.sampled_from(["a", "b"]),
            "pattern": st.sampled_from(["^a", "b$"]),
            "minimum": st.integers(-2, 2),
            "maximum": st.integers(-2, 2),
            "required": st.lists(st.sampled_from(["x", "y"]), max_size=2, unique=True),
            "title": st.just("of anything"),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2),
            "additionalProperties": st.booleans() | inner,
            "items": inner,
            "type": TYPES,
        },
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=300)
@given(SCHEMAS, DOCUMENTS)
def test_every_keyword_means_what_an_independent_validator_takes_it_for(schema, document) -> None:
    try:
        _check(document, schema, schema, "")
    except SchemaError:
        judged = False
    else:
        judged = True
    assert judged is jsonschema.Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"minimum": 2}, 2, 1),
        ({"maximum": 2}, 2, 3),
        ({"pattern": "^a"}, "ab", "ba"),
        ({"pattern": "^a", "minimum": 2}, None, "b"),
    ],
)
def test_a_bound_is_within_and_a_pattern_is_of_texts_alone(schema, right, wrong) -> None:
    _check(right, schema, schema, "")
    with pytest.raises(SchemaError):
        _check(wrong, schema, schema, "")


def test_what_is_not_known_is_told_where_it_stands() -> None:
    with pytest.raises(SchemaError, match=r'^/: "y" is not known here$'):
        _check({"y": 1}, {"additionalProperties": False}, {}, "")


def test_a_keyword_that_is_not_implemented_is_no_permission() -> None:
    with pytest.raises(KeyError):
        _check([], {"minItems": 1}, {}, "")


def test_the_error_says_where() -> None:
    document = copy.deepcopy(_document("assets"))
    document["assets"][1]["risk"]["score"] = 101
    with pytest.raises(SchemaError, match=r"^/assets/1/risk/score: 101 breaks maximum 100$"):
        check(document, "assets")
