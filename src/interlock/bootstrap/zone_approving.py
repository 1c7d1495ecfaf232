"""Approvals of zones and conduits in files: the record and its signatures beside the site file."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from interlock.bootstrap.approving import approvers_file, known_approvers
from interlock.errors import OutputError, VerificationError
from interlock.records.approval import holders, read_signature, signature_text
from interlock.records.zone_approval import Approved, read_zone_approval
from interlock.report.atomic import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from interlock.records.approval import Signature
    from interlock.records.zone_approval import ZoneApproval

__all__ = ["approved_zones", "keep_record", "keep_signature", "record_file"]

_ID: Final = "zones and conduits"
_SUFFIX: Final = ".zones.sig"
_MOST_FILES: Final = 1_000
_MOST_OCTETS: Final = 65_536
_MOST_RECORD: Final = 64 << 20


def record_file(site: Path) -> Path:
    """Where the record is."""
    return site.with_name(f"{site.name}.zones.json")


def approved_zones(site: Path) -> Approved | None:
    """Read record and signatures; None where nothing was ever approved.

    Raises VerificationError where the record is none, ConfigError where the list of approvers is damaged.
    """
    path = record_file(site)
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_RECORD).decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise VerificationError(f"{path}: cannot be read; restore it, or approve again") from error
    record = read_zone_approval(text, file=path.name)
    signatures, problems = _signatures(site)
    approvers = known_approvers(approvers_file())
    names, more = holders(record.octets(), signatures, approvers)
    return Approved(record=record, approvers=names, needed=approvers.requires, problems=(*problems, *more))


def _files(site: Path) -> list[Path]:
    begins = f"{site.name}."
    found = (p for p in site.parent.iterdir() if p.name.startswith(begins) and p.name.endswith(_SUFFIX))
    return sorted(islice(found, _MOST_FILES))


def _signatures(site: Path) -> tuple[list[Signature], list[str]]:
    found, problems = [], []
    for path in _files(site):
        try:
            with path.open("rb") as file:
                signature = read_signature(file.read(_MOST_OCTETS).decode("utf-8"), file=path.name)
            if signature.id == _ID:
                found.append(signature)
        except VerificationError as error:
            problems.append(str(error))
        except (OSError, UnicodeDecodeError):
            problems.append(f"{path.name}: cannot be read; delete it and approve again")
    return found, problems


def keep_record(site: Path, record: ZoneApproval) -> None:
    """Write a new record; signatures of the one before go, since they hold no more. Raises OutputError."""
    write_atomic(record_file(site), record.text(), mode=0o644)
    for path in _files(site):
        try:
            path.unlink()
        except OSError as error:
            raise OutputError(
                f"{path}: cannot be deleted; delete it, since it signs what is no more"
            ) from error


def keep_signature(site: Path, key: str, public: bytes, signature: bytes) -> Path:
    """Write a signature beside it. key: fingerprint of the public key. Raises OutputError. Returns the file."""
    path = site.with_name(f"{site.name}.{key}{_SUFFIX}")
    write_atomic(path, signature_text(_ID, public, signature))
    return path
