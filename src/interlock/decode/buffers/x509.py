"""What signatures look at in a certificate. Parsed by `cryptography`, isolated and bounded; RFC 5280."""

from __future__ import annotations

import hashlib
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.decode.protocols.tls.certificate import MAX_CERTIFICATE

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name, NameAttribute

__all__ = ["certificate_buffers", "certificate_dates"]

_MOST_NAMES: Final = 128
_SHORT: Final = {
    "2.5.4.3": "CN",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "streetAddress",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.41": "name",
    "2.5.4.42": "givenName",
    "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier",
    "2.5.4.45": "uniqueIdentifier",
    "2.5.4.46": "dnQualifier",
    "0.9.2342.19200300.100.1.1": "uid",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "Email",
    "1.2.840.113549.1.9.2": "unstructuredName",
    "1.3.6.1.4.1.311.60.2.1.1": "msJurisdictionLocality",
    "1.3.6.1.4.1.311.60.2.1.2": "msJurisdictionStateOrProvince",
    "1.3.6.1.4.1.311.60.2.1.3": "msJurisdictionCountry",
}
"""Attribute types (RFC 4519, RFC 2985, CA/Browser Forum's guidelines for extended validation) as Suricata spells them,
which is what rules are written for; others stand as `OID(…)`."""


@lru_cache(maxsize=256)
def certificate_buffers(octets: bytes) -> tuple[tuple[str, bytes], ...]:
    """Fingerprint, subject, issuer and serial number of a DER certificate; of what cannot be read the fingerprint."""
    if not octets:
        return ()
    sha1 = hashlib.sha1(octets, usedforsecurity=False).digest()
    found = [("tls.cert_fingerprint", sha1.hex(":").encode())]
    if len(octets) <= MAX_CERTIFICATE:
        found += _read(octets)
    return tuple(found)


def certificate_dates(octets: bytes, moment_ns: int) -> tuple[tuple[str, bytes], ...]:
    """From when until when a DER certificate is valid, and whether it is now; nothing where it cannot be read."""
    dates = _dates(octets) if octets and len(octets) <= MAX_CERTIFICATE else None
    if dates is None:
        return ()
    begin, end = dates
    valid = begin <= moment_ns // 1_000_000_000 <= end
    return (
        ("tls.cert_not_before", str(max(0, begin)).encode()),
        ("tls.cert_not_after", str(max(0, end)).encode()),
        ("tls.cert_state", b"valid" if valid else b"expired"),
    )


@lru_cache(maxsize=256)
def _dates(octets: bytes) -> tuple[int, int] | None:
    read = _parsed(octets)
    if read is None:
        return None
    return int(read.not_valid_before_utc.timestamp()), int(read.not_valid_after_utc.timestamp())


def _parsed(octets: bytes) -> Certificate | None:
    from cryptography import x509  # noqa: PLC0415 (rare, and costs 40 ms to import)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # certificates of old devices break rules that nobody here relies on
            return x509.load_der_x509_certificate(octets)
    except ValueError:  # cryptography's parser: the decoder tells of what it cannot read
        return None


def _alternatives(read: Certificate) -> list[bytes]:
    """Names of hosts, addresses of mail and URIs, as texts, and addresses of IP (RFC 5280 clause 4.2.1.6)."""
    from cryptography import x509  # noqa: PLC0415 (rare, and costs 40 ms to import)

    try:
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return []
    plain = (x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier, x509.IPAddress)
    told = (str(name.value) for name in names if isinstance(name, plain))
    return [text.encode("utf-8", "backslashreplace") for text in told][:_MOST_NAMES]


def _read(octets: bytes) -> list[tuple[str, bytes]]:
    read = _parsed(octets)
    if read is None:
        return []
    try:
        serial = read.serial_number
        subject, issuer = _name(read.subject), _name(read.issuer)
    except ValueError:
        return []
    number = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)  # as DER has it
    shown = number.hex(":").upper().encode()
    found = [("tls.cert_subject", subject), ("tls.cert_issuer", issuer), ("tls.cert_serial", shown)]
    return found + [("tls.subjectaltname", name) for name in _alternatives(read)]


def _name(name: Name) -> bytes:
    """`C=…, O=… + OU=…, CN=…`, in the certificate's order; what is one relative name stands between plus signs."""
    told = (" + ".join(f"{_type(one)}={_text(one.value)}" for one in relative) for relative in name.rdns)
    return ", ".join(told).encode("utf-8", "backslashreplace")


def _type(attribute: NameAttribute[str | bytes]) -> str:
    number = attribute.oid.dotted_string
    return _SHORT.get(number, f"OID({number})")


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()
