"""Object types and properties by name, and how an object or a property of it is spelled.

analog-output:7                    its present value
analog-output:7.description        another property
analog-output:7.priority-array[8]  one element of a property
object-type-200:1.property-600     numbers that the standard leaves to vendors
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = [
    "NO_PROPERTY",
    "PRESENT_VALUE",
    "object_text",
    "object_types",
    "point_text",
    "properties",
]

PRESENT_VALUE = 85
NO_PROPERTY = 0x7FFFFF
"""Stands for the object itself."""


@cache
def object_types() -> dict[int, str]:
    """BACnetObjectType → name (ANSI/ASHRAE 135, clause 21)."""
    return _read("object_types.tsv")


@cache
def properties() -> dict[int, str]:
    """BACnetPropertyIdentifier → name (ANSI/ASHRAE 135, clause 21)."""
    return _read("properties.tsv")


def _read(name: str) -> dict[int, str]:
    text = (files(__package__) / name).read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {int(number): word for number, word in rows}


def object_text(identifier: int) -> str:
    """A BACnetObjectIdentifier (type 10 bits, instance 22 bits) as `analog-input:3`."""
    kind = identifier >> 22
    return f"{object_types().get(kind) or f'object-type-{kind}'}:{identifier & 0x3FFFFF}"


def point_text(identifier: int, prop: int, index: int | None) -> str:
    """A property of an object; the present value is spelled as the object alone."""
    text = object_text(identifier)
    if prop not in (PRESENT_VALUE, NO_PROPERTY) or index is not None:
        text += f".{properties().get(prop) or f'property-{prop}'}"
    return text if index is None else f"{text}[{index}]"
