"""The files that bodies of HTTP/1 are, or carry.

Source: RFC 7578 (forms with parts), RFC 6266 (names), RFC 9110 clause 9.3 (what posts and puts bring).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.body import file_buffers
from interlock.decode.buffers.uri import path_of
from interlock.decode.protocols.http.bodies import boundary_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.decode.buffers.body import Body
    from interlock.decode.buffers.http_head import Head

__all__ = ["files_in", "has_files", "named"]

_BRINGING: Final = frozenset({b"POST", b"PUT"})
_NAMED: Final = re.compile(rb"filename=(?:\"([^\"\r\n]{0,255})|([^\";\s]{1,255}))", re.IGNORECASE)
_MOST_PARTS: Final = 64


def has_files(head: Head | None) -> bool:
    """Whether a body is a file: an answer's, and what is posted or put."""
    return head is None or not head.asks or head.parts[0] in _BRINGING


def named(asked: Head | None, head: Head | None) -> bytes:
    """The name of the file that a body is: as its head has it, else the path by which it was asked for."""
    target = asked.target if asked is not None else b""
    raw = head.raw if head is not None else b""
    return name_of(b"", b"\n" + raw).encode() or path_of(target)


def files_in(
    body: Body, head: Head | None, name: bytes, asked: frozenset[str]
) -> Iterable[tuple[str, bytes]]:
    """Buffers of the files of a body: those in a form that is posted, else it is one itself."""
    formed = head is not None and head.asks and head.parts[0] == b"POST"
    boundary = boundary_of(b"\n" + head.raw) if head is not None and formed else None
    if boundary is None:
        return body.facts(name)
    body.divided = True
    return _parts(bytes(body.kept), b"--" + boundary, asked)


def _parts(octets: bytes, mark: bytes, asked: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    """Buffers of each part that is a file, though its name be empty; the last one may have no end yet."""
    pieces = octets.split(mark, _MOST_PARTS)[1:]
    for number, piece in enumerate(pieces, 1):
        head, blank, content = piece.partition(b"\r\n\r\n")
        told = _NAMED.search(head) if blank else None
        if told is None:
            continue
        if number < len(pieces):
            content = content.removesuffix(b"\r\n")
        name = told[1] or told[2]
        if content:
            yield from file_buffers(content, name, whole=number < len(pieces), asked=asked)
        elif name:
            yield "file.name", name
