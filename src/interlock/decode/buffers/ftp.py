"""FTP's control connection as buffers. Source: RFC 959 clause 4; names as in the Suricata user guide, FTP keywords."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.lines import Lines

if TYPE_CHECKING:
    from interlock.decode.buffers.sink import Sink

__all__ = ["FtpReader", "speaks_ftp"]

_CODE: Final = 3
_BEGINS: Final = re.compile(rb"(?:USER |PASS |PORT |FEAT\r?\n|220 \()", re.IGNORECASE)
_GIVES: Final = (b"PORT", b"EPRT")
_PORT: Final = re.compile(rb"(\d{1,3}(?:,\d{1,3}){3}),\d{1,3},\d{1,3}")
_EPRT: Final = re.compile(rb"\|[12]\|([0-9A-Fa-f.:]{2,45})\|\d{1,5}\|")


def speaks_ftp(octets: bytes) -> bool:
    """Whether the first octets of a side are FTP's, wherever its server listens."""
    return _BEGINS.match(octets) is not None


class FtpReader:
    """One control connection; a command and its replies are a transaction. Replies come one by one."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._lines = (Lines(), Lines())
        self._count = 0
        self._sealing = False

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        lines = self._lines[side]
        if lost:
            lines.drop()
        lines.add(octets)
        for line in lines:
            if not self._sink.serves(side):
                self._command(side, line)
            elif self._sealing and line.startswith(b"234"):
                return False
            else:
                self._reply(side, line)
        return True

    def end(self) -> None:
        """See Reader.end."""

    def _command(self, side: int, line: bytes) -> None:
        self._count += 1
        command, _, data = line.partition(b" ")
        self._sealing = command.upper() == b"AUTH"
        self._sink.put(side, self._count, "ftp.command", command)
        self._sink.put(side, self._count, "ftp.command_data", data)
        if "ftp.bounce" in self._sink.asked and (named := _named(command.upper(), data)):
            elsewhere = named != self._sink.address(side)
            self._sink.put(side, self._count, "ftp.bounce", b"true" if elsewhere else b"false")

    def _reply(self, side: int, line: bytes) -> None:
        number = max(self._count, 1)
        if line[:_CODE].isdigit() and len(line) > _CODE:
            self._sink.put(side, number, "ftp.completion_code", line[:_CODE])
            line = line[_CODE + 1 :]
        self._sink.put(side, number, "ftp.reply", line)


def _named(command: bytes, data: bytes) -> str:
    """The address that PORT or EPRT gives for data (RFC 959 clause 4.1.2, RFC 2428 clause 2); nothing where none is."""
    found = (_PORT if command == b"PORT" else _EPRT).fullmatch(data.strip()) if command in _GIVES else None
    if found is None:
        return ""
    text = found[1].replace(b",", b".").decode("ascii", "replace")
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
