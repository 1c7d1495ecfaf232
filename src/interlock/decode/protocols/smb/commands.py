"""SMB 2 and 3: a row a command with its share or file, who asks, and its status; compound messages command by command.

Answers belong to requests by message id. What is encrypted is said once a session and passed over.
Source: MS-SMB2 clauses 2.2.1 to 2.2.41, 3.2.4.1.4 (compounding), 3.3.4.2 (interim answers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.smb.logon import say_account, say_challenge, say_login
from interlock.decode.protocols.smb.naming import ON_PIPES, Naming
from interlock.decode.protocols.smb.session import Asked, Logon
from interlock.decode.protocols.smb.status import MORE_PROCESSING, PENDING, SUCCESS, settle, signed
from interlock.decode.protocols.smb.transfers import Handle, SmbTransfers
from interlock.decode.protocols.smb.version2 import ANY_FILE, Body, Header, read_header
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from interlock.decode.protocols.smb.session import Session

__all__ = ["Version2"]

_NO_NUMBER: Final = -(1 << 31)
_UNKNOWN: Final = 0
_NOTIFICATION: Final = 0xFFFFFFFFFFFFFFFF
"""Message id of what a server sends by itself (an oplock break)."""
_HEADER: Final = 64
_MAX_CHAINED: Final = 64
_KEY: Final = 0x0FFFFFFFFFFFFFFF
_CANCELS: Final = 1 << 60
"""Distinguishes a cancel from the request whose message id it repeats."""
_NEGOTIATE, _SETUP, _LOGOFF, _TREE_CONNECT, _CREATE, _CLOSE = 0, 1, 2, 3, 5, 6
_CANCEL = 12
_FILE_WRITE: Final = VERBS.index("file-write")
_RIGHTS: Final = {1: "guest", 2: "anonymous"}
_SESSION_ENCRYPTED: Final = 4


class _Chain:
    """What a related command takes over from the one before it."""

    __slots__ = ("file", "handle", "name", "opener", "session", "tree")

    def __init__(self) -> None:
        self.file: bytes | None = None
        self.name: str | None = None
        self.opener: Asked | None = None
        self.handle: Handle | None = None
        self.session = 0
        self.tree = 0


class Version2:
    """smb: the decoder it works for."""

    def __init__(self, smb: Any, tools: Any) -> None:
        self.smb = smb
        self.naming = Naming(smb, tools)
        self.transfers = SmbTransfers(smb.facts)

    def message(self, m: Any, i: int, out: Any, octets: bytes, more: int) -> None:
        """One message: a command or answer, or several. more: octets of its packet that come in pieces or not at all.

        Raises DecodeError with `truncated`, `chain-invalid` or `chain-too-long`.
        """
        at, chain = 0, _Chain()
        for _ in range(_MAX_CHAINED):
            if len(octets) < at + _HEADER:
                raise DecodeError("truncated", 4 + at)
            head = read_header(octets[at : at + _HEADER])
            end = at + head.following if head.following else len(octets)
            self._command(m, i, out, head, Body(octets[at:end]), chain)
            if not head.following:
                return
            if len(octets) <= at + head.following < len(octets) + more and not head.following & 7:
                return
            if head.following < _HEADER or head.following & 7 or at + head.following >= len(octets):
                raise DecodeError("chain-invalid", 4 + at + 20)
            at += head.following
        raise DecodeError("chain-too-long", 4 + at)

    def encrypted(self, m: Any, i: int, octets: bytes) -> None:
        """A transform header (2.2.41): named once a session, its content is secret."""
        if len(octets) < 52:
            raise DecodeError("truncated", 4)
        session, ident = self.smb.session(m.flow[i]), int.from_bytes(octets[44:52], "little")
        if ident not in session.hidden:
            session.keep(session.hidden, ident, True)
            self._tell(m, i, session, "encrypted", ident, logon=session.logons.get(ident))

    def _command(self, m: Any, i: int, out: Any, head: Header, body: Body, chain: _Chain) -> None:
        self.smb.orient(m, i, head.answers)
        session = self.smb.session(m.flow[i])
        if head.answers:
            self._answer(m, i, out, session, head, body)
        else:
            self._request(m, i, out, session, head, body, chain)

    def _request(
        self, m: Any, i: int, out: Any, session: Session, head: Header, body: Body, chain: _Chain
    ) -> None:
        if not head.related:
            chain.session, chain.tree, chain.opener, chain.file = head.session, head.tree, None, None
            chain.handle = None
        cancels = head.command == _CANCEL
        row = out.ask(m, i, self.smb.f, head.command, head.number & _KEY | (_CANCELS if cancels else 0))
        out.set_transaction(row, head.number & _KEY)
        logon = session.logons.get(chain.session)
        if logon is not None and head.command != _SETUP:
            out.set_user(row, self.smb.accounts.code(logon.user))
        if cancels:
            out.settle(row, _UNKNOWN, _NO_NUMBER)  # nobody answers it (2.2.30)
            return
        asked = self._asked(session, head, body, chain)
        session.keep(session.asked, head.number, asked)
        if asked.name:
            out.set_object(row, self.smb.objects.code(asked.name[:512]), 1)
        share = session.trees.get(chain.tree)
        self.naming.request(out, row, head.command, body, asked, share)
        asked.verb, asked.session = out.verb_of(row), chain.session
        asked.user = logon.user if logon is not None else None
        if head.command == _SETUP:
            self._login(m, i, out, row, session, head, body)
        else:
            self.smb.pipes.asked(m, i, out, session, body, asked, share)
            self.transfers.asked(m, i, out, row, session, body, asked)

    def _asked(self, session: Session, head: Header, body: Body, chain: _Chain) -> Asked:
        """The share or file that a request is about."""
        command, share = head.command, session.trees.get(chain.tree)
        if command == _TREE_CONNECT:
            return Asked(command, body.share())
        if command == _CREATE:
            created = body.created()
            name = f"{share}\\{created}" if share and created else created or share
            chain.handle = Handle(name or "")
            chain.opener = Asked(command, name, handle=chain.handle)
            chain.file, chain.name = ANY_FILE, name
            return chain.opener
        if command == _LOGOFF:
            session.logons.pop(chain.session, None)
        file = body.file(command)
        if file == ANY_FILE and chain.file is not None:
            if command == _CLOSE and chain.opener is not None:
                chain.opener.brief = True
            known = None if chain.file == ANY_FILE else chain.file
            return Asked(command, chain.name, known, handle=chain.handle)
        if file is None:
            return Asked(command, share)
        name = session.files.pop(file, None) if command == _CLOSE else session.files.get(file)
        handle = session.handles.pop(file, None) if command == _CLOSE else session.handles.get(file)
        chain.file, chain.name, chain.handle = file, name, handle
        return Asked(command, name, file, handle=handle)

    def _answer(self, m: Any, i: int, out: Any, session: Session, head: Header, body: Body) -> None:
        key = head.number & _KEY
        if head.number == _NOTIFICATION:
            out.tell(m, i, self.smb.f, head.command)
            return
        if head.status == PENDING:  # interim (3.3.4.2): a row of its own, the request stays open
            row = self._alone(m, i, out, head, session.asked.get(head.number))
            out.settle(row, _UNKNOWN, head.status)
            return
        row = out.answer(m, i, key)
        asked = session.asked.pop(head.number, None)
        if asked is not None and asked.command != head.command:
            asked = None
        if row < 0:
            row = self._alone(m, i, out, head, asked)
        settle(out, row, head.status)
        if head.command == _NEGOTIATE:
            self._negotiated(m, i, out, row, session, head, body)
        elif head.command == _SETUP:
            self._logged_on(m, i, session, head, body)
        elif asked is not None:
            self._learned(out, row, session, head, body, asked)
            self.smb.pipes.answered(m, i, out, session, body, asked)
            self.transfers.answered(m, i, out, row, session, body, asked, head.status)

    def _alone(self, m: Any, i: int, out: Any, head: Header, asked: Asked | None) -> int:
        """A row for an answer without an open request."""
        row: int = out.orphan(m, i, self.smb.f, head.command, head.number & _KEY)
        known = asked is not None and asked.command == head.command
        if asked is not None and known:
            out.set_verb(row, asked.verb)
        elif head.command in ON_PIPES:
            out.set_verb(row, 0)  # of a file or of a pipe: nobody knows
        return row

    def _learned(self, out: Any, row: int, session: Session, head: Header, body: Body, asked: Asked) -> None:
        """What an answer makes known: the id of a tree or file, whether the file is new."""
        if asked.command == _CLOSE and asked.file is not None:
            session.pipes.pop(asked.file, None)
        if head.status != SUCCESS:
            return
        if asked.command == _TREE_CONNECT and asked.name is not None:
            session.keep(session.trees, head.tree, asked.name)
        elif asked.command == _CREATE:
            made = body.made()
            if made is not None and not body.opened() and out.frame_of(row):
                out.set_verb(row, _FILE_WRITE)
            if made is not None and asked.name is not None and not asked.brief:
                session.keep(session.files, made, asked.name)
                if asked.handle is not None:
                    session.keep(session.handles, made, asked.handle)

    def _negotiated(
        self, m: Any, i: int, out: Any, row: int, session: Session, head: Header, body: Body
    ) -> None:
        if head.status != SUCCESS or len(body.octets) < _HEADER + 64:
            return
        session.dialect, session.signing, session.encryption = body.agreed()
        self.smb.negotiated(m, i, session.dialect)
        sealed = f", encryption {session.encryption}" if session.encryption else ""
        told = f"{session.dialect}, signing {session.signing}{sealed}"
        out.set_object(row, self.smb.objects.code(told), 1)
        self._tell(m, i, session, "negotiated", None)

    def _login(self, m: Any, i: int, out: Any, row: int, session: Session, head: Header, body: Body) -> None:
        """NTLM's last message names user, domain and workstation."""
        found = say_login(self.smb.facts, m, i, body.octets, "smb")
        user = found.names.get("user") if found is not None else None
        if found is None or not user:
            return
        out.set_user(row, self.smb.accounts.code(user))
        logon = Logon(user, found.names.get("domain", ""), found.names.get("workstation", ""))
        session.keep(session.logons, head.session, logon)

    def _logged_on(self, m: Any, i: int, session: Session, head: Header, body: Body) -> None:
        say_challenge(self.smb.facts, m, i, body.octets, "smb")
        if head.status == MORE_PROCESSING:
            return
        logon, flags = session.logons.get(head.session), body.number(2, 2)
        if head.status != SUCCESS:
            session.logons.pop(head.session, None)
            self._tell(m, i, session, "refused", head.session, logon=logon, code=signed(head.status))
            return
        rights = _RIGHTS.get(flags & 3)
        if logon is not None and rights is None:
            say_account(self.smb.facts, m, i, logon.user, "smb")
        self._tell(m, i, session, "logged-on", head.session, logon=logon, rights=rights)
        if flags & _SESSION_ENCRYPTED:
            session.keep(session.hidden, head.session, True)
            self._tell(m, i, session, "encrypted", head.session, logon=logon)

    def _tell(
        self,
        m: Any,
        i: int,
        session: Session,
        event: str,
        ident: int | None,
        *,
        logon: Logon | None = None,
        rights: str | None = None,
        code: int | None = None,
    ) -> None:
        """A row of smb_sessions."""
        row = {
            "event": event,
            "session": ident,
            "dialect": session.dialect,
            "signing": session.signing,
            "encryption": session.encryption,
            "user": logon.user[:128] if logon else None,
            "domain": (logon.domain or None) if logon else None,
            "workstation": (logon.workstation or None) if logon else None,
            "rights": rights,
            "code": code,
        }
        self.smb.facts.detail("smb_sessions", m, i, row)
