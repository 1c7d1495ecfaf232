"""Domain names and NetBIOS names out of a message, however their pointers may turn.

Sources: RFC 1035 clause 4.1.4; RFC 1001 clause 14.1.
"""

from __future__ import annotations

from functools import lru_cache

from interlock.errors import DecodeError

__all__ = ["netbios_name", "read_name"]

MAX_LABELS = 128
MAX_JUMPS = 32
_LETTERS = "ABCDEFGHIJKLMNOP"
_DIGITS = str.maketrans(_LETTERS, "0123456789abcdef")
"""First-level encoding writes half an octet as one of these letters."""


def read_name(message: bytes, at: int) -> tuple[str, int]:
    """The name at an offset, with dots and without the last, and the offset behind it.

    Raises DecodeError for a name that leaves the message, points in circles or is longer than 255 octets.
    """
    stop = message.find(0, at) + 1
    plain = _plain(message[at:stop]) if 0 < stop <= at + 256 else None
    return (plain, stop) if plain is not None else _followed(message, at)


@lru_cache(1024)
def _plain(octets: bytes) -> str | None:
    """The name that these octets are, whole; None where they end elsewhere than their name, point, or are none.

    Machines ask for the same names again and again.
    """
    try:
        name, behind = _followed(octets, 0)
    except DecodeError:
        return None
    return name if behind == len(octets) and max(octets) < 0xC0 else None


def _followed(message: bytes, at: int) -> tuple[str, int]:
    """The same, octet by octet."""
    labels: list[str] = []
    behind, jumps, size = -1, 0, 0
    while True:
        if at >= len(message):
            raise DecodeError("name-truncated", at)
        length = message[at]
        if length >= 0xC0:
            if at + 1 >= len(message) or jumps == MAX_JUMPS:
                raise DecodeError("name-pointer-loop", at)
            behind = behind if behind >= 0 else at + 2
            at, jumps = (length & 0x3F) << 8 | message[at + 1], jumps + 1
            continue
        if length >= 0x40:
            raise DecodeError("name-label-reserved", at)
        at += 1
        if length == 0:
            return ".".join(labels), behind if behind >= 0 else at
        size += length + 1
        if size > 255 or len(labels) == MAX_LABELS or at + length > len(message):
            raise DecodeError("name-too-long", at)
        labels.append(message[at : at + length].decode("utf-8", "backslashreplace"))
        at += length


@lru_cache(1024)
def netbios_name(name: str) -> tuple[str, int] | None:
    """First-level encoding undone: the name without padding, and its suffix octet; None where it is none."""
    label = name.partition(".")[0]
    if len(label) != 32 or label.strip(_LETTERS):
        return None
    octets = bytes.fromhex(label.translate(_DIGITS))
    return octets[:15].decode("latin-1").rstrip(" \x00"), octets[15]
