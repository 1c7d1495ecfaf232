"""Frames of C37.118, built after IEEE C37.118.2-2011."""

from __future__ import annotations

import struct

__all__ = ["command", "configuration", "configuration_3", "data", "frame", "pmu", "pmu_3"]

TIME_BASE = 1_000_000


def _check(octets: bytes) -> int:
    """CRC-CCITT of annex B, bit by bit."""
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def frame(kind: int, body: bytes, *, idcode: int = 7, fraction: int = 500_000, version: int = 1) -> bytes:
    octets = struct.pack(
        ">BBHHII", 0xAA, kind << 4 | version, 16 + len(body), idcode, 1_700_000_000, fraction
    )
    return octets + body + struct.pack(">H", _check(octets + body))


def command(number: int, extended: bytes = b"", *, idcode: int = 7) -> bytes:
    return frame(4, struct.pack(">H", number) + extended, idcode=idcode)


def _name(text: str) -> bytes:
    return text.encode().ljust(16)


def pmu(station: str = "NORTH", idcode: int = 7, shape: int = 0) -> bytes:
    """Two phasors (voltage, current), one analog value, one digital word; shape: the FORMAT word."""
    names = [_name("VA"), _name("IA"), _name("MW")] + [_name(f"BRK{k}") for k in range(16)]
    units = struct.pack(">IIiHH", 915_527, 1 << 24 | 45_776, 1, 0, 0xFFFF)
    head = _name(station) + struct.pack(">HHHHH", idcode, shape, 2, 1, 1)
    return head + b"".join(names) + units + struct.pack(">HH", 1, 3)


def pmu_3(station: str = "NORTH", idcode: int = 7, shape: int = 0) -> bytes:
    """The same of CFG-3, with a place."""
    names = [b"VA", b"IA", b"MW"] + [b"BRK%d" % k for k in range(16)]
    head = bytes((len(station),)) + station.encode() + struct.pack(">H", idcode) + bytes(range(16))
    head += struct.pack(">HHHH", shape, 2, 1, 1) + b"".join(bytes((len(n),)) + n for n in names)
    scales = struct.pack(">IffIff", 0x0480_0105, 9.0, 0.0, 0x0002_0C00, 0.5, -0.5) + struct.pack(
        ">ff", 2.0, 1.0
    )
    rest = struct.pack(">HHfffsii", 0, 0xFFFF, 47.5, 8.25, 400.0, b"M", 20_000, 1_000)
    return head + scales + rest + struct.pack(">HH", 0, 1)


def configuration(*pmus: bytes, kind: int = 3, said: int | None = None, rate: int = 50) -> bytes:
    head = struct.pack(">IH", TIME_BASE, len(pmus) if said is None else said)
    return frame(kind, head + b"".join(pmus) + struct.pack(">h", rate))


def configuration_3(*pmus: bytes, rate: int = 50) -> bytes:
    """The body behind the continuation index."""
    return struct.pack(">IH", TIME_BASE, len(pmus)) + b"".join(pmus) + struct.pack(">h", rate)


def data(*blocks: bytes, idcode: int = 7, fraction: int = 500_000) -> bytes:
    """Blocks: of `block`."""
    return frame(0, b"".join(blocks), idcode=idcode, fraction=fraction)


def integers(stat: int = 0, digital: int = 5) -> bytes:
    """Rectangular integers for `pmu()` with FORMAT 0: VA 14635+0j, IA 1092+10j, +10 mHz, -0.05 Hz/s."""
    return struct.pack(">HhhhhhhhH", stat, 14635, 0, 1092, 10, 10, -5, 100, digital)


def floats(stat: int = 0, digital: int = 5) -> bytes:
    """Floats for FORMAT 15: polar."""
    return struct.pack(">HfffffffH", stat, 134000.0, 0.5, 500.0, -0.25, 50.5, -0.5, 100.25, digital)
