"""Identity facts in the context manager's answers: I&M records, and the endpoint mapper's annotation.

Source: IEC 61158-6-10, 5.2.3 (I&M0 to I&M3), 4.10.3.2.4 (annotation of an endpoint).
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.protocols.profinet.blocks import each_block
from interlock.errors import DecodeError

__all__ = ["annotation_facts", "read_annotation", "read_identity"]

_IM0, _IM1, _IM3 = 0x0020, 0x0021, 0x0023
_ANNOTATION_OCTETS: Final = 64
_RELEASED: Final = "V"
_Fact = tuple[str, str, float]


def read_identity(c: Any) -> list[_Fact]:
    """Clue field, value and confidence of each fact in record data that are I&M blocks; [] for others."""
    facts: list[_Fact] = []
    for kind in each_block(c):
        if kind == _IM0:
            facts += _im0(c)
        elif kind == _IM1:
            c.skip(32)
            facts.append(("location", _text(c.take(22)), 0.8))
        elif kind == _IM3:
            facts.append(("description", _text(c.take(54)), 0.7))
    return [fact for fact in facts if fact[1]]


def _im0(c: Any) -> list[_Fact]:
    vendor, order, serial, hardware = c.u16be(), _text(c.take(20)), _text(c.take(16)), c.u16be()
    prefix, major, minor, patch = chr(c.u8()), c.u8(), c.u8(), c.u8()
    return [
        ("vendor-id", f"profinet:0x{vendor:04x}", 0.95),
        ("order-number", order, 0.95),
        ("serial", serial, 0.95),
        ("hardware", str(hardware) if hardware != 0xFFFF else "", 0.9),
        ("firmware", f"{prefix if prefix.isalpha() else ''}{major}.{minor}.{patch}", 0.95),
    ]


def read_annotation(c: Any, *, little: bool) -> bytes:
    """The annotation of the first entry in an ept_lookup answer (C706 appendix O); b"" where it has none."""
    u32 = c.u32le if little else c.u32be
    c.skip(20)  # entry handle
    if not u32():
        return b""
    c.skip(12)  # conformant varying array
    c.skip(20)  # object UUID, referent of the tower
    u32()
    length = u32()
    if length > _ANNOTATION_OCTETS:
        raise DecodeError("annotation-too-long", c.offset() - 4)
    octets: bytes = c.take(length)
    return octets


def annotation_facts(octets: bytes) -> list[_Fact]:
    """Device type 25, order number 20, hardware 5, firmware prefix 1 and version 9, with a blank between each."""
    if len(octets) < _ANNOTATION_OCTETS - 1:
        return []
    firmware = _text(octets[53:54]) + ".".join(_text(octets[at : at + 3]) for at in (54, 57, 60))
    return [
        fact
        for fact in (
            ("product", _text(octets[:25]), 0.9),
            ("order-number", _text(octets[26:46]), 0.9),
            ("hardware", _text(octets[47:52]), 0.9),
            ("firmware", firmware.strip("."), 0.9),
        )
        if fact[1]
    ]


def _text(octets: bytes) -> str:
    return octets.decode("latin-1").strip("\x00 ")
