from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from interlock.capture import streams
from interlock.capture.streams import PlainStream, RawOctets, decompressed
from interlock.errors import SourceError

from .reading import read
from .strategies import unhurried
from .writers import COMPRESSIONS, Packet, pcap


def drain(octets: bytes, step: int = 4096):
    """All octets of a stream and why it ended early."""
    stream = decompressed(RawOctets(io.BytesIO(octets), "test.pcap"))
    view = memoryview(bytearray(step))
    found = b""
    while count := stream.readinto(view):
        found += view[:count]
    return found, stream.damage


@unhurried
@given(st.binary(max_size=3000), st.sampled_from(sorted(COMPRESSIONS)), st.integers(1, 999))
def test_streams_give_what_went_in(octets, compression, step):
    octets = b"x" + octets
    assert drain(COMPRESSIONS[compression](octets), step) == (octets, "")


def test_zeros_behind_gzip_are_padding_and_anything_else_is_damage():
    assert drain(gzip.compress(b"abc") + bytes(512)) == (b"abc", "")
    found, damage = drain(gzip.compress(b"abc") + b"something else")
    assert found == b"abc"
    assert damage.startswith("its gzip data is damaged")


def test_something_else_behind_zstd_is_damage():
    found, damage = drain(zstandard.ZstdCompressor().compress(b"abc") + b"else")
    assert (found, damage) == (b"abc", "its zstd data is followed by something else")


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_checksums_are_checked(compression):
    octets = COMPRESSIONS[compression](b"abcdef" * 100)
    spoiled = octets[:-1] + bytes([octets[-1] ^ 1])
    found, damage = drain(spoiled)
    assert len(found) <= 600
    assert "damaged" in damage


@unhurried
@given(st.sampled_from(["gzip", "zstd"]), st.integers(0, 400), st.binary(min_size=1, max_size=9))
def test_damaged_streams_end_and_say_so(compression, at, noise):
    octets = COMPRESSIONS[compression](bytes(range(256)) * 20)
    mutant = octets[:at] + noise + octets[at + len(noise) :]
    try:
        found, damage = drain(mutant)
    except SourceError as error:
        assert "MiB of memory" in str(error)  # noqa: PT017 (only some mutants raise)
        return
    assert len(found) <= 1 << 20
    assert damage or mutant == octets or found


def zip_bomb_gzip(octets: int) -> bytes:
    compressor = zlib.compressobj(9, wbits=31)
    parts = [
        compressor.compress(pcap([])),
        *(compressor.compress(bytes(1 << 20)) for _ in range(octets >> 20)),
    ]
    return b"".join(parts) + compressor.flush()


def bomb_of_packets(packets: int) -> bytes:
    """Packets that are all alike, so that they shrink without end, and are real packets all the same."""
    one = struct.pack("<IIII", 1, 0, 65000, 65000) + bytes(65000)
    return pcap([]) + one * packets


@pytest.mark.parametrize(
    "compress", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"]
)
def test_a_zip_bomb_ends_with_a_sentence_in_bounded_memory(compress):
    bomb = compress(bomb_of_packets(2500))
    assert len(bomb) * streams.EXPANSION_LIMIT < streams.EXPANSION_FREE * 2
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match=r"^test.pcap: expands to over 250 times its size"):
            read(bomb, 1 << 20, 1000)
        assert tracemalloc.get_traced_memory()[1] < 256 << 20
    finally:
        tracemalloc.stop()


def test_a_bomb_of_zeros_is_seen_at_once():
    with pytest.raises(SourceError, match="only zeros follow"):
        read(zip_bomb_gzip(96 << 20))


def test_a_capture_that_shrinks_well_is_read():
    packets = [Packet(n, bytes(1400)) for n in range(1, 4000)]
    found, _ = read(gzip.compress(pcap(packets)))
    assert len(found) == len(packets)


def test_a_window_beyond_memory_is_refused():
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, (30 - 10) << 3]) + b"\x01\x00\x00"
    with pytest.raises(SourceError, match=r"needs 1024 MiB of memory to uncompress; run"):
        drain(frame)


class Failing(io.RawIOBase):
    """A disk that fails after so many octets."""

    def __init__(self, octets: bytes) -> None:
        self._octets = io.BytesIO(octets)

    def readable(self) -> bool:
        return True

    def readinto(self, view) -> int:
        count = self._octets.readinto(view)
        if not count:
            raise OSError(5, "Input/output error")
        return count


def test_a_failing_disk_is_one_sentence():
    raw = RawOctets(io.BufferedReader(Failing(b"abcd")), "test.pcap")
    stream = PlainStream(raw)
    view = memoryview(bytearray(4))
    assert stream.readinto(view) == 4
    with pytest.raises(
        SourceError, match=r"^test.pcap: cannot be read \(Input/output error\); check the disk"
    ):
        stream.readinto(view)
