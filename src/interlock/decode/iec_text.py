"""Projects of IEC 61131-3 as text: which units they hold (POUs, blocks, types, variables), each by a short hash.

    ST, IL, AWL     PROGRAM Main … END_PROGRAM, FUNCTION_BLOCK "Pump" … END_FUNCTION_BLOCK, VAR_GLOBAL … END_VAR
    PLCopen XML     <pou name="Main" …> … </pou>, <dataType …>, <globalVars …>
    L5X             <Routine Name="Main" …> … </Routine>, <Tag …>, <DataType …>, <AddOnInstructionDefinition …>

Only the ends of units are looked for, each octet once or twice; nothing is parsed, expanded or run. White space,
comments of ST and the stamps of an export do not count; whatever stands in no unit has a hash, too.
Source: IEC 61131-3 clause 2, PLCopen TC6 XML 2.01, Rockwell's 1756-RM084.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_OCTETS", "MAX_UNITS", "REST", "units_of"]

MAX_OCTETS: Final = 4 << 20
"""Longer texts are not looked into."""
MAX_UNITS: Final = 256
REST: Final = "everything else"
"""What is in no unit: settings of tasks and modules, units past MAX_UNITS."""
_DIGITS: Final = 12
_WORDS: Final = "PROGRAM|FUNCTION_BLOCK|FUNCTION|ORGANIZATION_BLOCK|DATA_BLOCK|TYPE|VAR_GLOBAL|CONFIGURATION"
_BEGIN: Final = re.compile(
    rf'^[ \t]*({_WORDS})\b[ \t]*"?([\w.$ \[\]-]{{0,80}})', re.MULTILINE | re.IGNORECASE
)
_ELEMENTS: Final = (
    *("pou", "dataType", "globalVars", "configuration"),
    *("Routine", "Tag", "DataType", "AddOnInstructionDefinition"),
)
_ELEMENT: Final = re.compile(
    rf'<({"|".join(_ELEMENTS)})\b[^<>]{{0,2000}}?\b[nN]ame="([^"<>]{{1,120}})"[^<>]{{0,2000}}>'
)
_PLCOPEN: Final = "http://www.plcopen.org/xml/tc6"
_L5X: Final = "<RSLogix5000Content"
_LINE_COMMENT: Final = re.compile(r"//[^\n]*")
_SPACE: Final = re.compile(r"\s+")
_STAMP: Final = re.compile(
    r'\b(?:ExportDate|ProjectCreationDate|LastModifiedDate|(?:creation|content|modification)DateTime)="[^"<>]{0,80}"'
)
_UNTOLD: Final = re.compile(r"[^\w .\[\]-]")


def units_of(octets: bytes) -> dict[str, str]:
    """Unit → the first digits of the SHA-256 of its text, and one for the rest; nothing for what is no such text."""
    if len(octets) > MAX_OCTETS or b"\x00" in octets[:4096]:
        return {}
    body = octets.decode("utf-8-sig", "replace")
    head = body[:8192]
    if _PLCOPEN in head or _L5X in head:
        spans = list(_of_xml(body))
    elif "<?xml" in head:
        return {}
    else:
        body = _LINE_COMMENT.sub(" ", _without_comments(body))
        spans = list(_of_text(body))
    units: dict[str, str] = {}
    rest, at = [], 0
    for name, begin, end in spans:
        key = _UNTOLD.sub("_", name)[:120]
        while key in units:
            key += "+"
        units[key] = _mark(body[begin:end])
        rest.append(body[at:begin])
        at = end
    if units:
        units[REST] = _mark(_STAMP.sub("", "".join([*rest, body[at:]])))
    return units


def _mark(text: str) -> str:
    return hashlib.sha256(_SPACE.sub(" ", text).strip().encode("utf-8", "surrogatepass")).hexdigest()[
        :_DIGITS
    ]


def _of_text(text: str) -> Iterator[tuple[str, int, int]]:
    upper, at = text.upper(), 0
    if len(upper) != len(text):  # a few letters have longer capitals
        return
    for _ in range(MAX_UNITS):
        begin = _BEGIN.search(text, at)
        if begin is None:
            return
        word = begin[1].upper()
        end = upper.find("END_VAR" if word == "VAR_GLOBAL" else f"END_{word}", begin.end())
        if end < 0:
            return
        name = "" if word in ("VAR_GLOBAL", "TYPE") else begin[2].strip()
        yield f"{word} {name}".strip(), begin.start(), end
        at = end


def _without_comments(text: str) -> str:
    """Comments `(* … *)` become a blank; one without end is none. Each octet is looked at once."""
    parts, at = [], 0
    while (begin := text.find("(*", at)) >= 0 and (end := text.find("*)", begin + 2)) >= 0:
        parts.append(text[at:begin])
        at = end + 2
    return " ".join([*parts, text[at:]])


def _of_xml(text: str) -> Iterator[tuple[str, int, int]]:
    at = 0
    for _ in range(MAX_UNITS):
        begin = _ELEMENT.search(text, at)
        if begin is None:
            return
        element, at = begin[1], begin.end()
        if begin[0].endswith("/>"):
            yield f"{element} {begin[2]}", begin.start(), at
            continue
        end = text.find(f"</{element}>", at)
        if end < 0:
            return
        yield f"{element} {begin[2]}", begin.start(), end
        at = end
