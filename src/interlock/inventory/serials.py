"""Serial numbers and vendors as identities: what counts as one, and when two texts mean the same."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["serial_key", "vendor_key"]

_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
_JUNK: Final = frozenset(
    [
        "unknown",
        "none",
        "na",
        "null",
        "notavailable",
        "notspecified",
        "default",
        "defaultstring",
        "serialnumber",
        "serial",
        "tobefilledbyoem",
        "systemserialnumber",
        "0123456789",
        "123456789",
        "12345678",
        "1234567890",
        "test",
    ]
)
_LEGAL: Final = frozenset(
    [
        "ag",
        "gmbh",
        "inc",
        "corp",
        "corporation",
        "co",
        "ltd",
        "llc",
        "limited",
        "company",
        "kg",
        "sa",
        "se",
        "spa",
        "bv",
        "ab",
        "oy",
        "plc",
        "group",
        "holding",
        "technologies",
        "technology",
        "international",
        "industrial",
        "the",
        "and",
        "mfg",
    ]
)


def serial_key(serial: str) -> str | None:
    """Return a serial number as it is compared; None where it is a filler that many machines share."""
    plain = serial.strip().lower()
    key = _NOT_WORD.sub("", plain.removeprefix("0x")).lstrip("0")
    if len(key) < 3 or key in _JUNK or len(set(key)) == 1:
        return None
    return key


def vendor_key(vendor: str) -> str | None:
    """First word of a manufacturer's name that is no legal form: `Siemens AG` and `SIEMENS` are the same."""
    words = [w for w in _NOT_WORD.split(vendor.lower()) if w]
    return next((w for w in words if w not in _LEGAL), words[0] if words else None)
