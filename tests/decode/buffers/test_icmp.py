"""What of ICMP is payload for rules: held against Suricata 7.0.10, type by type."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from decode.feed import ethernet, run
from interlock.records.buffers import CHUNKED, PACKET

if TYPE_CHECKING:
    from collections.abc import Iterable

BODY = bytes(range(1, 41))


def version_6(kind: int, body: bytes) -> bytes:
    """RFC 4443 clause 2.1."""
    ends = bytes.fromhex("20010db8" + "00" * 11 + "01") + bytes.fromhex("ff02" + "00" * 13 + "01")
    return ethernet(
        struct.pack(">IHBB", 6 << 28, 4 + len(body), 58, 255) + ends + bytes([kind, 0, 0, 0]) + body, 0x86DD
    )


def version_4(kind: int, body: bytes) -> bytes:
    """RFC 792."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 24 + len(body), 1, 0, 64, 1, 0)
    return ethernet(head + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + bytes([kind, 0, 0, 0]) + body, 0x0800)


def payload(frame: bytes, more: Iterable[str] = ()) -> list[bytes]:
    return [row["octets"] for row in run([frame], buffers=frozenset({PACKET, *more})).get("payloads", [])]


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 128, 129])
def test_errors_and_echoes_have_eight_octets_before_it(kind: int) -> None:
    assert payload(version_6(kind, BODY)) == [BODY[4:]]


@pytest.mark.parametrize("kind", [0, 5, 127, 130, 133, 135, 137, 143, 255])
def test_other_messages_of_version_6_have_four(kind: int) -> None:
    assert payload(version_6(kind, BODY)) == [BODY]
    assert payload(version_6(kind, BODY), [CHUNKED]) == [BODY[:-8]], "Suricata leaves the last eight out"
    assert not payload(version_6(kind, BODY[:8]), [CHUNKED])


def test_time_stamps_of_version_4_are_no_payload() -> None:
    assert payload(version_4(8, BODY)) == payload(version_4(3, BODY)) == [BODY[4:]]
    assert payload(version_4(13, BODY)) == payload(version_4(14, BODY)) == [BODY[16:]]
    assert payload(version_4(13, BODY[:8])) == [BODY[4:8]], "no room for time stamps"
