"""Words about messages of MQTT, SNMP, DNS, TLS, and events: the engine and the plain way, on octets of the wire."""

from __future__ import annotations

import pytest

from decode.buffers import test_mqtt as mqtt
from decode.buffers import test_snmp as snmp
from decode.buffers.test_dns import message as dns_message
from decode.buffers.test_tap import hello
from decode.feed import CLIENT, SERVER, tcp, udp
from detect.signatures.engine.test_engine import matchers, told
from detect.signatures.rows import PlainEngine, batch
from interlock.detect.signatures.engine.able import put_in_force
from interlock.detect.signatures.engine.engine import Engine
from interlock.detect.signatures.language.messages import EVENTS
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.reading import read_rule, read_rules
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.language.writing import write_rule

MQTT = [
    (CLIENT, mqtt.LOGIN),
    (SERVER, mqtt.CONNACK),
    (CLIENT, mqtt.message(3, mqtt.text(b"line/1") + b"hot", flags=1)),
    (CLIENT, mqtt.message(8, b"\0\1" + mqtt.text(b"a/#") + b"\0" + mqtt.text(b"b") + b"\0", flags=2)),
]
SNMP = [(CLIENT, snmp.plain(1, b"public", 3)), (SERVER, snmp.plain(1, b"public", 2))]
QUESTION = dns_message(0x0140)
OVER_TCP = [
    (side, len(octets).to_bytes(2, "big") + octets)
    for side, octets in ((CLIENT, QUESTION), (SERVER, dns_message(0x8180)))
]
HELLO = [(CLIENT, hello(b"evil.example")[:9]), (CLIENT, hello(b"evil.example")[9:])]
DNS = [(CLIENT, dns_message(0x0140)), (SERVER, dns_message(0x8183, answers=(b"\xc0\x0c",)))]


def request(*fields, version=b"HTTP/1.1", line=b"GET / "):
    return [(CLIENT, line + version + b"\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n")]


