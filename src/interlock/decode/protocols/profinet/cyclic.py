"""Cyclic data: nothing per frame, a row when a frame id is first seen and when its data status changes.

    data status: | ignore 1 | - | station ok 1 | provider runs 1 | - | valid 1 | redundancy 1 | primary 1 |

Source: IEC 61158-6-10, 4.7.2 (APDU status, data status).
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["DATA_STATUS", "CyclicData"]

DATA_STATUS: Final = 0x100
"""Function of a change of data status; alarm types stay below it."""

_PRIMARY, _VALID, _RUN, _OK, _SHOWN = 0x01, 0x04, 0x10, 0x20, 0x37
_REPORTED: Final = 2


class CyclicData:
    """The slow path behind Profinet: what happens when something is new."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    def look_up(self, m: Any, i: int, lane: Any) -> None:
        """Find the relation that the lane's frames belong to; a new one makes its next frame a row."""
        d, slot, side = self._decoder, m.flow[i], m.side[i]
        source, target = d.flows.address_of(slot, side), d.flows.address_of(slot, 1 - side)
        bond = d.bonds.find(d.flows.realm_of(slot), source, target, lane.frame_id)
        if bond is None or bond == lane.bond:
            return
        lane.bond, lane.size = bond, bond.octets
        lane.watched, lane.data, lane.due = bool(bond.layout) and d.values.wanted, None, 0
        lane.again, lane.told = 0, {}
        if lane.status >= 0:
            lane.status = -2
        if bond.initiator in (source, target):
            d.flows.orient(slot, side if bond.initiator == source else 1 - side)

    def changed(self, m: Any, i: int, out: Any, lane: Any) -> None:
        """The status is not the lane's last one. The cursor stands before the APDU status."""
        d, before = self._decoder, lane.status
        counter, status = d.cursor.u16be(), d.cursor.u8() & _SHOWN
        lane.status = status
        bond = lane.bond
        d.facts.detail(
            "profinet_cyclic",
            m,
            i,
            {
                "frame_id": lane.frame_id,
                "provider": d.facts.sender(m, i),
                "consumer": d.facts.receiver(m, i),
                "ar": bond.relation if bond else None,
                "iocr_type": bond.kind if bond else None,
                "provider_state": "run" if status & _RUN else "stop",
                "valid": bool(status & _VALID),
                "primary": bool(status & _PRIMARY),
                "problem": not status & _OK,
                "cycle_counter": counter,
            },
        )
        if before >= 0:
            self._tell(m, i, out, lane.frame_id, status)

    def _tell(self, m: Any, i: int, out: Any, frame_id: int, status: int) -> None:
        d = self._decoder
        row = out.tell(m, i, d.rt_functions, DATA_STATUS)
        code = d.objects.code(f"frame-id:0x{frame_id:04x}")
        out.set_object(row, code, 1)
        if d.values.wanted:
            block = d.values.block(m, i, d.rt_code, out.operation_of(row), -1, code, _REPORTED, -1)
            d.values.set_text(block, _words(status))


def _words(status: int) -> str:
    """A data status in words: `stop, invalid, primary, problem`."""
    pairs = ((_RUN, "run", "stop"), (_VALID, "valid", "invalid"), (_PRIMARY, "primary", "backup"))
    words = [yes if status & bit else no for bit, yes, no in pairs]
    return ", ".join([*words, "normal" if status & _OK else "problem"])
