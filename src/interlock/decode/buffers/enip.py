r"""EtherNet/IP's messages and what they wrap, for rules that ask for wrappers: our records have the innermost alone.

    | command 2 | length 2 | session 4 | status 4 | context 8 | options 4 | data |
    SendRRData, SendUnitData: | interface 4 | time-out 2 | items 2 | { type 2 | length 2 | item } |
    unconnected item (0x00B2): CIP; connected item (0x00B1): | sequence 2 | CIP |
    CIP: | service, bit 7 of an answer | request: words of path | path | … or answer: 0 | status | words | …
    identity (0x000C, of ListIdentity): | version 2 | address 16 | vendor 2 | type 2 | code 2 | revision 2 | status 2 |
                                        | serial 4 | size | name | state |
    capabilities (0x0100, ListServices): | version 2 | flags 2 | name 16 |
    Multiple_Service_Packet (0x0A): | count 2 | { offset 2, from the count on } | CIP … |

All numbers begin with their lowest octet. Source: The CIP Networks Library volume 2, clauses 2-3, 2-4 and 2-6;
volume 1, clauses 2-4 and A-4.3. Suricata's user guide, "ENIP/CIP Keywords".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.pieces import PieceReader

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EnipReader"]

_HEADER: Final = 24
_LONGEST: Final = 65_535 + _HEADER
_WRAPS: Final = frozenset({0x6F, 0x70})
_CONNECTED, _UNCONNECTED = 0xB1, 0xB2
_LIST_SERVICES, _LIST_IDENTITY = 0x04, 0x63
_IDENTITY, _CAPABILITIES = 0x0C, 0x100
_NUMBERS: Final = (
    ("enip.protocol_version", 0, 2), ("enip.vendor_id", 18, 2), ("enip.device_type", 20, 2),
    ("enip.product_code", 22, 2), ("enip.identity_status", 26, 2), ("enip.serial", 28, 4),
)  # fmt: skip
"""Of an identity: buffer, place, octets."""
_NAME: Final = 32
_MOST_ITEMS: Final = 16
_MOST_SERVICES: Final = 256
_MULTIPLE: Final = 0x0A
_ANSWER: Final = 0x80


class EnipReader(PieceReader):
    """See PieceReader."""

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed. Behind a gap the next piece is taken to begin with a message."""
        data = self._joined(side, octets, lost=lost)
        at = 0
        while len(data) - at >= _HEADER:
            size = _HEADER + int.from_bytes(data[at + 2 : at + 4], "little")
            if len(data) - at < size:
                break
            self._message(side, data[at : at + size])
            at += size
        self._held[side] = data[at:] if len(data) - at <= _LONGEST else b""
        return True

    def _message(self, side: int, message: bytes) -> None:
        self._count += 1
        command = int.from_bytes(message[:2], "little")
        self._put(side, "enip.any_command", command)
        self._put(side, "enip.status", int.from_bytes(message[8:12], "little"))
        if command in _WRAPS:
            for kind, item in _items(message[_HEADER + 6 :]):
                if kind in {_CONNECTED, _UNCONNECTED}:
                    for service in _within(item[2:] if kind == _CONNECTED else item):
                        self._put(side, "cip.any_service", service)
        elif command in {_LIST_IDENTITY, _LIST_SERVICES}:
            for kind, item in _items(message[_HEADER:]):
                if kind == _IDENTITY and len(item) > _NAME:
                    self._identity(side, item)
                elif kind == _CAPABILITIES and len(item) >= 4:
                    self._put(side, "enip.capabilities", int.from_bytes(item[2:4], "little"))
                    self._sink.put(side, self._count, "enip.service_name", item[4:20].rstrip(b"\0"))

    def _identity(self, side: int, item: bytes) -> None:
        for name, at, width in _NUMBERS:
            self._put(side, name, int.from_bytes(item[at : at + width], "little"))
        self._put(side, "enip.revision", item[24] << 8 | item[25])
        behind = _NAME + 1 + item[_NAME]
        self._sink.put(side, self._count, "enip.product_name", item[_NAME + 1 : behind])
        if len(item) > behind:
            self._put(side, "enip.state", item[behind])

    def _put(self, side: int, buffer: str, number: int) -> None:
        self._sink.put(side, self._count, buffer, str(number).encode())


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, octets) of every item."""
    at = 2
    for _ in range(min(int.from_bytes(data[:2], "little"), _MOST_ITEMS)):
        kind, size = (int.from_bytes(data[k : k + 2], "little") for k in (at, at + 2))
        yield kind, data[at + 4 : at + 4 + size]
        at += 4 + size


def _within(cip: bytes) -> Iterator[int]:
    if len(cip) < 2:
        return
    service = cip[0] & ~_ANSWER
    yield service
    if service != _MULTIPLE:
        return
    # An answer has its status and further words where a request has its path.
    skipped = 4 + 2 * int.from_bytes(cip[3:4]) if cip[0] & _ANSWER else 2 + 2 * cip[1]
    inner = cip[skipped:]
    for k in range(min(int.from_bytes(inner[:2], "little"), _MOST_SERVICES)):
        offset = int.from_bytes(inner[2 + 2 * k : 4 + 2 * k], "little")
        if offset and offset < len(inner):
            yield inner[offset] & ~_ANSWER
