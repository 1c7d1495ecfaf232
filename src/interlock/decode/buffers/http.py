"""HTTP/1 as buffers: heads and bodies of requests and answers, transaction by transaction.

Over 400 lines: steps of one machine, each of which says which one comes next.
Source: RFC 9112 clauses 2.2, 6.3, 7.1; RFC 9110 clauses 7.8, 9.3.6.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.body import Body
from interlock.decode.buffers.http2 import PREFACE, Http2Reader
from interlock.decode.buffers.http_files import files_in, has_files, named
from interlock.decode.buffers.http_head import REQUEST_LINE, STATUS_LINE, Head, first_line, is_answer
from interlock.decode.buffers.http_side import Side
from interlock.decode.buffers.http_sizes import begins_request, chunk_of, length_of
from interlock.decode.buffers.inflate import LAYERS, codings_of
from interlock.records.buffers import CHUNKED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.decode.buffers.http_side import Step
    from interlock.decode.buffers.sink import Row, Sink

__all__ = ["MAX_HEAD", "HttpReader"]

MAX_HEAD: Final = 65_536
MAX_WAITING: Final = 256
_MAX_LINE: Final = 1024
_HEAD_END: Final = re.compile(rb"\n\r?\n")
_EMPTY: Final = re.compile(rb"(?:[ \t\r\x0b\x0c]*\n)+|\r+\Z")
_FIELD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-][!#$%&'*+.^_`|~0-9A-Za-z \t-]*(?::|\Z)")
"""What may be a field: behind a request's line without a protocol nothing else goes on with its head."""
_ENDLESS: Final = 1 << 60
_BLANK: Final = 0x20
_INTERIM: Final = re.compile(rb"1\d\d\Z")
_SMALLEST_CHUNK, _MOST_SMALL = 8, 4096
"""A body of more than _MOST_SMALL chunks below _SMALLEST_CHUNK octets is no server's: it hides what it carries."""


