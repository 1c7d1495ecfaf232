"""Buffers changed as transformations say.

A transformation that cannot be done (octets that are no Base64) leaves nothing to look at: what is asked of the buffer
does not hold. An expression that matches nowhere, or whose group matches nothing, leaves the buffer as it is, and so
does one that came to its limit (Suricata's src/detect-transform-pcrexform.c).
Source: Suricata user guide, "Transformations", section by section.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from functools import lru_cache
from itertools import cycle
from typing import TYPE_CHECKING, Final

import pcre2

from interlock.detect.signatures.language.expressions import compiled
from interlock.detect.signatures.language.transformations import expression, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.detect.signatures.language.model import Transformation

__all__ = ["transformed"]

_BLANKS: Final = b" \t\n\v\f\r"
_RUN: Final = re.compile(rb"[ \t\n\v\f\r]+")
_DIGITS: Final = re.compile(rb"[A-Za-z0-9+/]*")
_NO_DIGITS: Final = re.compile(rb"[^A-Za-z0-9+/=]+")
_GZIP, _ZLIB = zlib.MAX_WBITS | 16, zlib.MAX_WBITS
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})|\+")


def _decoded(octets: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b" ", octets)


def _lines(octets: bytes) -> list[bytes]:
    return octets.splitlines(keepends=True)


def _lower_names(octets: bytes) -> bytes:
    lowered = []
    for line in _lines(octets):
        name, colon, value = line.partition(b":")
        lowered.append(name.lower() + colon + value)
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


def _xor(octets: bytes, argument: str) -> bytes:
    return bytes(octet ^ key for octet, key in zip(octets, cycle(_key(argument)), strict=False))


def _captured(octets: bytes, argument: str) -> bytes:
    try:
        found = compiled(expression(argument), "").search(octets)
    except pcre2.LibraryError:
        return octets
    part: bytes | None = None if found is None else found.group(1)
    return part or octets


def _from_base64(octets: bytes, argument: str) -> bytes | None:
    """Of digits whose last group has one digit alone, that one says nothing (RFC 4648 clause 4)."""
    said = settings(argument)
    begin, mode = int(said.get("offset", 0)), said.get("mode", "rfc4648")
    octets = octets[begin : begin + int(said.get("bytes", len(octets)))]
    if mode == "strict":
        try:
            return base64.b64decode(octets, validate=True) or None
        except binascii.Error:
            return None
    found = _DIGITS.match(_NO_DIGITS.sub(b"", octets) if mode == "rfc2045" else octets)
    digits = found[0] if found else b""
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return base64.b64decode(digits + b"=" * (-len(digits) % 4)) or None


def _unpacked(octets: bytes, argument: str, form: int) -> bytes | None:
    """As many octets as are asked for at most, whatever stands behind them."""
    try:
        return zlib.decompressobj(form).decompress(octets, int(settings(argument)["max-size"])) or None
    except zlib.error:
        return None


_WITH_OPTION: Final[dict[str, Callable[[bytes, str], bytes | None]]] = {
    "xor": _xor,
    "pcrexform": _captured,
    "from_base64": _from_base64,
    "gunzip": lambda octets, argument: _unpacked(octets, argument, _GZIP),
    "zlib_deflate": lambda octets, argument: _unpacked(octets, argument, _ZLIB),
}


def transformed(octets: bytes, transformations: tuple[Transformation, ...]) -> bytes | None:
    """A buffer after all of them, one behind the other; None where one of them cannot be done."""
    made: bytes | None = octets
    for one in transformations:
        if made is None:
            return None
        option = _WITH_OPTION.get(one.name)
        made = option(made, one.argument) if option else _PLAIN[one.name](made)
    return made
