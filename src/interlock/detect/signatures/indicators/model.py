"""What an indicator is, whatever file it comes from."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["KINDS", "UNKNOWN", "Indicator", "Refused"]

KINDS: Final[tuple[str, ...]] = (
    "address",
    "network",
    "domain",
    "url",
    "md5",
    "sha1",
    "sha256",
    "certificate",
    "ja3",
    "ja3s",
    "ja4",
)
"""What a value can be; md5, sha1 and sha256 are of files, `certificate` is any of them of a certificate."""
UNKNOWN: Final = 255
"""A confidence that nobody stated."""


class Indicator(NamedTuple):
    """One value that somebody vouches for.

    value: in its canonical form (canonical.py). origin: the feed, or the file's name. confidence: 0 to 100, or UNKNOWN.
    begins, ends: seconds since 1970 between which it is valid; 0 where nothing is said. told: what it indicates.
    """

    kind: str
    value: str
    origin: str
    id: str = ""
    confidence: int = UNKNOWN
    begins: int = 0
    ends: int = 0
    told: str = ""


class Refused(NamedTuple):
    """An indicator that is not in force. id: what its file calls it, or `line 7`; reason: why, and what to do."""

    id: str
    reason: str
