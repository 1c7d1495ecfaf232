# cython: compiled
"""Where decoders write what is rare: clues, oddities, credentials and their own details."""

from __future__ import annotations

import cython

from interlock.decode.artifacts import Artifacts
from interlock.decode.credentials.defaults import default_of
from interlock.decode.credentials.strength import strength

__all__ = ["MAX_ODDITIES_PER_FLOW", "Facts"]

MAX_ODDITIES_PER_FLOW = 64
MAX_REMEMBERED = 200_000
MAX_OPEN_LOGINS = 1024
LOGIN_AGE_NS = 60_000_000_000
"""Logins wait this long, and so many at most, to hear how they ended; then they are rows with `unknown`."""
CLUE_AGE_NS = 3_600_000_000_000
"""A fact that is said again is a row again after this long, so that its age can be told."""


FLOW, OUTCOME = 3, 10
"""Places in a row of `credentials`."""


class Facts:
    """Rows as tuples: (message's source, time, frame, flow slot, side, …own columns).

    side: the sender's in credentials, in the other tables the client's as it was known then.

    `clock`: of the message that is decoded now (Messages.clock). `detailed`: rows of protocols' own tables so far.
    wanted: names of the tables that are asked for, None for all; clues and details heed it.
    flows: the flow table (Flows), which knows who speaks. artifacts: what is put together from several messages.
    """

    def __init__(self):
        self.clues = []
        self.oddities = []
        self._framings = []
        self.credentials = []
        self._open = {}
        self.details = {}
        self.oddity_count = {}
        self.suppressed = 0
        self.detailed = 0
        self.clock = 0
        self.wanted = None
        self._said = {}
        self._fingerprint = None
        self.flows = None
        self.artifacts = Artifacts()

    def realm_of(self, slot):
        """See Flows.realm_of."""
        return self.flows.realm_of(slot)

    def address_of(self, slot, side):
        """See Flows.address_of."""
        return self.flows.address_of(slot, side)

    def sender(self, m, i):
        """Address of who sent message i."""
        return self.flows.address_of(m.flow[i], m.side[i])

    def receiver(self, m, i):
        """Address of who message i was sent to."""
        return self.flows.address_of(m.flow[i], 1 - m.side[i])

    def clue(self, m, i, who, field, value, protocol, confidence=0.9):
        """`who` (address, or address/unit) has `field` (clue_fields.CLUE_FIELDS) = value (text, not empty)."""
        if not value or not who or not self.wants("clues"):
            return
        self.clue_at(
            m.source[i],
            m.time[i],
            m.frame[i],
            self.flows.realm_of(m.flow[i]),
            who,
            field,
            value,
            protocol,
            confidence,
        )

    def clue_at(self, source, time, frame, realm, who, field, value, protocol, confidence):
        """The same, where no message carries it."""
        if not self.wants("clues"):
            return
        key = (realm, who, field, value, protocol)
        said = self._said.get(key)
        if said is not None and 0 <= time - said < CLUE_AGE_NS:
            return
        if len(self._said) >= MAX_REMEMBERED:
            self._said.clear()
        self._said[key] = time
        self.clues.append((source, realm, time, frame, who, field, value[:512], protocol, confidence))

    def oddity(self, m, i, protocol, oddity, offset=0):
        """Message i breaks a rule of `protocol` at `offset`; MAX_ODDITIES_PER_FLOW rows a flow, and one more."""
        start: cython.Py_ssize_t = m.offset[i] + max(0, min(offset, m.length[i]))
        end: cython.Py_ssize_t = min(start + 32, m.offset[i] + m.length[i])
        octets = m.array[start:end].tobytes()
        self.oddity_at(m.source[i], m.time[i], m.frame[i], m.flow[i], protocol, oddity, offset, octets)

    def _client_side(self, slot):
        """Who asks in a flow, as far as it is known now: later rows may know better."""
        return self.flows.client_side[slot] if slot >= 0 and self.flows is not None else 0

    def listens(self, flow):
        """Whether an oddity of a flow's framing (see oddity_at) makes a row: else it is only counted."""
        return self.wants("oddities") and self.oddity_count.get(2 * flow + 1, 0) <= MAX_ODDITIES_PER_FLOW

    def oddity_at(self, source, time, frame, flow, protocol, oddity, offset, octets, framing=0):
        """The same, where no message carries it; flow: slot, or -1.

        framing: 1 for what cannot be cut into messages. It is found before the messages of its batch are decoded, so
        that both are counted apart: else the size of a batch would tell which of them are suppressed.
        """
        key = 2 * flow + framing
        seen = self.oddity_count.get(key, 0)
        if seen >= MAX_ODDITIES_PER_FLOW and oddity not in ("hung", "flooded", "turned-opaque"):
            self.suppressed += 1
            if seen > MAX_ODDITIES_PER_FLOW:
                return
            oddity = "oddities-suppressed"  # said once: from here on they are only counted
        if len(self.oddity_count) > MAX_REMEMBERED:
            self.oddity_count.clear()
        self.oddity_count[key] = seen + 1
        side = self._client_side(flow)
        if framing:
            self._framings.append(len(self.oddities))
        self.oddities.append((source, time, frame, flow, side, protocol, oddity, max(0, offset), octets))

    def credential(self, m, i, protocol, scheme, user, secret, *, known=None, outcome="unknown"):
        """A login seen in clear in message i (from client to server). user: text or None.

        secret: octets or None; only its keyed fingerprint is kept, and words for what they are: how weak, whose
        published default. known: `default` where the decoder itself knows that. Returns the row's index.
        """
        whose = grade = None
        if secret is not None:
            secret = bytes(secret)
            whose = default_of(scheme, user, secret)
            grade = strength(user, secret)
            if known is None:
                known = "default" if whose and secret else _weakness(user, secret)
        mark = None if secret is None or self._fingerprint is None else self._fingerprint(secret)
        self.credentials.append(
            [
                m.source[i],
                m.time[i],
                m.frame[i],
                m.flow[i],
                m.side[i],
                protocol,
                scheme,
                user,
                mark,
                known,
                outcome,
                grade,
                whose,
            ]
        )
        return len(self.credentials) - 1

    def wants(self, table):
        """Whether a table of a protocol's own is asked for; where rows are many, ask before making one."""
        return self.wanted is None or table in self.wanted

    def hold(self, index):
        """Keep the login in row `index` back until `answered`, or until it has waited too long. Returns the row."""
        row = self.credentials[index]
        self._open[id(row)] = (row, self.clock)
        if len(self._open) > MAX_OPEN_LOGINS:
            del self._open[next(iter(self._open))]
        return row

    def answered(self, row, outcome):
        """How a login that was held ended; too late where it has waited too long: it leaves as `unknown`."""
        held = self._open.pop(id(row), None)
        if held is not None and self.clock - held[1] <= LOGIN_AGE_NS:
            row[OUTCOME] = outcome

    def detail(self, table, m, i, row):
        """A row (dict of its own columns) for the protocol's own table."""
        if self.wanted is not None and table not in self.wanted:
            return
        slot: cython.int = m.flow[i]
        side: cython.int = self.flows.client_side[slot]
        self.detailed += 1
        self.details.setdefault(table, []).append((m.source[i], m.time[i], m.frame[i], slot, side, row))

    def keyed_by(self, fingerprint):
        """fingerprint: octets → text, keyed per installation; passed in because randomness is."""
        self._fingerprint = fingerprint

    def forget_flow(self, flow):
        """Drop what is counted for a flow slot."""
        self.oddity_count.pop(2 * flow, None)
        self.oddity_count.pop(2 * flow + 1, None)

    def end_batch(self, now=None, ended=()):
        """Take everything out and begin anew; logins that are held stay.

        now: the dissector's clock, ns, or None at the end of the run. ended: slots of flows that end now.
        """
        told = self.credentials
        if self._open:
            self._release(now, set(ended))
            told = [row for row in told if id(row) not in self._open]
        self._turn_framings()
        done = (self.clues, self.oddities, told, self.details)
        self.clues, self.oddities, self.details = [], [], {}
        self.credentials = [row for row, _ in self._open.values()]
        return done

    def _turn_framings(self):
        """Let what was wrong with framing know who asks as messages before it showed, decoded though they were later.

        Else the size of a batch would tell who is called the client.
        """
        turns = self.flows.turns if self.flows is not None else {}
        for at in self._framings if turns else ():
            source, time, frame, flow, side, *rest = self.oddities[at]
            for when, turned in turns.get(flow, ()):
                side = turned if when < frame else side
            self.oddities[at] = (source, time, frame, flow, side, *rest)
        self._framings = []
        if turns:
            self.flows.turns = {}

    def _release(self, now, ended):
        """Wait no longer for what is over or too old."""
        if now is None:
            self._open = {}
            return
        self._open = {
            key: (row, since)
            for key, (row, since) in self._open.items()
            if row[FLOW] not in ended and now - since <= LOGIN_AGE_NS
        }


def _weakness(user, secret):
    if len(secret) == 0:
        return "empty"
    if user is not None and user.encode("utf-8", "replace") == secret:
        return "same-as-user"
    if len(secret) < 4:
        return "short"
    return None
