# cython: compiled
"""The flow table: one slot a conversation, found by both ends' addresses and ports within a realm.

Over 400 lines: it holds every column of a flow; streams and recognition keep their state here.
"""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.addresses import address_text

__all__ = ["ENDED_NS", "IDLE_NS", "TCP_IDLE_NS", "Flows"]

TCP_IDLE_NS = 3_600_000_000_000
ENDED_NS = 60_000_000_000
IDLE_NS = 600_000_000_000
"""A conversation that is silent for longer is over: what comes then is another one. ENDED_NS: TCP that was closed."""

M64 = (1 << 64) - 1

_COLUMNS = {
    "ident": np.uint64,
    "first": np.int64,
    "last": np.int64,
    "first_frame": np.int64,
    "last_frame": np.int64,
    "clock": np.int64,
    "over": np.int64,
    "source": np.int32,
    "last_source": np.int32,
    "realm": np.int32,
    "vlan": np.int32,
    "tags": np.int64,
    "transport": np.int32,
    "protocol": np.int16,
    "basis": np.uint8,
    "confidence": np.uint8,
    "turn": np.int32,
    "tries": np.uint8,
    "refused": np.uint8,
    "client_side": np.uint8,
    "oriented": np.uint8,
    "tcp": np.uint8,
    "opening": np.uint8,
    "opaque": np.uint8,
    "alive": np.uint8,
    "beside": np.uint8,
    "family": np.uint8,
    "retransmissions": np.int32,
    "gaps": np.int32,
    "duplicates": np.int32,
    "bad_checksums": np.int32,
    "offloaded_checksums": np.int32,
}
_SIDES = {
    "address": np.int32,
    "port": np.int32,
    "ipid": np.int32,
    "ttl": np.int32,
    "window": np.int32,
    "last_length": np.int32,
    "packets": np.int64,
    "octets": np.int64,
    "payload": np.int64,
    "next_seq": np.int64,
    "acked": np.int64,
    "last_time": np.int64,
    "leap": np.int64,
    "heard": np.int64,
    "since": np.int64,
    "mac": np.uint64,
    "sync": np.uint8,
    "fin": np.uint8,
    "queued": np.uint8,
    "carried": np.uint8,
    "shown": np.int64,
    "deep": np.uint8,
}


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.ulonglong)
@cython.locals(h=cython.ulonglong, all_ones=cython.ulonglong, p1=cython.ulonglong)
def _spread(h):
    """Let every bit of a hash reach the low ones, which name a place in the table.

    Those of Flows._hash never saw one of the ports: connections between the same ends would stand in one row, and who
    opens many of them make every look-up as long. Flow ids are made of that hash and stay as they are.
    """
    all_ones = 0xFFFFFFFFFFFFFFFF
    p1 = 0xFF51AFD7ED558CCD
    h = ((h ^ (h >> 32)) * p1) & all_ones
    return h ^ (h >> 32)