HOST = b"Host: plc"
UNENDED = [(CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\nX: ")]
_AUTH = "app-layer-event:http.request_auth_unrecognized;"
CASES = [
    ("mqtt", "mqtt.type:CONNECT;", tcp, MQTT, 1883, 1),
    ("mqtt", "mqtt.type:!connect;", tcp, MQTT, 1883, 3),
    ("mqtt", "mqtt.type:2-9;", tcp, MQTT, 1883, 2),
    ("mqtt", "mqtt.type:PUBLISH; mqtt.flags:!dup,retain;", tcp, MQTT, 1883, 1),
    ("mqtt", "mqtt.flags:dup;", tcp, MQTT, 1883, 0),
    ("mqtt", "mqtt.connect.flags:username,password,will,!will_retain;", tcp, MQTT, 1883, 1),
    ("mqtt", 'mqtt.connect.password; content:"secret"; bsize:6;', tcp, MQTT, 1883, 1),
    ("mqtt", "mqtt.protocol_version:<5; mqtt.qos:0;", tcp, MQTT, 1883, 3),
    ("mqtt", "mqtt.connack.session_present:yes; mqtt.connack.return_code:0;", tcp, MQTT, 1883, 1),
    ("mqtt", "mqtt.connack.session_present:false;", tcp, MQTT, 1883, 0),
    ("mqtt", 'mqtt.subscribe.topic; content:"b"; startswith; endswith;', tcp, MQTT, 1883, 1),
    (
        "tcp",
        'mqtt.publish.topic; content:"line/"; startswith; mqtt.publish.message; content:"hot";',
        tcp,
        MQTT,
        1883,
        1,
    ),
    ("snmp", 'snmp.version:<3; snmp.pdu_type:3; snmp.community; content:"public";', udp, SNMP, 161, 1),
    ("snmp", 'snmp.usm; content:"admin";', udp, SNMP, 161, 0),
    ("dns", "app-layer-event:dns.z_flag_set;", udp, DNS, 53, 1),
    ("dns", "dns.rcode:3; flow:to_client;", udp, DNS, 53, 1),
    ("dns", "dns.opcode:!0;", udp, DNS, 53, 0),
    ("dns", 'dns.answer.name; content:"plc"; dns.query.name; content:"example"; endswith;', udp, DNS, 53, 1),
    # A head that has no end when its conversation has one.
    (
        "http",
        'http.request_line; content:"GET / HTTP/1.1"; bsize:14;',
        tcp,
        [(CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\nX: ")],
        80,
        1,
    ),
    (
        "http",
        'http.header; content:"Host|3a| a|0d 0a|"; bsize:9; http.header_names; content:!"X";',
        tcp,
        [(CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\nX: ")],
        80,
        1,
    ),
    # The payload beside buffers of the same message; a name in another message is not beside it.
    ("dns", 'content:"|01 40|"; offset:2; depth:2; dns.query; content:"plc";', udp, DNS, 53, 1),
    ("dns", 'content:"|81 83|"; offset:2; depth:2; dns.query; content:"plc";', udp, DNS, 53, 0),
    ("dns", 'content:"|c0 0c|"; dns.rcode:3;', udp, DNS, 53, 1),
    ("dns", 'content:"|00 1d|"; startswith; dns.query; content:"plc";', tcp, OVER_TCP, 53, 1),
    ("tls", 'content:"|16 03 01|"; depth:3; tls.sni; content:"evil.example";', tcp, HELLO, 443, 1),
    ("tls", 'content:"|16 03 01|"; depth:3; offset:1; tls.sni; content:"evil.example";', tcp, HELLO, 443, 0),
    ("tls", 'content:"|16 03 02|"; tls.sni; content:"evil.example";', tcp, HELLO, 443, 0),
    ("tls", 'content:"|00 2f|"; ssl_state:client_hello;', tcp, HELLO, 443, 1),
    ("tls", 'content:"|00 2f|"; ssl_state:server_hello;', tcp, HELLO, 443, 0),
    ("http", "app-layer-event:http.missing_host_header;", tcp, request(b"Accept: *"), 80, 1),
    (
        "http",
        "app-layer-event:http.missing_host_header;",
        tcp,
        request(b"Accept: *", version=b"HTTP/1.0"),
        80,
        0,
    ),
    ("http", "app-layer-event:http.missing_host_header;", tcp, request(HOST), 80, 0),
    *(
        ("http", _AUTH, tcp, request(HOST, b"Authorization: " + said), 80, hits)
        for said, hits in ((b"Basic YTpi", 0), (b"bearer x", 0), (b"Digest x", 0), (b"NTLM x", 1), (b"", 1))
    ),
    *(
        (
            "http",
            "app-layer-event:http.invalid_transfer_encoding_value_in_request;",
            tcp,
            request(HOST, b"Transfer-Encoding: " + said, version=version),
            80,
            hits,
        )
        for said, version, hits in (
            (b"chunked", b"HTTP/1.1", 0),
            (b"gzip, Chunked", b"HTTP/1.1", 0),
            (b"identity", b"HTTP/1.1", 1),
            (b"chunked", b"HTTP/1.0", 1),
        )
    ),
    (
        "http",
        (
            "app-layer-event:http.request_auth_unrecognized; "
            'http.request_header; content:"X-A: b"; bsize:6; http.method; content:"GET";'
        ),
        tcp,
        request(HOST, b"X-A: b", b"Authorization: NTLM x"),
        80,
        1,
    ),
]


@pytest.mark.parametrize(("head", "options", "by", "talk", "port", "hits"), CASES)
def test_words_say_what_was_sent(head, options, by, talk, port, hits):
    rules = matchers(f"alert {head} any any -> any any ({options} sid:1;)")
    engine = Engine(rules)
    rows = by(talk, port=port, buffers=engine.buffers).get("payloads", [])
    rows = [{name: value for name, value in row.items() if name != "operation"} for row in rows]
    found = told(engine, batch(rows)) if rows else []
    assert len(found) == hits
    assert found == (told(PlainEngine(rules), batch(rows)) if rows else [])


@pytest.mark.parametrize("options", sorted({case[1] for case in CASES}))
def test_they_are_written_as_they_were_read(options):
    rule = read_rule(f"alert tcp any any -> any any ({options} sid:1;)", Origin("a", 1))
    assert read_rule(write_rule(rule), Origin("a", 1)) == rule


def test_events_are_refused_by_name_where_ours_are_others():
    for protocol, events in EVENTS.items():
        for event in (*events, "gone"):
            text = f"alert {protocol} any any -> any any (app-layer-event:{protocol}.{event}; sid:5;)"
            (read,) = read_rules(text, "a", Variables())
            assert (put_in_force(read).signature is not None) == (event != "gone")
            assert read.refusal is None or read.refusal.keyword == "app-layer-event"


def test_ssl_versions_are_those_of_our_decoder():
    body = bytes.fromhex("0300") + bytes(32) + b"\0" + b"\0\x05" + b"\0"
    hello = b"\x16\x03\0" + (len(body) + 4).to_bytes(2, "big") + b"\x02" + len(body).to_bytes(3, "big") + body
    client = bytes.fromhex("0300") + bytes(32) + b"\0" + b"\0\2\0\5" + b"\1\0"
    asks = (
        b"\x16\x03\0"
        + (len(client) + 4).to_bytes(2, "big")
        + b"\x01"
        + len(client).to_bytes(3, "big")
        + client
    )
    counts = {}
    for options in (
        "ssl_version:sslv3;",
        "ssl_version:tls1.0;",
        "ssl_state:server_hello;",
        "ssl_state:client_hello|server_keyx;",
    ):
        engine = Engine(matchers(f"alert tls any any -> any any ({options} sid:1;)"))
        rows = tcp([(CLIENT, asks), (SERVER, hello)], port=443, buffers=engine.buffers)["payloads"]
        counts[options.partition(":")[2]] = len(told(engine, batch(rows)))
    assert counts == {"sslv3;": 1, "tls1.0;": 0, "server_hello;": 1, "client_hello|server_keyx;": 1}
