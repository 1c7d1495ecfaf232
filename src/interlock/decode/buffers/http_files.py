"""The files that bodies of HTTP/1 are, or carry.

Source: RFC 7578 (forms with parts), RFC 6266 (names), RFC 9110 clause 9.3 (what posts and puts bring).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.uri import parts_of
from interlock.decode.protocols.http.bodies import boundary_of, files_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.decode.buffers.body import Body
    from interlock.decode.buffers.http_head import Head

__all__ = ["files_in", "has_files", "named"]

_BRINGING: Final = frozenset({b"POST", b"PUT"})


def has_files(head: Head | None) -> bool:
    """Whether a body is a file: an answer's, and what is posted or put."""
    return head is None or not head.asks or head.parts[0] in _BRINGING


def named(asked: Head | None, head: Head | None) -> bytes:
    """The name of the file that a body is: as its head has it, else as it was asked for."""
    target = asked.target if asked is not None else b""
    raw = head.raw if head is not None else b""
    return name_of(parts_of(target)[1], b"\n" + raw).encode()


def files_in(body: Body, head: Head | None, name: bytes) -> Iterable[tuple[str, bytes]]:
    """Buffers of the files of a body: those in a form that is posted, else it is one itself."""
    formed = head is not None and head.asks and head.parts[0] == b"POST"
    boundary = boundary_of(b"\n" + head.raw) if head is not None and formed else None
    if boundary is None:
        return body.facts(name)
    body.divided = True
    parts = files_of(bytes(body.kept), boundary)
    return [pair for told, octets in parts if octets for pair in _file(told, octets)]


def _file(name: str, octets: bytes) -> Iterable[tuple[str, bytes]]:
    return (("file.data", octets), ("file.name", name.encode()))
