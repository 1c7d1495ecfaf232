"""Calls of DCE/RPC as buffers: interface, operation, data; over TCP, in datagrams, and in named pipes of SMB.

A call is one transaction, whatever fragments it came in; its answer is the same one. Of a call whose context nobody was
seen to bind, the interface is not known.

    datagram | version 4 | type 1 | flags 2 | data representation 3 | … | interface 16 at 24 | … | version 4 at 60 | … |
             | operation 2 at 68 | … | length 2 at 74 | fragment 2 at 76 | … data at 80

Source: Open Group C706, 12.5 and 12.6; MS-RPCE clause 2.2.2; names as in the Suricata user guide, DCERPC Keywords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from interlock.decode.buffers.pieces import PieceReader
from interlock.decode.protocols.dcerpc.pdu import (
    ALTER,
    ALTER_ANSWER,
    BIND,
    BIND_ANSWER,
    HEADER_OCTETS,
    REQUEST,
    RESPONSE,
    plausible,
    read_pdu,
)
from interlock.decode.protocols.profinet.rpc import uuid_text, wire_uuid

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from interlock.decode.buffers.sink import Sink
    from interlock.decode.protocols.dcerpc.pdu import Pdu

__all__ = ["RPC_BUFFERS", "Calls", "RpcReader", "speaks_rpc"]

_K = TypeVar("_K")
_V = TypeVar("_V")
RPC_BUFFERS: Final = (
    "dcerpc.iface",
    "dcerpc.iface_version",
    "dcerpc.any_iface",
    "dcerpc.opnum",
    "dcerpc.stub_data",
)
_MOST_CONTEXTS, _MOST_CALLS, _MOST_DATA = 256, 64, 1 << 16
_DATAGRAM: Final = 80
_FRAGMENT, _LAST_FLAG = 0x04, 0x02
"""Of a datagram's first flags: it is one of several fragments, and the last one."""
_LITTLE: Final = 0x10


class _Call:
    """A call or its answer, as far as it has come."""

    __slots__ = ("data", "facts", "number")

    def __init__(self, number: int, facts: dict[str, bytes]) -> None:
        self.number = number
        self.facts = facts
        self.data = b""

    def add(self, octets: bytes) -> None:
        self.data += octets[: _MOST_DATA - len(self.data)]


class Calls:
    """One association: what is bound, and calls that are under way. number: gives the next transaction."""

    def __init__(self, sink: Sink, number: Callable[[], int]) -> None:
        self._sink = sink
        self._number = number
        self._proposed: dict[int, tuple[tuple[int, str, int], ...]] = {}
        self._bound: dict[int, tuple[str, int]] = {}
        self._calls: dict[tuple[int, int], _Call] = {}
        self._told: dict[int, tuple[int, dict[str, bytes]]] = {}

    def packet(self, side: int, octets: bytes) -> None:
        """One packet. Raises DecodeError."""
        pdu = read_pdu(octets)
        if pdu.kind in (BIND, ALTER):
            told = tuple((p.context, p.interface, int(p.version.partition(".")[0])) for p in pdu.proposals())
            _keep(self._proposed, pdu.call, told, _MOST_CALLS)
        elif pdu.kind in (BIND_ANSWER, ALTER_ANSWER):
            self._bind(pdu)
        elif pdu.kind == REQUEST:
            self._request(side, pdu)
        elif pdu.kind == RESPONSE:
            self._response(side, pdu)

    def _bind(self, pdu: Pdu) -> None:
        for (context, interface, version), result in zip(
            self._proposed.pop(pdu.call, ()), pdu.results(), strict=False
        ):
            if result[0] == 0:
                _keep(self._bound, context, (interface, version), _MOST_CONTEXTS)

    def _request(self, side: int, pdu: Pdu) -> None:
        call = self._calls.pop((REQUEST, pdu.call), None)
        if call is None or pdu.first:
            call = _Call(self._number(), self._facts(pdu))
        call.add(pdu.stub)
        if not pdu.last:
            _keep(self._calls, (REQUEST, pdu.call), call, _MOST_CALLS)
            return
        _keep(self._told, pdu.call, (call.number, call.facts), _MOST_CALLS)
        _tell(self._sink, side, call)

    def _response(self, side: int, pdu: Pdu) -> None:
        call = self._calls.pop((RESPONSE, pdu.call), None)
        if (asked := self._calls.pop((REQUEST, pdu.call), None)) is not None:
            # It is answered: what was to come of it does not come any more.
            _keep(self._told, pdu.call, (asked.number, asked.facts), _MOST_CALLS)
            _tell(self._sink, 1 - side, asked)
        if call is None or pdu.first:
            number, facts = self._told.get(pdu.call, (0, {}))
            call = _Call(number or self._number(), facts)
        call.add(pdu.stub)
        if not pdu.last:
            _keep(self._calls, (RESPONSE, pdu.call), call, _MOST_CALLS)
            return
        self._told.pop(pdu.call, None)
        _tell(self._sink, side, call)

    def _facts(self, pdu: Pdu) -> dict[str, bytes]:
        found = {"dcerpc.opnum": str(pdu.operation).encode()}
        if (bound := self._bound.get(pdu.context)) is not None:
            interface, version = bound
            found |= _named(interface, version, first=pdu.first)
        return found


