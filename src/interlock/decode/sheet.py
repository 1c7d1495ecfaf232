# cython: compiled
"""Where decoders write operations: requests, their items and their answers, paired as they come.

Over 400 lines would be split; what stands here is one class because the rows, the list of open requests
of each flow and the columns grow and shrink together.
"""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.columns import picked, roomier
from interlock.decode.facts import Facts
from interlock.decode.values import ValueSheet

__all__ = ["NO_ANSWER", "NO_NUMBER", "OK", "PENDING", "REFUSED", "UNKNOWN", "UNSOLICITED", "Sheet"]

UNKNOWN, OK, REFUSED, NO_ANSWER, UNSOLICITED, PENDING = range(6)
"""Indices into vocabulary.OUTCOMES."""

NO_NUMBER = -(1 << 31)
"""Missing function or code."""

MAX_OPEN = 256
"""Open requests a flow may have; past that the oldest ends as `unknown`."""

MAX_WAITING = 1 << 18
"""Open requests that outlive a batch; the oldest end as `unknown`, so that a clock that stands still fills nothing."""

DEFAULT_TIMEOUT_NS = 10_000_000_000

_TYPES = {
    "flow": np.int32,
    "source": np.int32,
    "function": np.int32,
    "name": np.int32,
    "user": np.int32,
    "unit": np.int32,
    "object": np.int32,
    "client": np.int32,
    "server": np.int32,
    "code": np.int32,
    "link": np.int32,
    "operation": np.int64,
    "time": np.int64,
    "frame": np.int64,
    "response_frame": np.int64,
    "transaction": np.int64,
    "count": np.int64,
    "latency": np.int64,
    "deadline": np.int64,
    "key": np.int64,
    "clock": np.int64,
    "verb": np.uint8,
    "outcome": np.uint8,
    "asker": np.uint8,
    "protocol": np.int16,
    "item": np.uint16,
    "items": np.uint16,
}

NEVER = 1 << 62

INTERNAL = frozenset(("link", "deadline", "key", "clock"))
"""Columns that no row shows."""


