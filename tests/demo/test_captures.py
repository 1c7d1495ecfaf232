"""The shipped captures hold what PROVENANCE.md promises, and nothing of anybody's."""

from __future__ import annotations

import gzip
import hashlib
import ipaddress
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "demo"
CAPTURES = ("normal-shift.pcapng", "engineering.pcap", "incident.pcap.gz")
OURS = [ipaddress.ip_network(text) for text in ("192.168.10.0/24", "192.168.20.0/24", "203.0.113.0/24")]
ELSE = [ipaddress.ip_network(text) for text in ("224.0.0.0/4", "255.255.255.255/32", "0.0.0.0/32")]

PROMISES = {
    "normal-shift.pcapng": {
        "modbus.func_code == 3": 200,
        "modbus.func_code == 6": 6,
        "mbtcp && ip.src == 192.168.20.10": 30,  # Modbus across the router
        "s7comm.param.func == 0x04": 80,
        "s7comm.param.func == 0x05": 4,
        "cip.service == 0x0a": 40,
        "cip.service == 0x54": 2,
        "enip.command == 0x65": 4,
        "cipio": 200,
        "opcua.servicenodeid.numeric == 631": 30,
        'opcua.security.spu contains "Basic256Sha256"': 2,
        "pn_io_device": 4,
        "pn_io && vlan.priority == 6": 1000,
        "bacapp.unconfirmed_service == 8": 1,
        "bacapp.confirmed_service == 15": 2,
        'snmp.community == "public"': 30,
        "lldp": 15,
        "dhcp.option.dhcp == 3": 2,
        "dns.flags.response == 1 && udp.port == 53": 2,
        "mdns": 2,
        "ntp": 4,
        "llmnr": 1,
        "nbns": 1,
        "http.authbasic": 2,
        "tls.handshake.type == 2 && tls.handshake.version == 0x0301": 1,
        "tls.handshake.type == 2 && tls.handshake.version == 0x0302": 1,
        "tls.handshake.type == 2 && tls.handshake.extensions.supported_version == 0x0304": 1,
    },
    "engineering.pcap": {
        "modbus.func_code == 43": 6,
        "modbus.func_code == 23": 2,
        "s7comm.param.func == 0x1d": 2,  # start of an upload
        "s7comm.param.func == 0x1a": 2,  # request of a download
        "s7comm.param.func == 0x29": 2,  # stop
        "s7comm.param.func == 0x28": 2,  # start
        "s7comm.param.userdata.funcgroup == 7": 2,  # time
        "enip.command == 0x63": 2,
        "cip.service == 0x4d": 1,
        "cip.service == 0x52": 1,
        "opcua.servicenodeid.numeric == 428": 1,
        "opcua.servicenodeid.numeric == 673": 1,
        "pn_dcp.service_id == 4": 4,
        "pn_dcp.service_id == 5": 2,
        'ftp.request.command == "PASS"': 1,
        "telnet": 5,
        "ssh.protocol": 2,
    },
    "incident.pcap.gz": {
        "arp.duplicate-address-detected": 4,
        "tcp.flags == 0x002 && tcp.dstport == 502 && ip.src == 192.168.10.66": 10,
        "modbus.exception_code": 40,
        "modbus.func_code == 16 && ip.src == 192.168.10.66": 5,
        "s7comm.param.func == 0x29 && ip.src == 192.168.10.66": 1,
        "mbtcp && ip.src == 192.168.20.30": 10,
        "ip.src == 192.168.10.12 && ip.dst == 203.0.113.77 && tls": 3,
        "cip.service == 0x4d && ip.src == 192.168.10.66": 1,
        "pn_dcp.service_id == 4": 2,
        'snmp.community == "private"': 1,
        "tcp.analysis.retransmission": 4,
    },
}


def octets_of(name: str) -> bytes:
    octets = (DEMO / name).read_bytes()
    return gzip.decompress(octets) if name.endswith(".gz") else octets


def frames_of(name: str) -> list[bytes]:
    octets = octets_of(name)
    found, at = [], 0
    if octets[:4] == b"\x0a\x0d\x0d\x0a":
        while at < len(octets):
            kind, size = struct.unpack_from("<II", octets, at)
            if kind == 6:
                length = struct.unpack_from("<I", octets, at + 20)[0]
                found.append(octets[at + 28 : at + 28 + length])
            at += size
        return found
    at = 24
    while at < len(octets):
        length = struct.unpack_from("<I", octets, at + 8)[0]
        found.append(octets[at + 16 : at + 16 + length])
        at += 16 + length
    return found


def tshark(name: str, *arguments: str) -> str:
    command = ["tshark", "-n", "-r", str(DEMO / name), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_captures_are_those_whose_sums_are_written_down() -> None:
    written = dict(reversed(line.split()) for line in (DEMO / "SHA256SUMS").read_text().splitlines())
    assert written == {name: hashlib.sha256((DEMO / name).read_bytes()).hexdigest() for name in CAPTURES}
    assert sorted(written) == sorted(one.name for one in DEMO.iterdir() if ".pcap" in one.name)
    assert sum((DEMO / name).stat().st_size for name in CAPTURES) < 3_000_000


@pytest.mark.parametrize("name", CAPTURES)
def test_every_address_is_of_the_demo_plant(name: str) -> None:
    for frame in frames_of(name):
        ethertype = struct.unpack_from(">H", frame, 12)[0]
        if ethertype == 0x8100:
            ethertype = struct.unpack_from(">H", frame, 16)[0]
            assert ethertype == 0x8892  # only PROFINET's cyclic data carries a tag
        assert ethertype in {0x0800, 0x0806, 0x86DD, 0x8892, 0x88CC}
        if ethertype == 0x0800:
            for at in (26, 30):
                address = ipaddress.ip_address(frame[at : at + 4])
                assert any(address in network for network in OURS + ELSE), address
        if ethertype == 0x86DD:
            assert all(
                octets[0] in {0xFE, 0xFF} or not any(octets) for octets in (frame[22:38], frame[38:54])
            )


@pytest.mark.parametrize("name", CAPTURES)
def test_no_private_key_lies_in_a_capture(name: str) -> None:
    octets = octets_of(name)
    assert b"PRIVATE KEY" not in octets
    assert b"BEGIN" not in octets


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", CAPTURES)
def test_tshark_finds_what_is_promised(name: str) -> None:
    promised = PROMISES[name]
    # One run counts every condition: a table with a row of frames and octets for each of them.
    table = tshark(name, "-q", "-z", ",".join(["io,stat,0", *promised]))
    row = next(line for line in table.splitlines() if "<>" in line)
    frames = [int(cell) for cell in row.split("|")[2:-1:2]]
    missing = {
        condition: count
        for (condition, least), count in zip(promised.items(), frames, strict=True)
        if count < least
    }
    assert missing == {}


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", CAPTURES)
def test_every_checksum_is_right(name: str) -> None:
    checks = [f"-o{layer}.check_checksum:TRUE" for layer in ("ip", "tcp", "udp")]
    wrong = " or ".join(f"{layer}.checksum.status == 0" for layer in ("ip", "tcp", "udp"))
    assert tshark(name, *checks, "-Y", wrong) == ""
