"""RDP: the negotiation inside X.224's connection request and confirm, and the client's name where no TLS follows.

    TPKT | 3 | 0 | length 2 |  X.224 | length 1 | E0 or D0 | references 4 | class 1 | cookie CRLF | negotiation 8 |
    negotiation | type 1 | flags 1 | 8 0 | protocols or failure code 4, least significant octet first |

Source: MS-RDPBCGR 2.2.1.1 and 2.2.1.2.
"""

from __future__ import annotations

import re

from interlock.decode.decoder import Decoder
from interlock.decode.framing import Framer
from interlock.decode.logins import Names
from interlock.decode.protocols.rdp.client import is_connect_initial, read_client
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.records.vocabulary import VERBS

__all__ = ["SPEC", "Rdp", "RdpFramer"]

NO_NUMBER = -2147483648
FOREVER = 1 << 60
REFUSED = 2
OPEN = VERBS.index("open")
REQUEST, CONFIRM = 0xE0, 0xD0
NEG_REQUEST, NEG_RESPONSE, NEG_FAILURE = 1, 2, 3
MAX_LENGTH = 1024
MAX_INITIAL = 4096
_COOKIE = re.compile(rb"Cookie: (mstshash|msts)=([^\r\n]{0,256})\r\n")
_PROTOCOLS = {0: "standard RDP security", 1: "TLS", 2: "CredSSP", 4: "RDSTLS", 8: "CredSSP with early authorization",
              16: "RDS with AAD"}  # fmt: skip


class RdpFramer(Framer):
    """The first TPKT of each direction, and the client's second one; what follows is opaque.

    asked: streams whose connection request was seen.
    """

    def __init__(self):
        Framer.__init__(self, MAX_INITIAL)
        self.asked = set()

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        left = end - start
        head = bytes(self.octets[start : min(end, start + 9)])
        if self.slot * 2 + self.side in self.asked:
            return self._initial(head, left)
        if head[:2] != b"\x03\x00"[: len(head)]:
            return -left
        if left < 6:
            self.want = 6
            return 0
        length = int.from_bytes(head[2:4], "big")
        if head[5] not in (REQUEST, CONFIRM) or not 11 <= length <= MAX_LENGTH:
            return -left
        if length > left:
            self.want = length
            return 0
        if head[5] == REQUEST:
            self.asked.add(self.slot * 2 + self.side)
        else:
            self.leap = FOREVER
        return length

    def _initial(self, head, left):
        """MCS's first message, or whatever else follows the request: that is leapt."""
        if head[:2] == b"\x03\x00"[: len(head)] and left < 9:
            self.want = 9
            return 0
        length = int.from_bytes(head[2:4], "big") if is_connect_initial(head) else 1
        if length > MAX_INITIAL or length < 9:
            length = 1
        if length > left:
            self.want = length
            return 0
        self.asked.discard(self.slot * 2 + self.side)
        self.leap = FOREVER
        return length

    def forget(self, slot):
        """See Framer.forget."""
        self.asked.discard(slot * 2)
        self.asked.discard(slot * 2 + 1)

    def begins(self, start, end):
        """See Framer.begins: a connection request or confirm stands here."""
        head = bytes(self.octets[start : min(end, start + 6)])
        length = int.from_bytes(head[2:4], "big")
        fits = len(head) == 6 and head[:2] == b"\x03\x00" and 11 <= length <= MAX_LENGTH
        return 1 if fits and head[5] in (REQUEST, CONFIRM) else 0


