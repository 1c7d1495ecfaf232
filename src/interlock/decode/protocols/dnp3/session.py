"""What is remembered of a flow: fragments being joined, confirmations that are due, indications, open files."""

from __future__ import annotations

__all__ = ["MAX_FRAGMENT", "Session"]

MAX_FRAGMENT = 16384
"""Octets of an application fragment; the standard's own default is 2048."""
_MAX_ASSOCIATIONS = 64
_MAX_CONFIRMS = 64
_MAX_FILES = 64


class Session:
    """files: handle → file's name, as its outstation gave it."""

    __slots__ = ("_confirms", "_indications", "_parts", "files")

    def __init__(self) -> None:
        self._parts: dict[int, tuple[int, bytearray]] = {}
        self._confirms: set[int] = set()
        self._indications: dict[int, int] = {}
        self.files: dict[int, str] = {}

    def segment(self, association: int, header: int, octets: bytes) -> bytes | str | None:
        """Take a transport segment; the fragment that it completes, None, or the oddity that it is.

        association: sender and both addresses. header: FIN 0x80, FIR 0x40, sequence. Source: clause 8.2.
        """
        sequence = header & 0x3F
        known = self._parts.pop(association, None)
        if header & 0x40:
            if len(self._parts) >= _MAX_ASSOCIATIONS:
                self._parts.clear()
            self._parts[association] = ((sequence + 1) & 0x3F, bytearray(octets))
            return None if known is None else "segment-missing"
        if known is None:
            return "segment-without-first"
        expected, joined = known
        if sequence != expected:
            return "segment-out-of-sequence"
        if len(joined) + len(octets) > MAX_FRAGMENT:
            return "fragment-too-long"
        joined += octets
        if header & 0x80:
            return bytes(joined)
        self._parts[association] = ((sequence + 1) & 0x3F, joined)
        return None

    def await_confirm(self, which: int) -> None:
        """Remember a response that wants to be confirmed: outstation << 8 | UNS and sequence."""
        if len(self._confirms) >= _MAX_CONFIRMS:
            self._confirms.clear()
        self._confirms.add(which)

    def confirm(self, which: int) -> bool:
        """Whether such a response was seen; known once."""
        if which in self._confirms:
            self._confirms.remove(which)
            return True
        return False

    def indicates(self, outstation: int, indications: int) -> bool:
        """Whether an outstation's indications are not those that it gave last (0 at first)."""
        if self._indications.get(outstation, 0) == indications:
            return False
        if len(self._indications) >= _MAX_ASSOCIATIONS:
            self._indications.clear()
        self._indications[outstation] = indications
        return True

    def opened(self, handle: int, name: str) -> None:
        """Remember what file a handle means."""
        if len(self.files) >= _MAX_FILES:
            self.files.clear()
        self.files[handle] = name
