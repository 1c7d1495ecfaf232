"""Who a device says it is: ListIdentity, the Identity object, and its network objects.

Source: CIP Volume 1, 5A-2 (Identity); Volume 2, 2-4.2 (ListIdentity), 2-4.6 (ListServices), 5-4 (TCP/IP Interface),
5-5 (Ethernet Link).
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

__all__ = ["ask_identity", "ask_network", "tell_identity", "tell_services"]

_GET_ALL, _GET_LIST, _GET_SINGLE = 0x01, 0x03, 0x0E
_VENDOR, _TYPE, _CODE, _REVISION, _STATUS, _SERIAL, _NAME = range(1, 8)
_IDENTITY_ITEM = 0x000C
_MAX_ITEMS = 16
_TCP_CAPABLE, _IMPLICIT_CAPABLE = 0x20, 0x100
_WIDTHS = {_VENDOR: 2, _TYPE: 2, _CODE: 2, _REVISION: 2, _STATUS: 2, _SERIAL: 4, 8: 1, 9: 2, 10: 1}
"""Attribute of the Identity object → its octets; the name (7) is counted."""


def ask_identity(d: Any, m: Any, i: int, out: Any, row: int, path: Any, unit: int, service: int) -> None:
    """Hook of class 1: remember what is asked for."""
    if service in (_GET_ALL, _GET_LIST, _GET_SINGLE) and path.instance > 0:
        out.notes[out.operation_of(row)] = (_identity, service, path.attribute, unit)


def _identity(
    d: Any,
    m: Any,
    i: int,
    out: Any,
    row: int,
    status: int,
    extended: Any,
    service: int,
    attribute: int,
    unit: int,
) -> None:
    """The answer: all attributes, a list of them with a status each, or one."""
    if status not in (0, 6, 0x0A):
        return
    c = d.cursor
    facts: dict[int, Any] = {}
    if service == _GET_ALL:
        whole = _all_attributes(c)
        _row(d, m, i, unit, whole, {})
        facts = whole
    elif service == _GET_SINGLE:
        _take(c, attribute, facts)
    else:
        for _ in range(min(c.u16le(), c.left() // 4)):
            number = c.u16le()
            if c.u16le() == 0 and not _take(c, number, facts):
                break
    _clues(d, m, i, unit, facts, "cip", 0.95)


def _take(c: Any, attribute: int, into: dict[int, Any]) -> bool:
    """One attribute off the cursor; whether its size is known."""
    if attribute == _NAME:
        into[attribute] = _text(c.take(c.u8()))
    elif attribute == _REVISION:
        into[attribute] = (c.u8(), c.u8())
    elif attribute in _WIDTHS:
        into[attribute] = int.from_bytes(c.take(_WIDTHS[attribute]), "little")
    else:
        return False
    return True


def _all_attributes(c: Any) -> dict[int, Any]:
    facts: dict[int, Any] = {}
    for attribute in range(_VENDOR, _NAME + 1):
        _take(c, attribute, facts)
    return facts


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace").strip("\x00 ")


def _clues(d: Any, m: Any, i: int, unit: int, facts: dict[int, Any], protocol: str, sure: float) -> None:
    """Facts that came together or one by one: the product code needs vendor and device type beside it."""
    who = d.who(m, i, unit)
    known = d.session.known.setdefault(unit, {}) if len(d.session.known) < _MAX_ITEMS * 16 else {}
    known.update(facts)
    if unit >= 0 and facts:
        d.facts.clue(m, i, who, "unit", d.unit_text(unit), protocol, sure)
    if _VENDOR in facts:
        d.session.learn_vendor(unit, facts[_VENDOR])
        d.facts.clue(m, i, who, "vendor-id", f"cip:{facts[_VENDOR]}", protocol, sure)
    if facts.keys() & {_VENDOR, _TYPE, _CODE} and known.keys() >= {_VENDOR, _TYPE, _CODE}:
        d.facts.clue(
            m, i, who, "product-code", f"cip:{known[_VENDOR]}/{known[_TYPE]}/{known[_CODE]}", protocol, sure
        )
    if _TYPE in facts:
        d.facts.clue(m, i, who, "device-type", f"cip:{facts[_TYPE]}", protocol, sure)
    if _REVISION in facts:
        major, minor = facts[_REVISION]
        d.facts.clue(m, i, who, "firmware", f"{major & 0x7F}.{minor}", protocol, sure)
    if facts.get(_SERIAL):
        d.facts.clue(m, i, who, "serial", f"0x{facts[_SERIAL]:08x}", protocol, sure)
    if facts.get(_NAME):
        d.facts.clue(m, i, who, "product", facts[_NAME], protocol, sure)


def _row(d: Any, m: Any, i: int, unit: int, facts: dict[int, Any], more: dict[str, Any]) -> None:
    major, minor = facts[_REVISION]
    told = {
        "unit": d.unit_text(unit),
        "vendor": facts[_VENDOR],
        "device_type": facts[_TYPE],
        "product_code": facts[_CODE],
        "revision": f"{major & 0x7F}.{minor}",
        "status": facts[_STATUS],
        "serial": facts[_SERIAL],
        "product_name": facts[_NAME],
    }
    d.facts.detail("cip_identities", m, i, told | more)


def tell_identity(d: Any, m: Any, i: int) -> None:
    """The answer to ListIdentity: items that each hold a version, a socket address, an identity, a state."""
    c = d.cursor
    for _ in range(min(c.u16le(), _MAX_ITEMS)):
        kind, size = c.u16le(), c.u16le()
        after = c.offset() + size
        if kind == _IDENTITY_ITEM:
            c.skip(2)
            c.skip(2)
            port, address = c.u16be(), str(IPv4Address(c.u32be()))
            c.skip(8)
            facts = _all_attributes(c)
            state = c.u8() if c.left() and c.offset() < after else None
            _row(d, m, i, -1, facts, {"state": state, "address": address, "port": port})
            _clues(d, m, i, -1, facts, "enip", 0.95)
            if address not in ("0.0.0.0", d.facts.sender(m, i)):  # noqa: S104 (an address that is read, none is bound)
                d.facts.clue(m, i, d.facts.sender(m, i), "ip", address, "enip", 0.6)
        c.seek(after)


def tell_services(d: Any, m: Any, i: int) -> None:
    """The answer to ListServices: what the device offers, and whether implicit messages are among it."""
    c = d.cursor
    for _ in range(min(c.u16le(), _MAX_ITEMS)):
        c.skip(2)
        size = c.u16le()
        after = c.offset() + size
        if size >= 4:
            c.skip(2)
            flags = c.u16le()
            who = d.facts.sender(m, i)
            if flags & _TCP_CAPABLE:
                d.facts.clue(m, i, who, "service", "enip/44818", "enip", 0.9)
            if flags & _IMPLICIT_CAPABLE:
                d.facts.clue(m, i, who, "service", "enip-io/2222", "enip", 0.9)
        c.seek(after)


def ask_network(d: Any, m: Any, i: int, out: Any, row: int, path: Any, unit: int, service: int) -> None:
    """Hook of TCP/IP Interface (0xF5) and Ethernet Link (0xF6): single attributes that identify."""
    if service == _GET_SINGLE and (path.class_id, path.attribute) in _NETWORK:
        out.notes[out.operation_of(row)] = (_network, path.class_id, path.attribute, unit)
    elif service == _GET_SINGLE:
        out.notes[out.operation_of(row)] = 2


def _network(
    d: Any,
    m: Any,
    i: int,
    out: Any,
    row: int,
    status: int,
    extended: Any,
    class_id: int,
    attribute: int,
    unit: int,
) -> None:
    if status == 0:
        for field, value in _NETWORK[class_id, attribute](d.cursor):
            d.facts.clue(m, i, d.who(m, i, unit), field, value, "cip", 0.85)


def _configuration(c: Any) -> list[tuple[str, str]]:
    """Attribute 5 of TCP/IP Interface: address, mask, gateway, two name servers, domain."""
    address, mask, gateway = (str(IPv4Address(c.u32le())) for _ in range(3))
    c.skip(8)
    told = [("ip", address), ("netmask", mask), ("router", gateway), ("domain", _text(c.take(c.u16le())))]
    return [(field, value) for field, value in told if value not in ("", "0.0.0.0")]  # noqa: S104 (read, not bound)


def _host_name(c: Any) -> list[tuple[str, str]]:
    return [("name", _text(c.take(c.u16le())))]


def _physical_address(c: Any) -> list[tuple[str, str]]:
    octets = c.take(6)
    return [("mac", octets.hex(":"))] if any(octets) else []


_NETWORK = {(0xF5, 5): _configuration, (0xF5, 6): _host_name, (0xF6, 3): _physical_address}
