# cython: compiled
"""Attribute and method services: Read, HistoryRead, Write, HistoryUpdate, Call.

Source: OPC 10000-4, 5.10 (attributes), 5.11 (methods); OPC 10000-11, 6 (history).
"""

from __future__ import annotations

import cython

from interlock.decode.protocols.opcua.files import METHODS, FileCalls
from interlock.decode.protocols.opcua.service import Service
from interlock.records.vocabulary import VERBS

__all__ = ["Attributes"]

WRITTEN, READ = 0, 1
VALUE = 13
HISTORY_DATA, HISTORY_MODIFIED_DATA = 658, 11227
UPDATE_DATA, UPDATE_STRUCTURE = 682, 11300


class Attributes(Service):
    """Items are node ids with attribute and range; values go to `values` with their status as quality."""

    def __init__(self, variants, facts, methods, identity):
        """methods: Functions of the core namespace's methods. identity: identity.Identity."""
        Service.__init__(self, variants, facts)
        self.methods = methods
        self.identity = identity
        self.files = FileCalls(facts)
        self.write_verb = VERBS.index("write")
        self.configure_verb = VERBS.index("configure")
        self.requests = {
            631: self.ask_read,
            664: self.ask_history,
            673: self.ask_write,
            700: self.ask_update,
            712: self.ask_call,
        }
        self.answers = {
            631: self.answer_read,
            664: self.answer_history,
            673: self.results,
            700: self.answer_update,
            712: self.answer_call,
        }

    def ask_read(self, m, i, out, row, state):
        """MaxAge 8, timestamps 4, then nodes: node id, attribute 4, range, data encoding."""
        c: Cursor = self.cursor
        v: Variants = self.v
        k: cython.longlong
        c.skip(12)
        for k in range(v.length(16)):
            fresh: cython.int = self.next_item(out, row, k)
            out.set_object(fresh, v.item(), 1)
            c.skip(2)
            v.skip_string()

    def answer_read(self, m, i, out, row, state):
        """DataValues in the order of the request's nodes."""
        v: Variants = self.v
        k: cython.longlong
        operation: cython.ulonglong = out.operation_of(row)
        for k in range(v.length(1)):
            code: cython.int = self.object_of(out, row, k)
            v.data_value(m, i, operation, code, READ)
            self.settle(out, row, k, v.status)
            if code >= 0 and v.text is not None:
                self.identity.text(m, i, state, self.objects.texts[code], v.text)
            elif v.structure is not None:
                self.identity.structure(m, i, v.structure)
        v.skip_diagnostics()

    def ask_write(self, m, i, out, row, state):
        """Nodes: node id, attribute 4, range, DataValue; what is no Value changes the address space."""
        v: Variants = self.v
        k: cython.longlong
        for k in range(v.length(11)):
            fresh: cython.int = self.next_item(out, row, k)
            code: cython.int = v.item()
            out.set_object(fresh, code, 1)
            out.set_verb(fresh, self.write_verb if v.identifier == VALUE else self.configure_verb)
            v.data_value(m, i, out.operation_of(row), code, WRITTEN)

    def ask_history(self, m, i, out, row, state):
        """Details, timestamps 4, release 1, then nodes: node id, range, data encoding, continuation point."""
        c: Cursor = self.cursor
        v: Variants = self.v
        k: cython.longlong
        v.skip_extension()
        c.skip(5)
        for k in range(v.length(16)):
            fresh: cython.int = self.next_item(out, row, k)
            code: cython.int = v.node()
            span = v.string()
            if span:
                code = self.objects.code(f"{self.objects.texts[code]}[{span}]")
            out.set_object(fresh, code, 1)
            c.skip(2)
            v.skip_string()
            v.skip_string()

    def answer_history(self, m, i, out, row, state):
        """Results: status 4, continuation point, data."""
        c: Cursor = self.cursor
        v: Variants = self.v
        k: cython.longlong
        for k in range(v.length(11)):
            self.settle(out, row, k, c.u32le())
            v.skip_string()
            size: cython.longlong = v.extension()
            end: cython.Py_ssize_t = c.offset() + size
            if size and v.namespace == 0 and v.identifier in (HISTORY_DATA, HISTORY_MODIFIED_DATA):
                self._data_values(m, i, out.operation_of(row), self.object_of(out, row, k), READ)
            c.seek(end)
        v.skip_diagnostics()

    def _data_values(self, m, i, operation, object, direction):  # noqa: A002
        """An array of DataValues of one node."""
        k: cython.longlong
        for k in range(self.v.length(1)):
            self.v.data_value(m, i, operation, object, direction)

    def ask_update(self, m, i, out, row, state):
        """Details, each of which begins with its node id; data follow in two of them."""
        c: Cursor = self.cursor
        v: Variants = self.v
        k: cython.longlong
        for k in range(v.length(3)):
            size: cython.longlong = v.extension()
            end: cython.Py_ssize_t = c.offset() + size
            kind: cython.longlong = v.identifier if v.namespace == 0 else -1
            fresh: cython.int = self.next_item(out, row, k)
            if size:
                code: cython.int = v.node()
                out.set_object(fresh, code, 1)
                if kind in (UPDATE_DATA, UPDATE_STRUCTURE):
                    c.skip(4)
                    self._data_values(m, i, out.operation_of(row), code, WRITTEN)
            c.seek(end)

    def answer_update(self, m, i, out, row, state):
        """Results: status 4, status per operation, diagnostics."""
        v: Variants = self.v
        k: cython.longlong
        for k in range(v.length(12)):
            self.settle(out, row, k, self.cursor.u32le())
            self.cursor.skip(4 * v.length(4))
            v.skip_diagnostics()
        v.skip_diagnostics()

    def ask_call(self, m, i, out, row, state):
        """Methods: object id, method id, input arguments. The object is spelled `object/method`."""
        v: Variants = self.v
        j: cython.longlong
        k: cython.longlong
        for k in range(v.length(8)):
            fresh: cython.int = self.next_item(out, row, k)
            owner = self.objects.texts[v.node()]
            method = self.objects.texts[v.node()]
            code: cython.int = self.objects.code(f"{owner}/{method}")
            out.set_object(fresh, code, 1)
            known: cython.int = 0
            called: cython.longlong = v.identifier if v.namespace == 0 else -1
            if called >= 0:
                known = self.methods.find(called)
            if known:
                out.set_verb(fresh, self.methods.verb)
            given = [] if called in METHODS else None
            for j in range(v.length(1)):
                self._argument(m, i, out.operation_of(row), code, WRITTEN, given)
            if given is not None:
                self.files.asked(m, i, out, row, k, owner, called, given)

    def answer_call(self, m, i, out, row, state):
        """Results: status 4, status and diagnostics per input argument, output arguments."""
        v: Variants = self.v
        j: cython.longlong
        k: cython.longlong
        operation: cython.ulonglong = out.operation_of(row)
        files = out.notes.pop(operation, None)
        for k in range(v.length(16)):
            bad: cython.int = self.settle(out, row, k, self.cursor.u32le())
            self.cursor.skip(4 * v.length(4))
            v.skip_diagnostics()
            asked = files.pop(k, None) if files is not None else None
            given = None if asked is None else []
            for j in range(v.length(1)):
                self._argument(m, i, operation, self.object_of(out, row, k), READ, given)
            if asked is not None:
                self.files.answered(m, i, out, row, asked, given, bad=bool(bad))
        v.skip_diagnostics()

    def _argument(self, m, i, operation, object, direction, given):  # noqa: A002
        """A Variant; its octets are put to the list `given`, where there is one."""
        c: Cursor = self.cursor
        begin: cython.Py_ssize_t = c.offset()
        self.v.variant(m, i, operation, object, direction)
        if given is not None and len(given) < 4:
            end: cython.Py_ssize_t = c.offset()
            c.seek(begin)
            given.append(c.take(end - begin))
            c.seek(end)
