"""What an ADS request is about: objects, sum commands unfolded into items, and what it writes.

Source: Beckhoff TE1000, "Specification of the ADS/AMS protocol" and "Sum commands".
"""

from __future__ import annotations

import struct
from typing import Final

from interlock.decode.protocols.ads import groups
from interlock.decode.values import WRITTEN
from interlock.records.vocabulary import VERBS

__all__ = ["MAX_ITEMS", "MAX_RAW", "Requests"]

MAX_ITEMS: Final = 512
"""Sub-commands of a sum command; TwinCAT takes up to 500."""

MAX_RAW: Final = 4096
"""Octets of a value that are kept: whole symbol tables and files are read through the same commands."""

_VERB: Final = {name: index for index, name in enumerate(VERBS)}
_STATES: Final = {
    0: ("INVALID", None), 1: ("IDLE", None), 2: ("RESET", "reset"), 3: ("INIT", "reset"), 4: ("START", "start"),
    5: ("RUN", "start"), 6: ("STOP", "stop"), 7: ("SAVECFG", "configure"), 8: ("LOADCFG", "configure"),
    9: ("POWERFAILURE", None), 10: ("POWERGOOD", None), 11: ("ERROR", None), 12: ("SHUTDOWN", "stop"),
    13: ("SUSPEND", "stop"), 14: ("RESUME", "start"), 15: ("CONFIG", "mode-set"), 16: ("RECONFIG", "mode-set"),
    17: ("STOPPING", "stop"),
}  # fmt: skip


