"""Application relations as the connects agreed on them, found again by the frames of their cyclic data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from interlock.decode.protocols.profinet.wire import Part, Submodule

__all__ = ["Bond", "Bonds"]

_MAX_BONDS = 16384
_MAX_RELATIONS = 2048


class Bond(NamedTuple):
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
        self._submodules: dict[tuple[int, str], dict[tuple[int, int], Submodule]] = {}

    def add(self, realm: int, source: str, target: str, frame_id: int, bond: Bond) -> None:
        """Frames of this id from MAC `source` to MAC `target` belong to `bond` from now on."""
        key = (realm, source, target, frame_id)
        self._bonds.pop(key, None)
        if len(self._bonds) >= _MAX_BONDS:
            del self._bonds[next(iter(self._bonds))]
        self._bonds[key] = bond

    def expect(self, realm: int, relation: str, submodules: dict[tuple[int, int], Submodule]) -> None:
        """An AR (its UUID) has these submodules, by slot and subslot."""
        if len(self._submodules) >= _MAX_RELATIONS:
            del self._submodules[next(iter(self._submodules))]
        self._submodules[realm, relation] = submodules

    def room(self, realm: int, relation: str, slot: int, subslot: int) -> int:
        """Octets of the smaller of a submodule's input and output; 0 where the AR's connect was not seen."""
        found = self._submodules.get((realm, relation), {}).get((slot, subslot))
        return 0 if found is None else min(found.inputs, found.outputs)

    def find(self, realm: int, source: str, target: str, frame_id: int) -> Bond | None:
        """The relation of these frames, or None where its connect was not seen."""
        return self._bonds.get((realm, source, target, frame_id))
