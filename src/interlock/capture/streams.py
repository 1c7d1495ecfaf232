"""Octet streams: a file or standard input as it is, or gunzipped or unzstd'ed on the way.

A stream never holds more than one chunk. What a compressed stream gives out is bounded: past
EXPANSION_FREE octets it may be at most EXPANSION_LIMIT times what was read, else it is a zip bomb.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, TypeVar

from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CHUNK_OCTETS",
    "EXPANSION_FREE",
    "EXPANSION_LIMIT",
    "GZIP_MAGIC",
    "ZSTD_MAGIC",
    "Expansion",
    "GzipStream",
    "OctetStream",
    "PlainStream",
    "RawOctets",
    "decompressed",
    "is_skippable",
]

_T = TypeVar("_T")

EXPANSION_LIMIT: Final = 250
"""Real captures shrink by 3 to 60; gzip's own limit is 1032, zstd's beyond 10,000."""
EXPANSION_FREE: Final = 64 << 20
"""Octets that a stream may give before its expansion is judged."""
CHUNK_OCTETS: Final = 1 << 15
"""Compressed octets taken at a time; small, since what follows a gzip member's end is copied per member."""
_GIVEN_OCTETS: Final = 1 << 20
GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"


class RawOctets:
    """Octets as they lie in the file. `taken` counts those given out; errors name `name`."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._ahead = b""
        self.name = name
        self.taken = 0

    def peek(self, count: int) -> bytes:
        """Return the next octets without taking them; fewer only at the end."""
        while len(self._ahead) < count:
            more = self._guard(lambda: self._file.read(count - len(self._ahead)))
            if not more:
                break
            self._ahead += more
        return self._ahead[:count]

    def readinto(self, view: memoryview) -> int:
        """Fill the view's beginning; returns how many octets came, 0 only at the end (or for no room)."""
        if self._ahead:
            count = min(len(view), len(self._ahead))
            view[:count] = self._ahead[:count]
            self._ahead = self._ahead[count:]
        else:
            count = self._guard(lambda: self._file.readinto(view)) or 0  # type: ignore[attr-defined]
        self.taken += count
        return count

    def read(self, count: int) -> bytes:
        """Up to `count` octets, none only at the end."""
        if self._ahead:
            octets, self._ahead = self._ahead[:count], self._ahead[count:]
        else:
            octets = self._guard(lambda: self._file.read(count)) or b""
        self.taken += len(octets)
        return octets

    def close(self) -> None:
        """Give the file back to the system."""
        self._file.close()

    def _guard(self, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except OSError as error:
            reason = error.strerror or error
            raise SourceError(
                f"{self.name}: cannot be read ({reason}); check the disk, or copy it again"
            ) from error


class OctetStream(Protocol):
    """What readers read from. `damage`: why it ended before its end, else empty."""

    damage: str

    def readinto(self, view: memoryview) -> int:
        """Fill the view's beginning; returns how many octets came, 0 only at the end (or for no room)."""
        ...


class PlainStream:
    """The octets as they are."""

    def __init__(self, raw: RawOctets) -> None:
        self.damage = ""
        self.readinto = raw.readinto


class Expansion:
    """Counts what a compressed stream gives and raises SourceError past the bound."""

    def __init__(self, raw: RawOctets) -> None:
        self._raw = raw
        self._given = 0

    def add(self, count: int) -> None:
        """Count octets given out. Raises SourceError past the bound."""
        self._given += count
        if self._given > EXPANSION_FREE and self._given > EXPANSION_LIMIT * self._raw.taken:
            raise SourceError(
                f"{self._raw.name}: expands to over {EXPANSION_LIMIT} times its size, as a zip bomb does; "
                "if it is a real capture, uncompress it and read that"
            )


class GzipStream:
    """One or more gzip members, each with its checksum checked. Source: RFC 1952."""

    def __init__(self, raw: RawOctets) -> None:
        self._raw = raw
        self._expansion = Expansion(raw)
        self._inflater = zlib.decompressobj(wbits=31)
        self._input = b""
        self._members = 0
        self._ended = False
        self.damage = ""

    def readinto(self, view: memoryview) -> int:
        """Fill the view's beginning; returns how many octets came, 0 only at the end (or for no room)."""
        while len(view) and not self._ended:
            octets = self._inflate(len(view))
            if octets:
                view[: len(octets)] = octets
                self._expansion.add(len(octets))
                return len(octets)
        return 0

    def _inflate(self, room: int) -> bytes:
        """One step: some octets, or none while headers, trailers and member ends go by."""
        if self._inflater.eof:
            self._next_member()
            return b""
        if not self._input:
            self._input = self._raw.read(CHUNK_OCTETS)
        exhausted = not self._input
        try:
            octets = self._inflater.decompress(self._input, min(room, _GIVEN_OCTETS))
        except zlib.error as error:
            return self._end(f"its gzip data is damaged ({error})")
        self._input = self._inflater.unconsumed_tail
        if exhausted and not octets and not self._inflater.eof:
            return self._end("its gzip data ends early")
        return octets

    def _next_member(self) -> None:
        """Begin the next member, or end: what follows the last one may be zeros, as gzip itself allows."""
        rest = self._inflater.unused_data or self._raw.read(CHUNK_OCTETS)
        self._members += 1
        if not rest.strip(b"\0"):
            self._end("")
            return
        self._inflater = zlib.decompressobj(wbits=31)
        self._input = rest

    def _end(self, damage: str) -> bytes:
        self.damage, self._ended = damage, True
        return b""


def decompressed(raw: RawOctets) -> OctetStream:
    """Choose the stream behind `raw` by its first octets: gzip, zstd, or as it is."""
    head = raw.peek(4)
    if head[:2] == GZIP_MAGIC:
        return GzipStream(raw)
    if head == ZSTD_MAGIC or is_skippable(head):
        from interlock.capture.zstd import ZstdStream  # noqa: PLC0415 (small commands need no zstd)

        return ZstdStream(raw)
    return PlainStream(raw)


def is_skippable(head: bytes) -> bool:
    """Whether a zstd stream may begin so: with a skippable frame (RFC 8878 section 3.1.2)."""
    return len(head) == 4 and head[1:] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50
