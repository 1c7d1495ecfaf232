"""A body or file as it comes: its first octets for inspection, hashes of all of it, its MIME type."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.buffers.inflate import Inflater, unpacked
from interlock.decode.buffers.magic import mime_of
from interlock.errors import DecodeError
from interlock.records.buffers import CHUNKED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.decode.buffers.sink import Sink

__all__ = ["HASHES", "KEPT", "Body", "file_buffers", "name_of_file"]

KEPT: Final = 102_400
"""Octets of a body that are kept: what Suricata inspects of one by default."""
KEPT_FILE: Final = 1 << 20
"""Octets of a file that is there at once: Suricata looks at files of mails, FTP and SMB to their end."""
HASHES: Final = ("md5", "sha1", "sha256")
_ON_SHARE: Final = re.compile(r"\\\\[^\\]*\\[^\\]*\\")
_SIZES: Final = frozenset({"file.size", "file.seen"})


class Body:
    """codings: what to undo, the outermost first. full: as much is kept as ever will be.

    divided: its files are parts of it, so that its size is none of a file's.
    """

    def __init__(self, sink: Sink, protocol: str, codings: tuple[bytes, ...] = ()) -> None:
        self.kept = bytearray()
        self.whole = True
        self.divided = False
        self.size = 0
        self._sink = sink
        self._protocol = protocol
        self._refused = False
        self._inflaters = [Inflater() for _ in codings]
        asked = (name for name in HASHES if f"file.{name}" in sink.asked)
        self._sums: dict[str, Any] = {name: hashlib.new(name, usedforsecurity=False) for name in asked}
        self._counts = bool(self._sums) or bool(_SIZES & sink.asked)
        self._limited = CHUNKED in sink.asked

    @property
    def full(self) -> bool:
        """Whether nothing more is kept."""
        return len(self.kept) >= KEPT

    def feed(self, octets: bytes) -> None:
        """The next octets, as they came."""
        if not self.whole or (self.full and (self.size > KEPT if self._limited else not self._counts)):
            return
        try:
            for part in unpacked(octets, self._inflaters):
                self._take(part)
                if self.full and not self._counts:
                    break
        except DecodeError as error:
            self.whole = False
            self._sink.fault(self._protocol, error.oddity, octets)
        if self._inflaters and any(inflater.refused for inflater in self._inflaters) and not self._refused:
            self._refused = True
            self._sink.fault(self._protocol, "body-not-coded", octets)

    def _take(self, octets: bytes) -> None:
        self.size += len(octets)
        if not self.full:
            self.kept += octets[: KEPT - len(self.kept)]
        for told in self._sums.values():
            told.update(octets)

    def facts(self, name: bytes) -> Iterator[tuple[str, bytes]]:
        """Buffers of its beginning."""
        octets = bytes(self.kept)
        yield "file.data", octets
        if name:
            yield "file.name", name
        if "file.mime" in self._sink.asked:
            yield "file.mime", mime_of(octets).encode()

    def hashes(self, *, whole: bool = True) -> Iterator[tuple[str, bytes]]:
        """Buffers of all of it; where not all was seen, only how much was. whole: it came to its end."""
        whole = whole and self.whole and self.size > 0 and not self.divided
        if self._limited and self.size > KEPT:  # Suricata follows a body no further, and so its file
            yield "file.seen", str(KEPT).encode()
            return
        if not self.divided and self.size:
            yield "file.seen", str(self.size).encode()
            if whole:
                yield "file.size", str(self.size).encode()
        if whole:
            for name, told in self._sums.items():
                yield f"file.{name}", told.hexdigest().encode()


def name_of_file(protocol: str, name: str) -> bytes:
    """As rules know it: of SMB without its share."""
    return (_ON_SHARE.sub("", name, 1) if protocol == "smb" else name).encode("utf-8", "backslashreplace")


def file_buffers(
    octets: bytes, name: bytes, *, whole: bool, asked: frozenset[str]
) -> Iterator[tuple[str, bytes]]:
    """Buffers of a file that is there at once. whole: to its end, so that its hashes say something."""
    yield "file.data", octets[:KEPT_FILE]
    if name:
        yield "file.name", name
    yield "file.mime", mime_of(octets).encode()
    yield "file.seen", str(len(octets)).encode()
    if whole:
        yield "file.size", str(len(octets)).encode()
    for told in HASHES if whole else ():
        if f"file.{told}" in asked:
            yield f"file.{told}", hashlib.new(told, octets, usedforsecurity=False).hexdigest().encode()
