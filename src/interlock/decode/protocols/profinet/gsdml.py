"""GSDML: a device's description by its maker, read from XML: names of modules, data items of submodules.

Bounded: 16 MiB, 500,000 elements; a document type or entity declaration is refused, so nothing is expanded or fetched.
Source: GSDML specification for PROFINET (PI, order number 2.352), clauses 8.3 to 8.10.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from xml.parsers import expat

from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_OCTETS", "DataItem", "DescribedSubmodule", "Description", "read_gsdml"]

MAX_OCTETS: Final = 16 * 1024 * 1024
MAX_ELEMENTS: Final = 500_000
_SIZES: Final = {
    "Boolean": 1, "Integer8": 1, "Integer16": 2, "Integer32": 4, "Integer64": 8, "Unsigned8": 1, "Unsigned16": 2,
    "Unsigned32": 4, "Unsigned64": 8, "Float32": 4, "Float64": 8, "TimeOfDay": 6, "TimeDifference": 6, "Date": 7,
    "F_MessageTrailer4Byte": 4, "F_MessageTrailer5Byte": 5, "Unsigned8+Unsigned8": 2, "Float32+Unsigned8": 5,
    "Integer16_S": 2, "Integer32_S": 4, "Float32_S": 4, "Unsigned16_S": 2,
}  # fmt: skip
"""Data type → octets; others say their length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataItem:
    """One item of a submodule's data, in the order of the frame. octets: its size."""

    name: str
    type: str
    octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedSubmodule:
    """A submodule: its name, input and output data, and whether its maker says that it speaks PROFIsafe."""

    name: str
    inputs: tuple[DataItem, ...]
    outputs: tuple[DataItem, ...]
    safe: bool


@dataclass(slots=True, kw_only=True)
class Description:
    """A device by its maker. modules: ident number → name; submodules: (module or 0, submodule) → description."""

    vendor: int
    device: int
    modules: dict[int, str] = field(default_factory=dict)
    submodules: dict[tuple[int, int], DescribedSubmodule] = field(default_factory=dict)

    def submodule(self, module: int, submodule: int) -> DescribedSubmodule | None:
        """The description of a submodule in a module; None where the file has none."""
        return self.submodules.get((module, submodule)) or self.submodules.get((0, submodule))


def read_gsdml(octets: bytes) -> Description:
    """Read a GSDML file. Raises DecodeError with what is wrong: gsdml-too-long, -refused, -malformed, -no-device."""
    _check(octets)
    root = ET.fromstring(octets)  # noqa: S314 (_check refused declarations and bounded what is there)
    identity = next(_each(root, "DeviceIdentity"), None)
    if identity is None:
        raise DecodeError("gsdml-no-device", 0)
    description = Description(vendor=_number(identity, "VendorID"), device=_number(identity, "DeviceID"))
    texts: dict[str, str] = {}
    for text in _each(root, "Text"):
        texts.setdefault(text.get("TextId", ""), text.get("Value", ""))
    for kind in ("DeviceAccessPointItem", "ModuleItem"):
        for module in _each(root, kind):
            ident = _number(module, "ModuleIdentNumber")
            description.modules[ident] = _name(module, texts)
            for submodule in _each(module, "VirtualSubmoduleItem"):
                place = (ident, _number(submodule, "SubmoduleIdentNumber"))
                description.submodules[place] = _submodule(submodule, texts)
    for submodule in _each(root, "SubmoduleItem"):
        description.submodules[0, _number(submodule, "SubmoduleIdentNumber")] = _submodule(submodule, texts)
    return description


def _check(octets: bytes) -> None:
    """Walk the whole text once with nothing built, and refuse declarations, too much, and what is no XML."""
    if len(octets) > MAX_OCTETS:
        raise DecodeError("gsdml-too-long", MAX_OCTETS)
    left = [MAX_ELEMENTS]
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise DecodeError("gsdml-refused", parser.CurrentByteIndex)

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise DecodeError("gsdml-too-long", parser.CurrentByteIndex)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = count
    try:
        parser.Parse(octets, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DecodeError("gsdml-malformed", max(0, parser.CurrentByteIndex)) from error


def _each(element: ET.Element, name: str) -> Iterator[ET.Element]:
    """Elements of that local name below, whatever the namespace's version."""
    return (e for e in element.iter() if isinstance(e.tag, str) and e.tag.rpartition("}")[2] == name)


def _number(element: ET.Element, name: str) -> int:
    try:
        return int(element.get(name, ""), 0) & 0xFFFFFFFF
    except ValueError as error:
        raise DecodeError("gsdml-malformed", 0) from error


def _name(element: ET.Element, texts: dict[str, str]) -> str:
    info = next(_each(element, "ModuleInfo"), None)
    name = None if info is None else next(_each(info, "Name"), None)
    return "" if name is None else texts.get(name.get("TextId", ""), "")[:128]


def _submodule(element: ET.Element, texts: dict[str, str]) -> DescribedSubmodule:
    ways = {way: next(_each(element, way), None) for way in ("Input", "Output")}
    items = {way: () if found is None else _items(found, texts) for way, found in ways.items()}
    return DescribedSubmodule(
        name=_name(element, texts),
        inputs=items["Input"],
        outputs=items["Output"],
        safe=element.get("PROFIsafeSupported") == "true"
        or next(_each(element, "F_ParameterRecordDataItem"), None) is not None,
    )


def _items(element: ET.Element, texts: dict[str, str]) -> tuple[DataItem, ...]:
    """Items up to the first whose size nobody tells: where the later ones stand is not known then."""
    found: list[DataItem] = []
    for item in _each(element, "DataItem"):
        kind = item.get("DataType", "")
        octets = _SIZES.get(kind) or (_number(item, "Length") if item.get("Length") else 0)
        if not 0 < octets <= 1440:
            break
        name = texts.get(item.get("TextId", ""), "") or str(len(found))
        found.append(DataItem(name=name[:64], type=kind[:32], octets=octets))
    return tuple(found)
