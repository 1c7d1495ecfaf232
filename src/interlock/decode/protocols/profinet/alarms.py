"""Alarms: acyclic real-time frames between the ends of an application relation.

    | target 2 | source 2 | version, type 1 | flags 1 | send sequence 2 | ack sequence 2 | length 2 | block … |

Source: IEC 61158-6-10, 4.9 (RTA), 5.2.5 (alarm notification, alarm acknowledgement).
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.protocols.profinet.status import read_status
from interlock.errors import DecodeError

__all__ = ["Alarms"]

_DATA, _NACK, _ACK, _ERROR = 1, 2, 3, 4
_ERROR_FUNCTION: Final = 0x101
_NOTIFICATIONS: Final = (0x0001, 0x0002)
_ACKNOWLEDGEMENTS: Final = (0x8001, 0x8002)
_REFUSED, _UNSOLICITED = 2, 4


class Alarms:
    """An alarm asks for its acknowledgement; the transport's own ACK and NACK make no row."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    def message(self, m: Any, i: int, out: Any, c: Any) -> None:
        """One RTA PDU; the cursor stands behind the frame id."""
        c.skip(4)
        kind = c.u8() & 0x0F
        c.skip(5)
        length = c.u16be()
        if length > c.left():
            raise DecodeError("truncated", c.offset())
        c.end = c.position + length
        if kind == _ERROR:
            row = out.tell(m, i, self._decoder.rt_functions, _ERROR_FUNCTION)
            out.settle(row, _UNSOLICITED, read_status(c, little=False))
        elif kind == _DATA:
            self._data(m, i, out, c)
        elif kind not in (_NACK, _ACK):
            raise DecodeError("alarm-type-out-of-range", 6)

    def _data(self, m: Any, i: int, out: Any, c: Any) -> None:
        d = self._decoder
        block = c.u16be()
        c.skip(4)
        alarm, api, slot, subslot = c.u16be(), c.u32be(), c.u16be(), c.u16be()
        if block in _NOTIFICATIONS:
            c.skip(8)
            row = out.ask(m, i, d.rt_functions, alarm, _key(alarm, slot, subslot, c.u16be()))
        elif block in _ACKNOWLEDGEMENTS:
            key = _key(alarm, slot, subslot, c.u16be())
            row = out.answer(m, i, key)
            if row < 0:
                row = out.orphan(m, i, d.rt_functions, alarm, key)
            code = read_status(c, little=False)
            if code:
                out.settle(row, _REFUSED, code)
        else:
            raise DecodeError("block-type-unknown", 14)
        out.set_object(row, d.objects.code(f"{api}/{slot}/0x{subslot:04x}"), 1)


def _key(alarm: int, slot: int, subslot: int, specifier: int) -> int:
    """What an alarm and its acknowledgement share; the specifier's low 11 bits are its sequence number."""
    return alarm << 46 | (slot & 0x7FFF) << 27 | subslot << 11 | specifier & 0x7FF
