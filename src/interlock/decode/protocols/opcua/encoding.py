# cython: compiled
"""OPC UA's built-in types as the binary encoding writes them: little-endian, lengths before contents, -1 for null.

Source: OPC 10000-6, 5.2.2 (binary encoding), 5.3.1.10 (node ids as text).
"""

from __future__ import annotations

from base64 import b64encode
from uuid import UUID

import cython

from interlock.errors import DecodeError

__all__ = ["MAX_DEPTH", "MAX_TEXT", "Encoding"]

MAX_DEPTH = 16
"""How deep diagnostics and variants may lie in each other; the specification asks decoders for 100, plants use 2."""

MAX_TEXT = 1024
"""Characters kept of one text."""

ATTRIBUTES = (
    *("", "NodeId", "NodeClass", "BrowseName", "DisplayName", "Description", "WriteMask", "UserWriteMask"),
    *("IsAbstract", "Symmetric", "InverseName", "ContainsNoLoops", "EventNotifier", "Value", "DataType"),
    *("ValueRank", "ArrayDimensions", "AccessLevel", "UserAccessLevel", "MinimumSamplingInterval"),
    *("Historizing", "Executable", "UserExecutable", "DataTypeDefinition", "RolePermissions"),
    *("UserRolePermissions", "AccessRestrictions", "AccessLevelEx"),
)
"""Attribute names by id (OPC 10000-6, A.1)."""


