"""What the dissector hands on besides messages, while somebody asks: packets and streams, read into buffers.

The dissector appends what passes to `messages`; once a batch all of it becomes rows. Raw octets are gathered by
columns; of the flows that a reader reads, each piece goes to it by itself.

Over 400 lines: one class, since what passes, what is read of it and what waits are about the same flows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.decode.buffers.beginnings import Beginnings, unseen
from interlock.decode.buffers.body import file_buffers, name_of_file
from interlock.decode.buffers.chunks import TURNING, Chunks, Pieces
from interlock.decode.buffers.offsets import begin
from interlock.decode.buffers.raw import Raw
from interlock.decode.buffers.registry import DATAGRAMS, GUESSES, READERS, can_be, readers_for
from interlock.decode.buffers.seals import Seals
from interlock.decode.buffers.sink import Moment, Sink
from interlock.decode.emit import transport_word
from interlock.decode.messages import Messages
from interlock.errors import DecodeError
from interlock.records.buffers import (
    CHUNKED,
    EMPTY,
    HEADERS,
    OTHER,
    PACKET,
    PICKED,
    RARE,
    STREAM,
    TUNNEL,
    WAYS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interlock.decode.artifacts import Artifact
    from interlock.decode.buffers.raw import Screens
    from interlock.decode.buffers.sink import Reader, Row
    from interlock.decode.facts import Facts
    from interlock.decode.flows import Flows

__all__ = ["MAX_HELD", "Tap"]

MAX_HELD: Final = 4096
"""Octets of a flow that wait until its protocol is known."""
MAX_HOLDING: Final = 4096
"""Flows that may wait so; what a flood of them begins with is not read."""
LATE, TORN, _PACKET, _PIECE, _OUTSIDE, _WRONG = 2, 4, 8, 16, 32, 64
"""Bits of `direction`: the octets fill a hole that was given up before; the capture cut off what was before them; they
are a packet; they are the next piece of a stream; nobody saw their connection open; no stream has them, since their
checksum is wrong, or their connection was reset."""
_TCP, _UDP = 6, 17
_CUT: Final = 32
"""A bit of Flows.opening."""
_TRANSFERS: Final = 1 << 24
"""Transactions of transfers are numbered from here on: a flow's own never come so far."""
_LOOKED_AT: Final = 512
"""Octets of each side's beginning that tell whose they are."""
_ONE_SIDED: Final = 1 << 18
"""Octets of a side that pass while the other one, which may tell whose they are, says nothing."""
_ENDLESS: Final = ("smb",)
"""Protocols whose streams Suricata puts together to their end (`app-layer.protocols.smb.stream-depth`)."""
_TRIES: Final = 6
"""Flows.tries of a flow that nobody tries to recognise any more."""


class _Known:
    """A flow that is read, or waits to be. reader: None while its protocol is unknown. gaps: those known of."""

    __slots__ = ("begins", "gaps", "held", "reader", "size")

    def __init__(self, gaps: int) -> None:
        self.reader: Reader | None = None
        self.gaps = gaps
        self.begins = [b"", b""]
        self.held: list[tuple[Moment, int, bytes]] = []
        self.size = 0


