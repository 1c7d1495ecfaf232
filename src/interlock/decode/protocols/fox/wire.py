r"""The Fox frame: a line of text, a body of typed tuples between braces, `;;` behind.

    fox KIND SEQUENCE REPLY CHANNEL COMMAND \n { \n (name=TYPE:value \n)* } ;; \n

KIND: s synchronous request, a asynchronous, r reply, e error, n reply without body, k keep alive, c close.
TYPE: s string, i integer, f float, z boolean, t time, m message (nested braces), b blob and o object, whose value is
`[encoding ]LENGTH[octets]`: the only part that may hold any octet. In strings `#HEX;` is a character, `#null;` none.
Source: public analyses of the frame; the capture shows it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from interlock.decode.framing import Framer

__all__ = ["BROKEN", "KINDS", "MAX_FRAME", "Body", "FoxFramer", "Frame", "body_of", "frame_of", "measure"]

KINDS: Final = b"sarenkc"
MAX_FRAME: Final = 65536
"""Octets that a station takes before it knows who speaks; circuits send 4096 at a time."""
MAX_FIELDS: Final = 512
MAX_DEPTH: Final = 8
MAX_LINE: Final = 8192
NEED, BROKEN = 0, -1
_LINE_FEED, _SEMICOLON, _OPEN, _CLOSE = b"\n;{}"
MAX_PLACES: Final = 4096
"""Streams whose incomplete frame is gone on with; past that they are read from its beginning again."""

_HEAD: Final = re.compile(rb"\n?fox ([sarenkc]) (-?\d{1,10}) (-?\d{1,10}) ([^ \n]{1,64}) ([^ \n]{1,64})\n")
_SIMPLE: Final = re.compile(
    rb"\n?fox [^\n]{0,256}\n\{\n(?:[^=\n;{}]{1,64}+=[szift]:[^\n]{0,2048}+\n){0,512}+\}(?=;;)"
)
"""A frame without blobs and nesting, as most are: found at once, with the result that the slower way has."""
_TUPLE: Final = re.compile(rb"([^=\n;{}]{1,64})=([szift]:[^\n]{0,2048})\n")
_BLOB: Final = re.compile(rb"(?:[^\[\n]{0,64} )?(\d{1,7})\[")
_BLOB_BEGUN: Final = re.compile(rb"(?:[^\[\n]{0,64} )?\d{0,7}\Z|[^\[\n ]{0,64}\Z")
_ESCAPE: Final = re.compile(r"#(null|[0-9A-Fa-f]{1,6});")


class Frame(NamedTuple):
    """First line of a frame; body: where its body begins."""

    kind: str
    sequence: int
    reply: int
    channel: str
    command: str
    body: int


class Place(NamedTuple):
    """How far an incomplete frame was read: position, depth of braces, whether the outermost were opened."""

    at: int
    depth: int
    opened: bool


class Body(NamedTuple):
    """Tuples of the outermost braces (strings unescaped, other values as they stand), and what is wrong, or `""`."""

    fields: dict[str, str]
    oddity: str


def frame_of(octets: bytes) -> Frame | None:
    """Read the first line; None where it is none."""
    found = _HEAD.match(octets)
    if found is None:
        return None
    kind, sequence, reply, channel, command = (part.decode("latin-1") for part in found.groups())
    return Frame(kind, int(sequence), int(reply), channel, command, found.end())


def measure(octets: bytes, place: Place | None = None) -> tuple[int, int, Place | None]:
    """Length of the frame that `octets` begin with, or NEED or BROKEN; how many octets it needs; how far it got.

    place: how far the same octets, of which there were fewer, got before.
    The line feed behind `;;` counts as the first octet of the next frame, so that the end hangs on nothing behind it.
    """
    if place is None:
        simple = _SIMPLE.match(octets)
        if simple is not None:
            return simple.end() + 2, 0, None
        line = octets.find(b"\n", 1, MAX_LINE)
        if line < 0:
            return (BROKEN if len(octets) >= MAX_LINE else NEED), len(octets) + 1, None
        place = Place(line + 1, 0, opened=False)
    return _walk(octets, place.at, place.depth, place.opened)


def _walk(octets: bytes, at: int, depth: int, opened: bool) -> tuple[int, int, Place | None]:
    """From one tuple or brace to the next; stops before one that may not be whole."""
    while at + 1 < len(octets):
        here = octets[at]
        if here == _SEMICOLON and depth == 0:
            return (at + 2 if octets[at + 1] == _SEMICOLON else BROKEN), 0, None
        if (here == _CLOSE and depth) or (here == _OPEN and not opened):
            depth, opened = depth + (1 if here == _OPEN else -1), True
            at += 2 if octets[at + 1] == _LINE_FEED else 1
            continue
        behind, nested = _behind(octets, at) if depth else (BROKEN, 0)
        if behind == BROKEN or depth + nested > MAX_DEPTH:
            return BROKEN, 0, None
        if behind < 0:
            return NEED, max(-behind, len(octets) + 1), Place(at, depth, opened)
        at, depth = behind, depth + nested
    return NEED, len(octets) + 1, Place(at, depth, opened)


def _behind(octets: bytes, at: int) -> tuple[int, int]:
    """Where the tuple at `at` ends, and 1 if it opens a nested message. -n: n octets are needed; BROKEN."""
    line = octets.find(b"\n", at, at + MAX_LINE)
    end = line if line >= 0 else min(len(octets), at + MAX_LINE)
    equals = octets.find(b"=", at, end)
    if equals < 0 or end < equals + 3:
        return (BROKEN if line >= 0 or end - at >= MAX_LINE else -len(octets) - 1), 0
    if octets[equals + 2] != 0x3A:
        return BROKEN, 0
    kind, value = octets[equals + 1 : equals + 2], equals + 3
    if kind in (b"b", b"o"):
        return _blob(octets, value), 0
    if line < 0:
        return (BROKEN if end - at >= MAX_LINE else -len(octets) - 1), 0
    return line + 1, 1 if kind == b"m" and octets.startswith(b"{", value) else 0


def _blob(octets: bytes, value: int) -> int:
    found = _BLOB.match(octets, value)
    if found is None:
        return -len(octets) - 1 if _BLOB_BEGUN.match(octets, value) else BROKEN
    end = found.end() + int(found[1]) + 1
    if end > MAX_FRAME:
        return BROKEN
    if len(octets) <= end:
        return -end - 1
    if octets[end - 1] != 0x5D:
        return BROKEN
    return end + 1 if octets[end] == 0x0A else end


def body_of(octets: bytes, start: int) -> Body:
    """Tuples of a whole frame's body; those of nested messages are passed over."""
    fields: dict[str, str] = {}
    if _SIMPLE.match(octets) is not None:
        for name, value in _TUPLE.findall(octets, start + 2):
            fields.setdefault(name.decode("latin-1"), _value(value))
        return Body(fields, "")
    at, depth, seen = start, 0, 0
    while at < len(octets) and not octets.startswith(b";;", at):
        if octets.startswith(b"}", at) or (octets.startswith(b"{", at) and depth == 0):
            depth += 1 if octets[at] == 0x7B else -1
            at += 2 if octets.startswith(b"\n", at + 1) else 1
            continue
        end, nested = _behind(octets, at)
        seen += 1
        if end < 0:
            return Body(fields, "body-malformed")
        if seen > MAX_FIELDS or depth + nested > MAX_DEPTH:
            return Body(fields, "too-many-fields")
        if depth == 1 and not nested:
            name, _, rest = octets[at:end].partition(b"=")
            if rest[:1] not in (b"b", b"o"):
                fields.setdefault(name.decode("latin-1"), _value(rest))
        depth += nested
        at = end
    return Body(fields, "")


