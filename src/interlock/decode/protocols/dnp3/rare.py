"""What is rare on the wire: indications, device attributes, files, octet strings, authentication, data sets.

Source: IEEE 1815-2012, 4.2.2.5 (indications), A.2 (group 0), A.26 (group 70), A.38 (110 to 113), A.45 (120).
"""

from __future__ import annotations

import struct
from typing import Any, Final

from interlock.decode.protocols.dnp3 import files
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["decimal", "indications", "sets_time", "sized", "skipped", "unsized"]

_REFUSED = 2
_ASKED, _ANSWERED = 0, 1
_INDICATIONS: Final = (
    "ALL_STATIONS", "CLASS_1_EVENTS", "CLASS_2_EVENTS", "CLASS_3_EVENTS", "NEED_TIME", "LOCAL_CONTROL",
    "DEVICE_TROUBLE", "DEVICE_RESTART", "NO_FUNC_CODE_SUPPORT", "OBJECT_UNKNOWN", "PARAMETER_ERROR",
    "EVENT_BUFFER_OVERFLOW", "ALREADY_EXECUTING", "CONFIG_CORRUPT", "RESERVED_2", "RESERVED_1",
)  # fmt: skip
_ATTRIBUTES: Final = {
    242: ("firmware", 0.9), 243: ("hardware", 0.9), 245: ("location", 0.7), 247: ("name", 0.7), 248: ("serial", 0.9),
    250: ("product", 0.9), 252: ("vendor", 0.95),
}  # fmt: skip
"""Variation of group 0, set 0 → the clue that it is."""
_TEXT, _UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3, 4
_STRINGS: Final = frozenset({110, 111, 112, 113})
_MAX_OBJECTS: Final = 1024
_ERROR_CODE_AT: Final = 8


def indications(d: Any, m: Any, i: int, operation: int, bits: int) -> None:
    """Write the row of `dnp3_indications`; bits: IIN1 in the lower octet."""
    names = [name for at, name in enumerate(_INDICATIONS) if bits >> at & 1]
    row = {
        "operation": operation,
        "outstation": d.outstation,
        "master": d.master,
        "iin": bits,
        "names": " ".join(names),
    }
    d.facts.detail("dnp3_indications", m, i, row)


def decimal(octets: bytes) -> float:
    """Value of binary coded decimal octets, least significant first; not a number where a digit is none."""
    digits = octets[::-1].hex()
    return float(digits) if digits.isdecimal() else float("nan")


def sets_time(d: Any, out: Any, row: int) -> None:
    """A WRITE of the time sets it; so much is not said by the function."""
    if d.function == 2:
        out.set_verb(row, VERBS.index("time-set"))


def sized(
    d: Any,
    m: Any,
    i: int,
    out: Any,
    row: int,
    mode: int,
    group: int,
    variation: int,
    start: int,
    count: int,
    prefix: int,
) -> None:
    """Objects that have their size before them: files, authentication, data sets.

    d: the decoder, its `app` cursor at the first size. Raises DecodeError where a size passes the fragment.
    """
    if count < 0:
        raise DecodeError("qualifier-unknown", d.app.offset())
    for k in range(min(count, _MAX_OBJECTS)):
        octets = d.app.take(d.prefix_of(prefix))
        if group == 70:
            files.read(d, m, i, out, row, mode, variation, octets)
            continue
        if mode != _ANSWERED and not (group == 120 and d.function in (3, 4, 5, 6)):
            d.item(out, row, d.named(group, variation, start + k if start >= 0 else -1), 1)
        if group == 120:
            _authentication(d, out, row, variation, octets)
        elif group in (85, 86, 87, 88, 90) and d.values.wanted:
            _raw(d, m, i, out, row, group, variation, max(start, 0) + k, octets)


def _authentication(d: Any, out: Any, row: int, variation: int, octets: bytes) -> None:
    """User number of a secure authentication object; an error refuses what it answers."""
    at = 0 if variation == 4 else 4
    if variation in (1, 2, 3, 4, 5, 6) and len(octets) >= at + 2:
        user = int.from_bytes(octets[at : at + 2], "little")
        if user:
            out.set_user(row, d.names.code(str(user)))
    elif variation == 7 and len(octets) > _ERROR_CODE_AT:
        out.settle(row, _REFUSED, octets[_ERROR_CODE_AT])


