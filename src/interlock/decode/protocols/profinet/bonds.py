"""Application relations as the connects agreed on them, found again by the frames of their cyclic data."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Bond", "Bonds"]

_MAX_BONDS = 16384


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """One communication relation (IOCR) of an application relation.

    relation: its AR's UUID. kind: `input` (device to controller), `output`, or a multicast one.
    octets: of data a frame carries. initiator: MAC of who connected.
    """

    relation: str
    kind: str
    octets: int
    initiator: str


class Bonds:
    """Bounded: past 16384 frame ids the oldest is forgotten."""

    def __init__(self) -> None:
        self._bonds: dict[tuple[int, str, str, int], Bond] = {}

    def add(self, realm: int, source: str, target: str, frame_id: int, bond: Bond) -> None:
        """Frames of this id from MAC `source` to MAC `target` belong to `bond` from now on."""
        key = (realm, source, target, frame_id)
        self._bonds.pop(key, None)
        if len(self._bonds) >= _MAX_BONDS:
            del self._bonds[next(iter(self._bonds))]
        self._bonds[key] = bond

    def find(self, realm: int, source: str, target: str, frame_id: int) -> Bond | None:
        """The relation of these frames, or None where its connect was not seen."""
        return self._bonds.get((realm, source, target, frame_id))
