"""FTP's control connection: commands and their replies, logins in clear, which files go which way.

    command = 3 to 4 letters [ SP argument ] CRLF        reply = 3 digits ( SP | - ) text CRLF

Replies belong to commands in order; those of 100 to 199 are interim. Source: RFC 959, RFC 2228, RFC 2389,
RFC 2428, RFC 3659.
"""

from __future__ import annotations

import re
from collections import deque

from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names, begin, end
from interlock.decode.protocols.ftp.framing import COMMAND, REPLY, FtpFramer, without_telnet
from interlock.decode.protocols.ftp.transfers import TRANSFERS, data_flow, endpoint_of, said_octets
from interlock.decode.spec import NEED_MORE, ProtocolSpec

__all__ = ["SPEC", "Ftp"]

NO_NUMBER = -2147483648
REFUSED = 2
MAX_WAITING = 64
PARSED = 3
_TRANSFERS = frozenset({"RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD"})
MOVES = frozenset({"RETR", "STOR", "STOU", "APPE"})
"""Commands that move a file; the others fetch listings."""
ANONYMOUS = frozenset({"anonymous", "ftp"})
_WITH_NAME = frozenset(
    {
        *(
            "RETR",
            "STOR",
            "STOU",
            "APPE",
            "DELE",
            "RNFR",
            "RNTO",
            "CWD",
            "RMD",
            "MKD",
            "LIST",
            "NLST",
            "SIZE",
        ),
        *("MDTM", "MLST", "MLSD", "STAT", "SMNT", "XCWD", "XMKD", "XRMD", "MFMT"),
    }
)
"""Commands whose argument is a path."""
_SYSTEMS = (
    ("Windows_CE", "Windows CE"),
    ("Windows", "Windows"),
    ("Microsoft", "Windows"),
    ("VxWorks", "VxWorks"),
    ("VXWORKS", "VxWorks"),
    ("QNX", "QNX"),
    ("Nucleus", "Nucleus"),
    ("Linux", "Linux"),
    ("UNIX", "Unix"),
)


class _Session:
    """A flow's commands without reply, who is logging in, and where the next data connection goes.

    data: (side of the control connection that listens, address, port). octets: as the interim reply said.
    transfer: (command, name, operation) of the next data connection. rest: it begins within the file. artifact: it.
    late: the one that is over, as the server says. client: address.
    """

    __slots__ = (
        "artifact",
        "asked",
        "client",
        "data",
        "late",
        "login",
        "octets",
        "rest",
        "transfer",
        "user",
        "waiting",
    )

    def __init__(self, client=""):
        self.artifact = self.late = None
        self.client = client
        self.transfer = None
        self.rest = False
        self.asked = 0
        self.waiting = deque(maxlen=MAX_WAITING)
        self.user = None
        self.login = None
        self.data = None
        self.octets = None


