"""Who a device says it is: ListIdentity, the Identity object, and its network objects.

Source: CIP Volume 1, 5A-2 (Identity); Volume 2, 2-4.2 (ListIdentity), 2-4.6 (ListServices),
5-4 (TCP/IP Interface), 5-5 (Ethernet Link).
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.decode.protocols.enip.exchange import Exchange

__all__ = ["ask_identity", "ask_network", "tell_identity", "tell_services"]

_GET_ALL, _GET_LIST, _GET_SINGLE = 0x01, 0x03, 0x0E
_ATTRIBUTE_LIST_ERROR = 0x0A
_VENDOR, _TYPE, _CODE, _REVISION, _STATUS, _SERIAL, _NAME = range(1, 8)
_IDENTITY_ITEM = 0x000C
_MAX_ITEMS = 16
_TCP_CAPABLE, _IMPLICIT_CAPABLE = 0x20, 0x100
_WIDTHS = {_VENDOR: 2, _TYPE: 2, _CODE: 2, _REVISION: 2, _STATUS: 2, _SERIAL: 4, 8: 1, 9: 2, 10: 1}
"""Attribute of the Identity object → its octets; the name (7) is counted."""

Identity = dict[int, Any]
"""Attribute of the Identity object → its value."""


def ask_identity(x: Exchange) -> None:
    """Remember what is asked of the Identity object (hook of class 1)."""
    if x.service in (_GET_ALL, _GET_LIST, _GET_SINGLE) and x.path.instance > 0:
        x.note(_identity, x.service, x.path.attribute)


def _identity(x: Exchange, service: int, attribute: int) -> None:
    """Read all attributes, a list of them with a status each, or one."""
    if x.status not in (0, _ATTRIBUTE_LIST_ERROR):
        return
    facts: Identity = {}
    if service == _GET_ALL:
        facts = _all_attributes(x.cursor)
        x.detail("cip_identities", _row(facts))
    elif service == _GET_SINGLE:
        _take(x.cursor, attribute, facts)
    else:
        _take_list(x.cursor, facts)
    _clues(x.decoder, x.m, x.i, x.unit, facts, "cip")


def _take_list(c: Any, facts: Identity) -> None:
    for _ in range(c.u16le()):
        if c.left() < 4:
            return
        number = c.u16le()
        if c.u16le() == 0 and not _take(c, number, facts):
            return


def _take(c: Any, attribute: int, facts: Identity) -> bool:
    """Take one attribute off the cursor; whether its size is known."""
    if attribute == _NAME:
        facts[attribute] = _text(c.take(c.u8()))
    elif attribute == _REVISION:
        facts[attribute] = f"{c.u8() & 0x7F}.{c.u8()}"
    elif attribute in _WIDTHS:
        facts[attribute] = int.from_bytes(c.take(_WIDTHS[attribute]), "little")
    else:
        return False
    return True


def _all_attributes(c: Any) -> Identity:
    facts: Identity = {}
    for attribute in range(_VENDOR, _NAME + 1):
        _take(c, attribute, facts)
    return facts


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace").strip("\x00 ")


def _clues(d: Any, m: Any, i: int, unit: int, facts: Identity, protocol: str) -> None:
    """Tell facts that came together or one by one: a product code needs vendor and device type beside it."""
    who = d.who(m, i, unit)
    known = d.session.identity(unit)
    known.update(facts)
    told = []
    if unit >= 0 and facts:
        told.append(("unit", d.unit_text(unit)))
    if _VENDOR in facts:
        d.session.learn_vendor(unit, facts[_VENDOR])
        told.append(("vendor-id", f"cip:{facts[_VENDOR]}"))
    if facts.keys() & {_VENDOR, _TYPE, _CODE} and known.keys() >= {_VENDOR, _TYPE, _CODE}:
        told.append(("product-code", f"cip:{known[_VENDOR]}/{known[_TYPE]}/{known[_CODE]}"))
    if _TYPE in facts:
        told.append(("device-type", f"cip:{facts[_TYPE]}"))
    if facts.get(_SERIAL):
        told.append(("serial", f"0x{facts[_SERIAL]:08x}"))
    told += [("firmware", facts.get(_REVISION)), ("product", facts.get(_NAME))]
    for field, value in told:
        d.facts.clue(m, i, who, field, value, protocol, 0.95)


def _row(facts: Identity) -> dict[str, Any]:
    names = ("vendor", "device_type", "product_code", "revision", "status", "serial", "product_name")
    return dict(zip(names, (facts[attribute] for attribute in range(_VENDOR, _NAME + 1)), strict=True))


def tell_identity(d: Any, m: Any, i: int) -> None:
    """Read the answer to ListIdentity: items of a version, a socket address, an identity and a state each."""
    c = d.cursor
    sender = d.facts.sender(m, i)
    for _ in range(min(c.u16le(), _MAX_ITEMS)):
        kind, size = c.u16le(), c.u16le()
        after = c.offset() + size
        if kind == _IDENTITY_ITEM:
            c.skip(4)
            port, address = c.u16be(), str(IPv4Address(c.u32be()))
            c.skip(8)
            facts = _all_attributes(c)
            state = c.u8() if c.left() and c.offset() < after else None
            told = {"state": state, "address": address, "port": port}
            d.facts.detail("cip_identities", m, i, _row(facts) | told)
            _clues(d, m, i, -1, facts, "enip")
            if address not in ("0.0.0.0", sender):  # noqa: S104 (an address that is read, none is bound)
                d.facts.clue(m, i, sender, "ip", address, "enip", 0.6)
        c.seek(after)


def tell_services(d: Any, m: Any, i: int) -> None:
    """Read the answer to ListServices: what the device offers, implicit messages among it or not."""
    c = d.cursor
    sender = d.facts.sender(m, i)
    for _ in range(min(c.u16le(), _MAX_ITEMS)):
        c.skip(2)
        size = c.u16le()
        after = c.offset() + size
        if size >= 4:
            c.skip(2)
            flags = c.u16le()
            if flags & _TCP_CAPABLE:
                d.facts.clue(m, i, sender, "service", "enip/44818", "enip", 0.9)
            if flags & _IMPLICIT_CAPABLE:
                d.facts.clue(m, i, sender, "service", "enip-io/2222", "enip", 0.9)
        c.seek(after)


def ask_network(x: Exchange) -> None:
    """Remember which attribute is asked for (hook of TCP/IP Interface, 0xF5, and Ethernet Link, 0xF6)."""
    if x.service == _GET_SINGLE and (x.path.class_id, x.path.attribute) in _NETWORK:
        x.note(_network, x.path.class_id, x.path.attribute)


def _network(x: Exchange, class_id: int, attribute: int) -> None:
    if x.status == 0:
        for field, value in _NETWORK[class_id, attribute](x.cursor):
            x.clue(field, value, 0.85)


def _configuration(c: Any) -> list[tuple[str, str]]:
    """Read attribute 5 of TCP/IP Interface: address, mask, gateway, two name servers, domain."""
    address, mask, gateway = (str(IPv4Address(c.u32le())) for _ in range(3))
    c.skip(8)
    told = [("ip", address), ("netmask", mask), ("router", gateway), ("domain", _text(c.take(c.u16le())))]
    return [(field, value) for field, value in told if value not in ("", "0.0.0.0")]  # noqa: S104 (as above)


def _host_name(c: Any) -> list[tuple[str, str]]:
    return [("name", _text(c.take(c.u16le())))]


def _physical_address(c: Any) -> list[tuple[str, str]]:
    octets = c.take(6)
    return [("mac", octets.hex(":"))] if any(octets) else []


_NETWORK = {(0xF5, 5): _configuration, (0xF5, 6): _host_name, (0xF6, 3): _physical_address}
