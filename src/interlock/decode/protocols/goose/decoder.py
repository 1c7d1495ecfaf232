# cython: compiled
"""GOOSE: what a publisher's data are now, sent to a group when they change and repeated after that.

    Ethernet 0x88B8   | APPID 2 | length 2 | reserved 1 2 | reserved 2 2 | goosePdu |
    goosePdu [APPLICATION 1]   gocbRef 0, timeAllowedtoLive 1, datSet 2, goID 3, t 4, stNum 5, sqNum 6, simulation 7,
                               confRev 8, ndsCom 9, numDatSetEntries 10, allData 11, security 12

A repetition carries the same data as the message before: they are read once and written again from memory.
One that differs from the one before it in t, stNum and sqNum alone is compared octet for octet, not taken apart.
Over UDP port 102 (R-GOOSE, IEC 61850-90-5) the flow is named by its session header.
Source: IEC 61850-8-1 annex A (GOOSE PDU), annex C (frame).
"""

from __future__ import annotations

import json
from typing import Any, Final

import cython
import numpy as np

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.goose.tables import GOOSE
from interlock.decode.protocols.mms.ber import application, element
from interlock.decode.protocols.mms.blocks import Block, blocks_of
from interlock.decode.protocols.mms.data import plain, read_data, utc_time
from interlock.decode.protocols.mms.writer import Writer
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Goose"]

GOOSE_PDU, MANAGEMENT_PDU = 1, 0
REPORTED = 2
HEADER: Final = 8
MANAGEMENT: Final = -1
MAX_PATTERNS: Final = 1024
MAX_OCTETS: Final = 2048
"""Messages that are kept to compare the next ones with, and the longest of them."""
MAX_KNOWN: Final = 64
"""Control blocks of one flow whose last data are kept."""
(
    GOCB_REF,
    LIVE,
    DAT_SET,
    GO_ID,
    T,
    ST_NUM,
    SQ_NUM,
    SIMULATION,
    CONF_REV,
    NDS_COM,
    ENTRIES,
    ALL_DATA,
    SECURITY,
) = range(0x80, 0x8D)
_NUMBERS: Final = {
    LIVE: "time_allowed_to_live",
    ST_NUM: "st_num",
    SQ_NUM: "sq_num",
    CONF_REV: "conf_rev",
    ENTRIES: "num_dat_set_entries",
}
_TEXTS: Final = {GOCB_REF: "gocb_ref", DAT_SET: "dat_set", GO_ID: "go_id"}
_FLAGS: Final = {SIMULATION: "simulation", NDS_COM: "nds_com"}
_NEEDED: Final = (LIVE, DAT_SET, T, ST_NUM, SQ_NUM, CONF_REV, ENTRIES, ALL_DATA)


_ROUTED: Final = {b"\xa0": "r-goose", b"\xa1": "r-goose", b"\xa2": "r-sv", b"\xa3": "r-goose"}
"""Session identifiers of IEC 61850-90-5: tunnelled, GOOSE, sampled values, management."""


class Known:
    """The data of a control block's last message: octets, how many, as JSON, and as blocks of values."""

    def __init__(self, octets: bytes, dat_set: str) -> None:
        """Raises DecodeError where the octets are no data."""
        self.data = read_data(octets, 0, len(octets))
        self.octets = octets
        self.dat_set = dat_set
        self.count = len(self.data)
        self.json: str | None = None
        self.made: list[Block] | None = None

    def shown(self):
        """As JSON; made when it is first asked for."""
        if self.json is None:
            self.json = json.dumps([plain(datum) for datum in self.data], ensure_ascii=False)
        return self.json

    def blocks(self):
        """As blocks of values; made when they are first asked for."""
        if self.made is None:
            self.made = blocks_of(self.data, [f"{self.dat_set}[{k}]" for k in range(self.count)])
        return self.made


