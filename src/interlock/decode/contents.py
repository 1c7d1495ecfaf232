"""What is inside a program block or file, where its format shows it: a hash of what runs, its header's fields."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.decode.iec_text import units_of
from interlock.decode.protocols.s7comm.block_format import is_block, read_block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Block", "describe", "kind_of", "split_blocks"]

_MAX_BLOCKS: Final = 65_536

Described = tuple[str | None, dict[str, str]]
"""Hash of what runs, whatever its times and signatures; field → text."""


def describe(kind: str, octets: bytes) -> Described:
    """Describe a whole artifact by its kind; (None, {}) where nothing is known of its inside."""
    reader = _READERS.get(kind)
    return reader(octets) if reader is not None else (None, {})


class Block(NamedTuple):
    """A program block found in a file, and its octets."""

    name: str
    sha256: str
    code_sha256: str
    octets: bytes


def split_blocks(octets: bytes) -> Iterator[Block]:
    """Find S7 blocks that stand one behind the other, as in exports and memory card images."""
    at = octets.find(b"pp\x01")
    for _ in range(_MAX_BLOCKS):
        if at < 0:
            return
        size = int.from_bytes(octets[at + 8 : at + 12], "big")
        block = octets[at : at + size]
        if len(block) == size and is_block(block):
            code, fields = read_block(block)
            sha256, code_sha256 = hashlib.sha256(block).hexdigest(), hashlib.sha256(code).hexdigest()
            yield Block(fields["block"], sha256, code_sha256, block)
            at = octets.find(b"pp\x01", at + size)
        else:
            at = octets.find(b"pp\x01", at + 3)


def kind_of(octets: bytes) -> str:
    """The kind whose format these octets have; `file` where none that is known."""
    return "s7-block" if is_block(octets) else "file"


def _s7(octets: bytes) -> Described:
    if not is_block(octets):
        return None, {}
    code, fields = read_block(octets)
    return hashlib.sha256(code).hexdigest(), fields


def _text(octets: bytes) -> Described:
    """Units of a project as text; what runs is all of them."""
    units = units_of(octets)
    if not units:
        return None, {}
    told = "\n".join(f"{name} {mark}" for name, mark in sorted(units.items()))
    return hashlib.sha256(told.encode()).hexdigest(), units


_READERS: Final[dict[str, Callable[[bytes], Described]]] = {"s7-block": _s7, "file": _text}
