"""MQTT's own tables: what its packets say besides who, what and how it ended."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["DETAILS", "MQTT", "SPARKPLUG"]

MQTT: Final = Table(
    name="mqtt",
    version=1,
    meaning="One row per MQTT control packet, but pings.",
    columns=(
        *DETAIL,
        Column(name="operation", type=pa.uint64(), nullable=True, meaning="joins operations"),
        Column(name="packet", type=text(), meaning="control packet, as the specification names it"),
        Column(name="from_client", type=pa.bool_(), meaning="whether the client sent it"),
        Column(
            name="version",
            type=pa.uint8(),
            nullable=True,
            meaning="protocol level: 3 (3.1), 4 (3.1.1), 5; null where the CONNECT was not seen",
        ),
        Column(name="client_id", type=pa.utf8(), nullable=True, meaning="client identifier of the session"),
        Column(name="packet_id", type=pa.uint16(), nullable=True, meaning="packet identifier"),
        Column(name="topic", type=pa.utf8(), nullable=True, meaning="topic name, or the first topic filter"),
        Column(name="qos", type=pa.uint8(), nullable=True, meaning="quality of service of a PUBLISH"),
        Column(name="dup", type=pa.bool_(), nullable=True, meaning="PUBLISH: sent again"),
        Column(name="retain", type=pa.bool_(), nullable=True, meaning="PUBLISH: the broker keeps it"),
        Column(name="reason", type=pa.uint8(), nullable=True, meaning="return or reason code"),
        Column(name="keep_alive", type=pa.uint16(), nullable=True, unit="s", meaning="CONNECT: keep alive"),
        Column(name="clean", type=pa.bool_(), nullable=True, meaning="CONNECT: clean session or clean start"),
        Column(
            name="session_present", type=pa.bool_(), nullable=True, meaning="CONNACK: an old session goes on"
        ),
        Column(name="will_topic", type=pa.utf8(), nullable=True, meaning="CONNECT: topic of the will"),
        Column(name="will_qos", type=pa.uint8(), nullable=True, meaning="CONNECT: the will's QoS"),
        Column(name="will_retain", type=pa.bool_(), nullable=True, meaning="CONNECT: the will is kept"),
        Column(
            name="payload_octets",
            type=pa.uint32(),
            nullable=True,
            unit="octet",
            meaning="PUBLISH: size of the message it carries",
        ),
        Column(name="properties", type=pa.utf8(), nullable=True, meaning="MQTT 5: name=value, by semicolon"),
    ),
)

SPARKPLUG: Final = Table(
    name="sparkplug",
    version=1,
    meaning="One row per Sparkplug B message.",
    columns=(
        *DETAIL,
        Column(name="operation", type=pa.uint64(), nullable=True, meaning="joins operations"),
        Column(
            name="message_type",
            type=text(),
            meaning="NBIRTH, NDEATH, DBIRTH, DDEATH, NDATA, DDATA, NCMD, DCMD",
        ),
        Column(name="from_client", type=pa.bool_(), meaning="published by the client, or forwarded to it"),
        Column(name="group", type=pa.utf8(), meaning="group identifier"),
        Column(name="edge_node", type=pa.utf8(), meaning="edge node identifier"),
        Column(name="device", type=pa.utf8(), nullable=True, meaning="device identifier"),
        Column(
            name="payload_time",
            type=pa.timestamp("ms", "UTC"),
            nullable=True,
            unit="ms",
            meaning="when its sender says it made the message",
        ),
        Column(name="sequence", type=pa.uint64(), nullable=True, meaning="sequence number"),
        Column(name="metrics", type=pa.uint32(), meaning="how many metrics it carries"),
    ),
)

DETAILS: Final = (MQTT, SPARKPLUG)
