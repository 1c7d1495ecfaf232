"""Connections: Forward Open, Large Forward Open and Forward Close of the Connection Manager.

    request: priority, ticks 2 | to target 4 | to originator 4 | serial 2 | vendor 2 | originator 4 | multiplier, 0 4 |
             interval 4, parameters 2 or 4 (to target) | the same (to originator) | transport 1 | path size 1 | path

Source: CIP Volume 1, 3-5.5.1 to 3-5.5.3; Volume 5 (safety network segment), 2-3.
"""

from __future__ import annotations

from typing import Any

from interlock.decode.protocols.enip.session import expect_implicit

__all__ = ["ask_close", "ask_open", "ask_safety"]

_LARGE_FORWARD_OPEN = 0x5B
_SAFETY = "CIP Safety"


def ask_open(d: Any, m: Any, i: int, out: Any, row: int, path: Any, unit: int, service: int) -> None:
    """Hook of both Forward Opens: the row is about what is connected to, at the end of the connection's route."""
    c = d.cursor
    c.skip(2)
    asked: dict[str, Any] = {"to_target": c.u32le(), "to_originator": c.u32le()}
    asked |= {"serial": c.u16le(), "vendor": c.u16le(), "originator": c.u32le()}
    c.skip(4)
    for way in ("to_target", "to_originator"):
        asked[f"{way}_interval"] = c.u32le()
        asked[f"{way}_size"] = c.u32le() & 0xFFFF if service == _LARGE_FORWARD_OPEN else c.u16le() & 0x1FF
    asked["transport_class"] = c.u8() & 0x0F
    route = d.path(c.take(2 * c.u8()))
    if not route.whole:
        d.facts.oddity(m, i, "cip", "path-malformed", c.offset())
    unit = d.unit_code(unit, route.route)
    if unit >= 0:
        out.set_unit(row, unit)
    out.set_object(row, d.object_code(route), 1)
    asked |= {"unit": d.unit_text(unit), "path": route.text or None, "safety": route.safety}
    out.notes[out.operation_of(row)] = (_opened, asked, unit)


def _opened(
    d: Any, m: Any, i: int, out: Any, row: int, status: int, extended: Any, asked: dict[str, Any], unit: int
) -> None:
    """The answer: the connection ids that hold from now on, or why there are none."""
    c = d.cursor
    told = asked | {"operation": out.operation_of(row), "event": "opened" if status == 0 else "refused"}
    if status != 0:
        told |= {"general_status": status, "extended_status": extended}
        d.facts.detail("cip_connections", m, i, told)
        return
    told |= {"to_target": c.u32le(), "to_originator": c.u32le()}
    ids = (told["to_target"], told["to_originator"])
    d.session.open(unit, (asked["serial"], asked["vendor"], asked["originator"]), ids)
    originator, target = d.facts.receiver(m, i), d.facts.sender(m, i)
    if asked["transport_class"] <= 1:
        expect_implicit(d, d.flows.realm_of(m.flow[i]), ids, originator, target)
    if asked["safety"]:
        d.facts.clue(m, i, originator, "safety", _SAFETY, "cip", 0.9)
        d.facts.clue(m, i, d.who(m, i, unit), "safety", _SAFETY, "cip", 0.9)
    d.facts.detail("cip_connections", m, i, told)


def ask_close(d: Any, m: Any, i: int, out: Any, row: int, path: Any, unit: int, service: int) -> None:
    """Hook of Forward Close."""
    c = d.cursor
    c.skip(2)
    key = (c.u16le(), c.u16le(), c.u32le())
    words = c.u8() if c.left() else 0
    c.skip(1 if c.left() else 0)
    route = d.path(c.take(min(2 * words, c.left())))
    unit = d.unit_code(unit, route.route)
    if unit >= 0:
        out.set_unit(row, unit)
    out.set_object(row, d.object_code(route), 1)
    out.notes[out.operation_of(row)] = (_closed, key, unit, route.text or None)


def _closed(
    d: Any,
    m: Any,
    i: int,
    out: Any,
    row: int,
    status: int,
    extended: Any,
    key: tuple[int, int, int],
    unit: int,
    path: str | None,
) -> None:
    if status != 0:
        return
    gone = d.session.close(key)
    told = {
        "operation": out.operation_of(row), "event": "closed", "unit": d.unit_text(unit), "path": path,
        "serial": key[0], "vendor": key[1], "originator": key[2],
    }  # fmt: skip
    if gone is not None:
        told |= {"to_target": gone.ids[0], "to_originator": gone.ids[1]}
    d.facts.detail("cip_connections", m, i, told)


def ask_safety(d: Any, m: Any, i: int, out: Any, row: int, path: Any, unit: int, service: int) -> None:
    """Hook of Safety Supervisor (0x39) and Safety Validator (0x3A): who answers for them is a safety device."""
    out.notes[out.operation_of(row)] = (_is_safety, unit)


def _is_safety(d: Any, m: Any, i: int, out: Any, row: int, status: int, extended: Any, unit: int) -> None:
    if status == 0:
        d.facts.clue(m, i, d.who(m, i, unit), "safety", _SAFETY, "cip", 0.9)