class Rdp(Decoder):
    """Who asks for a desktop, how it will be protected."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.accounts = Names(self.names)

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = m.bytes(i)
        if len(octets) < 11 or octets[5] not in (REQUEST, CONFIRM):
            self._client(m, i, octets)
            return
        asks = octets[5] == REQUEST
        slot = m.flow[i]
        if m.direction[i] == asks:
            self.flows.orient(slot, m.side[i] if asks else 1 - m.side[i])
            m.direction[i] = 0 if asks else 1
        variable = octets[11 : 5 + octets[4]]
        if asks:
            self._request(m, i, out, variable)
        else:
            self._confirm(m, i, out, variable)

    def _client(self, m, i, octets):
        """What follows the request: MCS's first message says who the client is, TLS says nothing here."""
        found = read_client(octets) if is_connect_initial(octets) else None
        if found is not None:
            who = self.facts.sender(m, i)
            self.facts.clue(m, i, who, "name", found.name, "rdp", 0.8)
            self.facts.clue(m, i, who, "software", f"RDP client, build {found.build}", "rdp", 0.5)

    def _named(self, out, row):
        out.set_name(row, self.names.code("connection request"))
        out.set_verb(row, OPEN)
        out.set_transaction(row, -1)

    def _request(self, m, i, out, variable):
        row = out.ask(m, i, self.f, NO_NUMBER, 1)
        self._named(out, row)
        cookie = _COOKIE.match(variable)
        if cookie is not None:
            variable = variable[cookie.end() :]
            user = cookie[2].decode("utf-8", "backslashreplace").strip()
            if cookie[1] == b"mstshash" and user:
                out.set_user(row, self.accounts.code(user))
                self.facts.clue(m, i, self.facts.sender(m, i), "user", user, "rdp", 0.7)
        self._object(out, row, variable, NEG_REQUEST)

    def _confirm(self, m, i, out, variable):
        row = out.answer(m, i, 1)
        if row < 0:
            row = out.orphan(m, i, self.f, NO_NUMBER, -1)
            self._named(out, row)
        if variable[:1] == bytes((NEG_FAILURE,)) and len(variable) >= 8:
            out.settle(row, REFUSED, int.from_bytes(variable[4:8], "little") & 0x7FFFFFFF)
        else:
            self._object(out, row, variable, NEG_RESPONSE)
        who, port = self.facts.sender(m, i), self.flows.server_port(m.flow[i])
        self.facts.clue(m, i, who, "service", f"rdp/{port}", "rdp", 0.95)

    def _object(self, out, row, variable, kind):
        """The protections offered (request) or chosen (confirm), as the row's object."""
        chosen = 0 if len(variable) < 8 or variable[0] != kind else int.from_bytes(variable[4:8], "little")
        if kind == NEG_REQUEST:
            offered = [name for bit, name in _PROTOCOLS.items() if bit and chosen & bit]
            text = ", ".join(offered) or _PROTOCOLS[0]
        else:
            text = _PROTOCOLS.get(chosen, f"0x{chosen:08x}")
        out.set_object(row, self.objects.code(text), 1)


def _probe(octets, hint):
    """A connection request with RDP's cookie or negotiation, or any on port 3389; or the confirm."""
    if hint.transport != "tcp" or octets[:2] not in (b"\x03\x00", b"\x03"):
        return 0
    if len(octets) < 11:
        return NEED_MORE
    length, indicator, kind = int.from_bytes(octets[2:4], "big"), octets[4], octets[5]
    if length != indicator + 5 or not 11 <= length <= MAX_LENGTH or kind not in (REQUEST, CONFIRM):
        return 0
    own = 3389 in (hint.source_port, hint.target_port)
    variable = octets[11:length]
    if variable[:8] == b"Cookie: ":
        return 95
    types = (NEG_REQUEST,) if kind == REQUEST else (NEG_RESPONSE, NEG_FAILURE)
    if len(variable) >= 4 and variable[0] in types and variable[2:4] == b"\x08\x00":
        return 90
    if len(octets) < length:
        return NEED_MORE
    return 70 if own and not variable else 0


SPEC = ProtocolSpec(
    name="rdp",
    names=("rdp",),
    probe=_probe,
    decoder=Rdp,
    tcp=frozenset({3389}),
    framer=RdpFramer,
    headless=True,
)
