"""What the rarer services say, by class and service: requests have hooks, answers what the hooks have noted.

A hook is called as hook(decoder, m, i, out, row, path, unit, service) with the cursor behind the path. Where the answer
tells something it leaves a note (function, argument…), called as
function(decoder, m, i, out, row, general status, first word of extended status, argument…) with the cursor at the data.
"""

from __future__ import annotations

from typing import Any

from interlock.decode.protocols.enip.connections import ask_close, ask_open, ask_safety
from interlock.decode.protocols.enip.files import ask_file
from interlock.decode.protocols.enip.identity import ask_identity, ask_network, tell_identity, tell_services
from interlock.decode.protocols.enip.pccc import Pccc
from interlock.decode.protocols.enip.symbols import ask_symbols

__all__ = ["answered", "hooks", "told"]

_LIST_IDENTITY = 0x63


def hooks(tools: Any) -> dict[int, Any]:
    """256 × class + service → hook; service 0 stands for every service of the class."""
    return {
        0x0100: ask_identity,
        0x064E: ask_close,
        0x0654: ask_open,
        0x065B: ask_open,
        0x3700: ask_file,
        0x3900: ask_safety,
        0x3A00: ask_safety,
        0x674B: Pccc(tools).ask,
        0x6B55: ask_symbols,
        0xF500: ask_network,
        0xF600: ask_network,
    }


def told(decoder: Any, m: Any, i: int, command: int) -> None:
    """The answers of encapsulation commands that identify."""
    (tell_identity if command == _LIST_IDENTITY else tell_services)(decoder, m, i)


def answered(
    decoder: Any, m: Any, i: int, out: Any, row: int, note: Any, status: int, words: int, at: int
) -> None:
    """An answer with an extended status (`words` of it, `at` octets into the message), or with a note to follow."""
    cursor = decoder.cursor
    extended: list[int] = []
    if words:
        behind = cursor.offset()
        cursor.seek(at)
        extended = [cursor.u16le() for _ in range(words)]
        cursor.seek(behind)
        told_status = {
            "operation": out.operation_of(row),
            "unit": decoder.unit_text(out.unit_of(row)),
            "service": out.function_of(row),
            "general_status": status,
            "extended_status": extended,
        }
        decoder.facts.detail("cip_refusals", m, i, told_status)
    if isinstance(note, tuple):
        note[0](decoder, m, i, out, row, status, extended[0] if extended else None, *note[1:])
