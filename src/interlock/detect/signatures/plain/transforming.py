"""Buffers changed as transformations say.

Source: Suricata user guide, "Transformations", section by section.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from itertools import cycle
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.detect.signatures.language.model import Transformation

__all__ = ["transformed"]

_BLANKS: Final = b" \t\n\v\f\r"
_RUN: Final = re.compile(rb"[ \t\n\v\f\r]+")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})|\+")


def _decoded(octets: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b" ", octets)


def _lines(octets: bytes) -> list[bytes]:
    return octets.splitlines(keepends=True)


def _lower_names(octets: bytes) -> bytes:
    lowered = []
    for line in _lines(octets):
        name, colon, value = line.partition(b":")
        lowered.append((name.lower() if colon else name) + colon + value)
    return b"".join(lowered)


def _without_pseudo(octets: bytes) -> bytes:
    return b"".join(line for line in _lines(octets) if not line.startswith(b":"))


_PLAIN: Final[dict[str, Callable[[bytes], bytes]]] = {
    "to_lowercase": bytes.lower,
    "to_uppercase": bytes.upper,
    "dotprefix": lambda octets: b"." + octets if octets else octets,
    "strip_whitespace": lambda octets: octets.translate(None, _BLANKS),
    "compress_whitespace": lambda octets: _RUN.sub(b" ", octets),
    "url_decode": _decoded,
    "to_md5": lambda octets: hashlib.md5(octets, usedforsecurity=False).digest(),
    "to_sha1": lambda octets: hashlib.sha1(octets, usedforsecurity=False).digest(),
    "to_sha256": lambda octets: hashlib.sha256(octets).digest(),
    "header_lowercase": _lower_names,
    "strip_pseudo_headers": _without_pseudo,
}


@lru_cache(maxsize=1_024)
def _key(argument: str) -> bytes:
    return bytes.fromhex(argument.strip('"'))


def transformed(octets: bytes, transformations: tuple[Transformation, ...]) -> bytes:
    """A buffer after all of them, one behind the other."""
    for one in transformations:
        if one.name == "xor":
            octets = bytes(octet ^ key for octet, key in zip(octets, cycle(_key(one.argument)), strict=False))
        else:
            octets = _PLAIN[one.name](octets)
    return octets