class HttpReader:
    """One connection. Rows of a message are put when it is complete, its kept part is full, or all is over."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._sides = (Side(self._message), Side(self._message))
        self._asked: deque[tuple[int, Head]] = deque(maxlen=MAX_WAITING)
        self._count = 0
        self._asker = -1
        self._over = False
        self._newer: Http2Reader | None = None
        files = any(name.startswith("file.") for name in sink.asked)
        self._names = "file.name" in sink.asked
        self._as_suricata = CHUNKED in sink.asked
        self._bodies = (
            files or "http.response_body" in sink.asked,
            files or "http.request_body" in sink.asked,
        )

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        if self._newer is not None:
            return self._newer.feed(side, octets, lost=lost)
        here = self._sides[side]
        if lost:
            self._tear(side, here)
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
        if here.step == self._behind and not here.held:
            self._finish(side, here, whole=True)
            here.step = self._message
        return not self._over

    def end(self) -> None:
        """See Reader.end."""
        if self._newer is not None:
            self._newer.end()
            return
        for side, here in enumerate(self._sides):
            if here.held and not self._over:
                self._unended(here, side, here.held)
            self._finish(side, here, whole=here.step in (self._rest, self._behind, self._message))

    def _stop(self, here: Side) -> None:
        """No more of the conversation can be read."""
        here.held = b""
        self.end()
        self._over = True

    def _unended(self, here: Side, side: int, held: bytes) -> None:
        """What waits for its end, of a conversation that is over: a head, or what stands behind a message."""
        if here.step == self._behind:
            if not self._begins(here, held):
                self._more(here, side, held)
                return
            self._finish(side, here, whole=True)
            here.step = self._message
        if here.step == self._message:
            blank = _EMPTY.match(held)
            octets = held[blank.end() :] if blank is not None else held
            asks = self._asks(here, side, octets, 0)
            if asks or is_answer(octets):
                self._begin(here, side, Head(octets, asks=asks, whole=False))
            else:
                self._stray(here, side, octets)

    def _resume(self, side: int, here: Side) -> None:
        """Octets are missing: what there is of the message is told, and the next one waited for."""
        self._finish(side, here, whole=False)
        here.held, here.lost, here.step = b"", True, self._message

    def _tear(self, side: int, here: Side) -> None:
        """Octets are missing. A head is told as far as it came; a body goes on, up to what surely begins a message."""
        if here.held and here.step == self._message and not here.lost:
            self._unended(here, side, here.held)
            if here.head is not None and not here.head.asks:
                here.step = self._rest
                here.body = Body(self._sink, "http", ()) if self._bodies[False] else None
                here.told = False
        if here.step in (self._rest, self._chunk):
            here.left, here.step = _ENDLESS, self._sized
        if here.step in (self._sized, self._size):
            here.held, here.torn = b"", True
        else:
            self._resume(side, here)

    def _asks(self, here: Side, side: int, data: bytes, begin: int) -> bool:
        """Whether a message is a request: by its first line where that says so, else by who sends it.

        Suricata goes by who asked first, once it knows.
        """
        if self._as_suricata and self._asker >= 0:
            return side == self._asker
        if data.startswith(b"HTTP/", begin) and STATUS_LINE.match(data, begin):
            return False
        return not (here.lost or self._sink.serves(side)) or REQUEST_LINE.match(data, begin) is not None

    def _message(self, here: Side, side: int, data: bytes, at: int) -> int:
        """A message begins. Behind missing octets it is one only where its first line leaves no doubt."""
        blank = _EMPTY.match(data, at) if data[at] <= _BLANK else None
        begin = blank.end() if blank is not None else at
        if begin == len(data):
            return begin
        if data.startswith(PREFACE[: len(data) - begin], begin):
            if len(data) - begin < len(PREFACE):
                return -1
            self._newer = Http2Reader(self._sink, side, self._count)
            self._over = not self._newer.feed(side, data[begin:], lost=False)
            return len(data)
        asks = self._asks(here, side, data, begin)
        if here.lost and (REQUEST_LINE if asks else STATUS_LINE).match(data, begin) is None:
            return len(data)
        end = data.find(b"\n", begin) + 1
        alone = (
            self._request(here, side, data, begin, end)
            if asks
            else self._answer(here, side, data, begin, end)
        )
        if alone:
            return alone
        last = _HEAD_END.search(data, end - 1) if end else None
        if last is None and len(data) - begin < MAX_HEAD:
            return -1
        if last is None:
            self._sink.fault("http", "head-flooded", data[begin:])
            self._over = True
            return len(data)
        self._begin(here, side, Head(data[begin : last.end()], asks=asks))
        return last.end()

    def _request(self, here: Side, side: int, data: bytes, begin: int, end: int) -> int:
        """Where a request of one line ends, as of HTTP/0.9; 0: it is none."""
        if not end or data.find(b" HTTP/", begin, end) >= 0 or _FIELD.match(data, end):
            return 0
        line = data[begin:end]
        if first_line(line, asks=True)[2] is not None:
            return 0
        self._begin(here, side, Head(line, asks=True, simple=begins_request(line)))
        return end

    def _answer(self, here: Side, side: int, data: bytes, begin: int, end: int) -> int:
        """Where octets end that answer without a head (a body, then); 0: a head begins."""
        if self._asked and self._asked[0][1].simple:
            self._stray(here, side, data[begin:])
            here.step = self._rest
            return len(data)
        stop = end or (len(data) if len(data) - begin >= MAX_HEAD else 0)
        line = data[begin:stop]
        if not stop or is_answer(line):
            return 0
        if data[stop : stop + 1] != b"H":
            self._stray(here, side, line)
        return stop

    def _stray(self, here: Side, side: int, octets: bytes) -> None:
        """Octets of an answer that has no head, or none yet."""
        if not here.opened:
            number, asked = self._next()
            here.begin(number, asked)
            here.opened, here.lost = True, False
            if self._bodies[False]:
                here.body = Body(self._sink, "http", ())
        self._take(here, side, octets)

    def _next(self) -> tuple[int, Head | None]:
        """Number and request of the transaction that is answered now."""
        if self._asked:
            return self._asked.popleft()
        self._count += 1
        return self._count, None

    def _begin(self, here: Side, side: int, head: Head) -> None:
        """A head is there: its buffers, and how its body will be read."""
        here.lost = False
        if head.flooded:
            self._sink.fault("http", "fields-flooded", head.first)
        number, asked = here.number, here.asked
        opened, continued = here.opened, self._continues(here)
        self._finish(side, here, whole=True)
        interim = self._interim(head)
        if self._as_suricata and continued:
            head.raw = b"\r\n" + head.first + b"\r\n" + head.raw
        if head.asks:
            self._count += 1
            number, asked = self._count, head
            self._asker = side if self._asker < 0 else self._asker
            self._asked.append((number, head))
        elif not opened:
            number, asked = self._asked[0] if interim and self._asked else self._next()
        here.begin(number, asked)
        here.head = head
        here.step = self._how(here, head)
        broken = here.step == self._broken
        if head.asks:
            some = broken and self._as_suricata and head.unreadable
        else:
            some = broken or head.parts[1] == b"100" or (not head.whole and bool(head.fields))
        here.rows = self._rows(side, here, head, joined=False if some else None)
        if broken and not head.unreadable:
            self._sink.fault("http", "length-malformed", head.first)
        if here.step == self._switched and b"h2c" in head.fields.get(b"upgrade", b"").lower():
            self._upgrade(side, here, number)
        elif here.step in (self._broken, self._switched):
            self._stop(here)
        elif here.step == self._tunnel:
            for whose, other in enumerate(self._sides):
                self._resume(whose, other)
        elif (
            here.body is None and here.step != self._behind
        ):  # nothing of it is looked at: its head need not wait
            self._tell(side, here)

    def _interim(self, head: Head) -> bool:
        """Whether another answer follows to the same request (RFC 9110 clause 15.2): to Suricata only behind 100."""
        code = b"" if head.asks else head.parts[1] or b""
        if self._as_suricata:
            return code == b"100"
        return _INTERIM.match(code) is not None and code != b"101"

    def _upgrade(self, side: int, here: Side, number: int) -> None:
        """HTTP/2 is spoken from here on, and its first stream answers what was asked (RFC 7540 clause 3.2)."""
        asked = here.asked
        for whose, other in enumerate(self._sides):
            self._finish(whose, other, whole=True)
            other.step = self._go_on
        self._newer = Http2Reader(self._sink, 1 - side, self._count)
        if asked is not None:
            first = [(b":method", asked.parts[0] or b""), (b":path", asked.target), *asked.fields.items()]
            self._newer.ask(first)

    def _go_on(self, here: Side, side: int, data: bytes, at: int) -> int:
        """What came in one piece with the answer that says so."""
        if self._newer is not None:
            self._over = not self._newer.feed(side, data[at:], lost=False)
        return len(data)

    def _rows(self, side: int, here: Side, head: Head, *, joined: bool | None) -> list[Row]:
        moment, number = self._sink.moment, here.number
        made = head.buffers(self._sink.asked, joined)
        return [(moment, side, number, name, octets) for name, octets in made]

    def _how(self, here: Side, head: Head) -> Step:
        """The step that reads what follows a head (RFC 9112 clause 6.3)."""
        code = b"" if head.asks else head.parts[1] or b""
        method = b"" if head.asks or here.asked is None else here.asked.parts[0]
        if head.asks and self._as_suricata and head.unreadable:
            return self._broken
        coding, length = head.fields.get(b"transfer-encoding"), head.fields.get(b"content-length")
        if code == b"101" and coding is None and length is None:
            return self._switched
        if method == b"CONNECT" and code[:1] == b"2":
            return self._tunnel
        chunked = coding is not None and b"chunked" in coding.lower()
        empty = not chunked and (code in (b"204", b"304") or _INTERIM.match(code) is not None)
        if not head.whole or empty or method == b"HEAD":
            return self._behind
        size = length_of(length or b"")
        if not chunked and ((head.asks and coding is not None) or (length is not None and size is None)):
            return self._broken
        refused = method == b"CONNECT" and self._as_suricata
        if (chunked or size or not head.asks) and self._bodies[head.asks] and not refused:
            here.body = self._body(head)
        if chunked:
            here.small = 0
            return self._size
        here.left = size or 0
        if size:
            return self._sized
        return self._behind if head.asks or length is not None else self._rest

    def _body(self, head: Head) -> Body:
        field = head.fields.get(b"content-encoding", b"")
        codings = codings_of(field, asks=head.asks) if field else ()
        if len(codings) > LAYERS:
            self._sink.fault("http", "coded-too-often", field)
        return Body(self._sink, "http", codings[:LAYERS])

    def _take(self, here: Side, side: int, octets: bytes) -> None:
        if here.body is not None:
            here.body.feed(octets)
            if here.body.full and not here.told:
                self._tell(side, here)

    def _more(self, here: Side, side: int, octets: bytes) -> None:
        """Octets behind a message that are no other one: more of its body."""
        asks = here.head is not None and here.head.asks
        if here.body is None and self._bodies[asks]:
            here.body, here.told = Body(self._sink, "http", ()), False
        self._take(here, side, octets)

    def _behind(self, here: Side, side: int, data: bytes, at: int) -> int:
        """What comes with the end of a message: lines of its body, up to one that begins another message."""
        end = data.find(b"\n", at) + 1
        if not end and len(data) - at < MAX_HEAD:
            return -1
        end = end or len(data)
        line = data[at:end]
        begins = self._begins(here, line)
        if begins and self._as_suricata and self._continues(here):
            here.rows = []
        if begins or (line == b"\n" and here.head is not None and here.head.asks):
            self._finish(side, here, whole=True)
            here.step = self._message
            return at if begins else end
        self._more(here, side, line)
        return end

    def _continues(self, here: Side) -> bool:
        """Whether a message is `100 Continue`: Suricata does not see it where its final answer comes with it."""
        return here.head is not None and not here.head.asks and here.head.parts[1] == b"100"

    def _begins(self, here: Side, line: bytes) -> bool:
        """Whether a line behind a message begins another one."""
        return begins_request(line) if here.head is not None and here.head.asks else is_answer(line)

    def _broken(self, here: Side, side: int, data: bytes, at: int) -> int:
        """Nobody can tell how long a body is."""
        return len(data)

    def _switched(self, here: Side, side: int, data: bytes, at: int) -> int:
        """Another protocol is spoken from here on (RFC 9110 clause 7.8)."""
        return len(data)

    def _tunnel(self, here: Side, side: int, data: bytes, at: int) -> int:
        """Anything may come (RFC 9110 clause 9.3.6): HTTP again, for one, where a first line says so for certain."""
        return len(data)

    def _sized(self, here: Side, side: int, data: bytes, at: int) -> int:
        asks = here.head is not None and here.head.asks
        if here.torn and (REQUEST_LINE if asks else STATUS_LINE).match(data, at):
            self._resume(side, here)
            return at
        end = min(len(data), at + here.left)
        here.left -= end - at
        self._take(here, side, data[at:end])
        if not here.left:
            here.step = self._behind
        return end

    def _rest(self, here: Side, side: int, data: bytes, at: int) -> int:
        self._take(here, side, data[at:])
        return len(data)

    def _size(self, here: Side, side: int, data: bytes, at: int) -> int:
        """A line that says how long a chunk is; of an answer, else a body that is none of chunks."""
        end = data.find(b"\n", at) + 1
        line = data[at : end or at + _MAX_LINE]
        if not line.strip():
            return end or -1
        size = chunk_of(line)
        asks = here.head is not None and here.head.asks
        if not end and len(line) < _MAX_LINE and (asks or size >= 0):
            return -1
        if size < 0 or not end:
            return self._unsized(here, side, data, at, asks=asks)
        if 0 < size < _SMALLEST_CHUNK:
            here.small += 1
            if here.small == _MOST_SMALL:
                self._sink.fault("http", "chunks-flooded", data[at:])
                self._resume(side, here)
                return len(data)
        here.left = size
        here.step = self._chunk if size else self._trailer
        return end

    def _unsized(self, here: Side, side: int, data: bytes, at: int, *, asks: bool) -> int:
        """No size stands where a chunk should begin: of a request nothing can be read on, an answer is all body."""
        self._sink.fault("http", "chunk-malformed", data[at:])
        if asks:
            self._stop(here)
            return len(data)
        here.step = self._rest
        return at

    def _chunk(self, here: Side, side: int, data: bytes, at: int) -> int:
        end = min(len(data), at + here.left)
        self._take(here, side, data[at:end])
        here.left -= end - at
        if not here.left:
            here.step = self._gap
        return end

    def _gap(self, here: Side, side: int, data: bytes, at: int) -> int:
        """What is left of the line behind a chunk."""
        end = data.find(b"\n", at) + 1
        if end:
            here.step = self._size
        return end or len(data)

    def _trailer(self, here: Side, side: int, data: bytes, at: int) -> int:
        """Fields behind the last chunk, up to an empty line: as if they had stood in the head."""
        end = data.find(b"\n", at) + 1
        if not end:
            return -1 if len(data) - at < MAX_HEAD else len(data)
        line = data[at:end]
        if line.strip():
            if len(here.trailer) < MAX_HEAD:
                here.trailer += line
            return end
        head = here.head
        if here.trailer and head is not None:
            more = Head(head.first + b"\r\n" + head.raw + here.trailer + line, asks=head.asks)
            known = {row[3] for row in self._rows(side, here, head, joined=False)}
            here.rows += self._rows(side, here, more, joined=True)
            here.rows += [row for row in self._rows(side, here, more, joined=False) if row[3] not in known]
        here.step = self._behind
        return end

    def _note(self, here: Side, side: int, buffers: Iterable[tuple[str, bytes]]) -> None:
        sink = self._sink
        here.rows += [
            (sink.moment, side, here.number, name, octets) for name, octets in buffers if name in sink.asked
        ]

    def _tell(self, side: int, here: Side) -> None:
        """What there is of a message; later only hashes follow."""
        here.told = True
        body, head, sink = here.body, here.head, self._sink
        if body is not None and body.kept:
            asks = head is not None and head.asks
            whose = "http.request_body" if asks else "http.response_body"
            self._note(here, side, [(whose, bytes(body.kept))])
            if has_files(head):
                self._note(
                    here,
                    side,
                    files_in(body, head, named(here.asked, head) if self._names else b"", sink.asked),
                )
        self._sink.put_all(here.rows)
        here.rows = []

    def _finish(self, side: int, here: Side, *, whole: bool) -> None:
        """A message is over."""
        if here.head is None and not here.opened:
            return
        if whole and here.head is not None and not self._interim(here.head):
            self._sink.end(side)
        if not here.told:
            self._tell(side, here)
        if here.body is not None and has_files(here.head):
            self._note(here, side, here.body.hashes(whole=whole and not here.torn))
        if here.rows:
            self._sink.put_all(here.rows)
        here.begin(here.number, None)
