"""Tags by number: a controller tells which Symbol instance is which tag, and clients then use the number.

Source: Logix 5000 Data Access (1756-PM020), "Create and maintain a symbol object list".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.decode.protocols.enip.exchange import Exchange

__all__ = ["ask_symbols", "symbol_name"]

_NAME, _TYPE = 1, 2
_PARTIAL_TRANSFER = 6
_FIXED = {_TYPE: 2, 3: 4, 5: 4, 6: 4, 7: 2, 8: 12, 9: 1, 10: 1}
"""Attribute of the Symbol object → its octets; the name (1) is counted."""


def ask_symbols(x: Exchange) -> None:
    """Remember which attributes Get Instance Attribute List asks for."""
    c = x.cursor
    count = c.u16le()
    wanted = [c.u16le() for _ in range(min(count, c.left() // 2))]
    if _NAME in wanted:
        x.note(_listed, wanted, x.path.scope)


def _listed(x: Exchange, wanted: list[int], scope: str) -> None:
    """Read the answer: an instance and its attributes, again and again."""
    if x.status not in (0, _PARTIAL_TRANSFER):
        return
    c, symbols, server = x.cursor, x.decoder.memory.symbols, x.decoder.session.server
    while c.left() >= 4:
        instance, name = c.u32le(), ""
        for attribute in wanted:
            if attribute == _NAME:
                name = c.take(c.u16le()).decode("utf-8", "backslashreplace")
            elif attribute in _FIXED:
                c.skip(_FIXED[attribute])
            else:
                return
        if name:
            symbols.put((server, x.unit, scope, instance), name)


def symbol_name(session: Any, path: Any, unit: int) -> str | None:
    """Spell a path to a Symbol instance with the tag's name; None where that is not known."""
    name = session.memory.symbols.get((session.server, unit, path.scope, path.instance))
    if name is None:
        return None
    before, found, rest = path.text.partition(f"class:0x6b/{path.instance}")
    return f"{before.removesuffix('/')}{'.' if before else ''}{name}{rest}" if found else None
