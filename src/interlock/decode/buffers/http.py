"""HTTP/1 as buffers: heads and bodies of requests and answers, transaction by transaction.

Source: RFC 9112 clauses 2.2, 6.3, 7.1; RFC 9110 clauses 7.8, 9.3.6.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.body import Body
from interlock.decode.buffers.http_head import REQUEST_LINE, STATUS_LINE, Head
from interlock.decode.buffers.inflate import codings_of
from interlock.decode.buffers.uri import parts_of
from interlock.decode.protocols.http.bodies import boundary_of, files_of, name_of
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.decode.buffers.sink import Row, Sink

    Step = Callable[["_Side", int, bytes, int], int]
    """Reads on in a side's octets from an offset; where it came to, or -1: it needs more."""

__all__ = ["MAX_HEAD", "HttpReader"]

MAX_HEAD: Final = 65_536
MAX_WAITING: Final = 256
_MAX_LINE: Final = 1024
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_CHUNK: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]{0,900})?\r?\n")
_DIGITS: Final = re.compile(rb"\d{1,18}")
_SMALLEST_CHUNK, _MOST_SMALL = 8, 4096
"""A body of more than _MOST_SMALL chunks below _SMALLEST_CHUNK octets is no server's: it hides what it carries."""


class _Side:
    """One direction: what is half read, the step that reads on, and the message under way."""

    __slots__ = ("body", "head", "held", "left", "lost", "name", "number", "rows", "small", "step", "told")

    def __init__(self, step: Step) -> None:
        self.step = step
        self.held = b""
        self.left = 0
        self.small = 0
        self.lost = False
        self.begin(0)

    def begin(self, number: int) -> None:
        """A message of a transaction begins."""
        self.number = number
        self.rows: list[Row] = []
        self.head: Head | None = None
        self.body: Body | None = None
        self.name = b""
        self.told = False


