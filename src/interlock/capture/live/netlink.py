"""What the kernel tells and takes through rtnetlink: addresses, routes and the queue of an interface, a message each.

    message   | length u32 | type u16 | flags u16 | sequence u32 | port u32 | header of its kind | attributes,
    padded to 4 | attribute | length u16 | type u16 | value |

Source: RFC 3549; Linux, include/uapi/linux/{netlink,rtnetlink,if_addr,pkt_sched}.h.
"""

from __future__ import annotations

import errno
import os
import socket
from ipaddress import ip_address
from struct import Struct
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["Address", "Netlink", "Route"]

_HEADER: Final = Struct("=IHHII")
_ATTRIBUTE: Final = Struct("=HH")
_ERROR, _DONE = 2, 3
_REQUEST, _ACK, _DUMP, _REPLACE, _CREATE = 0x1, 0x4, 0x300, 0x100, 0x400
_NEW_ADDRESS, _DEL_ADDRESS, _GET_ADDRESS = 20, 21, 22
_NEW_ROUTE, _GET_ROUTE = 24, 26
_NEW_QDISC, _DEL_QDISC, _GET_QDISC = 36, 37, 38
_ADDRESS: Final = Struct("=BBBBI")
"""family, octets of the prefix in bits, flags, scope, interface."""
_ROUTE: Final = Struct("=8BI")
"""family, destination and source in bits, TOS, table, protocol, scope, type, flags."""
_QDISC: Final = Struct("=B3xiIII")
"""family, interface, handle, parent, info."""
_ROOT: Final = 0xFFFFFFFF
_LOCAL_TABLE, _BY_KERNEL, _UNICAST = 255, 2, 1
_OCTETS: Final = 1 << 18


class Address:
    """An IP address of an interface. body: the kernel's own message, to be played back."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        _, bits, _, _, self.index = _ADDRESS.unpack_from(body)
        found = _attributes(body, _ADDRESS.size)
        self.ip = ip_address(found.get(2, found.get(1, b"")))
        self.text = f"{self.ip}/{bits}"


class Route:
    """A route that leads out by an interface; those that follow from addresses are left out. body: as in Address."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        family, bits, _, _, self.table, self.protocol, _, self.kind, _ = _ROUTE.unpack_from(body)
        found = _attributes(body, _ROUTE.size)
        self.out = int.from_bytes(found.get(4, b""), "little" if _LITTLE else "big")
        self.default = bits == 0 and self.kind == _UNICAST
        everything = bytes(4 if family == socket.AF_INET else 16)
        self.text = "default" if self.default else f"{ip_address(found.get(1, everything))}/{bits}"
        if 5 in found:
            self.text += f" via {ip_address(found[5])}"


_LITTLE: Final = (1).to_bytes(4, "little") == Struct("=I").pack(1)


def _attributes(body: bytes, at: int) -> dict[int, bytes]:
    found = {}
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            break
        found[kind & 0x3FFF] = body[at + _ATTRIBUTE.size : at + length]
        at += -(-length // 4) * 4
    return found


class Netlink:
    """A conversation with the kernel about interfaces, in the network namespace that it was begun in."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.settimeout(10)
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def addresses(self, index: int) -> list[Address]:
        """Addresses of an interface, of IPv4 and IPv6."""
        everything = (Address(body) for body in self._dump(_GET_ADDRESS, _ADDRESS.pack(0, 0, 0, 0, 0)))
        return [address for address in everything if address.index == index]

    def routes(self, index: int) -> list[Route]:
        """Routes by an interface, without what the kernel makes of its addresses."""
        everything = (Route(body) for body in self._dump(_GET_ROUTE, _ROUTE.pack(*[0] * 9)))
        given = (r for r in everything if r.table != _LOCAL_TABLE and r.protocol != _BY_KERNEL)
        return [route for route in given if route.out == index]

    def take_address(self, body: bytes) -> None:
        """Take an address off; that it is gone already is no error."""
        self._ask(_DEL_ADDRESS, 0, body, frozenset({errno.EADDRNOTAVAIL}))

    def put_address(self, body: bytes) -> None:
        """Put an address back."""
        self._ask(_NEW_ADDRESS, _CREATE | _REPLACE, body)

    def put_route(self, body: bytes) -> None:
        """Put a route back."""
        self._ask(_NEW_ROUTE, _CREATE | _REPLACE, body)

    def queue(self, index: int) -> str:
        """The kind of an interface's root queue, empty where the kernel's default stands there."""
        for body in self._dump(_GET_QDISC, _QDISC.pack(0, index, 0, 0, 0)):
            _, interface, handle, parent, _ = _QDISC.unpack_from(body)
            if interface == index and parent == _ROOT and handle:
                return _attributes(body, _QDISC.size).get(1, b"").rstrip(b"\0").decode("ascii", "replace")
        return ""

    def drop_all(self, index: int) -> None:
        """Let everything be dropped that any program or the kernel itself would send by an interface."""
        kind = b"blackhole\0"
        attribute = _ATTRIBUTE.pack(4 + len(kind), 1) + kind.ljust(-(-len(kind) // 4) * 4, b"\0")
        self._ask(_NEW_QDISC, _CREATE | _REPLACE, _QDISC.pack(0, index, 0, _ROOT, 0) + attribute)

    def drop_nothing(self, index: int) -> None:
        """Give an interface the kernel's default queue."""
        self._ask(_DEL_QDISC, 0, _QDISC.pack(0, index, 0, _ROOT, 0), frozenset({errno.ENOENT, errno.EINVAL}))

    def _ask(self, kind: int, flags: int, body: bytes, fine: frozenset[int] = frozenset()) -> None:
        for _ in self._talk(kind, flags | _ACK, body, fine):
            pass

    def _dump(self, kind: int, body: bytes) -> Iterator[bytes]:
        yield from self._talk(kind, _DUMP, body, frozenset())

    def _talk(self, kind: int, flags: int, body: bytes, fine: frozenset[int]) -> Iterator[bytes]:
        self._sequence += 1
        head = _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | flags, self._sequence, 0)
        self._socket.send(head + body)
        while True:
            octets = self._socket.recv(_OCTETS)
            at = 0
            while at + _HEADER.size <= len(octets):
                length, answered, _, sequence, _ = _HEADER.unpack_from(octets, at)
                given = octets[at + _HEADER.size : at + length]
                at += max(_HEADER.size, -(-length // 4) * 4)
                if sequence != self._sequence:
                    continue
                if answered == _DONE:
                    return
                if answered == _ERROR:
                    number = -int.from_bytes(given[:4], "little" if _LITTLE else "big", signed=True)
                    if number and number not in fine:
                        raise OSError(number, os.strerror(number))
                    return
                yield given
