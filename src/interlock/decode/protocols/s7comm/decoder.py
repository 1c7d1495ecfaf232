# cython: compiled
"""What rides on TPKT and COTP (port 102): S7comm, S7comm-plus, and by decoders of their own, MMS.

    TPKT: | 3 | 0 | length 2 |   COTP: | length 1 | type 1 | … |   payload: 0x32 S7comm, 0x72 S7comm-plus
A data unit makes no row of its own; connections stand in the table `cotp`.
Source: RFC 1006; ISO 8073 clause 13.
"""

from __future__ import annotations

import cython
import pyarrow as pa

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.s7comm.connection import Connection
from interlock.decode.protocols.s7comm.directory import BLOCKS
from interlock.decode.protocols.s7comm.plus import Plus
from interlock.decode.protocols.s7comm.recognition import probe, tpkt_framer
from interlock.decode.protocols.s7comm.s7 import S7
from interlock.decode.protocols.s7comm.tsap import connection_type, rack_slot, role_of, tsap_text
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError
from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["CONNECTIONS", "SPEC", "Cotp"]

TYPES = {
    0xE0: "connection request",
    0xD0: "connection confirm",
    0x80: "disconnect request",
    0xC0: "disconnect confirm",
    0x70: "error",
}
QUIET = frozenset({0x10, 0x20, 0x50, 0x60})
"""Expedited data, acknowledgements, reject: class 0 has none, higher classes nothing in them for us."""

CONNECTIONS = Table(
    name="cotp",
    version=1,
    meaning="One row per COTP connection request, confirm, disconnect or error.",
    columns=(
        *DETAIL,
        Column(name="tpdu", type=text(), meaning="kind of TPDU, as ISO 8073 names it"),
        Column(name="calling_tsap", type=text(), nullable=True, meaning="TSAP of who calls"),
        Column(name="called_tsap", type=text(), nullable=True, meaning="TSAP that is called"),
        Column(
            name="connection_type",
            type=text(),
            nullable=True,
            meaning="PG, OP, S7 basic or S7, from the called TSAP",
        ),
        Column(name="unit", type=text(), nullable=True, meaning="rack.slot that is called"),
        Column(
            name="tpdu_octets",
            type=pa.uint32(),
            nullable=True,
            unit="octet",
            meaning="proposed size of a TPDU",
        ),
        Column(
            name="reason", type=pa.int32(), nullable=True, meaning="reason of a disconnect, cause of an error"
        ),
    ),
)


