"""Checksums are counted per flow: what fits, what is damaged, what a network card would have filled in."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode import feed
from decode.wire import decode, ipv4, ipv6, read, segment, udp_head

PAYLOADS = st.binary(min_size=1, max_size=97)


def rfc1071(octets: bytes) -> int:
    """The sum as the RFC's clause 1 words it, one number after the other."""
    total = 0
    for high, low in zip(octets[::2], octets[1::2] + b"\0", strict=False):
        total += high * 256 + low
        total = (total & 0xFFFF) + (total >> 16)
    return total


def put(octets: bytes, at: int, number: int) -> bytes:
    return octets[:at] + struct.pack(">H", number) + octets[at + 2 :]


def pseudo(ends: bytes, protocol: int, length: int) -> bytes:
    return ends + struct.pack(">IHBB", length, 0, 0, protocol)


def summed(body: bytes, protocol: int, ends: bytes) -> bytes:
    """A segment or datagram with its checksum filled in."""
    total = rfc1071(pseudo(ends, protocol, len(body)) + body)
    return put(body, {6: 16, 17: 6}[protocol], (total ^ 0xFFFF) or 0xFFFF)


def packet4(body: bytes, protocol: int = 6) -> bytes:
    whole = ipv4(summed(body, protocol, feed.IPS[0] + feed.IPS[1]), protocol=protocol)
    return put(whole, 10, rfc1071(whole[:20]) ^ 0xFFFF)


def packet6(body: bytes, protocol: int = 6) -> bytes:
    ends = ipv6(b"")[8:40]
    return ipv6(summed(body, protocol, ends), after=protocol)


def counted(*packets: bytes, ethertype: int = 0x0800) -> tuple[int, int]:
    (flow,) = decode([feed.ethernet(packet, ethertype) for packet in packets])["flows"]
    return flow["bad_checksums"], flow["offloaded_checksums"]


@given(PAYLOADS, st.sampled_from((6, 17)))
def test_what_fits_is_not_counted(payload: bytes, protocol: int) -> None:
    body = segment(0, payload) if protocol == 6 else udp_head(1234, payload)
    assert counted(packet4(body, protocol)) == (0, 0)
    assert counted(packet6(body, protocol), ethertype=0x86DD) == (0, 0)


@given(PAYLOADS, st.data())
def test_one_changed_bit_is_counted(payload: bytes, data: st.DataObject) -> None:
    """Anywhere in the segment but its data offset and flags, which decide what it is, and its ports."""
    whole = bytearray(packet4(segment(0, payload)))
    at = data.draw(st.sampled_from([8, *range(24, 32), *range(34, 36), *range(40, len(whole))]))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    assert counted(bytes(whole)) == (1, 0)


@pytest.mark.parametrize("length", [True, False])
def test_what_the_card_would_have_summed_is_no_damage(length: bool) -> None:
    body = segment(0, read())
    field = rfc1071(pseudo(feed.IPS[0] + feed.IPS[1], 6, len(body) if length else 0))
    whole = packet4(body)
    assert counted(put(whole, 36, field)) == (0, 1)
    assert counted(put(whole, 36, 0)) == (0, 1)
    assert counted(put(whole, 10, 0)) == (0, 1)
    assert counted(put(whole, 36, field), whole, put(whole, 10, 0x1234)) == (1, 1)


def test_a_udp_sender_need_not_sum() -> None:
    whole = packet4(udp_head(1234, b"plant"), 17)
    assert counted(put(whole, 26, 0)) == (0, 0)
    assert counted(put(whole, 26, 0x1234)) == (1, 0)


def test_what_was_cut_is_not_judged() -> None:
    whole = packet4(segment(0, read() + bytes(40)))
    frames = feed._batch([feed.ethernet(whole, 0x0800)[:-8]], 0)
    frames.wirelen[:] += 8
    engine = feed.Engine((feed.Source(name="test"),), feed.load_specs(outside=False), feed._verbs())
    rows = feed.defaultdict(list)
    feed._collect(rows, engine.feed(frames))
    for rest in engine.finish():
        feed._collect(rows, rest)
    assert (rows["flows"][0]["bad_checksums"], rows["flows"][0]["offloaded_checksums"]) == (0, 0)


@pytest.mark.parametrize("spoilt", [0, 1])
def test_a_reassembled_datagram_is_judged_whole(spoilt: int) -> None:
    body = bytearray(summed(udp_head(1234, bytes(range(80))), 17, feed.IPS[0] + feed.IPS[1]))
    body[40] ^= spoilt
    pieces = (
        ipv4(bytes(body[:48]), protocol=17, ident=7, piece=0x2000),
        ipv4(bytes(body[48:]), protocol=17, ident=7, piece=6),
    )
    whole = [put(piece, 10, rfc1071(piece[:20]) ^ 0xFFFF) for piece in pieces]
    assert counted(*whole) == (spoilt, 0)
