r"""Named pipes: the DCE/RPC that writes, reads and transceives carry gets rows of its own, beside those of SMB.

A write to `\\host\IPC$\svcctl` only says that octets went there; the call in it says that a service was created.
A pipe whose octets are no DCE/RPC is left alone. Source: MS-RPCE clause 2.1.1.2; MS-SMB2 clauses 2.2.20, 2.2.21,
2.2.31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.dcerpc.calls import Calls
from interlock.decode.protocols.dcerpc.pdu import HEADER_OCTETS, plausible, read_pdu
from interlock.decode.protocols.dcerpc.state import Association
from interlock.decode.protocols.smb.naming import is_pipe_share
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from interlock.decode.protocols.smb.session import Asked, Session
    from interlock.decode.protocols.smb.version2 import Body

__all__ = ["Pipe", "Pipes"]

_READ, _WRITE, _IOCTL = 8, 9, 11
_TRANSCEIVE: Final = 0x0011C017
_BASE: Final = 1 << 61
"""Keeps the keys of calls in pipes apart from SMB's own."""
_MAX_PIPES: Final = 1 << 15


class Pipe:
    """An open pipe: its association, and what has come of the next packet each way (less than 64 KiB)."""

    __slots__ = ("association", "foreign", "rest")

    def __init__(self, number: int) -> None:
        self.association = Association(base=_BASE | (number % _MAX_PIPES) << 41)
        self.foreign = False
        self.rest = [b"", b""]


class Pipes:
    """smb: the decoder it works for."""

    def __init__(self, smb: Any, tools: Any) -> None:
        self._smb = smb
        self._calls = Calls(tools) if "dcerpc" in tools.codes else None

    def asked(
        self, m: Any, i: int, out: Any, session: Session, body: Body, asked: Asked, share: str | None
    ) -> None:
        """A request of message i that may carry octets to a pipe."""
        if asked.command == _WRITE:
            data = body.written()
        elif asked.command == _IOCTL and asked.about == _TRANSCEIVE:
            data = body.control_input()
        else:
            return
        pipe = self._pipe(session, asked, data, share)
        if pipe is not None:
            logon = session.logons.get(asked.session)
            if logon is not None and pipe.association.user is None:
                pipe.association.user = logon.user
            self._fed(m, i, out, pipe, 0, data)

    def answered(self, m: Any, i: int, out: Any, session: Session, body: Body, asked: Asked) -> None:
        """An answer of message i that may carry octets from a pipe."""
        pipe = session.pipes.get(asked.file) if asked.file is not None else None
        if pipe is None:
            return
        if asked.command == _READ:
            self._fed(m, i, out, pipe, 1, body.read())
        elif asked.command == _IOCTL and asked.about == _TRANSCEIVE:
            self._fed(m, i, out, pipe, 1, body.control_output())

    def _pipe(self, session: Session, asked: Asked, data: bytes, share: str | None) -> Pipe | None:
        """The pipe that a request writes to; where nothing of it was seen opened, a whole packet begins it."""
        if asked.file is None or self._calls is None:
            return None
        pipe = session.pipes.get(asked.file)
        if pipe is not None:
            return pipe
        if len(data) < HEADER_OCTETS or not plausible(data[:HEADER_OCTETS]):
            return None
        if share is not None and not is_pipe_share(share):
            return None
        session.opened += 1
        pipe = Pipe(session.opened)
        session.keep(session.pipes, asked.file, pipe)
        return pipe

    def _fed(self, m: Any, i: int, out: Any, pipe: Pipe, direction: int, data: bytes) -> None:
        """Cut packets off what came one way."""
        rest, at = pipe.rest[direction] + data, 0
        while not pipe.foreign and len(rest) - at >= HEADER_OCTETS:
            length = plausible(rest[at : at + HEADER_OCTETS])
            if not length:
                pipe.foreign = True
            elif length > len(rest) - at:
                break
            else:
                self._packet(m, i, out, pipe, rest[at : at + length])
                at += length
        pipe.rest[direction] = b"" if pipe.foreign else rest[at:]

    def _packet(self, m: Any, i: int, out: Any, pipe: Pipe, octets: bytes) -> None:
        if self._calls is None:
            return
        try:
            self._calls.packet(m, i, out, pipe.association, read_pdu(octets))
        except DecodeError as error:
            self._smb.facts.oddity(m, i, "dcerpc", error.oddity, 0)
