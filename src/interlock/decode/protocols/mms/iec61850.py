"""How IEC 61850 maps onto MMS: names, the control model, reports, errors of controls.

    domain / item     IED1LD0/XCBR1$CO$Pos$Oper      logical device, node, functional constraint, data, attribute

Source: IEC 61850-8-1 clauses 7.3 (names), 17 (reports), 20 (control model); IEC 61850-7-3 (functional constraints).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from interlock.decode.protocols.mms.blocks import Shape
from interlock.decode.protocols.mms.data import (
    KINDS,
    OCTET_STRING,
    Datum,
    binary_time,
    floating_point,
    real,
    utc_time,
)
from interlock.errors import DecodeError

__all__ = [
    "CONTROL_ERROR",
    "REPORT",
    "Report",
    "control_error",
    "control_shape",
    "datum_of",
    "name_of",
    "origin_of",
    "read_report",
    "shape_of",
    "verb_of_item",
]

REPORT: Final = "RPT"
"""The variable list under which reports come."""
CONTROL_ERROR: Final = "LastApplError"
"""The variable under which a refused or ended control is explained."""

_KIND_NUMBERS: Final = {name: number for number, name in KINDS.items()}
_WRITES: Final = {
    "SV": "force", "SP": "configure", "SG": "configure", "SE": "configure", "CF": "configure", "DC": "configure",
    "EX": "configure", "LG": "configure", "GO": "configure", "GS": "configure", "MS": "configure", "US": "configure",
    "RP": "subscribe", "BR": "subscribe",
}  # fmt: skip
"""Functional constraint → what a write to it does; others are plain writes."""
_CONTROLS: Final = {"Oper": "operate", "SBOw": "select", "SBO": "select", "Cancel": "select"}
_ORIGIN: Final[Shape] = [("orCat", None), ("orIdent", None)]
_AFTER: Final[Shape] = [("origin", _ORIGIN), ("ctlNum", None), ("T", None), ("Test", None), ("Check", None)]


def name_of(name: tuple[str, Any]) -> str:
    """An ObjectName: `domain/item`, `item` of the VMD, `@/item` of the association."""
    scope, value = name
    if scope == "domain-specific":
        return f"{value.get('domainId', '')}/{value.get('itemId', '')}"
    return str(value) if scope == "vmd-specific" else f"@/{value}"


def verb_of_item(name: str, *, writes: bool) -> str | None:
    """What a read or write of this variable does beyond that, or None. Reading SBO selects."""
    parts = name.partition("/")[2].split("$")
    if len(parts) < 2:
        return None
    constraint = parts[1]
    if constraint != "CO":
        return _WRITES.get(constraint) if writes else None
    for part in reversed(parts):
        verb = _CONTROLS.get(part)
        if verb is not None and (writes or part == "SBO"):
            return "mode-set" if verb == "operate" and "Mod" in parts[2:-1] else verb
    return None


def control_shape(name: str, count: int) -> Shape | None:
    """Names of the parts of an Oper, SBOw or Cancel of so many parts."""
    last = name.rpartition("$")[2]
    if last not in ("Oper", "SBOw", "Cancel"):
        return None
    after = _AFTER[:-1] if last == "Cancel" else _AFTER
    head: Shape = [("ctlVal", None), ("operTm", None)]
    for begin in (head[:1], head):
        if len(begin) + len(after) == count:
            return [*begin, *after]
    return None


def origin_of(value: Datum) -> str | None:
    """Who originates a control, as its structure says: the text of orIdent."""
    for kind, part in value[1] if isinstance(value[1], list) else ():
        if isinstance(part, list) and len(part) == 2 and part[1][0] == OCTET_STRING and kind == 2:
            text = part[1][1].decode("utf-8", "replace").strip("\x00 ")
            return text if text and text.isprintable() and "\ufffd" not in text else None
    return None


def datum_of(tree: tuple[str, Any]) -> Datum:
    """A Data of the PDU reader as data.py has it; what is not as its type says stays octets."""
    name, value = tree
    if isinstance(value, list):
        return _KIND_NUMBERS[name], [datum_of(part) for part in value]
    try:
        if name == "floating-point":
            return 7, floating_point(value)
        if name == "real":
            return 8, real(value)
        if name == "utc-time":
            return 17, utc_time(value)
    except DecodeError:
        return OCTET_STRING, value
    if name == "binary-time" and len(value) not in (4, 6):
        return OCTET_STRING, value
    return _KIND_NUMBERS[name], value


def shape_of(specification: tuple[str, Any]) -> Shape | None:
    """Names of the parts of a type specification that is a structure."""
    kind, value = specification
    if kind != "structure":
        return None
    return [
        (part.get("componentName", ""), shape_of(part["componentType"]) if "componentType" in part else None)
        for part in value.get("components", ())
    ]


class Report(NamedTuple):
    """A report: which, of which data set (None: not said), and its members: index, reference, datum, reason."""

    rpt_id: str
    data_set: str | None
    sequence: int | None
    time: int | None
    overflow: bool | None
    entry: bytes | None
    revision: int | None
    members: list[tuple[int, str | None, Datum, str]]


_OPTIONS: Final = (
    "sequence",
    "time",
    "reason",
    "data_set",
    "reference",
    "overflow",
    "entry",
    "revision",
    "segment",
)
_REASONS: Final = ("reserved", "data-change", "quality-change", "data-update", "integrity", "general-interrogation",
                   "application-trigger")  # fmt: skip


def read_report(results: list[tuple[str, Any]]) -> Report:
    """The access results of an informationReport of RPT, in the order of table 70 of IEC 61850-8-1.

        RptID, OptFlds, [SeqNum], [TimeOfEntry], [DatSet], [BufOvfl], [EntryID], [ConfRev], [SubSeqNum, MoreSegments],
        Inclusion, [data references], values, [reasons]

    Raises DecodeError `report-malformed`.
    """
    try:
        return _report([datum_of(value) for _, value in results])
    except (IndexError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise DecodeError("report-malformed", 0) from error


def _report(data: list[Datum]) -> Report:
    values = iter(data)

    def take(*kinds: int) -> Any:
        found = next(values, None)
        if found is None or found[0] not in kinds:
            raise DecodeError("report-malformed", 0)
        return found[1]

    rpt_id, flags = take(10, 16), take(4)
    wanted = {name for name, bit in zip(_OPTIONS, flags[1:], strict=False) if bit == "1"}
    sequence = take(5, 6) if "sequence" in wanted else None
    time = binary_time(take(12)) if "time" in wanted else None
    data_set = take(10, 16) if "data_set" in wanted else None
    overflow = take(3) if "overflow" in wanted else None
    entry = take(9) if "entry" in wanted else None
    revision = take(5, 6) if "revision" in wanted else None
    if "segment" in wanted:
        take(5, 6)
        take(3)
    included = [k for k, bit in enumerate(take(4)) if bit == "1"]
    references = [take(10, 16) if "reference" in wanted else None for _ in included]
    members = [next(values) for _ in included]
    reasons = [_reason(take(4)) if "reason" in wanted else "" for _ in included]
    return Report(rpt_id, data_set, sequence, time, overflow, entry, revision,
                  list(zip(included, references, members, reasons, strict=True)))  # fmt: skip


def _reason(bits: str) -> str:
    return ",".join(word for word, bit in zip(_REASONS, bits, strict=False) if bit == "1")


def control_error(value: Datum) -> tuple[str, int] | None:
    """The control object and the additional cause that a LastApplError names, or None where it is none."""
    parts = value[1]
    if isinstance(parts, list) and len(parts) >= 5 and parts[0][0] in (10, 16) and parts[4][0] in (5, 6):
        return parts[0][1], parts[4][1]
    return None