class Encoding:
    """Reads built-in types off a cursor. Raises DecodeError where lengths or masks cannot be.

    After `type_id`, `node` and `extension`, `namespace` and `identifier` hold the numeric node id read
    (identifier -1 where it was not numeric).
    """

    def __init__(self, cursor, objects, key_base):
        """objects: pool (Words) of object names; key_base: of the protocol (Functions.key_base)."""
        self.cursor = cursor
        self.objects = objects
        self.key_base = key_base
        self.namespace = 0
        self.identifier = -1

    def length(self, smallest):
        """Elements of an array, each at least `smallest` octets; null is 0."""
        c: Cursor = self.cursor
        count: cython.longlong = c.i32le()
        if count <= 0:
            return 0
        if count * smallest > c.left():
            raise DecodeError("length-impossible", c.offset() - 4)
        return count

    def type_id(self):
        """Read a node id for its number alone; 1 where it has one, else 0."""
        c: Cursor = self.cursor
        mask: cython.int = c.u8()
        kind: cython.int = mask & 0x3F
        self.namespace = 0
        self.identifier = -1
        if kind == 0:
            self.identifier = c.u8()
        elif kind == 1:
            self.namespace = c.u8()
            self.identifier = c.u16le()
        elif kind == 2:
            self.namespace = c.u16le()
            self.identifier = c.u32le()
        elif kind == 3 or kind == 5:
            self.namespace = c.u16le()
            self.skip_string()
        elif kind == 4:
            self.namespace = c.u16le()
            c.skip(16)
        else:
            raise DecodeError("node-id-invalid", c.offset() - 1)
        if mask & 0x80:
            self.skip_string()
        if mask & 0x40:
            c.skip(4)
        return 1 if self.identifier >= 0 else 0

    def skip_node(self):
        """Pass over a NodeId or ExpandedNodeId."""
        self.type_id()

    def node(self):
        """Code (pool `objects`) of a NodeId."""
        c: Cursor = self.cursor
        if c.peek(0) > 2:
            self.identifier = -1
            return self.objects.code(self.node_text())
        self.type_id()
        key: cython.ulonglong = self.namespace
        key = self.key_base | (key << 32) | cython.cast(cython.ulonglong, self.identifier)
        code: cython.int = self.objects.find(key)
        if code >= 0:
            return code
        return self.objects.keep(key, _numeric_text(self.namespace, self.identifier))

    def item(self):
        """Code of a ReadValueId's node with its attribute and index range, as `i=85#BrowseName`, `ns=2;s=T[0:3]`.

        `identifier` is the attribute's number afterwards.
        """
        c: Cursor = self.cursor
        code: cython.int = self.node()
        attribute: cython.longlong = c.u32le()
        span = self.string()
        self.identifier = attribute
        if attribute == 13 and not span:
            return code
        text = self.objects.texts[code]
        if attribute != 13:
            name = ATTRIBUTES[attribute] if 0 < attribute < len(ATTRIBUTES) else str(attribute)
            text = f"{text}#{name}"
        return self.objects.code(f"{text}[{span}]" if span else text)

    def node_text(self):
        """A NodeId or ExpandedNodeId as text: `i=2258`, `ns=2;s=Tank.Level`, `svr=1;nsu=urn:x;g=…`."""
        c: Cursor = self.cursor
        mask: cython.int = c.u8()
        kind: cython.int = mask & 0x3F
        namespace: cython.int = 0
        if kind == 0:
            text = f"i={c.u8()}"
        elif kind == 1:
            namespace = c.u8()
            text = f"i={c.u16le()}"
        elif kind <= 5:
            namespace = c.u16le()
            if kind == 2:
                text = f"i={c.u32le()}"
            elif kind == 3:
                text = "s=" + (self.string() or "")
            elif kind == 4:
                text = "g=" + self.guid()
            else:
                text = "b=" + b64encode((self.octets() or b"")[:MAX_TEXT]).decode("ascii")
        else:
            raise DecodeError("node-id-invalid", c.offset() - 1)
        if namespace:
            text = f"ns={namespace};{text}"
        if mask & 0x80:
            text = f"nsu={self.string() or ''};{text}"
        if mask & 0x40:
            text = f"svr={c.u32le()};{text}"
        return text

    def string(self):
        """A String, at most MAX_TEXT characters of it; None where it is null."""
        octets = self.octets()
        if octets is None:
            return None
        return octets[: 4 * MAX_TEXT].decode("utf-8", "backslashreplace")[:MAX_TEXT]

    def octets(self):
        """A ByteString; None where it is null."""
        c: Cursor = self.cursor
        size: cython.longlong = c.i32le()
        if size < 0:
            return None
        if size > c.left():
            raise DecodeError("length-impossible", c.offset() - 4)
        return c.take(size)

    def skip_string(self):
        """Pass over a String or ByteString."""
        c: Cursor = self.cursor
        size: cython.longlong = c.i32le()
        if size > c.left():
            raise DecodeError("length-impossible", c.offset() - 4)
        if size > 0:
            c.skip(size)
        return 0

    def skip_strings(self):
        """Pass over an array of Strings or ByteStrings."""
        k: cython.longlong
        for k in range(self.length(4)):
            self.skip_string()
        return 0

    def qualified_name(self):
        """A QualifiedName, as `2:Level`; without its namespace where that is 0."""
        namespace: cython.int = self.cursor.u16le()
        name = self.string() or ""
        return f"{namespace}:{name}" if namespace else name

    def localized_text(self):
        """A LocalizedText without its locale."""
        mask: cython.int = self.cursor.u8()
        if mask & 1:
            self.skip_string()
        return (self.string() or "") if mask & 2 else ""

    def guid(self):
        """A Guid as text."""
        return str(UUID(bytes_le=self.cursor.take(16)))

    def skip_diagnostic(self):
        """Pass over a DiagnosticInfo and what lies inside it."""
        c: Cursor = self.cursor
        depth: cython.int
        for depth in range(100):
            mask: cython.int = c.u8()
            c.skip(4 * ((mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1) + (mask >> 3 & 1)))
            if mask & 0x10:
                self.skip_string()
            if mask & 0x20:
                c.skip(4)
            if mask & 0x40 == 0:
                return 0
        raise DecodeError("nesting-too-deep", c.offset())

    def skip_diagnostics(self):
        """Pass over an array of DiagnosticInfos."""
        k: cython.longlong
        for k in range(self.length(1)):
            self.skip_diagnostic()
        return 0

    def extension(self):
        """Head of an ExtensionObject: its body's length, the cursor at the body, its type in `identifier`."""
        c: Cursor = self.cursor
        self.type_id()
        kind: cython.int = c.u8()
        if kind == 0:
            return 0
        if kind > 2:
            raise DecodeError("extension-object-invalid", c.offset() - 1)
        return self.length(1)

    def skip_extension(self):
        """Pass over an ExtensionObject."""
        self.cursor.skip(self.extension())


def _numeric_text(namespace, identifier):
    return f"ns={namespace};i={identifier}" if namespace else f"i={identifier}"
