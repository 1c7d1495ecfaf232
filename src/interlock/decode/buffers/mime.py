"""Messages of e-mail taken apart within bounds: fields, and the files in them.

Source: RFC 5322 clause 2.2, RFC 2045 clauses 5 and 6, RFC 2046 clauses 5.1 and 5.2, RFC 2183, RFC 2231 clause 3.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["fields_of", "files_of_mail"]

_MOST_FIELDS, _MOST_PARTS, _DEEPEST = 256, 64, 5
_FOLDED: Final = re.compile(rb"\r?\n[ \t]+")
_BOUNDARY: Final = re.compile(rb"boundary=(?:\"([^\"\r\n]{1,120})\"|([^\s;\"]{1,120}))", re.IGNORECASE)


def _named(form: bytes) -> tuple[re.Pattern[bytes], ...]:
    """Of the disposition of a part and of its type, what tells the name of a file: `filename`, and `name`."""
    value = rb"=(?:\"([^\"\r\n]{1,255})\"|([^\s;\"]{1,255}))"
    return tuple(
        re.compile(rb"(?<![\w*])" + word + form + value, re.IGNORECASE) for word in (b"filename", b"name")
    )


_NAMED: Final = _named(rb"\*?")
_IN_PIECES: Final = _named(rb"\*\d{1,2}\*?")
_PLAIN: Final = _named(rb"(?:\*\d{1,2})?")
"""Names as Suricata reads them: none in RFC 2231's coding (`filename*=utf-8''…`)."""
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")


def fields_of(head: bytes) -> dict[bytes, bytes]:
    """Fields of a message or part, names in lower case, folds undone; of equal ones the first."""
    found: dict[bytes, bytes] = {}
    for line in _FOLDED.sub(b" ", head).split(b"\n", _MOST_FIELDS)[:_MOST_FIELDS]:
        name, colon, value = line.partition(b":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def files_of_mail(
    message: bytes, *, whole: bool, plain: bool = False, depth: int = 0
) -> Iterator[tuple[bytes, bytes, bool]]:
    """Name (may be empty), octets, and whether these are all of them, of every file in a message.

    Text without a file's name is none. whole: whether the message is there to its end. plain: nothing is a file that
    has no name, or one in RFC 2231's coding alone, as Suricata has it.
    """
    head, blank, body = _cut(message)
    if not blank or depth > _DEEPEST:
        return
    fields = fields_of(head)
    kind = fields.get(b"content-type", b"text/plain")
    boundary = _BOUNDARY.search(kind)
    if boundary is not None and kind.lower().startswith(b"multipart/"):
        yield from _parts(body, b"--" + (boundary[1] or boundary[2]), depth, whole=whole, plain=plain)
        return
    if kind.lower().startswith(b"message/rfc822"):
        yield from files_of_mail(body, whole=whole, plain=plain, depth=depth + 1)
        return
    named_by = _plain_name if plain else _name_in
    named = named_by(fields.get(b"content-disposition", b""), 0) or named_by(kind, 1)
    if not named and (plain or kind.lower().startswith(b"text/")):
        return
    octets = _decoded(body, fields.get(b"content-transfer-encoding", b"").lower())
    yield named, octets, whole


def _name_in(field: bytes, which: int) -> bytes:
    """A file's name, also one in pieces; nothing where there is none. which: of `_named`."""
    named = _NAMED[which].search(field)
    if named is not None:
        return named[1] or named[2]
    return b"".join(one or other for one, other in _IN_PIECES[which].findall(field))[:255]


def _plain_name(field: bytes, which: int) -> bytes:
    return b"".join(one or other for one, other in _PLAIN[which].findall(field))[:255]


def _parts(
    body: bytes, mark: bytes, depth: int, *, whole: bool, plain: bool
) -> Iterator[tuple[bytes, bytes, bool]]:
    pieces = (b"\n" + body).split(b"\n" + mark, _MOST_PARTS + 1)
    for number, piece in enumerate(pieces[1:], 1):
        if piece.startswith(b"--"):
            return
        part = piece.partition(b"\n")[2]
        ended = number + 1 < len(pieces)
        yield from files_of_mail(part.removesuffix(b"\r"), whole=ended or whole, plain=plain, depth=depth + 1)


def _cut(message: bytes) -> tuple[bytes, bytes, bytes]:
    """Head, blank line, body; a part may have no head."""
    if message.startswith((b"\r\n", b"\n")):
        return b"", b"\n", message.lstrip(b"\r").removeprefix(b"\n")
    at = re.search(rb"\r?\n\r?\n", message)
    return (message[: at.start()], b"\n", message[at.end() :]) if at is not None else (message, b"", b"")


def _decoded(body: bytes, coding: bytes) -> bytes:
    if coding.startswith(b"base64"):
        letters = _NOT_BASE64.sub(b"", body)
        return binascii.a2b_base64(letters[: len(letters) & ~3] + _padded(letters))
    if coding.startswith(b"quoted-printable"):
        return binascii.a2b_qp(body)
    return body


def _padded(letters: bytes) -> bytes:
    """What is left of base64's letters as a group of four; a single one says nothing."""
    rest = letters[len(letters) & ~3 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""
