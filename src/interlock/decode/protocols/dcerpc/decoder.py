"""DCE/RPC over TCP: which interface is bound, which operation is called, what it names and how it ends.

    | 5 | 0 | type | flags | data representation 4 | length 2 | authentication 2 | call 4 | …

Recognised on any port, since all but the endpoint mapper's are dynamic. Source: C706 chapter 12, MS-RPCE, MS-DCOM.
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.framing import Framer
from interlock.decode.protocols.dcerpc.calls import Calls, asks
from interlock.decode.protocols.dcerpc.pdu import BIND, BIND_ANSWER, HEADER_OCTETS, KINDS, plausible, read_pdu
from interlock.decode.protocols.dcerpc.state import Association
from interlock.decode.spec import NEED_MORE, ProtocolSpec

__all__ = ["SPEC", "DceRpc", "DceRpcFramer"]

PORTS = frozenset({135})
MAX_LENGTH = 65535
LOOKED_AT = 512


class DceRpcFramer(Framer):
    """Without state: a packet says how long it is, in its own byte order."""

    def __init__(self):
        Framer.__init__(self, MAX_LENGTH)

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        left = end - start
        head = bytes(self.octets[start : min(end, start + HEADER_OCTETS)])
        if not _may_begin(head):
            return -left
        if left < HEADER_OCTETS:
            self.want = HEADER_OCTETS
            return 0
        length = plausible(head)
        if not length:
            return -left
        if length > left:
            self.want = length
            return 0
        return length

    def begins(self, start, end):
        """See Framer.begins: a packet's header stands here."""
        head = bytes(self.octets[start : min(end, start + HEADER_OCTETS)])
        return 1 if len(head) == HEADER_OCTETS and plausible(head) else 0


class DceRpc(Decoder):
    """Packets of TCP connections."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.calls = Calls(tools)

    def message(self, m, i, out):
        """See Decoder.message. state: the flow's Association."""
        pdu = read_pdu(m.bytes(i))
        slot, answers = m.flow[i], not asks(pdu.kind)
        if m.direction[i] != answers and pdu.kind != 17:
            self.flows.orient(slot, m.side[i] ^ answers)
            m.direction[i] = int(answers)
        association = self.flows.state[slot]
        if association is None:
            association = self.flows.state[slot] = Association()
        self.calls.packet(m, i, out, association, pdu)


def _may_begin(head):
    return head[:1] == b"\x05" and (len(head) < 3 or (head[1] <= 1 and head[2] in KINDS))


def _probe(octets, hint):
    """A header whose length fits; a bind or its answer by what follows, too."""
    if octets[:1] != b"\x05" or hint.transport != "tcp" or not _may_begin(octets):
        return 0
    if len(octets) < HEADER_OCTETS:
        return NEED_MORE if octets[4:5] in (b"", b"\x00", b"\x10") and not any(octets[6:8]) else 0
    length = plausible(octets)
    if not length or length < 24:
        return 0
    if octets[2] in (BIND, BIND_ANSWER):
        return 95
    if length < len(octets):
        return 85 if _may_begin(octets[length:]) else 0
    return 85 if length == len(octets) or len(octets) == LOOKED_AT else 75


SPEC = ProtocolSpec(
    name="dcerpc",
    names=("dcerpc",),
    probe=_probe,
    decoder=DceRpc,
    tcp=PORTS,
    framer=DceRpcFramer,
    timeout_ns=60_000_000_000,
)
