# cython: compiled
"""PROFINET: DCP, cyclic data and alarms on the link, the context manager's calls on connectionless RPC.

    Ethernet 0x8892    | frame id 2 | data … |
    cyclic data        | frame id 2 | data … | cycle counter 2 | data status 1 | transfer status 1 |

One link flow (a pair of MACs) carries DCP, alarms and cyclic data alike: it is named `profinet-rt` once
cyclic data or an alarm is seen in it, `profinet-dcp` where there is only DCP.

Source: IEC 61158-6-10, 4.2 (frame ids), 4.7 (APDU status); IEC 61784-2 (conformance classes).
"""

from __future__ import annotations

import cython

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.profinet.alarms import Alarms
from interlock.decode.protocols.profinet.bonds import Bonds
from interlock.decode.protocols.profinet.calls import Calls
from interlock.decode.protocols.profinet.cyclic import CyclicData
from interlock.decode.protocols.profinet.dcp import Dcp
from interlock.decode.protocols.profinet.process import ProcessData
from interlock.decode.protocols.profinet.recognition import probe
from interlock.decode.protocols.profinet.tables import DETAILS
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Lane", "Link", "Profinet"]

MAX_LANES = 256
"""Frame ids that one pair of machines may use before what is known of them is forgotten."""


class Lane:
    """Cyclic data of one frame id from one side: what was last said of it.

    status: the last data status, -1 before the first; size: octets of data that its AR agreed on, or -1;
    bond: that relation (bonds.Bond) or None; generation: of Profinet.generation when it was looked up.
    watched: whether values are made of its data; data: as last told, None before; due: capture time from which
    it is looked at again; again: from which what has not changed since is told once more, 0: nothing ever changed.
    told: number of each part that ever changed → when it was last told.
    """

    def __init__(self, frame_id, side):
        self.frame_id = frame_id
        self.side = side
        self.status = -1
        self.size = -1
        self.generation = -1
        self.bond = None
        self.watched = False
        self.data = None
        self.due = 0
        self.again = 0
        self.told = {}


class Link:
    """State of one link flow: its lanes, the last used of each side, and the group question asked in it."""

    def __init__(self):
        self.first = None
        self.second = None
        self.lanes = {}
        self.group = None


class Profinet(Decoder):
    """Names the kind of each frame; cyclic data that says nothing new costs no more than reading its status."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.generation = 0
        self.rt_code = tools.codes["profinet-rt"]
        self.dcp_code = tools.codes["profinet-dcp"]
        self.cm_code = tools.codes["pnio-cm"]
        self.rt_functions = tools.functions("profinet-rt")
        self.groups = {}
        self.bonds = Bonds()
        self.cyclic = CyclicData(self)
        self.process = ProcessData(self)
        self.alarms = Alarms(self)
        self.dcp = Dcp(self)
        self.calls = Calls(self)

    def message(self, m, i, out):
        """See Decoder.message."""
        slot: cython.int = m.flow[i]
        c: Cursor = self.cursor
        if self.flows.transport[slot] < 0x10000:
            self.protocol = "pnio-cm"
            self.flows.protocol[slot] = self.cm_code
            self.calls.message(m, i, out, c)
            return
        self.protocol = "profinet-rt"
        frame_id: cython.int = c.u16be()
        if 0x0100 <= frame_id < 0xFC00:
            self._cyclic(m, i, out, frame_id)
        elif 0xFEFC <= frame_id <= 0xFEFF:
            self.protocol = "profinet-dcp"
            if self.flows.state[slot] is None or not self.link(slot).lanes:
                self.flows.protocol[slot] = self.dcp_code
            self.dcp.message(m, i, out, c, frame_id)
        elif frame_id == 0xFC01 or frame_id == 0xFE01:
            self.flows.protocol[slot] = self.rt_code
            self.alarms.message(m, i, out, c)
        elif not _is_ptcp(frame_id):
            raise DecodeError("frame-id-reserved", 0)

    def link(self, slot):
        """State of a link flow, made on first use."""
        state = self.flows.state[slot]
        if state is None:
            state = self.flows.state[slot] = Link()
        return state

    def _cyclic(self, m, i, out, frame_id):
        """Nothing where status and data are the lane's last ones; else the slow paths in cyclic.py and process.py."""
        c: Cursor = self.cursor
        side: cython.int = m.side[i]
        lane: Lane = self._lane(m.flow[i], side, frame_id)
        if lane.generation != self.generation:
            self.cyclic.look_up(m, i, lane)
            lane.generation = self.generation
        at: cython.Py_ssize_t = c.left() - 4
        if 0 <= lane.size < at:
            at = lane.size
        news: cython.bint = c.peek(at + 2) & 0x37 != lane.status
        if lane.watched and (news or m.time[i] >= lane.due):
            octets = c.take(at)
            if news:
                lane.data = None  # all of it is of another quality now
            if octets != lane.data or 0 < lane.again <= m.time[i]:
                self.process.moved(m, i, lane, octets, c.peek(2))
        else:
            c.skip(at)  # a frame without room for its status raises here
        if news:
            self.cyclic.changed(m, i, out, lane)
        return 0

    def _lane(self, slot, side, frame_id):
        state: Link = self.flows.state[slot]
        if state is None:
            state = self.link(slot)
        lane: Lane = state.second if side else state.first
        if lane is None or lane.frame_id != frame_id:
            lane = state.lanes.get((frame_id << 1) | side)
            if lane is None:
                if len(state.lanes) >= MAX_LANES:
                    state.lanes.clear()
                lane = state.lanes[(frame_id << 1) | side] = Lane(frame_id, side)
                self.flows.protocol[slot] = self.rt_code
            if side:
                state.second = lane
            else:
                state.first = lane
        return lane

    def forget(self, slot):
        """See Decoder.forget."""
        Decoder.forget(self, slot)
        state = self.flows.state[slot]
        if isinstance(state, Link) and state.group is not None and self.groups.get(state.group) == slot:
            del self.groups[state.group]


def _is_ptcp(frame_id):
    """Clock synchronisation (4.2, table of frame ids): told apart, not decoded."""
    return frame_id in (0x0020, 0x0021, 0x0080, 0x0081) or 0xFF00 <= frame_id <= 0xFF8F


SPEC = ProtocolSpec(
    name="profinet-rt",
    names=("profinet-rt", "profinet-dcp", "pnio-cm"),
    probe=probe,
    decoder=Profinet,
    udp=frozenset({34964}),
    ethertypes=frozenset({0x8892}),
    details=DETAILS,
    control=True,
)
