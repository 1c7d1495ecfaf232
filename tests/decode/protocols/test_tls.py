"""TLS: hellos, certificates, fingerprints; octets written after RFC 8446 and RFC 5246."""

from __future__ import annotations

import datetime as dt
import json
import os
import struct
import subprocess
import sys

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from interlock.decode.protocols.tls.decoder import SPEC
from interlock.decode.protocols.tls.hello import RETRY_RANDOM, ClientHello, ja4
from interlock.decode.spec import NEED_MORE, Hint

APPLICATION_DATA = b"\x17\x03\x03\x00\x10" + b"\xaa" * 16
CHANGE = b"\x14\x03\x03\x00\x01\x01"
DONE = bytes((14, 0, 0, 0))


def record(kind: int, fragment: bytes) -> bytes:
    return struct.pack(">BHH", kind, 0x0303, len(fragment)) + fragment


def handshake(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def vector(octets: bytes, width: int = 2) -> bytes:
    return len(octets).to_bytes(width, "big") + octets


def words(*numbers: int) -> bytes:
    return b"".join(n.to_bytes(2, "big") for n in numbers)


def client_hello(version: int = 0x0303, *, extensions: bytes = b"", suites: bytes = b"") -> bytes:
    body = version.to_bytes(2, "big") + bytes(32) + b"\x00" + vector(suites or words(0x0A0A, 0xC02F, 0x0035))
    return handshake(1, body + b"\x01\x00" + vector(extensions))


def extension(kind: int, content: bytes) -> bytes:
    return words(kind) + vector(content)


NAMED = extension(0, vector(b"\x00" + vector(b"plc.example")))
VERSIONS = extension(43, vector(words(0x0A0A, 0x0304, 0x0303), 1))


def server_hello(
    version: int = 0x0303, suite: int = 0xC02F, *, random: bytes = bytes(32), more: bytes = b""
) -> bytes:
    return handshake(2, version.to_bytes(2, "big") + random + b"\x00" + words(suite) + b"\x00" + vector(more))


def certificate(der: bytes) -> bytes:
    return handshake(11, vector(vector(der, 3), 3))


@pytest.fixture(scope="module")
def der() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plc.example")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def talk(der: bytes) -> list[tuple[int, bytes]]:
    flight = server_hello() + certificate(der) + DONE
    return [
        (CLIENT, record(22, client_hello(extensions=NAMED))),
        (SERVER, record(22, flight[:100]) + record(22, flight[100:])),
        (CLIENT, CHANGE + record(22, b"\x14\x99\x99\x99secret")),
        (SERVER, CHANGE + record(22, b"\x01\x00\x00\x01secret") + APPLICATION_DATA),
        (CLIENT, APPLICATION_DATA),
    ]


def test_a_handshake_of_version_1_2(der: bytes) -> None:
    rows = tcp(talk(der), port=443)
    assert [(r["function"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        (1, "plc.example", "ok")
    ]
    (row,) = rows["tls"]
    told = {k: row[k] for k in ("version", "client_version", "suite", "server_name", "key_type", "key_bits")}
    assert told == {
        "version": "TLSv1.2",
        "client_version": "TLSv1.2",
        "suite": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "server_name": "plc.example",
        "key_type": "rsa",
        "key_bits": 2048,
    }
    assert row["certificate_subject"] == "CN=plc.example"
    assert row["self_signed"] is True
    assert row["signature_algorithm"] == "sha256WithRSAEncryption"
    assert row["not_after"] - row["not_before"] == 365 * 86400 * 10**9
    assert rows["oddities"] == []


def test_version_1_3_with_a_retry() -> None:
    chosen = extension(43, words(0x0304))
    hello = client_hello(extensions=NAMED + VERSIONS)
    rows = tcp(
        [
            (CLIENT, record(22, hello)),
            (SERVER, record(22, server_hello(suite=0x1301, random=RETRY_RANDOM, more=chosen)) + CHANGE),
            (CLIENT, CHANGE + record(22, hello)),
            (SERVER, record(22, server_hello(suite=0x1301, more=chosen)) + APPLICATION_DATA),
        ],
        port=8443,
    )
    assert [r["outcome"] for r in rows["operations"]] == ["ok", "ok"]
    assert [(r["version"], r["suite"], r["client_version"]) for r in rows["tls"]] == [
        ("TLSv1.3", "TLS_AES_128_GCM_SHA256", "TLSv1.3")
    ]


def test_a_fatal_alert_refuses() -> None:
    rows = tcp([(CLIENT, record(22, client_hello())), (SERVER, record(21, b"\x02\x28"))], port=443)
    assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [("refused", 40)]
    assert [(r["version"], r["alert"]) for r in rows["tls"]] == [(None, 40)]


def test_old_versions_and_the_form_of_ssl_2(der: bytes) -> None:
    old = b"\x80\x1c\x01\x03\x00\x00\x03\x00\x00\x00\x10" + b"\x00\x00\x05" + bytes(16)
    rows = tcp(
        [(CLIENT, old), (SERVER, record(22, server_hello(0x0300, 0x0005) + certificate(der)))], port=443
    )
    assert [(r["version"], r["suite"]) for r in rows["tls"]] == [("SSLv3", "TLS_RSA_WITH_RC4_128_SHA")]


def test_ja4_of_the_published_example() -> None:
    """FoxIO's own example of a browser, from its raw form to its hashes."""
    suites = "002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9"
    kinds = "0000,0005,000a,000b,000d,0010,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01"
    signatures = "0403,0804,0401,0503,0805,0501,0806,0601"
    hello = ClientHello(
        0x0303,
        (0x1A1A, *(int(s, 16) for s in reversed(suites.split(",")))),
        (0xFAFA, *(int(s, 16) for s in reversed(kinds.split(",")))),
        signatures=tuple(int(s, 16) for s in signatures.split(",")),
        protocols=(b"h2", b"http/1.1"),
        versions=(0x2A2A, 0x0304, 0x0303),
    )
    assert ja4(hello) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (record(22, client_hello()) + b"\x00nonsense", "not-framed"),
        (record(22, b"\x01\x7f\xff\xff" + bytes(100)), "handshake-too-long"),
        (record(22, handshake(1, b"\x03\x03" + bytes(33) + b"\xff\xff" + bytes(40))), "truncated"),
        (record(22, client_hello(extensions=extension(1, b"") * 600)), "too-many-extensions"),
    ],
)
def test_oddities_of_clients(octets: bytes, oddity: str) -> None:
    assert oddity in {r["oddity"] for r in tcp([(CLIENT, octets)], port=443)["oddities"]}


def test_a_certificate_that_is_none() -> None:
    pieces = [
        (CLIENT, record(22, client_hello())),
        (SERVER, record(22, server_hello() + certificate(b"0" * 40))),
    ]
    rows = tcp(pieces, port=443)
    assert [r["oddity"] for r in rows["oddities"]] == ["certificate-unreadable"]
    assert [r["certificate_subject"] for r in rows["tls"]] == [None]


_ASK = """
import json, sys
from decode.feed import Tcp, run
connection = Tcp(443)
connection.open()
for side, octets in json.load(sys.stdin):
    connection.segment(side, bytes.fromhex(octets))
rows = run(connection.frames, wanted=frozenset(sys.argv[1:]))
print(len(rows["operations"]), len(rows["tls"]), "cryptography.x509" in sys.modules)
"""


@pytest.mark.parametrize(
    ("tables", "told"),
    [(("operations", "flows", "clues"), "1 0 False"), (("operations", "tls"), "1 1 True")],
)
def test_certificates_are_parsed_only_where_somebody_asks(
    der: bytes, tables: tuple[str, ...], told: str
) -> None:
    done = subprocess.run(
        (sys.executable, "-c", _ASK, *tables),
        input=json.dumps([(side, octets.hex()) for side, octets in talk(der)]),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == told


def test_whole_and_split_agree(der: bytes) -> None:
    pieces = talk(der)
    whole = bare(tcp(pieces, port=443))
    for at, split in cut_anywhere(pieces, port=443, step=13):
        assert split == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 300), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(talk(b"0\x82\x01\x00" + bytes(256)), changes), port=443)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@pytest.mark.parametrize(
    ("octets", "least", "most"),
    [
        (record(22, client_hello()), 90, 100),
        (record(22, server_hello()), 90, 100),
        (b"\x16\x03", NEED_MORE, NEED_MORE),
        (b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a", 0, 0),
        (b"\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00", 0, 0),
        (b"GET / HTTP/1.1\r\n\r\n", 0, 0),
    ],
)
def test_probe(octets: bytes, least: int, most: int) -> None:
    assert least <= SPEC.probe(octets, Hint("tcp", 50000, 12345, 0, True, 0)) <= most