class Flows:
    """Slots (int) of live conversations. Columns are per slot, or per slot and side (0 or 1).

    Sides are numbered by address order; `client_side` says which of them asks. `side` is the sender's side
    of the packet last looked up. `state`: one Python object a slot, for the protocol that speaks there.
    `opening`: what was seen of how a conversation begins: of TCP 1 its SYN, 2 the SYN/ACK after it, 8 a SYN/ACK first;
    4 where side 1 sent its first packet; 16 behind a reset, 32 whose protocol a frame told
    that the capture cut, for a tap that asks.
    `beside`: 1 where rules are shown it as several (Dissector._told). `alive`: 1 lives, 2 is over, 3 is one of those.
    `frame`: of the message that is decoded now. `turns`: slot → (frame, which side asks from then on), as messages of
    this batch showed it.
    `shown`, `deep`: octets of a side's stream that rules were shown, and whether they are shown no more of it.
    `clock`, `over`, `heard`: the dissector's clock at the last frame, at the end (0 while it lives), at a side's
    first frame (0: none yet). `since`: time of a side's first frame from its link address. `turn`: Messages.turn at
    its last message. `live`: slots in use whose conversation is not over.
    """

    def __init__(self, addresses, seed=0):
        """addresses: pool (Words) of address texts; seed: 64 random bits against chosen collisions."""
        self.addresses = addresses
        self.seed = seed & M64
        self.capacity = 0
        self.used = 0
        self.live = 0
        self.columns = {}
        self.free = []
        self.state = []
        self.side = 0
        self.frame = 0
        self.turns = {}
        self._grow(1024)

    def _grow(self, capacity):
        old, fresh = self.columns, {}
        shapes = {name: (kind, (capacity,)) for name, kind in _COLUMNS.items()}
        shapes |= {name: (kind, (capacity, 2)) for name, kind in _SIDES.items()}
        shapes["key"] = (np.uint64, (capacity, 5))
        for name, (kind, shape) in shapes.items():
            fresh[name] = np.zeros(shape, kind)
            if old:
                fresh[name][: self.capacity] = old[name]
        self.columns = fresh
        self.free.extend(range(capacity - 1, self.capacity - 1, -1))
        self.state.extend([None] * (capacity - self.capacity))
        self.capacity = capacity
        self._bind()
        self.table_mask = capacity * 4 - 1
        self.table_array = np.full(capacity * 4, -1, np.int32)
        self.table = memoryview(self.table_array)
        self._rebuild()

    def _bind(self):
        v = {name: memoryview(column) for name, column in self.columns.items()}
        vars(self).update(v)
        self.key, self.ident = v["key"], v["ident"]
        self.first, self.last = v["first"], v["last"]
        self.first_frame, self.last_frame = v["first_frame"], v["last_frame"]
        self.clock, self.over, self.heard = v["clock"], v["over"], v["heard"]
        self.since = v["since"]
        self.source, self.last_source, self.realm = v["source"], v["last_source"], v["realm"]
        self.vlan, self.transport, self.protocol = v["vlan"], v["transport"], v["protocol"]
        self.basis, self.confidence, self.tries = v["basis"], v["confidence"], v["tries"]
        self.refused, self.turn = v["refused"], v["turn"]
        self.client_side, self.oriented, self.tcp = v["client_side"], v["oriented"], v["tcp"]
        self.opaque, self.alive, self.family = v["opaque"], v["alive"], v["family"]
        self.opening, self.beside, self.tags = v["opening"], v["beside"], v["tags"]
        self.retransmissions, self.gaps, self.duplicates = v["retransmissions"], v["gaps"], v["duplicates"]
        self.bad_checksums, self.offloaded_checksums = v["bad_checksums"], v["offloaded_checksums"]
        self.address, self.port, self.ipid, self.ttl = v["address"], v["port"], v["ipid"], v["ttl"]
        self.window, self.last_length = v["window"], v["last_length"]
        self.packets, self.octets, self.payload = v["packets"], v["octets"], v["payload"]
        self.next_seq, self.last_time, self.leap = v["next_seq"], v["last_time"], v["leap"]
        self.mac, self.sync, self.fin, self.acked = v["mac"], v["sync"], v["fin"], v["acked"]
        self.queued, self.carried = v["queued"], v["carried"]
        self.shown, self.deep = v["shown"], v["deep"]

    def _hash(self, k0, k1, k2, k3, k4):
        # Constants are typed here: as bare literals they would be Python's big integers, a microsecond a packet.
        all_ones: cython.ulonglong = 0xFFFFFFFFFFFFFFFF
        p1: cython.ulonglong = 0xFF51AFD7ED558CCD
        p2: cython.ulonglong = 0xC4CEB9FE1A85EC53
        p3: cython.ulonglong = 0x9FB21C651E98DF25
        golden: cython.ulonglong = 0x9E3779B97F4A7C15
        h: cython.ulonglong = self.seed ^ golden
        h = ((h ^ k0) * p1) & all_ones
        h = ((h ^ (h >> 32) ^ k1) * p2) & all_ones
        h = ((h ^ (h >> 29) ^ k2) * p1) & all_ones
        h = ((h ^ (h >> 32) ^ k3) * p2) & all_ones
        h = ((h ^ (h >> 29) ^ k4) * p3) & all_ones
        return h ^ (h >> 31)

    def find(self, p):
        """The slot of a packet's flow, made on first sight; sets `side`."""
        forward: cython.int
        if p.source_high != p.target_high:
            forward = p.source_high < p.target_high
        elif p.source_low != p.target_low:
            forward = p.source_low < p.target_low
        else:
            forward = p.source_port <= p.target_port
        k0: cython.ulonglong
        k1: cython.ulonglong
        k2: cython.ulonglong
        k3: cython.ulonglong
        ports: cython.ulonglong
        if forward:
            k0, k1, k2, k3 = p.source_high, p.source_low, p.target_high, p.target_low
            ports = (cython.cast(cython.ulonglong, p.source_port) << 16) | p.target_port
        else:
            k0, k1, k2, k3 = p.target_high, p.target_low, p.source_high, p.source_low
            ports = (cython.cast(cython.ulonglong, p.target_port) << 16) | p.source_port
        self.side = 0 if forward else 1
        layer: cython.ulonglong = p.protocol
        if p.family == 0:
            layer = layer | 0x10000
        k4: cython.ulonglong = (ports << 32) | (layer << 12) | p.realm
        at: cython.longlong = _spread(self._hash(k0, k1, k2, k3, k4)) & cython.cast(
            cython.ulonglong, self.table_mask
        )
        slot: cython.int
        while True:
            slot = self.table[at]
            if slot == -1:
                return self._insert(p, forward, k0, k1, k2, k3, k4)
            if slot >= 0 and (
                self.key[slot, 4] == k4
                and self.key[slot, 3] == k3
                and self.key[slot, 1] == k1
                and self.key[slot, 2] == k2
                and self.key[slot, 0] == k0
            ):
                return slot
            at = (at + 1) & self.table_mask

    def _insert(self, p, a_first, k0, k1, k2, k3, k4):
        if not self.free:
            self._grow(self.capacity * 2)
        slot: cython.int = self.free.pop()
        self.used += 1
        self.live += 1
        self._clear(slot)
        self.key[slot, 0], self.key[slot, 1], self.key[slot, 2] = k0, k1, k2
        self.key[slot, 3], self.key[slot, 4] = k3, k4
        at: cython.longlong = _spread(self._hash(k0, k1, k2, k3, k4)) & cython.cast(
            cython.ulonglong, self.table_mask
        )
        while self.table[at] != -1:
            at = (at + 1) & self.table_mask
        self.table[at] = slot
        self.alive[slot] = 1
        self.first[slot] = self.last[slot] = p.time
        self.clock[slot] = p.clock
        self.first_frame[slot] = p.frame
        self.source[slot] = p.source
        self.realm[slot] = p.realm
        self.vlan[slot] = p.vlan
        self.tags[slot] = p.tags
        self.family[slot] = p.family
        self.transport[slot] = p.protocol if p.family else 0x10000 | p.protocol
        self.protocol[slot] = -1
        self.client_side[slot] = self.side
        self.opening[slot] = 4 * self.side
        sender: cython.int = self.side
        self.address[slot, sender] = self.addresses.code(address_text(p.family, p.source_high, p.source_low))
        self.address[slot, 1 - sender] = self.addresses.code(
            address_text(p.family, p.target_high, p.target_low)
        )
        self.port[slot, sender] = p.source_port
        self.port[slot, 1 - sender] = p.target_port
        self.mac[slot, 1 - sender] = 0
        started: cython.ulonglong = cython.cast(cython.ulonglong, p.time) & M64
        self.ident[slot] = self._ident(
            k0, k1, k2, k3, k4 ^ (cython.cast(cython.ulonglong, p.source) << 48), started
        )
        return slot

    def _clear(self, slot):
        """Make every column zero there: who had the slot before is over."""
        side: cython.int
        self.ident[slot] = 0
        self.first[slot] = self.last[slot] = self.first_frame[slot] = self.last_frame[slot] = 0
        self.clock[slot] = self.over[slot] = self.heard[slot, 0] = self.heard[slot, 1] = 0
        self.source[slot] = self.last_source[slot] = self.realm[slot] = self.vlan[slot] = 0
        self.transport[slot] = self.protocol[slot] = 0
        self.basis[slot] = self.confidence[slot] = self.tries[slot] = self.refused[slot] = 0
        self.client_side[slot] = self.oriented[slot] = self.tcp[slot] = 0
        self.opening[slot] = self.beside[slot] = self.tags[slot] = 0
        self.opaque[slot] = self.alive[slot] = self.family[slot] = self.turn[slot] = 0
        self.retransmissions[slot] = self.gaps[slot] = self.duplicates[slot] = 0
        self.bad_checksums[slot] = self.offloaded_checksums[slot] = 0
        for side in range(2):
            self.address[slot, side] = self.port[slot, side] = self.ipid[slot, side] = 0
            self.ttl[slot, side] = self.window[slot, side] = self.last_length[slot, side] = 0
            self.packets[slot, side] = self.octets[slot, side] = self.payload[slot, side] = 0
            self.next_seq[slot, side] = self.last_time[slot, side] = self.leap[slot, side] = 0
            self.mac[slot, side] = self.since[slot, side] = 0
            self.acked[slot, side] = -1
            self.sync[slot, side] = self.fin[slot, side] = 0
            self.queued[slot, side] = self.carried[slot, side] = 0
            self.shown[slot, side] = self.deep[slot, side] = 0
        return 0

    def _ident(self, k0, k1, k2, k3, k4, started):
        """A flow's id: the same whenever the same source is read again, whatever the seed."""
        seed, self.seed = self.seed, 0
        h = self._hash(k0, k1, k2, k3, k4)
        h = self._hash(h, started, k0, k1, k4)
        self.seed = seed
        return h or 1

    def _rebuild(self):
        """Fill the hash table anew from the live slots."""
        self.table_array[:] = -1
        self.graves = 0
        slot: cython.int
        at: cython.longlong
        for slot in range(self.capacity):
            if self.alive[slot] != 1:
                continue
            at = _spread(
                self._hash(
                    self.key[slot, 0],
                    self.key[slot, 1],
                    self.key[slot, 2],
                    self.key[slot, 3],
                    self.key[slot, 4],
                )
            ) & cython.cast(cython.ulonglong, self.table_mask)
            while self.table[at] >= 0:
                at = (at + 1) & self.table_mask
            self.table[at] = slot
        return 0

    def patience(self, slot):
        """How long this conversation may be silent, ns."""
        if self.transport[slot] != 6:
            return 600000000000
        state: cython.int = self.tcp[slot]
        return 60000000000 if state == 3 or state == 4 or state == 6 else 3600000000000

    def forget_key(self, slot):
        """Let a new conversation between the same ends get a slot of its own; `alive` becomes 2 (ended)."""
        self.live -= self.alive[slot] == 1
        self.alive[slot] = 2
        at: cython.longlong = _spread(
            self._hash(
                self.key[slot, 0], self.key[slot, 1], self.key[slot, 2], self.key[slot, 3], self.key[slot, 4]
            )
        ) & cython.cast(cython.ulonglong, self.table_mask)
        while self.table[at] != slot:
            if self.table[at] == -1:
                return 0
            at = (at + 1) & self.table_mask
        self.table[at] = -2
        self.graves += 1
        if self.graves > self.capacity:
            self._rebuild()
        return 0

    def again(self, p, slot):
        """A slot for what a packet begins between the ends of `slot`, which no packet is found by."""
        key = [self.key[slot, k] for k in range(5)]
        self.side = (
            0 if self.address[slot, 0] == self._coded(p) and self.port[slot, 0] == p.source_port else 1
        )
        fresh: cython.int = self._insert(p, self.side == 0, key[0], key[1], key[2], key[3], key[4])
        self.forget_key(fresh)
        self.alive[fresh] = 3
        tag: cython.ulonglong = p.tags + 2
        golden: cython.ulonglong = 0x9E3779B97F4A7C15
        self.ident[fresh] ^= tag * golden
        return fresh

    def _coded(self, p):
        return self.addresses.code(address_text(p.family, p.source_high, p.source_low))

    def release(self, slots):
        """Free ended slots (list); their rows have been taken out."""
        for slot in slots:
            self.live -= self.alive[slot] == 1
            self.alive[slot] = 0
            self.state[slot] = None
            self.free.append(slot)
        self.used -= len(slots)
        self._rebuild()

    def address_of(self, slot, side):
        """Address text of one side."""
        return self.addresses.texts[self.address[slot, side]]

    def realm_of(self, slot):
        """Index of the slot's realm."""
        return self.realm[slot]

    def server_port(self, slot):
        """Port of the side that is asked."""
        return self.port[slot, 1 - self.client_side[slot]]

    def client_port(self, slot):
        """Port of the side that asks."""
        return self.port[slot, self.client_side[slot]]

    def orient(self, slot, client_side):
        """Say which side asks, because the protocol showed it."""
        if self.client_side[slot] != client_side:
            self.turns.setdefault(slot, []).append((self.frame, client_side))
            self.client_side[slot] = client_side
        self.oriented[slot] = 1
