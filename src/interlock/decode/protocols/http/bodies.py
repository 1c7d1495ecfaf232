"""Bodies that carry files: which of them are read, and the files of a form.

Read are what PUT brings, forms with files, archives and octets that POST brings, what a name's end calls a program or
firmware, and attachments; all other bodies are passed over. Cutting and decoding decide by the same words.
Source: RFC 9110 clause 9.3, RFC 7578, RFC 2046 clause 5.1, RFC 6266.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from interlock.records.file_kinds import FIRMWARES, PROGRAMS, SETTINGS, ending

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Body", "boundary_of", "brings_file", "fetches_file", "files_of", "gives_file", "name_of"]

_TYPE: Final = re.compile(
    rb"\ncontent-type[ \t]*:[ \t]*(multipart/form-data|application/(?:octet-stream|zip|x-zip[\w-]*))",
    re.IGNORECASE,
)
_ATTACHED: Final = re.compile(rb"\ncontent-disposition[ \t]*:[ \t]*attachment", re.IGNORECASE)
_BOUNDARY: Final = re.compile(rb"\ncontent-type[ \t]*:[^\r\n]*boundary=\"?([^\";\r\n]{1,70})", re.IGNORECASE)
_NAMED: Final = re.compile(rb"filename=\"?([^\";\r\n]{1,255})", re.IGNORECASE)
_MAX_PARTS: Final = 64


def _end_of(target: bytes) -> str:
    path = target.partition(b"?")[0].partition(b"#")[0]
    return ending(path.decode("latin-1")) if b"." in path.rpartition(b"/")[2] else ""


def brings_file(method: bytes, target: bytes, head: bytes) -> bool:
    """Whether a request's body is read."""
    if method == b"PUT":
        return True
    told = _TYPE.search(head) is not None
    return method == b"POST" and (told or _end_of(target) in PROGRAMS | FIRMWARES | SETTINGS)


def fetches_file(method: bytes, target: bytes) -> bool:
    """Whether the answer to a request is read, whatever it says of itself."""
    return method == b"GET" and _end_of(target) in PROGRAMS | FIRMWARES


def gives_file(asked: bool, head: bytes) -> bool:
    """Whether an answer's body is read. asked: fetches_file."""
    return head[9:12] == b"200" and (asked or _ATTACHED.search(head) is not None)


def boundary_of(head: bytes) -> bytes | None:
    """What parts a form, where it is one with parts."""
    found = _BOUNDARY.search(head)
    return found[1] if found is not None else None


def name_of(target: bytes, head: bytes) -> str:
    """The file's name, as the answer's head or the request's path has it."""
    line = next((part for part in head.split(b"\n") if part[:20].lower() == b"content-disposition:"), b"")
    named = _NAMED.search(line)
    path = target.partition(b"?")[0]
    return (named[1] if named is not None else path).decode("utf-8", "backslashreplace")


def files_of(octets: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and octets of each file in a form; its other fields, which may be secret, are not looked at."""
    for part in octets.split(b"--" + boundary, _MAX_PARTS)[1:]:
        head, blank, rest = part.partition(b"\r\n\r\n")
        named = _NAMED.search(head)
        if blank and named is not None and rest.endswith(b"\r\n"):
            yield named[1].decode("utf-8", "backslashreplace"), rest[:-2]


class Body:
    """A body under way. left: octets to come, of all or of this chunk. line: a chunk's size line is next."""

    __slots__ = ("artifact", "boundary", "chunked", "left", "line")

    def __init__(self, artifact: Any, boundary: bytes | None, left: int) -> None:
        """left: -1 where it comes in chunks."""
        self.artifact, self.boundary, self.left = artifact, boundary, left
        self.chunked = self.line = left < 0
