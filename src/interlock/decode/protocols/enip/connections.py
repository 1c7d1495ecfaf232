"""Connections: Forward Open, Large Forward Open and Forward Close of the Connection Manager.

    request: priority, ticks 2 | to target 4 | to originator 4 | serial 2 | vendor 2 | originator 4 |
             multiplier, 0 4 | interval 4, parameters 2 or 4 (to target) | the same (to originator) |
             transport 1 | path size 1 | path

The low octet of a multiplier is how often 4 is doubled; what a consumer waits for is its packets' interval times that.
Bits 14 and 13 of parameters (30 and 29 of large ones) say how packets go that way; 0: none do.

Source: CIP Volume 1, 3-5.5.1 to 3-5.5.3; Volume 5 (safety network segment), 2-3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.decode.protocols.enip.session import expect_implicit

if TYPE_CHECKING:
    from interlock.decode.protocols.enip.exchange import Exchange

__all__ = ["ask_close", "ask_open", "ask_safety"]

_LARGE_FORWARD_OPEN = 0x5B
_MOST_DOUBLINGS = 7
"""Connection timeout multiplier: 0 to 7 mean 4 to 512 times, others are reserved."""
_SEGMENT = "CIP Safety (safety segment in Forward Open)"
_OBJECT = "CIP Safety (safety object answered)"


def ask_open(x: Exchange) -> None:
    """Read either Forward Open: the row is about what is connected to, at the end of its route."""
    c = x.cursor
    c.skip(2)
    asked: dict[str, Any] = {"to_target": c.u32le(), "to_originator": c.u32le()}
    asked |= {"serial": c.u16le(), "vendor": c.u16le(), "originator": c.u32le()}
    doublings = c.u8()
    asked["timeout_multiplier"] = times = 4 << doublings if doublings <= _MOST_DOUBLINGS else None
    c.skip(3)
    for way in ("to_target", "to_originator"):
        asked[f"{way}_interval"] = interval = c.u32le()
        large = x.service == _LARGE_FORWARD_OPEN
        parameters = c.u32le() if large else c.u16le()
        asked[f"{way}_size"] = parameters & (0xFFFF if large else 0x1FF)
        kind = parameters >> (29 if large else 13) & 3
        asked[f"{way}_watchdog"] = _silence(interval, times, kind)
    asked["transport_class"] = c.u8() & 0x0F
    path = x.route(c.take(2 * c.u8()))
    x.note(_opened, asked | {"path": path.text or None, "safety": path.safety})


def _silence(interval_us: int, times: int | None, kind: int) -> int | None:
    """Nanoseconds of silence that end a connection for who consumes that way; None where nothing goes (kind 0)."""
    return interval_us * times * 1000 if times and kind else None


def _opened(x: Exchange, asked: dict[str, Any]) -> None:
    """Read the answer: the connection ids that hold from now on, or why there are none."""
    if x.status != 0:
        why = {"event": "refused", "general_status": x.status, "extended_status": x.extended}
        x.detail("cip_connections", asked | why)
        return
    d = x.decoder
    ids = (x.cursor.u32le(), x.cursor.u32le())
    x.detail("cip_connections", asked | {"event": "opened", "to_target": ids[0], "to_originator": ids[1]})
    d.session.open(x.unit, (asked["serial"], asked["vendor"], asked["originator"]), ids)
    originator = d.facts.receiver(x.m, x.i)
    if asked["transport_class"] <= 1:
        expect_implicit(d, d.flows.realm_of(x.m.flow[x.i]), ids, originator, d.facts.sender(x.m, x.i))
    if asked["safety"]:
        d.facts.clue(x.m, x.i, originator, "safety", _SEGMENT, "cip", 0.9)
        x.clue("safety", _SEGMENT, 0.9)


def ask_close(x: Exchange) -> None:
    """Read Forward Close, which names a connection by its serial number and who opened it."""
    c = x.cursor
    c.skip(2)
    key = (c.u16le(), c.u16le(), c.u32le())
    words = c.u8() if c.left() else 0
    c.skip(1 if c.left() else 0)
    path = x.route(c.take(min(2 * words, c.left())))
    x.note(_closed, key, path.text or None)


def _closed(x: Exchange, key: tuple[int, int, int], path: str | None) -> None:
    if x.status != 0:
        return
    told: dict[str, Any] = {"event": "closed", "path": path}
    told |= {"serial": key[0], "vendor": key[1], "originator": key[2]}
    gone = x.decoder.session.close(key)
    if gone is not None:
        told |= {"to_target": gone.ids[0], "to_originator": gone.ids[1]}
    x.detail("cip_connections", told)


def ask_safety(x: Exchange) -> None:
    """Remember the request (hook of Safety Supervisor, 0x39, and Safety Validator, 0x3A)."""
    x.note(_is_safety)


def _is_safety(x: Exchange) -> None:
    """Take who answers for a safety object for a safety device."""
    if x.status == 0:
        x.clue("safety", _OBJECT, 0.9)
