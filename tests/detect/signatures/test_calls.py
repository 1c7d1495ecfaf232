"""Words about calls of DCE/RPC, Kerberos, SIP, SMB, files, DNS records and certificates, on octets of the wire."""

from __future__ import annotations

import struct
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.buffers.test_dns import message as dns_message
from decode.buffers.test_dns import name as dns_name
from decode.buffers.test_snmp import element
from decode.buffers.test_text_protocols import SMTP
from decode.feed import CLIENT, SERVER, START_NS, tcp, udp
from detect.signatures.engine.test_engine import matchers, told
from detect.signatures.rows import PlainEngine, batch
from interlock.decode.registry import load_specs
from interlock.detect.signatures.engine.able import put_in_force
from interlock.detect.signatures.engine.engine import Engine
from interlock.detect.signatures.engine.screening import Screening
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.protocols import PROTOCOLS
from interlock.detect.signatures.language.reading import read_rule, read_rules
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.language.writing import write_rule
from interlock.records.buffers import BUFFERS
from interlock.records.tables import PAYLOADS

WMI = "00000143-0000-0000-c000-000000000046"
NDR = "8a885d04-1ceb-11c9-9fe8-08002b104860"
FIRST, LAST, WHOLE = 1, 2, 3


def pdu(kind, body, flags=WHOLE, call=2):
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + len(body), 0, call) + body


def bind(interface=WMI, version=(0, 0), context=0):
    proposed = (
        struct.pack("<HBB", context, 1, 0) + uuid.UUID(interface).bytes_le + struct.pack("<HH", *version)
    )
    return pdu(
        11, struct.pack("<HHIB3x", 4280, 4280, 0, 1) + proposed + uuid.UUID(NDR).bytes_le + b"\2\0\0\0"
    )


def bound(result=0):
    address = struct.pack("<H", 4) + b"135\0" + b"\0\0"
    told_of = struct.pack("<B3xHH", 1, result, 0) + uuid.UUID(NDR).bytes_le + b"\2\0\0\0"
    return pdu(12, struct.pack("<HHI", 4280, 4280, 7) + address + told_of)


def request(operation, stub, flags=WHOLE, context=0, call=2):
    return pdu(0, struct.pack("<IHH", len(stub), context, operation) + stub, flags, call)


def response(stub, call=2):
    return pdu(2, struct.pack("<IHBB", len(stub), 0, 0, 0) + stub, WHOLE, call)


RPC = [
    (CLIENT, bind()),
    (SERVER, bound()),
    (CLIENT, request(5, b"evil call")),
    (SERVER, response(b"answered")),
]
REFUSED = [(CLIENT, bind()), (SERVER, bound(2)), *RPC[2:]]
PARTS = [
    *RPC[:2],
    (CLIENT, request(5, b"evil", FIRST)),
    (CLIENT, request(5, b" call", LAST)),
    (SERVER, response(b"answered")),
]
MIDDLE = [*RPC[:2], (CLIENT, request(5, b"evil", 0)), RPC[3]]
TAIL = [*RPC[:2], (CLIENT, request(5, b" call", LAST)), (SERVER, response(b"answered"))]


def datagram(stub, kind=0, operation=7, version=1, flags=0, fragment=0):
    head = struct.pack("<BBBB3sB", 4, kind, flags, 0, b"\x10\0\0", 0) + bytes(16) + uuid.UUID(WMI).bytes_le
    head += bytes(16) + struct.pack(
        "<IIIHHHHHBB", 0, version, 1, operation, 0xFFFF, 0xFFFF, len(stub), fragment, 0, 0
    )
    return head + stub


def session(message):
    return struct.pack(">I", len(message)) + message


def smb2(command, body, answers=0, message=1):
    return session(
        b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ16x", 64, 0, 0, command, 1, answers, 0, message, 0, 0, 0) + body
    )


FILE = bytes(range(16))


def written(octets):
    return smb2(9, struct.pack("<HHIQ", 49, 112, len(octets), 0) + FILE + bytes(16) + octets)


