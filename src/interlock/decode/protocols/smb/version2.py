"""The fields of SMB 2 and 3 commands that are wanted: shares, files, what is done to them, what was agreed on.

    header | FE "SMB" | 64 2 | charge 2 | status 4 | command 2 | credits 2 | flags 4 | next 4 | message id 8 |
           | process 4 + tree 4, or async id 8 | session id 8 | signature 16 |

Offsets in bodies count from the header. Source: MS-SMB2 clauses 2.2.1 to 2.2.40, MS-FSCC clauses 2.4.11, 2.4.42.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["ANY_FILE", "Body", "Header", "dialect_name", "read_header"]

_HEADER: Final = 64
ANY_FILE: Final = b"\xff" * 16
"""File id of a related request: the file that the request before it opened."""
_RELATED: Final = 0x4
_DIALECTS: Final = {
    0x0202: "SMB 2.0.2",
    0x0210: "SMB 2.1",
    0x02FF: "SMB 2",
    0x0300: "SMB 3.0",
    0x0302: "SMB 3.0.2",
    0x0311: "SMB 3.1.1",
}
_FILE_AT: Final = {6: 8, 7: 8, 8: 16, 9: 16, 10: 8, 11: 8, 14: 8, 15: 8, 16: 24, 17: 16, 18: 8}
"""Command → where its request's body has the file id."""
_CIPHERS: Final = {1: "AES-128-CCM", 2: "AES-128-GCM", 3: "AES-256-CCM", 4: "AES-256-GCM"}
_ENCRYPTION_CONTEXT: Final = 2
_MAX_CONTEXTS: Final = 16
_SIGNING_ENABLED, _SIGNING_REQUIRED, _CAN_ENCRYPT = 1, 2, 0x40
_CREATES: Final = frozenset({0, 2, 4, 5})
"""CreateDisposition that makes or replaces the file: FILE_SUPERSEDE, FILE_CREATE, FILE_OVERWRITE(_IF)."""
_OPENED: Final = 1
_DELETE_ON_CLOSE: Final = 0x1000
_RENAME: Final = frozenset({10, 11})


class Header(NamedTuple):
    """The fixed part of one command or answer."""

    status: int
    command: int
    answers: bool
    related: bool
    following: int
    number: int
    tree: int
    session: int


def read_header(octets: bytes) -> Header:
    """octets: at least 64."""
    flags = int.from_bytes(octets[16:20], "little")
    return Header(
        status=int.from_bytes(octets[8:12], "little"),
        command=int.from_bytes(octets[12:14], "little"),
        answers=bool(flags & 1),
        related=bool(flags & _RELATED),
        following=int.from_bytes(octets[20:24], "little"),
        number=int.from_bytes(octets[24:32], "little"),
        tree=int.from_bytes(octets[36:40], "little"),
        session=int.from_bytes(octets[40:48], "little"),
    )


def dialect_name(number: int) -> str:
    """`SMB 3.1.1` for 0x0311."""
    return _DIALECTS.get(number, f"SMB dialect 0x{number:04x}")


class Body:
    """One command with its header; what is not there reads as zero or nothing."""

    __slots__ = ("octets",)

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def number(self, at: int, width: int) -> int:
        """An integer at an offset of the body."""
        return int.from_bytes(self.octets[_HEADER + at : _HEADER + at + width], "little")

    def _pointed(self, start: int, length: int) -> bytes:
        return self.octets[start : start + length] if start >= _HEADER else b""

    def _text(self, at: int) -> str:
        """UTF-16 text that offset and length, 2 octets each, point to."""
        return _utf16(self._pointed(self.number(at, 2), self.number(at + 2, 2)))

    def share(self) -> str:
        """Path of a tree connect request."""
        return self._text(4)

    def created(self) -> str:
        """Name in a create request."""
        return self._text(44)

    def pattern(self) -> str:
        """What a query directory request looks for."""
        return self._text(24)

    def changes(self) -> bool:
        """Whether a create request makes, replaces or deletes a file, rather than opening one that is there."""
        return self.number(36, 4) in _CREATES or bool(self.number(40, 4) & _DELETE_ON_CLOSE)

    def deletes(self) -> bool:
        """Whether the file of a create request is deleted when it is closed."""
        return bool(self.number(40, 4) & _DELETE_ON_CLOSE)

    def opened(self) -> bool:
        """Whether the file of a create response was there before."""
        return self.number(4, 4) == _OPENED

    def made(self) -> bytes | None:
        """File id of a create response."""
        found = self.octets[_HEADER + 64 : _HEADER + 80]
        return found if len(found) == 16 else None

    def file(self, command: int) -> bytes | None:
        """File id that a request carries, if it carries one."""
        at = _FILE_AT.get(command)
        found = self.octets[_HEADER + at : _HEADER + at + 16] if at is not None else b""
        return found if len(found) == 16 else None

    def written(self) -> bytes:
        """Data of a write request."""
        return self._pointed(self.number(2, 2), self.number(4, 4))

    def read(self) -> bytes:
        """Data of a read response."""
        return self._pointed(self.number(2, 1), self.number(4, 4))

    def control_input(self) -> bytes:
        """Input of an ioctl request."""
        return self._pointed(self.number(24, 4), self.number(28, 4))

    def control_output(self) -> bytes:
        """Output of an ioctl response."""
        return self._pointed(self.number(32, 4), self.number(36, 4))

    def information(self) -> int:
        """InfoType and FileInfoClass of a query info or set info request: 256 x type + class."""
        return self.number(2, 1) << 8 | self.number(3, 1)

    def end_of_file(self) -> int:
        """The end that a set info request of FileEndOfFileInformation gives its file; -1 where it says none."""
        data = self._pointed(self.number(8, 2), self.number(4, 4))
        return int.from_bytes(data[:8], "little") if len(data) >= 8 else -1

    def renamed(self) -> str | None:
        """New name in a set info request of FileRenameInformation or FileLinkInformation."""
        if self.number(2, 1) != 1 or self.number(3, 1) not in _RENAME:
            return None
        data = self._pointed(self.number(8, 2), self.number(4, 4))
        return _utf16(data[20 : 20 + int.from_bytes(data[16:20], "little")])

    def agreed(self) -> tuple[str, str, str | None]:
        """Dialect, signing (none, enabled, required) and cipher (None: none) of a negotiate response."""
        mode, dialect = self.number(2, 2), self.number(4, 2)
        signing = "enabled" if mode & _SIGNING_ENABLED else "none"
        if mode & _SIGNING_REQUIRED:
            signing = "required"
        cipher = self._cipher() if dialect >= 0x0311 and dialect != 0x02FF else None
        if dialect in (0x0300, 0x0302) and self.number(24, 4) & _CAN_ENCRYPT:
            cipher = _CIPHERS[1]
        return dialect_name(dialect), signing, cipher

    def _cipher(self) -> str | None:
        """Of SMB2_ENCRYPTION_CAPABILITIES among the negotiate contexts (2.2.4.1.2)."""
        at = self.number(60, 4)
        for _ in range(min(self.number(6, 2), _MAX_CONTEXTS)):
            head = self._pointed(at, 12)
            if len(head) < 8:
                return None
            length = int.from_bytes(head[2:4], "little")
            if int.from_bytes(head[:2], "little") == _ENCRYPTION_CONTEXT and length >= 4:
                return _CIPHERS.get(int.from_bytes(head[10:12], "little"))
            at += (8 + length + 7) & ~7
        return None


def _utf16(octets: bytes) -> str:
    return octets.decode("utf-16-le", "replace").strip("\x00")
