"""HTTP/2 in clear as buffers: what it asks and answers, stream by stream, as that of HTTP/1 is.

    length 24 | type 8 | flags 8 | stream 32 | payload …

Source: RFC 9113 clauses 3.3, 4.1, 5.1, 6; RFC 7540 clause 3.2 (what HTTP/1 goes on in).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.body import Body
from interlock.decode.buffers.hpack import Hpack
from interlock.decode.buffers.http2_head import head_buffers, value_of
from interlock.decode.buffers.inflate import LAYERS, codings_of
from interlock.errors import DecodeError
from interlock.records.buffers import CHUNKED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.decode.buffers.sink import Sink

__all__ = ["MAX_BLOCK", "MAX_STREAMS", "PREFACE", "Http2Reader"]

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_BLOCK: Final = 65_536
"""Octets of a head, in all its frames."""
MAX_STREAMS: Final = 256
"""Streams that are under way; of more the oldest are told as far as they came."""
_HEAD: Final = 9
_DATA, _HEADERS, _RESET, _PROMISE, _GOES_ON = 0, 1, 3, 5, 9
_HELD: Final = frozenset({_HEADERS, _RESET, _PROMISE, _GOES_ON})
"""Types of frames that are read whole."""
_END_STREAM, _END_HEADERS, _PADDED, _PRIORITY = 1, 4, 8, 32


class _Half:
    """What one end says in a stream."""

    __slots__ = ("body", "fields", "over", "told")

    def __init__(self) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self.body: Body | None = None
        self.over = self.told = False


class _Stream:
    __slots__ = ("halves", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.halves = (_Half(), _Half())


class _Side:
    """One direction: octets that wait for a frame's end, and the frame of data that is under way.

    left, padding: octets to come of its data, and behind it. block: of the head under way; whole: it ends its stream.
    """

    __slots__ = ("block", "held", "hpack", "left", "owner", "padding", "taken", "whole")

    def __init__(self) -> None:
        self.held = b""
        self.left = self.padding = self.owner = 0
        self.taken = True
        self.hpack = Hpack()
        self.block: bytearray | None = None
        self.whole = False


class Http2Reader:
    """One connection. client: the side that asks; begun: transactions before, of HTTP/1."""

    def __init__(self, sink: Sink, client: int, begun: int = 0) -> None:
        self._sink = sink
        self._client = client
        self._count = begun
        self._sides = (_Side(), _Side())
        self._streams: dict[int, _Stream] = {}
        self._greeted = False
        self._as_suricata = CHUNKED in sink.asked
        files = any(name.startswith("file.") for name in sink.asked)
        self._bodies = (
            files or "http.response_body" in sink.asked,
            files or "http.request_body" in sink.asked,
        )

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed. Behind missing octets nobody can tell what fields of a head are."""
        here = self._sides[side]
        if lost:
            self.end()
            return False
        data = here.held + octets
        at = 0
        if side == self._client and not self._greeted:
            if len(data) < len(PREFACE):
                here.held = data
                return True
            self._greeted = True
            at = len(PREFACE) if data.startswith(PREFACE) else 0
        try:
            at = self._read(here, side, data, at)
        except DecodeError as error:
            self._sink.fault("http", error.oddity, data[at:])
            self.end()
            return False
        here.held = data[at:]
        return True

    def end(self) -> None:
        """See Reader.end."""
        for stream in list(self._streams):
            self._close(stream, whole=False)

    def ask(self, fields: list[tuple[bytes, bytes]]) -> None:
        """The request of HTTP/1 that its upgrade answers: the first stream (RFC 7540 clause 3.2)."""
        half = self._half(1, self._client)
        half.fields = fields
        self._over(1, self._client)

    def _read(self, here: _Side, side: int, data: bytes, at: int) -> int:
        """Read frames as far as they are there; where the first that is not begins."""
        while at < len(data):
            if here.left or here.padding:
                at = self._data(here, side, data, at)
                continue
            if len(data) - at < _HEAD:
                break
            length, kind, flags = int.from_bytes(data[at : at + 3], "big"), data[at + 3], data[at + 4]
            stream = int.from_bytes(data[at + 5 : at + _HEAD], "big") & 0x7FFF_FFFF
            if here.block is not None and (kind != _GOES_ON or stream != here.owner):
                raise DecodeError("frame-malformed", at)
            if kind in _HELD:
                if length > MAX_BLOCK:
                    raise DecodeError("head-flooded", at)
                if len(data) - at < _HEAD + length:
                    break
                self._frame(here, side, kind, flags, stream, data[at + _HEAD : at + _HEAD + length])
                at += _HEAD + length
                continue
            padded = kind == _DATA and flags & _PADDED
            if padded and len(data) - at == _HEAD:
                break
            here.padding = data[at + _HEAD] if padded and length else 0
            here.left = length - here.padding - (1 if padded and length else 0)
            if here.left < 0:
                raise DecodeError("frame-malformed", at)
            here.owner, here.taken = stream, kind != _DATA
            here.whole = kind == _DATA and bool(flags & _END_STREAM)
            at += _HEAD + (1 if padded and length else 0)
            if here.whole and not here.left:
                self._over(stream, side)
        return at

    def _data(self, here: _Side, side: int, data: bytes, at: int) -> int:
        """Octets of a frame of data, or of one that is passed over."""
        if not here.left:
            end = min(len(data), at + here.padding)
            here.padding -= end - at
            return end
        end = min(len(data), at + here.left)
        here.left -= end - at
        if not here.taken and here.owner in self._streams:
            self._take(here.owner, side, data[at:end])
        if not here.left and not here.taken and here.whole:
            self._over(here.owner, side)
        return end

    def _frame(self, here: _Side, side: int, kind: int, flags: int, stream: int, payload: bytes) -> None:
        """A frame that is there whole."""
        if kind == _RESET:
            self._close(stream, whole=False)
            return
        first = 0
        if kind == _GOES_ON:
            if here.block is None:
                raise DecodeError("frame-malformed", 0)
        else:
            end = len(payload)
            if flags & _PADDED and payload:
                first, end = 1, end - payload[0]
            first += 5 if kind == _HEADERS and flags & _PRIORITY else 4 if kind == _PROMISE else 0
            if first > end:
                raise DecodeError("frame-malformed", 0)
            payload = payload[first:end]
            here.block, here.owner = bytearray(), stream
            here.whole = kind == _HEADERS and bool(flags & _END_STREAM)
            here.taken = kind == _PROMISE
        here.block += payload
        if len(here.block) > MAX_BLOCK:
            raise DecodeError("head-flooded", 0)
        if flags & _END_HEADERS:
            block, here.block = bytes(here.block), None
            self._fields(here, side, here.hpack.fields(block))

    def _fields(self, here: _Side, side: int, fields: list[tuple[bytes, bytes]]) -> None:
        """A head is there: that of a message, or the fields behind it. What a server promises is not asked for."""
        if here.taken:
            return
        half = self._half(here.owner, side)
        half.fields += fields
        if half.body is None and self._bodies[side == self._client] and not here.whole:
            field = value_of(fields, b"content-encoding") or b""
            codings = codings_of(field, asks=side == self._client) if field else ()
            half.body = Body(self._sink, "http", codings[:LAYERS])
        if here.whole:
            self._over(here.owner, side)

    def _half(self, stream: int, side: int) -> _Half:
        found = self._streams.get(stream)
        if found is None:
            if len(self._streams) >= MAX_STREAMS:
                self._close(next(iter(self._streams)), whole=False)
            self._count += 1
            found = self._streams[stream] = _Stream(self._count)
        return found.halves[side]

    def _take(self, stream: int, side: int, octets: bytes) -> None:
        half = self._streams[stream].halves[side]
        if half.body is None:
            return
        half.body.feed(octets)
        if half.body.full:
            self._tell(stream, side)

    def _over(self, stream: int, side: int) -> None:
        """An end has said all that it says in a stream."""
        found = self._streams.get(stream)
        if found is None or found.halves[side].over:
            return
        self._tell(stream, side)
        half = found.halves[side]
        half.over = True
        if half.body is not None:
            self._put(found, side, half.body.hashes())
            half.body = None
        if found.halves[1 - side].over:
            del self._streams[stream]

    def _close(self, stream: int, *, whole: bool) -> None:
        """Nothing more comes in a stream."""
        found = self._streams.get(stream)
        if found is None:
            return
        for side, half in enumerate(found.halves):
            if not half.over:
                self._tell(stream, side)
                if half.body is not None:
                    self._put(found, side, half.body.hashes(whole=whole))
        del self._streams[stream]

    def _tell(self, stream: int, side: int) -> None:
        """What there is of a message: once."""
        found = self._streams[stream]
        half, asks = found.halves[side], side == self._client
        if half.told:
            return
        half.told = True
        self._put(found, side, head_buffers(half.fields, self._sink.asked, asks=asks) if half.fields else ())
        if self._as_suricata and half.fields and not asks:
            self._put(found, side, [("http.stat_msg", b"")])
        if half.body is not None and half.body.kept:
            octets = bytes(half.body.kept)
            self._put(found, side, [("http.request_body" if asks else "http.response_body", octets)])
            if not asks or not self._as_suricata:
                self._put(found, side, half.body.facts(b""))

    def _put(self, stream: _Stream, side: int, buffers: Iterable[tuple[str, bytes]]) -> None:
        for name, octets in buffers:
            self._sink.put(side, stream.number, name, octets)
