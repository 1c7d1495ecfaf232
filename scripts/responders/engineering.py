"""A day of maintenance in half a minute: what an engineering station may do, and what should be noticed."""

from __future__ import annotations

import asyncio
import logging
import os
import time

from asyncua import Client as OpcUaClient
from pymodbus.client import ModbusTcpClient
from snap7.client import Client as S7Client
from snap7.type import Block

from responders import cip, dcp
from responders.cip_client import CipClient, list_identity, read_tag, write_tag
from responders.frames import mac, raw_socket
from responders.network import BY_NAME, GATEWAYS, ip_of
from responders.panel_client import ssh_greeting, terminal, transfer


def look_around() -> None:
    """Find PROFINET and EtherNet/IP devices."""
    own = mac(BY_NAME["engineer"].mac)
    with raw_socket(dcp.ETHERTYPE) as sender:
        ask = dcp.block(dcp.ALL, b"")
        sender.send(dcp.frame((dcp.EVERYONE, own), dcp.IDENTIFY_REQUEST, (dcp.IDENTIFY, 0), 0x01000001, ask))
    list_identity("192.168.10.255")


def rename_station() -> None:
    """Give the I/O station a new name and address, then read the name back, all by DCP."""
    own, station = mac(BY_NAME["engineer"].mac), mac(BY_NAME["io"].mac)
    address = dcp.ip_block("192.168.10.31", "255.255.255.0", GATEWAYS["cell"])
    with raw_socket(dcp.ETHERTYPE) as sender:
        for xid, service, blocks in (
            (2, dcp.SET, dcp.answered(dcp.NAME, b"filler-io-2")),
            (3, dcp.SET, dcp.answered(dcp.IP, address)),
            (4, dcp.GET, bytes(dcp.NAME) + bytes(dcp.IP)),
        ):
            sender.send(
                dcp.frame((station, own), dcp.GET_SET, (service, dcp.REQUEST), 0x01000000 + xid, blocks)
            )
            time.sleep(0.8)


def identify_mixer() -> None:
    """Read PLC A's nameplate, its diagnostics and its program interface."""
    with ModbusTcpClient(ip_of("plc-a")) as client:
        for code in (1, 2, 3):
            client.read_device_information(read_code=code, device_id=1)
        client.diag_query_data(b"\x12\x34", device_id=1)
        client.report_device_id(device_id=1)
        client.write_registers(30, [1500, 1600, 1700], device_id=1)
        client.mask_write_register(address=31, and_mask=0xFF00, or_mask=0x00F0, device_id=1)
        client.readwrite_registers(read_address=0, read_count=4, write_address=32, values=[5], device_id=1)


def program_filler() -> None:
    """Upload PLC B's block, stop it, load the changed block and start it again."""
    client = S7Client()
    client.connect(ip_of("plc-b"), 0, 2)
    client.get_cpu_info()
    client.get_order_code()
    client.get_protection()
    client.list_blocks()
    client.list_blocks_of_type(Block.DB, 16)
    block = client.upload(10)
    time.sleep(2)
    client.plc_stop()
    client.read_szl(0x0424)
    time.sleep(1)
    block[100:104] = os.urandom(4)
    client.download(block, 10)
    time.sleep(1)
    client.plc_cold_start()
    client.set_plc_system_datetime()
    client.get_plc_datetime()
    client.disconnect()


def tune_packer() -> None:
    """Look at PLC C's identity through its backplane and change a tag."""
    client = CipClient(ip_of("plc-c"))
    client.unconnected(cip.through_slot(0, cip.request(cip.GET_ALL, cip.object_path(1, 1))))
    client.unconnected(cip.request(cip.GET_SINGLE, cip.object_path(1, 1, 7)))
    client.open_connection()
    client.connected(read_tag("Line2_Speed"))
    client.connected(write_tag("Line2_Speed", 44.0))
    client.connected(read_tag("Line3_Speed"))
    client.close_connection()
    client.close()


async def browse_tank() -> None:
    """Ask the OPC UA server for its endpoints, walk its objects and write a set-point, anonymously."""
    client = OpcUaClient(f"opc.tcp://{ip_of('opcua')}:4840/line2")
    await client.connect_and_get_server_endpoints()
    async with client:
        await client.nodes.server.get_children()
        for child in await client.nodes.objects.get_children():
            await child.read_browse_name()
        space = await client.get_namespace_index("http://plant.example/line2")
        await client.get_node(f"ns={space};s=Tank.Setpoint").write_value(61.0)


def main() -> None:
    """Do it all, with the pauses that people make."""
    logging.disable(logging.WARNING)
    for step in (look_around, identify_mixer, program_filler, tune_packer):
        time.sleep(3)
        step()
    asyncio.run(browse_tank())
    time.sleep(2)
    rename_station()
    time.sleep(2)
    transfer(ip_of("hmi"), "firmware_2.8.bin", os.urandom(6000))
    terminal(ip_of("switch"))
    ssh_greeting(ip_of("switch"))
    time.sleep(2)


if __name__ == "__main__":
    main()
