"""The messages that the demo's own responders write, taken apart again."""

from __future__ import annotations

import socket
import struct

from hypothesis import given
from hypothesis import strategies as st
from responders import cip, cip_device, dcp, services, snmp
from responders.frames import checksum, ethernet, udp_in_ip
from responders.network import HOSTS

MAC = b"\x02\0\0\0\0\x01"


@given(st.binary(max_size=300))
def test_a_datagram_carries_right_checksums(payload: bytes) -> None:
    packet = udp_in_ip(("192.168.10.5", 53), ("192.168.10.60", 4000), payload)
    assert checksum(packet[:20]) == 0
    assert checksum(packet[12:20] + struct.pack(">HH", 17, len(packet) - 20) + packet[20:]) == 0
    assert len(ethernet(MAC, MAC, 0x0800, packet)) >= 60


@given(st.lists(st.binary(min_size=2, max_size=40), max_size=6))
def test_a_multiple_service_packet_comes_apart_as_it_was_put_together(messages: list[bytes]) -> None:
    assert cip.unbundle(cip.bundle(messages)) == messages


@given(st.binary(max_size=60), st.integers(0, 100))
def test_encapsulation_is_cut_wherever_the_stream_is_split(body: bytes, cut: int) -> None:
    stream = cip.Encapsulated(cip.SEND_RR, 7, body).octets()
    whole, left = cip.Encapsulated.cut(stream + b"next")
    assert (whole.body, left) == (body, b"next")
    if cut < len(stream):
        assert cip.Encapsulated.cut(stream[:cut]) == (None, stream[:cut])


def test_a_controller_answers_tags_identity_and_what_it_does_not_know() -> None:
    device = cip_device.Device("controller")
    written = cip.request(cip.WRITE_TAG, cip.tag_path("Recipe_No"), struct.pack("<HHi", cip.DINT, 1, 12))
    assert device.answer(cip.through_slot(0, written)) == bytes([0xD2, 0, 0, 0])
    read = cip.request(cip.READ_TAG, cip.tag_path("Recipe_No"), b"\x01\0")
    assert device.answer(read) == struct.pack("<BBBBHi", 0xCC, 0, 0, 0, cip.DINT, 12)
    assert device.answer(cip.request(cip.READ_TAG, cip.tag_path("Nope"), b"\x01\0"))[2] == 5
    assert b"1756-L61" in device.answer(cip.request(cip.GET_ALL, cip.object_path(1, 1)))


def test_dcp_blocks_are_read_as_written() -> None:
    blocks = dcp.answered(dcp.NAME, b"io-1") + dcp.block(dcp.IP, b"\0" * 14)
    frame = dcp.frame((MAC, MAC), dcp.GET_SET, (dcp.SET, dcp.REQUEST), 9, blocks)
    assert dcp.parse(frame) == (
        dcp.GET_SET,
        (dcp.SET, dcp.REQUEST),
        9,
        [(dcp.NAME, b"\0\0io-1"), (dcp.IP, b"\0" * 14)],
    )


@given(
    st.binary(max_size=200),
    st.integers(0, 2**31 - 1),
    st.lists(st.integers(0, 2**28), min_size=1, max_size=9),
)
def test_snmp_is_read_as_written(community: bytes, request: int, arcs: list[int]) -> None:
    name = snmp.oid("1.3." + ".".join(map(str, arcs)))
    octets = snmp.message(community, snmp.GET, request, [(name, b"\x05\0")])
    assert snmp.parse(octets) == (community, snmp.GET, request, [name])


def test_names_are_answered_or_refused() -> None:
    known = services.dns_answer(services.dns_query("updates.vendor.example", 5))
    assert known[-4:] == socket.inet_aton("203.0.113.77")
    assert services.dns_answer(services.dns_query("nobody.example", 6))[3] & 15 == 3


def test_every_machine_has_an_address_of_its_own() -> None:
    assert len({host.ip for host in HOSTS}) == len({host.mac for host in HOSTS}) == len(HOSTS)