class Ftp(Decoder):
    """Commands and replies."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.commands = {name: number for number, (name, _) in tools.verb_rows("ftp").items()}
        self.accounts = Names(self.names)
        self.others = Names(self.names)
        self.data_code = tools.codes["ftp-data"]
        self.artifacts = self.facts.artifacts

    def forget(self, slot):
        """See Decoder.forget."""
        Decoder.forget(self, slot)
        self.tools.announced.owners.pop(slot, None)

    def message(self, m, i, out):
        """See Decoder.message."""
        slot = m.flow[i]
        if self.flows.protocol[slot] == self.data_code:
            self._data(m, i, slot)
            return
        line = without_telnet(self.cursor.rest())
        session = self.flows.state[slot]
        if session is None:
            session = self.flows.state[slot] = _Session()
        reply = REPLY.match(line)
        if reply is not None:
            self._orient(m, i, slot, 1)
            self._reply(m, i, out, session, reply, line)
            return
        command = COMMAND.match(line)
        if command is not None:
            self._orient(m, i, slot, 0)
            self._command(m, i, out, session, command)
        elif line.endswith(b"\n") and line.strip():  # without one it is the first octet of what is encrypted
            self.facts.oddity(m, i, "ftp", "line-malformed", 0)

    def _orient(self, m, i, slot, direction):
        if m.direction[i] != direction:
            self.flows.orient(slot, m.side[i] ^ direction)
            m.direction[i] = direction

    def _command(self, m, i, out, session, found):
        name = found[1].decode("ascii").upper()
        argument = _text(found[2] or b"")
        function = self.commands.get(name, NO_NUMBER)
        session.asked += 1
        row = out.ask(m, i, self.f, function, session.asked)
        if function == NO_NUMBER:
            out.set_name(row, self.others.code(name))
        if name in _WITH_NAME and argument:
            out.set_object(row, self.objects.code(argument[:512]), 1)
        if name == "USER":
            session.user, session.login = argument[:128], None
        elif name == "PASS":
            session.login = self._password(m, i, session.user, found[2] or b"")
        if session.user:
            out.set_user(row, self.accounts.code(session.user))
        if name in ("PORT", "EPRT"):
            end_point = endpoint_of(argument, "")
            session.data = (m.side[i], *end_point) if end_point else None
            self._expect(m, i, session)
        elif name == "REST":
            session.rest = argument.strip("0 ") != ""
        elif name in MOVES:
            session.transfer = (name, argument, out.operation_of(row))
        session.waiting.append((session.asked, function, name, argument))

    def _password(self, m, i, user, secret):
        scheme = "anonymous" if user is not None and user.lower() in ANONYMOUS else "user-password"
        return begin(self.facts, m, i, "ftp", scheme, user, secret)

    def _reply(self, m, i, out, session, found, line):
        code = int(found[1])
        if 100 <= code < 200:
            session.octets = said_octets(_text(line))
            return
        key, function, name, argument = (
            session.waiting.popleft() if session.waiting else (0, NO_NUMBER, "", "")
        )
        row = out.answer(m, i, key) if key else -1
        if row < 0:
            row = out.orphan(m, i, self.f, function, key or -1)
            if function == NO_NUMBER:
                out.set_name(row, self.others.code(name))
        if code >= 400:
            out.settle(row, REFUSED, code)
        if name in ("PASS", "ACCT") and session.login is not None and code != 332:
            end(self.facts, session.login, "ok" if code < 400 else "refused")
            session.login = None
            if code < 400 and session.user and session.user.lower() not in ANONYMOUS:
                self.facts.clue(m, i, self.facts.receiver(m, i), "user", session.user, "ftp", 0.9)
        if code in (227, 229):
            listens = endpoint_of(_text(line), self.facts.sender(m, i))
            session.data = (m.side[i], *listens) if listens else None
            self._expect(m, i, session)
        elif name in _TRANSFERS:
            self._transferred(m, i, session, name, argument, code)
        if code in (215, 220):
            self._clues(m, i, code, name, _lines(line))

    def _transferred(self, m, i, session, name, argument, code):
        """A transfer has ended: its row, and the name of the flow that carried it."""
        side, address, port = session.data or (None, None, None)
        slot = data_flow(self.flows, m.flow[i], side, port, m.time[i]) if port else None
        if slot is not None and self.flows.protocol[slot] < 0:
            self.flows.protocol[slot] = self.tools.codes["ftp-data"]
            self.flows.basis[slot], self.flows.confidence[slot] = PARSED, 95
            self.flows.opaque[slot] = 1  # a file's octets are no commands
        row = {
            "command": name,
            "name": argument[:512] or None,
            "user": session.user or None,
            "passive": None if side is None else side == m.side[i],
            "data_address": address,
            "data_port": port,
            "data_flow": None if slot is None else self.flows.ident[slot],
            "octets": session.octets,
            "outcome": "ok" if code < 400 else "refused",
            "code": code,
        }
        self.facts.detail("ftp_transfers", m, i, row)
        self._arrived(m, i, session, code)
        session.data = session.octets = session.transfer = None
        session.rest = False

    def _expect(self, m, i, session):
        """A data connection is coming: to the address that was said, or to that of who said it."""
        session.artifact = None
        if session.data is None:
            return
        session.client = self.facts.address_of(m.flow[i], self.flows.client_side[m.flow[i]])
        realm, announced = self.flows.realm[m.flow[i]], self.tools.announced
        for address in {session.data[1], self.facts.sender(m, i)}:
            announced.expect((realm, address, session.data[2]), self.data_code, session)

    def _data(self, m, i, slot):
        """Octets of a file."""
        session = self.tools.announced.owners.get(slot)
        if session is not None and session.late is not None and session.late.slot == slot:
            self.artifacts.add(session.late, m, i, self.cursor.rest())
            return
        if session is None or session.transfer is None:
            return
        command, name, operation = session.transfer
        if command not in MOVES:
            return
        file = session.artifact
        if file is None or file.slot != slot:
            way = "read" if command == "RETR" else "written"
            asks = 0 if self.facts.address_of(slot, 0) == session.client else 1
            file = session.artifact = self.artifacts.begin(
                m,
                i,
                "ftp",
                "file",
                name or "(no name)",
                way,
                side=asks,
                user=session.user,
                operation=operation,
            )
            file.sender = m.side[i]
            if command == "APPE" or session.rest:
                self.artifacts.gap(file)  # only a part of the file
        self.artifacts.add(file, m, i, self.cursor.rest())

    def _arrived(self, m, i, session, code):
        """The server says how the transfer ended."""
        file, session.artifact = session.artifact, None
        session.late = file  # what its kernel has yet to send comes behind the answer
        if file is not None:
            file.stated = -1 if session.octets is None else session.octets
            self.artifacts.when_closed(file, m, i, refused=code >= 400)

    def _clues(self, m, i, code, name, text):
        who = self.facts.sender(m, i)
        self.facts.clue(m, i, who, "service", f"ftp/{self.flows.server_port(m.flow[i])}", "ftp", 0.95)
        if code == 220 and not name:
            self.facts.clue(m, i, who, "software", text[:200], "ftp", 0.7)
        if (code == 220 and not name) or code == 215:
            system = next((known for mark, known in _SYSTEMS if mark in text), "")
            self.facts.clue(m, i, who, "os", system, "ftp", 0.7 if code == 215 else 0.5)


def _lines(reply):
    """A reply's text, its lines joined, without their codes."""
    parts = [re.sub(rb"^\d\d\d[ -]", b"", part).strip(b" -*#=\t") for part in reply.splitlines()[:16]]
    return " | ".join(_text(part) for part in parts if part)


