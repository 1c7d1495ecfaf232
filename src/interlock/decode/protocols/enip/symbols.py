"""Tags by number: a controller tells which instance of its Symbol object is which tag, and clients then use the number.

Source: Logix 5000 Data Access (1756-PM020), "Create and maintain a symbol object list" and "Symbol instance addressing".
"""

from __future__ import annotations

from typing import Any

__all__ = ["ask_symbols", "symbol_name"]

_NAME, _TYPE = 1, 2
_MAX_SYMBOLS = 20000
_FIXED = {_TYPE: 2, 3: 4, 5: 4, 6: 4, 7: 2, 8: 12, 9: 1, 10: 1}
"""Attribute of the Symbol object → its octets; the name (1) is counted."""


def ask_symbols(d: Any, m: Any, i: int, out: Any, row: int, path: Any, unit: int, service: int) -> None:
    """Hook of Get Instance Attribute List: which attributes are listed."""
    c = d.cursor
    wanted = [c.u16le() for _ in range(min(c.u16le(), c.left() // 2))]
    if _NAME in wanted:
        out.notes[out.operation_of(row)] = (_listed, wanted, path.scope, unit)


def _listed(
    d: Any,
    m: Any,
    i: int,
    out: Any,
    row: int,
    status: int,
    extended: Any,
    wanted: list[int],
    scope: str,
    unit: int,
) -> None:
    """The answer: an instance and its attributes, again and again."""
    if status not in (0, 6):
        return
    c, symbols = d.cursor, d.session.symbols
    while c.left() >= 4:
        instance = c.u32le()
        name = ""
        for attribute in wanted:
            if attribute == _NAME:
                name = c.take(c.u16le()).decode("utf-8", "backslashreplace")
            elif attribute in _FIXED:
                c.skip(_FIXED[attribute])
            else:
                return
        if name and len(symbols) < _MAX_SYMBOLS:
            symbols[unit, scope, instance] = name


def symbol_name(session: Any, path: Any, unit: int) -> str | None:
    """The text of a path that goes to a Symbol instance, with the tag's name; None where it is not known."""
    name = session.symbols.get((unit, path.scope, path.instance))
    if name is None:
        return None
    before, found, rest = path.text.partition(f"class:0x6b/{path.instance}")
    return f"{before.removesuffix('/')}{'.' if before else ''}{name}{rest}" if found else None
