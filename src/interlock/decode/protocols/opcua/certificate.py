"""Application instance certificates, as far as they say who and until when."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.x509 import Certificate

__all__ = ["MAX_CERTIFICATE", "CertificateFacts", "read_certificate"]

MAX_CERTIFICATE = 16384
"""Octets of a certificate chain that are looked at."""

CertificateFacts = dict[str, "str | datetime | None"]


@lru_cache(maxsize=512)
def read_certificate(octets: bytes) -> CertificateFacts | None:
    """Read the first certificate of a chain: subject, issuer, not_after, key, sha1; None where it is none.

    octets: DER, the chain's certificates one behind another (OPC 10000-6, 6.2.6).
    """
    from cryptography import x509  # noqa: PLC0415 (rare, and costs 40 ms to import)

    leaf = _first(octets)
    if leaf is None:
        return None
    try:
        with warnings.catch_warnings():
            # certificates of old devices break rules that nobody here relies on
            warnings.simplefilter("ignore")
            return _facts(x509.load_der_x509_certificate(leaf))
    except (ValueError, TypeError, x509.InvalidVersion):
        return None  # what its library refuses is no certificate to us


def _first(octets: bytes) -> bytes | None:
    """Cut the first DER sequence off, its length checked."""
    if len(octets) < 4 or octets[0] != 0x30 or octets[1] not in (0x81, 0x82):
        return None
    width = octets[1] - 0x80
    size = 2 + width + int.from_bytes(octets[2 : 2 + width], "big")
    return octets[:size] if size <= min(len(octets), MAX_CERTIFICATE) else None


def _facts(found: Certificate) -> CertificateFacts:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 (as above)

    return {
        "subject": _name(found.subject.rfc4514_string()),
        "issuer": _name(found.issuer.rfc4514_string()),
        "not_after": found.not_valid_after_utc,
        "key": f"{_key(found)} {_hash(found)}",
        "sha1": found.fingerprint(hashes.SHA1()).hex(),  # noqa: S303 (how OPC UA names certificates)
    }


def _name(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")[:512]


def _key(found: Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 (as above)
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 (as above)

    try:
        key = found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    return key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__.lower()


def _hash(found: Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 (as above)

    try:
        algorithm = found.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "unknown"
    return "unknown" if algorithm is None else algorithm.name
