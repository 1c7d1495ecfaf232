"""Metrics of a Sparkplug B payload: name, alias, type, value, quality.

Values are read by their declared type; where a message leaves it out (the birth has told it), by what the birth said.
Source: Eclipse Sparkplug 3.0, clause 6.4 (payload), sparkplug_b.proto.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from interlock.decode.protocols.mqtt.protobuf import BYTES, fields
from interlock.errors import DecodeError

__all__ = ["MAX_METRICS", "TYPES", "Metric", "Payload", "read_payload"]

MAX_METRICS = 4096
MAX_DEPTH = 8
MAX_COLUMNS = 64

TYPES = (
    "Unknown", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float",
    "Double", "Boolean", "String", "DateTime", "Text", "UUID", "DataSet", "Bytes", "File", "Template",
    "PropertySet", "PropertySetList", "Int8Array", "Int16Array", "Int32Array", "Int64Array",
    "UInt8Array", "UInt16Array", "UInt32Array", "UInt64Array", "FloatArray", "DoubleArray",
    "BooleanArray", "StringArray", "DateTimeArray",
)  # fmt: skip
"""Data types by number (clause 6.4.15)."""
_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
_ARRAYS = {22: "b", 23: "h", 24: "i", 25: "q", 26: "B", 27: "H", 28: "I", 29: "Q", 30: "f", 31: "d", 34: "q"}
BOOLEAN_ARRAY, STRING_ARRAY = 32, 33
_QUALITY = {0: "BAD", 192: "GOOD", 500: "STALE"}


@dataclass(slots=True)
class Metric:
    """One metric: numbers, a text or octets; name is empty where only its alias is given.

    time: ms since 1970, or None. parts: the metrics of a template, the columns of a data set.
    """

    name: str = ""
    alias: int | None = None
    time: int | None = None
    type: int = 0
    numbers: list[float] = field(default_factory=list)
    text: str | None = None
    raw: bytes | None = None
    marks: list[str] = field(default_factory=list)
    parts: list[Metric] = field(default_factory=list)


@dataclass(slots=True)
class Payload:
    """A Sparkplug B payload; time: ms since 1970, or None."""

    time: int | None = None
    sequence: int | None = None
    metrics: list[Metric] = field(default_factory=list)


def read_payload(octets, type_of):
    """Octets → Payload. type_of(name, alias) → type number that the birth declared, or 0.

    Raises DecodeError where the octets are no such payload or hold too much.
    """
    payload, budget = Payload(), [MAX_METRICS]
    for number, kind, value in fields(octets):
        if number == 1 and kind != BYTES:
            payload.time = value
        elif number == 3 and kind != BYTES:
            payload.sequence = value
        elif number == 2 and kind == BYTES:
            payload.metrics.append(_metric(value, type_of, budget, 0))
    return payload


def _metric(octets, type_of, budget, depth):
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        raise DecodeError("too-many-metrics", 0)
    metric, given, told = Metric(), [], 0
    for number, kind, value in fields(octets):
        if number == 1 and kind == BYTES:
            metric.name = _text(value)
        elif number == 2 and kind != BYTES:
            metric.alias = value
        elif number == 3 and kind != BYTES:
            metric.time = value
        elif number == 4 and kind != BYTES:
            told = value
        elif number in _MARKS and kind != BYTES and value:
            metric.marks.append(_MARKS[number])
        elif number == 9 and kind == BYTES:
            metric.marks += _qualities(value)
        elif number >= 10:
            given.append((number, kind, value))
    metric.type = told or type_of(metric.name, metric.alias)
    if given and "null" not in metric.marks:
        number, kind, value = given[-1]
        reader = _READERS.get(number)
        if reader is not None and (kind == BYTES) == (number >= 15):
            reader(metric, value, type_of, budget, depth)
    return metric


_MARKS = {5: "historical", 6: "transient", 7: "null"}


def _qualities(octets):
    """The property `Quality` of a metric's properties, as its name or number."""
    keys, values = [], []
    for number, kind, value in fields(octets):
        if number == 1 and kind == BYTES and len(keys) < MAX_COLUMNS:
            keys.append(_text(value))
        elif number == 2 and kind == BYTES and len(values) < MAX_COLUMNS:
            values.append(value)
    for key, value in zip(keys, values, strict=False):
        if key == "Quality":
            found = [v for n, k, v in fields(value) if n in (3, 4) and k != BYTES]
            return [_QUALITY.get(found[0], str(found[0]))] if found else []
    return []


def _integer(metric, value, *_):
    bits = _SIGNED.get(metric.type)
    if bits:
        value &= (1 << bits) - 1
        if value >> (bits - 1):
            value -= 1 << bits
    metric.numbers.append(float(value))


def _boolean(metric, value, *_):
    metric.numbers.append(1.0 if value else 0.0)


def _float(metric, value, *_):
    metric.numbers.append(struct.unpack("<f", struct.pack("<I", value & 0xFFFFFFFF))[0])


def _double(metric, value, *_):
    metric.numbers.append(struct.unpack("<d", struct.pack("<Q", value))[0])


def _string(metric, value, *_):
    metric.text = _text(value)


def _octets(metric, value, *_):
    layout = _ARRAYS.get(metric.type)
    if layout is not None:
        size = struct.calcsize("<" + layout)
        count = len(value) // size
        metric.numbers = [float(n) for n in struct.unpack(f"<{count}{layout}", value[: count * size])]
    elif metric.type == BOOLEAN_ARRAY and len(value) >= 4:
        count = min(int.from_bytes(value[:4], "little"), 8 * (len(value) - 4))
        metric.numbers = [float(value[4 + k // 8] >> (7 - k % 8) & 1) for k in range(count)]
    elif metric.type == STRING_ARRAY:
        metric.text = " | ".join(_text(part) for part in value.split(b"\x00") if part)
    else:
        metric.raw = value


def _data_set(metric, value, type_of, budget, depth):
    """Columns of a data set as parts: numbers down the rows, or texts joined."""
    names, rows = [], []
    for number, kind, content in fields(value):
        if number == 2 and kind == BYTES and len(names) < MAX_COLUMNS:
            names.append(_text(content))
        elif number == 4 and kind == BYTES:
            budget[0] -= 1
            if budget[0] < 0:
                raise DecodeError("too-many-metrics", 0)
            cells = [element for n, k, element in fields(content) if n == 1 and k == BYTES]
            rows.append([_cell(cell) for cell in cells[:MAX_COLUMNS]])
    for k, name in enumerate(names):
        cells = [row[k] for row in rows if k < len(row)]
        part = Metric(name=name, type=metric.type)
        if all(isinstance(cell, float) for cell in cells):
            part.numbers = cells
        else:
            part.text = " | ".join(str(cell) for cell in cells)
        metric.parts.append(part)


def _cell(octets):
    """One element of a data set: a number, a text, or an empty text for null."""
    for number, kind, value in fields(octets):
        if number == 6 and kind == BYTES:
            return _text(value)
        if kind != BYTES and number in (1, 2, 3, 4, 5):
            cell = Metric()
            (_integer, _integer, _float, _double, _boolean)[number - 1](cell, value)
            return cell.numbers[0]
    return ""


def _template(metric, value, type_of, budget, depth):
    for number, kind, content in fields(value):
        if number == 2 and kind == BYTES:
            metric.parts.append(_metric(content, type_of, budget, depth + 1))


def _text(octets):
    return octets.decode("utf-8", "backslashreplace")


_READERS = {
    10: _integer,
    11: _integer,
    12: _float,
    13: _double,
    14: _boolean,
    15: _string,
    16: _octets,
    17: _data_set,
    18: _template,
}
