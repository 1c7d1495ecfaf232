"""Rows of the table `flows` for tests, each a two-way Modbus conversation unless told otherwise."""

from __future__ import annotations

import pyarrow as pa

from interlock.records.tables import FLOWS

SOURCE = {"source": "plant.pcap", "realm": "default"}


def flow(**columns):
    usual = {
        "flow": 1,
        "client": "10.0.0.1",
        "server": "10.0.0.2",
        "client_mac": "00:11:22:33:44:01",
        "server_mac": "00:11:22:33:44:02",
        "client_port": 50000,
        "server_port": 502,
        "transport": "tcp",
        "vlan": None,
        "first": 1_000_000_000,
        "last": 9_000_000_000,
        "first_frame": 1,
        "last_frame": 99,
        "client_packets": 50,
        "server_packets": 50,
        "client_octets": 3000,
        "server_octets": 3000,
        "state": "established",
        "retransmissions": 0,
        "gaps": 0,
        "duplicates": 0,
        "bad_checksums": 0,
        "offloaded_checksums": 0,
        "protocol": "modbus",
        "basis": "parsed",
        "confidence": 1.0,
    }
    return SOURCE | usual | columns


def datagrams(server, packets=100, **columns):
    return flow(
        transport="udp",
        state=None,
        server=server,
        client_packets=packets,
        server_packets=0,
        server_mac=None,
        **columns,
    )


def table(*rows):
    return pa.Table.from_pylist(list(rows), schema=FLOWS.schema)
