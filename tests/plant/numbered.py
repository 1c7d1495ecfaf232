"""A controlled station that has something new to say whenever it may, and the numbers of what it says."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from interlock.plant.protocols.iec104 import INTERROGATION, STARTDT, Master, Measured, Station, u_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["in_order", "requests", "restless", "sent_numbers"]


class _Restless(dict[str, float]):
    """Every look at a value finds another one."""

    def __init__(self) -> None:
        self._looks = itertools.count(1)

    def __missing__(self, tag: str) -> float:
        return float(next(self._looks))


def restless(period_s: float) -> Station:
    """A station that looks so often whether there is something to say, and always has something."""

    class Often(Station):
        def open(self):  # type: ignore[no-untyped-def]
            connection = super().open()
            connection.period_s = period_s
            return connection

    return Often(_Restless(), 12, (Measured("power.load", 702, 0.5),), ())


def requests(count: int) -> Iterator[bytes]:
    """The start of data transfer, then interrogations."""
    master = Master(12)
    yield u_frame(STARTDT)
    for _ in range(count):
        yield master.command(INTERROGATION, 0, b"\x14")


def sent_numbers(stream: bytes) -> list[int]:
    """N(S) of every I frame (IEC 60870-5-104, 5.1) of one side's octets, in their order."""
    found, at = [], 0
    while at < len(stream):
        if not stream[at + 2] & 1:
            found.append(int.from_bytes(stream[at + 2 : at + 4], "little") >> 1)
        at += 2 + stream[at + 1]
    return found


def in_order(numbers: Iterable[int]) -> bool:
    """Whether each is one more than the one before."""
    return all(after == (before + 1) & 0x7FFF for before, after in itertools.pairwise(numbers))
