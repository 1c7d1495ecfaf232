# cython: compiled
"""What every service set needs: items of a request, results of an answer.

A handler is called as handler(m, i, out, row, state) with the cursor behind the request's or answer's header;
`requests` and `answers` name the handlers by the request's type id.
"""

from __future__ import annotations

import cython

from interlock.errors import DecodeError

__all__ = ["BAD", "MAX_ITEMS", "Service", "code_of"]

MAX_ITEMS = 16384
"""Items of one message that become rows."""
BAD = 0x80000000
REFUSED = 2


def code_of(status):
    """A StatusCode as the 32-bit signed number that the column `code` holds."""
    return status - 0x100000000 if status >= 0x80000000 else status


class Service:
    """One service set of OPC 10000-4, or several."""

    def __init__(self, variants, facts):
        """variants: Variants, whose cursor and pools are used; facts: the engine's."""
        self.v = variants
        self.cursor = variants.cursor
        self.objects = variants.objects
        self.names = variants.names
        self.facts = facts
        self.requests = {}
        self.answers = {}

    def next_item(self, out, row, k):
        """The row of item k, made where k is not the first. Raises DecodeError past MAX_ITEMS."""
        if k == 0:
            return row
        if k >= 16384:
            raise DecodeError("too-many-items", self.cursor.offset())
        return out.more(row)

    def object_of(self, out, row, item):
        """Object code of an item of the request, -1 where it is not known."""
        return out.object_of(row + item) if item < out.items_of(row) else -1

    def settle(self, out, row, item, status):
        """Refuse an item where its StatusCode is bad; 1 where it was."""
        limit: cython.longlong = 0x80000000  # typed: a bare literal of this size is a Python object
        if status < limit:
            return 0
        out.settle_item(row, item, 2, status - limit - limit)
        return 1

    def nodes(self, out, row, after):
        """An array of items that begin with a node id, with `after` octets of fixed size behind it."""
        k: cython.longlong
        for k in range(self.v.length(2 + after)):
            out.set_object(self.next_item(out, row, k), self.v.node(), 1)
            self.cursor.skip(after)
        return 0

    def named(self, out, row, prefix):
        """An array of UInt32 that number things, as `subscription:5`."""
        k: cython.longlong
        for k in range(self.v.length(4)):
            fresh: cython.int = self.next_item(out, row, k)
            out.set_object(fresh, self.objects.code(f"{prefix}:{self.cursor.u32le()}"), 1)
        return 0

    def statuses(self, out, row):
        """An array of StatusCodes, one per item."""
        k: cython.longlong
        for k in range(self.v.length(4)):
            self.settle(out, row, k, self.cursor.u32le())
        return 0

    def results(self, m, i, out, row, state):
        """Handler of answers that are StatusCodes per item, then diagnostics."""
        self.statuses(out, row)
        self.v.skip_diagnostics()
