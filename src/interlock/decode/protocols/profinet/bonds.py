"""Application relations as the connects agreed on them, found again by the frames of their cyclic data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.decode.protocols.profinet.gsdml import DataItem

__all__ = ["Bond", "Bonds", "Part"]

_MAX_BONDS = 16384
_MAX_RELATIONS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A submodule's data in a frame, its provider state behind it; or, state_only, the state of its consumer.

    offset, octets: where and how long the data is. items: as the maker describes it, else none.
    """

    slot: int
    subslot: int
    offset: int
    octets: int
    state_only: bool
    items: tuple[DataItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """One communication relation (IOCR) of an application relation.

    relation: its AR's UUID. kind: `input` (device to controller), `output`, or a multicast one.
    octets: of data a frame carries. initiator: MAC of who connected. layout: what stands in the data.
    """

    relation: str
    kind: str
    octets: int
    initiator: str
    layout: tuple[Part, ...] = ()


class Bonds:
    """Bounded: past 16384 frame ids the oldest is forgotten."""

    def __init__(self) -> None:
        self._bonds: dict[tuple[int, str, str, int], Bond] = {}
        self._sizes: dict[tuple[int, str], dict[tuple[int, int], tuple[int, int]]] = {}

    def add(self, realm: int, source: str, target: str, frame_id: int, bond: Bond) -> None:
        """Frames of this id from MAC `source` to MAC `target` belong to `bond` from now on."""
        key = (realm, source, target, frame_id)
        self._bonds.pop(key, None)
        if len(self._bonds) >= _MAX_BONDS:
            del self._bonds[next(iter(self._bonds))]
        self._bonds[key] = bond

    def expect(self, realm: int, relation: str, sizes: dict[tuple[int, int], tuple[int, int]]) -> None:
        """An AR (its UUID) has these submodules: (slot, subslot) → octets of input and output."""
        if len(self._sizes) >= _MAX_RELATIONS:
            del self._sizes[next(iter(self._sizes))]
        self._sizes[realm, relation] = sizes

    def sizes(self, realm: int, relation: str) -> dict[tuple[int, int], tuple[int, int]] | None:
        """What `expect` said of this AR; None where its connect was not seen."""
        return self._sizes.get((realm, relation))

    def find(self, realm: int, source: str, target: str, frame_id: int) -> Bond | None:
        """The relation of these frames, or None where its connect was not seen."""
        return self._bonds.get((realm, source, target, frame_id))