def transceived(octets):
    asked = (
        struct.pack("<HHI", 57, 0, 0x0011C017)
        + FILE
        + struct.pack("<IIIIIIII", 120, len(octets), 0, 0, 0, 0, 0, 0)
    )
    return smb2(11, asked + octets, message=9)


def transceived_back(octets):
    told_of = (
        struct.pack("<HHI", 49, 0, 0x0011C017) + FILE + struct.pack("<IIIIII", 0, 0, 112, len(octets), 0, 0)
    )
    return smb2(11, told_of + octets, answers=1, message=9)


def read():
    return smb2(8, struct.pack("<HBBIQ", 49, 0, 0, 4096, 0) + FILE + bytes(17), message=5)


def read_back(octets):
    return smb2(8, struct.pack("<HBBIII", 17, 80, 0, len(octets), 0, 0) + octets, answers=1, message=5)


NEGOTIATE = smb2(0, struct.pack("<HHHHI16sQ", 36, 1, 0, 0, 0, bytes(16), 0) + b"\x02\x02", message=0)
PIPE = [
    (CLIENT, NEGOTIATE),
    (SERVER, smb2(0, bytes(65), answers=1, message=0)),
    (CLIENT, written(bind())),
    (CLIENT, read()),
    (SERVER, read_back(bound())),
    (CLIENT, transceived(request(5, b"evil call"))),
    (SERVER, transceived_back(response(b"answered"))),
]


