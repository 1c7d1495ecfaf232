r"""Trees that SMB clients connect to, and accounts that log on, as buffers.

    | 0 | length 3 | "\xfeSMB" … command 2 at 12, flags 4 at 16 … | body at 64 |
    | 0 | length 3 | "\xffSMB" … command 1 at 4, flags 1 at 9 …   | body at 32 |

Source: MS-SMB2 clauses 2.2.1 and 2.2.9, MS-CIFS clauses 2.2.3 and 2.2.4.55; names as in the Suricata user guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.dcerpc import RPC_BUFFERS
from interlock.decode.buffers.smb_pipes import Pipes
from interlock.decode.protocols.smb.ntlm import read_ntlm
from interlock.records.buffers import CHUNKED

if TYPE_CHECKING:
    from interlock.decode.buffers.sink import Sink

__all__ = ["SmbReader"]

_KEPT: Final = 65_536
"""Octets of a session packet that are looked at; the rest, of files, is passed over."""
_SETUP2, _TREE2, _SETUP1, _TREE1 = 1, 3, 0x73, 0x75
_MOST_CHAINED: Final = 64


class SmbReader:
    """One connection on port 445 or 139."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._held = [b"", b""]
        self._leap = [0, 0]
        self._count = 0
        self._from = int(CHUNKED in sink.asked)  # of SMB 1's paths Suricata shows no first character
        self._pipes = Pipes(sink, self._next) if sink.asked.intersection(RPC_BUFFERS) else None

    def _next(self) -> int:
        self._count += 1
        return self._count

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        if lost:
            self._held[side], self._leap[side] = b"", 0
        passed = min(self._leap[side], len(octets))
        self._leap[side] -= passed
        data = self._held[side] + octets[passed:]
        while len(data) >= 4:
            size = int.from_bytes(data[1:4], "big") & 0x1FFFF if data[0] else int.from_bytes(data[1:4], "big")
            kept = min(size, _KEPT)
            if len(data) - 4 < kept:
                break
            self._message(side, data[4 : 4 + kept])
            self._leap[side] = max(0, 4 + size - len(data))
            data = data[4 + size :]
        self._held[side] = data if len(data) <= _KEPT + 4 else b""
        return True

    def end(self) -> None:
        """See Reader.end."""

    def _message(self, side: int, octets: bytes) -> None:
        if octets[:4] == b"\xffSMB" and len(octets) > 33:
            self._next()
            self._sink.put(side, self._count, "smb.version", b"1")
            self._classic(side, octets)
            if self._pipes is not None:
                self._pipes.classic(side, octets)
            return
        for _ in range(_MOST_CHAINED):
            if octets[:4] != b"\xfeSMB" or len(octets) < 72:
                return
            after = int.from_bytes(octets[20:24], "little")
            self._next()
            self._sink.put(side, self._count, "smb.version", b"2")
            self._modern(side, octets)
            if self._pipes is not None:
                self._pipes.modern(side, octets[:after] if after else octets)
            if not after:
                return
            octets = octets[after:]

    def _modern(self, side: int, octets: bytes) -> None:
        command, answers = int.from_bytes(octets[12:14], "little"), octets[16] & 1
        if answers:
            return
        if command == _TREE2:
            at, size = (int.from_bytes(octets[k : k + 2], "little") for k in (68, 70))
            self._tree(side, octets[at : at + size].decode("utf-16-le", "replace"))
        elif command == _SETUP2:
            self._logon(side, octets)

    def _classic(self, side: int, octets: bytes) -> None:
        if octets[9] & 0x80:
            return
        if octets[4] == _TREE1:
            body = 33 + 2 * octets[32] + 2
            password = int.from_bytes(octets[33 + 6 : 33 + 8], "little")
            path = octets[body + password :]
            if octets[11] & 0x80:  # FLAGS2_UNICODE: text begins at an even offset from the header
                path = path[(body + password) & 1 :]
                end = next((k for k in range(0, len(path) - 1, 2) if path[k : k + 2] == b"\0\0"), len(path))
                self._tree(side, path[:end].decode("utf-16-le", "replace")[self._from :])
            else:
                self._tree(side, path.partition(b"\0")[0].decode("latin-1")[self._from :])
        elif octets[4] == _SETUP1:
            self._logon(side, octets)

    def _tree(self, side: int, path: str) -> None:
        name = path.encode("utf-8", "backslashreplace")
        pipe = path.upper().endswith("IPC$")
        self._sink.put(side, self._count, "smb.named_pipe" if pipe else "smb.share", name)

    def _logon(self, side: int, octets: bytes) -> None:
        found = read_ntlm(octets)
        if found is None or "user" not in found.names:
            return
        for buffer, key in (("smb.ntlmssp_user", "user"), ("smb.ntlmssp_domain", "domain")):
            text = found.names.get(key, "")
            self._sink.put(side, self._count, buffer, text.encode("utf-8", "backslashreplace"))