class HttpReader:
    """One connection. Rows of a message are put when it is complete, its kept part is full, or all is over."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._sides = (_Side(self._head), _Side(self._head))
        self._asked: deque[tuple[int, Head]] = deque(maxlen=MAX_WAITING)
        self._count = 0
        self._over = False
        files = any(name.startswith("file.") for name in sink.asked)
        self._names = "file.name" in sink.asked
        self._bodies = (
            files or "http.response_body" in sink.asked,
            files or "http.request_body" in sink.asked,
        )

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        here = self._sides[side]
        if lost:
            self._resume(side, here)
        data = here.held + octets
        here.held = b""
        at = 0
        while at < len(data) and not self._over:
            step = here.step
            reached = step(here, side, data, at)
            if reached < 0:
                here.held = data[at:]
                break
            at = reached
        return not self._over

    def end(self) -> None:
        """See Reader.end."""
        for side, here in enumerate(self._sides):
            if here.held and here.step == self._head and not self._over:
                self._unended(here, side)
            self._finish(side, here, whole=here.step == self._rest)

    def _unended(self, here: _Side, side: int) -> None:
        """A head that has no end, of a conversation that is over: what there is of it is told, line by line."""
        data = here.held.lstrip(b"\r\n")
        octets = data[: data.rfind(b"\n") + 1]
        line = STATUS_LINE.match(octets) or REQUEST_LINE.match(octets)
        if line is not None:
            here.held = b""
            self._begin(here, side, Head(octets, line, asks=line.re is REQUEST_LINE))

    def _resume(self, side: int, here: _Side) -> None:
        """Octets are missing: what there is of the message is told, and the next one waited for."""
        self._finish(side, here, whole=False)
        here.held, here.lost, here.step = b"", True, self._head

    def _head(self, here: _Side, side: int, data: bytes, at: int) -> int:
        begin = at
        while data[begin : begin + 1] in (b"\r", b"\n") and begin < len(data):
            begin += 1
        if begin == len(data):
            return begin
        last = _HEAD_END.search(data, begin)
        line = STATUS_LINE.match(data, begin) or REQUEST_LINE.match(data, begin)
        if last is None and len(data) - begin < MAX_HEAD:
            ended = data.find(b"\n", begin) >= 0
            return len(data) if (ended and line is None) or (here.lost and line is None) else -1
        if line is None or (line.re is REQUEST_LINE and line[3] is None and here.lost):
            return len(data)
        if last is None:
            self._sink.fault("http", "head-flooded", data[begin:])
            self._over = True
            return len(data)
        here.lost = False
        octets = data[begin : last.end()]
        moved = line.re.match(octets) or line
        self._begin(here, side, Head(octets, moved, asks=line.re is REQUEST_LINE))
        return last.end()

    def _begin(self, here: _Side, side: int, head: Head) -> None:
        """A head is whole: its buffers, and how its body will be read."""
        if head.flooded:
            self._sink.fault("http", "fields-flooded", head.line[0])
        if head.asks:
            self._count += 1
            here.begin(self._count)
            self._asked.append((self._count, head))
            asked = head
        else:
            final = head.line[2][:1] != b"1" or head.line[2] == b"101"
            number, asked = (self._asked.popleft() if final else self._asked[0]) if self._asked else (0, head)
            if not number:
                self._count += 1
            here.begin(number or self._count)
        here.head = head
        moment, number = self._sink.moment, here.number
        here.rows = [(moment, side, number, name, octets) for name, octets in head.buffers(self._sink.asked)]
        if self._names:
            here.name = name_of(parts_of(asked.target)[1] if asked.asks else b"", b"\n" + head.raw).encode()
        here.step = self._how(here, head, asked)
        if here.step == self._head:
            self._finish(side, here, whole=True)
        elif here.body is None:  # nothing of it is looked at: its head need not wait
            self._tell(side, here)

    def _how(self, here: _Side, head: Head, asked: Head) -> Step:
        """The step that reads what follows a head (RFC 9112 clause 6.3)."""
        code = b"" if head.asks else head.line[2]
        if code == b"101" or (code[:1] == b"2" and asked.asks and asked.line[1] == b"CONNECT"):
            return self._tunnel
        if code[:1] == b"1" or code in (b"204", b"304") or (code and asked.asks and asked.line[1] == b"HEAD"):
            return self._head
        chunked = b"chunked" in head.fields.get(b"transfer-encoding", b"").lower()
        length = _DIGITS.match(head.fields.get(b"content-length", b""))
        if (chunked or length or code) and self._bodies[head.asks]:
            here.body = self._body(head)
        if chunked:
            here.small = 0
            return self._size
        here.left = int(length[0]) if length else 0
        if here.left:
            return self._sized
        return self._rest if code and not length else self._head

    def _body(self, head: Head) -> Body:
        try:
            codings = codings_of(head.fields.get(b"content-encoding", b""))
        except DecodeError as error:
            self._sink.fault("http", error.oddity, head.fields[b"content-encoding"])
            codings = ()
        return Body(self._sink, "http", codings)

    def _take(self, here: _Side, side: int, octets: bytes) -> None:
        if here.body is not None:
            here.body.feed(octets)
            if here.body.full and not here.told:
                self._tell(side, here)

    def _sized(self, here: _Side, side: int, data: bytes, at: int) -> int:
        end = min(len(data), at + here.left)
        here.left -= end - at
        self._take(here, side, data[at:end])
        if not here.left:
            self._finish(side, here, whole=True)
            here.step = self._head
        return end

    def _rest(self, here: _Side, side: int, data: bytes, at: int) -> int:
        self._take(here, side, data[at:])
        return len(data)

    def _tunnel(self, here: _Side, side: int, data: bytes, at: int) -> int:
        self.end()
        self._over = True
        return len(data)

    def _size(self, here: _Side, side: int, data: bytes, at: int) -> int:
        line = _CHUNK.match(data, at)
        if line is None:
            if data.find(b"\n", at) < 0 and len(data) - at < _MAX_LINE:
                return -1
            self._sink.fault("http", "chunk-malformed", data[at:])
            self._resume(side, here)
            return len(data)
        here.left = int(line[1], 16)
        if 0 < here.left < _SMALLEST_CHUNK:
            here.small += 1
            if here.small == _MOST_SMALL:
                self._sink.fault("http", "chunks-flooded", data[at:])
                self._resume(side, here)
                return len(data)
        here.step = self._chunk if here.left else self._trailer
        return line.end()

    def _chunk(self, here: _Side, side: int, data: bytes, at: int) -> int:
        end = min(len(data), at + here.left)
        self._take(here, side, data[at:end])
        here.left -= end - at
        if not here.left:
            here.step = self._gap
        return end

    def _gap(self, here: _Side, side: int, data: bytes, at: int) -> int:
        """The line end behind a chunk."""
        if data.startswith(b"\r", at) and len(data) - at < 2:
            return -1
        here.step = self._size
        if data.startswith(b"\r\n", at):
            return at + 2
        return at + 1 if data.startswith(b"\n", at) else at

    def _trailer(self, here: _Side, side: int, data: bytes, at: int) -> int:
        """Fields behind the last chunk, up to an empty line."""
        end = data.find(b"\n", at)
        if end < 0:
            return -1 if len(data) - at < MAX_HEAD else len(data)
        if not data[at:end].strip():
            self._finish(side, here, whole=True)
            here.step = self._head
        return end + 1

    def _note(self, here: _Side, side: int, buffers: Iterable[tuple[str, bytes]]) -> None:
        sink = self._sink
        here.rows += [
            (sink.moment, side, here.number, name, octets) for name, octets in buffers if name in sink.asked
        ]

    def _tell(self, side: int, here: _Side) -> None:
        """What there is of a message; later only hashes follow."""
        here.told = True
        body, head = here.body, here.head
        if body is not None and head is not None and body.kept:
            whose = "http.request_body" if head.asks else "http.response_body"
            self._note(here, side, [(whose, bytes(body.kept))])
            self._note(here, side, self._files(head, body, here.name))
        self._sink.put_all(here.rows)
        here.rows = []

    def _files(self, head: Head, body: Body, name: bytes) -> Iterable[tuple[str, bytes]]:
        boundary = boundary_of(b"\n" + head.raw) if head.asks else None
        if boundary is None:
            return body.facts(name)
        body.divided = True
        parts = files_of(bytes(body.kept), boundary)
        return [pair for told, octets in parts for pair in _file(told, octets)]

    def _finish(self, side: int, here: _Side, *, whole: bool) -> None:
        """A message is over."""
        if here.head is None:
            return
        if not here.told:
            self._tell(side, here)
        if here.body is not None:
            self._note(here, side, here.body.hashes(whole=whole))
            self._sink.put_all(here.rows)
        here.begin(here.number)


def _file(name: str, octets: bytes) -> Iterable[tuple[str, bytes]]:
    return (("file.data", octets), ("file.name", name.encode()))
