from __future__ import annotations

import io
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interlock.capture.reader import Reader, is_capture
from interlock.capture.statistics import Statistics
from interlock.capture.streams import RawOctets
from interlock.errors import SourceError

from .reading import read
from .strategies import captures, unhurried
from .writers import COMPRESSIONS, Interface, Packet, Section, block, pcap, pcapng, section_header

SOME = [Packet(10**18 + n * 10**6, bytes([n]) * (20 + n)) for n in range(5)]
SMALL = {
    "pcap": pcap(SOME),
    "pcap swapped, ns": pcap(SOME, ">", 1),
    "pcap modified": pcap(SOME, modified=True),
    "pcapng": pcapng([Section("<", (Interface(),), tuple(SOME), noise=True)]),
    "pcapng swapped": pcapng([Section(">", (Interface(),), tuple(SOME))]),
}


def attempt(octets, *limits):
    """Rows, statistics and error: nothing but a SourceError may come."""
    try:
        return *read(octets, *limits), None
    except SourceError as error:
        return [], None, error


@unhurried
@given(captures(), st.integers(1, 4096), st.integers(1, 8))
def test_every_variant_reads_back_equal(capture, octets_limit, frames_limit):
    octets, expected = capture
    found, statistics = read(octets, octets_limit, frames_limit)
    assert found == expected
    assert statistics.cut is None
    assert statistics.frames == len(expected)
    assert statistics.octets == sum(len(row[1]) for row in expected)
    assert statistics.wire_octets == sum(row[2] for row in expected)
    assert statistics.snapped == sum(row[2] - len(row[1]) > 4 for row in expected)
    assert statistics.first == min((row[0] for row in expected), default=None)
    assert statistics.last == max((row[0] for row in expected), default=None)
    assert sum(statistics.linktypes.values()) == len(expected)


@pytest.mark.parametrize("name", SMALL)
def test_cut_at_every_octet_gives_the_packets_before(name):
    whole, _ = read(SMALL[name])
    assert len(whole) == len(SOME)
    seen = 0
    for end in range(len(SMALL[name])):
        found, statistics, _ = attempt(SMALL[name][:end])
        assert statistics is None or statistics.cut is None or statistics.cut <= end
        assert found == whole[: len(found)]
        assert len(found) >= seen
        seen = len(found)
    assert seen >= len(SOME) - 1


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_cut_compressed_data_gives_the_packets_before(compression):
    octets = COMPRESSIONS[compression](SMALL["pcap"])
    whole, _ = read(octets)
    most = 0
    for end in range(len(octets)):
        try:
            found, statistics = read(octets[:end])
        except SourceError:
            continue
        assert found == whole[: len(found)]
        most = max(most, len(found))
        if found != whole:
            assert statistics.cut is not None
    assert most >= 2


def test_the_loss_is_told_where_it_begins():
    octets = SMALL["pcap"]
    found, statistics = read(octets[:-1])
    assert len(found) == 4
    assert statistics.cut == len(octets) - 16 - len(SOME[-1].octets)
    assert statistics.cut_reason == "the file ends in the middle of a packet"


