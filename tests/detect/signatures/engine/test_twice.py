"""Frames that a mirror port sees twice: once for us, and twice where rules are to say what Suricata says."""

from __future__ import annotations

import pytest

from decode.feed import CLIENT, Tcp
from detect.signatures.engine.over_wire import every_way, summed

RULES = """
alert tcp-pkt any any -> any any (msg:"a packet"; flow:established; content:"needle"; depth:6; sid:1;)
alert tcp-pkt any any -> any any (msg:"the third"; content:"needle"; depth:6; THIRD; sid:2;)
""".replace("THIRD", "threshold:type threshold, track by_src, count 3, seconds 60")


def numbered(frame: bytes, number: int) -> bytes:
    """The same with IP's identification, by which a copy is known."""
    return summed(frame[:18] + number.to_bytes(2, "big") + frame[20:])


def conversation(copies):
    connection = Tcp(80)
    connection.open()
    connection.segment(CLIENT, b"needle")
    frames = [numbered(frame, 7 + n) for n, frame in enumerate(connection.frames)]
    return [frame for frame in frames for _ in range(copies)]


@pytest.mark.parametrize(("midstream", "times"), [("own", 1), ("no", 3), ("yes", 3)])
def test_copies_of_a_frame(midstream, times):
    found = every_way(RULES, conversation(3), midstream)
    assert found == {1: times} | ({2: 1} if times == 3 else {})


@pytest.mark.parametrize("midstream", ["own", "no", "yes"])
def test_without_copies(midstream):
    assert every_way(RULES, conversation(1), midstream) == {1: 1}
