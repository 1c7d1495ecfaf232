"""Oddities that no conversation of the protocols' own tests shows: each is met here by octets that break its rule."""

from __future__ import annotations

import struct

from decode.feed import CLIENT, SERVER, Rows, tcp, udp
from decode.protocols import bacnet_octets, dnp3_octets, fins_octets, hart_ip_octets, mqtt_octets


def told(rows: Rows, protocol: str) -> list[str]:
    return [row["oddity"] for row in rows["oddities"] if row["protocol"] == protocol]


def test_a_fragment_of_dnp3_that_never_ends_is_too_long() -> None:
    octets = bytes((0xC0, 129, 0, 0)) + bytes(17_000)
    parts = [octets[at : at + 249] for at in range(0, len(octets), 249)]
    transport = [bytes(((0x40 if k == 0 else 0) | k % 64,)) + part for k, part in enumerate(parts)]
    made = [dnp3_octets.frame(t, 0x44, dnp3_octets.MASTER, dnp3_octets.OUTSTATION) for t in transport]
    rows = dnp3_octets.talk(*((SERVER, frame) for frame in made))
    assert told(rows, "dnp3").count("fragment-too-long") == 1
    assert not rows["values"]


def test_a_group_of_bacnet_that_nobody_closes_is_open() -> None:
    about = bacnet_octets.ctx(0, bacnet_octets.object_id(0, 3)) + bacnet_octets.ctx(1, 85)
    asked = bacnet_octets.ip(bacnet_octets.confirmed(7, 12, about))
    value = bacnet_octets.opening(3) + bacnet_octets.opening(1) + bacnet_octets.real(21.5)
    rows = bacnet_octets.talk(
        (CLIENT, asked), (SERVER, bacnet_octets.ip(bacnet_octets.ack(7, 12, about + value)))
    )
    assert told(rows, "bacnet") == ["group-open"]


def test_an_error_in_the_head_of_a_fins_frame_is_said() -> None:
    talk = [*fins_octets.TALK[:2], (CLIENT, fins_octets.framed(2, fins_octets.ASK, error=3))]
    assert told(tcp(talk, port=9600), "fins") == ["tcp-error-set"]


def test_a_bus_frame_of_knxnet_ip_whose_length_is_not_its_own_is_said() -> None:
    bus = struct.pack(">BBBBHHB", 0x11, 0, 0xBC, 0xE0, 0, 1, 9) + struct.pack(">H", 0x0080)
    content = bytes((4, 3, 0, 0)) + bus
    frame = struct.pack(">BBHH", 6, 0x10, 0x0420, 6 + len(content)) + content
    assert told(udp([(CLIENT, frame)], port=3671), "knxnet-ip") == ["frame-length-mismatch"]


def test_a_sparkplug_payload_that_is_too_long_to_keep_is_cut() -> None:
    said = mqtt_octets.publish("spBv1.0/G/NDATA/N", bytes(100_000))
    talk = [
        (CLIENT, mqtt_octets.connect("node")),
        (SERVER, mqtt_octets.connack()),
        *((CLIENT, said[at : at + 30_000]) for at in range(0, len(said), 30_000)),
    ]
    assert told(tcp(talk, port=1883), "mqtt") == ["payload-cut"]


def test_a_type_of_hart_ip_that_is_not_defined_is_said() -> None:
    message = hart_ip_octets.TALK[0][1]
    odd = bytes((message[0], 9)) + message[2:]
    rows = tcp([*hart_ip_octets.TALK[:2], (CLIENT, odd)], port=5094)
    assert told(rows, "hart-ip") == ["message-type-unknown"]