def smb1(command, words, octets, answers=0, message=1):
    head = b"\xffSMB" + struct.pack(
        "<BIBHH8xHHHHH", command, 0, 0x80 * answers, 0x8000, 0, 0, 1, 1, 1, message
    )
    return session(head + bytes([len(words) // 2]) + words + struct.pack("<H", len(octets)) + octets)


def written1(octets):
    return smb1(
        0x2F, struct.pack("<BBHHIIHHHHH", 0xFF, 0, 0, 7, 0, 0, 0, 0, 0, len(octets), 59) + b"", octets
    )


def transacted1(octets):
    words = struct.pack(
        "<HHHHBBHIHHHHHBB", 0, len(octets), 0, 4096, 0, 0, 0, 0, 0, 0, 0, len(octets), 67, 2, 0
    )
    return smb1(0x25, words + struct.pack("<HH", 0x26, 7), octets, message=3)


def transacted1_back(octets):
    words = struct.pack("<HHHHHHHHHBB", 0, len(octets), 0, 0, 0, 0, len(octets), 55, 0, 0, 0)
    return smb1(0x25, words, octets, answers=1, message=3)


def read1():
    return smb1(0x2E, struct.pack("<BBHHIHHIH", 0xFF, 0, 0, 7, 0, 4096, 0, 0, 0), b"", message=2)


def read1_back(octets):
    words = struct.pack("<BB11H", 0xFF, 0, 0, 0, 0, 0, len(octets), 59, *[0] * 5)
    return smb1(0x2E, words, octets, answers=1, message=2)


PIPE1 = [
    (CLIENT, written1(bind())),
    (CLIENT, read1()),
    (SERVER, read1_back(bound())),
    (CLIENT, transacted1(request(5, b"evil call"))),
    (SERVER, transacted1_back(response(b"answered"))),
]


def tagged(number, *parts):
    return element(0xA0 + number, *parts)


def principal(*names):
    parts = element(0x30, *(element(0x1B, name) for name in names))
    return element(0x30, tagged(0, element(2, b"\1")), tagged(1, parts))


def asks(kind=10, client=(b"operator",), server=(b"krbtgt", b"PLANT")):
    body = element(
        0x30,
        tagged(0, element(3, b"\0\0\0\0\0")),
        tagged(1, principal(*client)),
        tagged(2, element(0x1B, b"PLANT")),
        tagged(3, principal(*server)),
    )
    fields = tagged(1, element(2, b"\5")), tagged(2, element(2, bytes([kind]))), tagged(4, body)
    return element(0x60 + kind, element(0x30, *fields))


def grants(kind=11):
    ticket = element(0x61, element(0x30, tagged(0, element(2, b"\5")), tagged(2, principal(b"host", b"plc"))))
    fields = (
        tagged(0, element(2, b"\5")),
        tagged(1, element(2, bytes([kind]))),
        tagged(4, principal(b"operator")),
        tagged(5, ticket),
    )
    return element(0x60 + kind, element(0x30, *fields))


def errs(code):
    fields = (
        tagged(0, element(2, b"\5")),
        tagged(1, element(2, b"\x1e")),
        tagged(6, element(2, bytes([code]))),
        tagged(10, principal(b"krbtgt")),
    )
    return element(0x7E, element(0x30, *fields))


KERBEROS = [(CLIENT, asks()), (SERVER, errs(25)), (CLIENT, asks()), (SERVER, grants())]
OVER_TCP = [(side, struct.pack(">I", len(octets)) + octets) for side, octets in KERBEROS]
SIP = [
    (
        CLIENT,
        (
            b"INVITE sip:b@plc.example SIP/2.0\r\nv: SIP/2.0/UDP a\r\nVia: SIP/2.0/UDP b\r\n"
            b"f: <sip:a@x>\r\nTo: <sip:b@y>\r\nUser-Agent: friendly-scanner\r\nc: application/sdp\r\n"
            b"Content-Length: 4\r\n\r\nv=0\n"
        ),
    ),
    (SERVER, b"SIP/2.0 100 Trying\r\nl: 0\r\n\r\n"),
]
DNS = [
    (CLIENT, dns_message(0x0100)),
    (SERVER, dns_message(0x8180, answers=(b"\xc0\x0c",))),
]
SECTIONS = struct.pack("!HHHHHH", 7, 0x8180, 1, 1, 1, 1) + dns_name(b"plc.example") + b"\0\1\0\1"
SECTIONS += b"".join(
    dns_name(one) + struct.pack("!HHIH", kind, 1, 60, 4) + bytes(4)
    for one, kind in ((b"plc.example", 5), (b"authority.example", 2), (b"more.example", 1))
)
ZONE = [(CLIENT, dns_message(0x0100)), (SERVER, SECTIONS)]
NOW = datetime.fromtimestamp(START_NS / 1e9, UTC)


@cache
def certificate(begins, ends):
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plc.example")])
    names = x509.SubjectAlternativeName([x509.DNSName("hmi.example"), x509.DNSName("plc.example")])
    built = x509.CertificateBuilder().subject_name(whose).issuer_name(whose).public_key(key.public_key())
    built = (
        built.serial_number(7)
        .not_valid_before(NOW + timedelta(begins))
        .not_valid_after(NOW + timedelta(ends))
    )
    signed = built.add_extension(names, critical=False).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def record(kind, body):
    message = bytes([kind]) + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\3" + len(message).to_bytes(2, "big") + message


CLIENT_HELLO = record(1, b"\3\3" + bytes(range(32)) + b"\0" + b"\0\2\0\x2f" + b"\1\0")


def greeted(begins, ends):
    one = certificate(begins, ends)
    chain = b"".join(len(each).to_bytes(3, "big") + each for each in (one, one))
    shown = record(2, b"\3\3" + bytes(32) + b"\0\0\x2f\0") + record(11, len(chain).to_bytes(3, "big") + chain)
    return [(CLIENT, CLIENT_HELLO), (SERVER, shown)]


VALID, EXPIRED = greeted(-10, 10), greeted(-10, -5)


def answered(body, said=None):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (said or len(body))
    return [(CLIENT, b"GET /x.bin HTTP/1.1\r\nHost: a\r\n\r\n"), (SERVER, head + body)]


def ftp(line):
    return [
        (SERVER, b"220 ready\r\n"),
        (CLIENT, b"USER anonymous\r\n"),
        (SERVER, b"230 in\r\n"),
        (CLIENT, line + b"\r\n"),
        (SERVER, b"200 ok\r\n"),
    ]


CALL = f"dce_iface:{WMI}; dce_opnum:5; dce_stub_data; content:"
CASES = [
    # DCE/RPC: a call, and what misses it by one thing.
    ("dcerpc", f'flow:to_server; {CALL}"evil call"; bsize:9;', tcp, RPC, 135, 1),
    ("tcp", f"flow:to_server; dcerpc.iface:{WMI.upper()},<1;", tcp, RPC, 135, 1),
    ("tcp", f"flow:to_server; dcerpc.iface:{WMI},>0;", tcp, RPC, 135, 0),
    ("tcp", f"dce_iface:{WMI};", tcp, REFUSED, 135, 0),
    ("tcp", f"dce_iface:{WMI[:-1]}7;", tcp, RPC, 135, 0),
    ("tcp", "flow:to_server; dcerpc.opnum:1,3-6;", tcp, RPC, 135, 1),
    ("tcp", "flow:to_server; dcerpc.opnum:1,6-9;", tcp, RPC, 135, 0),
    ("tcp", 'flow:to_client; dcerpc.stub_data; content:"answered"; bsize:8;', tcp, RPC, 135, 1),
    ("tcp", f'flow:to_server; {CALL}"evil call"; bsize:9;', tcp, PARTS, 135, 1),
    ("tcp", f'flow:to_server; {CALL}"evil";', tcp, TAIL, 135, 0),
    ("tcp", f"flow:to_server; dce_iface:{WMI};", tcp, TAIL, 135, 0),
    ("tcp", f"flow:to_server; dce_iface:{WMI},any_frag;", tcp, TAIL, 135, 1),
    ("udp", f"dcerpc.iface:{WMI}; dcerpc.opnum:7;", udp, [(CLIENT, datagram(b"evil"))], 135, 1),
    ("udp", f"dcerpc.iface:{WMI},!1;", udp, [(CLIENT, datagram(b"evil"))], 135, 0),
    ("dcerpc", 'dcerpc.stub_data; content:"evil call"; bsize:9;', udp, [
        (CLIENT, datagram(b"evil", flags=4)), (CLIENT, datagram(b" call", flags=6, fragment=1)),
    ], 135, 1),
    ("smb", f'flow:to_server; {CALL}"evil call"; bsize:9;', tcp, PIPE, 445, 1),
    ("tcp", 'flow:to_client; dce_stub_data; content:"answered";', tcp, PIPE, 445, 1),
    ("tcp", f'flow:to_server; {CALL}"good call";', tcp, PIPE, 445, 0),
    ("smb", f'flow:to_server; {CALL}"evil call"; bsize:9;', tcp, PIPE1, 445, 1),
    ("tcp", 'flow:to_client; dce_stub_data; content:"answered"; bsize:8;', tcp, PIPE1, 445, 1),
    ("dcerpc", f'flow:to_server; {CALL}"evil call"; bsize:9;', tcp, PIPE, 445, 1),
    ("dcerpc", "flow:to_server; dcerpc.opnum:6;", tcp, PIPE, 445, 0),
    ("dcerpc", 'flow:to_client; dcerpc.stub_data; content:"answered";', tcp, PIPE1, 445, 1),
    # SMB is DCE/RPC, too (AppProtoEquals of Suricata's src/app-layer-protos.h).
    ("dcerpc", "flow:to_server; smb.version:2;", tcp, PIPE, 445, 4),
    # Neither the first fragment nor the last one: as Suricata's own test has it, any_frag alone holds of it.
    ("dcerpc", f"flow:to_server; dcerpc.iface:{WMI},any_frag;", tcp, MIDDLE, 135, 1),
    ("dcerpc", f"flow:to_client; dcerpc.iface:{WMI},any_frag;", tcp, MIDDLE, 135, 1),
    ("dcerpc", f"dcerpc.iface:{WMI};", tcp, MIDDLE, 135, 0),
    ("smb", "flow:to_server; smb.version:2;", tcp, PIPE, 445, 4),
    ("smb", "smb.version:1;", tcp, PIPE, 445, 0),
    ("smb", "flow:to_client; smb.version:1;", tcp, PIPE1, 445, 2),
    # Kerberos.
    ("krb5", "krb5_msg_type:10;", udp, KERBEROS, 88, 2),
    ("krb5", "krb5_msg_type:12;", udp, KERBEROS, 88, 0),
    ("krb5", 'krb5_msg_type:11; krb5_sname; content:"plc"; bsize:3;', udp, KERBEROS, 88, 1),
    ("udp", 'krb5_cname; content:"operator"; krb5_sname; content:"krbtgt"; bsize:6;', udp, KERBEROS, 88, 2),
    ("udp", 'krb5.cname; content:"Operator";', udp, KERBEROS, 88, 0),
    ("krb5", "krb5_err_code:25;", udp, KERBEROS, 88, 1),
    ("krb5", "krb5_err_code:!25;", udp, KERBEROS, 88, 0),
    ("krb5", 'krb5_cname; content:"operator";', tcp, OVER_TCP, 88, 3),
    ("krb5", 'content:"operator";', udp, KERBEROS, 88, 3),
    # SIP.
    ("sip", 'sip.method; content:"INVITE"; bsize:6; sip.uri; content:"sip:b@plc.example";', udp, SIP, 5060, 1),
    ("sip", 'sip.via; content:"SIP/2.0/UDP b"; bsize:13;', udp, SIP, 5060, 1),
    ("udp", 'sip.from; content:"<sip:a@x>"; sip.to; content:"<sip:b@y>"; sip.content_length; content:"4";',
     udp, SIP, 5060, 1),
    ("sip", 'sip.from; content:"<sip:b@y>";', udp, SIP, 5060, 0),
    ("sip", 'sip.stat_code; content:"100"; sip.stat_msg; content:"Trying"; sip.protocol; content:"SIP/2.0";',
     udp, SIP, 5060, 1),
    ("sip", 'sip.response_line; content:"SIP/2.0 100 Trying"; bsize:18;', tcp, SIP, 5060, 1),
    ("sip", 'sip.user_agent; content:"friendly-scanner"; sip.content_type; content:"sdp";', tcp, SIP, 5060, 1),
    ("sip", 'sip.request_line; content:"SIP/2.0"; endswith; content:"BYE";', tcp, SIP, 5060, 0),
    # Heads of protocols that only a reader recognises: octets and buffers, too.
    ("smtp", 'smtp.helo; content:"plc";', tcp, SMTP, 25, 1),
    ("smtp", 'content:"MAIL FROM"; flow:to_server;', tcp, SMTP, 25, 2),
    ("smtp", 'content:"MAIL FROM"; flow:to_client;', tcp, SMTP, 25, 0),
    ("tcp", 'app-layer-protocol:smtp; content:"RCPT TO:<b"; flow:to_server;', tcp, SMTP, 25, 1),
    ("tcp", 'app-layer-protocol:!smtp; content:"RCPT TO:<b"; flow:to_server;', tcp, SMTP, 25, 0),
    # FTP, as the documentation of Suricata's own test has it: the address is the client's, or another one.
    ("tcp", "ftpbounce;", tcp, ftp(b"PORT 2,2,2,3,0,80"), 21, 1),
    ("ftp", "ftpbounce;", tcp, ftp(b"PORT 10,0,0,1,232,157"), 21, 0),
    ("ftp", 'ftpbounce; ftp.command; content:"EPRT";', tcp, ftp(b"EPRT |1|10.0.0.9|80|"), 21, 1),
    ("ftp", "ftpbounce;", tcp, ftp(b"PORT 2,2,2,999,0,80"), 21, 0),
    ("ftp", r'ftp.command_data; pcre:"/^([a-z]+)$/,flow:who,alert:it";', tcp, ftp(b"NOOP"), 21, 1),
    # DNS.
    ("dns", "dns.rrtype:1; flow:to_server;", udp, DNS, 53, 1),
    ("dns", "dns.rrtype:!1;", udp, DNS, 53, 0),
    ("dns", "dns.rrtype:5; flow:to_client;", udp, ZONE, 53, 1),
    ("dns", "dns.rrtype:2;", udp, ZONE, 53, 0),
    ("dns", 'dns.authorities.rrname; content:"authority.example"; bsize:17;', udp, ZONE, 53, 1),
    ("dns", 'dns.additionals.rrname; content:"authority";', udp, ZONE, 53, 0),
    ("dns", 'dns.additionals.rrname; content:"more.example"; dns.answers.rrname; content:"plc";', udp, ZONE, 53, 1),
    ("dns", 'dns.queries.rrname; content:"plc.example"; flow:to_client;', udp, ZONE, 53, 1),
    # Certificates.
    ("tls", 'tls.subjectaltname; content:"hmi.example"; bsize:11;', tcp, VALID, 443, 1),
    ("tls", 'tls.subjectaltname; content:"hmj.example";', tcp, VALID, 443, 0),
    ("tls", "tls_cert_valid;", tcp, VALID, 443, 1),
    ("tls", "tls_cert_expired;", tcp, VALID, 443, 0),
    ("tls", "tls_cert_expired;", tcp, EXPIRED, 443, 1),
    ("tls", f"tls_cert_notbefore:>{NOW - timedelta(11):%Y-%m-%d}; tls_cert_notafter:<{NOW + timedelta(12):%Y-%m-%d};",
     tcp, VALID, 443, 1),
    ("tls", f"tls_cert_notafter:2001<>{NOW:%Y-%m-%dT%H:%M:%S};", tcp, VALID, 443, 0),
    ("tls", f"tls_cert_notafter:2001<>{NOW:%Y-%m-%dT%H:%M:%S};", tcp, EXPIRED, 443, 1),
    ("tls", f"tls_cert_notbefore:>{NOW - timedelta(10):%Y-%m-%dT%H:%M:%S};", tcp, VALID, 443, 1),
    ("tls", f"tls_cert_notbefore:>{NOW - timedelta(10) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S};", tcp, VALID, 443, 0),
    ("tls", f"tls_cert_notbefore:2001<>{NOW - timedelta(10):%Y-%m-%dT%H:%M:%S};", tcp, VALID, 443, 1),
    ("tls", "tls.cert_chain_len:2;", tcp, VALID, 443, 1),
    ("tls", "tls.cert_chain_len:>2;", tcp, VALID, 443, 0),
    ("tls", 'tls.random; content:"|00 01 02 03 04|"; startswith; bsize:32; tls.random_time; content:"|03|"; endswith;',
     tcp, VALID, 443, 1),
    ("tls", 'tls.random_bytes; content:"|03|"; startswith;', tcp, VALID, 443, 0),
    ("tls", 'tls.subject:"CN=plc.ex";', tcp, VALID, 443, 1),
    ("tls", 'tls.issuerdn:"CN=PLC.ex";', tcp, VALID, 443, 0),
    ("tls", 'ja3s.string; content:"771,47,"; flow:to_client;', tcp, VALID, 443, 1),
    # Files.
    ("http", "filesize:3;", tcp, answered(b"abc"), 80, 1),
    ("http", "filesize:<3;", tcp, answered(b"abc"), 80, 0),
    ("http", "filesize:2<>4;", tcp, answered(b"abc"), 80, 1),
    ("http", "filesize:>1KB;", tcp, answered(bytes(2_000)), 80, 1),
    ("http", "filesize:>1KB;", tcp, answered(bytes(2_000), said=9_000), 80, 1),
    ("http", "filesize:<1MB;", tcp, answered(bytes(2_000), said=9_000), 80, 0),
    ("http", "filesize:>1MB;", tcp, answered(bytes(2_000)), 80, 0),
    ("smtp", 'filesize:768; file.name; content:"run me.exe";', tcp, SMTP, 25, 1),
]  # fmt: skip


@pytest.mark.parametrize(("head", "options", "by", "talk", "port", "hits"), CASES)
def test_words_say_what_was_sent(head, options, by, talk, port, hits):
    rules = matchers(f"alert {head} any any -> any any ({options} sid:1;)")
    assert put_in_force(
        next(iter(read_rules(f"alert {head} any any -> any any ({options} sid:1;)", "a")))
    ).signature
    engine = Engine(rules)
    rows = by(talk, port=port, buffers=engine.buffers).get("payloads", [])
    rows = [{name: value for name, value in row.items() if name != "operation"} for row in rows]
    found = told(engine, batch(rows)) if rows else []
    assert len(found) == hits
    assert found == (told(PlainEngine(rules), batch(rows)) if rows else [])


@pytest.mark.parametrize("batch_frames", [0, 1, 3])
def test_what_a_reader_recognises_is_known_to_a_screen_too(batch_frames):
    """Rules for octets of SMTP, screened where packets are decoded, as conversations become known batch by batch."""
    rules = matchers(
        'alert smtp any any -> any any (content:"MAIL FROM:<a"; sid:1;)',
        'alert smtp any any -> any any (content:"EHLO"; flow:to_client; sid:2;)',
        'alert tcp any any -> any any (app-layer-protocol:smtp; content:"220 mail"; sid:3;)',
    )
    engine = Engine(rules)
    screen = Screening(engine.screen)
    rows = tcp(SMTP, port=25, buffers=engine.buffers, screen=screen, batch=batch_frames)["payloads"]
    names = {column.name for column in PAYLOADS.columns}
    found = told(
        engine, batch([{k: v for k, v in row.items() if k in names and k != "operation"} for row in rows])
    )
    assert sorted(engine.matchers[hit.number].signature.sid for _, hit in found) == [1, 3]
    assert all(row["rules"] for row in rows if row["buffer"] in {"packet", "stream", "segment"})


@pytest.mark.parametrize("options", sorted({case[1] for case in CASES}))
def test_they_are_written_as_they_were_read(options):
    rule = read_rule(f"alert tcp any any -> any any ({options} sid:1;)", Origin("a", 1))
    assert read_rule(write_rule(rule), Origin("a", 1)) == rule


@pytest.mark.parametrize(
    "option",
    [
        "dce_iface:x", f"dce_iface:{WMI},x", f"dce_iface:{WMI},1,2", "dce_opnum:9-1", "dce_opnum:x",
        "dce_opnum:0-65535",
        "krb5_msg_type:x", "filesize:1TB", "filesize:9<>1", "tls_cert_notafter:2008-13",
        "tls_cert_notafter:>2008<>2009",
        "tls_cert_expired:yes", "tls_cert_notbefore:2009<>2008",
    ],
)  # fmt: skip
def test_what_is_no_value_refuses_the_rule(option):
    with pytest.raises(RuleError) as caught:
        read_rule(f"alert tcp any any -> any any ({option}; sid:1;)", Origin("a", 1))
    assert caught.value.keyword == option.partition(":")[0]


def test_every_protocol_of_heads_is_recognised_or_refused():
    """A head that nothing here ever says of a conversation would be a rule that never speaks."""
    named = {name for spec in load_specs(outside=False) for name in (spec.name, *spec.names)}
    known = named | {"winrm", "ftp-data"}
    for word, protocol in PROTOCOLS.items():
        if not protocol.application:
            continue
        recognised = protocol.application in known or bool(protocol.known_by)
        assert protocol.recognised == recognised, word
        (read,) = read_rules(f'alert {word} any any -> any any (content:"a"; sid:1;)', "a", Variables())
        assert (put_in_force(read).signature is not None) == recognised, word
        assert not protocol.known_by or protocol.known_by in BUFFERS


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([RPC, PARTS, PIPE, PIPE1, OVER_TCP, SIP, KERBEROS, VALID]), st.data())
def test_hostile_octets_are_borne(talk, data):
    asked = frozenset(
        name for name in BUFFERS if name.partition(".")[0] in {"dcerpc", "krb5", "sip", "smb", "tls"}
    )
    spoilt = []
    for side, octets in talk:
        changed = bytearray(octets)
        for _ in range(data.draw(st.integers(0, 3))):
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        spoilt.append((side, bytes(changed[: data.draw(st.integers(0, len(changed)))]) or b"\0"))
    for by, port in ((tcp, 135), (tcp, 445), (udp, 88), (udp, 5060)):
        rows = by(spoilt, port=port, buffers=asked)
        faults = {row["oddity"] for row in rows.get("oddities", []) if "decoder-error" in row["oddity"]}
        assert not faults
