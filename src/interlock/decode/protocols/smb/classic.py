"""SMB 1 on a stream: a row a command with its status; dialects, shares and what session setups say.

    | FF "SMB" | command 1 | status 4 | flags 1 | flags2 2 | … | tree 2 | process 2 | user 2 | id 2 | words …

Source: MS-CIFS clauses 2.2.3 and 2.2.4, MS-SMB clause 2.2.4.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.smb.classic_files import ClassicFiles
from interlock.decode.protocols.smb.logon import say_challenge, say_login
from interlock.decode.protocols.smb.status import settle
from interlock.decode.protocols.smb.version1 import read_dialects, setup_texts, transaction_name, tree_path
from interlock.decode.protocols.smb.windows import spelled_out
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from interlock.decode.protocols.smb.session import Session

__all__ = ["TRANSACTION", "Version1"]

_REFUSED: Final = 2
_NEGOTIATE, _SETUP, _TREE_CONNECT, TRANSACTION = 0x72, 0x73, 0x75, 0x25


class Version1:
    """smb: the decoder it works for."""

    def __init__(self, smb: Any, functions: Any) -> None:
        self.smb = smb
        self.functions = functions
        self.files = ClassicFiles(smb.facts)

    def message(self, m: Any, i: int, out: Any, octets: bytes) -> None:
        """One command or answer.

        Raises DecodeError("truncated", 4) where it is shorter than its header.
        """
        if len(octets) < 35:
            raise DecodeError("truncated", 4)
        command, status = octets[4], int.from_bytes(octets[5:9], "little")
        answers, process = octets[9] >> 7, int.from_bytes(octets[26:28], "little")
        key = 1 << 48 | command << 32 | process << 16 | int.from_bytes(octets[30:32], "little")
        self.smb.orient(m, i, answers)
        session = self.smb.session(m.flow[i])
        if answers:
            row = out.answer(m, i, key)
            if row < 0:
                row = out.orphan(m, i, self.functions, command, key)
            if octets[11] & 0x40:  # flags2: NT status codes
                settle(out, row, status)
            elif status:
                out.settle(row, _REFUSED, status & 0x7FFFFFFF)
            self._answer(m, i, session, command, octets)
            self.files.answer(m, i, out, row, session, octets)
        else:
            row = out.ask(m, i, self.functions, command, key)
            self._request(m, i, out, row, session, command, octets)
            self.files.request(m, i, out, row, session, octets)
        out.set_transaction(row, key & 0xFFFF)

    def _request(
        self, m: Any, i: int, out: Any, row: int, session: Session, command: int, octets: bytes
    ) -> None:
        if session.user:
            out.set_user(row, self.smb.accounts.code(session.user))
        if command == _NEGOTIATE:
            session.dialects = read_dialects(octets)
        elif command in (_TREE_CONNECT, TRANSACTION):
            path = tree_path(octets) if command == _TREE_CONNECT else transaction_name(octets)
            if path:
                out.set_object(row, self.smb.objects.code(path[:512]), 1)
        elif command == _SETUP:
            found = say_login(self.smb.facts, m, i, octets, "smb")
            if found is not None and found.names.get("user"):
                session.user = found.names["user"]
                out.set_user(row, self.smb.accounts.code(session.user))
                self.smb.facts.clue(m, i, self.smb.facts.sender(m, i), "user", session.user, "smb", 0.9)
            self._texts(m, i, octets)

    def _answer(self, m: Any, i: int, session: Session, command: int, octets: bytes) -> None:
        if command == _NEGOTIATE and octets[32] and len(octets) >= 35:
            chosen = int.from_bytes(octets[33:35], "little")
            dialect = session.dialects[chosen] if chosen < len(session.dialects) else ""
            self.smb.negotiated(m, i, f"SMB 1 ({dialect})" if dialect else "SMB 1")
        elif command == _SETUP:
            say_challenge(self.smb.facts, m, i, octets, "smb")
            self._texts(m, i, octets)

    def _texts(self, m: Any, i: int, octets: bytes) -> None:
        """Operating system, LAN manager and domain, as session setups end."""
        system, manager, domain = setup_texts(octets)
        who, say = self.smb.facts.sender(m, i), self.smb.facts.clue
        say(m, i, who, "os", spelled_out(system), "smb", 0.7)
        say(m, i, who, "software", manager, "smb", 0.6)
        say(m, i, who, "domain", domain, "smb", 0.7)
