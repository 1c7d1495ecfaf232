# cython: compiled
"""Frames to messages: headers, flow, stream, and the protocol's framer, in one pass over a batch.

Over 400 lines would be split; the loop is one class because every step shares the packet, the flow table and the
buffer. What is rare (fragments, reordering, gaps) stands in `streams.py` and `fragments.py`.
"""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.flows import Flows
from interlock.decode.fragments import Fragments, header_of_joined
from interlock.decode.packet import Packet
from interlock.decode.streams import BEFORE, MAX_CARRY, MAX_STREAMS, Holes, Queue

__all__ = ["COUNTS", "Dissector"]

COUNTS = (
    "frames",
    "broken",
    "truncated",
    "fragments",
    "redundant",
    "unsupported",
    "resynchronised",
    "unframed",
    "broadcast",
    "tagged",
    "unicast",
)
(
    FRAMES,
    BROKEN,
    TRUNCATED,
    FRAGMENTS,
    REDUNDANT,
    UNSUPPORTED,
    RESYNCED,
    UNFRAMED,
    BROADCAST,
    TAGGED,
    UNICAST,
) = range(11)

OPENED, ESTABLISHED, CLOSED, RESET, MIDSTREAM, REFUSED = range(1, 7)

FIN, SYN, RST, ACK = 1, 2, 4, 16
SAMPLED_FRAMES = 1000
"""First frames of a source that tell whether its checksums mean anything: a machine that captures what it sends itself
sees segments before its network card has summed them."""
SEEN = 16384
"""Segments kept in mind to compare with their like, the last ones of each place; a power of two."""
RESETS = 4096
"""Resets kept in mind, the last ones."""
GOES_ON_NS = 500_000_000
"""So long after its reset, no network's disorder explains what an end still says."""
DELAYED_NS = 1_000_000_000
"""No network holds a segment back for so long, while both ends go on."""
DEPTH = 1_048_576
"""Octets of each direction that Suricata puts together, as it is delivered (`stream.reassembly.depth`)."""
IN_ORDER, LATE = 1, 2
MOST_BESIDE = 65_536
"""Conversations that rules are shown beside others between the same ends; past that they go on as those."""


