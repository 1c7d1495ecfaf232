"""Cuts HTTP/1.x streams: heads are messages, bodies are passed over, chunk by chunk where they are chunked.

Bodies that carry files (bodies.py) are handed on as they come.

To a head of WS-Management the first octets of its body belong, where its length is said; to one of a form or of JSON
that may be a login, all of them.

A chunk's size line is a message, too (decoders pass over it); after CONNECT or an upgrade the rest is leapt.
Source: RFC 9112 clauses 2.2, 6.3, 7.1; RFC 9110 clauses 7.8, 9.3.6.
"""

from __future__ import annotations

import re
from collections import deque

from interlock.decode.framing import Framer
from interlock.decode.protocols.http.bodies import brings_file, fetches_file, gives_file
from interlock.decode.protocols.http.extent import CHUNK, CHUNKED, LENGTH
from interlock.decode.protocols.http.forms import form_octets
from interlock.decode.protocols.http.winrm import KEPT, is_wsman

__all__ = [
    "FOREVER",
    "MAX_HEAD",
    "REQUEST_LINE",
    "STATUS_LINE",
    "HttpFramer",
    "may_begin",
]

MAX_HEAD = 65536
"""Octets that a head may have."""
MAX_LINE = 4096
MAX_WAITING = 256
FOREVER = 1 << 60
"""A leap to the end of the stream."""

REQUEST_LINE = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\x21-\x7e\x80-\xff]{1,32768}) HTTP/(\d\.\d)\r?\n"
)
STATUS_LINE = re.compile(rb"HTTP/(\d\.\d) (\d{3})(?: [^\r\n]*)?\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_START = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}(?: |$)")

HEAD, CHUNKS, DONE, FILE_CHUNKS = 0, 1, 2, 3


def may_begin(octets):
    """Whether a request or status line may begin here (the first octets of a head)."""
    if octets[:5] == b"HTTP/"[: len(octets[:5])]:
        return True
    return _START.match(octets[:33]) is not None


