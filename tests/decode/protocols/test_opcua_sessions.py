"""OPC UA discovery, channels and sessions: how they are secured, as whom, what servers offer and say of themselves."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import tcp
from decode.protocols.opcua_octets import (
    ACKNOWLEDGE,
    BASIC256SHA256,
    CHANNEL,
    CLIENT,
    NONE,
    NULL,
    OPENING,
    SERVER,
    SESSION,
    TOKEN,
    answer,
    array,
    ask,
    chunk,
    clues,
    extension,
    hello,
    localized,
    node,
    oddities,
    opened,
    opening,
    read,
    read_item,
    talk,
    text,
    u32,
)
from interlock.decode.protocols.opcua.certificate import read_certificate
from interlock.decode.protocols.opcua.identity import host_of

UNTIL = datetime(2031, 5, 1, tzinfo=UTC)


def _certificate(name: str) -> bytes:
    key = ec.derive_private_key(7, ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, UNTIL - timedelta(days=9), UNTIL)
    made = builder.sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


SERVER_CERTIFICATE, CLIENT_CERTIFICATE = _certificate("plc7"), _certificate("hmi2")


def application(name: str, kind: int, uri: str = "urn:plc7:boss", product: str = "urn:acme:boss") -> bytes:
    return (
        text(uri)
        + text(product)
        + localized(name)
        + u32(kind)
        + NULL
        + NULL
        + array(text("opc.tcp://plc7:4840"))
    )


def endpoint(
    mode: int, policy: str, *tokens: tuple[int, str | None], certificate: bytes | None = None
) -> bytes:
    policies = array(*(text("p") + u32(kind) + NULL + NULL + text(own) for kind, own in tokens))
    profile = text("http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary")
    head = text("opc.tcp://plc7:4840") + application("Boss", 0) + text(certificate)
    return head + u32(mode) + text(policy) + policies + profile + b"\x03"


def create() -> bytes:
    body = (
        application("Panel", 1, "urn:hmi2", "urn:acme:panel")
        + NULL
        + text("opc.tcp://plc7:4840")
        + text("night")
    )
    return body + text(b"\0" * 32) + text(CLIENT_CERTIFICATE) + struct.pack("<dI", 60000.0, 0)


def created(*endpoints: bytes) -> bytes:
    body = node(900, 1) + SESSION + struct.pack("<d", 60000.0) + text(b"\1") + text(SERVER_CERTIFICATE)
    return body + array(*endpoints) + NULL + NULL + NULL + u32(0)


def activate(call: int, token: bytes) -> bytes:
    return ask(call, 467, NULL + NULL + NULL + array(text("en")) + token + NULL + NULL, session=SESSION)


ANONYMOUS = extension(321, text("p"))
X509 = extension(327, text("p") + text(CLIENT_CERTIFICATE))


def user_token(user: str, secret: bytes | None, algorithm: str | None = None) -> bytes:
    return extension(324, text("p") + text(user) + text(secret) + text(algorithm))


def sessions(rows: dict, event: str = "session") -> list[dict]:
    return [row for row in rows["opcua_sessions"] if row["event"] == event]


def test_a_session_tells_how_it_is_secured_and_as_whom() -> None:
    rows = talk(
        (CLIENT, ask(2, 461, create())),
        (SERVER, answer(2, 461, created())),
        (CLIENT, activate(3, user_token("anna", b"secret"))),
        (SERVER, answer(3, 467, NULL + NULL + NULL)),
    )
    (channel,) = sessions(rows, "channel")
    assert (channel["policy"], channel["mode"], channel["token"], channel["channel"]) == (
        "None",
        "None",
        None,
        CHANNEL,
    )
    (found,) = sessions(rows)
    expected = {
        "client": "10.0.0.1",
        "server": "10.0.0.2",
        "server_port": 4840,
        "policy": "None",
        "mode": "None",
        "token": "username",
        "user": "anna",
        "endpoint_url": "opc.tcp://plc7:4840",
        "session_name": "night",
        "client_application": "Panel",
        "client_uri": "urn:hmi2",
        "client_certificate_subject": "CN=hmi2",
        "server_certificate_subject": "CN=plc7",
        "server_certificate_issuer": "CN=plc7",
        "server_certificate_key": "secp256r1 sha256",
    }
    assert {name: found[name] for name in expected} == expected
    assert len(found["client_certificate_sha1"]) == 40
    assert oddities(rows) == set()


@pytest.mark.parametrize(
    ("token", "kind", "user"),
    [
        (ANONYMOUS, "anonymous", None),
        (extension(0, None), "anonymous", None),
        (user_token("anna", b"x" * 256, "http://www.w3.org/2001/04/xmlenc#rsa-oaep"), "username", "anna"),
        (X509, "certificate", "CN=hmi2"),
        (extension(940, text("p") + text(b"ey.jwt.sig") + NULL), "issued", None),
        (extension(9999, b""), None, None),
    ],
)
def test_each_kind_of_user_token(token: bytes, kind: str | None, user: str | None) -> None:
    rows = talk((CLIENT, activate(2, token)), (SERVER, answer(2, 467, NULL + NULL + NULL)))
    assert [(s["token"], s["user"]) for s in sessions(rows)] == [(kind, user)]
    assert rows["operations"][0]["user"] == user
    assert oddities(rows) <= {"truncated"}


def test_a_secret_in_clear_is_a_credential_and_an_encrypted_one_is_not() -> None:
    clear = talk((CLIENT, activate(2, user_token("anna", b"anna"))))
    (found,) = clear["credentials"]
    assert (found["scheme"], found["user"], found["known"], found["client"]) == (
        *("user-password", "anna", "same-as-user"),
        "10.0.0.1",
    )
    assert ("10.0.0.1", "user", "anna") in clues(clear)
    sealed = talk((CLIENT, activate(2, user_token("anna", b"\x93" * 256, "rsa-oaep"))))
    assert sealed["credentials"] == []
    bearer = talk((CLIENT, activate(2, extension(940, text("p") + text(b"ey.jwt.sig") + NULL))))
    assert [c["scheme"] for c in bearer["credentials"]] == ["issued-token"]


def test_a_login_that_was_refused_is_no_session() -> None:
    rows = talk((CLIENT, activate(2, ANONYMOUS)), (SERVER, answer(2, 397, b"", 0x80210000)))
    assert sessions(rows) == []
    assert rows["operations"][0]["outcome"] == "refused"


def test_what_a_server_offers_is_listed_once() -> None:
    offers = (
        endpoint(1, NONE, (0, None), (1, BASIC256SHA256), certificate=SERVER_CERTIFICATE),
        endpoint(1, NONE, (1, None), (2, None), (9, None)),
        endpoint(3, BASIC256SHA256, (1, NONE), (3, None)),
        endpoint(2, "http://acme/own#Policy", (1, NONE)),
    )
    asked = text("opc.tcp://plc7:4840") + NULL + NULL
    rows = talk(
        (CLIENT, ask(2, 428, asked)),
        (SERVER, answer(2, 428, array(*offers))),
        (CLIENT, ask(3, 428, asked)),
        (SERVER, answer(3, 428, array(*offers))),
    )
    found = rows["opcua_endpoints"]
    assert [
        (e["policy"], e["mode"], e["tokens"], e["clear_password"], e["security_level"]) for e in found
    ] == [
        ("None", "None", "anonymous,username", False, 3),
        ("None", "None", "username,certificate", True, 3),
        ("Basic256Sha256", "SignAndEncrypt", "username,issued", False, 3),
        ("http://acme/own#Policy", "Sign", "username", True, 3),
    ]
    assert found[0]["server_certificate_not_after"] == int(UNTIL.timestamp())
    assert found[0]["application_type"] == "server"
    assert found[0]["transport"] == "uatcp-uasc-uabinary"
    assert clues(rows) == {
        ("10.0.0.2", "description", "Boss"),
        ("10.0.0.2", "software", "urn:acme:boss"),
        ("10.0.0.2", "name", "plc7"),
    }
    assert oddities(rows) == set()


def test_applications_say_who_they_are() -> None:
    rows = talk((CLIENT, ask(2, 461, create())))
    assert clues(rows) == {
        ("10.0.0.1", "description", "Panel"),
        ("10.0.0.1", "software", "urn:acme:panel"),
        ("10.0.0.2", "name", "plc7"),
    }
    found = talk((CLIENT, ask(2, 422, NULL * 3)), (SERVER, answer(2, 422, array(application("Boss", 3)))))
    assert ("10.0.0.2", "description", "Boss") in clues(found)
    several = array(application("A", 0), application("B", 0))
    assert clues(talk((CLIENT, ask(2, 422, NULL * 3)), (SERVER, answer(2, 422, several)))) == set()
    server = (
        text("urn:plc7:boss") + text("urn:acme:boss") + array(localized("Boss")) + u32(0) + NULL * 3 + b"\1"
    )
    for function in (437, 12211):
        registered = talk((CLIENT, ask(2, function, server)))
        assert ("10.0.0.1", "description", "Boss") in clues(registered)
        assert registered["operations"][0]["object"] == "urn:plc7:boss"


def _sealed(kind: bytes, length: int = 64, letter: bytes = b"F") -> bytes:
    return chunk(kind, u32(CHANNEL, TOKEN) + bytes((i * 37 + 11) % 251 for i in range(length)), letter)


def sealed_opening(policy: str = BASIC256SHA256) -> list[tuple[int, bytes]]:
    ask_open = chunk(
        b"OPN", u32(0) + text(policy) + text(CLIENT_CERTIFICATE) + text(b"t" * 20) + b"\xab" * 256
    )
    answer_open = chunk(
        b"OPN", u32(CHANNEL) + text(policy) + text(SERVER_CERTIFICATE) + text(b"t" * 20) + b"\xcd" * 256
    )
    return [(CLIENT, hello()), (SERVER, ACKNOWLEDGE), (CLIENT, ask_open), (SERVER, answer_open)]


def test_an_encrypted_channel_shows_its_policy_and_certificates_and_no_services() -> None:
    exchange = [(CLIENT, _sealed(b"MSG")), (SERVER, _sealed(b"MSG", letter=b"C")), (SERVER, _sealed(b"MSG"))]
    rows = tcp([*sealed_opening(), *exchange, (CLIENT, _sealed(b"CLO"))], port=4840)
    shown = [(r["function"], r["function_name"], r["verb"], r["outcome"]) for r in rows["operations"]]
    assert sorted(shown, key=str) == sorted(
        [
            (446, "OpenSecureChannel", "open", "ok"),
            (None, "encrypted", "unknown", "unknown"),
            (None, "encrypted", "unknown", "unknown"),
            (452, "CloseSecureChannel", "close", "unknown"),
        ],
        key=str,
    )
    assert [(r["frame"] is None, r["response_frame"] is None) for r in rows["operations"][1:]] == [
        (False, True),
        (True, False),
        (False, True),
    ]
    (row,) = rows["opcua_sessions"]
    assert (row["policy"], row["mode"], row["token"]) == ("Basic256Sha256", "SignAndEncrypt", None)
    assert (row["client_certificate_subject"], row["server_certificate_subject"]) == ("CN=hmi2", "CN=plc7")
    assert row["server_certificate_not_after"] == int(UNTIL.timestamp())
    assert oddities(rows) == set()


@pytest.mark.parametrize(
    ("policy", "size"), [("Basic256Sha256", 32), ("Basic128Rsa15", 20), ("ECC_nistP384", 48)]
)
def test_a_signed_channel_is_read_and_its_signatures_passed_over(policy: str, size: int) -> None:
    signature = bytes(range(size))

    def signed(octets: bytes) -> bytes:
        return octets[:4] + u32(len(octets) + size) + octets[8:] + signature

    uri = f"http://opcfoundation.org/UA/SecurityPolicy#{policy}"
    exchange = [
        (CLIENT, signed(activate(2, user_token("anna", b"secret")))),
        (SERVER, signed(answer(2, 467, NULL + NULL + NULL))),
        (CLIENT, signed(read(3, read_item(node(7)), session=SESSION))),
    ]
    rows = tcp([*sealed_opening(uri), *exchange], port=4840)
    assert [(s["event"], s["policy"], s["mode"]) for s in rows["opcua_sessions"]] == [
        ("channel", policy, "Sign"),
        ("session", policy, "Sign"),
    ]
    assert [(r["function"], r["user"]) for r in rows["operations"]][1:] == [(467, "anna"), (631, "anna")]
    assert oddities(rows) == set()


def test_an_opening_may_be_refused() -> None:
    refused = [
        (CLIENT, hello()),
        (SERVER, ACKNOWLEDGE),
        (CLIENT, opening()),
        (SERVER, opened(status=0x80550000)),
    ]
    rows = tcp(refused, port=4840)
    assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [("refused", 0x80550000 - (1 << 32))]
    error = chunk(b"ERR", u32(0x80130000) + text("no"))
    for start in (OPENING[:3], sealed_opening()[:3]):
        rows = tcp([*start, (SERVER, error)], port=4840)
        assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [
            ("refused", 0x80130000 - (1 << 32))
        ]
        assert rows["opcua_sessions"] == []


def test_a_certificate_that_is_none_is_an_oddity_and_nothing_else() -> None:
    broken = chunk(b"OPN", u32(0) + text(BASIC256SHA256) + text(b"\x30\x82\x01\x00junk") + NULL + bytes(64))
    assert oddities(tcp([(CLIENT, hello()), (CLIENT, broken)], port=4840)) == {"certificate-unreadable"}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(SERVER_CERTIFICATE) - 1), st.integers(0, 255)), min_size=1, max_size=6
    )
)
def test_a_mutated_certificate_is_read_or_is_none(changes: list[tuple[int, int]]) -> None:
    octets = bytearray(SERVER_CERTIFICATE)
    for at, octet in changes:
        octets[at] = octet
    found = read_certificate(bytes(octets))
    assert found is None or set(found) == {"subject", "issuer", "not_after", "key", "sha1"}


def test_a_name_of_another_type_is_no_certificate() -> None:
    # cryptography refuses a BitString as a common name with a TypeError: found by mutating a real conversation.
    octets = SERVER_CERTIFICATE.replace(b"\x0c\x04plc7", b"\x03\x04plc7")
    assert octets != SERVER_CERTIFICATE
    assert read_certificate(octets) is None


def test_a_chain_shows_its_first_certificate() -> None:
    found = read_certificate(CLIENT_CERTIFICATE + SERVER_CERTIFICATE)
    assert found is not None
    assert found["subject"] == "CN=hmi2"
    assert read_certificate(b"") is None
    assert read_certificate(SERVER_CERTIFICATE[:-1]) is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("opc.tcp://PLC7.plant:4840/ua", "plc7.plant"),
        ("opc.tcp://plc-7", "plc-7"),
        ("opc.tcp://10.0.0.2:4840", ""),
        ("opc.tcp://localhost:4840", ""),
        ("opc.tcp://[fe80::1]:4840", ""),
        ("opc.tcp://fe80::1", ""),
        ("opc.tcp://bad host:1", ""),
        ("plc7:4840", ""),
        ("", ""),
    ],
)
def test_host_names_in_urls(url: str, host: str) -> None:
    assert host_of(url) == host
