"""What is remembered between CIP messages: open connections, wrapped requests, and whose device answers."""

from __future__ import annotations

from typing import Any

__all__ = ["Connection", "Session", "expect_implicit", "meet_implicit", "session_of"]

_MAX_ASKED = 128
_MAX_LEAVES = 256
_MAX_CONNECTIONS = 256
_MAX_DEVICES = 65536
_MAX_UNITS = 256
_MAX_IMPLICIT = 16384
_ROCKWELL = frozenset({1, 5})
"""Vendor numbers of Rockwell Automation, whose vendor-specific classes verbs.toml names."""


class Connection:
    """An open connection. number: its own in the session, from 1; unit: code of the route's end, -1 for none.

    key: serial number, originator's vendor and serial; ids: to target, to originator.
    """

    __slots__ = ("ids", "key", "number", "unit")

    def __init__(self, number: int, unit: int, key: tuple[int, int, int], ids: tuple[int, int]) -> None:
        self.number, self.unit, self.key, self.ids = number, unit, key, ids


class Session:
    """State of one flow, all of it bounded.

    connections: connection id, of either direction → Connection. asked: pairing key of a wrapped or
    unconnected message → keys of the requests in it. devices: unit code → vendor number, shared by all flows
    to the address. known: unit code → attributes of its Identity object. symbols: (unit, scope, instance) →
    tag name. firmware: (unit, instance) of File objects that receive firmware.
    """

    __slots__ = ("asked", "connections", "devices", "firmware", "known", "opened", "symbols")

    def __init__(self, devices: dict[int, int]) -> None:
        self.connections: dict[int, Connection] = {}
        self.asked: dict[int, list[int]] = {}
        self.devices = devices
        self.known: dict[int, dict[int, Any]] = {}
        self.symbols: dict[tuple[int, str, int], str] = {}
        self.firmware: set[tuple[int, int]] = set()
        self.opened = 0

    def remember(self, base: int, keys: list[int]) -> None:
        """Keep which requests a message held, should it be refused as a whole."""
        if len(self.asked) >= _MAX_ASKED:
            del self.asked[next(iter(self.asked))]
        self.asked[base] = keys[:_MAX_LEAVES]

    def is_rockwell(self, unit: int) -> bool:
        """Whether vendor-specific classes there can be Rockwell's: no other maker is known."""
        vendor = self.devices.get(unit)
        return vendor is None or vendor in _ROCKWELL

    def learn_vendor(self, unit: int, vendor: int) -> None:
        """Keep who made the device at the end of a route."""
        if unit in self.devices or len(self.devices) < _MAX_UNITS:
            self.devices[unit] = vendor

    def open(self, unit: int, key: tuple[int, int, int], ids: tuple[int, int]) -> None:
        """Keep a connection; the oldest makes room."""
        self.opened += 1
        while len(self.connections) >= 2 * _MAX_CONNECTIONS:
            del self.connections[next(iter(self.connections))]
        made = Connection(self.opened & 0x3FFFF, unit, key, ids)
        for number in ids:
            self.connections.pop(number, None)
            self.connections[number] = made

    def close(self, key: tuple[int, int, int]) -> Connection | None:
        """Drop the connection with this key and return it."""
        gone = [number for number, connection in self.connections.items() if connection.key == key]
        closed = None
        for number in gone:
            closed = self.connections.pop(number)
        return closed


def session_of(decoder: Any, m: Any, i: int) -> Session:
    """Make a session for the flow of message i, joined with what is known of the server's devices."""
    flows, slot = decoder.flows, m.flow[i]
    server = (flows.realm_of(slot), flows.address_of(slot, 1 - flows.client_side[slot]))
    if len(decoder.devices) >= _MAX_DEVICES and server not in decoder.devices:
        decoder.devices.clear()
    return Session(decoder.devices.setdefault(server, {}))


def expect_implicit(decoder: Any, realm: int, ids: tuple[int, int], originator: str, target: str) -> None:
    """Keep that implicit messages with these connection ids belong to what originator opened to target."""
    known = decoder.implicit
    while len(known) >= _MAX_IMPLICIT:
        del known[next(iter(known))]
    known[realm, ids[0], target] = originator
    known[realm, ids[1], originator] = originator
    known[realm, ids[1], target] = originator


def meet_implicit(decoder: Any, m: Any, i: int, connection: int) -> None:
    """Turn an implicit flow so that its client is who opened the connection, where that was seen.

    A connection id is known with whoever consumes it, and for multicast with whoever produces it.
    """
    flows, slot, side = decoder.flows, m.flow[i], m.side[i]
    realm = flows.realm_of(slot)
    sender, receiver = flows.address_of(slot, side), flows.address_of(slot, 1 - side)
    originator = decoder.implicit.get((realm, connection, receiver)) or decoder.implicit.get(
        (realm, connection, sender)
    )
    if originator is not None:
        flows.orient(slot, side if originator == sender else 1 - side)
