"""SMB 1 to 3 over NetBIOS sessions, and SMB 1 in NetBIOS datagrams: a row a command, with its status.

    NetBIOS session | type 1 | length 3 |   SMB 1 | FF "SMB" …   SMB 2, 3 | FE "SMB" …   encrypted | FD "SMB" …

SMB 2 and 3 stand in `commands`, SMB 1 in `classic`, what named pipes carry in `pipes`.
Source: MS-SMB2, MS-CIFS, MS-NLMP, MS-BRWS; RFC 1002.
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names
from interlock.decode.protocols.smb.classic import TRANSACTION, Version1
from interlock.decode.protocols.smb.commands import Version2
from interlock.decode.protocols.smb.datagram import mailslot_verb, read_announcement, read_datagram
from interlock.decode.protocols.smb.framing import MAGICS, SmbFramer, carries_file
from interlock.decode.protocols.smb.pipes import Pipes
from interlock.decode.protocols.smb.session import Session
from interlock.decode.protocols.smb.tables import SESSIONS
from interlock.decode.protocols.smb.transfers import Rest
from interlock.decode.protocols.smb.version1 import transaction_name
from interlock.decode.protocols.smb.windows import windows_of
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Smb"]

NO_NUMBER = -2147483648
UNSOLICITED = 4
DOMAIN_CONTROLLER = 0x18


class Smb(Decoder):
    """Commands and their answers; names of machines, domains and users on the way."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.accounts = Names(self.names)
        self.pipes = Pipes(self, tools)
        self.version1 = Version1(self, tools.table("smb", "smb1"))
        self.version2 = Version2(self, tools)

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = m.bytes(i)
        if self.flows.transport[m.flow[i]] == 17:
            self._datagram(m, i, out, octets)
            return
        kept = self.flows.state[m.flow[i]]
        if kept is not None and kept.rests[m.side[i]] and self.version2.transfers.piece(m, i, kept, octets):
            return
        if octets[0] or len(octets) <= 4:
            return  # NetBIOS's own: session request, its answer, keep-alive
        magic = octets[4:8]
        more = 4 + int.from_bytes(octets[1:4], "big") - len(octets)
        if more > 0 and carries_file(octets):
            self.session(m.flow[i]).rests[m.side[i]] = Rest(more, m.gaps[i])
        if magic == b"\xfeSMB":
            self.version2.message(m, i, out, octets[4:], more)
        elif magic == b"\xffSMB":
            self.version1.message(m, i, out, octets[4:])
        elif magic == b"\xfdSMB":
            self.version2.encrypted(m, i, octets[4:])
        elif magic not in MAGICS:
            raise DecodeError("magic-unknown", 4)

    def session(self, slot):
        """What is kept of a flow."""
        kept = self.flows.state[slot]
        if kept is None:
            kept = self.flows.state[slot] = Session()
        return kept

    def orient(self, m, i, answers):
        """Whoever sends an answer is the server."""
        if m.direction[i] != answers:
            self.flows.orient(m.flow[i], m.side[i] ^ answers)
            m.direction[i] = answers

    def negotiated(self, m, i, dialect):
        """A server chose a dialect in message i."""
        who, port = self.facts.sender(m, i), self.flows.server_port(m.flow[i])
        self.facts.clue(m, i, who, "service", f"smb/{port}", "smb", 0.95)
        self.facts.clue(m, i, who, "software", dialect, "smb", 0.9)

    def _datagram(self, m, i, out, octets):
        """SMB 1 in a NetBIOS datagram: nobody answers it."""
        found = read_datagram(octets)
        if found is None or octets[found[2] : found[2] + 4] != b"\xffSMB" or len(octets) < found[2] + 33:
            return
        smb = octets[found[2] :]
        row = out.ask(m, i, self.version1.functions, smb[4], 0)
        out.settle(row, UNSOLICITED, NO_NUMBER)
        out.set_transaction(row, -1)
        if smb[4] == TRANSACTION:
            out.set_object(row, self.objects.code(transaction_name(smb)[:512]), 1)
            out.set_verb(row, mailslot_verb(smb))
        said = read_announcement(smb) if smb[4] == TRANSACTION else None
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
    details=(SESSIONS,),
    timeout_ns=30_000_000_000,
)
