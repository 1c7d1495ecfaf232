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
_CODINGS: Final = {b"gzip": b"gzip", b"x-gzip": b"gzip", b"deflate": b"deflate"}


def codings_of(field: bytes) -> tuple[bytes, ...]:
    """Codings of a Content-Encoding field, the outermost first; those that nothing is known of end it.

    Raises DecodeError where there are more than LAYERS. Source: RFC 9110 clause 8.4.
    """
    words = [word.strip().lower() for word in field.split(b",")]
    found = [word for word in words if word not in (b"identity", b"")]
    if len(found) > LAYERS:
        raise DecodeError("coded-too-often", 0)
    if any(word not in _CODINGS for word in found):
        return ()
    return tuple(_CODINGS[word] for word in reversed(found))


class Inflater:
    """Undoes one coding of a body piece by piece. Raises DecodeError: `body-bomb` past its bounds, `body-not-coded`."""

    def __init__(self, coding: bytes) -> None:
        self._coding = coding
        self._taken = self._given = 0
        self._first = True
        self._zlib = zlib.decompressobj(31 if coding == b"gzip" else 15)

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """What these octets become, piece by piece."""
        self._taken += len(octets)
        while octets and not self._zlib.eof:
            part = self._step(octets)
            self._given += len(part)
            yield part
            large = self._given > max(_SUSPICIOUS, _RATIO * self._taken)
            if large or self._given > MOST_OCTETS:
                raise DecodeError("body-bomb", self._taken)
            octets = self._zlib.unconsumed_tail

    def _step(self, octets: bytes) -> bytes:
        try:
            part = self._zlib.decompress(octets, _STEP)
        except zlib.error as error:
            if not (self._first and self._coding == b"deflate"):
                raise DecodeError("body-not-coded", self._taken) from error
            self._zlib = zlib.decompressobj(
                -15
            )  # RFC 9110 8.4.1.2: some servers send it without zlib's frame
            try:
                part = self._zlib.decompress(octets, _STEP)
            except zlib.error as again:
                raise DecodeError("body-not-coded", self._taken) from again
        self._first = False
        return part


def unpacked(octets: bytes, inflaters: Sequence[Inflater]) -> Iterator[bytes]:
    """What octets become, through all codings from the outermost on."""
    if not inflaters:
        yield octets
        return
    for part in inflaters[0].feed(octets):
        yield from unpacked(part, inflaters[1:])