def _value(rest: bytes) -> str:
    text = rest[2:].rstrip(b"\n").decode("latin-1")
    if rest[:1] != b"s":
        return text
    return _ESCAPE.sub(_character, text) if "#" in text else text


def _character(found: re.Match[str]) -> str:
    number = 0 if found[1] == "null" else int(found[1], 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else ""


_MARK: Final = 32
"""Octets before a place that must be the same when reading goes on there."""


class FoxFramer(Framer):
    """Cuts frames at their `;;`, past blobs by their length."""

    def __init__(self) -> None:
        Framer.__init__(self, MAX_FRAME)
        self._places: dict[tuple[int, int], tuple[Place, bytes]] = {}

    def cut(self, start: int, end: int) -> int:
        """See Framer.cut."""
        self.leap = 0
        octets = bytes(self.octets[start : min(end, start + MAX_FRAME)])
        ahead = 1 if octets[:1] == b"\n" else 0
        if octets[ahead : ahead + 4] != b"fox "[: len(octets) - ahead]:
            found = octets.find(b"\nfox ", 1)
            return -(found if found >= 0 else len(octets))
        stream = (self.slot, self.side)
        place, mark = self._places.pop(stream, (None, b""))
        if place is not None and octets[max(0, place.at - _MARK) : place.at] != mark:
            place = None  # other octets stand here now
        length, want, place = measure(octets, place)
        if place is not None and len(self._places) < MAX_PLACES:
            self._places[stream] = place, octets[max(0, place.at - _MARK) : place.at]
        if length == BROKEN or (length == NEED and len(octets) >= MAX_FRAME):
            found = octets.find(b"\nfox ", 1)
            return -(found if found >= 0 else len(octets))
        self.want = want
        return length

    def forget(self, slot: int) -> None:
        """See Framer.forget."""
        self._places.pop((slot, 0), None)
        self._places.pop((slot, 1), None)

    def begins(self, start: int, end: int) -> int:
        """See Framer.begins."""
        return 1 if _HEAD.match(bytes(self.octets[start : min(end, start + 256)])) else 0