class Cotp(Decoder):
    """One TPKT a message; what it carries goes to S7, Plus or a rider, which know nothing of TPKT."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.s7 = S7(tools)
        self.plus = Plus(tools)
        self.made = None

    @property
    def riders(self):
        """The decoders that ride here, made when a connection carries neither S7."""
        if self.made is None:
            self.made = [make() for make in self.tools.riders.get("cotp", ())]
        return self.made

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        slot: cython.int = m.flow[i]
        link: Connection = self.flows.state[slot]
        if link is None:
            link = Connection()
            self.flows.state[slot] = link
        self.protocol = "cotp"
        c.skip(4)
        indicator: cython.int = c.u8()
        if indicator < 2:
            raise DecodeError("length-indicator-invalid", 4)
        c.need(indicator)
        kind: cython.int = c.u8()
        if kind != 0xF0:
            self._control(m, i, link, kind, indicator)
            return
        if indicator == 2:
            last: cython.int = c.u8() & 0x80
        else:
            last = c.peek(2) & 0x80 if indicator > 3 else 0x80
            c.skip(indicator - 1)
        if last and link.joined[m.side[i]] is None:
            if c.left() > 0:
                self._payload(m, i, out, link)
            return
        self._fragment(m, i, out, link, last)

    def _fragment(self, m, i, out, link, last):
        """Part of a transport service data unit: decoded with its last part."""
        c: Cursor = self.cursor
        if c.left() == 0 and link.joined[m.side[i]] is None:
            return
        whole = link.join(m.side[i], c.rest(), last != 0)
        if whole is None:
            return
        if len(whole) == 0:
            self.facts.oddity(m, i, "cotp", "data-unit-too-long", 7)
            return
        c.bind(whole)
        c.begin(0, len(whole))
        try:
            self._payload(m, i, out, link)
        finally:
            c.bind(m.octets)

    def _payload(self, m, i, out, link):
        c: Cursor = self.cursor
        first: cython.int = c.peek(0)
        if first == 0x32:
            self._rename(m, i, link, self.s7.code)
            self.protocol = "s7comm"
            self.s7.receive(m, i, out, link)
        elif first == 0x72:
            self._rename(m, i, link, self.plus.f.protocol_code)
            self.protocol = "s7comm-plus"
            self.plus.receive(m, i, out, link)
        elif link.rider is not None:
            self._ride(m, i, out, link)
        elif not link.encrypted and not (0x14 <= first <= 0x17 and c.left() > 1 and c.peek(1) == 3):
            self._other(m, i, out, link)

    def _other(self, m, i, out, link):
        """Neither S7: the rider that it begins with, else unknown."""
        c: Cursor = self.cursor
        offset = c.offset()
        octets = c.rest()
        c.seek(offset)
        for rider in self.riders if link.kind < 0 else ():
            if rider.begins(octets):
                link.rider = rider
                self._rename(m, i, link, rider.f.protocol_code)
                self._ride(m, i, out, link)
                return
        raise DecodeError("payload-unknown", offset)

    def _ride(self, m, i, out, link):
        self.protocol = link.rider.protocol
        link.rider_state = link.rider.receive(m, i, out, m.flow[i], link.rider_state)

    def _rename(self, m, i, link, code):
        if link.kind < 0:
            link.kind = code
            self.flows.protocol[m.flow[i]] = code
            self.flows.confidence[m.flow[i]] = 95

    def _control(self, m, i, link, kind, indicator):
        """Keep what a TPDU that is no data says of the connection in the table `cotp`."""
        if kind not in TYPES:
            if kind not in QUIET:
                raise DecodeError("tpdu-type-unknown", 5)
            return
        c = self.cursor
        head = c.take(indicator - 1)
        row = {"tpdu": TYPES[kind]}
        if kind in (0xE0, 0xD0):
            parameters = _parameters(head[5:])
            if parameters is None:
                self.facts.oddity(m, i, "cotp", "parameters-malformed", 11)
                parameters = {}
            self._connection(m, i, link, kind == 0xE0, parameters, row)
        elif len(head) > 4 and kind == 0x80:
            row["reason"] = head[4]
        elif len(head) > 2 and kind == 0x70:
            row["reason"] = head[2]
        self.facts.detail("cotp", m, i, row)

    def _connection(self, m, i, link, asks, parameters, row):
        """Read calling TSAP 0xC1, called 0xC2, size of TPDUs 0xC0; the request's sender is the client."""
        side = m.side[i]
        slot = m.flow[i]
        if not self.flows.oriented[slot]:
            self.flows.orient(slot, side if asks else 1 - side)
        calling, called, size = parameters.get(0xC1), parameters.get(0xC2), parameters.get(0xC0)
        if calling is not None:
            row["calling_tsap"] = tsap_text(calling)
        if size is not None and len(size) == 1 and 7 <= size[0] <= 16:
            row["tpdu_octets"] = 1 << size[0]
        if called is None:
            return
        row["called_tsap"] = tsap_text(called)
        row["connection_type"] = connection_type(called)
        place = rack_slot(called)
        if place is not None:
            row["unit"] = f"{place[0]}.{place[1]}"
            link.unit = self.names.code(row["unit"])
        role = role_of(called)
        if role is not None and asks:
            self.facts.clue(m, i, self.facts.sender(m, i), "role", role[0], "cotp", role[1])


def _parameters(octets):
    """Split the variable part into code → value; None where malformed. Source: ISO 8073 clause 13.2.3."""
    found = {}
    at = 0
    while at < len(octets):
        if at + 2 > len(octets) or at + 2 + octets[at + 1] > len(octets):
            return None
        found[octets[at]] = octets[at + 2 : at + 2 + octets[at + 1]]
        at += 2 + octets[at + 1]
    return found


SPEC = ProtocolSpec(
    name="cotp",
    names=("cotp", "s7comm", "s7comm-plus"),
    probe=probe,
    decoder=Cotp,
    tcp=frozenset({102}),
    framer=tpkt_framer,
    details=(CONNECTIONS, BLOCKS),
    control=True,
)