class Requests:
    """Reads a request's data and leaves in the notes of its operation what the answer needs."""

    def __init__(self, decoder):
        """decoder: the Ads decoder, whose cursor stands on the data."""
        self.d = decoder
        self._readers = {
            2: self._read, 3: self._write, 5: self._control, 6: self._subscribe, 7: self._unsubscribe,
            9: self._read_write,
        }  # fmt: skip

    def say(self, m, i, out, row, command, device, port):
        """device: code of the unit; port: its AMS port."""
        read = self._readers.get(command)
        if read is not None:
            read(m, i, out, row, device, port)

    def object(self, handles, group, offset, device, port):
        """The object's name."""
        if group == groups.VALUE_BY_HANDLE:
            return handles.symbol(device, offset)
        return groups.object_text(group, offset, port)

    def _say(self, out, row, name, count, command, group, port):
        out.set_object(row, self.d.objects.code(name), count)
        verb = groups.verb_name(command, group, port)
        if verb is not None:
            out.set_verb(row, _VERB[verb])

    def _written(self, m, i, out, row, name, octets):
        v = self.d.values
        if v.wanted and octets:
            block = v.block(
                m, i, self.d.f.protocol_code, out.operation_of(row), out.unit_of(row), self.d.objects.code(name),
                WRITTEN, self.d.octets,
            )  # fmt: skip
            v.set_raw(block, octets[:MAX_RAW])

    def _read(self, m, i, out, row, device, port):
        group, offset, length = struct.unpack("<III", self.d.cursor.take(12))
        name = self.object(self.d.handles(m, i), group, offset, device, port)
        self._say(out, row, name, length, 2, group, port)
        out.notes[out.operation_of(row)] = (group, offset, name)

    def _write(self, m, i, out, row, device, port):
        c = self.d.cursor
        group, offset, length = struct.unpack("<III", c.take(12))
        handles = self.d.handles(m, i)
        octets = c.take(min(length, c.left()))
        if group == groups.RELEASE_HANDLE and len(octets) >= 4:
            handle = int.from_bytes(octets[:4], "little")
            self._say(out, row, handles.symbol(device, handle), 1, 3, group, port)
            handles.release(device, handle)
            return
        name = self.object(handles, group, offset, device, port)
        self._say(out, row, name, length, 3, group, port)
        self._written(m, i, out, row, name, octets)

    def _control(self, m, i, out, row, device, port):
        """ADS state 2, device state 2, length 4, data: what the state means is the verb."""
        state, _ = struct.unpack("<HH", self.d.cursor.take(4))
        name, verb = _STATES.get(state, (str(state), None))
        out.set_object(row, self.d.objects.code("state:" + name), 1)
        if verb is not None:
            out.set_verb(row, _VERB[verb])

    def _subscribe(self, m, i, out, row, device, port):
        """Group, offset, length, transmission mode, maximum delay, cycle time, reserved 16."""
        group, offset, length = struct.unpack("<III", self.d.cursor.take(12))
        name = self.object(self.d.handles(m, i), group, offset, device, port)
        out.set_object(row, self.d.objects.code(name), length)
        out.notes[out.operation_of(row)] = (group, offset, name)

    def _unsubscribe(self, m, i, out, row, device, port):
        name = self.d.handles(m, i).unsubscribe(device, self.d.cursor.u32le())
        out.set_object(row, self.d.objects.code(name), 1)

    def _read_write(self, m, i, out, row, device, port):
        c = self.d.cursor
        group, offset, length, written = struct.unpack("<IIII", c.take(16))
        octets = c.take(min(written, c.left()))
        if 0xF080 <= group <= 0xF086:
            self._sum(m, i, out, row, device, port, group, offset, octets)
            return
        if group in (groups.HANDLE_BY_NAME, groups.VALUE_BY_NAME, 0xF007, 0xF009):
            name = _text(octets)
        elif group == 200 and port == groups.SYSTEM_SERVICE:
            name = "registry:" + _text(octets)
        elif 110 <= group <= 139 and port == groups.SYSTEM_SERVICE:
            name = f"{groups.object_text(group, offset, port)}:{_text(octets)}" if group != 123 else "file"
        else:
            name = self.object(self.d.handles(m, i), group, offset, device, port)
            self._written(m, i, out, row, name, octets)
        self._say(out, row, name, max(length, 1), 9, group, port)
        out.notes[out.operation_of(row)] = (group, offset, name)

    def _sum(self, m, i, out, row, device, port, group, count, octets):
        """Each sub-command is an item; `notes` keeps (group, offset, length, name) of all."""
        handles = self.d.handles(m, i)
        width = {
            groups.SUM_READ_WRITE: 16,
            groups.SUM_ADD_NOTIFICATION: 40,
            groups.SUM_DELETE_NOTIFICATION: 4,
        }.get(group, 12)
        count = min(count, MAX_ITEMS, len(octets) // width)
        at, items = count * width, []
        for k in range(count):
            item = row if k == 0 else out.more(row)
            if group == groups.SUM_DELETE_NOTIFICATION:
                (handle,) = struct.unpack_from("<I", octets, 4 * k)
                name, place = handles.unsubscribe(device, handle), (0, 0, 0)
            else:
                place = struct.unpack_from("<III", octets, width * k)
                name = self.object(handles, place[0], place[1], device, port)
            written = 0
            if group == groups.SUM_WRITE:
                written = place[2]
            elif group == groups.SUM_READ_WRITE:
                (written,) = struct.unpack_from("<I", octets, width * k + 12)
            data = octets[at : at + written]
            at += written
            name = self._sub(m, i, out, item, group, place, name, data, port)
            items.append((*place, name))
        out.notes[out.operation_of(row)] = (group, count, items)

    def _sub(self, m, i, out, item, group, place, name, data, port):
        verb = "read"
        if group == groups.SUM_WRITE:
            verb = "write"
            self._written(m, i, out, item, name, data)
        elif group == groups.SUM_READ_WRITE:
            verb = groups.verb_name(9, place[0], port) or "write"
            if place[0] in (groups.HANDLE_BY_NAME, groups.VALUE_BY_NAME, 0xF007, 0xF009):
                name = _text(data)
            else:
                self._written(m, i, out, item, name, data)
        elif group in (groups.SUM_ADD_NOTIFICATION, groups.SUM_DELETE_NOTIFICATION):
            verb = "subscribe"
        out.set_object(item, self.d.objects.code(name), max(place[2], 1))
        out.set_verb(item, _VERB[verb])
        return name


def _text(octets):
    return octets.partition(b"\0")[0].decode("latin-1")[:256]
