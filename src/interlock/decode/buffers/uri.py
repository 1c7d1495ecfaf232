"""Request targets as a server would understand them: decoded once, slashes and dots resolved."""

from __future__ import annotations

import re
from typing import Final

from interlock.decode.buffers.best_fit import fitted, nearest

__all__ = ["normalised", "parts_of", "path_of"]

_ENCODED: Final = re.compile(rb"%(?:[uU]([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2}))")
_OCTET: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_AUTHORITY: Final = re.compile(rb"//(?=[\s\S])([^/?#]*)")
_PATH_END: Final = re.compile(rb"[?#]")
_SLASHES: Final = re.compile(rb"/{2,}")


def parts_of(target: bytes) -> tuple[bytes, bytes]:
    """Authority (empty where the target has none) and the rest of a request target (RFC 9112 clause 3.2).

    Whatever stands before a colon is a scheme, where a target does not begin with a slash (RFC 3986 clause 3.1).
    """
    if target.startswith(b"/"):
        return b"", target
    _, colon, rest = target.partition(b":")
    if not colon:
        return b"", target
    found = _AUTHORITY.match(rest)
    if found is None:
        return b"", rest
    return _ENCODED.sub(_octet, found[1].rpartition(b"@")[2]), rest[found.end() :]


def normalised(target: bytes) -> bytes:
    """Path, query and fragment, decoded; in the path backslashes are slashes, slashes single, dot segments gone.

    Characters of a path become single octets. Source: RFC 3986 clauses 2.1 and 5.2.4, and what the Suricata user guide
    says of http.uri.
    """
    path, query = _cut(target)
    path = _path(path)
    if not query:
        return path
    query, mark, fragment = query.partition(b"#")
    return path + _OCTET.sub(_octet_of_query, query) + mark + _ENCODED.sub(_octet, fragment)


def path_of(target: bytes) -> bytes:
    """The path alone, as `normalised` has it."""
    return _path(_cut(target)[0])


def _cut(target: bytes) -> tuple[bytes, bytes]:
    """Path, and what stands behind it, as they came."""
    rest = parts_of(target)[1]
    end = _PATH_END.search(rest)
    return (rest, b"") if end is None else (rest[: end.start()], rest[end.start() :])


def _path(path: bytes) -> bytes:
    if b"%" in path:
        path = _ENCODED.sub(_octet, path)
    path = path.replace(b"\\", b"/")
    if b"//" in path:
        path = _SLASHES.sub(b"/", path)
    path = fitted(path)
    if path[:1] == b"." or b"/." in path:
        path = _without_dots(path)
    return path


def _octet(found: re.Match[bytes]) -> bytes:
    if found[2] is not None:
        return bytes.fromhex(found[2].decode())
    return bytes([nearest(int(found[1], 16))])


def _octet_of_query(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode())


def _without_dots(path: bytes) -> bytes:
    while path.startswith((b"./", b"../")):
        path = path.partition(b"/")[2]
    if path in {b".", b".."}:
        return b""
    first, *others = path.split(b"/")
    kept = [first] if first else []
    before = b""
    for part in others[:-1]:
        if part == b"..":
            kept[-1:] = []
        elif part != b".":
            kept.append(b"/" + part)
        before = part
    last = others[-1] if others else b"."
    if last == b"..":
        kept[-1:] = []
    elif last != b"." and (last or before not in {b".", b".."}):
        kept.append(b"/" + last)
    return b"".join(kept)
