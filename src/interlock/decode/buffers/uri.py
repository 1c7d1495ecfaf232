"""Request targets as a server would understand them: decoded once, slashes and dots resolved."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["normalised", "parts_of"]

_ENCODED: Final = re.compile(rb"%(?:u([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2}))")
_ABSOLUTE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")
_SLASHES: Final = re.compile(rb"/{2,}")


def parts_of(target: bytes) -> tuple[bytes, bytes]:
    """Authority (empty where the target has none) and the rest of a request target (RFC 9112 clause 3.2)."""
    found = _ABSOLUTE.match(target)
    if found is None:
        return b"", target
    return found[1].rpartition(b"@")[2], target[found.end() :] or b"/"


def normalised(target: bytes) -> bytes:
    """Path and query, decoded; in the path backslashes are slashes, slashes are single, dot segments are gone.

    Source: RFC 3986 clauses 2.1 and 5.2.4, and what the Suricata user guide says of http.uri.
    """
    path, mark, query = parts_of(target)[1].partition(b"?")
    path = _ENCODED.sub(_octet, path).replace(b"\\", b"/")
    if b"//" in path:
        path = _SLASHES.sub(b"/", path)
    if b"/." in path:
        path = _without_dots(path)
    return path + mark + (_ENCODED.sub(_octet, query) if query else b"")


def _octet(found: re.Match[bytes]) -> bytes:
    if found[2] is not None:
        return bytes.fromhex(found[2].decode())
    return bytes([int(found[1], 16) & 0xFF])


def _without_dots(path: bytes) -> bytes:
    kept: list[bytes] = []
    *before, last = path.split(b"/")
    for part in (*before, last):
        if part == b"..":
            if len(kept) > 1:
                kept.pop()
        elif part != b".":
            kept.append(part)
    if last in (b".", b".."):
        kept.append(b"")
    return b"/".join(kept)
