"""Functions that do another thing than their verb says of most: they silence a device, or clear what it has counted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.detect.techniques import named

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["named_by_functions", "silencing"]

_FUNCTIONS: Final = frozenset({
    "Force Listen Only Mode",  # MODBUS Application Protocol V1.1b3, 6.8 sub-function 4
    "DeviceCommunicationControl",  # ANSI/ASHRAE 135, clause 16.1
    "STOPDT",  # IEC 60870-5-104, clause 5.3
    "DISABLE_UNSOLICITED",  # IEEE 1815, clause 4.4
})  # fmt: skip
_CLEARS: Final = re.compile(r"clear|reset.*(counter|flag)|C_CI_NA", re.IGNORECASE)
"""Of functions that reset something: those that leave the device running, and what it has counted or noted gone."""
_REGISTERS: Final = frozenset({"RegisterServer", "RegisterServer2"})  # OPC 10000-4, 5.5.5
_LED: Final = frozenset({"mode-set", "connect", "watch"})
"""Deeds that silencing is told before: a device that only listens still runs its program, and nobody is connected."""


def silencing(functions: Collection[str]) -> str:
    """What any of these functions (names as records have them) adds, as techniques.SEEN has it; else nothing."""
    return "silencing" if any(function in _FUNCTIONS for function in functions) else ""


def named_by_functions(seen: str, functions: Collection[str], beside: str = "") -> tuple[str, ...]:
    """Techniques of what was seen (techniques.SEEN) done with these functions. beside: see named."""
    silences = silencing(functions)
    if silences and set(functions) <= _FUNCTIONS and seen in _LED:
        return named(silences, beside=seen if seen == "mode-set" else "")
    if not _REGISTERS.isdisjoint(functions):
        return named("registers-server", beside=seen)
    if seen == "reset" and functions and all(_CLEARS.search(function) for function in functions):
        return named("clearing")
    return named(seen, beside=silences or beside)
