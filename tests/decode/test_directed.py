"""Who tells others which way to send, by ICMP redirect or router advertisement, is a clue of the MAC that does so."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.feed import MACS, ethernet, run
from decode.wire import ipv4, ipv6
from interlock.records.clue_fields import CLUE_FIELDS

CASES = (
    (1, 5, "redirect"),
    (1, 9, "router-advertisement"),
    (58, 134, "router-advertisement"),
    (58, 137, "redirect"),
)


def icmp(protocol: int, kind: int, rest: bytes = bytes(28)) -> bytes:
    message = struct.pack(">BBH", kind, 1, 0) + rest
    if protocol == 1:
        return ethernet(ipv4(message, protocol=1), 0x0800)
    return ethernet(ipv6(message, after=58), 0x86DD)


def directed(*frames: bytes) -> list[tuple[str, str, str, int]]:
    rows = run(frames)["clues"]
    return [(r["who"], r["value"], r["protocol"], r["frame"]) for r in rows if r["field"] == "directs"]


@pytest.mark.parametrize(("protocol", "kind", "how"), CASES)
def test_who_directs_others_is_a_clue(protocol: int, kind: int, how: str) -> None:
    mac = MACS[0].hex(":")
    ping = icmp(protocol, 8 if protocol == 1 else 128)
    told = directed(ping, icmp(protocol, kind), icmp(protocol, kind))
    assert told == [(mac, how, "icmp" if protocol == 1 else "icmp6", 2)]
    assert "directs" in CLUE_FIELDS


@given(protocol=st.sampled_from([1, 58]), octets=st.binary(max_size=40))
def test_any_other_message_is_none(protocol: int, octets: bytes) -> None:
    frame = ethernet(
        ipv4(octets, protocol=1) if protocol == 1 else ipv6(octets, after=58),
        0x0800 if protocol == 1 else 0x86DD,
    )
    directs = {kind for number, kind, _ in CASES if number == protocol}
    assert bool(directed(frame)) == bool(octets and octets[0] in directs)


def test_what_is_carried_through_a_tunnel_is_nobodys_here() -> None:
    inner = ipv4(struct.pack(">BBH", 5, 1, 0) + bytes(28), protocol=1)
    assert not directed(ethernet(ipv4(inner, protocol=4), 0x0800))
