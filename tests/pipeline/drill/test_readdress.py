"""Frames between others are the frames that those others would have sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.pipeline.drill.readdress import readdressed
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.wire.frames import End, ethernet, tcp, udp

ends = st.builds(End, st.binary(min_size=6, max_size=6), st.binary(min_size=4, max_size=4))
bodies = st.binary(max_size=200)


def maps(before: tuple[End, End], after: tuple[End, End]) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    pairs = list(zip(before, after, strict=True))
    return {b.mac: a.mac for b, a in pairs}, {b.ip: a.ip for b, a in pairs}


@given(ends, ends, ends, ends, bodies)
def test_checksums_are_right_afterwards(a: End, b: End, c: End, d: End, body: bytes) -> None:
    if a.mac == b.mac or a.ip == b.ip:
        return
    told = readdressed(udp(a, b, (5000, 502), body, 7), *maps((a, b), (c, d)))
    wanted = udp(c, d, (5000, 502), body, 7)
    # both zeros of one's complement say the same; how many octets there are cannot change
    assert len(told) == len(wanted)
    assert told[:24] == wanted[:24]
    assert sums(told) == sums(wanted)
    assert told[42:] == wanted[42:]


def sums(frame: bytes) -> tuple[int, int]:
    """Both checksums, with zero and all ones as one."""
    return tuple(int.from_bytes(frame[at : at + 2]) % 0xFFFF for at in (24, 40))  # type: ignore[return-value]


def test_tcp_frames_are_those_of_the_others() -> None:
    a, b = End.of("02:00:00:00:00:01", "10.77.1.1"), End.of("02:00:00:00:00:02", "10.77.1.2")
    c, d = End.of("02:00:00:00:00:03", "192.168.7.9"), End.of("02:00:00:00:00:04", "192.168.7.200")
    before, wanted = (tcp(*e, (49152, 502), (1, 2), 0x18, b"\x00\x01", 3) for e in ((a, b), (c, d)))
    assert readdressed(before, *maps((a, b), (c, d))) == wanted


def test_arp_tells_the_others_addresses() -> None:
    a, b = End.of("02:00:00:00:00:01", "10.77.1.1"), End.of("02:00:00:00:00:02", "10.77.1.2")
    c, d = End.of("02:00:00:00:00:03", "192.168.7.9"), End.of("02:00:00:00:00:04", "192.168.7.200")
    before = ethernet(b.mac, a.mac, ARP, arp(2, a, b))
    assert readdressed(before, *maps((a, b), (c, d))) == ethernet(d.mac, c.mac, ARP, arp(2, c, d))


@given(st.binary(max_size=80))
def test_any_octets_stay_as_many(frame: bytes) -> None:
    assert len(readdressed(frame, {}, {})) == len(frame)