class Pattern:
    """A message without oddities: one that differs from it in t, stNum and sqNum alone needs no taking apart.

    octets, cuts: what stays (see Cursor.same). loose: where the content of t, stNum and sqNum begins and ends.
    row: of the table; known: its data. code, generation: of the control block's name in the pool of objects.
    """

    def __init__(
        self, octets: bytes, loose: tuple[tuple[int, int], ...], row: dict[str, Any], known: Known
    ) -> None:
        edges = [0, *(edge for pair in sorted(loose) for edge in pair), len(octets)]
        self.octets, self.loose, self.row, self.known = octets, loose, row, known
        self.reference = row["gocb_ref"]
        cuts: Any = np.array(edges, np.int32)
        self.cuts = memoryview(cuts)
        self.code = self.generation = -1


class Goose(Decoder):
    """One frame a message; a row each, repetitions too."""

    def __init__(self, spec: Any, tools: Any) -> None:
        Decoder.__init__(self, spec, tools)
        self.writer = Writer(tools, self.f.protocol_code)
        self.patterns: dict[int, Pattern] = {}
        self.clean = False
        self.detailed = self.facts.wants("goose")

    def message(self, m, i, out):
        """See Decoder.message."""
        slot: cython.longlong = m.flow[i]
        if self.flows.transport[slot] < 0x10000:
            self._routed(m, i, m.bytes(i))
            return
        self.protocol = "goose"
        key: cython.longlong = -1
        if m.length[i] >= 8:
            key = (slot << 32) | self.cursor.u32be()
            pattern: Pattern = self.patterns.get(key)
            if pattern is not None and self._again(m, i, out, pattern):
                return
        self._whole(m, i, out, key, m.bytes(i))

    def _whole(self, m: Any, i: Any, out: Any, key: Any, octets: bytes) -> None:
        """Take a message apart; key: what it is kept under for the next ones."""
        self.clean = True
        if len(octets) < HEADER + 2:
            raise DecodeError("truncated", len(octets))
        length = octets[2] << 8 | octets[3]
        if length < HEADER:
            raise DecodeError("length-invalid", 2)
        end = min(length, len(octets))
        fields: dict[int, tuple[int, int]] = {}
        broken = self._fields(octets, end, fields)
        if fields.get(MANAGEMENT) is not None:
            out.tell(m, i, self.f, MANAGEMENT_PDU)
            return
        if GOCB_REF not in fields:
            raise broken or DecodeError("field-missing", HEADER)
        row = {
            "appid": octets[0] << 8 | octets[1],
            "length": length,
            "simulated": octets[4] >= 0x80,
            "signed": SECURITY in fields,
        }
        known = self._row(m, i, out, octets, fields, row, broken)
        if self.clean and known is not None and length <= len(octets):
            self._learn(key, octets, fields, row, known)

    def _again(self, m, i, out, pattern):
        """Write a message that is laid out as this; False, and nothing is written, where it is not.

        The flow must hold the same data still, as the full way would find them there.
        """
        c: Cursor = self.cursor
        c.seek(0)
        state: dict = self.flows.state[m.flow[i]]
        if state is None or state.get(pattern.reference) is not pattern.known:
            return False
        if not c.same(pattern.octets, pattern.cuts):
            return False
        row: cython.int = out.tell(m, i, self.f, 1)
        if pattern.generation != self.objects.generation:
            pattern.code = self.objects.code(pattern.reference)
            pattern.generation = self.objects.generation
        out.set_object(row, pattern.code, pattern.known.count)
        if self.detailed or self.values.wanted:
            fresh = pattern.row.copy() if self.detailed else {}
            t, st_num, sq_num = (
                self._content(*pattern.loose[0]),
                self._content(*pattern.loose[1]),
                self._content(*pattern.loose[2]),
            )
            fresh["t"], fresh["t_quality"] = utc_time(t)
            fresh["st_num"], fresh["sq_num"] = int.from_bytes(st_num, "big"), int.from_bytes(sq_num, "big")
            self._tell(m, i, out.operation_of(row), fresh, pattern.known)
        return True

    def _content(self, begin: Any, end: Any) -> bytes:
        self.cursor.seek(begin)
        return self.cursor.take(end - begin)

    def _learn(
        self, key: Any, octets: bytes, fields: dict[int, tuple[int, int]], row: dict[str, Any], known: Known
    ) -> None:
        """Keep a message that had nothing wrong; its mandatory fields are there and well formed."""
        stop = row["length"]
        loose = (fields[T], fields[ST_NUM], fields[SQ_NUM])
        tags = zip(loose, (T, ST_NUM, SQ_NUM), strict=True)
        if stop > MAX_OCTETS or any(
            octets[begin - 2] != tag or octets[begin - 1] != end - begin for (begin, end), tag in tags
        ):
            return  # too long, or a length whose own end depends on the content
        if len(self.patterns) >= MAX_PATTERNS:
            self.patterns.clear()
        self.patterns[key] = Pattern(octets[:stop], loose, row, known)

    def _odd(self, m: Any, i: Any, oddity: str, offset: Any) -> None:
        """Tell of what is wrong; such a message is no pattern for others."""
        self.clean = False
        self.facts.oddity(m, i, "goose", oddity, offset)

    def _routed(self, m: Any, i: Any, octets: bytes) -> None:
        """Name the flow by the session header: CLTP unit data (1, 0x40), then the kind of payload."""
        self.protocol = "r-goose"
        if octets[:2] != b"\x01\x40" or octets[2:3] not in _ROUTED:
            raise DecodeError("session-unknown", 0)
        self.flows.protocol[m.flow[i]] = self.tools.codes[_ROUTED[octets[2:3]]]

    def _fields(self, octets: bytes, end: Any, fields: dict[int, tuple[int, int]]) -> DecodeError | None:
        """Find where each field's content stands; MANAGEMENT stands for a PDU of GSE management.

        What stops the walk is given back, so that the fields before it still count.
        """
        try:
            tag, at, stop, _ = element(octets, HEADER, end)
            if tag == application(MANAGEMENT_PDU):
                fields[MANAGEMENT] = (at, stop)
                return None
            if tag != application(GOOSE_PDU):
                return DecodeError("apdu-unknown", HEADER)
            while at < stop:
                head = at
                tag, start, content, at = element(octets, at, stop)
                if tag < GOCB_REF or tag > SECURITY or tag in fields:
                    return DecodeError("tag-unexpected", head)
                fields[tag] = (start, content)
        except DecodeError as error:
            self._salvage(octets, end, fields)
            return error
        return None

    def _salvage(self, octets: bytes, end: Any, fields: dict[int, tuple[int, int]]) -> None:
        """Fields of a PDU whose own length passes what was captured, up to the one that is cut."""
        if fields or octets[HEADER] != 0x61:
            return
        at = HEADER + 2 + (octets[HEADER + 1] & 0x7F if octets[HEADER + 1] & 0x80 else 0)
        try:
            while at < end:
                tag, start, stop, at = element(octets, at, end)
                if tag < GOCB_REF or tag > SECURITY or tag in fields:
                    return
                fields[tag] = (start, stop)
        except DecodeError:
            return

    def _row(
        self,
        m: Any,
        i: Any,
        out: Any,
        octets: bytes,
        fields: dict[int, tuple[int, int]],
        row: dict[str, Any],
        broken: DecodeError | None,
    ) -> Known | None:
        oddity = self._odd
        if broken is not None:
            oddity(m, i, broken.oddity, broken.offset)
        elif not all(tag in fields for tag in _NEEDED):
            oddity(m, i, "field-missing", HEADER)
        for tag, name in _TEXTS.items():
            if tag in fields:
                start, stop = fields[tag]
                row[name] = octets[start:stop].decode("utf-8", "backslashreplace")
        for tag, name in _NUMBERS.items():
            if tag in fields:
                start, stop = fields[tag]
                number = int.from_bytes(octets[start:stop], "big")
                if start < stop and number < 1 << 64:
                    row[name] = number
                else:
                    oddity(m, i, "integer-invalid", start)
        for tag, name in _FLAGS.items():
            if tag in fields:
                start, stop = fields[tag]
                row[name] = octets[start] != 0 if start < stop else None
        self._time(m, i, octets, fields, row)
        known = self._data(m, i, octets, fields, row)
        operation = out.tell(m, i, self.f, GOOSE_PDU)
        count = known.count if known else -1
        out.set_object(operation, self.objects.code(row["gocb_ref"]), count)
        self._tell(m, i, out.operation_of(operation), row, known)
        return known

    def _time(
        self, m: Any, i: Any, octets: bytes, fields: dict[int, tuple[int, int]], row: dict[str, Any]
    ) -> None:
        if T not in fields:
            return
        start, stop = fields[T]
        if stop - start == 8:
            row["t"], row["t_quality"] = utc_time(octets[start:stop])
        else:
            self._odd(m, i, "utc-time-invalid", start)

    def _data(
        self, m: Any, i: Any, octets: bytes, fields: dict[int, tuple[int, int]], row: dict[str, Any]
    ) -> Known | None:
        """The message's data, from memory where they are those of the control block's last message."""
        if ALL_DATA not in fields:
            return None
        start, stop = fields[ALL_DATA]
        state = self.flows.state[m.flow[i]]
        if state is None:
            state = self.flows.state[m.flow[i]] = {}
        reference = row["gocb_ref"]
        name = row.get("dat_set") or reference
        known: Known | None = state.get(reference)
        content = octets[start:stop]
        if known is None or known.octets != content or known.dat_set != name:
            try:
                fresh = Known(content, name)
            except DecodeError as error:
                self._odd(m, i, error.oddity, start + error.offset)
                row["all_data_octets"] = content
                return None
            if known is None:
                self._first(m, i, state, reference)
            known = state[reference] = fresh
        if row.get("num_dat_set_entries", known.count) != known.count:
            self._odd(m, i, "entries-mismatch", start)
        return known

    def _first(self, m: Any, i: Any, state: dict[str, Known], reference: str) -> None:
        """A control block that was not known: the logical device in its reference names the sender."""
        if len(state) >= MAX_KNOWN:
            state.clear()
        device = reference.partition("/")[0]
        self.facts.clue(m, i, self.facts.sender(m, i), "name", device, "goose", 0.4)

    def _tell(self, m: Any, i: Any, operation: Any, row: dict[str, Any], known: Known | None) -> None:
        if known is not None and self.values.wanted:
            self.writer.write(m, i, operation, known.blocks(), REPORTED, row.get("t"))
        if self.detailed:
            vlan = self.flows.vlan[m.flow[i]]
            row["operation"] = operation
            row["vlan"] = vlan if vlan >= 0 else None
            row["entries"] = known.count if known else 0
            if known is not None:
                row["all_data"], row["all_data_octets"] = known.shown(), known.octets
            self.facts.detail("goose", m, i, row)


def _probe(octets: bytes, hint: Any) -> int:
    """The link type is GOOSE's alone; its APDU is one of two. Over UDP the session header is told by its constants."""
    if hint.transport == "udp":
        routed = octets[:2] == b"\x01\x40" and octets[2:3] in _ROUTED and octets[4:5] == b"\x80"
        return 90 if routed and 102 in (hint.source_port, hint.target_port) else 0
    if hint.transport != "eth" or hint.ethertype != 0x88B8 or len(octets) < HEADER + 2:
        return 0
    return 95 if octets[HEADER] in (0x60, 0x61) else 40


SPEC = ProtocolSpec(
    name="goose",
    names=("goose", "r-goose", "r-sv"),
    probe=_probe,
    decoder=Goose,
    udp=frozenset({102}),
    ethertypes=frozenset({0x88B8}),
    details=(GOOSE,),
    control=True,
)
