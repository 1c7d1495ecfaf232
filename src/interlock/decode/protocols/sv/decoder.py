# cython: compiled
"""Sampled values: streams of currents and voltages, some thousand messages a second each.

    Ethernet 0x88BA   | APPID 2 | length 2 | reserved 1 2 | reserved 2 2 | savPdu |
    savPdu [APPLICATION 0]   noASDU 0, security 1, SEQUENCE OF ASDU 2
    ASDU   svID 0, datSet 1, smpCnt 2, confRev 3, refrTm 4, smpSynch 5, smpRate 6, sample 7, smpMod 8, gmIdentity 9

A message is one operation with an item for each ASDU. Samples that are laid out as IEC 61850-9-2LE has them
(INT32, quality of 32 bits, again and again) become values, others stay octets.
A message that differs from one before it of the same stream in smpCnt, refrTm, security and samples alone is not taken
apart again: a `Layout` says where its samples stand, everything else is compared octet for octet (see `_again`).
Over 400 lines because all of it is one compiled module: another would cost every build more than a split would tell.
Source: IEC 61850-9-2 clause 8.5 and annex A; IEC 61869-9 clause 6; UCA implementation guideline 9-2LE, 7.
"""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.mms.data import quality_text
from interlock.decode.protocols.sv.tables import SAMPLED_VALUES
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "SampledValues"]

HEADER, SAV_PDU = 8, 0x60
MAX_KNOWN = 4096
"""Identifiers and qualities that are kept; more than a substation has, all are forgotten then."""
MAX_LAYOUTS, MAX_TWINS, MAX_OCTETS = 1024, 4, 2048
"""Streams whose layout is kept, streams of the same flow, APPID and length, and the longest message that is kept."""
TABLE = "sampled_values"
NUMBERS = {0x82: "smp_cnt", 0x83: "conf_rev", 0x85: "smp_synch", 0x86: "smp_rate", 0x88: "smp_mod"}


class Layout:
    """A message without oddities: what the next one of its stream is compared with, and what it gives then.

    octets: of the message; cuts: the stretches of them that stay (see Cursor.same). Per ASDU: objects, counts (as the
    row has them), begins and sizes of the samples, refreshed (where refrTm stands, or -1), firsts (of its words).
    counter, counter_size: where the first ASDU's smpCnt stands (-1: nowhere). words: quality of each sample, where
    they are samples. Per block of values: block_ends (behind its last word),
    block_objects, block_qualities. generation: of the pool that the codes of objects are from.
    """

    def __init__(self, octets, generation, other):
        self.octets = octets
        self.generation = generation
        self.other = other
        self.counter = -1
        self.counter_size = 0

    def set_asdus(self, cuts, objects, counts, begins, sizes, refreshed):
        """See the class; cuts as pairs."""
        self.cuts = memoryview(np.array(cuts, np.int32).reshape(-1))
        self.objects, self.counts = (
            memoryview(np.array(objects, np.int32)),
            memoryview(np.array(counts, np.int64)),
        )
        self.begins, self.sizes = (
            memoryview(np.array(begins, np.int32)),
            memoryview(np.array(sizes, np.int32)),
        )
        self.refreshed = memoryview(np.array(refreshed, np.int32))

    def set_blocks(self, words, ends, objects, qualities):
        """See the class."""
        self.words, self.block_ends = (
            memoryview(np.array(words, np.int64)),
            memoryview(np.array(ends, np.int32)),
        )
        self.block_objects = memoryview(np.array(objects, np.int32))
        self.block_qualities = memoryview(np.array(qualities, np.int32))


