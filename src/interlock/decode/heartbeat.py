"""What decoding tells of itself to whoever watches it: a few numbers in memory that both share.

A decoder that never returns can tell nothing; what it last wrote here names the frame that it hangs on.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BUSY", "FRAME", "PATIENCE", "SIZE", "SOURCE", "STEPS", "WRITTEN", "unwatched"]

STEPS, SOURCE, FRAME, BUSY, PATIENCE, WRITTEN = range(6)
"""Places in the row of 64-bit numbers: frames and messages begun; source and number of that frame; whether a
decoder or framer works on it now; milliseconds of processor time that one may take (0: is not to be watched yet);
octets of the result that standard output has taken."""

SIZE: Final = 8


def unwatched() -> memoryview:
    """A row that nobody looks at."""
    return memoryview(bytearray(8 * SIZE)).cast("q")
