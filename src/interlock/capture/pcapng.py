"""The pcapng format: blocks in sections; each section describes its own byte order and interfaces.

    section header  | 0x0A0D0D0A | length | 0x1A2B3C4D | major u16 | minor u16 | length 8 | options | length |
    interface       | 1 | length | link type u16 | reserved u16 | snaplen u32 | options | length |
    statistics      | 5 | length | interface u32 | ticks 8 | options | length |
    options         code u16 | length u16 | value, padded to 4

Source: draft-ietf-opsawg-pcapng sections 3.5, 4.1, 4.2, 4.6.
"""

from __future__ import annotations

from struct import Struct, unpack_from
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.capture import scan
from interlock.capture.columns import Columns, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BAD_TRAILER", "MAGIC", "MAX_INTERFACES", "PcapngFormat"]

MAGIC: Final = b"\x0a\x0d\x0d\x0a"
MAX_INTERFACES: Final = 65536
_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_BYTE_ORDER: Final = {">": "big", "<": "little"}
_SECTION_OCTETS: Final = 28
_MICROSECONDS: Final = 6
_IF_TSRESOL: Final = 9
_IF_TSOFFSET: Final = 14
_ISB_DROPS: Final = (5, 7)
_SECOND_NS: Final = 1_000_000_000

BAD_TRAILER: Final = "the two lengths of a block differ"
_DAMAGE: Final = {
    scan.BAD_LENGTH: "a block has a length that cannot be",
    scan.BAD_TRAILER: BAD_TRAILER,
    scan.NO_INTERFACE: "a packet names an interface that was not described",
}
_BAD_SECTION: Final = "a section header cannot be understood"


def resolution(tsresol: int) -> tuple[int, int]:
    """Mode and factor, as `scan` takes them, of an if_tsresol octet."""
    if tsresol & 0x80:
        return 2, tsresol & 0x7F
    if tsresol <= 9:
        return 0, int(10 ** (9 - tsresol))
    if tsresol <= 27:
        return 1, int(10 ** (tsresol - 9))
    return 3, 1


class PcapngFormat:
    """One pcapng file: the section it is in, its interfaces, and how many frames its writer says it lost."""

    def __init__(self) -> None:
        self._order = "<"
        self._count = -1
        self._interfaces = np.zeros((4, 6), np.int64)
        self._drops: dict[int, int] = {}
        self._state = np.zeros(5, np.int64).data

    def scan(self, octets: memoryview, start: int, end: int, columns: Columns) -> Progress:
        """Fill `columns` from row 0 with the complete packet blocks in octets[start:end]."""
        state = self._state
        state[3] = frames = dropped = skip = 0
        damage, trailer = "", b""
        at = start
        while not damage:
            frames += self._run(octets, at, end, columns, frames)
            at, length, stop = state[0], state[1], state[4]
            if stop == scan.SKIP:
                skip, trailer = length, octets[at + 4 : at + 8].tobytes()
            damage = _DAMAGE.get(stop, "")
            if stop != scan.BLOCK:
                break
            if not length:
                length, damage = self._section(octets, at, end)
                if not length:
                    break
            elif octets[at + (3 if self._order == ">" else 0)] == 1:
                damage = self._interface(octets[at + 8 : at + length - 4])
            else:
                dropped += self._statistics(octets[at + 8 : at + length - 4])
            at += 0 if damage else length
        return Progress(frames, at, skip, trailer, untimed=state[3], dropped=dropped, damage=damage)

    def _run(self, octets: memoryview, at: int, end: int, columns: Columns, row: int) -> int:
        """Scan from `at` on into rows from `row` on; returns how many were filled."""
        big, count = self._order == ">", max(self._count, 0)
        views = (*columns.views(row), columns.linktype[row:].data)
        interfaces = self._interfaces.data
        filled: int = scan.scan_pcapng(octets, at, end, big, interfaces, count, *views, self._state)
        return filled

    def _section(self, octets: memoryview, at: int, end: int) -> tuple[int, str]:
        """Begin a section; returns its header's length (0: not all there) and what is wrong with it."""
        if end - at < 12:
            return 0, ""
        order = _ORDERS.get(bytes(octets[at + 8 : at + 12]))
        if order is None:
            return 0, _BAD_SECTION
        (length,) = unpack_from(f"{order}I", octets, at + 4)
        if not _SECTION_OCTETS <= length <= scan.MAX_BLOCK_OCTETS or length & 3:
            return 0, _BAD_SECTION
        if end - at < length:
            return 0, ""
        (major,) = unpack_from(f"{order}H", octets, at + 12)
        (trailer,) = unpack_from(f"{order}I", octets, at + length - 4)
        if trailer != length or major != 1:
            return 0, _BAD_SECTION
        self._order, self._count = order, 0
        self._drops.clear()
        return length, ""

    def _interface(self, body: memoryview) -> str:
        """Add an interface to the section; returns what is wrong with it."""
        if len(body) < 8 or self._count < 0 or self._count >= MAX_INTERFACES:
            return "an interface description cannot be understood"
        linktype, snaplen = unpack_from(f"{self._order}HxxI", body)
        mode, factor = resolution(_MICROSECONDS)
        shift_ns = 0
        for code, value in self._options(body[8:]):
            if code == _IF_TSRESOL and len(value) == 1:
                mode, factor = resolution(value[0])
            elif code == _IF_TSOFFSET and len(value) == 8:
                (seconds,) = unpack_from(f"{self._order}q", value)
                shift_ns = max(-scan.TIME_MAX, min(scan.TIME_MAX, seconds * _SECOND_NS))
        if self._count == len(self._interfaces):
            self._interfaces = np.concatenate((self._interfaces, np.zeros_like(self._interfaces)))
        self._interfaces[self._count] = (
            linktype,
            snaplen,
            mode,
            factor,
            shift_ns,
            scan.TIME_MAX // factor if factor else 0,
        )
        self._count += 1
        return ""

    def _statistics(self, body: memoryview) -> int:
        """How many more frames this statistics block says were lost; its counters are totals so far."""
        if len(body) < 12:
            return 0
        interface = int.from_bytes(body[:4], _BYTE_ORDER[self._order])  # type: ignore[arg-type]
        lost = 0
        for code, value in self._options(body[12:]):
            if code in _ISB_DROPS and len(value) == 8:
                lost += unpack_from(f"{self._order}Q", value)[0]
        if lost >= 1 << 63 or interface >= self._count:
            return 0
        before = self._drops.get(interface, 0)
        self._drops[interface] = max(before, lost)
        return max(0, lost - before)

    def _options(self, octets: memoryview) -> Iterator[tuple[int, memoryview]]:
        """Code and value of each option; ends where the list ends or stops making sense."""
        header = Struct(f"{self._order}HH")
        at = 0
        while at + 4 <= len(octets):
            code, length = header.unpack_from(octets, at)
            if code == 0 or at + 4 + length > len(octets):
                return
            yield code, octets[at + 4 : at + 4 + length]
            at += 4 + (length + 3) // 4 * 4
