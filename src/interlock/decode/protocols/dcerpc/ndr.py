"""Reads the few parameters of NDR that name things: strings, registry names, handles.

    string | maximum 4 | offset 4 | count 4 | characters 2 each |     every field is aligned to its size
    RPC_UNICODE_STRING | length 2 | maximum 2 | pointer 4 |           its string follows

Source: Open Group C706, 14.2 and 14.3; MS-DTYP 2.3.10; MS-DCOM 2.2.13 (ORPCTHIS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.profinet.rpc import uuid_text, wire_uuid

if TYPE_CHECKING:
    from typing import Literal

__all__ = ["Ndr", "NdrError"]

_MAX_TEXT: Final = 1024


class NdrError(Exception):
    """The data end before the parameter does, or it cannot be one."""


class Ndr:
    """A place in a call's data."""

    __slots__ = ("_at", "_octets", "_order")

    def __init__(self, octets: bytes, *, little: bool, at: int = 0) -> None:
        self._octets = octets
        self._order: Literal["little", "big"] = "little" if little else "big"
        self._at = at

    def take(self, count: int) -> bytes:
        """Octets as they are."""
        found = self._octets[self._at : self._at + count]
        if len(found) != count:
            raise NdrError
        self._at += count
        return found

    def align(self, size: int) -> None:
        """Pass over padding."""
        self._at += -self._at % size

    def number(self, width: int) -> int:
        """An integer, aligned."""
        self.align(width)
        return int.from_bytes(self.take(width), self._order)

    def string(self, width: int = 2) -> str:
        """A conformant and varying string of characters of 1 or 2 octets."""
        self.number(4)
        offset, count = self.number(4), self.number(4)
        if offset or count > _MAX_TEXT:
            raise NdrError
        octets = self.take(count * width)
        wide = "utf-16-le" if self._order == "little" else "utf-16-be"
        return octets.decode(wide if width == 2 else "latin-1", "replace").rstrip("\x00")

    def unique(self, width: int = 2) -> str | None:
        """A pointer to a string, which follows where it is not null."""
        return self.string(width) if self.number(4) else None

    def counted(self) -> str | None:
        """An RPC_UNICODE_STRING as a parameter: its string follows at once."""
        self.align(4)
        self.number(2), self.number(2)
        return self.string() if self.number(4) else None

    def orpcthis(self) -> None:
        """What every call of COM begins with; its extensions are not followed."""
        self.take(28)
        if self.number(4):
            raise NdrError

    def uuid(self) -> str:
        """A UUID, aligned."""
        self.align(4)
        return uuid_text(wire_uuid(self.take(16), little=self._order == "little"))

    def bstr(self) -> str | None:
        """A BSTR of automation (MS-OAUT 2.2.23): a pointer to its size, its octets and its characters."""
        if not self.number(4):
            return None
        self.number(4), self.number(4)
        count = self.number(4)
        if count > _MAX_TEXT:
            raise NdrError
        return self.take(2 * count).decode("utf-16-le" if self._order == "little" else "utf-16-be", "replace")
