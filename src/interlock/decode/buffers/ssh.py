"""SSH's first lines and key exchange proposals as buffers, with HASSH.

    SSH-protoversion-softwareversion SP comments CR LF
    | length 4 | padding 1 | 20 | cookie 16 | ten name lists, each: length 4, names |

Source: RFC 4253 clauses 4.2, 6 and 7.1; names as in the Suricata user guide, SSH keywords; HASSH as published.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.tls.reader import Reader as Vectors
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from interlock.decode.buffers.sink import Sink

__all__ = ["SshReader"]

_KEXINIT, _NEWKEYS, _LISTS = 20, 21, 10
_MOST: Final = 36_864
"""Octets of a direction that are looked at: 35,000 of a packet (RFC 4253 clause 6.1) behind lines of text."""
_CLIENT: Final = (0, 2, 4, 6)
_SERVER: Final = (0, 3, 5, 7)
"""Which of the name lists HASSH is made of: key exchange, then ciphers, MACs and compression of that direction."""


class SshReader:
    """One connection, up to where each side takes its new keys."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._held = [b"", b""]
        self._named = [False, False]
        self._over = [False, False]
        self._proposed = [False, False]
        self._keyed = [False, False]

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        if lost:
            self._over[side] = True
        if not self._over[side]:
            self._held[side] += octets
            if not self._named[side]:
                self._name(side)
            if self._named[side]:
                self._packets(side)
            if len(self._held[side]) > _MOST:
                self._over[side] = True
        return not all(self._over)

    def end(self) -> None:
        """See Reader.end."""

    def _name(self, side: int) -> None:
        """The line that begins with SSH-; a server may send others before."""
        while (end := self._held[side].find(b"\n")) >= 0:
            line, self._held[side] = self._held[side][:end].rstrip(b"\r"), self._held[side][end + 1 :]
            if line.startswith(b"SSH-"):
                proto, _, rest = line[4:].partition(b"-")
                software = rest.partition(b" ")[0]
                self._sink.put(side, 1, "ssh.proto", proto)
                self._sink.put(side, 1, "ssh.software", software)
                self._named[side] = True
                return

    def _packets(self, side: int) -> None:
        """The proposal, then what the key exchange says, until new keys are taken (RFC 4253 clause 7.3)."""
        while len(data := self._held[side]) >= 6 and not self._over[side]:
            size = int.from_bytes(data[:4], "big")
            if size < 2 or size > _MOST or (data[5] != _KEXINIT and not self._proposed[side]):
                self._over[side] = True
                return
            if len(data) - 4 < size:
                return
            self._held[side] = data[4 + size :]
            if data[5] == _NEWKEYS:
                self._over[side] = self._keyed[side] = True
                if all(self._keyed):
                    self._sink.seal()
            elif not self._proposed[side]:
                self._proposed[side] = True
                self._proposal(side, data[: 4 + size])

    def _proposal(self, side: int, data: bytes) -> None:
        try:
            reader = Vectors(data, 22)
            lists = [reader.vector(4) for _ in range(_LISTS)]
        except DecodeError:
            return  # its decoder says so
        self._hassh(side, lists)

    def _hassh(self, side: int, lists: list[bytes]) -> None:
        whose = "ssh.hassh.server" if self._sink.serves(side) else "ssh.hassh"
        text = b";".join(lists[i] for i in (_SERVER if self._sink.serves(side) else _CLIENT))
        self._sink.put(side, 1, whose + ".string", text)
        told = hashlib.md5(text, usedforsecurity=False).hexdigest().encode()
        self._sink.put(side, 1, whose, told)
