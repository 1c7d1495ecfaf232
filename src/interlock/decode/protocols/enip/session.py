"""What is remembered between CIP messages: open connections and what devices have told.

Everything is kept for all flows together, oldest out first, so that no number of flows can make it grow.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Generic, TypeVar

__all__ = ["Bounded", "Connection", "Memory", "Session", "expect_implicit", "meet_implicit", "session_of"]

_ROCKWELL = frozenset({1, 5})
"""Vendor numbers of Rockwell Automation, whose vendor-specific classes verbs.toml names."""

K = TypeVar("K")
V = TypeVar("V")
Originated = tuple[int, int, int]
"""Connection serial number, originator's vendor number, originator's serial number."""


class Bounded(OrderedDict[K, V], Generic[K, V]):
    """A dictionary of at most `limit` entries: the one that was put longest ago makes room."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def put(self, key: K, value: V) -> None:
        """Keep a value, as the newest."""
        if key in self:
            del self[key]
        elif len(self) >= self.limit:
            self.popitem(last=False)
        self[key] = value


class Connection:
    """An open connection. number: its own in the session, from 1; unit: code of the route's end, -1 for none.

    ids: connection ids to target, to originator.
    """

    __slots__ = ("ids", "number", "unit")

    def __init__(self, number: int, unit: int, ids: tuple[int, int]) -> None:
        self.number, self.unit, self.ids = number, unit, ids


class Memory:
    """What a decoder remembers. A session is meant by its number, a server by realm and address in one text.

    connections: session << 32 | connection id of either direction. opened: session, who opened it and how.
    identities: server, unit → attributes of its Identity object. foreign: those who name another maker than Rockwell.
    symbols: server, unit, scope, instance → tag name. firmware: server, unit, instance of File objects receiving it.
    changes: how often a connection was opened or closed.
    implicit: realm, connection id, address of who consumes or produces → address of who opened the connection.
    """

    def __init__(self) -> None:
        self.connections: Bounded[int, Connection] = Bounded(65536)
        self.opened: Bounded[tuple[int, Originated], Connection] = Bounded(32768)
        self.identities: Bounded[tuple[str, int], dict[int, Any]] = Bounded(65536)
        self.foreign: Bounded[tuple[str, int], bool] = Bounded(65536)
        self.symbols: Bounded[tuple[str, int, str, int], str] = Bounded(100_000)
        self.firmware: Bounded[tuple[str, int, int], bool] = Bounded(4096)
        self.implicit: Bounded[tuple[int, int, str], str] = Bounded(16384)
        self.sessions = 0
        self.changes = 0


class Session:
    """One flow's view of the memory.

    server: who is asked there. waiting: pairing key of the newest unconnected messages that hold one request,
    of 8 at most → its service, should the encapsulation layer refuse it.
    """

    __slots__ = ("_opened", "memory", "number", "server", "waiting")

    def __init__(self, memory: Memory, server: str) -> None:
        memory.sessions += 1
        self.memory, self.server, self.number = memory, server, memory.sessions
        self._opened = 0
        self.waiting: dict[int, int] = {}

    def is_rockwell(self, unit: int) -> bool:
        """Whether vendor-specific classes there can be Rockwell's: no other maker is known."""
        return not self.memory.foreign or (self.server, unit) not in self.memory.foreign

    def identity(self, unit: int) -> dict[int, Any]:
        """Attributes of the Identity object there that are known so far, to be added to."""
        known = self.memory.identities.get((self.server, unit))
        if known is None:
            known = {}
            self.memory.identities.put((self.server, unit), known)
        return known

    def learn_vendor(self, unit: int, vendor: int) -> None:
        """Keep who made the device at the end of a route."""
        if vendor in _ROCKWELL:
            self.memory.foreign.pop((self.server, unit), None)
        else:
            self.memory.foreign.put((self.server, unit), True)

    def open(self, unit: int, originated: Originated, ids: tuple[int, int]) -> None:
        """Keep a connection."""
        self._opened += 1
        self.memory.changes += 1
        made = Connection(self._opened & 0x3FFFF, unit, ids)
        self.memory.opened.put((self.number, originated), made)
        for number in ids:
            self.memory.connections.put(self.number << 32 | number, made)

    def close(self, originated: Originated) -> Connection | None:
        """Drop a connection and return it."""
        self.memory.changes += 1
        gone = self.memory.opened.pop((self.number, originated), None)
        for number in gone.ids if gone is not None else ():
            self.memory.connections.pop(self.number << 32 | number, None)
        return gone

    def connection(self, number: int) -> Connection | None:
        """Find the open connection with this id, of either direction."""
        return self.memory.connections.get(self.number << 32 | number)


def session_of(decoder: Any, m: Any, i: int) -> Session:
    """Make a session for the flow of message i."""
    flows, slot = decoder.flows, m.flow[i]
    return Session(
        decoder.memory, f"{flows.realm_of(slot)}/{flows.address_of(slot, 1 - flows.client_side[slot])}"
    )


def expect_implicit(decoder: Any, realm: int, ids: tuple[int, int], originator: str, target: str) -> None:
    """Keep that implicit messages with these connection ids belong to what originator opened to target."""
    known = decoder.memory.implicit
    known.put((realm, ids[0], target), originator)
    known.put((realm, ids[1], originator), originator)
    known.put((realm, ids[1], target), originator)


def meet_implicit(decoder: Any, m: Any, i: int, connection: int) -> None:
    """Turn an implicit flow so that its client is who opened the connection, where that was seen.

    A connection id is known with whoever consumes it, and for multicast with whoever produces it.
    """
    flows, slot, side = decoder.flows, m.flow[i], m.side[i]
    realm, known = flows.realm_of(slot), decoder.memory.implicit
    sender, receiver = flows.address_of(slot, side), flows.address_of(slot, 1 - side)
    originator = known.get((realm, connection, receiver)) or known.get((realm, connection, sender))
    if originator is not None:
        flows.orient(slot, side if originator == sender else 1 - side)
