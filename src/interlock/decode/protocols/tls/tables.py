"""The table `tls`: one row a handshake."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["TLS"]

_NS = pa.timestamp("ns", "UTC")


def _words(name: str, meaning: str) -> Column:
    return Column(name=name, type=text(), nullable=True, meaning=meaning)


TLS: Final = Table(
    name="tls",
    version=1,
    meaning="One row per TLS handshake whose server answered, or refused with an alert.",
    columns=(
        *DETAIL,
        _words("version", "version that the server chose: SSLv3, TLSv1.0 … TLSv1.3; null where it refused"),
        _words("client_version", "highest version that the client offered"),
        _words("suite", "cipher suite that the server chose, as IANA names it"),
        _words("server_name", "host name that the client asked for (SNI)"),
        _words("ja3", "fingerprint of the ClientHello (MD5)"),
        _words("ja4", "fingerprint of the ClientHello (JA4)"),
        _words("certificate_subject", "server certificate's subject (RFC 4514); TLS 1.3 hides certificates"),
        _words("certificate_issuer", "its issuer"),
        Column(name="not_before", type=_NS, nullable=True, unit="ns", meaning="valid from"),
        Column(name="not_after", type=_NS, nullable=True, unit="ns", meaning="valid until"),
        _words("key_type", "rsa, dsa, ec, ed25519 …"),
        Column(
            name="key_bits", type=pa.uint32(), nullable=True, unit="bit", meaning="size of the public key"
        ),
        _words("signature_algorithm", "how the certificate is signed: sha256WithRSAEncryption …"),
        Column(
            name="self_signed", type=pa.bool_(), nullable=True, meaning="whether subject and issuer are one"
        ),
        Column(name="alert", type=pa.uint8(), nullable=True, meaning="fatal alert that ended the handshake"),
    ),
)
