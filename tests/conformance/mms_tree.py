"""PDUs of MMS, one after another in BER, against a whole XER decode of the same PDUs by another decoder.

Both sides become (name, text or list of parts); what the XER says only in its own words is translated here.
Source: ITU-T X.693 clause 8 (XER); ISO 9506-2.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.mms.ber import element
from interlock.decode.protocols.mms.pdus import mms
from interlock.decode.protocols.mms.syntax import (
    Anything,
    Choice,
    Items,
    Plain,
    Record,
    Reference,
    Tagged,
    Type,
)
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Tree", "compare", "ours", "theirs"]

Tree = tuple[str, Any]
"""Name, and text or the list of parts."""

_SPELLED: Final = {
    "variableAccessSpecificatn": "variableAccessSpecification",
    "nmberOfElements": "numberOfElements",
}
"""The XER's names where its module spells the standard's otherwise."""
_OCTETS: Final = frozenset({"OCTET STRING", "GraphicString"})


def theirs(path: Path) -> list[Tree]:
    """The PDUs of a XER file whose first line is a comment."""
    text = path.read_text("utf-8").partition("\n")[2]
    return [_element(pdu[0]) for pdu in ET.fromstring(f"<all>{text}</all>")]


def _element(node: ET.Element) -> Tree:
    name = _SPELLED.get(node.tag, node.tag)
    if len(node):
        return name, [_element(part) for part in node]
    text = re.sub(r"\s+", " ", node.text or "").strip()
    if not re.sub("[0-9A-F ]", "", text):
        text = text.replace(" ", "")
    return name, text or []


def ours(octets: bytes) -> Iterator[Tree]:
    """The PDUs of a file as our reader has them; one that it cannot read is ("error", why)."""
    kind, at = mms()["MMSpdu"], 0
    while at < len(octets):
        tag, start, stop, following = element(octets, at, len(octets))
        try:
            yield _choice(kind, kind.read(octets, tag, start, stop, 0))
        except DecodeError as error:
            yield "error", str(error)
        at = following


def _inner(kind: Type) -> Type:
    while isinstance(kind, Reference | Tagged):
        kind = kind.target if isinstance(kind, Reference) else kind.inner
    return kind


def _choice(kind: Type, value: tuple[str, Any]) -> Tree:
    choice = _inner(kind)
    assert isinstance(choice, Choice)
    name, inner = value
    return _tree(name, dict(choice.alternatives)[name], inner)


def _tree(name: str, kind: Type, value: Any) -> Tree:
    inner = _inner(kind)
    if isinstance(inner, Choice):
        return name, [_choice(inner, value)]
    if isinstance(inner, Record):
        kinds = {field: part for field, part, _ in inner.fields}
        return name, [_tree(field, kinds[field], part) for field, part in value.items()]
    if isinstance(inner, Items):
        return name, [_item(inner.item, part) for part in value]
    if isinstance(inner, Anything):
        return name, _any(name, value)
    assert isinstance(inner, Plain)
    return name, _text(inner.name, value)


def _item(kind: Type, value: Any) -> Tree:
    """A part of a SEQUENCE OF is called by its type; of a CHOICE, the alternative stands there itself."""
    inner = _inner(kind)
    if isinstance(inner, Choice):
        return _choice(inner, value)
    name = (
        kind.name if isinstance(kind, Reference) else "SEQUENCE" if isinstance(inner, Record) else inner.name
    )
    return _tree(name.replace(" ", "_"), kind, value)


def _any(name: str, value: tuple[int, bytes]) -> Any:
    """An open type: the XER's module has an integer called foo in it, or shows its octets."""
    tag, content = value
    if name == "cs-request-detail":
        return [("foo", str(int.from_bytes(content, "big", signed=True)))]
    return bytes([tag, len(content), *content]).hex(" ").upper().replace(" ", "")


def _text(kind: str, value: Any) -> Any:
    if kind == "BOOLEAN":
        return [("true" if value else "false", [])]
    if kind == "NULL":
        return []
    if kind in _OCTETS:
        octets = value if isinstance(value, bytes) else value.encode()
        return octets.hex().upper() or []
    return str(value) or []


def compare(der: Path, xer: Path) -> tuple[int, int, list[str]]:
    """How many PDUs they have, how many trees are the same, and the first differences in words."""
    mine, other = list(ours(der.read_bytes())), theirs(xer)
    wrong = [
        f"PDU {k}: ours {a}\n  theirs {b}"
        for k, (a, b) in enumerate(zip(mine, other, strict=False))
        if a != b
    ]
    if len(mine) != len(other):
        wrong.append(f"ours has {len(mine)} PDUs, theirs {len(other)}")
    return len(other), min(len(mine), len(other)) - len([w for w in wrong if w.startswith("PDU")]), wrong
