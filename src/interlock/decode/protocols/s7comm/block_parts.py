"""Where the parts of an S7 block lie: header, code by networks, interface, segment table, what follows, footer.

    | header 36 | MC7 code | interface (length at 28) | segment table (length at 30) | … | footer 36 |
    segment table: | networks + 1, little-endian 2 | octets of network 1: 2 | of network 2: 2 | … |

Networks are told only where their lengths sum up to the code's: nothing is guessed.
Source: the published analyses of S7 communication (no public specification exists).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from interlock.decode.protocols.s7comm.block_format import FOOT, HEAD

__all__ = ["parts_of"]

_MAX_NETWORKS: Final = 1000


def parts_of(block: bytes) -> dict[str, bytes]:
    """The parts of a block (is_block) by their names, in their order; those that are empty are left out."""
    code, interface, table = (_u16(block, at) for at in (34, 28, 30))
    inner = len(block) - FOOT
    ends = [HEAD, HEAD + code]
    if ends[-1] + interface + table <= inner:
        ends += [ends[-1] + interface, ends[-1] + interface + table]
    names = ("code", "interface", "segment table")
    parts = {"header": block[:HEAD]}
    for name, (begin, end) in zip(names, pairwise(ends), strict=False):
        parts[name] = block[begin:end]
    networks = _networks(parts["code"], parts.get("segment table", b""))
    rest = {"rest": block[ends[-1] : inner], "footer": block[inner:]}
    told = {"header": parts.pop("header"), **(networks or {"code": parts["code"]})}
    parts.pop("code")
    return {name: octets for name, octets in {**told, **parts, **rest}.items() if octets}


def _networks(code: bytes, table: bytes) -> dict[str, bytes]:
    """Networks by their numbers; nothing where the table is none of this code."""
    many = int.from_bytes(table[:2], "little") - 1
    if not 1 <= many <= _MAX_NETWORKS or len(table) < 2 + 2 * many:
        return {}
    lengths = [int.from_bytes(table[at : at + 2], "little") for at in range(2, 2 + 2 * many, 2)]
    if sum(lengths) != len(code):
        return {}
    networks, at = {}, 0
    for number, length in enumerate(lengths, 1):
        networks[f"network {number}"] = code[at : at + length]
        at += length
    return networks


def _u16(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[at : at + 2], "big")
