"""The modules of MMS, ACSE and presentation as readers, and what their names are numbered.

Source: ISO 9506-2 (MMSpdu and what it is made of); ISO 8650-1; ISO 8823-1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from interlock.decode.protocols.mms.ber import application, element, integer_of, oid_of
from interlock.decode.protocols.mms.syntax import Choice, Module
from interlock.errors import DecodeError

__all__ = ["Numbers", "association", "mms", "numbers", "presentation_data", "shown"]

Numbers = dict[str, int]
"""Name of a CHOICE's alternative → number of its tag."""


def _module(name: str) -> Module:
    return Module((files("interlock.decode.protocols.mms") / name).read_text("utf-8"))


@cache
def mms() -> Module:
    """The PDUs of MMS."""
    return _module("pdus.asn1")


@cache
def association() -> Module:
    """The PDUs of ACSE and presentation."""
    return _module("association.asn1")


def numbers(module: Module, name: str) -> Numbers:
    """Numbers of a CHOICE whose alternatives all have context tags."""
    choice = module[name]
    assert isinstance(choice, Choice)
    found = {}
    for part, kind in choice.alternatives:
        (tag,) = kind.first_tags() or (0,)
        found[part] = tag >> 8 or tag & 0x1F
    return found


def presentation_data(octets: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """The values in presentation user data: of each PDV, context identifier, where its one element stands.

        [APPLICATION 1] { SEQUENCE { [transfer syntax] | context 2 1 n | [0] single-ASN1-type or [1] octet-aligned } … }

    Raises DecodeError.
    """
    tag, at, end, _ = element(octets, start, stop)
    if tag == application(0):
        yield 0, at, end
        return
    if tag != application(1):
        raise DecodeError("element-unexpected", start)
    while at < end:
        tag, inner, last, at = element(octets, at, end)
        if tag != 0x10:
            raise DecodeError("element-unexpected", inner)
        context = 0
        while inner < last:
            tag, begin, finish, inner = element(octets, inner, last)
            if tag == 2:
                context = integer_of(octets[begin:finish])
            elif tag in (0x80, 0x81):
                yield context, begin, finish


def shown(value: Any) -> str | None:
    """An AP title or AE qualifier, whose form is free: an object identifier, a number, else hexadecimal digits."""
    if value is None:
        return None
    tag, content = value
    try:
        if tag == 6:
            return oid_of(content)
        if tag == 2:
            return str(integer_of(content))
    except DecodeError:
        pass
    return str(content.hex())
