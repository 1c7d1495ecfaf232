r"""Approvals: what approvers sign of a site file, who they are, and whether their signatures hold.

Signed are the canonical octets of one window or work order, its own fields and the site's name, so that the rest of the
file may change: "interlock/approval/1\n" and JSON with sorted keys, no spaces, instants in UTC. Signatures are Ed25519
(RFC 8032), detached; keys are known by the first 16 hex digits of the SHA-256 of their 32 octets.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from interlock.errors import ConfigError, VerificationError
from interlock.records.site import Approval, MaintenanceWindow, WorkOrder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.site import Site

__all__ = [
    "Approver",
    "Approvers",
    "Signature",
    "approvals_of",
    "canonical",
    "entry_of",
    "fingerprint",
    "holders",
    "read_approvers",
    "read_signature",
    "signature_text",
    "verify",
    "write_approvers",
]

_MAGIC: Final = b"interlock/approval/1\n"
_SCHEMA: Final = "interlock/approval/1"
_LIST: Final = "interlock/approvers/1"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@ -]{0,63}")
_KEY_OCTETS: Final = 32
_SIGNATURE_OCTETS: Final = 64
MOST_APPROVERS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Who may approve. key: Ed25519 public key, 32 octets. added: when (UTC, ISO 8601). by: who enrolled them."""

    name: str
    key: bytes
    added: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """All of them. requires: how many must sign, whatever a window itself says."""

    requires: int = 1
    approvers: tuple[Approver, ...] = ()

    def __post_init__(self) -> None:
        """Raise ConfigError where two share a name or a key: one person would then be two."""
        for what, known in (
            ("name", [a.name for a in self.approvers]),
            ("key", [a.key for a in self.approvers]),
        ):
            if len(set(known)) < len(known):
                raise ConfigError(
                    f"two approvers have the same {what}; enrol each person once, with a key of their own"
                )
        if not 1 <= self.requires <= MOST_APPROVERS:
            raise ConfigError(
                f"expected from 1 to {MOST_APPROVERS} approvers to be required; found {self.requires}"
            )

    def of(self, key: str) -> Approver | None:
        """Find who has the key with this fingerprint."""
        return next((a for a in self.approvers if fingerprint(a.key) == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One file beside the site file. key: fingerprint. file: what errors call it."""

    id: str
    key: str
    octets: bytes
    file: str


def fingerprint(key: bytes) -> str:
    """Name a public key."""
    return hashlib.sha256(key).hexdigest()[:16]


def entry_of(site: Site, identifier: str) -> MaintenanceWindow | WorkOrder:
    """Find the window or work order with an id. Raises ConfigError, naming what there is."""
    every: tuple[MaintenanceWindow | WorkOrder, ...] = (*site.maintenance_windows, *site.work_orders)
    for entry in every:
        if entry.id == identifier:
            return entry
    known = ", ".join(sorted(entry.id for entry in every if entry.id)) or "none with an id"
    raise ConfigError(f"the site file has no window or work order {identifier!r}; it has: {known}")


def canonical(site: Site, entry: MaintenanceWindow | WorkOrder) -> bytes:
    """Give the octets that are signed."""
    fields = {
        field.name: _plain(getattr(entry, field.name))
        for field in dataclasses.fields(entry)
        if getattr(entry, field.name) not in (None, ())
    }
    kind = "work_orders" if isinstance(entry, WorkOrder) else "maintenance_windows"
    content = {"site": site.name, "section": kind, "fields": fields}
    return _MAGIC + json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return sorted(value) if isinstance(value, tuple) else value


def verify(
    site: Site, entry: MaintenanceWindow | WorkOrder, signatures: Iterable[Signature], approvers: Approvers
) -> tuple[str, ...]:
    """Names of the approvers whose signatures hold, as many as must be or more.

    Raises VerificationError with one sentence saying what is wrong and what to do.
    """
    names, problems = holders(canonical(site, entry), (s for s in signatures if s.id == entry.id), approvers)
    needed = max(approvers.requires, entry.requires or 1)
    if len(names) >= needed:
        return names
    have = f"{len(names)} of {needed} approvers have signed {entry.id}"
    told = (*problems, f"{have}; sign it with `interlock window sign`")
    raise VerificationError("; ".join(dict.fromkeys(told)))


def holders(
    octets: bytes, signatures: Iterable[Signature], approvers: Approvers
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the approvers whose signatures of these octets hold, and what is wrong with the others."""
    names, problems = set(), []
    for signature in signatures:
        try:
            names.add(_holds(octets, signature, approvers))
        except VerificationError as error:
            problems.append(str(error))
    return tuple(sorted(names)), tuple(problems)


def _holds(octets: bytes, signature: Signature, approvers: Approvers) -> str:
    approver = approvers.of(signature.key)
    if approver is None:
        raise VerificationError(
            f"{signature.file}: the key {signature.key} belongs to no enrolled approver; enrol it with "
            "`interlock approver add` or delete the file"
        )
    try:
        Ed25519PublicKey.from_public_bytes(approver.key).verify(signature.octets, octets)
    except (InvalidSignature, ValueError) as error:
        raise VerificationError(
            f"{signature.file}: the signature of {approver.name} does not hold, since {signature.id} or the "
            "file was changed after it; look at what changed, then sign it again"
        ) from error
    return approver.name


def approvals_of(
    site: Site, signatures: Iterable[Signature], approvers: Approvers, problems: Iterable[str] = ()
) -> tuple[Approval, ...]:
    """What holds of every window and work order with an id; nothing that is wrong ever makes one hold."""
    signed, found = tuple(signatures), []
    every: tuple[MaintenanceWindow | WorkOrder, ...] = (*site.maintenance_windows, *site.work_orders)
    for entry in every:
        if entry.id is None:
            continue
        try:
            names = verify(site, entry, signed, approvers)
            found.append(Approval(id=entry.id, approvers=names, enough=True))
        except VerificationError as error:
            found.append(Approval(id=entry.id, problem="; ".join((str(error), *problems))))
    return tuple(found)


def signature_text(identifier: str, key: bytes, signature: bytes) -> str:
    """Write a signature file. key: the public key."""
    told = {
        "schema": _SCHEMA, "window": identifier, "key": fingerprint(key),
        "signature": base64.b64encode(signature).decode(),
    }  # fmt: skip
    return json.dumps(told, indent=1) + "\n"


def read_signature(text: str, *, file: str) -> Signature:
    """Read a signature file. Raises VerificationError where it is none."""
    try:
        told = json.loads(text)
        octets = base64.b64decode(told["signature"], validate=True)
        _check(told["schema"] == _SCHEMA and len(octets) == _SIGNATURE_OCTETS)
        return Signature(id=str(told["window"]), key=str(told["key"]), octets=octets, file=file)
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
        raise VerificationError(f"{file}: is no signature of Interlock; delete it and sign again") from error


def write_approvers(approvers: Approvers) -> str:
    """Write the list."""
    every = [
        {"name": a.name, "key": base64.b64encode(a.key).decode(), "added": a.added, "by": a.by}
        for a in approvers.approvers
    ]
    return json.dumps({"schema": _LIST, "requires": approvers.requires, "approvers": every}, indent=1) + "\n"


def read_approvers(text: str, *, file: str) -> Approvers:
    """Read the list. Raises ConfigError naming the file and what is wrong."""
    try:
        told = json.loads(text)
        _check(told["schema"] == _LIST and len(told["approvers"]) <= MOST_APPROVERS)
        every = tuple(
            Approver(
                name=check_name(str(a["name"])), key=_key(a["key"]), added=str(a["added"]), by=str(a["by"])
            )
            for a in told["approvers"]
        )
        return Approvers(requires=int(told["requires"]), approvers=every)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
        raise ConfigError(
            f"{file}: is no list of approvers; restore it, or delete it and enrol them again: `interlock approver add`"
        ) from error


def _check(right: bool) -> None:
    if not right:
        raise ValueError


def check_name(name: str) -> str:
    """Give the name back. Raises ConfigError where it could not stand in a list or a sentence."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"expected a name of letters, digits and . _ @ - , at most 64 of them; found {name!r}"
        )
    return name


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_OCTETS:
        raise ValueError(text)
    return key
