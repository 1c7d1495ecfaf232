from __future__ import annotations

import struct

import pytest

from interlock.capture.pcapng import MAX_INTERFACES, resolution

from .reading import read
from .writers import (
    Interface,
    Packet,
    Section,
    block,
    interface_block,
    option,
    packet_block,
    pcapng,
    section_header,
)

T = 1_700_000_000_123_456_789


@pytest.mark.parametrize(
    ("tsresol", "expected"),
    [
        (None, 1_700_000_000_123_456_000),
        (0, 1_700_000_000_000_000_000),
        (3, 1_700_000_000_123_000_000),
        (6, 1_700_000_000_123_456_000),
        (9, T),
        (0x80, 1_700_000_000_000_000_000),
        (0x81, 1_700_000_000_000_000_000),
        (0x8A, 1_700_000_000_123_046_875),
        (0x80 + 30, 1_700_000_000_123_456_788),
    ],
)
def test_time_resolutions(tsresol, expected):
    found, statistics = read(pcapng([Section("<", (Interface(tsresol=tsresol),), (Packet(T, b"x"),))]))
    assert found[0][0] == expected
    assert statistics.untimed == 0


def test_resolutions_as_the_scan_takes_them():
    assert resolution(6) == (0, 1000)
    assert resolution(12) == (1, 1000)
    assert resolution(0x80 | 20) == (2, 20)
    assert resolution(127) == (3, 1)


def test_offsets_shift_the_time_both_ways():
    for seconds in (3600, -3600):
        interface = Interface(tsresol=9, tsoffset=seconds)
        found, _ = read(pcapng([Section(">", (interface,), (Packet(T, b"x"),))]))
        assert found[0][0] == T


@pytest.mark.parametrize("order", "<>")
def test_times_that_cannot_be_get_the_one_before_and_are_counted(order):
    good = Interface(tsresol=9)
    far = Interface(tsresol=9, tsoffset=(1 << 63) - 1)
    before = Interface(tsresol=9, tsoffset=-(1 << 63))
    octets = section_header(order) + b"".join(interface_block(order, i) for i in (good, far, before))
    octets += packet_block(order, good, Packet(T, b"a"))
    for number in (1, 2):
        octets += packet_block(order, good, Packet(T, b"b", interface=number))
    found, statistics = read(octets)
    assert [row[0] for row in found] == [T, T, T]
    assert statistics.untimed == 2


def test_a_simple_packet_is_bounded_by_its_interface_snaplen():
    interface = Interface(snaplen=10)
    octets = section_header("<") + interface_block("<", interface)
    octets += block("<", 3, struct.pack("<I", 99) + bytes(12))
    found, statistics = read(octets)
    assert [(len(row[1]), row[2]) for row in found] == [(10, 99)]
    assert statistics.untimed == 1
    assert statistics.snapped == 1


def test_sections_forget_the_interfaces_before_them():
    first = Section("<", (Interface(linktype=1), Interface(linktype=113)), (Packet(T, b"a", interface=1),))
    second = Section(">", (Interface(linktype=101),), (Packet(T, b"b"),))
    found, statistics = read(pcapng([first, second]))
    assert [(row[1], row[3]) for row in found] == [(b"a", 113), (b"b", 101)]
    assert statistics.linktypes == {113: 1, 101: 1}
    stray = packet_block("<", Interface(), Packet(T, b"c", interface=1))
    found, statistics = read(pcapng([first, second]) + section_header("<") + stray)
    assert len(found) == 2
    assert "not described" in statistics.cut_reason


def test_frames_that_the_capture_program_lost_are_counted_once():
    drops = Section("<", (Interface(), Interface()), (Packet(T, b"a"),), drops=(5, 7))
    octets = pcapng([drops])
    again = block("<", 5, struct.pack("<III", 0, 0, 0) + option("<", 5, struct.pack("<Q", 9)))
    assert read(octets)[1].dropped == 12
    assert read(octets + again)[1].dropped == 16
    absurd = block("<", 5, struct.pack("<III", 0, 0, 0) + option("<", 5, b"\xff" * 8))
    assert read(octets + absurd)[1].dropped == 12


def test_options_that_lead_nowhere_are_left():
    body = struct.pack("<HHI", 1, 0, 0) + struct.pack("<HH", 9, 500) + b"\x09\0\0\0"
    octets = section_header("<") + block("<", 1, body) + packet_block("<", Interface(), Packet(T, b"a"))
    found, _ = read(octets)
    assert found[0][0] == T // 1000 * 1000


def test_interfaces_are_bounded():
    one = interface_block("<", Interface())
    found, statistics = read(
        pcapng([Section("<", (Interface(),), (Packet(T, b"a"),))]) + one * MAX_INTERFACES
    )
    assert len(found) == 1
    assert statistics.cut_reason == "an interface description cannot be understood"
