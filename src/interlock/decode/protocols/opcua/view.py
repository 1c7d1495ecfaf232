# cython: compiled
"""View, query and node management services: what is browsed, looked up, added and deleted.

Source: OPC 10000-4, 5.7 (node management), 5.8 (view), 5.9 (query).
"""

from __future__ import annotations

import cython

from interlock.decode.protocols.opcua.encoding import MAX_TEXT
from interlock.decode.protocols.opcua.service import Service

__all__ = ["View"]


class View(Service):
    """Items are node ids; of a browsed node `count` is how many references came back."""

    def __init__(self, variants, facts):
        Service.__init__(self, variants, facts)
        self.requests = {
            488: self.ask_add_nodes,
            494: self.ask_add_references,
            500: self.ask_delete_nodes,
            506: self.ask_delete_references,
            527: self.ask_browse,
            533: self.ask_browse_next,
            554: self.ask_translate,
            560: self.ask_nodes,
            566: self.ask_nodes,
            615: self.ask_query,
        }
        self.answers = {
            488: self.answer_add_nodes,
            494: self.results,
            500: self.results,
            506: self.results,
            527: self.answer_browse,
            533: self.answer_browse,
            554: self.answer_translate,
            560: self.answer_register,
            566: self.nothing,
        }

    def ask_browse(self, m, i, out, row, state):
        """View: node id, time 8, version 4; maximum 4; nodes: node id, direction 4, reference type, 1 + 4 + 4."""
        v: Variants = self.v
        k: cython.longlong
        v.skip_node()
        self.cursor.skip(16)
        for k in range(v.length(17)):
            fresh: cython.int = self.next_item(out, row, k)
            out.set_object(fresh, v.node(), 1)
            self.cursor.skip(4)
            v.skip_node()
            self.cursor.skip(9)

    def ask_browse_next(self, m, i, out, row, state):
        """Release 1, continuation points: one item each, whose node only the server knows."""
        k: cython.longlong
        self.cursor.skip(1)
        for k in range(self.v.length(4)):
            self.next_item(out, row, k)
            self.v.skip_string()

    def answer_browse(self, m, i, out, row, state):
        """Results: status 4, continuation point, references."""
        v: Variants = self.v
        k: cython.longlong
        for k in range(v.length(12)):
            self.settle(out, row, k, self.cursor.u32le())
            v.skip_string()
            count: cython.longlong = self._references()
            if k < out.items_of(row):
                out.set_object(row + k, self.object_of(out, row, k), count)
        v.skip_diagnostics()

    def _references(self):
        """References: type, forward 1, node id, browse name, display name, class 4, type definition."""
        c: Cursor = self.cursor
        v: Variants = self.v
        k: cython.longlong
        count: cython.longlong = v.length(18)
        for k in range(count):
            v.skip_node()
            c.skip(1)
            v.skip_node()
            c.skip(2)
            v.skip_string()
            mask: cython.int = c.u8()
            if mask & 1:
                v.skip_string()
            if mask & 2:
                v.skip_string()
            c.skip(4)
            v.skip_node()
        return count

    def ask_translate(self, m, i, out, row, state):
        """Paths: starting node, elements. The object is spelled `i=85/2:Tank/2:Level`."""
        k: cython.longlong
        for k in range(self.v.length(6)):
            fresh: cython.int = self.next_item(out, row, k)
            start = self.objects.texts[self.v.node()]
            out.set_object(fresh, self.objects.code(start + self._path()), 1)

    def _path(self):
        """Elements of a relative path: reference type, inverse 1, subtypes 1, target name."""
        k: cython.longlong
        names = []
        length = 0
        for k in range(self.v.length(10)):
            self.v.skip_node()
            self.cursor.skip(2)
            name = self.v.qualified_name()
            length += len(name) + 1
            if length <= MAX_TEXT:
                names.append("/" + name)
        return "".join(names)

    def answer_translate(self, m, i, out, row, state):
        """Results: status 4, targets: node id, remaining index 4."""
        j: cython.longlong
        k: cython.longlong
        for k in range(self.v.length(8)):
            self.settle(out, row, k, self.cursor.u32le())
            for j in range(self.v.length(6)):
                self.v.skip_node()
                self.cursor.skip(4)
        self.v.skip_diagnostics()

    def ask_nodes(self, m, i, out, row, state):
        """Node ids to register or unregister."""
        self.nodes(out, row, 0)

    def answer_register(self, m, i, out, row, state):
        """Node ids that the client may use instead."""
        k: cython.longlong
        for k in range(self.v.length(2)):
            self.v.skip_node()

    def nothing(self, m, i, out, row, state):
        """Nothing follows the header."""

    def ask_query(self, m, i, out, row, state):
        """View: node id, 12; types: node id, subtypes 1, data to return: path, attribute 4, range. A filter follows."""
        c: Cursor = self.cursor
        v: Variants = self.v
        j: cython.longlong
        k: cython.longlong
        v.skip_node()
        c.skip(12)
        for k in range(v.length(7)):
            fresh: cython.int = self.next_item(out, row, k)
            out.set_object(fresh, v.node(), 1)
            c.skip(1)
            for j in range(v.length(12)):
                self._path()
                c.skip(4)
                v.skip_string()

    def ask_add_nodes(self, m, i, out, row, state):
        """Nodes: parent, reference type, new id, browse name, class 4, attributes, type definition."""
        v: Variants = self.v
        k: cython.longlong
        for k in range(v.length(21)):
            fresh: cython.int = self.next_item(out, row, k)
            parent: cython.int = v.node()
            v.skip_node()
            wanted: cython.int = v.node()
            name = v.qualified_name()
            if self.objects.texts[wanted] == "i=0":  # the server chooses the id: named by its place
                wanted = self.objects.code(f"{self.objects.texts[parent]}/{name}")
            out.set_object(fresh, wanted, 1)
            self.cursor.skip(4)
            v.skip_extension()
            v.skip_node()

    def answer_add_nodes(self, m, i, out, row, state):
        """Results: status 4, the new node's id."""
        k: cython.longlong
        for k in range(self.v.length(6)):
            refused: cython.int = self.settle(out, row, k, self.cursor.u32le())
            code: cython.int = self.v.node()
            if not refused and k < out.items_of(row):
                out.set_object(row + k, code, 1)
        self.v.skip_diagnostics()

    def ask_add_references(self, m, i, out, row, state):
        """References: source, type, forward 1, target server, target, class 4."""
        v: Variants = self.v
        k: cython.longlong
        for k in range(v.length(15)):
            fresh: cython.int = self.next_item(out, row, k)
            out.set_object(fresh, v.node(), 1)
            v.skip_node()
            self.cursor.skip(1)
            v.skip_string()
            v.skip_node()
            self.cursor.skip(4)

    def ask_delete_nodes(self, m, i, out, row, state):
        """Nodes: node id, delete references 1."""
        self.nodes(out, row, 1)

    def ask_delete_references(self, m, i, out, row, state):
        """References: source, type, forward 1, target, both ways 1."""
        v: Variants = self.v
        k: cython.longlong
        for k in range(v.length(8)):
            fresh: cython.int = self.next_item(out, row, k)
            out.set_object(fresh, v.node(), 1)
            v.skip_node()
            self.cursor.skip(1)
            v.skip_node()
            self.cursor.skip(1)
