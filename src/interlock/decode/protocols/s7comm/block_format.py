"""A program block as it is loaded into an S7-300 or S7-400.

    | "pp" 2 | 1 | flags 1 | language 1 | type 1 | number 2 | load octets 4 | security 4 |
    | code time: ms 4, days 2 | interface time 6 | SSB 2 | ADD 2 | local data 2 | MC7 octets 2 | MC7 code … |
    | … | author 8 | family 8 | name 8 | version 1 | 0 | checksum 2 | 8 |

Source: the published analyses of S7 communication (no public specification exists).
"""

from __future__ import annotations

from typing import Final

from interlock.decode.protocols.s7comm.timestamps import since_1984_text

__all__ = ["BLOCK_TYPES", "HEAD", "LANGUAGES", "is_block", "read_block", "text_of"]

HEAD: Final = 36
FOOT: Final = 36
"""Octets of the footer from the author on; they end the block."""

BLOCK_TYPES: Final = {
    0x08: "OB",
    0x09: "CMOD",
    0x0A: "DB",
    0x0B: "SDB",
    0x0C: "FC",
    0x0D: "SFC",
    0x0E: "FB",
    0x0F: "SFB",
}
"""Block types; on the wire as two hexadecimal digits or as one octet."""

LANGUAGES: Final = {
    1: "STL", 2: "LAD", 3: "FBD", 4: "SCL", 5: "DB", 6: "GRAPH", 7: "SDB", 8: "CPU-DB",
    0x11: "SDB", 0x12: "SDB", 0x29: "ENCRYPT",
}  # fmt: skip


def text_of(octets: bytes) -> str:
    """Give octets as text: UTF-8 where it is, else backslashed hexadecimal; padding taken off."""
    return octets.decode("utf-8", "backslashreplace").strip("\x00 ")


def is_block(octets: bytes) -> bool:
    """Whether these octets are a whole block with header, code and footer."""
    if len(octets) < HEAD + FOOT or octets[:2] != b"pp" or octets[5] not in BLOCK_TYPES:
        return False
    return HEAD + int.from_bytes(octets[34:36], "big") <= len(octets)


def read_block(o: bytes) -> tuple[bytes, dict[str, str]]:
    """Split a block (is_block) into what runs and what its header and footer say. The code ends with its length."""
    size = int.from_bytes(o[34:36], "big")
    foot = o[-FOOT:]
    fields = {
        "block": f"{BLOCK_TYPES[o[5]]}{int.from_bytes(o[6:8], 'big')}",
        "language": LANGUAGES.get(o[4], f"0x{o[4]:02x}"),
        "load octets": str(int.from_bytes(o[8:12], "big")),
        "protection": str(int.from_bytes(o[12:16], "big")),
        "code time": since_1984_text(o[16:22]),
        "interface time": since_1984_text(o[22:28]),
        "local data octets": str(int.from_bytes(o[32:34], "big")),
        "code octets": str(size),
        "author": _clean(foot[:8]),
        "family": _clean(foot[8:16]),
        "name": _clean(foot[16:24]),
        "version": f"{foot[24] >> 4}.{foot[24] & 15}",
        "checksum": f"0x{int.from_bytes(foot[26:28], 'big'):04x}",
    }
    return o[HEAD : HEAD + size], {key: value for key, value in fields.items() if value}


def _clean(octets: bytes) -> str:
    """A name of up to eight characters; what separates fields is no part of it."""
    return text_of(octets).replace(";", ",").replace(": ", ":")