def _text(octets):
    return octets.decode("utf-8", "backslashreplace").strip()


def _probe(octets, hint):
    """A greeting (220, 120, 421) that says FTP or comes from port 21; a command that only FTP has."""
    if hint.transport != "tcp" or not octets:
        return 0
    own = 21 in (hint.source_port, hint.target_port)
    if octets[:1] in b"124":
        if len(octets) < 5:
            return NEED_MORE if own else 0
        if octets[:3] not in (b"220", b"120", b"421") and not own:
            return 0
        if octets[3:4] not in (b" ", b"-") or not octets[:3].isdigit():
            return 0
        if b"SMTP" in octets.upper() or not _printable(octets):
            return 0
        return 85 if own else (70 if b"FTP" in octets.upper() else 0)
    found = COMMAND.match(octets)
    if found is None or not _printable(octets):
        return 0
    if found[1].upper() in (b"USER", b"PASS", b"SYST", b"FEAT", b"PASV", b"TYPE", b"AUTH", b"QUIT", b"CWD"):
        return 85 if own else 0
    return 50 if own and found[1].upper() in _COMMANDS else 0


_COMMANDS = frozenset(
    b"USER PASS ACCT CWD CDUP SMNT QUIT REIN PORT PASV TYPE STRU MODE RETR STOR STOU APPE ALLO REST RNFR RNTO ABOR DELE"
    b" RMD MKD PWD LIST NLST SITE SYST STAT HELP NOOP AUTH ADAT PROT PBSZ CCC MIC CONF ENC FEAT OPTS LANG EPRT EPSV"
    b" MDTM MLST MLSD SIZE XCUP XCWD XMKD XPWD XRMD HOST CLNT".split()
)


def _printable(octets):
    return all(octet >= 32 or octet in (9, 10, 13) for octet in octets)


SPEC = ProtocolSpec(
    name="ftp",
    names=("ftp", "ftp-data"),
    probe=_probe,
    decoder=Ftp,
    tcp=frozenset({21}),
    framer=FtpFramer,
    details=(TRANSFERS,),
    announces=frozenset({"ftp-data"}),
    timeout_ns=60_000_000_000,
)
