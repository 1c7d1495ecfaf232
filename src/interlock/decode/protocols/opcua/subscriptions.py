# cython: compiled
"""Monitored items and subscriptions; what they publish becomes reported values under the node asked for.

Source: OPC 10000-4, 5.12 (monitored items), 5.13 (subscriptions), 7.25 (notification data).
"""

from __future__ import annotations

import cython

from interlock.decode.protocols.opcua.channel import MAX_HANDLES
from interlock.decode.protocols.opcua.service import Service

__all__ = ["Subscriptions"]

REPORTED = 2
DATA_CHANGE, EVENTS = 811, 916


class Subscriptions(Service):
    """Client handles are remembered per connection; one that is not known is `subscription:5/handle:12`."""

    def __init__(self, variants, facts, identity):
        """identity: identity.Identity."""
        Service.__init__(self, variants, facts)
        self.identity = identity
        self.requests = {
            751: self.ask_create_items,
            763: self.ask_modify_items,
            769: self.ask_mode,
            775: self.ask_triggering,
            781: self.ask_delete_items,
            793: self.ask_modify,
            826: self.ask_publish,
            799: self.ask_publishing,
            832: self.ask_republish,
            841: self.ask_subscriptions,
            847: self.ask_subscriptions,
        }
        self.answers = {
            751: self.answer_create_items,
            763: self.answer_modify_items,
            769: self.results,
            775: self.answer_triggering,
            781: self.results,
            787: self.answer_create,
            799: self.results,
            826: self.answer_publish,
            832: self.answer_republish,
            841: self.answer_transfer,
            847: self.results,
        }

    def _parameters(self):
        """Monitoring parameters behind the client handle: interval 8, filter, queue 4, discard 1."""
        self.cursor.skip(8)
        self.v.skip_extension()
        self.cursor.skip(5)

    def ask_create_items(self, m, i, out, row, state):
        """Subscription 4, timestamps 4, items: node, attribute, range, encoding, mode 4, handle 4, parameters."""
        c: Cursor = self.cursor
        v: Variants = self.v
        k: cython.longlong
        subscription: cython.longlong = c.u32le()
        c.skip(4)
        for k in range(v.length(40)):
            fresh: cython.int = self.next_item(out, row, k)
            code: cython.int = v.item()
            out.set_object(fresh, code, 1)
            c.skip(2)
            v.skip_string()
            c.skip(4)
            handle: cython.longlong = c.u32le()
            if len(state.handles) < MAX_HANDLES:
                state.handles[(subscription << 32) | handle] = self.objects.texts[code]
            self._parameters()

    def answer_create_items(self, m, i, out, row, state):
        """Results: status 4, item id 4, interval 8, queue 4, filter result."""
        k: cython.longlong
        for k in range(self.v.length(23)):
            self.settle(out, row, k, self.cursor.u32le())
            self.cursor.skip(16)
            self.v.skip_extension()
        self.v.skip_diagnostics()

    def ask_modify_items(self, m, i, out, row, state):
        """Subscription 4, timestamps 4, items: item id 4, handle 4, parameters."""
        c: Cursor = self.cursor
        k: cython.longlong
        subscription: cython.longlong = c.u32le()
        c.skip(4)
        for k in range(self.v.length(24)):
            fresh: cython.int = self.next_item(out, row, k)
            name = f"subscription:{subscription}/item:{c.u32le()}"
            out.set_object(fresh, self.objects.code(name), 1)
            c.skip(4)
            self._parameters()

    def answer_modify_items(self, m, i, out, row, state):
        """Results: status 4, interval 8, queue 4, filter result."""
        k: cython.longlong
        for k in range(self.v.length(19)):
            self.settle(out, row, k, self.cursor.u32le())
            self.cursor.skip(12)
            self.v.skip_extension()
        self.v.skip_diagnostics()

    def _monitored(self, out, row, subscription):
        self.named(out, row, f"subscription:{subscription}/item")

    def ask_mode(self, m, i, out, row, state):
        """Subscription 4, mode 4, item ids."""
        subscription: cython.longlong = self.cursor.u32le()
        self.cursor.skip(4)
        self._monitored(out, row, subscription)

    def ask_triggering(self, m, i, out, row, state):
        """Subscription 4, triggering item 4, links."""
        name = f"subscription:{self.cursor.u32le()}/item:{self.cursor.u32le()}"
        out.set_object(row, self.objects.code(name), 1)

    def answer_triggering(self, m, i, out, row, state):
        """Results and diagnostics of the links added, then of those removed."""
        k: cython.int
        for k in range(2):
            self.cursor.skip(4 * self.v.length(4))
            self.v.skip_diagnostics()

    def ask_delete_items(self, m, i, out, row, state):
        """Subscription 4, item ids."""
        self._monitored(out, row, self.cursor.u32le())

    def answer_create(self, m, i, out, row, state):
        """Subscription 4, what the server made of interval and counts."""
        out.set_object(row, self.objects.code(f"subscription:{self.cursor.u32le()}"), 1)

    def ask_modify(self, m, i, out, row, state):
        """Subscription 4, interval and counts."""
        out.set_object(row, self.objects.code(f"subscription:{self.cursor.u32le()}"), 1)

    def ask_publishing(self, m, i, out, row, state):
        """Enabled 1, subscriptions."""
        self.cursor.skip(1)
        self.named(out, row, "subscription")

    def ask_subscriptions(self, m, i, out, row, state):
        """Subscriptions to transfer or delete."""
        self.named(out, row, "subscription")

    def ask_publish(self, m, i, out, row, state):
        """Acknowledgements: subscription 4, sequence number 4."""
        self.cursor.skip(8 * self.v.length(8))

    def answer_publish(self, m, i, out, row, state):
        """Subscription 4, numbers still available, more 1, the notification message, results, diagnostics."""
        c: Cursor = self.cursor
        subscription: cython.longlong = c.u32le()
        c.skip(4 * self.v.length(4))
        c.skip(1)
        code: cython.int = self.objects.code(f"subscription:{subscription}")
        count: cython.int = self._notification(m, i, out.operation_of(row), subscription, state)
        out.set_object(row, code, count)
        c.skip(4 * self.v.length(4))
        self.v.skip_diagnostics()

    def ask_republish(self, m, i, out, row, state):
        """Subscription 4, sequence number 4."""
        subscription: cython.longlong = self.cursor.u32le()
        out.set_object(row, self.objects.code(f"subscription:{subscription}"), 1)
        out.notes[out.operation_of(row)] = subscription

    def answer_republish(self, m, i, out, row, state):
        """The notification message again."""
        operation: cython.ulonglong = out.operation_of(row)
        subscription: cython.longlong = out.notes.pop(operation, 0)
        self._notification(m, i, operation, subscription, state)

    def answer_transfer(self, m, i, out, row, state):
        """Results: status 4, numbers still available."""
        k: cython.longlong
        for k in range(self.v.length(8)):
            self.settle(out, row, k, self.cursor.u32le())
            self.cursor.skip(4 * self.v.length(4))
        self.v.skip_diagnostics()

    def _notification(self, m, i, operation, subscription, state):
        """Sequence number 4, time 8, notification data; how many values and events they hold."""
        c: Cursor = self.cursor
        v: Variants = self.v
        k: cython.longlong
        told: cython.int = 0
        c.skip(12)
        for k in range(v.length(3)):
            size: cython.longlong = v.extension()
            end: cython.Py_ssize_t = c.offset() + size
            if size and v.namespace == 0:
                if v.identifier == DATA_CHANGE:
                    told += self._changes(m, i, operation, subscription, state)
                elif v.identifier == EVENTS:
                    told += self._events(m, i, operation, subscription, state)
            c.seek(end)
        return told

    def _object(self, subscription, handle, state):
        """Object code of a client handle."""
        known = state.handles.get((subscription << 32) | handle)
        return self.objects.code(f"subscription:{subscription}/handle:{handle}" if known is None else known)

    def _changes(self, m, i, operation, subscription, state):
        """Monitored items: client handle 4, DataValue."""
        v: Variants = self.v
        k: cython.longlong
        count: cython.longlong = v.length(5)
        for k in range(count):
            code: cython.int = self._object(subscription, self.cursor.u32le(), state)
            v.data_value(m, i, operation, code, REPORTED)
            if v.text is not None:
                self.identity.text(m, i, state, self.objects.texts[code], v.text)
            elif v.structure is not None:
                self.identity.structure(m, i, v.structure)
        return count

    def _events(self, m, i, operation, subscription, state):
        """Events: client handle 4, the fields that were selected."""
        v: Variants = self.v
        j: cython.longlong
        k: cython.longlong
        count: cython.longlong = v.length(8)
        for k in range(count):
            code: cython.int = self._object(subscription, self.cursor.u32le(), state)
            for j in range(v.length(1)):
                v.variant(m, i, operation, code, REPORTED)
        return count
