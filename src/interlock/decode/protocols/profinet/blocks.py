"""The context manager's blocks, and the record data of a call cut into them.

    | type 2 | length 2, from the version on | version 1 1 | … |          numbers most significant first

Source: IEC 61158-6-10, 5.2 (coding of blocks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interlock.decode.protocols.profinet.wire import next_block

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Record", "each_block", "read_record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Which record a Read or Write is about (IODReadReqHeader and its kin). relation: the AR's UUID."""

    relation: bytes
    api: int
    slot: int
    subslot: int
    index: int
    length: int

    @property
    def name(self) -> str:
        """`api/slot/subslot/index`, as `0/1/0x0001/0xaff0`."""
        return f"{self.api}/{self.slot}/0x{self.subslot:04x}/0x{self.index:04x}"


def each_block(c: Any) -> Iterator[int]:
    """The types of the blocks up to the cursor's end, one after another.

    While one is given, the cursor stands behind its version and its end is the block's; nobody else may
    move the cursor's end between two. Raises DecodeError("block-length-invalid") or ("truncated").
    """
    end = c.end
    while end - c.position >= 6:
        kind = next_block(c, end)
        behind = c.end
        yield kind
        c.position = behind
        c.end = end


def read_record(c: Any) -> Record:
    """The fields that all record headers begin with, behind the block's version (5.2.3)."""
    c.skip(2)
    relation, api, slot, subslot = c.take(16), c.u32be(), c.u16be(), c.u16be()
    c.skip(2)
    return Record(relation=relation, api=api, slot=slot, subslot=subslot, index=c.u16be(), length=c.u32be())
