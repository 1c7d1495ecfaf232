"""Server certificates: who, until when, with which key. Parsed by `cryptography`, isolated and bounded."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.x509 import Certificate, Name

__all__ = ["MAX_CERTIFICATE", "CertificateFacts", "read_certificate"]

MAX_CERTIFICATE = 16384
"""Octets of a certificate that is looked at."""

_SIGNATURES: Final = {
    "1.2.840.113549.1.1.2": "md2WithRSAEncryption",
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.3.14.3.2.29": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "rsassaPss",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
    "1.2.840.10040.4.3": "dsa-with-sha1",
    "2.16.840.1.101.3.4.3.1": "dsa-with-sha224",
    "2.16.840.1.101.3.4.3.2": "dsa-with-sha256",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}
"""Signature algorithms' names. Source: RFC 4055, RFC 5758, RFC 8410."""

CertificateFacts = dict[str, "str | int | bool | datetime | None"]
"""Columns of the table `tls` that a certificate fills."""


@lru_cache(maxsize=512)
def read_certificate(octets: bytes) -> CertificateFacts | None:
    """Read one DER certificate (RFC 5280); None where it is none that the parser takes."""
    if not 16 <= len(octets) <= MAX_CERTIFICATE or octets[0] != 0x30:
        return None
    from cryptography import x509  # noqa: PLC0415 (rare, and costs 40 ms to import)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # certificates of old devices break rules that nobody here relies on
            return _facts(x509.load_der_x509_certificate(octets))
    except ValueError:  # cryptography's parser: what it cannot read is no certificate to us
        return None


def _facts(found: Certificate) -> CertificateFacts:
    subject, issuer = _name(found.subject), _name(found.issuer)
    kind, bits = _key(found)
    return {
        "certificate_subject": subject,
        "certificate_issuer": issuer,
        "not_before": found.not_valid_before_utc,
        "not_after": found.not_valid_after_utc,
        "key_type": kind,
        "key_bits": bits,
        "signature_algorithm": _signature(found),
        "self_signed": subject == issuer,
    }


def _name(name: Name) -> str:
    return name.rfc4514_string().encode("utf-8", "backslashreplace").decode("utf-8")[:512]


def _key(found: Certificate) -> tuple[str | None, int | None]:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 (as above)
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa  # noqa: PLC0415 (as above)

    try:
        key: Any = found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None, None
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa", key.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "dsa", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ec", key.key_size
    return type(key).__name__.lower().removesuffix("publickey"), None


def _signature(found: Certificate) -> str:
    oid = found.signature_algorithm_oid.dotted_string
    return _SIGNATURES.get(oid, oid)
