"""PNIO status: the four octets with which every answer of the context manager says how it went.

    | error code 1 | error decode 1 | error code 1 1 | error code 2 1 |   0 0 0 0: it went well

Source: IEC 61158-6-10, 5.2.6 (PNIOStatus).
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["read_status"]

_GOOD: Final = bytes(4)


def read_status(c: Any, *, little: bool) -> int:
    """Error decode, code 1 and code 2 as one number (0xddaabb), 0 where all went well.

    The error code itself only repeats which service answers; with nothing but it, it is the number.
    """
    octets = c.take(4)
    if octets == _GOOD:
        return 0
    if little:
        octets = octets[::-1]
    return int.from_bytes(octets[1:], "big") or octets[0]