def _named(interface: str, version: int, *, first: bool) -> dict[str, bytes]:
    found = {"dcerpc.any_iface": interface.encode(), "dcerpc.iface_version": str(version).encode()}
    return {**found, "dcerpc.iface": interface.encode()} if first else found


def _tell(sink: Sink, side: int, call: _Call) -> None:
    for name, octets in call.facts.items():
        sink.put(side, call.number, name, octets)
    if call.data:
        sink.put(side, call.number, "dcerpc.stub_data", call.data)


class RpcReader(PieceReader):
    """See PieceReader."""

    def __init__(self, sink: Sink, *, stream: bool) -> None:
        PieceReader.__init__(self, sink, stream=stream)
        self._association = Calls(sink, self._next)
        self._parts: dict[tuple[int, bytes, bytes], _Call] = {}

    def _next(self) -> int:
        self._count += 1
        return self._count

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        if not self._stream:
            self._datagram(side, octets)
            return True
        data = self._joined(side, octets, lost=lost)
        while len(data) >= HEADER_OCTETS:
            length = plausible(data[:HEADER_OCTETS])
            if not length:
                return False
            if length > len(data):
                break
            self._association.packet(side, data[:length])
            data = data[length:]
        self._held[side] = data
        return True

    def _datagram(self, side: int, octets: bytes) -> None:
        if len(octets) < _DATAGRAM or octets[0] != 4 or octets[1] not in (REQUEST, RESPONSE):
            return
        little = bool(octets[4] & _LITTLE)
        order: Literal["little", "big"] = "little" if little else "big"
        version, operation, size, fragment = (
            int.from_bytes(octets[at : at + width], order)
            for at, width in ((60, 4), (68, 2), (74, 2), (76, 2))
        )
        flags, key = octets[2], (octets[1], octets[40:56], octets[64:68])
        call = self._parts.pop(key, None)
        if call is None or not flags & _FRAGMENT:
            facts = _named(
                uuid_text(wire_uuid(octets[24:40], little=little)), version & 0xFFFF, first=not fragment
            )
            facts["dcerpc.opnum"] = str(operation).encode()
            call = _Call(self._next(), facts)
        call.add(octets[_DATAGRAM : _DATAGRAM + size])
        if flags & _FRAGMENT and not flags & _LAST_FLAG:
            _keep(self._parts, key, call, _MOST_CALLS)
        else:
            _tell(self._sink, side, call)


def speaks_rpc(octets: bytes, datagram: bool) -> bool:
    """Whether a datagram is one of DCE/RPC: version 4, a type, a data representation, and a length that fits."""
    if (
        not datagram
        or len(octets) < _DATAGRAM
        or octets[0] != 4
        or octets[1] > 10
        or octets[4] & 0xEE
        or octets[5] > 3
    ):
        return False
    order: Literal["little", "big"] = "little" if octets[4] & _LITTLE else "big"
    return _DATAGRAM + int.from_bytes(octets[74:76], order) <= len(octets)


def _keep(where: dict[_K, _V], key: _K, value: _V, most: int) -> None:
    """Remember one, forgetting the oldest where there are too many."""
    if len(where) >= most and key not in where:
        del where[next(iter(where))]
    where[key] = value
