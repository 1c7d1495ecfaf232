"""What is inside a program block or file, where its format shows it: a hash of what runs, its header's fields."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.s7comm.block_format import is_block, read_block

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["describe"]

Described = tuple[str | None, dict[str, str]]
"""Hash of what runs, whatever its times and signatures; field → text."""


def describe(kind: str, octets: bytes) -> Described:
    """Describe a whole artifact by its kind; (None, {}) where nothing is known of its inside."""
    reader = _READERS.get(kind)
    return reader(octets) if reader is not None else (None, {})


def _s7(octets: bytes) -> Described:
    if not is_block(octets):
        return None, {}
    code, fields = read_block(octets)
    return hashlib.sha256(code).hexdigest(), fields


_READERS: Final[dict[str, Callable[[bytes], Described]]] = {"s7-block": _s7}
