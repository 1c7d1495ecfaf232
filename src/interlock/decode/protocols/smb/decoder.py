"""SMB 1 to 3 over NetBIOS sessions, and SMB 1 in NetBIOS datagrams: a row a command, with its status.

    SMB 1   | FF "SMB" | command 1 | status 4 | flags 1 | flags2 2 | … | tree 2 | process 2 | user 2 | id 2 | words …
    SMB 2   | FE "SMB" | 64 2 | credits 2 | status 4 | command 2 | credits 2 | flags 4 | next 4 | id 8 | … | body …

Source: MS-SMB2 clauses 2.2.1 to 2.2.14, MS-CIFS clauses 2.2.3 and 2.2.4, MS-NLMP, MS-BRWS.
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names
from interlock.decode.protocols.smb.datagram import read_announcement, read_datagram
from interlock.decode.protocols.smb.framing import MAGICS, SmbFramer
from interlock.decode.protocols.smb.ntlm import read_ntlm
from interlock.decode.protocols.smb.session import Session
from interlock.decode.protocols.smb.version1 import read_dialects, setup_texts, transaction_name, tree_path
from interlock.decode.protocols.smb.version2 import Body, dialect_name
from interlock.decode.protocols.smb.windows import spelled_out, windows_of
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["SPEC", "Smb"]

NO_NUMBER = -2147483648
UNKNOWN, REFUSED, UNSOLICITED = 0, 2, 4
SUCCESS, PENDING, MORE_PROCESSING, BUFFER_OVERFLOW = 0, 0x103, 0xC0000016, 0x80000005
NOTIFICATION = 0xFFFFFFFFFFFFFFFF
"""Message id of what a server sends by itself (an oplock break)."""
MAX_CHAINED = 64
NEGOTIATE, SESSION_SETUP, TREE_CONNECT, CREATE, CLOSE, READ, WRITE = 0, 1, 3, 5, 6, 8, 9
NEGOTIATE_1, SETUP_1, TREE_CONNECT_1, TRANSACTION_1 = 0x72, 0x73, 0x75, 0x25
PLAIN = {"file-read": VERBS.index("read"), "file-write": VERBS.index("write")}
DOMAIN_CONTROLLER = 0x18


class Smb(Decoder):
    """Commands and their answers; names of machines, domains and users on the way."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.version1 = tools.table("smb", "smb1")
        self.accounts = Names(self.names)

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = m.bytes(i)
        if self.flows.transport[m.flow[i]] == 17:
            self._datagram(m, i, out, octets)
            return
        if octets[0] or len(octets) <= 4:
            return  # NetBIOS's own: session request, its answer, keep-alive
        magic = octets[4:8]
        if magic == b"\xffSMB":
            self._version1(m, i, out, octets[4:])
        elif magic == b"\xfeSMB":
            self._version2(m, i, out, octets[4:])
        elif magic not in MAGICS:
            raise DecodeError("magic-unknown", 4)

    def _session(self, slot):
        kept = self.flows.state[slot]
        if kept is None:
            kept = self.flows.state[slot] = Session()
        return kept

    def _orient(self, m, i, answers):
        """Whoever sends an answer is the server."""
        if m.direction[i] != answers:
            self.flows.orient(m.flow[i], m.side[i] ^ answers)
            m.direction[i] = answers

    def _served(self, m, i, who):
        port = self.flows.server_port(m.flow[i])
        self.facts.clue(m, i, who, "service", f"smb/{port}", "smb", 0.95)

    def _version2(self, m, i, out, octets):
        at = 0
        for _ in range(MAX_CHAINED):
            if len(octets) < at + 64:
                raise DecodeError("truncated", 4 + at)
            following = int.from_bytes(octets[at + 20 : at + 24], "little")
            end = at + following if following else len(octets)
            self._command(m, i, out, octets[at:end], at)
            if not following:
                return
            if following < 64 or following & 7 or at + following >= len(octets):
                raise DecodeError("chain-invalid", 4 + at + 20)
            at += following
        raise DecodeError("chain-too-long", 4 + at)

    def _command(self, m, i, out, octets, at):
        """One command or answer of SMB 2, header and body."""
        command = int.from_bytes(octets[12:14], "little")
        flags = int.from_bytes(octets[16:20], "little")
        number = int.from_bytes(octets[24:32], "little")
        answers = flags & 1
        self._orient(m, i, answers)
        session = self._session(m.flow[i])
        body = Body(octets)
        if answers:
            status = int.from_bytes(octets[8:12], "little")
            self._answer2(m, i, out, session, (command, status, number), body)
            return
        row = out.ask(m, i, self.f, command, number & 0x7FFFFFFFFFFFFFFF)
        if session.user:
            out.set_user(row, self.accounts.code(session.user))
        name = self._asked_for(m, i, out, session, command, number, body)
        share = session.trees.get(body.tree, "")
        if name:
            out.set_object(row, self.objects.code(name[:512]), 1)
        if share.upper().endswith("IPC$") and command in (READ, WRITE):
            out.set_verb(row, PLAIN["file-read" if command == READ else "file-write"])
        if command == SESSION_SETUP:
            self._login(m, i, out, row, session, octets)

    def _asked_for(self, m, i, out, session, command, number, body):
        """The share or file that a request is about."""
        if command == TREE_CONNECT:
            name = body.share()
            session.keep(session.asked, number, name)
            return name
        if command == CREATE:
            name = body.created()
            share = session.trees.get(body.tree)
            name = f"{share}\\{name}" if share else name
            session.keep(session.asked, number, name)
            return name
        ident = body.file(command)
        if ident is None:
            return session.trees.get(body.tree)
        return session.files.pop(ident, None) if command == CLOSE else session.files.get(ident)

    def _answer2(self, m, i, out, session, head, body):
        command, status, number = head
        key = number & 0x7FFFFFFFFFFFFFFF
        if number == NOTIFICATION:
            out.tell(m, i, self.f, command)
            return
        if status == PENDING:  # interim (MS-SMB2 3.3.4.2): a row of its own, the request stays open
            row = out.orphan(m, i, self.f, command, key)
            out.settle(row, UNKNOWN, status)
            return
        row = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self.f, command, key)
        self._settle(out, row, status)
        name = session.asked.pop(number, None)
        if status == SUCCESS and name is not None:
            if command == TREE_CONNECT:
                session.keep(session.trees, body.tree, name)
            elif command == CREATE and body.made() is not None:
                session.keep(session.files, body.made(), name)
        if command == NEGOTIATE and status == SUCCESS:
            self._negotiated(m, i, dialect_name(body.dialect()))
        elif command == SESSION_SETUP:
            self._challenge(m, i, body.octets)

    def _settle(self, out, row, status):
        if status not in (SUCCESS, MORE_PROCESSING, BUFFER_OVERFLOW) and status >> 30 != 1:
            out.settle(row, REFUSED, status - (1 << 32) if status >> 31 else status)

    def _negotiated(self, m, i, dialect):
        who = self.facts.sender(m, i)
        self._served(m, i, who)
        self.facts.clue(m, i, who, "software", dialect, "smb", 0.9)

    def _login(self, m, i, out, row, session, octets):
        """NTLM's last message names user, domain and workstation."""
        found = read_ntlm(octets)
        if found is None:
            return
        who, say = self.facts.sender(m, i), self.facts.clue
        if found.names.get("user"):
            session.user = found.names["user"]
            out.set_user(row, self.accounts.code(session.user))
            say(m, i, who, "user", session.user, "smb", 0.9)
        say(m, i, who, "name", found.names.get("workstation", ""), "smb", 0.8)
        if found.names.get("domain") != found.names.get("workstation"):
            say(m, i, who, "domain", found.names.get("domain", ""), "smb", 0.5)
        if found.version is not None:
            say(m, i, who, "os", windows_of(*found.version), "smb", 0.7)

    def _challenge(self, m, i, octets):
        found = read_ntlm(octets)
        if found is None:
            return
        who, say = self.facts.sender(m, i), self.facts.clue
        say(m, i, who, "name", found.names.get("dns_computer", ""), "smb", 0.9)
        say(m, i, who, "name", found.names.get("computer", ""), "smb", 0.9)
        domain = found.names.get("dns_domain") or found.names.get("domain", "")
        if domain not in (found.names.get("dns_computer"), found.names.get("computer")):  # else it has none
            say(m, i, who, "domain", domain, "smb", 0.8)
        if found.version is not None:
            say(m, i, who, "os", windows_of(*found.version), "smb", 0.8)

    def _version1(self, m, i, out, octets):
        if len(octets) < 35:
            raise DecodeError("truncated", 4)
        command, status = octets[4], int.from_bytes(octets[5:9], "little")
        answers, process = octets[9] >> 7, int.from_bytes(octets[26:28], "little")
        key = 1 << 48 | command << 32 | process << 16 | int.from_bytes(octets[30:32], "little")
        self._orient(m, i, answers)
        session = self._session(m.flow[i])
        if answers:
            row = out.answer(m, i, key)
            if row < 0:
                row = out.orphan(m, i, self.version1, command, key)
            if octets[11] & 0x40:  # flags2: NT status codes
                self._settle(out, row, status)
            elif status:
                out.settle(row, REFUSED, status & 0x7FFFFFFF)
            self._answer1(m, i, session, command, octets)
        else:
            row = out.ask(m, i, self.version1, command, key)
            self._request1(m, i, out, row, session, command, octets)
        out.set_transaction(row, key & 0xFFFF)

    def _request1(self, m, i, out, row, session, command, octets):
        if session.user:
            out.set_user(row, self.accounts.code(session.user))
        if command == NEGOTIATE_1:
            session.dialects = read_dialects(octets)
        elif command in (TREE_CONNECT_1, TRANSACTION_1):
            path = tree_path(octets) if command == TREE_CONNECT_1 else transaction_name(octets)
            if path:
                out.set_object(row, self.objects.code(path[:512]), 1)
        elif command == SETUP_1:
            self._login(m, i, out, row, session, octets)
            self._texts1(m, i, octets)

    def _answer1(self, m, i, session, command, octets):
        if command == NEGOTIATE_1 and octets[32] and len(octets) >= 35:
            chosen = int.from_bytes(octets[33:35], "little")
            dialect = session.dialects[chosen] if chosen < len(session.dialects) else ""
            self._negotiated(m, i, f"SMB 1 ({dialect})" if dialect else "SMB 1")
        elif command == SETUP_1:
            self._challenge(m, i, octets)
            self._texts1(m, i, octets)

    def _texts1(self, m, i, octets):
        """Operating system, LAN manager and domain, as session setups end."""
        system, manager, domain = setup_texts(octets)
        who, say = self.facts.sender(m, i), self.facts.clue
        say(m, i, who, "os", spelled_out(system), "smb", 0.7)
        say(m, i, who, "software", manager, "smb", 0.6)
        say(m, i, who, "domain", domain, "smb", 0.7)

    def _datagram(self, m, i, out, octets):
        """SMB 1 in a NetBIOS datagram: nobody answers it."""
        found = read_datagram(octets)
        if found is None or octets[found[2] : found[2] + 4] != b"\xffSMB" or len(octets) < found[2] + 33:
            return
        smb = octets[found[2] :]
        row = out.ask(m, i, self.version1, smb[4], 0)
        out.settle(row, UNSOLICITED, NO_NUMBER)
        out.set_transaction(row, -1)
        if smb[4] == TRANSACTION_1:
            out.set_object(row, self.objects.code(transaction_name(smb)[:512]), 1)
        said = read_announcement(smb) if smb[4] == TRANSACTION_1 else None
        who, say = self.facts.sender(m, i), self.facts.clue
        if said is None:
            say(m, i, who, "name", found[0], "smb", 0.6)
            return
        say(m, i, who, "name", said.name, "smb", 0.8)
        say(m, i, who, "os", windows_of(said.major, said.minor), "smb", 0.6)
        say(m, i, who, "description", said.comment, "smb", 0.6)
        if said.kinds & DOMAIN_CONTROLLER:
            say(m, i, who, "role", "server", "smb", 0.7)


