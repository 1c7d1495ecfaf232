"""S7 clock formats as text. No time zone is on the wire, so none is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["bcd_text", "since_1984_text"]


def bcd_text(octets: bytes) -> str:
    """DATE_AND_TIME: 8 octets BCD (year, month, day, hour, minute, second, then milliseconds and weekday).

    Years 90 to 99 are 1990 to 1999. What is no date is given as its octets, in hexadecimal.
    """
    digits = octets.hex()
    if len(octets) < 8 or not digits[:15].isdigit():
        return digits
    year, month, day, hour, minute, second = (int(digits[k : k + 2]) for k in range(0, 12, 2))
    year += 1900 if year >= 90 else 2000
    try:
        when = datetime(year, month, day, hour, minute, second, int(digits[12:15]) * 1000, tzinfo=UTC)
    except ValueError:
        return digits
    return when.replace(tzinfo=None).isoformat(timespec="milliseconds")


def since_1984_text(octets: bytes) -> str:
    """Milliseconds of the day 4 and days since 1984-01-01 2, as block headers have them."""
    moment = datetime(1984, 1, 1, tzinfo=UTC) + timedelta(
        days=int.from_bytes(octets[4:6], "big"), milliseconds=int.from_bytes(octets[:4], "big")
    )
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
