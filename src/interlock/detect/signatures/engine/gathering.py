"""Stretches of octets copied one behind the other, by the decoder's compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.decode import columns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["gather"]

_gathered: Any = columns.gathered


def gather(
    octets: NDArray[np.uint8], begins: NDArray[np.int64], lengths: NDArray[np.int32]
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """All stretches, and where each begins in what comes back, with one number more than there are."""
    made: tuple[NDArray[np.uint8], NDArray[np.int32]] = _gathered(octets, begins, lengths)
    return made
