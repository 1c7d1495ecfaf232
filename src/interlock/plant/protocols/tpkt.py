"""TPKT: packets on a TCP connection, as S7 communication and remote desktop have them. Source: RFC 1006, clause 6."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Packets"]


class Packets:
    """Cuts a connection's octets into what the packets carry."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, octets: bytes) -> Iterator[bytes]:
        """What is whole by now. Raises ValueError where a header is none."""
        self._rest += octets
        while len(self._rest) >= 7:
            version, _, length = struct.unpack_from("!BBH", self._rest)
            if version != 3 or length < 7:
                raise ValueError("not a TPKT header")
            if len(self._rest) < length:
                return
            carried, self._rest = self._rest[4:length], self._rest[length:]
            yield carried
