"""Times, durations and sizes as people and files read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

__all__ = ["clock_text", "duration_text", "iso_time", "octets_text", "parse_time", "percent_text"]

_ISO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", re.ASCII)
_NS: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_S: Final = -62_135_596_800  # 0001-01-01, datetime's first second
_LATEST_S: Final = 253_402_300_799  # 9999-12-31T23:59:59, its last


def _moment(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=min(max(seconds, _EARLIEST_S), _LATEST_S))


def iso_time(time: int) -> str:
    """UTC ns since 1970 as ISO 8601 with nine digits; times outside the years 1 to 9999 are clamped."""
    seconds, fraction = divmod(time, _NS)
    return f"{_iso_second(seconds)}.{fraction:09d}Z"


@lru_cache(4096)
def _iso_second(seconds: int) -> str:
    """Of a capture, the same few seconds are told over and over."""
    return _moment(seconds).isoformat()[:19]


def parse_time(text: str) -> int:
    """Return the inverse of `iso_time`. Raises ValueError on anything that `iso_time` does not write."""
    if not _ISO_TIME.fullmatch(text):
        raise ValueError(f"not a UTC time with nanoseconds: {text[:40]!r}")
    seconds = datetime.strptime(text[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z")
    return (seconds - _EPOCH) // timedelta(seconds=1) * _NS + int(text[20:29])


def clock_text(time: int) -> str:
    """`2024-05-01 12:00:03 UTC`."""
    return f"{_iso_second(time // _NS).replace('T', ' ')} UTC"


def duration_text(duration_ns: int) -> str:
    """Return the two largest units: `3 d 4 h`, `12 min 5 s`, `1.25 s`, `80 ms`."""
    if duration_ns < _NS:
        return f"{max(duration_ns, 0) / 1e6:.3g} ms"
    if duration_ns < 60 * _NS:
        return f"{duration_ns / _NS:.3g} s"
    seconds = duration_ns // _NS
    for name, size, lesser, part in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            whole, rest = divmod(seconds, size)
            return f"{whole:,} {name} {rest // part} {lesser}" if rest // part else f"{whole:,} {name}"
    raise AssertionError(duration_ns)


def octets_text(octets: int) -> str:
    """Decimal units, three digits: `512 B`, `3.21 MB`."""
    size = float(octets)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            return f"{size:.3g} {unit}" if size < 999.5 else f"{size:,.0f} {unit}"
        size /= 1000
    raise AssertionError(octets)


def percent_text(share: float) -> str:
    """Return a share of 0 to 1 as `95 %`."""
    return f"{share * 100:.0f} %"
