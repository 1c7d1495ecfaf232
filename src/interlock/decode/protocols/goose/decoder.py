"""GOOSE: what a publisher's data are now, sent to a group when they change and repeated after that.

    Ethernet 0x88B8   | APPID 2 | length 2 | reserved 1 2 | reserved 2 2 | goosePdu |
    goosePdu [APPLICATION 1]   gocbRef 0, timeAllowedtoLive 1, datSet 2, goID 3, t 4, stNum 5, sqNum 6, simulation 7,
                               confRev 8, ndsCom 9, numDatSetEntries 10, allData 11, security 12

A repetition carries the same data as the message before: they are read once and written again from memory.
Over UDP port 102 (R-GOOSE, IEC 61850-90-5) the flow is named by its session header.
Source: IEC 61850-8-1 annex A (GOOSE PDU), annex C (frame).
"""

from __future__ import annotations

import json
from typing import Any, Final

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.goose.tables import GOOSE
from interlock.decode.protocols.mms.ber import application, element
from interlock.decode.protocols.mms.blocks import Writer, blocks_of
from interlock.decode.protocols.mms.data import plain, read_data, utc_time
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Goose"]

GOOSE_PDU, MANAGEMENT_PDU = 1, 0
REPORTED = 2
HEADER: Final = 8
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

    __slots__ = ("blocks", "count", "dat_set", "octets", "shown")

    def __init__(self, octets: bytes, dat_set: str) -> None:
        """Raises DecodeError where the octets are no data."""
        data = read_data(octets, 0, len(octets))
        self.octets = octets
        self.dat_set = dat_set
        self.count = len(data)
        self.shown = json.dumps([plain(datum) for datum in data], ensure_ascii=False)
        self.blocks = blocks_of(data, [f"{dat_set}[{k}]" for k in range(len(data))])


class Goose(Decoder):
    """One frame a message; a row each, repetitions too."""

    def __init__(self, spec: Any, tools: Any) -> None:
        Decoder.__init__(self, spec, tools)
        self.writer = Writer(tools, self.f.protocol_code)

    def message(self, m: Any, i: int, out: Any) -> None:
        """See Decoder.message."""
        octets = m.bytes(i)
        if self.flows.transport[m.flow[i]] < 0x10000:
            self._routed(m, i, octets)
            return
        self.protocol = "goose"
        if len(octets) < HEADER + 2:
            raise DecodeError("truncated", len(octets))
        length = octets[2] << 8 | octets[3]
        if length < HEADER:
            raise DecodeError("length-invalid", 2)
        end = min(length, len(octets))
        fields: dict[int, tuple[int, int]] = {}
        broken = self._fields(octets, end, fields)
        if fields.get(-1) is not None:
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
        self._row(m, i, out, octets, fields, row, broken)

    def _routed(self, m: Any, i: int, octets: bytes) -> None:
        """Name the flow by the session header: CLTP unit data (1, 0x40), then the kind of payload."""
        self.protocol = "r-goose"
        if octets[:2] != b"\x01\x40" or octets[2:3] not in _ROUTED:
            raise DecodeError("session-unknown", 0)
        self.flows.protocol[m.flow[i]] = self.tools.codes[_ROUTED[octets[2:3]]]

    def _fields(self, octets: bytes, end: int, fields: dict[int, tuple[int, int]]) -> DecodeError | None:
        """Find where each field's content stands; -1 stands for a PDU of GSE management.

        What stops the walk is given back, so that the fields before it still count.
        """
        try:
            tag, at, stop, _ = element(octets, HEADER, end)
            if tag == application(MANAGEMENT_PDU):
                fields[-1] = (at, stop)
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

    def _salvage(self, octets: bytes, end: int, fields: dict[int, tuple[int, int]]) -> None:
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
        i: int,
        out: Any,
        octets: bytes,
        fields: dict[int, tuple[int, int]],
        row: dict[str, Any],
        broken: DecodeError | None,
    ) -> None:
        oddity = self.facts.oddity
        if broken is not None:
            oddity(m, i, "goose", broken.oddity, broken.offset)
        elif not all(tag in fields for tag in _NEEDED):
            oddity(m, i, "goose", "field-missing", HEADER)
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
                    oddity(m, i, "goose", "integer-invalid", start)
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

    def _time(
        self, m: Any, i: int, octets: bytes, fields: dict[int, tuple[int, int]], row: dict[str, Any]
    ) -> None:
        if T not in fields:
            return
        start, stop = fields[T]
        if stop - start == 8:
            row["t"], row["t_quality"] = utc_time(octets[start:stop])
        else:
            self.facts.oddity(m, i, "goose", "utc-time-invalid", start)

    def _data(
        self, m: Any, i: int, octets: bytes, fields: dict[int, tuple[int, int]], row: dict[str, Any]
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
                self.facts.oddity(m, i, "goose", error.oddity, start + error.offset)
                row["all_data_octets"] = content
                return None
            if known is None:
                self._first(m, i, state, reference)
            known = state[reference] = fresh
        if row.get("num_dat_set_entries", known.count) != known.count:
            self.facts.oddity(m, i, "goose", "entries-mismatch", start)
        return known

    def _first(self, m: Any, i: int, state: dict[str, Known], reference: str) -> None:
        """A control block that was not known: the logical device in its reference names the sender."""
        if len(state) >= MAX_KNOWN:
            state.clear()
        device = reference.partition("/")[0]
        self.facts.clue(m, i, self.facts.sender(m, i), "name", device, "goose", 0.4)

    def _tell(self, m: Any, i: int, operation: int, row: dict[str, Any], known: Known | None) -> None:
        if known is not None and self.values.wanted:
            self.writer.write(m, i, operation, known.blocks, REPORTED, row.get("t"))
        if self.facts.wants("goose"):
            vlan = self.flows.vlan[m.flow[i]]
            row["operation"] = operation
            row["vlan"] = vlan if vlan >= 0 else None
            row["entries"] = known.count if known else 0
            if known is not None:
                row["all_data"], row["all_data_octets"] = known.shown, known.octets
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
