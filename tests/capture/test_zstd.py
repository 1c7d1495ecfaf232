"""Frames with every header that RFC 8878 knows, walked block by block."""

from __future__ import annotations

import io
from hashlib import sha256

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.capture.streams import RawOctets
from interlock.capture.zstd import ZstdStream

unhurried = settings(max_examples=60, deadline=None)
CONTENTS = {
    "nothing": b"",
    "few": b"abc",
    "zeros": bytes(300_000),  # blocks that say one octet and how often
    "noise": b"".join(sha256(bytes([n >> 8, n & 255])).digest() for n in range(6000)),  # blocks as they are
    "text": b"a pump runs, a valve opens; " * 12_000,
}


def drain(octets: bytes) -> tuple[bytes, str]:
    stream, found = ZstdStream(RawOctets(io.BytesIO(octets), "test.pcap")), bytearray()
    view = memoryview(bytearray(50_000))
    while count := stream.readinto(view):
        found += view[:count]
    return bytes(found), stream.damage


def frame(content: bytes, *, checksum: bool, sized: bool, streamed: bool) -> bytes:
    """streamed: with a window in its header, and no size where it is not known before."""
    compressor = zstandard.ZstdCompressor(write_checksum=checksum, write_content_size=sized)
    if not streamed:
        return compressor.compress(content)
    one = compressor.compressobj()
    return one.compress(content[:1000]) + one.compress(content[1000:]) + one.flush()


frames = st.builds(
    lambda name, *how: (CONTENTS[name], frame(CONTENTS[name], checksum=how[0], sized=how[1], streamed=how[2])),
    st.sampled_from(sorted(CONTENTS)), st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip


@unhurried
@given(st.lists(frames, min_size=1, max_size=3))
def test_frames_behind_each_other_give_their_contents(drawn: list[tuple[bytes, bytes]]) -> None:
    skippable = b"\x5a\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"
    octets = skippable.join(packed for _, packed in drawn)
    assert drain(octets) == (b"".join(content for content, _ in drawn), "")


@unhurried
@given(frames, st.floats(0, 0.999))
def test_a_frame_that_is_cut_gives_what_came_before_and_says_so(
    drawn: tuple[bytes, bytes], share: float
) -> None:
    content, packed = drawn
    found, damage = drain(packed[: 1 + int((len(packed) - 1) * share)])
    assert content.startswith(found)
    assert damage in {"its zstd data ends early", "its zstd data is followed by something else"}


@pytest.mark.parametrize("checksum", [True, False])
def test_a_checksum_is_read_where_the_header_says_so_alone(checksum: bool) -> None:
    """Four octets behind a frame that has none are no part of it."""
    found, damage = drain(frame(b"abc", checksum=checksum, sized=True, streamed=False) + b"more")
    assert (found, damage) == (b"abc", "its zstd data is followed by something else")


@pytest.mark.parametrize(
    ("kind", "size", "told"),
    [
        (0, 1 << 17, "ends early"),
        *((kind, (1 << 17) + 1, "is damaged (a block is too long)") for kind in range(3)),
    ],
)
def test_no_block_may_be_longer_than_its_format_allows(kind: int, size: int, told: str) -> None:
    head = b"\x28\xb5\x2f\xfd" + bytes([0x00, (20 - 10) << 3])
    block = (size << 3 | kind << 1 | 1).to_bytes(3, "little")
    assert drain(head + block + b"x")[1] == f"its zstd data {told}"


@pytest.mark.parametrize("octets", [1, 2, 4])
def test_a_dictionary_that_nobody_has_is_damage_whatever_the_length_of_its_id(octets: int) -> None:
    head = b"\x28\xb5\x2f\xfd" + bytes([{1: 1, 2: 2, 4: 3}[octets] | 0x20]) + b"\x07" * octets + b"\x03"
    found, damage = drain(head + (3 << 3 | 1).to_bytes(3, "little") + b"abc")
    assert found == b""
    assert damage.startswith("its zstd data is damaged (")
    assert "ends early" not in damage