class SampledValues(Decoder):
    """One frame a message. `tag` and `stop` are of the element that was begun last."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.tag = 0
        self.stop = 0
        self.no_asdu = -1
        self.appid = self.length = self.reserved = 0
        self.ids = {}
        self.qualities = {}
        self.generation = 0
        self.detailed = self.facts.wants(TABLE)
        self.refreshed = -1
        self.counter = -1
        self.counter_size = 0
        self.layouts = {}
        self.clean = False
        self.loose, self.asdus = [], []
        self.sample_type = self.names.code("INT32")
        self.raw_type = self.names.code("seqData")

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        self.appid = c.u16be()
        self.length = c.u16be()
        flow: cython.longlong = m.flow[i]
        key: cython.longlong = (flow << 32) | (self.appid << 16) | self.length
        known: Layout = self.layouts.get(key)
        layout: Layout = known
        while layout is not None:
            if self._again(m, i, out, layout):
                return
            layout = layout.other
        c.seek(4)
        self.reserved = c.u32be() >> 16
        end: cython.Py_ssize_t = c.offset() + c.left()
        if self.length < end:
            end = self.length
        self._next(end)
        if self.tag != 0x60:
            raise DecodeError("apdu-unknown", 8)
        self.clean = not self.detailed and end == self.length
        self.loose, self.asdus = [], []
        self.counter = -1
        stop: cython.Py_ssize_t = self.stop
        self._pdu(m, i, out, stop)
        if self.clean and self.asdus and stop <= MAX_OCTETS:
            self._learn(key, known, stop)

    def _learn_blocks(self, layout, names):
        """Qualities of the samples, and the blocks of values that they part into, as `_samples` does."""
        c: Cursor = self.cursor
        words: list = []
        ends: list = []
        objects: list = []
        qualities: list = []
        k: cython.int
        sample: cython.int
        word: cython.longlong
        last: cython.longlong
        for k in range(len(layout.objects)):
            last = -1
            c.seek(layout.begins[k])
            for sample in range(layout.counts[k]):
                c.skip(4)
                word = c.u32be()
                words.append(word)
                if word == last:
                    ends[len(ends) - 1] += 1
                elif self.values.wanted:
                    ends.append(len(words))
                    objects.append(
                        self._object(names[k] + b"[%d]" % int(sample)) if sample else layout.objects[k]
                    )
                    qualities.append(self._quality(word))
                    last = word
        layout.set_blocks(words, ends, objects, qualities)
        return 0

    def _odd(self, m, i, oddity, at):
        """Tell of what is wrong; such a message is no pattern for others."""
        self.clean = False
        self.facts.oddity(m, i, "sampled-values", oddity, at)
        return 0

    def _again(self, m, i, out, layout):
        """Write a message that is laid out as this; False, and nothing is written, where it is not."""
        c: Cursor = self.cursor
        c.seek(0)
        if layout.generation != self.objects.generation or not c.same(layout.octets, layout.cuts):
            return False
        items: cython.int = len(layout.objects)
        k: cython.int
        word: cython.int = 0
        for k in range(items):
            if layout.sizes[k] & 7 == 0:
                if layout.counts[k] < 0:
                    if self._fits(layout.begins[k], layout.sizes[k]):
                        return False
                    continue
                if not self._like(layout, layout.begins[k], word, word + layout.counts[k]):
                    return False
                word += layout.counts[k]
        row: cython.int = out.tell(m, i, self.f, 0)
        out.set_object(row, layout.objects[0], layout.counts[0])
        if layout.counter >= 0:
            c.seek(layout.counter)
            self.stop = layout.counter + layout.counter_size
            out.set_transaction(row, self._number())
        if items > 1:
            out.spread(row, layout.objects, layout.counts)
        if self.values.wanted:
            self._write(m, i, out.operation_of(row), layout)
        return True

    def _like(self, layout, begin, word, end):
        """Whether the qualities of samples at `begin` are words[word:end]; where nobody reads them, any qualities."""
        c: Cursor = self.cursor
        found: cython.longlong
        reserved: cython.longlong = 0xFFFFC000
        c.seek(begin)
        while word < end:
            c.skip(4)
            found = c.u32be()
            if found != layout.words[word] and (self.values.wanted or found & reserved):
                return False
            word += 1
        return True

    def _write(self, m, i, operation, layout):
        """The values of a message that is laid out as this."""
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        k: cython.int
        row: cython.int
        word: cython.int = 0
        end: cython.int = 0
        block: cython.int = 0
        for k in range(len(layout.objects)):
            if layout.counts[k] < 0:
                row = v.block(m, i, self.f.protocol_code, operation, -1, layout.objects[k], 2, self.raw_type)
                c.seek(layout.begins[k])
                v.take_raw(row, c, layout.sizes[k])
                continue
            self.refreshed = -1
            if layout.refreshed[k] >= 0:
                c.seek(layout.refreshed[k])
                self.refreshed = self._time(None)
            c.seek(layout.begins[k])
            end = word + layout.counts[k]
            while word < end:
                row = self._block(m, i, operation, layout.block_objects[block])
                v.set_quality(row, layout.block_qualities[block])
                v.every_other(c, layout.block_ends[block] - word)
                word = layout.block_ends[block]
                block += 1
        return 0

    def _learn(self, key, known, stop):
        """Keep how the message that has just been read is laid out; known: others of the same key.

        A field that is loose is none of the fixed ones: they stand beside each other.
        """
        if len(self.layouts) >= MAX_LAYOUTS and key not in self.layouts:
            self.layouts = {}
        c: Cursor = self.cursor
        c.seek(0)
        layout: Layout = Layout(c.take(stop), self.objects.generation, known)
        edges = [0]
        for begin, end in sorted(self.loose + [(a[2], a[2] + a[3]) for a in self.asdus]):
            edges += [begin, end]
        names, objects, begins, sizes, counts, refreshed = zip(*self.asdus, strict=True)
        layout.counter = self.counter
        layout.counter_size = self.counter_size
        layout.set_asdus([*edges, stop], objects, counts, begins, sizes, refreshed)
        self._learn_blocks(layout, names)
        twin: Layout = layout
        for _ in range(MAX_TWINS - 1):
            twin = twin.other if twin is not None else None
        if twin is not None:
            twin.other = None
        self.layouts[key] = layout

    def _next(self, end):
        """Begin the element at the cursor: sets `tag` (one octet) and `stop`, an offset not behind `end`."""
        c: Cursor = self.cursor
        at: cython.Py_ssize_t = c.offset()
        if at + 2 > end:
            raise DecodeError("truncated", at)
        self.tag = c.u8()
        length: cython.longlong = c.u8()
        if length & 0x80:
            if length == 0x81:
                length = c.u8()
            elif length == 0x82:
                length = c.u16be()
            else:
                raise DecodeError("length-invalid", at)
        self.stop = c.offset() + length
        if self.stop > end:
            raise DecodeError("truncated", at)
        return 0

    def _number(self):
        """The element's content as an unsigned number of at most 32 bits; -1 where it is none."""
        c: Cursor = self.cursor
        width: cython.Py_ssize_t = self.stop - c.offset()
        value: cython.longlong = 0
        if width < 1 or width > 5:
            c.seek(self.stop)
            return -1
        k: cython.Py_ssize_t
        for k in range(width):
            value = (value << 8) | c.u8()
        wrap: cython.longlong = 0xFFFFFFFF
        return value if value <= wrap else -1

    def _pdu(self, m, i, out, end):
        """The fields of a savPdu; its ASDUs are read where they stand."""
        c: Cursor = self.cursor
        row: cython.int = out.tell(m, i, self.f, 0)
        self.no_asdu = -1
        found: cython.int = -1
        while c.offset() < end:
            at: cython.Py_ssize_t = c.offset()
            self._next(end)
            stop: cython.Py_ssize_t = self.stop
            if self.tag == 0x80:
                number: cython.longlong = self._number()
                self.no_asdu = number if 0 <= number < 65536 else -1
            elif self.tag == 0xA2 and found < 0:
                found = self._sequence(m, i, out, row, stop)
            elif self.tag == 0x81:
                self.loose.append((c.offset(), stop))
            else:
                self._odd(m, i, "tag-unexpected", at)
            c.seek(stop)
        if found < 0:
            self._odd(m, i, "field-missing", 8)
        elif found != self.no_asdu:
            self._odd(m, i, "asdus-mismatch", 8)
        return 0

    def _sequence(self, m, i, out, row, end):
        """The ASDUs of a message, an item each; how many."""
        c: Cursor = self.cursor
        index: cython.int = 0
        while c.offset() < end:
            at: cython.Py_ssize_t = c.offset()
            self._next(end)
            stop: cython.Py_ssize_t = self.stop
            if self.tag != 0x30:
                raise DecodeError("tag-unexpected", at)
            self._asdu(m, i, out, row if index == 0 else out.more(row), index, stop)
            c.seek(stop)
            index += 1
        return index

    def _asdu(self, m, i, out, row, index, end):
        # Over 40 lines: one loop over the elements of an ASDU, some thousand times a second, filling typed locals.
        c: Cursor = self.cursor
        name: bytes = b""
        begins: cython.Py_ssize_t = -1
        ends: cython.Py_ssize_t = -1
        number: cython.longlong = 0
        refreshed: cython.Py_ssize_t = -1
        self.refreshed = -1
        fields: dict = {} if self.detailed else None
        while c.offset() < end:
            at: cython.Py_ssize_t = c.offset()
            self._next(end)
            stop: cython.Py_ssize_t = self.stop
            tag: cython.int = self.tag
            if tag == 0x80:
                name = c.take(stop - c.offset())
            elif tag == 0x87:
                begins = c.offset()
                ends = stop
            elif tag < 0x80 or tag > 0x89:
                self._odd(m, i, "tag-unexpected", at)
            elif tag == 0x82 or tag == 0x83 or tag == 0x85 or tag == 0x86 or tag == 0x88:
                if tag == 0x82 and stop - c.offset() <= 4:
                    self.loose.append((c.offset(), stop))
                    if index == 0:
                        self.counter = c.offset()
                        self.counter_size = stop - self.counter
                number = self._number()
                if tag == 0x82 and index == 0 and self.counter >= 0:
                    out.set_transaction(row, number)
                if number < 0:
                    self._odd(m, i, "integer-invalid", at)
                elif fields is not None:
                    fields[NUMBERS[tag]] = number
            elif tag == 0x84 and stop - c.offset() == 8:
                refreshed = c.offset()
                self.loose.append((refreshed, stop))
                self.refreshed = self._time(fields)
            elif fields is not None:
                self._rare(m, i, tag, at, c.take(stop - c.offset()), fields)
            c.seek(stop)
        if name == b"" or begins < 0:
            self._odd(m, i, "field-missing", c.offset())
        code: cython.int = self._object(name) if name != b"" else -1
        out.set_object(row, code, -1)
        if begins >= 0:
            c.seek(begins)
            self.stop = ends
            self._samples(m, i, out, row, code, name)
            self.asdus.append((name, code, begins, ends - begins, out.count_of(row), refreshed))
        if fields is not None:
            if name != b"":
                fields["sv_id"] = name.decode("utf-8", "backslashreplace")
            if begins >= 0:
                c.seek(begins)
                fields["seq_data"] = c.take(ends - begins)
            self._tell(m, i, out, row, index, fields)
        return 0

    def _rare(self, m, i, tag, at, content, fields):
        """Fields that most streams leave out: data set, grandmaster."""
        if tag == 0x81:
            fields["dat_set"] = content.decode("utf-8", "backslashreplace")
        elif tag == 0x84:
            self._odd(m, i, "utc-time-invalid", at)
        elif tag == 0x89:
            fields["gm_identity"] = content

    def _time(self, fields):
        """The refresh time at the cursor (UtcTime), UTC ns."""
        c: Cursor = self.cursor
        second: cython.longlong = c.u32be()
        fraction: cython.longlong = c.u24be()
        quality: cython.int = c.u8()
        when: cython.longlong = second * 1000000000 + ((fraction * 1000000000) >> 24)
        if fields is not None:
            fields["refr_tm"] = when
            fields["refr_tm_quality"] = quality
        return when

    def _object(self, name):
        """The code of a stream's identifier, looked up by its octets."""
        if self.generation != self.objects.generation or len(self.ids) >= 4096:
            self.ids = {}
            self.generation = self.objects.generation
        code = self.ids.get(name)
        if code is None:
            code = self.ids[name] = self.objects.code(name.decode("utf-8", "backslashreplace"))
        return code

    def _fits(self, begin, octets):
        """Whether what stands at `begin` is laid out as 9-2LE has it: reserved bits of a quality are 0."""
        c: Cursor = self.cursor
        k: cython.Py_ssize_t
        reserved: cython.longlong = 0xFFFFC000
        if octets <= 0 or octets & 7:
            return False
        c.seek(begin)
        for k in range(octets // 8):
            c.skip(4)
            if c.u32be() & reserved:
                return False
        return True

    def _samples(self, m, i, out, row, object, name):  # noqa: A002
        """INT32 and quality, again and again, up to `stop`; else octets."""
        c: Cursor = self.cursor
        begin: cython.Py_ssize_t = c.offset()
        octets: cython.Py_ssize_t = self.stop - begin
        k: cython.Py_ssize_t
        fits: cython.bint = self._fits(begin, octets)
        c.seek(begin)
        out.set_object(row, object, octets // 8 if fits else -1)
        if not self.values.wanted:
            return 0
        if not fits:
            block: cython.int = self.values.block(
                m, i, self.f.protocol_code, out.operation_of(row), -1, object, 2, self.raw_type
            )
            self.values.take_raw(block, c, octets)
            return 0
        last: cython.longlong = -1
        for k in range(octets // 8):
            value: cython.longlong = c.i32be()
            word: cython.longlong = c.u32be()
            if word != last:
                code: cython.int = object
                if k:
                    code = self._object(name + b"[%d]" % int(k))
                block = self._block(m, i, out.operation_of(row), code)
                self.values.set_quality(block, self._quality(word))
                last = word
            self.values.number(value)
        return 0

    def _block(self, m, i, operation, object):  # noqa: A002
        block: cython.int = self.values.block(
            m, i, self.f.protocol_code, operation, -1, object, 2, self.sample_type
        )
        if self.refreshed >= 0:
            self.values.set_device_time(block, self.refreshed)
        return block

    def _quality(self, word):
        code = self.qualities.get(word)
        if code is None:
            if len(self.qualities) >= 4096:
                self.qualities = {}
            code = self.qualities[word] = self.names.code(quality_text(int(word)))
        return code

    def _tell(self, m, i, out, row, index, fields):
        vlan: cython.int = self.flows.vlan[m.flow[i]]
        fields["operation"] = out.operation_of(row)
        fields["vlan"] = vlan if vlan >= 0 else None
        fields["appid"] = self.appid
        fields["length"] = self.length
        fields["simulated"] = self.reserved >= 0x8000
        fields["no_asdu"] = self.no_asdu if self.no_asdu >= 0 else None
        fields["asdu"] = index
        self.facts.detail(TABLE, m, i, fields)
        return 0


def _probe(octets, hint):
    """The link type is that of sampled values alone."""
    if hint.transport != "eth" or hint.ethertype != 0x88BA or len(octets) < HEADER + 2:
        return 0
    return 95 if octets[HEADER] == SAV_PDU else 40


SPEC = ProtocolSpec(
    name="sampled-values",
    names=("sampled-values",),
    probe=_probe,
    decoder=SampledValues,
    ethertypes=frozenset({0x88BA}),
    details=(SAMPLED_VALUES,),
    control=True,
)