class HttpFramer(Framer):
    """modes: per stream, what comes next. methods: per flow, requests not answered yet (they rule the bodies).

    bodies: per stream, octets to come of a body (or chunk) that is handed on.
    """

    def __init__(self):
        Framer.__init__(self, MAX_HEAD + KEPT)
        self.modes = {}
        self.methods = {}
        self.bodies = {}
        self.kept = 0

    def _octets(self, start, end):
        return bytes(self.octets[start:end])

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        if self.bodies:
            left = self.bodies.pop(self.slot * 2 + self.side, 0)
            if left:
                return self._file(left, end - start)
        mode = self.modes.get(self.slot * 2 + self.side, HEAD)
        if mode == DONE:
            self.leap = FOREVER
            return 1
        if mode in (CHUNKS, FILE_CHUNKS):
            return self._chunk(start, end, mode)
        return self._head(start, end)

    def _file(self, left, there):
        """Octets of a file: as many as are here; behind a chunk of it two octets are passed over."""
        key = self.slot * 2 + self.side
        length = min(left, there)
        if left > length:
            self.bodies[key] = left - length
        elif self.modes.get(key, HEAD) == FILE_CHUNKS:
            self.leap = 2
        return length

    def _head(self, start, end):
        blank = 0
        while blank < end - start and (self.octets[start + blank] == 13 or self.octets[start + blank] == 10):
            blank += 1  # RFC 9112 2.2: empty lines before a request are passed over
        if blank == end - start:
            if blank >= MAX_LINE:
                return -blank
            self.want = blank + 1
            return 0
        octets = self._octets(start, min(end, start + MAX_HEAD))
        text = octets[blank:] if blank else octets
        if not may_begin(text):
            return -(end - start)
        last = _HEAD_END.search(text)
        if last is None:
            if end - start >= MAX_HEAD or (len(text) >= 64 and not _line_fits(text)):
                return -(end - start)
            self.want = end - start + 1
            return 0
        return self._body(text[: last.end()], blank + last.end(), end - start)

    def _body(self, head, length, there):
        """Set what follows this head; its length, or minus everything where it is no head."""
        key = self.slot * 2 + self.side
        asked = REQUEST_LINE.match(head)
        if asked is not None:
            queue = self.methods.setdefault(self.slot, deque(maxlen=MAX_WAITING))
            keeps = self._keeps(asked, head)
            if keeps and there - length < self.kept:
                self.want = length + self.kept
                return 0
            queue.append((asked[1], fetches_file(asked[1], asked[2])))
            self._rest(key, head, until_close=False, file=not keeps and brings_file(asked[1], asked[2], head))
            if keeps and self.leap:
                length += self.kept
                self.leap -= self.kept
            return length
        status = STATUS_LINE.match(head)
        if status is None:
            return -there
        code = int(status[2])
        queue = self.methods.get(self.slot)
        if 100 <= code < 200 and code != 101:
            return length
        method, file = queue.popleft() if queue else (b"", False)
        if code == 101 or (method == b"CONNECT" and 200 <= code < 300):
            self.modes[key] = self.modes[key ^ 1] = DONE
            self.leap = FOREVER
        elif method != b"HEAD" and code not in (101, 204, 304):
            self._rest(key, head, until_close=True, file=gives_file(file, head))
        return length

    def _keeps(self, asked, head):
        """Whether the first octets of the body belong to the head; `kept`: how many they are."""
        self.kept = form_octets(asked[1], head)
        if not is_wsman(asked[2]):
            return self.kept > 0
        length = LENGTH.search(head)
        chunked = CHUNKED.search(head) is not None
        self.kept = min(int(length[1]), KEPT) if length is not None and not chunked else 0
        return True

    def _rest(self, key, head, until_close, file):
        """The body's extent: chunks, a length, the connection's end, or none (RFC 9112 6.3). file: hand it on."""
        if CHUNKED.search(head) is not None:
            self.modes[key] = FILE_CHUNKS if file else CHUNKS
            return
        length = LENGTH.search(head)
        if length is not None and file:
            self.bodies[key] = min(int(length[1]), FOREVER)
        elif length is not None:
            self.leap = min(int(length[1]), FOREVER)
        elif until_close:
            self.modes[key] = DONE
            self.leap = FOREVER

    def _chunk(self, start, end, mode):
        """A chunk's size line with its data leapt; the last one with the trailers."""
        octets = self._octets(start, min(end, start + MAX_HEAD))
        line = CHUNK.match(octets)
        if line is None:
            if b"\n" in octets or len(octets) > MAX_LINE:
                self.modes.pop(self.slot * 2 + self.side, None)
                return -(end - start)
            self.want = end - start + 1
            return 0
        size = int(line[1], 16)
        if size and mode == FILE_CHUNKS:
            self.bodies[self.slot * 2 + self.side] = size
            return line.end()
        if size:
            self.leap = size + 2
            return line.end()
        last = _HEAD_END.search(octets, line.end() - 2)
        if last is None:
            if end - start >= MAX_HEAD:
                return -(end - start)
            self.want = end - start + 1
            return 0
        self.modes.pop(self.slot * 2 + self.side, None)
        return last.end()

    def begins(self, start, end):
        """See Framer.begins: a whole request or status line stands here."""
        key = self.slot * 2 + self.side
        if self.modes.get(key, HEAD) == DONE and self.modes.get(key ^ 1, HEAD) == DONE:
            return 0
        octets = self._octets(start, min(end, start + MAX_LINE))
        if REQUEST_LINE.match(octets) is None and STATUS_LINE.match(octets) is None:
            return 0
        self.modes.pop(key, None)
        self.bodies.pop(key, None)
        return 1

    def forget(self, slot):
        """See Framer.forget."""
        self.methods.pop(slot, None)
        self.modes.pop(slot * 2, None)
        self.modes.pop(slot * 2 + 1, None)
        self.bodies.pop(slot * 2, None)
        self.bodies.pop(slot * 2 + 1, None)


def _line_fits(text):
    """Whether a first line, where it is whole, is a request or status line; an unended one may become it."""
    line = text[: text.find(b"\n") + 1]
    if not line:
        return len(text) < 40960
    return REQUEST_LINE.match(line) is not None or STATUS_LINE.match(line) is not None
