"""Names of certificates as rules spell them: held against what Suricata 7.0.10 shows of the same certificates."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from interlock.decode.buffers.x509 import certificate_buffers


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(*relative: list[tuple[str, str]]) -> bytes:
    """DER of one whose subject is made of these relative names: types by their numbers, and values."""
    name = x509.Name(
        [
            x509.RelativeDistinguishedName(
                x509.NameAttribute(ObjectIdentifier(kind), text) for kind, text in one
            )
            for one in relative
        ]
    )
    begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(_key().public_key())
    signed = made.serial_number(1).not_valid_before(begin).not_valid_after(end).sign(_key(), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("2.5.4.3", "CN"),
        ("2.5.4.4", "surname"),
        ("2.5.4.5", "serialNumber"),
        ("2.5.4.9", "streetAddress"),
        ("2.5.4.13", "description"),
        ("2.5.4.15", "businessCategory"),
        ("2.5.4.17", "postalCode"),
        ("2.5.4.20", "OID(2.5.4.20)"),
        ("2.5.4.42", "givenName"),
        ("0.9.2342.19200300.100.1.1", "uid"),
        ("0.9.2342.19200300.100.1.25", "DC"),
        ("1.2.840.113549.1.9.1", "Email"),
        ("1.3.6.1.4.1.311.60.2.1.2", "msJurisdictionStateOrProvince"),
        ("1.2.3.4.5", "OID(1.2.3.4.5)"),
    ],
)
def test_types_of_attributes(number: str, said: str) -> None:
    found = dict(certificate_buffers(certificate([(number, "v")])))
    assert found["tls.cert_subject"] == found["tls.cert_issuer"] == f"{said}=v".encode()


def test_order_relative_names_of_several_and_none() -> None:
    made = certificate(
        [(NameOID.LOCALITY_NAME.dotted_string, " a ")], [("2.5.4.3", "one"), ("2.5.4.10", "zwei, ü")]
    )
    assert dict(certificate_buffers(made))["tls.cert_subject"] == "L= a , CN=one + O=zwei, ü".encode()
    assert dict(certificate_buffers(certificate()))["tls.cert_subject"] == b""
