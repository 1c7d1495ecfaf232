"""The JSON Schemas that close the output files, and a checker for the subset of JSON Schema they use.

The package ships no JSON Schema library: the checker reads what these schemas say (type, const, enum,
pattern, minimum, maximum, required, properties, additionalProperties, items, $ref) and refuses keywords that
it does not know.
Source: JSON Schema 2020-12, validation vocabulary.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any, Final

__all__ = ["SCHEMA_NAMES", "SchemaError", "check", "load_schema"]

SCHEMA_NAMES: Final = (
    "assets",
    "findings",
    "incidents",
    "summary",
    "diff",
    "figures",
    "delivery",
    "deliveries",
    "incident-delivery",
    "incident-deliveries",
    "status",
    "indicator-check",
    "signature-check",
    "signature-list",
    "signature-top",
    "signature-try",
    "zone-check",
    "zone-export",
    "zone-map",
    "zone-reach",
    "zone-proposal",
    "zone-replay",
)

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_ANNOTATIONS: Final = frozenset({"$schema", "$id", "$defs", "title", "description"})


class SchemaError(ValueError):
    """The document breaks its schema; the text says where and how."""


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Return the schema of `NAME.json`."""
    text = resources.files("interlock.report").joinpath("schemas", f"{name}.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def check(document: object, name: str) -> None:
    """Raise SchemaError unless the document satisfies the schema of `NAME.json`."""
    schema = load_schema(name)
    _check(document, schema, schema, "")


def _resolve(reference: str, root: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    file, _, pointer = reference.partition("#")
    if file:
        root = load_schema(file.removesuffix(".schema.json"))
    target = root
    for part in filter(None, pointer.split("/")):
        target = target[part]
    return target, root


def _check(value: object, schema: dict[str, Any], root: dict[str, Any], path: str) -> None:
    if "$ref" in schema:
        target, root = _resolve(schema["$ref"], root)
        _check(value, target, root, path)
    for keyword, wanted in schema.items():
        if keyword in _ANNOTATIONS or keyword in {"$ref", "properties", "additionalProperties"}:
            continue
        if keyword == "items":
            if isinstance(value, list):
                for index, item in enumerate(value):
                    _check(item, wanted, root, f"{path}/{index}")
        elif not _KEYWORDS[keyword](value, wanted):
            raise SchemaError(f"{path or '/'}: {_shown(value)} breaks {keyword} {_shown(wanted)}")
    if isinstance(value, dict):
        _check_object(value, schema, root, path)


def _check_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], path: str) -> None:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key, item in value.items():
        if key in properties:
            _check(item, properties[key], root, f"{path}/{key}")
        elif others is False:
            raise SchemaError(f"{path or '/'}: {_shown(key)} is not known here")
        elif others is not True:
            _check(item, others, root, f"{path}/{key}")


def _shown(value: object) -> str:
    return json.dumps(value)[:80]


def _is_type(value: object, wanted: str | list[str]) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, _TYPES[name]) for name in names)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_KEYWORDS: Final[dict[str, Any]] = {
    "type": _is_type,
    "const": lambda value, wanted: value == wanted,
    "enum": lambda value, wanted: value in wanted,
    "pattern": lambda value, wanted: not isinstance(value, str) or re.search(wanted, value) is not None,
    "minimum": lambda value, wanted: not _is_number(value) or value >= wanted,
    "maximum": lambda value, wanted: not _is_number(value) or value <= wanted,
    "required": lambda value, wanted: not isinstance(value, dict) or all(key in value for key in wanted),
}
