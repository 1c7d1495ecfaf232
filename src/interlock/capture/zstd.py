"""Zstandard streams, fed to the library one block at a time.

A block gives at most 128 KiB, so that no piece of input can blow up memory, and walking the blocks shows
exactly where a cut stream ends, which the library alone does not tell.

    frame | magic 4 | descriptor 1 | window 0-1 | dictionary 0-4 | content size 0-8 | blocks | checksum 0-4 |
    block | last 1 bit, type 2 bits, size 21 bits, little-endian | content |

Source: RFC 8878 sections 3.1.1 and 3.1.2.
"""

from __future__ import annotations

from typing import Final

import zstandard

from interlock.capture.streams import ZSTD_MAGIC, Expansion, RawOctets, is_skippable
from interlock.errors import SourceError

__all__ = ["MAX_WINDOW_OCTETS", "ZstdStream"]

MAX_WINDOW_OCTETS: Final = 1 << 27
"""What the zstd program itself accepts without being told otherwise."""
_MAX_BLOCK_OCTETS: Final = 1 << 17
_RLE: Final = 1


class _Cut(Exception):  # noqa: N818 (it ends a stream, the caller decides whether that is an error)
    """The stream cannot go on; the text says why."""


class ZstdStream:
    """One or more zstd frames, skippable ones passed over, each with its checksum checked."""

    def __init__(self, raw: RawOctets) -> None:
        self._raw = raw
        self._expansion = Expansion(raw)
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._checksum = 0
        self._output = memoryview(b"")
        self._ended = False
        self.damage = ""

    def readinto(self, view: memoryview) -> int:
        """Fill the view's beginning; returns how many octets came, 0 only at the end (or for no room)."""
        while len(view) and not self._output and not self._ended:
            try:
                self._output = memoryview(self._block() if self._frame else self._begin())
            except (_Cut, zstandard.ZstdError) as error:
                self.damage, self._ended = f"its zstd data {_reason(error)}", True
            self._expansion.add(len(self._output))
        count = min(len(view), len(self._output))
        view[:count] = self._output[:count]
        self._output = self._output[count:]
        return count

    def _begin(self) -> bytes:
        """Read a frame's header, or pass over a skippable frame, or end."""
        magic = self._raw.peek(4)
        if not magic:
            self._ended = True
            return b""
        if is_skippable(magic):
            left = int.from_bytes(self._take(8)[4:], "little")
            while left:
                left -= len(self._take(min(left, _MAX_BLOCK_OCTETS)))
            return b""
        if magic != ZSTD_MAGIC:
            raise _Cut("is followed by something else")
        descriptor = self._raw.peek(5)[-1]
        single = descriptor >> 5 & 1
        size = (single, 2, 4, 8)[descriptor >> 6] + (0, 1, 2, 4)[descriptor & 3] + 1 - single
        header = self._take(5 + size)
        self._checksum = 4 if descriptor & 4 else 0
        self._check_window(header)
        frame = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_OCTETS).decompressobj()
        self._frame = frame
        return frame.decompress(header)

    def _check_window(self, header: bytes) -> None:
        window = zstandard.get_frame_parameters(header).window_size
        if window > MAX_WINDOW_OCTETS:
            raise SourceError(
                f"{self._raw.name}: needs {window >> 20} MiB of memory to uncompress; "
                "run `zstd -d --long=31` on it and read the result"
            )

    def _block(self) -> bytes:
        """Read and uncompress one block, and with the last one the frame's checksum."""
        assert self._frame is not None
        header = self._take(3)
        fields = int.from_bytes(header, "little")
        size = 1 if fields >> 1 & 3 == _RLE else fields >> 3
        if fields >> 3 > _MAX_BLOCK_OCTETS:
            raise _Cut("is damaged (a block is too long)")
        last = fields & 1
        octets = self._frame.decompress(header + self._take(size))
        if last:
            trailer = self._take(self._checksum)
            octets += self._frame.decompress(trailer) if trailer else b""
            self._frame = None
        return octets

    def _take(self, count: int) -> bytes:
        """Exactly `count` octets. Raises _Cut where the stream ends before."""
        parts = []
        while count:
            part = self._raw.read(count)
            if not part:
                raise _Cut("ends early")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, _Cut) else f"is damaged ({error})"
