"""FTP's control connection as buffers. Source: RFC 959 clause 4; names as in the Suricata user guide, FTP keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.lines import Lines

if TYPE_CHECKING:
    from interlock.decode.buffers.sink import Sink

__all__ = ["FtpReader"]

_CODE: Final = 3


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

    def _reply(self, side: int, line: bytes) -> None:
        number = max(self._count, 1)
        if line[:_CODE].isdigit() and len(line) > _CODE:
            self._sink.put(side, number, "ftp.completion_code", line[:_CODE])
            line = line[_CODE + 1 :]
        self._sink.put(side, number, "ftp.reply", line)