class Dissector:
    """Feeds a batch of frames through to each protocol's Messages.

    recogniser: tells which protocol a first payload is (see recognise.Recogniser).
    framers, messages: per protocol index; a framer of None means that a stream of it has no messages.
    beat: a row of heartbeat.py; hung: (source, frame) whose flow turns opaque.
    `ended`: slots whose conversation was replaced by a new one between the same ends, or is over.
    `clock`: capture time gone by since the first frame, ns, from 1; it never goes back. All that ages does so by it,
    frame by frame: where batches end makes no difference. `most_flows`: past that those
    that were silent for longest are over (`crowded`: how many). `most_queued`: octets that came before their turn; past
    that the stream that has waited longest goes on without what is missing (`abandoned`: how many).
    """

    def __init__(self, flows, recogniser, facts, framers, messages, beat, hung):
        self.packet = Packet()
        self.flows = flows
        self.recogniser = recogniser
        self.facts = facts
        self.framers = framers
        self.messages = messages
        self.carries = {}
        self.wants = {}
        self.queues = {}
        self.holes, self.resets, self.fragments, self.besides = {}, {}, {}, {}
        self.ended = []
        self.now = 0
        self.clock = 0
        self.latest = 0
        self.look = 0
        self.most_flows = 1 << 30
        self.most_queued = 64 << 20
        self.crowded = 0
        self.abandoned = 0
        self.bound = list({id(framer): framer for framer in framers if framer is not None}.values())
        self.queue_octets = 0
        self.count_array = np.zeros(len(COUNTS), np.int64)
        self.counts = memoryview(self.count_array)
        self.twin_array = np.zeros((4096, 3), np.int64)
        self.twins = memoryview(self.twin_array)
        self.seen_array = np.full((SEEN, 6), -1, np.int64)
        self.seen = memoryview(self.seen_array)
        self.watcher = Fragments()
        self.beat = beat
        self.hung = hung
        self.suspects = len(hung)
        self.spill = self.segments = self.datagrams = self.follows = self.late = self.bare = 0
        self.checked = self.whole = self.resets_end = self.picked = 0
        self.many_beside = 0
        self.spoken = self.endless = memoryview(bytearray(1))
        self.sampled = memoryview(np.zeros((1, 3), np.int64))
        self.torn = set()
        self.tunnelled = self.tapped = None
        self.noted = -1

    def tap(self, tap):
        """Hand on packets and streams besides messages (buffers.tap.Tap)."""
        self.tapped = tap.messages
        self.segments, self.datagrams, self.follows = tap.segments, tap.datagrams, tap.follows
        self.bare = tap.bare
        self.tunnelled = tap.tunnelled if tap.tunnels else None
        self.checked, self.whole, self.resets_end = tap.checked, tap.whole, tap.resets_end
        self.picked, self.endless = tap.picked, memoryview(tap.endless)
        self.spoken = memoryview(tap.spoken)

    def _note(self, slot, side, start, end):
        """Octets start..end of the buffer are next in their stream.

        Bits of the direction: 2 late, 4 behind lost ones, 8 a packet, 16 a piece of a stream, 32 of a connection that
        nobody saw open, 64 with a wrong checksum. A segment that is next as it came is both at once.

        What this frame is not to be seen of is lost to its stream; octets that waited for a hole came in others.
        """
        p: Packet = self.packet
        out: Messages = self.tapped
        i: cython.int = self.noted
        if end <= start:
            return 0
        if p.start <= start and end <= p.end and self._unseen(self._told(slot)):
            self.torn.add(slot * 2 + side)
            return 0
        length: cython.Py_ssize_t = end - start
        gaps: cython.int = self.flows.gaps[slot]
        slot = self._told(slot)
        if self.resets_end:
            length = self._within(slot, side, length)
            if length == 0:
                return 0
        kind: cython.int = 16 + 2 * self.late + self._outside(slot)
        if self.torn and slot * 2 + side in self.torn:
            self.torn.discard(slot * 2 + side)
            kind += 4
        if 0 <= i < out.n and out.offset[i] == start and out.length[i] == length and out.flow[i] == slot:
            out.direction[i] |= kind
            out.gaps[i] = gaps
            self.noted = -1
            return 0
        if out.n == 0:
            out.bind(self.array)
        return out.append(slot, side, kind, start, length, p.time, p.frame, p.source, -1, gaps)

    def _note_packet(self, kind, slot, side):
        """A datagram, or a segment where these are asked for, too; of ICMP what is behind its header.

        In place of the clock, which nobody asks a packet for, stands where its IP header begins.
        """
        p: Packet = self.packet
        start: cython.Py_ssize_t = p.start
        end: cython.Py_ssize_t = p.end
        if (self.whole and p.missing) or (self.resets_end and p.hidden):
            return 0
        if p.outer >= 0 and self.tunnelled is not None and self.resets_end == 0:
            self.tunnelled(slot, side, p, bytes(self.octets[p.outer : p.network]))
        if self.flows.opaque[slot] == 1 or (kind == 4 and self.segments == 0):
            return 0
        if self.segments == 0 and self.spoken[self.flows.protocol[slot] + 1] == 0:
            return 0
        if kind == 2 and (p.protocol == 1 or p.protocol == 58) and end > start:
            header: cython.int = self._of_icmp(start, end)
            if header == 4 and self.resets_end:
                end -= 8  # so much of the end Suricata leaves out of them
            start = min(start + header, end)
        elif kind == 2 and self.resets_end:  # of all others it looks at SCTP's alone, behind its header
            start = min(start + 12, end) if p.protocol == 132 else end
        if end <= start:
            if self.bare & self._bareness(kind) == 0:
                return 0
            start = end
        out: Messages = self.tapped
        if out.n == 0:
            out.bind(self.array)
        length: cython.Py_ssize_t = end - start
        if kind == 4:
            self.noted = out.n
        slot = self._told(slot)
        how: cython.int = 8 + self._outside(slot) + self._unseen(slot) if kind == 4 else 8
        if kind == 4 and self.flows.deep[slot, side]:
            how |= 64
        return out.append(slot, side, how, start, length, p.time, p.frame, p.source, p.network, 0)

    def _within(self, slot, side, length):
        """Of the next octets of a stream so many are shown to rules: all, but behind a side's first DEPTH none.

        The segment that crosses that is in no stream, and no stream of its own, as those behind it are.
        """
        f: Flows = self.flows
        if f.deep[slot, side]:
            return 0
        if f.shown[slot, side] + length > DEPTH and self.endless[f.protocol[slot] + 1] == 0:
            f.deep[slot, side] = 1
            return 0
        f.shown[slot, side] += length
        return length

    def _carrier(self, start, end):
        """Note what carries the packet of octets[start:end]; what that one is, read again."""
        self._note_carrier()
        return self.packet.parse(start, end, self.packet.linktype)

    def _note_carrier(self):
        """A packet that carries another one is one of its own for rules, with nothing in it; so Suricata has it.

        Where what it carries is hidden to Suricata, a datagram is as any other. Its conversation has no row of `flows`:
        nothing of it is counted.
        """
        p: Packet = self.packet
        outer: cython.Py_ssize_t = p.outer
        network: cython.Py_ssize_t = p.carrier
        hidden: cython.int = p.hidden
        kind: cython.int = p.again(network, p.carrier_end)
        if kind != 5 and kind != 2:
            return 0
        p.hidden = 0
        slot: cython.int = self.flows.find(p)
        side: cython.int = self.flows.side
        self.flows.clock[slot] = p.clock
        self.flows.last[slot], self.flows.last_frame[slot] = p.time, p.frame
        if outer == network and self.tunnelled is not None:
            self.tunnelled(slot, side, p, bytes(self.octets[network : p.start]))
        if kind == 5 and hidden == 2:
            return self._note_packet(kind, slot, side)
        out: Messages = self.tapped
        if out.n == 0:
            out.bind(self.array)
        return out.append(slot, side, 8, p.end, 0, p.time, p.frame, p.source, p.network, 0)

    def _outside(self, slot):
        """32 where neither a SYN nor what answers it was seen before this segment, 0 where both were."""
        opening: cython.int = self.flows.opening[slot]
        return 0 if opening & 3 == 3 or self.packet.flags & 2 else 32

    def _sample(self, kind):
        """Count a source's frames and segments with wrong checksums, for `auto` (Tap.checked)."""
        p: Packet = self.packet
        self.sampled[p.source, 0] += 1
        if self.sampled[p.source, 0] == SAMPLED_FRAMES and self.sampled[p.source, 1] > SAMPLED_FRAMES // 10:
            self.sampled[p.source, 2] = 1
        if kind == 4 and p.wrong:
            self.sampled[p.source, 1] += 1
        return 0

    def _unseen(self, slot):
        """Of a segment: 64 where it is in no stream, 128 where the capture cut it, else 0.

        Its checksum keeps it out, or its connection was reset before (Tap.resets_end).
        """
        p: Packet = self.packet
        if (self.whole and p.missing) or (self.resets_end and p.hidden):
            return 128
        if self.checked and p.wrong and (self.checked == 1 or self.sampled[p.source, 2] == 0):
            return 64
        return 64 if self.flows.opening[slot] & 16 else 0

    def _of_icmp(self, start, end):
        """Octets of an ICMP header, as Suricata counts them: what is behind them is a packet's payload for rules.

        Source: RFC 792; RFC 4443 clause 2.1: errors and echoes have four octets more than other messages of version 6.
        """
        kind: cython.int = self.octets[start]
        if self.packet.protocol == 1:
            return 20 if (kind == 13 or kind == 14) and end - start >= 20 else 8
        return 8 if kind == 128 or kind == 129 or 1 <= kind <= 4 else 4

    def _bareness(self, kind):
        """Of what kind a packet without payload is (Tap.bare)."""
        p: Packet = self.packet
        if kind == 2:
            return 4
        if kind == 4 and (p.flags & 0x27 or p.flags & 0x10 == 0):
            return 1
        return 2

    def run(self, frames, realm_codes):
        """Dissect a Frames batch; realm_codes: realm index per source."""
        self._bind(frames.octets, frames.used)
        offset: cython.longlong[::1] = memoryview(frames.offset)
        caplen: cython.int[::1] = memoryview(frames.caplen)
        wirelen: cython.int[::1] = memoryview(frames.wirelen)
        time: cython.longlong[::1] = memoryview(frames.time)
        linktype: cython.int[::1] = memoryview(frames.linktype)
        source: cython.int[::1] = memoryview(frames.source)
        number: cython.longlong[::1] = memoryview(frames.number)
        realm: cython.int[::1] = memoryview(np.array(realm_codes, np.int32))
        i: cython.int
        kind: cython.int
        p: Packet = self.packet
        if self.checked == 2 and len(self.sampled) < len(realm_codes):
            more = np.zeros((len(realm_codes), 3), np.int64)
            more[: len(self.sampled)] = self.sampled
            self.sampled = memoryview(more)
        self.beat[3] = 1  # heartbeat.BUSY
        for i in range(len(offset)):
            self.beat[0] += 1
            self.beat[1] = source[i]
            self.beat[2] = number[i]
            p.time = time[i]
            p.frame = number[i]
            p.source = source[i]
            p.realm = realm[source[i]]
            p.wire = wirelen[i]
            p.linktype = linktype[i]
            self._tick(p.time)
            self.now = p.time
            self.noted = -1
            kind = p.parse(offset[i], offset[i] + caplen[i], linktype[i])
            self.counts[0] += 1
            if self.checked == 2:
                self._sample(kind)
            if p.carrier >= 0 and self.resets_end and self.datagrams:
                kind = self._carrier(offset[i], offset[i] + caplen[i])
            if caplen[i] < wirelen[i]:
                self.counts[2] += 1
            self._frame(kind)
        self.beat[3] = 0

    def _tick(self, time):
        """The clock of a frame."""
        p: Packet = self.packet
        if self.clock == 0:
            self.clock = 1
            self.latest = time
        elif time > self.latest:
            self.clock += time - self.latest
            self.latest = time
        elif self.latest - time > 60000000000:  # back by more is another clock, by less a disorder
            self.latest = time
        p.clock = self.clock
        if self.clock >= self.look:
            self.look = self.clock + 10000000000
            self._look()
        return 0

    def _look(self):
        """End the conversations that are over and hold segments back: these count as soon as that can be known."""
        for key in list(self.queues):
            if self.flows.alive[key // 2] == 1:
                self._idle(key // 2)

    def equip(self, framer):
        """Bind this framer, too, to every buffer from here on."""
        framer.bind(memoryview(self.array))
        self.bound.append(framer)

    def _bind(self, array, used):
        """Work on this buffer; what is joined is put behind `used`."""
        self.array = array
        self.spill = used
        octets = memoryview(array)
        self.octets = octets
        self.writable = octets
        self.packet.bind(octets)
        for framer in self.bound:
            framer.bind(octets)

    def place(self, octets):
        """Put joined octets (bytes) behind the frames and return where they begin."""
        need = self.spill + len(octets)
        if need > len(self.array):
            grown = np.zeros(max(need, 2 * len(self.array)), np.uint8)
            grown[: self.spill] = self.array[: self.spill]
            self._bind(grown, self.spill)
            for messages in self.messages:
                messages.bind(grown)
            if self.tapped is not None:
                self.tapped.bind(grown)
        start = self.spill
        self.array[start:need] = np.frombuffer(octets, np.uint8)
        self.spill = need
        return start

    def _place_joined(self, whole):
        """Put what a joined datagram carries behind the frames, behind a header of its own; where it begins."""
        p: Packet = self.packet
        begin: cython.Py_ssize_t = p.network
        size: cython.Py_ssize_t = 40 if p.family == 6 else (self.octets[begin] & 15) * 4
        head = header_of_joined(bytes(self.octets[begin : begin + size]), p.protocol, len(whole))
        p.network = self.place(head + whole)
        return p.network + len(head)

    def _frame(self, kind):
        # Over 40 lines: what becomes of a frame, step by step; it runs for every one.
        p: Packet = self.packet
        group: cython.ulonglong = 0x010000000000
        if p.vlan >= 0:
            self.counts[9] += 1
        if p.target_mac & group:
            self.counts[8] += 1
        else:
            self.counts[10] += 1
        if p.redundancy != 0 and self._twin():
            self.counts[4] += 1
            return 0
        while kind == 3:  # a tunnel's fragments may carry fragments; the packet bounds the depth
            self.counts[3] += 1
            whole = self.watcher.join(p, self.octets, self.facts)
            if whole is None:
                return 0
            start: cython.Py_ssize_t = self._place_joined(whole)
            kind = p.transport(start, start + len(whole))
        if kind == 0:
            self.counts[1] += 1
            return 0
        f: Flows = self.flows
        slot: cython.int = f.find(p)
        if p.clock - f.clock[slot] > 60000000000 and self._idle(slot):
            slot = f.find(p)
        elif f.live > self.most_flows:
            self._crowd_out(slot)
        side: cython.int = f.side
        if self.resets_end and (
            f.beside[slot] or p.tags != f.tags[slot] or p.time - f.last[slot] > 30000000000
        ):
            self._again(slot, side)
        duplicate: cython.int = self._account(slot, side)
        if self.suspects and (p.source, p.frame) in self.hung:
            self._pass_over(slot)
        if self.datagrams and (duplicate == 0 or self.resets_end):
            self._note_packet(kind, slot, side)
        if kind == 4:
            self._tcp(slot, side)
        elif duplicate == 0 and (kind == 5 or kind == 1 or kind == 2):
            if kind == 2 and (p.protocol == 1 or p.protocol == 58) and p.end > p.start:
                self.recogniser.directed(p, self.octets[p.start])
            self._datagram(slot, side)
        if f.beside[slot]:
            told: cython.int = self._told(slot)
            if told != slot:
                self._alike(slot, told)
        return 0

    def _idle(self, slot):
        """1 where the conversation was silent for too long: it ended then."""
        f: Flows = self.flows
        end: cython.longlong = f.clock[slot] + f.patience(slot)
        if self.packet.clock <= end:
            return 0
        return self._over(slot, end)

    def _over(self, slot, clock):
        """A conversation ended when the clock was that; what it held back is delivered then."""
        p: Packet = self.packet
        now: cython.longlong = p.clock
        if self.flows.beside[slot]:
            self._end_beside(slot)
        p.clock = clock
        self.flows.over[slot] = clock
        self._close(slot)
        p.clock = now
        self.ended.append(slot)
        self.flows.forget_key(slot)
        return 1

    def _told(self, slot):
        """The slot as which rules are shown what passes in this frame (`_again`)."""
        f: Flows = self.flows
        if f.beside[slot] == 0:
            return slot
        return self.besides[slot].get(self.packet.tags, slot)

    def _again(self, slot, side):
        """What Suricata takes for another conversation between the same ends: in another VLAN, or after a silence.

        Rules are shown it as one of its own, which has no row of `flows`; for all others it goes on. Source: Suricata's
        configuration as it is delivered, `vlan.use-for-tracking` and `flow-timeouts`; times count in whole seconds.
        """
        p: Packet = self.packet
        f: Flows = self.flows
        told: cython.int = self._told(slot)
        second: cython.longlong = 1000000000
        lapsed: cython.int = p.time // second - f.last[told] // second > self._lapse(told)
        if (lapsed or (told == slot and p.tags != f.tags[slot])) and self.many_beside < MOST_BESIDE:
            if told != slot:
                self._over(told, p.clock)
                self.many_beside -= 1
            told = f.again(p, slot)
            side = f.side
            self.many_beside += 1
            self.besides.setdefault(slot, {})[p.tags] = told
            f.beside[slot] = 1
        if told != slot:
            if f.heard[told, side] == 0:
                f.heard[told, side] = p.clock
            f.clock[told] = p.clock
            f.last[told], f.last_frame[told], f.last_source[told] = p.time, p.frame, p.source
            self._alike(slot, told)
        return 0

    def _alike(self, slot, told):
        """What is known of a conversation is known of what rules are shown beside it."""
        f: Flows = self.flows
        f.protocol[told], f.client_side[told], f.tcp[told] = (
            f.protocol[slot],
            f.client_side[slot],
            f.tcp[slot],
        )
        f.oriented[told], f.opaque[told] = f.oriented[slot], f.opaque[slot]
        return 0

    def _lapse(self, slot):
        """So many seconds Suricata waits before a conversation is over: less where nobody has answered."""
        f: Flows = self.flows
        if f.transport[slot] == 6:
            return 600 if f.opening[slot] & 3 == 3 or self.picked else 60
        return 300 if f.heard[slot, 0] and f.heard[slot, 1] else 30

    def _end_beside(self, slot):
        """A conversation is over, and with it what rules were shown beside it."""
        self.flows.beside[slot] = 0
        for told in self.besides.pop(slot, {}).values():
            self.many_beside -= 1
            self._over(told, self.packet.clock)

    def _crowd_out(self, slot):
        """Too many conversations: a 64th of them, silent for longest, is over; this slot's stays.

        So few that no batch has to wait for all their rows, so many that a flood pays for looking only now and then.
        """
        columns = self.flows.columns
        alive = np.flatnonzero(columns["alive"] == 1)
        clocks = columns["clock"][alive]
        many = max(1, self.most_flows // 64, len(alive) - self.most_flows)
        latest = np.partition(clocks, many - 1)[many - 1]
        old = alive[clocks <= latest]  # more than `many` only where several fell silent at the same moment
        order = np.lexsort((columns["ident"][old], columns["clock"][old]))
        for gone in old[order[:many]].tolist():
            if gone != slot:
                self.crowded += 1
                self._over(gone, self.packet.clock)

    def _pass_over(self, slot):
        """A decoder hung on this frame when the run began before: its flow is not looked into from here on."""
        p: Packet = self.packet
        self.flows.opaque[slot] = 1
        code = self.flows.protocol[slot]
        name = self.recogniser.name_of(code) if code >= 0 else "unknown"
        octets = self.array[p.start : min(p.end, p.start + 32)].tobytes()
        for oddity in ("hung", "turned-opaque"):
            self.facts.oddity_at(p.source, p.time, p.frame, slot, name, oddity, 0, octets)

    def _twin(self):
        """1 where this frame's redundancy twin (same sender, same sequence number) has been seen."""
        p: Packet = self.packet
        at: cython.longlong = (p.source_mac * 31 + p.redundancy_seq) & 4095
        realm: cython.longlong = p.realm
        mac: cython.longlong = p.source_mac | (realm << 48)
        if (
            self.twins[at, 0] == mac
            and self.twins[at, 1] == p.redundancy_seq
            and p.time - self.twins[at, 2] < 400000000
            and self.twins[at, 2] - p.time < 400000000
        ):
            return 1
        self.twins[at, 0] = mac
        self.twins[at, 1] = p.redundancy_seq
        self.twins[at, 2] = p.time
        return 0

    def _account(self, slot, side):
        """Count the frame in its flow; 1 where the capture point copied it."""
        # Over 40 lines: it runs for every frame; a call for each group of columns would double its cost.
        p: Packet = self.packet
        f: Flows = self.flows
        length: cython.int = p.end - p.start
        copied: cython.int = 0
        wrap: cython.longlong = 0xFFFFFFFF
        if f.packets[slot, side] == 0:
            self._first_sight(slot, side)
        elif (
            p.ipid != 0
            and f.ipid[slot, side] == p.ipid
            and f.last_length[slot, side] == length
            and p.time - f.last_time[slot, side] < 10000000
        ):
            if p.protocol == 6:
                copied = 1 if (p.seq + length) & wrap == f.next_seq[slot, side] else 0
            elif (
                p.protocol == 17
            ):  # a constant IP id proves nothing: the checksum must agree and both be quick
                copied = (
                    1
                    if f.window[slot, side] == p.window and p.time - f.last_time[slot, side] < 1000000
                    else 0
                )
            if copied:
                f.duplicates[slot] += 1
        if p.checksum == 2:
            f.bad_checksums[slot] += 1
        elif p.checksum == 1:
            f.offloaded_checksums[slot] += 1
        if p.source_mac != f.mac[slot, side]:
            self._first_sight(slot, side)
        f.packets[slot, side] += 1
        f.octets[slot, side] += p.wire
        f.payload[slot, side] += length
        f.ipid[slot, side] = p.ipid
        f.last_length[slot, side] = length
        f.window[slot, side] = p.window
        f.last_time[slot, side] = p.time
        f.last[slot] = p.time
        f.clock[slot] = p.clock
        f.last_frame[slot] = p.frame
        f.last_source[slot] = p.source
        return copied

    def _first_sight(self, slot, side):
        """A side speaks for the first time, or from another link address: note who it is."""
        p: Packet = self.packet
        f: Flows = self.flows
        if f.heard[slot, side] == 0:
            f.heard[slot, side] = p.clock
        f.mac[slot, side] = p.source_mac
        f.since[slot, side] = p.time
        f.ttl[slot, side] = p.ttl
        self.recogniser.met(p, f, slot, side)
        return 0

    def _datagram(self, slot, side):
        p: Packet = self.packet
        f: Flows = self.flows
        if p.end <= p.start or f.opaque[slot] == 1:
            return 0
        if f.protocol[slot] < 0 and self._identify(slot, side, p.start, p.end) < 0:
            return 0
        out: Messages = self.messages[f.protocol[slot]]
        if out.n == 0:
            out.bind(self.array)
        f.turn[slot] = out.turn
        direction: cython.int = side ^ f.client_side[slot]
        length: cython.Py_ssize_t = p.end - p.start
        return out.append(slot, side, direction, p.start, length, p.time, p.frame, p.source, p.clock, 0)

    def _identify(self, slot, side, start, end):
        """Ask the recogniser; the protocol's index, -1 unknown, -2 more octets needed.

        Waiting for more octets is no failed try while probes have not seen all that they look at: else a
        sender who begins octet by octet would never be recognised.
        """
        f: Flows = self.flows
        if f.tries[slot] >= 6:
            return -1
        found: cython.int = self.recogniser.identify(self.packet, f, slot, side, self.array, start, end)
        if found != -2 or end - start >= 512:
            f.tries[slot] += 1
        return found

    def _tcp(self, slot, side):
        # Over 40 lines: every case of a segment's place in its stream, in the order in which they exclude each other.
        p: Packet = self.packet
        f: Flows = self.flows
        other: cython.int = 1 - side
        length: cython.longlong = p.end - p.start
        wrap: cython.longlong = 0xFFFFFFFF  # typed: a bare literal of this size is a Python object
        half: cython.longlong = 0x80000000
        told: cython.int = self._told(slot)
        if p.flags & 7 == 2:  # SYN; with FIN or RST it is nonsense and opens nothing
            if p.flags & 16 == 0:
                if self._opens_again(slot, told, side):
                    return 0
                if (
                    f.tcp[slot] == 3
                    or f.tcp[slot] == 4
                    or f.tcp[slot] == 6
                    or (f.tcp[slot] > 1 and f.payload[slot, 0] + f.payload[slot, 1] > length)
                ):
                    return self._reopen(slot)
                f.client_side[slot] = side
                f.oriented[slot] = 1
                if self._unseen(told) == 0 and (self.picked == 0 or f.opening[told] & 8 == 0):
                    f.opening[told] |= 1  # one that a SYN/ACK came before opens nothing more
                if f.tcp[slot] == 0:
                    f.tcp[slot] = 1
            else:
                f.client_side[slot] = other
                f.oriented[slot] = 1
                if self._unseen(told) == 0:
                    f.opening[told] |= 2 if f.opening[told] & 1 else 8 * (f.heard[told, other] == 0)
                f.tcp[slot] = 2
            f.next_seq[slot, side] = (p.seq + 1) & wrap
            f.sync[slot, side] = 1
            if length == 0:
                return 0
            p.seq = (p.seq + 1) & wrap
        if p.flags & 4:
            # Out of order it is none (RFC 9293, 3.10.7.4).
            if self.resets_end and p.seq == f.next_seq[slot, side] and self._unseen(slot) == 0:
                f.opening[told] |= 16
            self._reset(slot, side)
            f.tcp[slot] = 6 if f.tcp[slot] == 1 and side != f.client_side[slot] else 4
            return 0
        if p.flags & 1:
            f.fin[slot, side] = 1
            if f.fin[slot, other]:
                f.tcp[slot] = 3
        if p.flags & 16 and f.queued[slot, other]:
            self._acknowledged(slot, other, length > 0)
        if p.flags & 16:
            raised: cython.longlong = (p.ack - f.acked[slot, side]) & wrap
            if f.acked[slot, side] < 0 or raised < half:
                f.acked[slot, side] = p.ack
        if length == 0:
            return 0
        if f.tcp[slot] < 2:
            f.tcp[slot] = 2 if f.tcp[slot] == 1 else 5
        if f.sync[slot, side] == 0:
            f.sync[slot, side] = 2
            f.next_seq[slot, side] = p.seq
            self._hole(slot, side, (p.seq - BEFORE) & wrap, p.seq)
        ahead: cython.longlong = (p.seq - f.next_seq[slot, side]) & wrap
        if ahead == 0:
            if self.resets and f.tcp[slot] == 4:
                self._goes_on(slot, side)
            self._see(slot, side, length)
            f.next_seq[slot, side] = (p.seq + length + p.missing) & wrap
            self._deliver(slot, side, p.start, p.end)
            if p.missing:
                self._snapped(slot, side)
                if self.follows:
                    self.torn.add(told * 2 + side)
        elif ahead >= half:
            behind: cython.longlong = wrap + 1 - ahead
            if self.holes and self._late(slot, side) >= length:
                self._behind(slot, side, length)
                return 0
            f.retransmissions[slot] += 1
            self._seen_before(slot, side, length)
            if behind >= length:
                return 0
            f.next_seq[slot, side] = (p.seq + length) & wrap
            self._deliver(slot, side, p.start + behind, p.end)
        else:
            self._see(slot, side, length)
            return self._early(slot, side)
        if f.queued[slot, side]:
            self._drain(slot, side, 0)
        return 0

    def _opens_again(self, slot, told, side):
        """Whether a SYN is the one that opened its connection, once more: it stands before what its side has sent."""
        f: Flows = self.flows
        behind: cython.longlong = (f.next_seq[slot, side] - self.packet.seq - 1) & 0xFFFFFFFF
        opened: cython.bint = f.tcp[slot] == 2 and f.opening[told] & 1 and f.sync[slot, side] == 1
        return opened and 0 < behind <= f.payload[slot, side]

    def _reset(self, slot, side):
        """Keep in mind when an end is said to have given a connection up, of the last few that did.

        One that never acknowledged anything has none: scanners send past their own machine's TCP, which resets what
        it knows nothing of, and go on.
        """
        if self.flows.acked[slot, side] < 0:
            return 0
        key = ((self.flows.ident[slot] >> 2) << 1) | side
        if key not in self.resets and len(self.resets) >= RESETS:
            del self.resets[next(iter(self.resets))]
        self.resets.setdefault(key, (self.packet.time, self.packet.source, self.packet.frame))
        return 0

    def _goes_on(self, slot, side):
        """Tell where an end goes on where it was, long after it is said to have reset the connection.

        Who sends a reset has no connection any more (RFC 9293, 3.10.7): it was somebody else. A network puts frames out
        of order, too, but not by that much.
        """
        p: Packet = self.packet
        f: Flows = self.flows
        key = ((f.ident[slot] >> 2) << 1) | side
        reset = self.resets.get(key)
        if reset is None or p.time - reset[0] < GOES_ON_NS:
            return 0
        del self.resets[key]
        name = self.recogniser.name_of(f.protocol[slot]) if f.protocol[slot] >= 0 else "tcp"
        if f.oriented[slot] == 0:
            self.recogniser.settle()
        self.facts.oddity_at(reset[1], p.time, reset[2], slot, name, "reset-by-another", 0, b"", 1)
        return 0

    def _see(self, slot, side, length):
        """Keep in mind what a segment is: whose, its place, length, sum, time and what it acknowledges."""
        p: Packet = self.packet
        if length < 2 or p.checksum == 2 or p.missing:
            return 0
        at: cython.Py_ssize_t = (p.seq * 31 + slot * 2 + side) & 16383  # SEEN - 1, as a C integer
        ident: cython.longlong = self.flows.ident[slot] >> 2
        self.seen[at, 0] = (ident << 1) | side
        self.seen[at, 1] = p.seq
        self.seen[at, 2] = length
        self.seen[at, 3] = p.internet_sum(p.start, min(p.end, p.start + 256))
        self.seen[at, 4] = p.time
        self.seen[at, 5] = p.ack
        return 0

    def _seen_before(self, slot, side, length):
        """Tell where a segment that comes again is none that its sender's TCP would send.

        What is sent again has the same octets (RFC 9293, 3.8.1) and acknowledges all that its sender has by then: a
        sender takes no acknowledgement back. An old one that comes later than any network delays was played again.
        """
        p: Packet = self.packet
        f: Flows = self.flows
        if length < 2 or p.checksum == 2 or p.missing or f.protocol[slot] < 0:
            return 0
        at: cython.Py_ssize_t = (p.seq * 31 + slot * 2 + side) & 16383  # SEEN - 1, as a C integer
        ident: cython.longlong = f.ident[slot] >> 2
        if self.seen[at, 0] != ((ident << 1) | side) or self.seen[at, 1] != p.seq:
            return 0
        oddity = None
        if self.seen[at, 2] == length:
            if self.seen[at, 3] != p.internet_sum(p.start, min(p.end, p.start + 256)):
                oddity = "segment-rewritten"
            elif (
                self.seen[at, 5] == p.ack
                and f.acked[slot, side] != p.ack
                and max(p.time, f.last_time[slot, 1 - side]) - self.seen[at, 4] > DELAYED_NS
            ):
                oddity = "segment-replayed"
        elif self.seen[at, 2] < length:
            self._see(slot, side, length)
        if oddity is not None:
            self._tell(slot, oddity, p.start, p.end)
        return 0

    def _behind(self, slot, side, length):
        """Tell where a segment that was missing stands in the capture behind what its receiver said long after it.

        Where the receiver has acknowledged it, its sender has no reason to send it; and its own time, older than the
        answer's by more than any network delays, says that it was moved there, or played with the time it had.
        """
        p: Packet = self.packet
        f: Flows = self.flows
        wrap: cython.longlong = 0xFFFFFFFF
        other: cython.int = 1 - side
        if length < 2 or p.checksum == 2 or p.missing or f.protocol[slot] < 0 or f.acked[slot, other] < 0:
            return 0
        taken: cython.longlong = (f.acked[slot, other] - p.seq - length) & wrap
        if taken < 0x80000000 and f.last_time[slot, other] - p.time > DELAYED_NS:
            self._tell(slot, "segment-replayed", p.start, p.end)
        return 0

    def _tell(self, slot, oddity, start, end):
        """Octets of a stream break a rule: who asks may have been told by what is not decoded yet of it."""
        p: Packet = self.packet
        f: Flows = self.flows
        out: Messages = self.messages[f.protocol[slot]]
        if f.oriented[slot] == 0 and f.turn[slot] == out.turn and self.facts.listens(slot):
            self.recogniser.settle(out.place)
        name = self.recogniser.name_of(f.protocol[slot])
        octets = self.array[start : min(end, start + 32)].tobytes()
        self.facts.oddity_at(p.source, p.time, p.frame, slot, name, oddity, 0, octets, 1)

    def _snapped(self, slot, side):
        """The capture kept only part of this segment: the stream goes on where a message begins."""
        self.flows.sync[slot, side] = 2
        self.flows.leap[slot, side] = 0
        self._take(slot, side)

    def _reopen(self, slot):
        """A new connection between the same ends and ports: the old one ends here."""
        p: Packet = self.packet
        self._over(slot, p.clock)
        fresh = self.flows.find(p)
        side = self.flows.side
        self.flows.packets[slot, side] -= 1
        self.flows.octets[slot, side] -= p.wire
        self._account(fresh, side)
        return self._tcp(fresh, side)

    def _early(self, slot, side):
        """A segment beyond the next expected octet: keep it until the hole is filled or given up."""
        p: Packet = self.packet
        key = slot * 2 + side
        queue = self.queues.get(key)
        if queue is None:
            queue = self.queues[key] = Queue(p.time)
            self.flows.queued[slot, side] = 1
        octets = self.array[p.start : p.end].tobytes()
        self.queue_octets += queue.add(p.seq, octets, p.time, p.frame, p.source)
        if queue.full(p.time):
            self._give_up(slot, side)
        while self.queue_octets > self.most_queued and self.queues:
            oldest = next(iter(self.queues))
            self.abandoned += 1
            self._give_up(oldest >> 1, oldest & 1)
        return 0

    def _acknowledged(self, slot, side, answering):
        """The receiver has octets that the capture never saw: a hole that will not be filled."""
        queue = self.queues.get(slot * 2 + side)
        if queue is not None and queue.acknowledged(
            self.packet.ack, self.packet.time, answering=bool(answering)
        ):
            self._give_up(slot, side)
        return 0

    def _drain(self, slot, side, given_up):
        """Deliver queued segments that have become next.

        given_up: 1 where the hole before them stays; they count in their own frames, not in the one that filled it.
        """
        f: Flows = self.flows
        queue = self.queues.get(slot * 2 + side)
        if queue is None:
            return 0
        p: Packet = self.packet
        kept = (p.time, p.frame, p.source)
        while True:
            piece = queue.next(f.next_seq[slot, side])
            if piece is None:
                break
            octets, time, frame, source, size = piece
            self.queue_octets -= size
            if not octets:
                f.retransmissions[slot] += 1
                continue
            if given_up:
                p.time, p.frame, p.source = time, frame, source
            else:
                p.time, p.frame, p.source = (
                    max(kept[0], time),
                    max(kept[1], frame) if source == kept[2] else frame,
                    source,
                )
            start = self.place(octets)
            f.next_seq[slot, side] = (f.next_seq[slot, side] + len(octets)) & 0xFFFFFFFF
            self._deliver(slot, side, start, start + len(octets))
        p.time, p.frame, p.source = kept
        if queue.empty():
            self.queues.pop(slot * 2 + side, None)
            f.queued[slot, side] = 0
        return 0

    def _give_up(self, slot, side):
        """Pass over the hole before the queued segments; the stream goes on where a message begins."""
        f: Flows = self.flows
        queue = self.queues.get(slot * 2 + side)
        if queue is None:
            return
        f.gaps[slot] += 1
        first = queue.first(f.next_seq[slot, side])
        hole = self._hole(slot, side, f.next_seq[slot, side], first)
        hole.want, hole.sync, hole.leap = (
            self.wants.get(slot * 2 + side, 0),
            f.sync[slot, side],
            f.leap[slot, side],
        )
        hole.carry = self._cut_off(slot, side)
        f.sync[slot, side] = 2
        f.leap[slot, side] = 0
        f.next_seq[slot, side] = first
        self._drain(slot, side, 1)

    def _hole(self, slot, side, begin, end):
        """Keep in mind that the stream goes on at `end` without the octets from `begin` (sequence numbers)."""
        key = slot * 2 + side
        holes = self.holes.get(key)
        if holes is None:
            holes = self.holes[key] = Holes()
            if len(self.holes) > MAX_STREAMS:
                self.holes.pop(next(iter(self.holes)))
        return holes.add(begin, end)

    def _late(self, slot, side):
        """Deliver what of this segment lies in holes that were given up; how many octets of it did.

        Who holds a segment back for longer than a hole is waited for would else hide it: its receiver waits on.
        """
        p: Packet = self.packet
        key = slot * 2 + side
        holes = self.holes.get(key)
        start, length = p.start, p.end - p.start
        if holes is None or length == 1:  # the octet of a keep-alive is no data
            return 0
        new = 0
        for hole, first, last in holes.take(p.seq, length):
            new += last - first
            self._fill(slot, side, hole, start + first, start + last)
        if not holes.holes:
            self.holes.pop(key, None)
        return new

    def _fill(self, slot, side, hole, start, end):
        """Octets start..end of the buffer are next in a hole; the stream itself stands where it stood."""
        f: Flows = self.flows
        key = slot * 2 + side
        stood = (self._take(slot, side), self.wants.get(key, 0), f.sync[slot, side], f.leap[slot, side])
        self._carry(slot, side, hole.carry)
        self.wants[key], f.sync[slot, side], f.leap[slot, side] = hole.want, hole.sync, hole.leap
        self.late = 1
        self._deliver(slot, side, start, end)
        self.late = 0
        hole.carry = self._cut_off(slot, side)
        hole.want, hole.sync, hole.leap = self.wants.get(key, 0), f.sync[slot, side], f.leap[slot, side]
        self._carry(slot, side, stood[0])
        self.wants[key], f.sync[slot, side], f.leap[slot, side] = stood[1:]

    def _cut_off(self, slot, side):
        """The beginning of a message that a stream waits to go on with, taken from it; None: none, or too long."""
        carry = self._take(slot, side)
        return carry if carry is not None and len(carry) <= MAX_CARRY else None

    def _carry(self, slot, side, octets):
        """Keep the beginning of a message (bytearray, or None) until its stream goes on."""
        if octets is not None:
            self.carries[slot * 2 + side] = octets
            self.flows.carried[slot, side] = 1
        return 0

    def _take(self, slot, side):
        """What a stream carries, or None; it carries nothing from here on."""
        if self.flows.carried[slot, side] == 0:
            return None
        self.flows.carried[slot, side] = 0
        return self.carries.pop(slot * 2 + side)

    def _close(self, slot):
        """Deliver what a flow still holds back, then drop its stream state."""
        for side in (0, 1):
            for _ in range(64):
                if slot * 2 + side not in self.queues:
                    break
                self._give_up(slot, side)
            queue = self.queues.pop(slot * 2 + side, None)
            self.flows.queued[slot, side] = 0
            if queue is not None:
                self.queue_octets -= queue.octets
            self._take(slot, side)
            self.wants.pop(slot * 2 + side, None)
            self.holes.pop(slot * 2 + side, None)

    def close(self, slots):
        """End these flows' streams (list of slots); framers forget them."""
        p: Packet = self.packet
        for slot in slots:
            if self.flows.beside[slot]:
                self._end_beside(slot)
            p.clock = self.flows.over[slot]
            self._close(slot)
            protocol = self.flows.protocol[slot]
            if protocol >= 0 and self.framers[protocol] is not None:
                self.framers[protocol].forget(slot)
            self.facts.forget_flow(slot)
        p.clock = self.clock

    def drain_all(self):
        """At the end of the run: deliver what waits behind holes."""
        for key in list(self.queues):
            self._close(key // 2)

    def _deliver(self, slot, side, start, end):
        """Octets start..end of the buffer are next in the stream."""
        f: Flows = self.flows
        p: Packet = self.packet
        if (
            f.opaque[slot] == 1
        ):  # where only its decoder gave up it is framed on: that must not hang on when it did
            return 0
        if self.follows and (self.follows == 2 or self.spoken[f.protocol[slot] + 1]):
            self._note(slot, side, start, end)
        key: cython.int = slot * 2 + side
        if f.carried[slot, side]:
            carried = self._take(slot, side)
            carried += self.array[start:end].tobytes()
            if len(carried) < self.wants.get(key, 0) and f.protocol[slot] >= 0:
                return self._carry(slot, side, carried)
            start = self.place(carried)
            end = start + len(carried)
        if f.protocol[slot] < 0:
            found: cython.int = self._identify(slot, side, start, end)
            if found == -2:
                return self._carry(slot, side, bytearray(self.array[start:end].tobytes()))
            if found < 0:
                return 0
            if (
                p.missing and self.whole
            ):  # rules are shown no frame that the capture cut: they know nothing of it
                f.opening[slot] |= 32
        framer = self.framers[f.protocol[slot]]
        if framer is None:
            return 0
        return self._cut(slot, side, framer, self.messages[f.protocol[slot]], start, end)

    def _cut(self, slot, side, framer, out, start, end):
        # Over 40 lines: one loop that hands messages on; it runs for every segment with a payload.
        f: Flows = self.flows
        p: Packet = self.packet
        length: cython.Py_ssize_t
        direction: cython.int
        gaps: cython.int
        framer.slot = slot
        framer.side = side
        while start < end:
            if f.leap[slot, side] > 0:
                length = min(f.leap[slot, side], end - start)
                f.leap[slot, side] -= length
                start += length
                continue
            if f.sync[slot, side] == 2:
                if framer.begins(start, end) == 0:
                    self.counts[6] += 1
                    return 0
                f.sync[slot, side] = 1
            length = framer.cut(start, end)
            if length > 0:
                if length > end - start:
                    length = end - start
                if out.n == 0:
                    out.bind(self.array)
                f.turn[slot] = out.turn
                direction = side ^ f.client_side[slot]
                gaps = f.gaps[slot]
                out.append(slot, side, direction, start, length, p.time, p.frame, p.source, p.clock, gaps)
                f.leap[slot, side] = framer.leap
                start += length
            elif length == 0:
                if end - start > framer.maximum:
                    self._unframed(slot, side, start, end)
                    return 0
                key: cython.int = slot * 2 + side
                self.wants[key] = framer.want
                return self._carry(slot, side, bytearray(self.array[start:end].tobytes()))
            else:
                self._unframed(slot, side, start, end)
                if f.protocol[slot] < 0:  # one doubt too many: whose messages these are is unknown again
                    return 0
                if -length >= end - start:
                    f.sync[slot, side] = 2
                    return 0
                start -= length
        return 0

    def _unframed(self, slot, side, start, end):
        """Octets that are no message of the flow's protocol."""
        self.counts[7] += 1
        self._tell(slot, "not-framed", start, end)
        self.recogniser.doubt(self.flows, slot)
