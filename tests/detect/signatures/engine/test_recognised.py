"""Protocols that Suricata looks for at ports alone: with `no` and `yes` a conversation speaks none of them at others.

Ports as Suricata 7.0.10 is delivered; each line here was held against it.
"""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from decode.feed import CLIENT, SERVER, Tcp, _ip
from detect.signatures.engine.over_wire import conversation, every_way, summed
from interlock.detect.signatures.language.protocols import PROTOCOLS
from interlock.detect.signatures.plain.checks import speaks
from interlock.detect.signatures.plain.recognised import _PORTS, recognised
from interlock.detect.signatures.plain.unit import Unit

READ = struct.pack("!HHHBBHH", 1, 0, 6, 1, 3, 0, 1)
ANSWER = struct.pack("!HHHBBBH", 1, 0, 5, 1, 3, 2, 7)
QUERY = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\3plc\7example\0\0\1\0\1"
MODBUS = """
alert modbus any any -> any any (msg:"octets"; content:"|00 01 00 00 00 06|"; sid:1;)
alert tcp any any -> any any (msg:"spoken"; app-layer-protocol:modbus; content:"|00 06|"; sid:2;)
alert modbus any any -> any any (msg:"asked"; modbus: function 3; sid:3;)
alert tcp any any -> any any (msg:"any octets"; content:"|00 01 00 00 00 06|"; sid:4;)
"""
DNS = """
alert dns any any -> any any (msg:"octets"; content:"example"; sid:1;)
alert dns any any -> any any (msg:"asked"; dns.query; content:"example"; sid:3;)
alert udp any any -> any any (msg:"any octets"; content:"example"; sid:4;)
"""


def modbus(port):
    return conversation((CLIENT, READ), (SERVER, ANSWER), port=port)


def datagram(octets, port, side=CLIENT):
    ports = (50_000, port)[:: 1 if side == CLIENT else -1]
    return _ip(struct.pack("!HHHH", *ports, 8 + len(octets), 0) + octets, 17, side)


@pytest.mark.parametrize(
    ("midstream", "port", "expected"),
    [
        *((midstream, 502, {1, 2, 3, 4}) for midstream in ("own", "no", "yes")),
        ("own", 5_020, {1, 2, 3, 4}),
        ("no", 5_020, {4}),
        ("yes", 5_020, {4}),
    ],
)
def test_modbus(midstream, port, expected):
    assert set(every_way(MODBUS, modbus(port), midstream)) == expected


@pytest.mark.parametrize(("midstream", "expected"), [("no", {4, 5}), ("yes", {1, 3, 4, 5})])
def test_who_opens_a_connection_from_a_server_s_port_is_its_client(midstream, expected):
    """An answer of Modbus comes to whoever was asked to open it, and Suricata looks where it was opened to."""
    connection = Tcp(4_446, client_port=502)
    connection.open()
    connection.segment(SERVER, READ)
    connection.segment(CLIENT, ANSWER)
    rules = f'{MODBUS}alert tcp any any -> any any (msg:"back"; flow:to_client; content:"|00 06|"; sid:5;)\n'
    found = set(every_way(rules, [*map(summed, connection.frames)], midstream))
    assert found - {2} == expected


@pytest.mark.parametrize(
    ("midstream", "port", "side", "expected"),
    [
        *((midstream, 53, CLIENT, {1, 3, 4}) for midstream in ("own", "no", "yes")),
        ("own", 5_300, CLIENT, {1, 3, 4}),
        ("no", 5_300, CLIENT, {4}),
        ("yes", 5_300, CLIENT, {4}),
        # Whose datagram comes first is the client, and port 53 is none of its server's.
        ("no", 53, SERVER, {4}),
    ],
)
def test_questions(midstream, port, side, expected):
    assert set(every_way(DNS, [datagram(QUERY, port, side)], midstream)) == expected


@pytest.mark.parametrize("midstream", ["own", "no", "yes"])
def test_an_answer_to_a_broadcast_is_of_ethernet_ip_from_its_port(midstream):
    """ListIdentity asks all stations at once: each answer is a conversation of its own, from 44818."""
    item = struct.pack("<HH", 0x0C, 33) + struct.pack("<H", 1) + bytes(16)
    item += struct.pack("<HHHBBHI", 1, 14, 54, 20, 11, 0x60, 1) + b"\0\3"
    answer = struct.pack("<HHII8sI", 0x63, len(item) + 2, 0, 0, bytes(8), 0) + struct.pack("<H", 1) + item
    rules = 'alert enip any any -> any any (msg:"octets"; content:"|0c 00|"; sid:1;)\n'
    assert set(every_way(rules, [datagram(answer, 44_818, SERVER)], midstream)) == {1}


@pytest.mark.parametrize("midstream", ["own", "no", "yes"])
def test_a_question_that_is_cut_is_of_dns_at_its_port(midstream):
    cut = QUERY[:-4]
    assert set(every_way(DNS, [datagram(cut, 53)], midstream)) == {1, 4}
    assert set(every_way(DNS, [datagram(cut, 5_300)], midstream)) == {4}
    broken = QUERY.replace(b"\3plc", b"\x43plc")
    assert set(every_way(DNS, [datagram(broken, 53)], midstream)) == {4}


def test_smb_is_dcerpc_for_heads():
    negotiate = b"\0\0\0\x2f\xffSMB\x72" + bytes(27) + b"\0\x0c\0\x02NT LM 0.12\0"
    connection = Tcp(445)
    connection.open()
    connection.segment(CLIENT, negotiate)
    connection.segment(SERVER, negotiate[:36])
    rules = """
alert dcerpc any any -> any any (msg:"octets"; flow:to_server; content:"NT LM"; sid:1;)
alert smb any any -> any any (msg:"octets"; flow:to_server; content:"NT LM"; sid:2;)
"""
    for midstream in ("own", "no", "yes"):
        assert set(every_way(rules, [*map(summed, connection.frames)], midstream)) == {1, 2}


@pytest.mark.parametrize("size", [1, 3, 1_400])
def test_an_answer_of_http_tells_what_was_asked_in_small_pieces(size):
    asked = b"DECLARE CHAR(CAST(~\r\nHost: a.example\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    connection = Tcp(80)
    connection.open()
    for side, octets in ((CLIENT, asked), (SERVER, answer)):
        for at in range(0, len(octets), size):
            connection.segment(side, octets[at : at + size])
    rules = """
alert http any any -> any any (msg:"asked"; http.request_line; content:"DECLARE"; sid:1;)
alert http any any -> any any (msg:"answered"; http.stat_code; content:"200"; sid:2;)
"""
    for midstream in ("own", "no", "yes"):
        assert set(every_way(rules, [*map(summed, connection.frames)], midstream)) == {1, 2}


def test_smb_in_datagrams_is_not():
    unit = Unit(transport=17, application="smb")
    assert not speaks(unit, "dcerpc")
    assert speaks(replace(unit, transport=6), "dcerpc")
    assert speaks(unit, "smb")


def test_every_protocol_is_one_of_heads():
    assert {name for name, _ in _PORTS} <= PROTOCOLS.keys()
    for (name, transport), ports in _PORTS.items():
        assert transport in PROTOCOLS[name].transports
        assert recognised(name, transport, None)
        assert all(recognised(name, transport, port) for port in ports)
        assert not recognised(name, transport, 9)
    assert recognised("http", 6, 9)
    assert recognised("", 6, 9)
