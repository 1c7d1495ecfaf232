"""Independent writers of pcap and pcapng: what the readers are proved against."""

from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass, field

import zstandard

PCAP_MAGICS = {1000: 0xA1B2C3D4, 1: 0xA1B23C4D}
MODIFIED_MAGIC = 0xA1B2CD34


@dataclass(frozen=True)
class Packet:
    """time in ns; `lacking`: octets that the snapshot length cost; interface: pcapng only."""

    time: int
    octets: bytes
    lacking: int = 0
    interface: int = 0
    kind: str = "enhanced"


@dataclass(frozen=True)
class Interface:
    """tsresol: the option's octet, None leaves the option out (microseconds)."""

    linktype: int = 1
    snaplen: int = 0
    tsresol: int | None = None
    tsoffset: int | None = None

    @property
    def ticks_per_second(self) -> int:
        resol = 6 if self.tsresol is None else self.tsresol
        return 2 ** (resol & 0x7F) if resol & 0x80 else 10**resol

    def ticks(self, time: int) -> int:
        return (time - (self.tsoffset or 0) * 10**9) * self.ticks_per_second // 10**9

    def read_back(self, time: int) -> int:
        """The time that survives the interface's resolution, in exact arithmetic."""
        return self.ticks(time) * 10**9 // self.ticks_per_second + (self.tsoffset or 0) * 10**9


@dataclass(frozen=True)
class Section:
    order: str
    interfaces: tuple[Interface, ...]
    packets: tuple[Packet, ...]
    noise: bool = False
    drops: tuple[int, ...] = field(default=())


def pcap(packets, order="<", unit_ns=1000, linktype=1, modified=False) -> bytes:
    magic = MODIFIED_MAGIC if modified else PCAP_MAGICS[unit_ns]
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, linktype)]
    for p in packets:
        seconds, rest = divmod(p.time, 10**9)
        lengths = (len(p.octets), len(p.octets) + p.lacking)
        out.append(struct.pack(order + "IIII", seconds, rest // unit_ns, *lengths))
        if modified:
            out.append(struct.pack(order + "IHBx", 3, 0x0800, 0))
        out.append(p.octets)
    return b"".join(out)


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section_header(order: str) -> bytes:
    comment = option(order, 1, b"a comment")
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + comment)


def interface_block(order: str, interface: Interface) -> bytes:
    body = struct.pack(order + "HHI", interface.linktype, 0, interface.snaplen)
    body += option(order, 2, b"eth0")
    if interface.tsresol is not None:
        body += option(order, 9, bytes([interface.tsresol]))
    if interface.tsoffset is not None:
        body += option(order, 14, struct.pack(order + "q", interface.tsoffset))
    return block(order, 1, body + option(order, 0, b""))


def packet_block(order: str, interface: Interface, p: Packet) -> bytes:
    wirelen = len(p.octets) + p.lacking
    padded = p.octets + bytes(-len(p.octets) % 4)
    if p.kind == "simple":
        return block(order, 3, struct.pack(order + "I", wirelen) + padded)
    ticks = interface.ticks(p.time)
    rest = struct.pack(order + "IIII", ticks >> 32, ticks & 0xFFFFFFFF, len(p.octets), wirelen) + padded
    if p.kind == "obsolete":
        return block(order, 2, struct.pack(order + "HH", p.interface, 7) + rest)
    return block(order, 6, struct.pack(order + "I", p.interface) + rest + option(order, 1, b"why"))


def statistics_block(order: str, interface: int, dropped: int) -> bytes:
    body = struct.pack(order + "III", interface, 0, 0) + option(order, 5, struct.pack(order + "Q", dropped))
    return block(order, 5, body + option(order, 0, b""))


def pcapng(sections) -> bytes:
    out = []
    for s in sections:
        out.append(section_header(s.order))
        out += [interface_block(s.order, i) for i in s.interfaces]
        for number, p in enumerate(s.packets):
            if s.noise:
                out.append(block(s.order, 4 if number % 2 else 0x80001234, bytes(number % 50)))
            out.append(packet_block(s.order, s.interfaces[p.interface], p))
        out += [statistics_block(s.order, i, d) for i, d in enumerate(s.drops)]
    return b"".join(out)


def gzipped(octets: bytes) -> bytes:
    """Two members, as `cat a.gz b.gz` gives."""
    half = len(octets) // 2
    return gzip.compress(octets[:half], mtime=0) + gzip.compress(octets[half:], mtime=0)


def zstandarded(octets: bytes) -> bytes:
    """Two frames with a skippable one between them, as pzstd writes."""
    half = len(octets) // 2
    skippable = struct.pack("<II", 0x184D2A53, 5) + b"index"
    frames = [
        zstandard.ZstdCompressor(write_checksum=True).compress(part)
        for part in (octets[:half], octets[half:])
    ]
    return frames[0] + skippable + frames[1]


COMPRESSIONS = {"plain": bytes, "gzip": gzipped, "zstd": zstandarded}
