"""PROFIsafe: the F-parameters that a controller writes to a fail-safe submodule before its data is valid.

    | flag 1: -, check iPar, SIL 2, CRC length 2, CRC seed, - | flag 2: - 3, block id 3, version 2 (bits, from bit 0) |
    | source address 2 | destination address 2 | watchdog 2, ms | more, by block id | CRC of these 2 |

Its data has a trailer of 4 or 5 octets both ways (status or control, CRC), which makes a fail-safe submodule one with
input and output of at least that size. Source: IEC 61784-3-3 (PROFIsafe), clauses 8.1 (F-parameters), 7.1 (safety PDU).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["TRAILER_OCTETS", "FParameters", "read_f_parameters"]

TRAILER_OCTETS: Final = 4
"""The least that a safety PDU has: control or status octet, CRC of three."""
_LENGTHS: Final = {0: 10, 1: 14, 2: 12, 3: 16}
"""F_Block_ID → octets of the record: with iPar CRC in 1 and 3, with a second watchdog in 2 and 3."""
_VERSION_2: Final = 1
_POLYNOMIAL: Final = 0x4EAB
"""The CRC of the F-parameters, x^16 left out. It begins with the CRC of the individual parameters, then goes by order.

Makers print the value of default parameters in their manuals: three of them come out so (tests/decode/test_safety.py).
"""
_INDIVIDUAL: Final = (1, 3)
"""F_Block_IDs with the four octets of F_iPar_CRC at the record's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FParameters:
    """What a record of F-parameters says. sil: 1 to 3, 0 for none; watchdog: ms; proven: its own CRC fits."""

    source: int
    destination: int
    watchdog_ms: int
    sil: int
    proven: bool


def read_f_parameters(octets: bytes) -> FParameters | None:
    """The F-parameters that a written record holds, or None where it holds something else.

    Taken for such only in version 2's form: the length that its block id calls for, both addresses and the
    watchdog set. `proven` needs the CRC over all before it besides.
    """
    if len(octets) not in _LENGTHS.values():
        return None
    first, second = octets[0], octets[1]
    if (
        second >> 6 != _VERSION_2
        or _LENGTHS.get(second >> 3 & 7) != len(octets)
        or second & 6
        or first & 0x80
    ):
        return None
    source, destination, watchdog = (int.from_bytes(octets[at : at + 2], "big") for at in (2, 4, 6))
    if source in (0, 0xFFFF) or destination in (0, 0xFFFF) or not watchdog:
        return None
    level = first >> 2 & 3
    return FParameters(
        source=source,
        destination=destination,
        watchdog_ms=watchdog,
        sil=level + 1 if level < 3 else 0,
        proven=_crc(_summed(octets[:-2], second >> 3 & 7)) == int.from_bytes(octets[-2:], "big"),
    )


def _summed(octets: bytes, block: int) -> bytes:
    """The record's octets in the order in which they are summed."""
    return octets[-4:] + octets[:-4] if block in _INDIVIDUAL else octets


def _crc(octets: bytes) -> int:
    value = 0
    for octet in octets:
        value ^= octet << 8
        for _ in range(8):
            value = (value << 1 ^ (_POLYNOMIAL if value & 0x8000 else 0)) & 0xFFFF
    return value
