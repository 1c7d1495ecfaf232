"""Cutting answers off a stream: whole and split alike, whatever the octets."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.plant.living.speech import cut, of_port
from interlock.plant.protocols import cip, iec104, modbus, s7comm
from interlock.plant.protocols.dnp3 import CLASS_0, READ, request

STREAMS = {
    502: [modbus.adu(k, 1, modbus.read(3, 0, k)) for k in range(1, 5)],
    102: [s7comm.connect(), s7comm.setup(1), s7comm.szl(2, 0x11)],
    44818: [cip.register(), cip.unconnected(7, cip.many([cip.read_tag("A")]), 1)],
    2404: [iec104.u_frame(iec104.STARTDT), iec104.Master(12).command(iec104.INTERROGATION, 0, b"\x14")],
    20000: [request(0, READ, CLASS_0), request(1, READ, CLASS_0 * 8)],
    4840: [b"ACKF" + struct.pack("<I", 28) + bytes(20)],
    80: [b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"],
    21: [b"220 hello\r\n", b"331 Password required\r\n"],
    445: [struct.pack("!I", 70) + b"\xfeSMB" + bytes(66)],
}


@pytest.mark.parametrize("port", STREAMS)
def test_whole_and_split_give_the_same_messages(port: int) -> None:
    speech, messages = of_port(port), STREAMS[port]
    octets = b"".join(messages)
    assert cut(speech, octets) == (messages, b"")
    for at in range(len(octets)):
        first, rest = cut(speech, octets[:at])
        second, rest = cut(speech, rest + octets[at:])
        assert (first + second, rest) == (messages, b"")


@pytest.mark.parametrize("port", STREAMS)
@given(octets=st.binary(max_size=300))
def test_any_octets_are_cut_or_refused(port: int, octets: bytes) -> None:
    try:
        messages, rest = cut(of_port(port), octets)
    except ValueError:
        return
    assert b"".join(messages) + rest == octets
    assert all(messages)


def test_what_a_station_says_by_itself_is_no_answer() -> None:
    speech = of_port(2404)
    spontaneous = bytes.fromhex("680e0000000024010300") + bytes(6)
    answered = bytes.fromhex("680e0000000064010700") + bytes(6)
    assert speech.alone(spontaneous)
    assert not speech.alone(answered)
    acknowledged = iec104.Master(1).acknowledge()
    assert not speech.answered(acknowledged)
    assert speech.answered(iec104.u_frame(iec104.TESTFR))
    assert not speech.answered(b"")
