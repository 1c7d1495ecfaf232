"""Functions that make a device say nothing, or not by itself, whatever verb they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["silencing"]

_FUNCTIONS: Final = frozenset({
    "Force Listen Only Mode",  # MODBUS Application Protocol V1.1b3, 6.8 sub-function 4
    "DeviceCommunicationControl",  # ANSI/ASHRAE 135, clause 16.1
    "STOPDT",  # IEC 60870-5-104, clause 5.3
    "DISABLE_UNSOLICITED",  # IEEE 1815, clause 4.4
})  # fmt: skip


def silencing(functions: Iterable[str]) -> str:
    """What any of these functions (names as records have them) adds, as techniques.SEEN has it; else nothing."""
    return "silencing" if any(function in _FUNCTIONS for function in functions) else ""