def skipped(
    d: Any,
    m: Any,
    i: int,
    out: Any,
    row: int,
    group: int,
    variation: int,
    start: int,
    count: int,
    prefix: int,
    size: int,
) -> None:
    """Pass over objects of known size; output command events and times with an interval are values all the same."""
    for k in range(count):
        index = d.prefix_of(prefix) if prefix else max(start, 0) + k
        octets = d.app.take(size)
        if group == 120:
            _authentication(d, out, row, variation, octets)
        if not d.values.wanted or group not in (13, 43, 50, 121, 122):
            continue
        block = d.values.block(
            m, i, d.f.protocol_code, out.operation_of(row), d.unit, d.point(group, index), d.direction,
            d.type_of(group, variation),
        )  # fmt: skip
        number, time = _event(group, variation, octets)
        d.values.number(number)
        if time is not None and time <= 9_223_372_036_854:
            d.values.set_device_time(block, time * 1_000_000)


def _event(group: int, variation: int, octets: bytes) -> tuple[float, int | None]:
    """Number and time (ms) of an output command event, a security statistic or a time with an interval."""
    if group == 50:
        time = int.from_bytes(octets[:6], "little")
        return float(time), time
    if group == 13:
        return float(octets[0] >> 7), int.from_bytes(octets[1:7], "little") if variation == 2 else None
    if group == 43:
        form = {1: "<i", 2: "<h", 3: "<i", 4: "<h", 5: "<f", 6: "<d", 7: "<f", 8: "<d"}[variation]
        end = 1 + struct.calcsize(form)
        return float(struct.unpack(form, octets[1:end])[0]), int.from_bytes(octets[end:], "little") if octets[
            end:
        ] else None
    return float(int.from_bytes(octets[3:7], "little")), int.from_bytes(octets[7:], "little") if octets[
        7:
    ] else None


def unsized(
    d: Any,
    m: Any,
    i: int,
    out: Any,
    row: int,
    group: int,
    variation: int,
    start: int,
    count: int,
    prefix: int,
) -> None:
    """Objects whose size is not in the library: octet strings, device attributes.

    Raises DecodeError for every other: where such an object ends is unknown, and so is what follows.
    """
    if group != 0 and group not in _STRINGS:
        raise DecodeError("object-unknown", d.app.offset())
    if group and not variation and not prefix:
        return  # the default variation has no octets and any count: a header of it says nothing more
    for k in range(min(count, _MAX_OBJECTS)):
        index = d.prefix_of(prefix) if prefix else max(start, 0) + k
        if group == 0:
            _attribute(d, m, i, out, row, variation, index)
        else:
            octets = d.app.take(variation)
            if octets and d.values.wanted:
                _raw(d, m, i, out, row, group, variation, index, octets)


def _raw(
    d: Any, m: Any, i: int, out: Any, row: int, group: int, variation: int, index: int, octets: bytes
) -> None:
    """Keep octets as text where they are text, else as they are."""
    block = d.values.block(
        m, i, d.f.protocol_code, out.operation_of(row), d.unit, d.point(group, index), d.direction,
        d.type_of(group, variation),
    )  # fmt: skip
    text = octets.rstrip(b"\x00")
    if text and all(32 <= octet < 127 or octet in (9, 10, 13) for octet in text):
        d.values.set_text(block, text.decode("ascii"))
    else:
        d.values.set_raw(block, octets)


def _attribute(d: Any, m: Any, i: int, out: Any, row: int, variation: int, index: int) -> None:
    """One device attribute: type, length, value. Those that tell what the device is become clues."""
    kind, length = d.app.u8(), d.app.u8()
    octets = d.app.take(length)
    text: str | None = None
    number: float | None = None
    if kind == _TEXT:
        text = octets.decode("utf-8", "backslashreplace").strip("\x00 ")
    elif kind in (_UNSIGNED, _SIGNED) and length:
        number = float(int.from_bytes(octets[:8], "little", signed=kind == _SIGNED))
    elif kind == _FLOAT and length in (4, 8):
        number = struct.unpack("<f" if length == 4 else "<d", octets)[0]
    if text and index == 0 and variation in _ATTRIBUTES and d.direction:
        field, confidence = _ATTRIBUTES[variation]
        d.facts.clue(m, i, f"{d.facts.sender(m, i)}/{d.outstation}", field, text, "dnp3", confidence)
    if not d.values.wanted:
        return
    block = d.values.block(
        m, i, d.f.protocol_code, out.operation_of(row), d.unit, d.named(0, variation, index), d.direction,
        d.type_of(0, variation),
    )  # fmt: skip
    if number is not None:
        d.values.number(number)
    elif text:
        d.values.set_text(block, text)
    else:
        d.values.set_raw(block, octets)
