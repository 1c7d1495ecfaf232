# cython: compiled
"""EPATHs: the paths that CIP requests and connections are addressed with.

    padded EPATH = segments, each an even number of octets
    000 port | 001 logical | 010 network | 011 symbol | 100 data (91: extended symbol) | 101, 110 data types

Source: CIP Volume 1, Appendix C-1 (data and path encoding); Logix 5000 Data Access (1756-PM020).
"""

from __future__ import annotations

from interlock.errors import DecodeError

__all__ = ["SYMBOL_CLASS", "EPath", "parse_path"]

SYMBOL_CLASS = 0x6B
"""Class of a path that names a tag: what a Logix controller calls its Symbol object."""

_PORT, _LOGICAL, _NETWORK, _SYMBOL, _DATA = range(5)
_CLASS, _INSTANCE, _MEMBER, _POINT, _ATTRIBUTE, _SPECIAL = range(6)
_ELECTRONIC_KEY, _SAFETY_SEGMENT, _SIMPLE_DATA, _EXTENDED_SYMBOL = 0x34, 0x50, 0x80, 0x91
_MAX_TEXT = 512


class EPath:
    """What a path says; built by parse_path.

    text: the object, `Program:Main.Tag[3].Member` or `class:0x68/9248/class:0x6a/7162`; empty for a route.
    route: link addresses on the way, as `1,0` (port, link address, …), empty where nothing is routed.
    class_id, instance, attribute: of the last object named, -1 where absent; of a tag SYMBOL_CLASS.
    scope: what stands before the last class. symbolic: a tag by its name. members: indices not yet in text.
    whole: whether every segment was understood. safety: whether a safety network segment is among them.
    octets, size: what it was read from. code, generation: where the decoder keeps the text's code.
    meanings: what services mean there; service, meaning: the one that was asked for last.
    """

    def __init__(self, octets: bytes = b"") -> None:
        self.octets, self.size = octets, len(octets)
        self.class_id = self.instance = self.attribute = -1
        self.symbolic = self.safety = False
        self.whole = True
        self.text = self.route = self.scope = self.members = ""
        self.pieces: list[str] = []
        self.points: list[int] = []
        self.code = self.generation = -1
        self.meanings: dict[int, object] = {}
        self.service = -1
        self.meaning: object = None


def parse_path(octets: bytes) -> EPath:
    """Read a padded EPATH; what cannot be read ends it early, with `whole` False."""
    path, at = EPath(octets), 0
    route: list[str] = []
    try:
        while at < len(octets):
            at += _segment(octets, at, path, route)
    except (IndexError, DecodeError):
        path.whole = False
    path.route = ",".join(route)
    _close(path)
    path.text = "".join(path.pieces)[:_MAX_TEXT]
    return path


def _segment(octets: bytes, at: int, path: EPath, route: list[str]) -> int:
    """Take one segment into the path; its length in octets, padding included."""
    kind = octets[at] >> 5
    if kind == _PORT:
        return _port(octets, at, route)
    if kind == _LOGICAL:
        return _logical(octets, at, path)
    if kind == _NETWORK:
        if octets[at] == _SAFETY_SEGMENT:
            path.safety = True
        return 2 + 2 * octets[at + 1] if octets[at] & 0x10 else 2
    if kind == _SYMBOL and octets[at] & 0x1F:
        return _symbol(octets, at + 1, octets[at] & 0x1F, path, at)
    if octets[at] == _EXTENDED_SYMBOL:
        return _symbol(octets, at + 2, octets[at + 1], path, at)
    if octets[at] == _SIMPLE_DATA:
        return 2 + 2 * octets[at + 1]
    raise DecodeError("path-malformed", at)


def _port(octets: bytes, at: int, route: list[str]) -> int:
    """Port segment: 4 bits of port (15: extended), and a link address of one octet or of a counted number."""
    port, extended, begin = octets[at] & 0x0F, octets[at] & 0x10, at
    at += 1
    size = 1
    if extended:
        size = octets[at]
        at += 1
    if port == 15:
        port = octets[at] | octets[at + 1] << 8
        at += 2
    link = octets[at : at + size]
    if len(link) < size or not size:
        raise DecodeError("truncated", at)
    text = link.decode("ascii", "replace")
    printable = extended and all(0x20 < ord(c) < 0x7F and c != "," for c in text.rstrip("\x00"))
    route += [str(port), text.rstrip("\x00") if printable else (link.hex() if extended else str(link[0]))]
    length = at + size - begin
    return length + (length & 1)


def _logical(octets: bytes, at: int, path: EPath) -> int:
    kind, size = octets[at] >> 2 & 7, octets[at] & 3
    if kind == _SPECIAL:
        if octets[at] != _ELECTRONIC_KEY or octets[at + 1] != 4:
            raise DecodeError("path-malformed", at)
        return 10
    if size == 3 or kind > _SPECIAL:
        raise DecodeError("path-malformed", at)
    width = (1, 2, 4)[size]
    begin = at + (1 if size == 0 else 2)
    value = int.from_bytes(octets[begin : begin + width], "little")
    if begin + width > len(octets):
        raise DecodeError("truncated", at)
    _put(path, kind, value)
    return begin + width - at


def _put(path: EPath, kind: int, value: int) -> None:
    if kind == _CLASS:
        _close(path)
        path.scope = "".join(path.pieces)
        path.class_id, path.instance, path.attribute, path.symbolic = value, -1, -1, False
        path.pieces.append(f"{'/' if path.pieces else ''}class:0x{value:02x}")
    elif kind == _INSTANCE:
        path.instance = value
        path.pieces.append(f"/{value}")
    elif kind == _ATTRIBUTE:
        path.attribute = value
        path.pieces.append(f"/{value}")
    elif kind == _MEMBER:
        path.members += f",{value}" if path.members else str(value)
    else:
        path.points.append(value)


def _symbol(octets: bytes, at: int, size: int, path: EPath, begin: int) -> int:
    name = octets[at : at + size]
    if len(name) < size or not size:
        raise DecodeError("truncated", at)
    _close(path)
    path.pieces.append(("." if path.pieces else "") + name.decode("utf-8", "backslashreplace"))
    path.class_id, path.symbolic = SYMBOL_CLASS, True
    path.instance = path.attribute = -1
    length = at + size - begin
    return length + (length & 1)


def _close(path: EPath) -> None:
    """Write down the indices and connection points that the object before has collected."""
    if path.members:
        path.pieces.append(f"[{path.members}]")
        path.members = ""
    if path.points:
        path.pieces.append(":" + ",".join(map(str, path.points)))
        path.points = []
