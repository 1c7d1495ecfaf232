r"""All detectors' memories as one blob.

    "interlock/detectors/1\n" · a line of JSON: [[detector, octets of its memory, CRC-32], …] · the memories, zstd

Each memory is what its detector's `dump` gave, and says for itself of which detector and version it is. A detector that
is not in the blob begins anew; one that is there no longer is passed over.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, Final

import zstandard

from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["pack", "unpack"]

_FORMAT: Final = b"interlock/detectors/1\n"
_MOST_OCTETS: Final = 1 << 30
"""More than all detectors may remember: larger is no blob of ours, and would eat the machine's memory."""


def pack(states: Mapping[str, bytes]) -> bytes:
    """Memories by detector as a blob."""
    index = [[name, len(state), zlib.crc32(state)] for name, state in states.items()]
    whole = zstandard.ZstdCompressor(level=1).compress(b"".join(states.values()))
    return b"".join((_FORMAT, json.dumps(index).encode(), b"\n", whole))


def unpack(blob: bytes) -> dict[str, bytes]:
    """Memories by detector. Raises SourceError where it is no such blob, or a part of it is damaged."""
    if not blob.startswith(_FORMAT):
        raise SourceError(f"the state kept for detectors does not begin with {_FORMAT.decode().strip()}")
    head, _, rest = blob[len(_FORMAT) :].partition(b"\n")
    try:
        return _parts(json.loads(head), rest)
    except (ValueError, TypeError, RecursionError, MemoryError, zstandard.ZstdError) as error:
        raise SourceError(f"the state kept for detectors cannot be read: {error}") from error


def _parts(index: list[list[Any]], octets: bytes) -> dict[str, bytes]:
    total = zstandard.get_frame_parameters(octets).content_size
    if total != sum(max(0, int(length)) for _, length, _ in index) or total > _MOST_OCTETS:
        raise ValueError("its parts are not as long as it says")
    whole, states, begin = zstandard.ZstdDecompressor().decompress(octets), {}, 0
    for name, length, check in index:
        if str(name) in states:
            raise ValueError(f"two parts of it are called {name}")
        states[str(name)] = whole[begin : begin + length]
        begin += length
        if zlib.crc32(states[str(name)]) != check:
            raise ValueError(f"the memory of {name} is damaged")
    return states
