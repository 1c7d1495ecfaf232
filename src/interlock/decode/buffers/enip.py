r"""EtherNet/IP's messages and what they wrap, for rules that ask for wrappers: our records have the innermost alone.

    | command 2 | length 2 | session 4 | status 4 | context 8 | options 4 | data |
    SendRRData, SendUnitData: | interface 4 | time-out 2 | items 2 | { type 2 | length 2 | item } |
    unconnected item (0x00B2): CIP; connected item (0x00B1): | sequence 2 | CIP |
    CIP: | service, bit 7 of an answer | request: words of path | path | … or answer: 0 | status | words | …
    Multiple_Service_Packet (0x0A): | count 2 | { offset 2, from the count on } | CIP … |

All numbers begin with their lowest octet. Source: The CIP Networks Library volume 2, clauses 2-3 and 2-6; volume 1,
clauses 2-4 and A-4.3. Suricata's user guide, "ENIP/CIP Keywords": services within such a packet are asked, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.decode.buffers.sink import Sink

__all__ = ["EnipReader"]

_HEADER: Final = 24
_LONGEST: Final = 65_535 + _HEADER
_WRAPS: Final = frozenset({0x6F, 0x70})
_CONNECTED, _UNCONNECTED = 0xB1, 0xB2
_MOST_ITEMS: Final = 16
_MOST_SERVICES: Final = 256
_MULTIPLE: Final = 0x0A
_ANSWER: Final = 0x80


class EnipReader:
    """One conversation of datagrams, or a stream."""

    def __init__(self, sink: Sink, *, stream: bool) -> None:
        self._sink = sink
        self._stream = stream
        self._held = [b"", b""]
        self._count = 0

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed. Behind a gap the next piece is taken to begin with a message."""
        data = octets if lost or not self._stream else self._held[side] + octets
        at = 0
        while len(data) - at >= _HEADER:
            size = _HEADER + int.from_bytes(data[at + 2 : at + 4], "little")
            if len(data) - at < size:
                break
            self._message(side, data[at : at + size])
            at += size
        self._held[side] = data[at:] if len(data) - at <= _LONGEST else b""
        return True

    def end(self) -> None:
        """See Reader.end."""

    def _message(self, side: int, message: bytes) -> None:
        self._count += 1
        command = int.from_bytes(message[:2], "little")
        self._put(side, "enip.any_command", command)
        self._put(side, "enip.status", int.from_bytes(message[8:12], "little"))
        if command in _WRAPS:
            for service in _services(message[_HEADER:]):
                self._put(side, "cip.any_service", service)

    def _put(self, side: int, buffer: str, number: int) -> None:
        self._sink.put(side, self._count, buffer, str(number).encode())


def _services(data: bytes) -> Iterator[int]:
    """Services of every item, without the bit of answers."""
    at = 8
    for _ in range(min(int.from_bytes(data[6:8], "little"), _MOST_ITEMS)):
        kind, size = (int.from_bytes(data[k : k + 2], "little") for k in (at, at + 2))
        item = data[at + 4 : at + 4 + size]
        if kind in {_CONNECTED, _UNCONNECTED}:
            yield from _within(item[2:] if kind == _CONNECTED else item)
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
