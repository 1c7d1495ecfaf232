"""TLS that no longer protects: old versions, weak suites, small keys, broken or expired certificates."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.crossing import distinct
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["WeakTls"]

OLD_VERSIONS: Final = frozenset(
    {"SSLv2", "SSLv3", "SSL 2.0", "SSL 3.0", "TLSv1", "TLSv1.0", "TLSv1.1", "TLS 1.0"}
)
"""Forbidden by RFC 6176, 7568 and 8996."""
LEAST_BITS: Final[dict[str, int]] = {"rsa": 2048, "dsa": 2048, "dh": 2048, "ec": 224, "ecdsa": 224}
"""Key type → fewest bits that NIST SP 800-131A still allows."""
_WEAK_SUITE: Final = re.compile(
    r"NULL|EXPORT|(?<![A-Z0-9])RC[24](?![A-Z0-9])|(?<![A-Z0-9])3?DES|anon|_MD5", re.IGNORECASE
)
_WEAK_SIGNATURE: Final = re.compile(r"md[245]|sha-?1(?![0-9])", re.IGNORECASE)

_MATTERS: Final[dict[str, tuple[Severity, str, str]]] = {
    "version": (
        "medium",
        "speaks a TLS version that is no longer allowed",
        (
            "Versions before 1.2 can be attacked on the way: who sits between both ends may read or "
            "change what they say."
        ),
    ),
    "suite": (
        "high",
        "encrypts with a weak cipher suite",
        "The suite can be broken, or does not encrypt or check who answers at all.",
    ),
    "key": (
        "medium",
        "uses a certificate with a small key",
        "A small key can be computed from the certificate; then anyone can pose as this machine.",
    ),
    "signature": (
        "medium",
        "uses a certificate signed with a broken hash",
        "With such a signature a second certificate can be made that looks equally genuine.",
    ),
    "expired": (
        "medium",
        "uses an expired certificate",
        (
            "People and programs learn to click the warning away; strict clients stop connecting, and "
            "the view of the process or its recording stops with them."
        ),
    ),
}
"""Cause → severity, half a title, why it matters."""


class WeakTls(CauseDetector):
    """One finding per server, port and cause."""

    name: ClassVar[str] = "weak-tls"
    table: ClassVar[str] = "tls"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "tls": (
            *("source", "realm", "time", "frame", "client", "server", "server_port", "version", "suite"),
            *(
                "certificate_subject",
                "not_after",
                "key_type",
                "key_bits",
                "signature_algorithm",
                "self_signed",
            ),
        )
    }

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count handshakes by what is wrong with them."""
        for cause, (mask, column) in _causes(batch).items():
            if not mask.any():
                continue
            hits = batch.take(mask)
            groups = hits.groups(
                "source", "realm", "client", "server", bins=hits.integers("server_port"), named="port"
            )
            for group, (source, realm, client, server, port) in groups:
                key = (realm or "", server or "", str(port), cause)
                tally = self.tallies[key]
                tally.add_group(source or "", groups, group)
                tally.note("client", client or "")
                tally.note_rows(column, hits, groups.rows(group))
                if cause == "expired":
                    _note_ends(tally, hits, groups.rows(group))
                tally.note_rows("certificate_subject", hits, groups.rows(group))
                yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict:
        """Say which of the causes it is, with the words that were seen."""
        realm, server, port, cause = key
        severity, title, matters = _MATTERS[cause]
        clients = list(tally.noted("client"))
        shown = {k: ", ".join(tally.noted(k))[:500] for k in sorted(tally.words) if k != "client"}
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(clients),
            cause=f"{cause} at port {port}",
            kind="weakness",
            severity=severity,
            confidence=0.95,
            title=f"{context.name(realm, server)} {title} (port {port})",
            seen=f"Seen in {counted(tally.count, 'handshake')} with {', '.join(clients[:5])}: "
            + "; ".join(f"{k.replace('_', ' ')} {v}" for k, v in shown.items() if v)
            + ".",
            matters=matters,
            silent="Silent for TLS 1.2 and 1.3 with current suites, RSA keys from 2048 and EC keys from "
            "224 bits, SHA-2 signatures and certificates valid at the time of the handshake; TLS 1.3 "
            "hides the certificate.",
            actions=_ACTIONS,
            techniques=named("weak-tls"),
            requirements=(
                *("IEC 62443-3-3 SR 4.3", "IEC 62443-3-3 SR 4.1", "IEC 62443-3-3 SR 3.1"),
                *(
                    ("IEC 62443-3-3 SR 1.8", "IEC 62443-3-3 SR 1.9")
                    if cause in ("key", "signature", "expired")
                    else ()
                ),
                "NIS2 Art. 21(2)(h)",
            ),
            data=tuple(shown.items()),
        )


def _causes(batch: Batch) -> dict[str, tuple[NDArray[np.bool_], str]]:
    """Give, per cause, the rows that show it and the column that says what it is."""
    return {
        "version": (batch.among("version", OLD_VERSIONS), "version"),
        "suite": (_matches(batch, "suite", _WEAK_SUITE), "suite"),
        "key": (_small_keys(batch), "key_type"),
        "signature": (_broken_signature(batch), "signature_algorithm"),
        "expired": (_expired(batch), "certificate_subject"),
    }


def _matches(batch: Batch, column: str, pattern: re.Pattern[str]) -> NDArray[np.bool_]:
    words, _ = batch.words(column)
    return batch.among(column, {word for word in words if word is not None and pattern.search(word)})


def _small_keys(batch: Batch) -> NDArray[np.bool_]:
    words, codes = batch.words("key_type")
    least = np.array([_least(word) for word in words], np.int64)[codes]
    bits = batch.integers("key_bits")
    small: NDArray[np.bool_] = (bits > 0) & (bits < least)
    return small


def _least(key_type: str | None) -> int:
    kind = (key_type or "").lower()
    return next((bits for name, bits in LEAST_BITS.items() if kind.startswith(name)), 0)


def _broken_signature(batch: Batch) -> NDArray[np.bool_]:
    # A root's own signature is never checked: trust in it comes from having been installed.
    weak: NDArray[np.bool_] = _matches(batch, "signature_algorithm", _WEAK_SIGNATURE)
    weak &= batch.integers("self_signed") == 0
    return weak


def _expired(batch: Batch) -> NDArray[np.bool_]:
    gone: NDArray[np.bool_] = batch.known("not_after") & (batch.instants_ns("not_after") < batch.times_ns())
    return gone


def _note_ends(tally: Tally, batch: Batch, rows: NDArray[np.int64]) -> None:
    for end in distinct(batch.instants_ns("not_after")[rows]).tolist():
        tally.note("valid_until", datetime.fromtimestamp(end // 10**9, UTC).date().isoformat())


_ACTIONS: Final = (
    Action(
        text="Renew firmware or certificate so that TLS 1.2 or later with current suites and keys is "
        "offered.",
        risk="Old clients may no longer connect: list who connects (named above) and try them first.",
    ),
    Action(
        text="Where the device cannot do better, keep its traffic inside one zone or a tunnel.",
        risk="Moving a device to another zone interrupts its connections: do it in a maintenance window.",
    ),
)
