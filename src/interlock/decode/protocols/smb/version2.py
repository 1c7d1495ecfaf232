"""The few fields of SMB 2 commands that are wanted: shares, files, the dialect.

Source: MS-SMB2 clauses 2.2.4 (negotiate response), 2.2.9 (tree connect), 2.2.13, 2.2.14 (create), 2.2.15 to 2.2.39.
"""

from __future__ import annotations

from typing import Final

__all__ = ["Body", "dialect_name"]

_HEADER: Final = 64
_DIALECTS: Final = {
    0x0202: "SMB 2.0.2",
    0x0210: "SMB 2.1",
    0x02FF: "SMB 2",
    0x0300: "SMB 3.0",
    0x0302: "SMB 3.0.2",
    0x0311: "SMB 3.1.1",
}
_FILE_AT: Final = {6: 8, 7: 8, 8: 16, 9: 16, 10: 8, 11: 8, 14: 8, 15: 8, 16: 24, 17: 16}
"""Command → where its request's body has the file id."""


def dialect_name(number: int) -> str:
    """`SMB 3.1.1` for 0x0311."""
    return _DIALECTS.get(number, f"SMB dialect 0x{number:04x}")


class Body:
    """One command with its header; what is not there reads as zero or nothing."""

    __slots__ = ("octets", "tree")

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.tree = int.from_bytes(octets[36:40], "little")

    def _number(self, at: int, width: int) -> int:
        return int.from_bytes(self.octets[_HEADER + at : _HEADER + at + width], "little")

    def _text(self, at: int) -> str:
        """UTF-16 text that offset (from the header) and length, 2 octets each, point to."""
        start, length = self._number(at, 2), self._number(at + 2, 2)
        text = self.octets[start : start + length].decode("utf-16-le", "replace") if start >= _HEADER else ""
        return text.strip("\x00")

    def share(self) -> str:
        """Path of a tree connect request."""
        return self._text(4)

    def created(self) -> str:
        """Name in a create request."""
        return self._text(44)

    def dialect(self) -> int:
        """DialectRevision of a negotiate response."""
        return self._number(4, 2)

    def made(self) -> bytes | None:
        """File id of a create response."""
        found = self.octets[_HEADER + 64 : _HEADER + 80]
        return found if len(found) == 16 else None

    def file(self, command: int) -> bytes | None:
        """File id that a request carries, if it carries one."""
        at = _FILE_AT.get(command)
        found = self.octets[_HEADER + at : _HEADER + at + 16] if at is not None else b""
        return found if len(found) == 16 else None