@pytest.mark.parametrize("length", [262145, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_impossible_length_ends_reading_there(length):
    broken = SMALL["pcap"] + struct.pack("<IIII", 1, 0, length, length) + SMALL["pcap"][24:]
    found, statistics = read(broken)
    assert len(found) == 5
    assert statistics.cut == len(SMALL["pcap"])
    assert "longer than any frame" in statistics.cut_reason


def test_the_longest_frame_is_read_through_the_smallest_buffer():
    packets = [Packet(10**18, bytes(262144)), Packet(10**18, b"x")]
    for octets in (pcap(packets), pcapng([Section("<", (Interface(),), tuple(packets))])):
        found, _ = read(octets, 100, 1)
        assert [len(row[1]) for row in found] == [262144, 1]


def test_a_length_on_the_wire_that_cannot_be_is_not_believed():
    found, _ = read(SMALL["pcap"] + struct.pack("<IIII", 1, 0, 2, 0xFFFFFFFF) + b"ab")
    assert found[-1][2] == 2
    found, _ = read(SMALL["pcap"] + struct.pack("<IIII", 1, 0, 2, 1) + b"ab")
    assert found[-1][2] == 2


def test_room_that_was_never_written_is_no_packet():
    found, statistics = read(SMALL["pcap"] + bytes(4096))
    assert len(found) == 5
    assert statistics.cut == len(SMALL["pcap"])


def test_a_long_block_of_no_interest_is_passed_over_unread():
    head = SMALL["pcapng"]
    long = block("<", 0x0BAD, bytes(3 << 20))
    found, statistics = read(head + long + head, 1 << 12)
    assert len(found) == 10
    assert statistics.cut is None
    found, statistics = read(head + long[:-8], 1 << 12)
    assert len(found) == 5
    assert statistics.cut == len(head)


def test_a_block_of_4_gib_in_a_short_file_is_a_cut():
    found, statistics = read(SMALL["pcapng"] + struct.pack("<II", 0x0BAD, 0xFFFFFFFC) + bytes(100))
    assert len(found) == 5
    assert statistics.cut == len(SMALL["pcapng"])


HOSTILE = {
    "empty": (b"", "is empty"),
    "text": (b"time,source,destination\n1,2,3\n", "is text"),
    "wrong magic": (
        b"\x7fELF\x02\x01\x01" + bytes(40),
        "is no pcap or pcapng file (it begins with 7f 45 4c 46)",
    ),
    "half a header": (SMALL["pcap"][:20], "ends inside its file header"),
    "another version": (struct.pack("<IHHiIII", 0xA1B2C3D4, 9, 1, 0, 0, 65535, 1), "version 9.1"),
    "4 GiB first": (
        SMALL["pcap"][:24] + struct.pack("<IIII", 1, 0, 0xFFFFFFFF, 0xFFFFFFFF),
        "longer than any",
    ),
    "only zeros behind the header": (SMALL["pcap"][:24] + bytes(1000), "only zeros follow"),
    "compressed twice": (COMPRESSIONS["gzip"](COMPRESSIONS["zstd"](SMALL["pcap"])), "is compressed twice"),
    "gzip of nothing": (b"\x1f\x8b\x08\x00\x00", "gzip data ends early"),
    "no gzip behind the magic": (b"\x1f\x8b" + b"no gzip" * 20, "gzip data is damaged"),
    "no zstd behind the magic": (b"\x28\xb5\x2f\xfd" + b"\xff" * 60, "zstd data"),
    "section of 4 GiB": (b"\x0a\x0d\x0d\x0a\xfc\xff\xff\xff\x4d\x3c\x2b\x1a" + bytes(20), "section header"),
    "section of no order": (b"\x0a\x0d\x0d\x0a\x1c\0\0\0abcd" + bytes(20), "section header"),
    "packet before any interface": (
        section_header("<") + block("<", 6, bytes(20)),
        "an interface that was not described",
    ),
    "interface without a body": (section_header("<") + block("<", 1, b""), "an interface description"),
    "lengths that differ": (section_header("<") + struct.pack("<III", 0x99, 12, 16), "two lengths"),
    "length of no block": (section_header("<") + struct.pack("<III", 6, 7, 7), "length that cannot be"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_file_gives_one_sentence(name):
    octets, words = HOSTILE[name]
    with pytest.raises(SourceError, match=r"^test\.pcap: ") as caught:
        read(octets)
    sentence = str(caught.value)
    assert words in sentence
    assert "\n" not in sentence
    assert any(hint in sentence for hint in ("again", "name a", "convert", "uncompress"))


def test_a_capture_without_packets_is_no_error():
    for octets in (SMALL["pcap"][:24], section_header("<"), section_header(">")):
        found, statistics = read(octets)
        assert found == []
        assert statistics.cut is None


@unhurried
@given(st.binary(max_size=300), st.sampled_from(sorted(SMALL)), st.integers(0, 200), st.integers(1, 400))
@example(b"\0\0\0\x14", "pcapng", 77, 1)
def test_any_octets_give_frames_or_the_one_error(noise, name, at, octets_limit):
    whole = SMALL[name]
    mutant = whole[:at] + noise + whole[at + len(noise) :]
    found, statistics, error = attempt(mutant, octets_limit, 3)
    if error is not None:
        assert str(error).startswith("test.pcap: ")
        assert str(attempt(mutant)[2]) == str(error)
        return
    assert statistics.frames == len(found)
    assert all(0 <= row[0] < 1 << 62 for row in found)
    assert [row[4] for row in found] == list(range(1, len(found) + 1))
    assert found == read(mutant)[0]


def test_magic_numbers_are_known():
    assert all(is_capture(octets[:4]) for octets in SMALL.values())
    assert not is_capture(b"\x7fELF")


@pytest.mark.parametrize("limits", [(8 << 20, 5), (1024, 65536), (8 << 20, 1)])
def test_small_batches_read_no_further_ahead_as_they_go(limits):
    octets = pcap([Packet(10**18 + n * 10**6, bytes(100)) for n in range(5000)])
    raw = RawOctets(io.BytesIO(octets), "test.pcap")
    reader = Reader(raw, 0, Statistics(), octets_limit=limits[0], frames_limit=limits[1])
    given = ahead = 0
    while (frames := reader.batch()) is not None:
        given += int(frames.used)
        ahead = max(ahead, raw.taken - given)
    assert given == len(octets) - 24
    assert ahead <= 3 << 16


def test_batches_that_are_held_stay_as_they_were_and_the_room_of_others_is_used_again():
    octets = pcap([Packet(10**18 + n * 10**6, n.to_bytes(2, "big") * 50) for n in range(5000)])

    def reader():
        raw = RawOctets(io.BytesIO(octets), "test.pcap")
        return Reader(raw, 0, Statistics(), octets_limit=8 << 20, frames_limit=500)

    one, kept = reader(), []
    while (frames := one.batch()) is not None:
        kept.append((frames, frames.octets[: frames.used].tobytes()))
    assert all(frames.octets[: frames.used].tobytes() == before for frames, before in kept)
    assert len({id(frames.octets) for frames, _ in kept}) == len(kept) > 5
    one, places = reader(), []
    while (frames := one.batch()) is not None:
        places.append(frames.octets.ctypes.data)
    assert len(places) == len(kept)
    assert len(set(places)) <= 4
