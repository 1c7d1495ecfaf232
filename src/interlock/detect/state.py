r"""All detectors' memories as one blob.

    "interlock/detectors/2\n" · a line of JSON: [[detector, octets of its memory, CRC-32], …] · the memories, zstd

Each memory is what its detector's `dump` gave, and says for itself of which detector and version it is. A detector that
is not in the blob begins anew; one that is there no longer is passed over.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import zstandard

from interlock.errors import SourceError

__all__ = ["pack", "unpack"]

_FORMAT: Final = b"interlock/detectors/2\n"
_OLD: Final = b"interlock/detectors/1\n"
"""The same, but that its compressed part said how long it is."""
_MOST_OCTETS: Final = 1 << 30
"""More than all detectors may remember: larger is no blob of ours, and would eat the machine's memory."""
_PIECE: Final = 1 << 20


def pack(states: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    """Memories by detector as a blob. Of pairs that are made one by one, one at a time is held."""
    index: list[tuple[str, int, int]] = []
    press = zstandard.ZstdCompressor(level=1).compressobj()
    pressed: list[bytes] = []
    for name, state in states.items() if isinstance(states, Mapping) else states:
        index.append((name, len(state), zlib.crc32(state)))
        pressed.append(press.compress(state))
    return b"".join((_FORMAT, json.dumps(index).encode(), b"\n", *pressed, press.flush()))


def unpack(blob: bytes) -> dict[str, bytes]:
    """Memories by detector. Raises SourceError where it is no such blob, or a part of it is damaged."""
    if not blob.startswith((_FORMAT, _OLD)):
        raise SourceError(f"the state kept for detectors does not begin with {_FORMAT.decode().strip()}")
    head, _, rest = blob[len(_FORMAT) :].partition(b"\n")
    try:
        return _parts(json.loads(head), rest)
    except (ValueError, TypeError, RecursionError, MemoryError, zstandard.ZstdError) as error:
        raise SourceError(f"the state kept for detectors cannot be read: {error}") from error


def _parts(index: list[list[Any]], octets: bytes) -> dict[str, bytes]:
    total = sum(max(0, int(length)) for _, length, _ in index)
    if total > _MOST_OCTETS:
        raise ValueError("its parts are not as long as it says")
    whole, states, begin = _whole(octets, total), {}, 0
    for name, length, check in index:
        if str(name) in states:
            raise ValueError(f"two parts of it are called {name}")
        states[str(name)] = whole[begin : begin + length]
        begin += length
        if zlib.crc32(states[str(name)]) != check:
            raise ValueError(f"the memory of {name} is damaged")
    return states


def _whole(octets: bytes, total: int) -> bytes:
    """What was compressed. Raises ValueError, ZstdError where it is not of that length: no more than that is held."""
    said = zstandard.get_frame_parameters(octets).content_size
    if said not in (total, zstandard.CONTENTSIZE_UNKNOWN):
        raise ValueError("its parts are not as long as it says")
    pieces = zstandard.ZstdDecompressor().read_to_iter(octets, read_size=_PIECE, write_size=_PIECE)
    whole = bytearray()
    for piece in pieces:
        whole += piece
        if len(whole) > total:
            raise ValueError("its parts are not as long as it says")
    if len(whole) != total:
        raise ValueError("its parts are not as long as it says")
    return bytes(whole)