class Sheet:
    """Rows of operations under construction.

    A row is named by its index, which holds until the batch ends (`end_batch`); what must be found again
    when the answer comes in a later batch is kept under `operation_of(row)` in `notes`.
    `most_waiting`: see MAX_WAITING; `crowded`: how many requests ended by it.
    `values`, `facts`: where process values, clues, oddities, credentials and details go.
    """

    def __init__(self, objects, names, next_operation=1):
        """objects, names: pools (Words) for object names and for every other text."""
        self.objects = objects
        self.names = names
        self.next_operation = next_operation
        self.n = 0
        self.live = 0
        self.fresh = 0
        self.capacity = 0
        self.most_waiting = MAX_WAITING
        self.crowded = 0
        self.columns = {}
        self.notes = {}
        self.timeout = DEFAULT_TIMEOUT_NS
        self.earliest = NEVER
        self.pressing = None
        self.told = 0
        self.facts = Facts()
        self.values = ValueSheet()
        self.heads = np.full(64, -1, np.int32)
        self.tails = np.full(64, -1, np.int32)
        self.head = memoryview(self.heads)
        self.tail = memoryview(self.tails)
        self._resize(4096)

    def _resize(self, capacity):
        grown = self.columns = roomier(self.columns, _TYPES, capacity, self.n)
        self.capacity = capacity
        self.flow, self.source = memoryview(grown["flow"]), memoryview(grown["source"])
        self.function, self.name = memoryview(grown["function"]), memoryview(grown["name"])
        self.user, self.unit = memoryview(grown["user"]), memoryview(grown["unit"])
        self.object, self.code = memoryview(grown["object"]), memoryview(grown["code"])
        self.link, self.operation = memoryview(grown["link"]), memoryview(grown["operation"])
        self.time, self.frame = memoryview(grown["time"]), memoryview(grown["frame"])
        self.response_frame = memoryview(grown["response_frame"])
        self.transaction, self.count = memoryview(grown["transaction"]), memoryview(grown["count"])
        self.latency, self.deadline = memoryview(grown["latency"]), memoryview(grown["deadline"])
        self.clock = memoryview(grown["clock"])
        self.key, self.verb = memoryview(grown["key"]), memoryview(grown["verb"])
        self.outcome, self.asker = memoryview(grown["outcome"]), memoryview(grown["asker"])
        self.protocol, self.item = memoryview(grown["protocol"]), memoryview(grown["item"])
        self.items = memoryview(grown["items"])
        self.client, self.server = memoryview(grown["client"]), memoryview(grown["server"])

    def press(self, verbs):
        """Show requests of these verbs (indices into VERBS) before their answers come: see `end_batch`."""
        self.pressing = None if not verbs else np.isin(np.arange(256), list(verbs)).astype(np.uint8)

    def reserve_flows(self, capacity):
        """Make room for the flow table's slots."""
        if len(self.heads) >= capacity:
            return
        for which in ("heads", "tails"):
            old = getattr(self, which)
            grown = np.full(capacity, -1, np.int32)
            grown[: len(old)] = old
            setattr(self, which, grown)
        self.head = memoryview(self.heads)
        self.tail = memoryview(self.tails)

    def _row(self, m, i, f, function):
        row: cython.int = self.n
        if row == self.capacity:
            self._resize(self.capacity * 2)
        f.find(function)
        self.flow[row] = m.flow[i]
        self.source[row] = m.source[i]
        self.function[row] = function
        self.name[row] = f.name
        self.verb[row] = f.verb
        self.protocol[row] = f.protocol_code
        self.user[row] = -1
        self.unit[row] = -1
        self.object[row] = -1
        self.client[row] = -1
        self.server[row] = -1
        self.code[row] = -2147483648
        self.link[row] = -1
        self.operation[row] = self.next_operation
        self.next_operation += 1
        self.time[row] = m.time[i]
        self.clock[row] = m.clock[i]
        self.frame[row] = m.frame[i]
        self.response_frame[row] = 0
        self.transaction[row] = -1
        self.count[row] = -1
        self.latency[row] = -1
        self.deadline[row] = 0
        self.key[row] = 0
        self.outcome[row] = 0
        self.asker[row] = m.side[i]
        self.item[row] = 0
        self.items[row] = 1
        self.n = row + 1
        return row

    def ask(self, m, i, f, function, key):
        """A request in message i; key: what its answer will carry too (a 63-bit number).

        The row stays open until `answer` finds it or its time-out passes; `transaction` is the key,
        decimal, unless set_transaction says otherwise.
        """
        row: cython.int = self._row(m, i, f, function)
        flow: cython.int = m.flow[i]
        self.outcome[row] = 5
        self.key[row] = key
        self.transaction[row] = key
        self._await(row, self.timeout)
        last: cython.int = self.tail[flow]
        if last < 0:
            self.head[flow] = row
        else:
            self.link[last] = row
        self.tail[flow] = row
        return row

    def more(self, row):
        """Another item of the message whose first row is `row`; the newest row must belong to it."""
        fresh: cython.int = self.n
        if fresh == self.capacity:
            self._resize(self.capacity * 2)
        if row + self.items[row] != fresh or self.items[row] == 65535:
            raise ValueError("items of one message must follow each other")
        for_item: cython.int = self.items[row]
        self.flow[fresh] = self.flow[row]
        self.source[fresh] = self.source[row]
        self.function[fresh] = self.function[row]
        self.name[fresh] = self.name[row]
        self.verb[fresh] = self.verb[row]
        self.protocol[fresh] = self.protocol[row]
        self.user[fresh] = self.user[row]
        self.unit[fresh] = self.unit[row]
        self.object[fresh] = -1
        self.client[fresh] = self.client[row]
        self.server[fresh] = self.server[row]
        self.code[fresh] = self.code[row]
        self.link[fresh] = -1
        self.operation[fresh] = self.operation[row]
        self.time[fresh] = self.time[row]
        self.clock[fresh] = self.clock[row]
        self.frame[fresh] = self.frame[row]
        self.response_frame[fresh] = self.response_frame[row]
        self.transaction[fresh] = self.transaction[row]
        self.count[fresh] = -1
        self.latency[fresh] = self.latency[row]
        self.deadline[fresh] = 0
        self.key[fresh] = 0
        self.outcome[fresh] = self.outcome[row]
        self.asker[fresh] = self.asker[row]
        self.item[fresh] = for_item
        self.items[row] = for_item + 1
        self.n = fresh + 1
        return fresh

    def spread(self, row, objects, counts):
        """All further items at once, of the newest message, whose only row so far is `row`: no unit, user, ends.

        objects (int32), counts (int64): of every item, the first one's too, which `row` has already.
        """
        # Over 40 lines: most of them copy one column each into typed memory.
        items: cython.int = len(objects)
        k: cython.int
        fresh: cython.int
        if row + 1 != self.n or self.items[row] != 1 or not 0 < items < 65536 or len(counts) != items:
            raise ValueError("items of one message must follow each other")
        while row + items > self.capacity:
            self._resize(self.capacity * 2)
        flow: cython.int = self.flow[row]
        source: cython.int = self.source[row]
        function: cython.int = self.function[row]
        name: cython.int = self.name[row]
        code: cython.int = self.code[row]
        operation: cython.longlong = self.operation[row]
        time: cython.longlong = self.time[row]
        frame: cython.longlong = self.frame[row]
        response_frame: cython.longlong = self.response_frame[row]
        transaction: cython.longlong = self.transaction[row]
        latency: cython.longlong = self.latency[row]
        for k in range(1, items):
            fresh = row + k
            self.flow[fresh] = flow
            self.source[fresh] = source
            self.function[fresh] = function
            self.name[fresh] = name
            self.verb[fresh] = self.verb[row]
            self.protocol[fresh] = self.protocol[row]
            self.user[fresh] = -1
            self.unit[fresh] = -1
            self.object[fresh] = objects[k]
            self.client[fresh] = -1
            self.server[fresh] = -1
            self.code[fresh] = code
            self.link[fresh] = -1
            self.operation[fresh] = operation
            self.time[fresh] = time
            self.clock[fresh] = self.clock[row]
            self.frame[fresh] = frame
            self.response_frame[fresh] = response_frame
            self.transaction[fresh] = transaction
            self.count[fresh] = counts[k]
            self.latency[fresh] = latency
            self.deadline[fresh] = 0
            self.key[fresh] = 0
            self.outcome[fresh] = self.outcome[row]
            self.asker[fresh] = self.asker[row]
            self.item[fresh] = k
        self.items[row] = items
        self.n = row + items
        return 0

    def answer(self, m, i, key):
        """The open request that message i answers (the oldest with this key from the other side), or -1.

        One whose time-out has passed is open no longer, even where that is not written down yet. It is closed with
        outcome `ok`; `settle` and `settle_item` say otherwise.
        """
        row: cython.int = self._find(m.flow[i], m.side[i], key, m.clock[i])
        if row < 0:
            return -1
        k: cython.int
        latency: cython.longlong = m.time[i] - self.time[row]
        for k in range(row, row + self.items[row]):
            self.outcome[k] = 1
            self.response_frame[k] = m.frame[i]
            self.latency[k] = latency if latency >= 0 else -1
        return row

    def heard(self, m, i, flow, key):
        """A question to a group (in another flow's slot) that message i answers: its row, closed `ok`, or -1.

        Others may answer it, too, so every answer is an `orphan` row of its own with who gave it, and the
        question's row has no response_frame.
        """
        row: cython.int = self._find(flow, -1, key, m.clock[i])
        k: cython.int
        if row >= 0:
            for k in range(row, row + self.items[row]):
                self.outcome[k] = 1
                self.latency[k] = max(0, m.time[i] - self.time[k])
        return row

    def _await(self, row, timeout):
        """An answer is waited for that long."""
        self.deadline[row] = self.clock[row] + timeout
        if self.deadline[row] < self.earliest:
            self.earliest = self.deadline[row]
        return 0

    def _find(self, flow, side, key, clock):
        """Take the oldest open request with this key, not asked by `side`, off its flow's list.

        What its own message settled and what the clock has passed leaves the list on the way: those rows leave with
        this batch, and where batches end must not matter.
        """
        row: cython.int = self.head[flow]
        before: cython.int = -1
        seen: cython.int = 0
        after: cython.int
        while row >= 0:
            if self.outcome[row] != 5 or self.deadline[row] < clock:
                after = self.link[row]
                self._unlink(flow, row, before)
                row = after
                continue
            if self.key[row] == key and self.asker[row] != side:
                self._unlink(flow, row, before)
                return row
            before = row
            row = self.link[row]
            seen += 1
            if seen > 256:
                self._give_up(flow)  # `before` is behind the half that goes
                seen -= 128
        return -1

    def _unlink(self, flow, row, before):
        after: cython.int = self.link[row]
        if before < 0:
            self.head[flow] = after
        else:
            self.link[before] = after
        if after < 0:
            self.tail[flow] = before
        self.link[row] = -1
        return 0

    def _give_up(self, flow):
        """End the older half of a flow's open requests as unknown: it never answers them."""
        row: cython.int = self.head[flow]
        k: cython.int
        for _ in range(128):
            if row < 0:
                break
            after: cython.int = self.link[row]
            for k in range(row, row + self.items[row]):
                self.outcome[k] = 0
            self._unlink(flow, row, -1)
            row = after

    def orphan(self, m, i, f, function, key):
        """An answer whose request was never seen: a row with `frame` null and outcome `ok`."""
        row: cython.int = self._row(m, i, f, function)
        self.frame[row] = 0
        self.response_frame[row] = m.frame[i]
        self.asker[row] = 1 - m.side[i]
        self.transaction[row] = key
        self.outcome[row] = 1
        return row

    def tell(self, m, i, f, function):
        """A spontaneous message (report, notification): outcome `unsolicited`, asker the flow's client."""
        row: cython.int = self._row(m, i, f, function)
        self.asker[row] = m.side[i] ^ m.direction[i]
        self.outcome[row] = 4
        return row

    def settle(self, row, outcome, code):
        """Outcome (index into OUTCOMES) and code (NO_NUMBER for none) of all items of a message."""
        k: cython.int
        for k in range(row, row + self.items[row]):
            self.outcome[k] = outcome
            self.code[k] = code

    def settle_item(self, row, item, outcome, code):
        """Outcome and code of one item; items that the request did not have are passed over."""
        if 0 <= item < self.items[row]:
            self.outcome[row + item] = outcome
            self.code[row + item] = code

    def set_object(self, row, object, count):  # noqa: A002
        """Code (pool `objects`) of what the row is about, and how many there are (-1 unknown)."""
        self.object[row] = object
        self.count[row] = count

    def set_unit(self, row, unit):
        """Code (pool `names`) of the device behind the address; for all items so far."""
        k: cython.int
        for k in range(row, row + self.items[row]):
            self.unit[k] = unit

    def set_user(self, row, user):
        """Code (pool `names`) of who the session says it is."""
        self.user[row] = user

    def set_verb(self, row, verb):
        """Verb (index into VERBS) of one row, where the function alone does not tell."""
        self.verb[row] = verb

    def set_name(self, row, name):
        """Name of the function (code in `names`), where the function alone does not tell."""
        self.name[row] = name

    def set_function(self, row, f, function):
        """Make all items so far another protocol's: what a request carries is itself the innermost one."""
        k: cython.int
        f.find(function)
        for k in range(row, row + self.items[row]):
            self.function[k] = function
            self.name[k] = f.name
            self.verb[k] = f.verb
            self.protocol[k] = f.protocol_code

    def set_timeout(self, row, timeout):
        """Nanoseconds, 0 or more, for which an answer is waited for; what comes later is an `orphan`.

        A request that expects no answer at all has no time-out: `settle` it in its own message.
        """
        self._await(row, timeout)

    def set_ends(self, row, client, server):
        """Codes (pool `Flows.addresses`) of who asks and who is asked, where the flow's addresses are not they.

        -1 leaves one as it is. For link protocols that speak of IP addresses, and for answers to a group.
        """
        k: cython.int
        for k in range(row, row + self.items[row]):
            self.client[k] = client
            self.server[k] = server

    def set_transaction(self, row, transaction):
        """What the column `transaction` shows, decimal; -1 for none."""
        self.transaction[row] = transaction

    def items_of(self, row):
        """How many items the message has."""
        return self.items[row]

    def object_of(self, row):
        """Object code of a row."""
        return self.object[row]

    def unit_of(self, row):
        """Unit code of a row."""
        return self.unit[row]

    def function_of(self, row):
        """Function of a row."""
        return self.function[row]

    def count_of(self, row):
        """Count of a row."""
        return self.count[row]

    def operation_of(self, row):
        """Operation id of a row: what notes are kept under."""
        return self.operation[row]

    def frame_of(self, row):
        """Frame of the request, 0 where it was not seen."""
        return self.frame[row]

    def verb_of(self, row):
        """Verb of a row."""
        return self.verb[row]

    def expire(self, now, heard, over, *, ended=True):
        """Close requests whose time has passed: `no-answer` where the other side was heard by then, else `unknown`.

        now: the dissector's clock, or None at the end of the run. heard, over: Flows' columns of that name. ended:
        whether conversations are over since the last time; their open requests are `unknown`.
        """
        if now is not None and not ended and now <= self.earliest and self.n <= self.most_waiting:
            return
        self._crowd_out()
        first: cython.longlong[:, ::1] = memoryview(heard)
        end: cython.longlong[::1] = memoryview(over)
        final: cython.bint = now is None
        clock: cython.longlong = -1 if now is None else now
        last: cython.longlong
        k: cython.int
        flow: cython.int
        side: cython.int
        late: cython.bint
        closed: cython.int = 0
        self.earliest = NEVER
        for k in range(self.n):
            if self.outcome[k] != 5 or self.item[k] != 0:
                continue
            flow, last = self.flow[k], self.deadline[k]
            late = last < clock and (end[flow] == 0 or last < end[flow])
            if late or final or end[flow] != 0:
                side = 1 - self.asker[k]
                late = late and first[flow, side] != 0 and first[flow, side] <= last
                self._close(k, 3 if late else 0)
                closed = 1
            elif last < self.earliest:
                self.earliest = last
        if closed:
            self._relink()

    def _close(self, row, outcome):
        """End all items of a message."""
        k: cython.int
        for k in range(row, row + self.items[row]):
            self.outcome[k] = outcome
        return 0

    def _crowd_out(self):
        """End the oldest open requests as unknown where they are too many."""
        k: cython.int
        crowd: cython.int = -self.most_waiting
        if self.n <= self.most_waiting:
            return 0
        for k in range(self.n):
            crowd += self.outcome[k] == 5 and self.item[k] == 0
        for k in range(self.n):
            if crowd <= 0:
                break
            if self.outcome[k] == 5 and self.item[k] == 0:
                self._close(k, 0)
                self.crowded += 1
                crowd -= 1
        return 0

    def _relink(self):
        """Rebuild every flow's list of open requests from the rows."""
        k: cython.int
        flow: cython.int
        last: cython.int
        for k in range(self.n):
            self.head[self.flow[k]] = -1
            self.tail[self.flow[k]] = -1
        for k in range(self.n):
            self.link[k] = -1
            if self.outcome[k] == 5 and self.item[k] == 0:
                flow = self.flow[k]
                last = self.tail[flow]
                if last < 0:
                    self.head[flow] = k
                else:
                    self.link[last] = k
                self.tail[flow] = k
        return 0

    def end_batch(self):
        """Take the final rows out (name → array, a copy) and keep the open ones for the next batch.

        What only pairing needs (INTERNAL) is not among them. Behind the final rows come those of messages that stay
        open at the end of the batch they came in, where an item has a verb that presses (see `press`): outcome
        PENDING, all items, once.
        """
        # Over 40 lines: rows move down in place while they are counted; the passes share their counters.
        n: cython.int = self.n
        k: cython.int
        row: cython.int = 0
        kept: cython.int = 0
        closed: cython.int = 0
        places = np.empty(n, np.intp)
        place: cython.Py_ssize_t[::1] = memoryview(places)
        for k in range(n):
            if self.item[k] == 0:
                row = k
            else:
                self.items[k] = self.items[row]
            if self.outcome[row] == 5:
                kept += 1
            else:
                place[closed] = k
                closed += 1
        shown = [(name, column) for name, column in self.columns.items() if name not in INTERNAL]
        if kept:
            ended: cython.int = closed
            if self.pressing is not None:
                closed = self._pressing(place, closed)
            done = picked(shown, places[:closed])
            done["outcome"][ended:] = PENDING  # of all items, whatever its own message settled of them
        else:
            done = {name: column[:n].copy() for name, column in shown}
        for k in range(n):
            self.head[self.flow[k]] = -1
            self.tail[self.flow[k]] = -1
        self.n = 0
        for k in range(n):
            if self.item[k] == 0:
                row = k
                kept = self.outcome[k] == 5
            if kept:
                self._keep(k, self.n)
                self.n += 1
        self._relink()
        self.told = self.n
        if self.notes:
            alive = set(self.columns["operation"][: self.n].tolist())
            self.notes = {op: note for op, note in self.notes.items() if op in alive}
        return done

    def _pressing(self, place, filled):
        """Fill in which rows are shown though they are open, after the first `filled`; how many are filled then.

        The first `told` rows were open at the end of the batch before, and shown then if at all.
        """
        presses: cython.uchar[::1] = self.pressing
        k: cython.int
        row: cython.int = self.told
        while row < self.n:
            after: cython.int = row + 1
            urgent: cython.bint = presses[self.verb[row]]
            while after < self.n and self.item[after] != 0:
                urgent |= presses[self.verb[after]]
                after += 1
            if urgent and self.outcome[row] == 5:
                for k in range(row, after):
                    place[filled] = k
                    filled += 1
            row = after
        return filled

    def _keep(self, row, to):
        """An open row is `to` in the next batch, and counts its items anew."""
        self.items[to] = 1 if self.item[row] != 0 else self.items[row]
        self.flow[to] = self.flow[row]
        self.source[to] = self.source[row]
        self.function[to] = self.function[row]
        self.name[to] = self.name[row]
        self.user[to] = self.user[row]
        self.unit[to] = self.unit[row]
        self.object[to] = self.object[row]
        self.client[to] = self.client[row]
        self.server[to] = self.server[row]
        self.code[to] = self.code[row]
        self.operation[to] = self.operation[row]
        self.time[to] = self.time[row]
        self.clock[to] = self.clock[row]
        self.frame[to] = self.frame[row]
        self.response_frame[to] = self.response_frame[row]
        self.transaction[to] = self.transaction[row]
        self.count[to] = self.count[row]
        self.latency[to] = self.latency[row]
        self.deadline[to] = self.deadline[row]
        self.key[to] = self.key[row]
        self.verb[to] = self.verb[row]
        self.outcome[to] = self.outcome[row]
        self.asker[to] = self.asker[row]
        self.protocol[to] = self.protocol[row]
        self.item[to] = self.item[row]
        return 0
