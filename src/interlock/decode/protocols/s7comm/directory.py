"""Block functions: which blocks a controller has, and what their headers say (table `s7comm_blocks`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from interlock.decode.protocols.s7comm.block_format import BLOCK_TYPES, LANGUAGES, text_of
from interlock.decode.protocols.s7comm.blocks import block_name
from interlock.decode.protocols.s7comm.exchange import ANSWER, REQUEST, SUCCESS
from interlock.decode.protocols.s7comm.timestamps import since_1984_text
from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

if TYPE_CHECKING:
    from interlock.decode.protocols.s7comm.exchange import Exchange

__all__ = ["BLOCKS", "block_info", "list_blocks", "list_blocks_of_type"]

_MAX_LISTED: Final = 4096
BLOCKS: Final = Table(
    name="s7comm_blocks",
    version=1,
    meaning="One row per program block that a controller listed or described over S7comm.",
    columns=(
        *DETAIL,
        Column(name="unit", type=text(), nullable=True, meaning="rack.slot"),
        Column(name="block", type=text(), meaning="type and number, as OB1"),
        Column(name="language", type=text(), nullable=True, meaning="language it was written in"),
        Column(
            name="load_octets", type=pa.uint32(), nullable=True, unit="octet", meaning="length in load memory"
        ),
        Column(
            name="code_octets",
            type=pa.uint32(),
            nullable=True,
            unit="octet",
            meaning="length of its MC7 code",
        ),
        Column(
            name="security",
            type=pa.uint32(),
            nullable=True,
            meaning="block security: 0 none, 3 know-how protection",
        ),
        Column(
            name="code_time",
            type=pa.utf8(),
            nullable=True,
            meaning="when its code changed, controller's clock",
        ),
        Column(name="interface_time", type=pa.utf8(), nullable=True, meaning="when its interface changed"),
        Column(name="author", type=text(), nullable=True, meaning="author in its header"),
        Column(name="family", type=text(), nullable=True, meaning="family in its header"),
        Column(name="name", type=text(), nullable=True, meaning="name in its header"),
        Column(name="version", type=text(), nullable=True, meaning="version in its header"),
        Column(name="checksum", type=pa.uint16(), nullable=True, meaning="checksum in its header"),
    ),
)


def _told(x: Exchange, row: dict[str, Any]) -> None:
    unit = x.link.unit
    x.s7.facts.detail(
        "s7comm_blocks", x.m, x.i, {"unit": x.s7.names.texts[unit] if unit >= 0 else None, **row}
    )


def list_blocks(x: Exchange) -> None:
    """How many blocks there are of each type: type 2, count 2."""
    if x.method == ANSWER and x.code == SUCCESS:
        x.out.set_object(x.row, x.out.object_of(x.row), len(x.octets) // 4)


def list_blocks_of_type(x: Exchange) -> None:
    """Read a request's type (2 digits), or its answer: number 2, flags 1, language 1 of each block."""
    c = x.s7.cursor
    if x.method == REQUEST:
        if c.left() >= 2:
            kind = _kind(c.take(2))
            x.name(kind)
            x.keep_note(kind)
        return
    if x.code != SUCCESS or not isinstance(x.note, str):
        return
    for _ in range(min(c.left() // 4, _MAX_LISTED)):
        number = c.u16be()
        c.skip(1)
        _told(x, {"block": f"{x.note}{number}", "language": LANGUAGES.get(c.u8())})


def _kind(digits: bytes) -> str:
    try:
        return BLOCK_TYPES[int(digits, 16)]
    except (ValueError, KeyError):
        return f"type:{text_of(digits)}"


def block_info(x: Exchange) -> None:
    """Read which block a request names, or its answer: the block's header of 78 octets."""
    if x.method == REQUEST:
        if len(x.octets) >= 8:
            x.name(block_name(x.octets[:8]), 1)
        return
    o = x.octets
    if x.code != SUCCESS or len(o) < 70:
        return
    block = f"{BLOCK_TYPES.get(o[11], f'type{o[11]}-')}{int.from_bytes(o[12:14], 'big')}"
    _told(
        x,
        {
            "block": block,
            "language": LANGUAGES.get(o[10]),
            "load_octets": int.from_bytes(o[14:18], "big"),
            "security": int.from_bytes(o[18:22], "big"),
            "code_time": since_1984_text(o[22:28]),
            "interface_time": since_1984_text(o[28:34]),
            "code_octets": int.from_bytes(o[40:42], "big"),
            "author": text_of(o[42:50]) or None,
            "family": text_of(o[50:58]) or None,
            "name": text_of(o[58:66]) or None,
            "version": f"{o[66] >> 4}.{o[66] & 15}",
            "checksum": int.from_bytes(o[68:70], "big"),
        },
    )
