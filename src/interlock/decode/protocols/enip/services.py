"""What the rarer services say, by class and service: requests have hooks, answers what the hooks have noted.

A hook is called with an Exchange, the cursor behind the path. Where the answer tells something it leaves a
note: a function that is called with the answer's Exchange, the cursor at the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.decode.protocols.enip.connections import ask_close, ask_open, ask_safety
from interlock.decode.protocols.enip.files import ask_file
from interlock.decode.protocols.enip.identity import ask_identity, ask_network, tell_identity, tell_services
from interlock.decode.protocols.enip.pccc import Pccc
from interlock.decode.protocols.enip.symbols import ask_symbols
from interlock.decode.protocols.enip.transfers import CipTransfers

if TYPE_CHECKING:
    from interlock.decode.protocols.enip.exchange import Exchange

__all__ = ["answered", "asked", "hooks", "told"]

_LIST_IDENTITY = 0x63
_EXECUTE_PCCC = 0x4B


def hooks(tools: Any) -> dict[int, Any]:
    """Map 256 * class + service to hooks; service 0 stands for every service of the class."""
    transfers = CipTransfers(tools)
    carried = (
        {0x6D4C: transfers.ask_logic, 0xA100: transfers.ask_firmware} if tools.facts.artifacts.wanted else {}
    )

    def file(x: Exchange) -> None:
        begin = x.cursor.offset()
        name = ask_file(x)
        x.cursor.seek(begin)
        transfers.ask_file(x, name)

    return {
        0x0100: ask_identity,
        0x064E: ask_close,
        0x0654: ask_open,
        0x065B: ask_open,
        0x3700: file,
        0x3900: ask_safety,
        0x3A00: ask_safety,
        0x674B: Pccc(tools).ask,
        0x6B55: ask_symbols,
        0xF500: ask_network,
        0xF600: ask_network,
        **carried,
    }


def told(decoder: Any, m: Any, i: int, command: int) -> None:
    """Read the answers of encapsulation commands that identify."""
    (tell_identity if command == _LIST_IDENTITY else tell_services)(decoder, m, i)


def asked(hook: Any, x: Exchange, path: Any, service: int) -> None:
    """Hand a request to its hook; the cursor stands behind the path again afterwards."""
    begin = x.cursor.offset()
    x.path, x.service = path, service
    hook(x)
    x.cursor.seek(begin)


def answered(x: Exchange, note: Any, status: int, words: int, at: int) -> None:
    """Read an answer with an extended status (`words`, `at` octets into the message), or with a note."""
    c = x.cursor
    x.status = status
    if words:
        behind = c.offset()
        c.seek(at)
        extended = [c.u16le() for _ in range(words)]
        c.seek(behind)
        x.extended = extended[0]
        told_status = {
            "service": _EXECUTE_PCCC if _is_pccc(note) else x.out.function_of(x.row),
            "general_status": status,
            "extended_status": extended,
        }
        x.detail("cip_refusals", told_status)
    if isinstance(note, tuple):
        note[0](x, *note[1:])


def _is_pccc(note: Any) -> bool:
    """Whether the request was a PCCC command, whose row has PCCC's function, not the service."""
    return isinstance(note, tuple) and isinstance(getattr(note[0], "__self__", None), Pccc)
