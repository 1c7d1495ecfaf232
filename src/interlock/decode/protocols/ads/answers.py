"""What an ADS answer or notification tells: results, handles, values (raw: no type on the wire), identity.

Source: Beckhoff TE1000, "Specification of the ADS/AMS protocol" and "Sum commands".
"""

from __future__ import annotations

import re
import struct
from typing import Final

from interlock.decode.protocols.ads import groups
from interlock.decode.protocols.ads.requests import MAX_ITEMS, MAX_RAW
from interlock.decode.sheet import REFUSED
from interlock.decode.values import READ, REPORTED

__all__ = ["Answers"]

_EPOCH_100NS: Final = 116_444_736_000_000_000
"""1970 in 100 ns since 1601 (FILETIME)."""
_LAST_100NS: Final = _EPOCH_100NS + (1 << 63) // 100
_DESCRIBED: Final = (
    (re.compile(rb"<TargetType>([^<]{1,64})</TargetType>"), "product"),
    (re.compile(rb"<SerialNo>([^<]{1,64})</SerialNo>"), "serial"),
    (re.compile(rb"<ImageVersion>([^<]{1,64})</ImageVersion>"), "firmware"),
)
"""The target description (system service, index group 700) and the clue each element is."""


class Answers:
    """Reads an answer's data behind its result."""

    def __init__(self, decoder):
        """decoder: the Ads decoder, whose cursor stands behind the result."""
        self.d = decoder
        self._readers = {
            1: self._device, 2: self._read, 6: self._subscribed, 9: self._read,
        }  # fmt: skip

    def say(self, m, i, out, row, command, device, note):
        """note: what the request left; None where it was not seen."""
        read = self._readers.get(command)
        if read is not None:
            read(m, i, out, row, device, note)

    def _raw(self, m, i, out, row, name, octets, direction=READ):
        d = self.d
        if not d.values.wanted:
            return -1
        code = -1 if name is None else d.objects.code(name)
        block = d.values.block(
            m, i, d.f.protocol_code, out.operation_of(row), out.unit_of(row), code, direction, d.octets
        )
        d.values.set_raw(block, octets[:MAX_RAW])
        return block

    def _device(self, m, i, out, row, device, note):
        """Major 1, minor 1, build 2, name 16."""
        c, d = self.d.cursor, self.d
        major, minor, build = struct.unpack("<BBH", c.take(4))
        name = c.take(16).partition(b"\0")[0].decode("latin-1").strip()
        who = d.facts.sender(m, i)
        d.facts.clue(m, i, who, "software", f"{name} {major}.{minor}.{build}".strip(), "ads", 0.9)
        d.facts.clue(m, i, who, "vendor", "Beckhoff", "ads", 0.6)

    def _subscribed(self, m, i, out, row, device, note):
        handle = self.d.cursor.u32le()
        if note is not None:
            self.d.handles(m, i).subscribe(device, handle, note[2])

    def _read(self, m, i, out, row, device, note):
        """Length 4, then the value."""
        c, d = self.d.cursor, self.d
        length = c.u32le()
        if length != c.left():
            d.facts.oddity(m, i, "ads", "length-mismatch", c.offset() - 4)
        octets = c.take(min(length, c.left()))
        if note is None:
            if octets:
                self._raw(m, i, out, row, None, octets)
            return
        group, _, name = note
        if isinstance(name, list):
            self._sum(m, i, out, row, device, group, name, octets)
        elif group == groups.HANDLE_BY_NAME and len(octets) == 4:
            d.handles(m, i).name(device, int.from_bytes(octets, "little"), name)
        elif octets:
            self._raw(m, i, out, row, name, octets)
            if group == 700:
                self._described(m, i, octets)

    def _described(self, m, i, octets):
        who = self.d.facts.sender(m, i)
        for pattern, field in _DESCRIBED:
            found = pattern.search(octets)
            if found:
                self.d.facts.clue(m, i, who, field, found[1].decode("latin-1"), "ads", 0.9)

    def _sum(self, m, i, out, row, device, group, items, octets):
        """Results of all sub-commands first (with their lengths where the group says so), then the data."""
        paired = (
            group == groups.SUM_READ_WRITE
            or group in groups.SUM_READ_EX
            or group == groups.SUM_ADD_NOTIFICATION
        )
        width = 8 if paired else 4
        if len(octets) < width * len(items):
            self.d.facts.oddity(m, i, "ads", "sum-too-short", 0)
            return
        at = width * len(items)
        for k, (sub, _, length, name) in enumerate(items):
            result = int.from_bytes(octets[width * k : width * k + 4], "little")
            second = int.from_bytes(octets[width * k + 4 : width * k + 8], "little") if paired else length
            if result:
                out.settle_item(row, k, REFUSED, result & 0x7FFFFFFF)
            if group == groups.SUM_ADD_NOTIFICATION:
                if not result:
                    self.d.handles(m, i).subscribe(device, second, name)
                continue
            if group in (groups.SUM_WRITE, groups.SUM_DELETE_NOTIFICATION):
                continue
            data = octets[at : at + second]
            at += second
            if not result and data:
                self._item(m, i, out, row, device, sub, name, data)

    def _item(self, m, i, out, row, device, sub, name, data):
        if sub == groups.HANDLE_BY_NAME and len(data) == 4:
            self.d.handles(m, i).name(device, int.from_bytes(data, "little"), name)
        else:
            self._raw(m, i, out, row, name, data)

    def notification(self, m, i, out, row, device):
        """Length 4, stamps 4, then per stamp its FILETIME 8, samples 4, and per sample handle 4, size 4, data."""
        c, handles = self.d.cursor, self.d.handles(m, i)
        c.skip(4)
        first, left = True, MAX_ITEMS
        for _ in range(c.u32le()):
            if c.left() < 12 or not left:
                return
            stamp = c.u64le()
            for _ in range(c.u32le()):
                if c.left() < 8 or not left:
                    return
                handle, size = c.u32le(), c.u32le()
                name = handles.notification(device, handle)
                out.set_object(row if first else out.more(row), self.d.objects.code(name), size)
                block = self._raw(m, i, out, row, name, c.take(size), REPORTED)
                if block >= 0 and _EPOCH_100NS < stamp < _LAST_100NS:
                    self.d.values.set_device_time(block, (stamp - _EPOCH_100NS) * 100)
                first, left = False, left - 1
