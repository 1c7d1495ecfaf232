"""MQTT 3.1.1 and 5.0, Sparkplug B: a login, subscriptions, publications of each quality of service, a refusal."""

from __future__ import annotations

from decode.protocols.mqtt_octets import connack, connect, metric, packet, payload, publish, subscribe, tagged
from decode.seeds import Seed

_BIRTH = payload(metric(tagged(13, 21.5), name="Temperature", alias=4, kind=10), sequence=1)

SEEDS = (
    Seed(
        name="session",
        transport="tcp",
        port=1883,
        no_join="version, user and topic aliases are said first",
        messages=(
            (0, connect("hmi-7", user="operator", password=b"secret", will=("plant/hmi", b"gone"))),
            (1, connack()),
            (0, subscribe(1, "plant/+/state", "plant/#")),
            (1, packet(0x90, b"\x00\x01\x01\x80")),
            (0, publish("plant/tank/level", b"4.5")),
            (0, publish("plant/tank/set", b"7", qos=1, number=2)),
            (1, packet(0x40, b"\x00\x02")),
            (1, publish("plant/tank/state", b'{"run": true}', qos=2, number=9)),
            (0, packet(0x50, b"\x00\x09")),
            (1, packet(0x62, b"\x00\x09")),
            (0, packet(0x70, b"\x00\x09")),
            (0, publish("spBv1.0/hall/DBIRTH/edge/filler", _BIRTH)),
            (0, packet(0xC0)),
            (1, packet(0xD0)),
            (0, packet(0xE0)),
        ),
    ),
    Seed(
        name="version-5",
        transport="tcp",
        port=1883,
        no_join="version, user and topic aliases are said first",
        messages=(
            (0, connect("edge-5", version=5)),
            (1, connack(0, b"\x22\x00\x0a")),
            (0, publish("plant/speed", b"12", properties=b"\x23\x00\x01")),
            (0, publish("", b"13", properties=b"\x23\x00\x01")),
            (0, packet(0xE0, b"\x00")),
        ),
    ),
    Seed(
        name="refused",
        transport="tcp",
        port=1883,
        no_join="a connection is asked for first",
        messages=((0, connect("x", user="a", password=b"b")), (1, connack(5))),
    ),
)
