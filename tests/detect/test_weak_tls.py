from __future__ import annotations

import pytest

from interlock.detect.weak_tls import WeakTls

from .rows import SECOND, START, findings

CAUSES = {
    "version": [{"version": v} for v in ("SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1")],
    "suite": [
        {"suite": s}
        for s in (
            "TLS_RSA_WITH_RC4_128_SHA",
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
            "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA",
            "TLS_RSA_WITH_NULL_SHA256",
            "TLS_DH_anon_WITH_AES_128_CBC_SHA",
            "TLS_RSA_WITH_RC4_128_MD5",
        )
    ],
    "key": [{"key_type": "rsa", "key_bits": 1024}, {"key_type": "ec", "key_bits": 192}],
    "signature": [
        {"signature_algorithm": "sha1WithRSAEncryption"},
        {"signature_algorithm": "md5WithRSAEncryption"},
        {"signature_algorithm": "ecdsa-with-SHA1"},
    ],
    "expired": [{"not_after": START - SECOND}],
}


@pytest.mark.parametrize(("cause", "row"), [(c, r) for c, rows in CAUSES.items() for r in rows])
def test_fires(cause: str, row: dict) -> None:
    (finding,) = findings(WeakTls(), tls=[row])
    assert finding.machines[0] == "10.0.0.2"
    assert next(iter(row.values())) is not None
    assert finding.data
    same = {f.id for r in CAUSES[cause] for f in findings(WeakTls(), tls=[r])}
    assert same == {finding.id}


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"version": "TLSv1.3", "suite": "TLS_AES_128_GCM_SHA256"},
        {"version": None, "suite": None},
        {"key_type": "rsa", "key_bits": 2048},
        {"key_type": "ec", "key_bits": 256},
        {"key_type": "ed25519", "key_bits": 256},
        {"signature_algorithm": "sha256WithRSAEncryption"},
        {"signature_algorithm": "sha1WithRSAEncryption", "self_signed": True},
        {"signature_algorithm": "ecdsa-with-SHA512"},
        {"not_after": START + 1000 * SECOND},
        {"suite": "TLS_RSA_WITH_AES_128_CBC_SHA"},
    ],
)
def test_silent(row: dict) -> None:
    assert findings(WeakTls(), tls=[row]) == ()


def test_a_certificate_that_expires_during_the_capture_counts_from_then_on() -> None:
    rows = [{"at": n, "not_after": START + 5 * SECOND} for n in range(10)]
    (finding,) = findings(WeakTls(), tls=rows)
    assert finding.count == 4
    assert finding.time == START + 6 * SECOND


def test_every_port_is_a_service_of_its_own() -> None:
    rows = [{"version": "TLSv1", "server_port": 443}, {"version": "TLSv1", "server_port": 8443}]
    assert len(findings(WeakTls(), tls=rows)) == 2
