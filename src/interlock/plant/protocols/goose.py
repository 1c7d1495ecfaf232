"""GOOSE: a protection function that tells its state to everybody, at once when it changes and now and then.

Source: IEC 61850-8-1 clause 18 and annex A.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from interlock.plant.protocols import ber

__all__ = ["ETHERTYPE", "Publisher"]

ETHERTYPE: Final = 0x88B8
_BOOLEAN: Final = 0x83
_FLOAT: Final = 0x87


@dataclass(slots=True, kw_only=True)
class Publisher:
    """One control block. state_number counts changes, sequence_number what was said since the last one."""

    reference: str
    data_set: str
    name: str
    application: int
    state_number: int = 1
    sequence_number: int = 0
    changed_s: float = 0.0
    _last: tuple[bool | float, ...] = ()

    def changed(self, values: tuple[bool | float, ...], now_s: float) -> bool:
        """Note the state to be told; true where a switch is not as it was (analogue values do not count)."""
        switches = tuple(v for v in values if isinstance(v, bool))
        before = tuple(v for v in self._last if isinstance(v, bool))
        self._last = values
        if switches == before:
            self.sequence_number += 1
            return False
        self.state_number += 1 if before else 0
        self.sequence_number, self.changed_s = 0, now_s
        return bool(before)

    def payload(self, live_ms: int) -> bytes:
        """What follows the Ethertype. live_ms: how long the receiver may trust it."""
        whole = int(self.changed_s)
        stamp = struct.pack("!I", whole) + int((self.changed_s - whole) * 2**24).to_bytes(3, "big") + b"\x0a"
        data = b"".join(
            ber.tagged(_BOOLEAN, bytes((v,))) if isinstance(v, bool) else ber.real(_FLOAT, v)
            for v in self._last
        )
        fields = (
            ber.tagged(0x80, self.reference.encode("ascii")), ber.unsigned(0x81, live_ms),
            ber.tagged(0x82, self.data_set.encode("ascii")), ber.tagged(0x83, self.name.encode("ascii")),
            ber.tagged(0x84, stamp), ber.unsigned(0x85, self.state_number), ber.unsigned(0x86, self.sequence_number),
            ber.tagged(0x87, b"\0"), ber.unsigned(0x88, 1), ber.tagged(0x89, b"\0"),
            ber.unsigned(0x8A, len(self._last)), ber.tagged(0xAB, data),
        )  # fmt: skip
        apdu = ber.tagged(0x61, b"".join(fields))
        return struct.pack("!HHHH", self.application, 8 + len(apdu), 0, 0) + apdu
