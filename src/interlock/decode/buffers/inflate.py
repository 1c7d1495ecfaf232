"""Content codings of HTTP undone within bounds: gzip and deflate, at most two of them, and no bomb."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LAYERS", "MOST_OCTETS", "Inflater", "codings_of", "unpacked"]

LAYERS: Final = 2
MOST_OCTETS: Final = 16 << 20
"""Octets that one body may become."""
_RATIO, _SUSPICIOUS = 1000, 1 << 20
"""So many times its size may a body become that is larger than _SUSPICIOUS."""
_STEP: Final = 1 << 16
_CODINGS: Final = (b"gzip", b"deflate")


def codings_of(field: bytes, *, asks: bool = False) -> tuple[bytes, ...]:
    """Codings of a Content-Encoding field that are undone, the outermost first; others are passed over.

    asks: of a request, where several are not undone. Source: RFC 9110 clause 8.4; lenient in spelling, as Suricata is.
    """
    words = [word.strip().lower() for word in field.split(b",")]
    if asks and (len(words) > 1 or words[0].removeprefix(b"x-") not in _CODINGS):
        return ()
    return tuple(coding for word in reversed(words) for coding in _CODINGS if coding in word)


class Inflater:
    """Undoes one coding of a body piece by piece. Raises DecodeError `body-bomb` past its bounds.

    refused: whether the octets were not so coded; from there on they are handed on as they are. Clients undo what a
    body is, whatever the field says, so that gzip, zlib's frame and bare deflate are tried (RFC 9110 clause 8.4.1.2).
    """

    def __init__(self) -> None:
        self.refused = False
        self._taken = self._given = 0
        self._first = True
        self._zlib = zlib.decompressobj(47)

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """What these octets become, piece by piece."""
        self._taken += len(octets)
        while octets and not self._zlib.eof:
            part = b"" if self.refused else self._step(octets)
            if self.refused:
                yield octets
                return
            self._given += len(part)
            yield part
            large = self._given > max(_SUSPICIOUS, _RATIO * self._taken)
            if large or self._given > MOST_OCTETS:
                raise DecodeError("body-bomb", self._taken)
            octets = self._zlib.unconsumed_tail

    def _step(self, octets: bytes) -> bytes:
        try:
            part = self._zlib.decompress(octets, _STEP)
        except zlib.error:
            if not self._first:
                self.refused = True
                return b""
            self._first = False
            self._zlib = zlib.decompressobj(-15)
            return self._step(octets)
        self._first = False
        return part


def unpacked(octets: bytes, inflaters: Sequence[Inflater]) -> Iterator[bytes]:
    """What octets become, through all codings from the outermost on."""
    if not inflaters:
        yield octets
        return
    for part in inflaters[0].feed(octets):
        yield from unpacked(part, inflaters[1:])
