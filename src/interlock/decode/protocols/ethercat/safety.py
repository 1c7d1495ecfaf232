"""FSoE in logical process data: where it stands is not on the wire, so every place that could hold a PDU is watched.

A segment's image is looked at for so many frames only; safety PDUs show themselves within a few of their cycles.
Source: ETG.5100 (IEC 61784-3-12), clause 7.1: PDUs of 6 octets, or of 3 and 4 for each 2 octets of safe data.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.safety.fsoe import COMMANDS, FSOE, FsoeWatch, is_candidate

__all__ = ["SafetyWatch"]

SIZES: Final = (6, 7, 11, 15, 19, 23, 27, 31)
SHORTEST: Final = 6
MAX_LOOKS: Final = 4096
"""Images that are looked at for each logical address."""
MAX_IMAGES: Final = 64
MAX_PLACES: Final = 64
"""Places of one image that are looked at in one frame."""


class SafetyWatch:
    """Looks at images of process data until safety is proven in one, or it has been looked at often enough."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._watch = FsoeWatch()
        self._looks: dict[object, int] = {}
        self._last: dict[object, bytes] = {}

    def look(self, m: Any, i: int, image: object, octets: bytes) -> None:
        """Look at an image (a command and a logical address) as it is now."""
        key = (self._decoder.flows.realm_of(m.flow[i]), self._decoder.facts.receiver(m, i), image)
        looks = self._looks.get(key, 0)
        if self._last.get(key) == octets or looks >= MAX_LOOKS or (key not in self._looks and self._full()):
            return
        self._looks[key], self._last[key] = looks + 1, octets
        for at, size in _places(octets):
            basis = self._watch.seen((key, at, size), octets[at : at + size])
            if basis is not None:
                self._looks[key] = MAX_LOOKS
                who = self._decoder.facts.receiver(m, i)
                self._decoder.facts.clue(m, i, who, "safety", f"{FSOE} ({basis})", "ethercat", 0.85)
                return

    def _full(self) -> bool:
        return len(self._looks) >= MAX_IMAGES


def _places(octets: bytes) -> list[tuple[int, int]]:
    """Offset and size of everything that has the form of a safety PDU."""
    found: list[tuple[int, int]] = []
    for at in range(len(octets) - SHORTEST + 1):
        if octets[at] not in COMMANDS:
            continue
        fit = (size for size in SIZES if at + size <= len(octets))
        found += [(at, size) for size in fit if is_candidate(octets[at : at + size])]
        if len(found) >= MAX_PLACES:
            break
    return found