class Tap:
    """asked: names of buffers (records.buffers). codes: protocol name → its code. beat: a row of heartbeat.py.

    guessed: slot → what it speaks, of flows that no decoder recognises and a reader reads, until they are over; nothing
    of those that were recognised by a frame that is shown to nobody.
    bare: which packets without payload are handed on: 1 for RARE ones, 2 for EMPTY, 4 for OTHER.
    tunnels: whether headers of packets that carry others are to be handed on. checked, whole: as of `unseen`.
    resets_end: whether conversations are as Suricata has them: what comes behind a reset is in no stream, and so on.
    endless: per protocol code plus 1, whether its streams are shown to their end where others are not.
    picked: whether TCP that nobody saw open is a connection to it.
    segments, datagrams, follows: whether segments, datagrams and streams are to be handed on; follows is 2 where all of
    them are, whatever they speak. spoken: per protocol code plus 1, whether its flows are read; the first one stands
    for those that are not known yet.
    """

    def __init__(
        self,
        asked: frozenset[str],
        flows: Flows,
        facts: Facts,
        codes: Mapping[str, int],
        beat: memoryview,
        screen: Screens | None = None,
    ) -> None:
        spoken = readers_for(asked)
        self.asked = asked
        self.messages = Messages()
        self.segments = PACKET in asked
        self.bare = sum(bit for bit, name in ((1, RARE), (2, EMPTY), (4, OTHER)) if name in asked)
        self._headers = HEADERS in asked
        self.tunnels = TUNNEL in asked
        self.checked, self.whole = unseen(asked)
        self.resets_end, self.picked = int(CHUNKED in asked), int(PICKED in asked)
        self.datagrams = PACKET in asked or TUNNEL in asked or bool(DATAGRAMS & spoken)
        self.follows = 2 if STREAM in asked else int(bool(spoken))
        self._sink = Sink(asked, facts, flows)
        self._flows = flows
        self._screen = screen
        self._spellings = [None, *codes]
        self._names = {codes[name]: name for name in spoken if name in codes}
        self._read = np.zeros(len(codes) + 1, np.bool_)  # the last one, which -1 names: not known yet
        self._read[list(self._names)] = True
        self._guesses = {name: looks for name, looks in GUESSES.items() if name in spoken}
        self._read[-1] = bool(spoken)
        self.spoken = np.roll(self._read, 1).view(np.uint8)
        self.endless = np.isin(np.arange(-1, len(codes)), [codes[n] for n in _ENDLESS if n in codes])
        self.endless = self.endless.astype(np.uint8)
        self._known: dict[int, _Known] = {}
        self._over: set[int] = set()
        self._sent = np.zeros(0, np.int64)
        self._beginnings = Beginnings(asked, flows)
        self._transfers = self._holding = 0
        self._beat = beat
        self.guessed: dict[int, str] = {}
        self._gone: list[int] = []
        self._unseen: set[int] = (
            set()
        )  # recognised by a frame that the capture cut: to rules they speak nothing
        self._passed: Raw | None = None
        self._seals = Seals(self._sink)
        self._chunks = Chunks() if CHUNKED in asked else None
        self._ended: list[tuple[int, int]] = []
        turning = [codes[name] for name in TURNING if name in codes]
        self._turning = np.isin(np.arange(-1, len(codes)), turning)  # by code plus 1

    @property
    def left_out(self) -> int:
        """Rows that were too many for their batch."""
        return self._sink.left_out

    def show(self, artifact: Artifact, octets: bytes, whole: bool) -> None:
        """A file or program that a decoder has put together from its transfer; HTTP's bodies are read here already."""
        if artifact.protocol == "http":
            return
        slot = artifact.slot
        asks = int(self._flows.columns["client_side"][slot]) if artifact.side < 0 else artifact.side
        self._transfers += 1
        sink, side = self._sink, asks if artifact.direction == "written" else 1 - asks
        sink.moment = Moment(slot, artifact.source, *artifact.at)
        named = name_of_file(artifact.protocol, artifact.name)
        for buffer, part in file_buffers(octets, named, whole=whole, asked=self.asked):
            sink.put(side, _TRANSFERS + self._transfers, buffer, part)

    def tunnelled(self, slot: int, side: int, packet: Any, octets: bytes) -> None:
        """A packet of a flow came in another one: the headers of that one, up to its own."""
        self._transfers += 1
        moment = Moment(slot, packet.source, packet.time, packet.frame)
        self._sink.put_all([(moment, side, _TRANSFERS + self._transfers, TUNNEL, octets)])

    @property
    def shows(self) -> bool:
        """Whether anybody looks at files."""
        return any(name.startswith("file.") for name in self.asked)

    def late(self) -> list[Row]:
        """Rows of transfers that ended since `take`."""
        return self._sink.take()

    def take(self, ended: Sequence[int] = (), now: int = 0) -> tuple[list[Raw], list[Row]]:
        """Everything since the last time, as columns and as rows; flows that ended now are read to their end.

        now: ns of a clock that goes on with the wire.
        """
        for slot in self._gone:
            self.guessed.pop(slot, None)
        self._gone.clear()
        self.read()
        raw = [*self._looked_at(), *self._chunked(ended)]
        if self._screen is not None:
            raw = [*self._screen.held(now, ended=bool(ended)), *raw]
        for slot in ended:
            self._end(slot)
        return raw, self._sink.take()

    def _chunked(self, ended: Sequence[int]) -> list[Raw]:
        """Chunks of streams that are complete now, as far as anybody asks for them."""
        if self._chunks is None:
            return []
        for slot in ended:
            self._chunks.end(slot, self._last(slot))
        raw = self._chunks.take(headed=self._headers)
        made = None if raw is None else self._picked(raw._replace(joined=self._beginnings.joined(raw.slot)))
        return [made] if made is not None else []

    def read(self) -> None:
        """Hand on to readers what passed; packets and pieces of streams themselves are looked at by `take`."""
        m = self.messages
        if not m.n or self._passed is not None:
            return
        columns = _columns(m)
        piece, packet = (columns["direction"] & bit > 0 for bit in (_PIECE, _PACKET))
        datagrams = packet & (self._flows.columns["transport"][columns["flow"]] != _TCP)
        self._sink.put_all(self._beginnings.of(columns))
        self._feed(
            m, columns, (datagrams & (columns["length"] > 0)) | (piece & (columns["direction"] & LATE == 0))
        )
        shown = self._seals.shown(columns)
        piece &= shown & (STREAM in self.asked)
        packet &= shown & (PACKET in self.asked)
        rows = np.flatnonzero(piece | packet)
        self._passed = self._columns_of(m, columns, rows, piece, packet)

    def _looked_at(self) -> list[Raw]:
        """Datagrams, segments and pieces of streams, in the order in which they came."""
        raw, self._passed = self._passed, None
        if raw is None:
            return []
        made = self._picked(raw) if len(raw.slot) else None
        self.messages.done()
        return [] if made is None else [made]

    def _picked(self, raw: Raw) -> Raw | None:
        """What a screen leaves of it."""
        if self._screen is None:
            return raw
        f = self._flows.columns
        protocol, client = f["protocol"].take(raw.slot), f["client_side"].take(raw.slot)
        states = 2 * protocol.astype(np.int64) + client + 2
        if self.guessed:
            # What becomes known of a flow changes its state, as its protocol does.
            states += 2 * len(self._spellings) * np.isin(raw.slot, list(self.guessed))
        return self._screen.pick(raw, states, self._ends)

    def _ends(self, slot: int, side: int) -> tuple[Any, ...]:
        f, texts = self._flows.columns, self._flows.addresses.texts
        client, transport = int(f["client_side"][slot]), int(f["transport"][slot])
        address, port = (f[name].reshape(-1)[2 * slot : 2 * slot + 2] for name in ("address", "port"))
        pair = int(port[client]) << 16 | int(port[1 - client]) if transport in {_TCP, _UDP} else -1
        both, way = (texts[address[client]], texts[address[1 - client]]), WAYS[side != client]
        begun, told = self.guessed.get(slot), self._spellings[f["protocol"][slot] + 1]
        spoken = begun if begun in {"smtp", ""} else told or begun  # mails go on in TLS
        return transport_word(transport), spoken, *both, way, pair

    def _columns_of(self, m: Messages, columns: dict[str, Any], rows: Any, piece: Any, packet: Any) -> Raw:
        """rows: those that are asked for, as packets, as pieces of streams, or as both."""
        # What no stream has taken in is a packet, and a stream of its own: no other goes on where it ends.
        alone = packet & (columns["direction"] & _WRONG > 0) & (columns["length"] > 0)
        offset = self._offsets(columns, piece, alone)
        if self._chunks is not None:
            self._chunks.add(self._pieces_of(m, columns, np.flatnonzero(piece), offset))
            rows, piece = np.flatnonzero(packet), np.zeros(m.n, np.bool_)
        return Raw(
            kind=(2 * (piece | alone) + packet)[rows] - 1,
            slot=columns["flow"][rows],
            side=columns["side"][rows],
            source=columns["source"][rows],
            time=columns["time"][rows],
            frame=columns["frame"][rows],
            offset=offset[rows],
            begin=columns["offset"][rows],
            length=columns["length"][rows],
            array=m.array,
            network=np.asarray(m.clock)[: m.n][rows] if self._headers else None,
            joined=self._beginnings.joined(columns["flow"][rows]),
        )

    def _pieces_of(self, m: Messages, columns: dict[str, Any], rows: Any, offset: Any) -> Pieces:
        """Those of streams, for chunks. offset: of all messages."""
        said = {name: columns[name][rows] for name in ("side", "source", "time", "frame", "length", "gaps")}
        slots, direction = columns["flow"][rows], columns["direction"][rows]
        torn, late = direction & TORN > 0, direction & LATE > 0
        turns = self._turning[self._flows.columns["protocol"][slots] + 1]
        ends = np.zeros(m.n, np.uint8)
        for row, sides in self._ended:
            ends[row] |= sides
        self._ended.clear()
        begin = columns["offset"][rows]
        return Pieces(
            slot=slots,
            offset=offset[rows],
            begin=begin,
            torn=torn,
            late=late,
            turns=turns,
            ends=ends[rows],
            array=m.array,
            **said,
        )

    def _offsets(self, columns: dict[str, Any], piece: Any, alone: Any) -> Any:
        """Of each piece the octets of its side that were delivered before it."""
        if len(self._sent) < 2 * self._flows.capacity:
            more = 2 * self._flows.capacity - len(self._sent)
            self._sent = np.concatenate((self._sent, np.zeros(more, np.int64)))
        offset = np.empty(len(piece), np.int64)
        passed = (columns[name] for name in ("flow", "side", "length"))
        begin(*passed, piece.view(np.uint8), alone.view(np.uint8), self._sent, offset)
        return offset

    def _feed(self, m: Messages, columns: dict[str, Any], mask: Any) -> None:
        """Hand on the pieces of flows that are read, in order."""
        slots = columns["flow"]
        protocol: Any = self._flows.columns["protocol"][slots]
        cut: list[int] = []
        if self.whole:
            unseen = self._flows.columns["opening"][slots] & _CUT > 0
            protocol, cut = np.where(unseen, -1, protocol), np.unique(slots[unseen]).tolist()
            self._unseen.update(cut)
        if self._read[-1]:
            self._hand_on(m, columns, mask & self._read[protocol])
        for slot in cut:
            self.guessed.setdefault(slot, "")

    def _hand_on(self, m: Messages, columns: dict[str, Any], mask: Any) -> None:
        wanted = np.flatnonzero(mask)
        if not len(wanted):
            return
        self._beat[3] = 1  # heartbeat.BUSY
        names = ("flow", "side", "source", "time", "frame", "gaps", "direction")
        rows = zip(wanted.tolist(), *(columns[name][wanted].tolist() for name in names), strict=True)
        for i, slot, side, source, time, frame, gaps, direction in rows:
            if slot in self._over:
                continue
            self._beat[0] += 1
            self._beat[1], self._beat[2] = source, frame
            self._piece(Moment(slot, source, time, frame), side, m.bytes(i), gaps, torn=direction & TORN > 0)
            self._seals.note(i)
            if self._sink.ended:
                self._ended += [(i, 1 << side) for side in self._sink.ended]
                self._sink.ended.clear()
        self._beat[3] = 0

    def _piece(self, moment: Moment, side: int, octets: bytes, gaps: int, *, torn: bool) -> None:
        slot = moment.slot
        known = self._known.get(slot)
        if known is None:
            known = self._known[slot] = _Known(gaps)
        if known.reader is None and not self._find_reader(slot, known, side, octets):
            self._hold(known, moment, side, octets)
            return
        lost, known.gaps = torn or gaps != known.gaps, gaps
        self._give(known, moment, side, octets, lost=lost)

    def _find_reader(self, slot: int, known: _Known, side: int, octets: bytes) -> bool:
        """Whether a flow has its reader now; what waited for it is read then. octets: the newest of a side."""
        if len(known.begins[side]) < _LOOKED_AT:
            known.begins[side] += octets[:_LOOKED_AT]
        code = -1 if slot in self._unseen else self._flows.columns["protocol"][slot]
        name = self._names.get(code)
        if code < 0 or (name == "tls" and known.begins[side][:1].isalnum()):
            name = self._guess(slot, known.begins[side])  # text before TLS: SMTP goes on in it
        if name is None:
            return False
        known.reader = READERS[name](self._sink, self._flows.columns["transport"][slot] == _TCP)
        held, known.held = known.held, []
        self._holding -= bool(held)
        for moment, whose, before in held:
            self._give(known, moment, whose, before, lost=False)
        return True

    def _guess(self, slot: int, begun: bytes) -> str | None:
        """What a flow that no decoder recognises speaks, by what a side begins with."""
        f = self._flows.columns
        datagrams, ports = f["transport"][slot] != _TCP, f["port"][slot].tolist()
        for name, looks in self._guesses.items():
            if can_be(name, ports, datagrams=datagrams) and looks(begun, datagrams):
                self.guessed[slot] = name
                return name
        return None

    def _hold(self, known: _Known, moment: Moment, side: int, octets: bytes) -> None:
        """Keep the beginning of a flow until it is known what it speaks."""
        known.size += len(octets)
        self._holding += not known.held
        known.held.append((moment, side, octets))
        given_up = known.size > _LOOKED_AT and self._flows.columns["tries"][moment.slot] >= _TRIES
        if (given_up or known.size > MAX_HELD) and not known.begins[1 - side] and known.size < _ONE_SIDED:
            known.held.clear()  # a message's end, where a connection was joined: the other side has yet to speak
            self._holding -= 1
        elif given_up or known.size > MAX_HELD or self._holding > MAX_HOLDING:
            self._drop(moment.slot)

    def _give(self, known: _Known, moment: Moment, side: int, octets: bytes, *, lost: bool) -> None:
        """To its reader; one that raises costs this flow its buffers, no other anything."""
        if known.reader is None:
            return
        self._sink.moment = moment
        try:
            more = known.reader.feed(side, octets, lost=lost)
        except DecodeError as error:
            more = False
            self._sink.fault(self._spoken(moment.slot), error.oddity, octets)
        except Exception as error:  # noqa: BLE001 (a reader's own fault: isolated, reported; the others go on)
            more = False
            self._sink.fault(self._spoken(moment.slot), "decoder-error:" + type(error).__name__, octets)
        if not more:
            self._drop(moment.slot)

    def _spoken(self, slot: int) -> str:
        return self._names.get(self._flows.columns["protocol"][slot], "unknown")

    def _drop(self, slot: int) -> None:
        known = self._known.pop(slot, None)
        if known is not None:
            self._holding -= bool(known.held)
        self._over.add(slot)

    def _end(self, slot: int) -> None:
        """A flow is over; its slot will be another's."""
        known = self._known.pop(slot, None)
        if slot in self.guessed:
            self._gone.append(slot)
        self._over.discard(slot)
        self._unseen.discard(slot)
        self._beginnings.forget(slot)
        self._seals.sealed.discard(slot)
        if self._screen is not None:
            self._screen.over(slot)
        if 2 * slot < len(self._sent):
            self._sent[2 * slot : 2 * slot + 2] = 0
        if known is not None:
            self._holding -= bool(known.held)
            if known.reader is not None:
                self._sink.moment = self._last(slot)
                known.reader.end()
                self._sink.ended.clear()

    def _last(self, slot: int) -> Moment:
        f = self._flows.columns
        return Moment(slot, int(f["last_source"][slot]), int(f["last"][slot]), int(f["last_frame"][slot]))


def _columns(m: Messages) -> dict[str, Any]:
    names = ("flow", "side", "source", "time", "frame", "offset", "length", "direction", "gaps")
    return {name: np.asarray(getattr(m, name))[: m.n] for name in names}
