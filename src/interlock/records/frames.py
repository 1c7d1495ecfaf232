"""Frames: a batch of captured frames as columns over one buffer, the only thing capture hands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LINKTYPE_ETHERNET", "SPILL_OCTETS", "Frames", "Source"]

LINKTYPE_ETHERNET = 1
SPILL_OCTETS = 1 << 18
"""Room that readers leave behind the frames, where decode joins what came in several frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One capture file (or sensor and interface) and the address space it belongs to."""

    name: str
    realm: str = "default"


@dataclass(slots=True, kw_only=True)
class Frames:
    """`n` frames in time order, as equally long columns over `octets`.

    octets: uint8, `used` of them filled by the reader; the rest is room for decode.
    offset: int64, where a frame begins in `octets`. caplen: int32, octets that are there.
    wirelen: int32, octets that were on the wire. time: int64, UTC ns since 1970.
    linktype: int32, the LINKTYPE_ number of the frame's interface.
    source: int32, index into the run's sources. number: int64, from 1 within its source.
    """

    octets: NDArray[np.uint8]
    used: int
    offset: NDArray[np.int64]
    caplen: NDArray[np.int32]
    wirelen: NDArray[np.int32]
    time: NDArray[np.int64]
    linktype: NDArray[np.int32]
    source: NDArray[np.int32]
    number: NDArray[np.int64]
    notes: tuple[str, ...] = field(default=())

    @property
    def n(self) -> int:
        """How many frames there are."""
        return len(self.offset)