def _probe(octets, hint):
    """A NetBIOS session packet around SMB, or a session request; a datagram around SMB."""
    if hint.transport == "udp":
        found = read_datagram(octets)
        return 90 if found is not None and octets[found[2] : found[2] + 4] == b"\xffSMB" else 0
    if not octets or octets[0] not in (0x00, 0x81, 0x82, 0x83, 0x85):
        return 0
    own = any(port in (139, 445) for port in (hint.source_port, hint.target_port))
    if len(octets) < 8:
        if octets[0] in (0x82, 0x83, 0x85):
            return 60 if own and octets[1:3] == b"\0\0" and len(octets) in (4, 5) else 0
        return NEED_MORE if own or octets[4:] in [magic[: len(octets) - 4] for magic in MAGICS] else 0
    if octets[0] == 0:
        return 95 if octets[4:8] in MAGICS and int.from_bytes(octets[1:4], "big") >= 32 else 0
    if octets[0] == 0x81:  # session request: two encoded names
        return 80 if octets[1] == 0 and octets[4] == 0x20 and octets[3] >= 68 and own else 0
    return 60 if own and octets[1:3] == b"\0\0" else 0


SPEC = ProtocolSpec(
    name="smb",
    names=("smb",),
    probe=_probe,
    decoder=Smb,
    tcp=frozenset({139, 445}),
    udp=frozenset({138}),
    framer=SmbFramer,
    timeout_ns=30_000_000_000,
)
