"""SMTP as buffers: who greets, who sends to whom, and the message with its files.

Source: RFC 5321 clauses 3 and 4, RFC 3030 (BDAT), RFC 3207 (STARTTLS); names as in the Suricata user guide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.body import file_buffers
from interlock.decode.buffers.lines import Lines
from interlock.decode.buffers.mime import fields_of, files_of_mail
from interlock.decode.buffers.tls import TlsReader
from interlock.records.buffers import CHUNKED

if TYPE_CHECKING:
    from interlock.decode.buffers.sink import Row, Sink

__all__ = ["MOST_MAIL", "SmtpReader", "speaks_smtp"]

MOST_MAIL: Final = 1 << 20
"""Octets of a message that are kept and taken apart."""
_MOST_ROWS: Final = 512
_BEGINS: Final = re.compile(rb"(?:EHLO|HELO|QUIT\r|MAIL FROM:|220[ -][^\r\n]{0,400}E?SMTP)", re.IGNORECASE)
_BDAT: Final = re.compile(rb"BDAT[ \t]+(\d{1,12})", re.IGNORECASE)
_FIELDS: Final = ("from", "to", "cc", "subject", "date", "message-id", "x-mailer")


def speaks_smtp(octets: bytes) -> bool:
    """Whether the first octets of a side are SMTP's: no decoder recognises it."""
    return _BEGINS.match(octets) is not None


class SmtpReader:
    """One connection; a message and what it is sent with are a transaction."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._lines = (Lines(), Lines())
        self._count = 1
        self._rows: list[Row] = []
        self._mail: bytearray | None = None
        self._chunk = 0
        self._chunked = self._last = False
        self._sealing = False
        self._sealed: TlsReader | None = None

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed. Behind STARTTLS and the server's yes, both sides speak TLS (RFC 3207 clause 4)."""
        if self._sealed is not None:
            return self._sealed.feed(side, octets, lost=lost)
        lines = self._lines[side]
        if lost:
            lines.drop()
            if not self._sink.serves(side):
                self._finish(side, whole=False)
        lines.add(octets)
        if self._sink.serves(side):
            return self._replied(side, lines)
        self._skip_chunk(lines)
        for line in lines:
            self._line(side, line)
            self._skip_chunk(lines)
        return True

    def end(self) -> None:
        """See Reader.end."""
        self._finish(self._sink.client, whole=False)

    def _replied(self, side: int, lines: Lines) -> bool:
        for line in lines:
            if self._sealing and line.startswith(b"220"):
                self._finish(self._sink.client, whole=False)
                self._sealed = TlsReader(self._sink)
                return self._sealed.feed(side, lines.rest(), lost=False)
        return True

    def _skip_chunk(self, lines: Lines) -> None:
        """Octets of a BDAT chunk."""
        while self._chunk:
            part = lines.take(self._chunk)
            if not part:
                return
            self._chunk -= len(part)
            self._keep(part)
            if not self._chunk and self._last:
                self._finish(self._sink.client, whole=True)

    def _line(self, side: int, line: bytes) -> None:
        if self._mail is not None and not self._chunked:
            if line == b".":
                self._finish(side, whole=True)
            else:
                self._keep((line[1:] if line.startswith(b".") else line) + b"\r\n")
            return
        self._command(side, line)

    def _command(self, side: int, line: bytes) -> None:
        word = line[:10].upper()
        self._sealing = word.startswith(b"STARTTLS")
        if word.startswith((b"EHLO", b"HELO")):
            self._note(side, "smtp.helo", line[4:].strip())
        elif word.startswith(b"MAIL FROM:"):
            self._note(side, "smtp.mail_from", _path(line[10:]))
        elif word.startswith(b"RCPT TO:"):
            self._note(side, "smtp.rcpt_to", _path(line[8:]))
        elif word.startswith(b"DATA"):
            self._mail, self._chunked = bytearray(), False
        elif (chunk := _BDAT.match(line)) is not None:
            self._mail, self._chunked = self._mail or bytearray(), True
            self._chunk = int(chunk[1])
            self._last = b"LAST" in line.upper()
        elif word.startswith((b"QUIT", b"RSET")):
            self._finish(side, whole=False)

    def _keep(self, octets: bytes) -> None:
        if self._mail is not None and len(self._mail) < MOST_MAIL:
            self._mail += octets

    def _note(self, side: int, buffer: str, octets: bytes) -> None:
        if buffer in self._sink.asked and len(self._rows) < _MOST_ROWS:
            self._rows.append((self._sink.moment, side, self._count, buffer, octets))

    def _finish(self, side: int, *, whole: bool) -> None:
        """A message is over, or will not be."""
        mail, self._mail, self._chunk = self._mail, None, 0
        if mail:
            self._message(side, bytes(mail), whole=whole and len(mail) < MOST_MAIL)
        if self._rows:
            self._sink.put_all(self._rows)
            self._rows = []
            self._count += 1

    def _message(self, side: int, mail: bytes, *, whole: bool) -> None:
        fields = fields_of(re.split(rb"\r?\n\r?\n", mail, maxsplit=1)[0])
        for field in _FIELDS:
            if field.encode() in fields:
                self._note(side, f"email.{field.replace('-', '_')}", fields[field.encode()])
        for name, octets, ended in files_of_mail(mail, whole=whole, plain=CHUNKED in self._sink.asked):
            for buffer, part in file_buffers(octets, name, whole=ended, asked=self._sink.asked):
                self._note(side, buffer, part)
            self._sink.end(side)


def _path(text: bytes) -> bytes:
    """What stands between < and >, without parameters."""
    return text.strip().partition(b">")[0].lstrip(b"<").partition(b" ")[0]
