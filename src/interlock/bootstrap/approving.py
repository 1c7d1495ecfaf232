"""Approvals in files: the list of approvers, signatures beside a site file, and the site with what they approve."""

from __future__ import annotations

import dataclasses
import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from interlock.bootstrap import state_folder
from interlock.errors import ConfigError, VerificationError
from interlock.records.approval import (
    Approvers,
    approvals_of,
    read_approvers,
    read_signature,
    write_approvers,
)
from interlock.report.atomic import make_folder, write_atomic

if TYPE_CHECKING:
    from interlock.records.approval import Signature
    from interlock.records.site import Site

__all__ = [
    "approved",
    "approvers_file",
    "keep_approvers",
    "known_approvers",
    "signature_file",
    "signatures_of",
]

_MOST_FILES: Final = 1_000
_MOST_OCTETS: Final = 65_536


def approvers_file() -> Path:
    """Where the list of approvers is: INTERLOCK_APPROVERS, else in the installation's state folder.

    Never where a site file says: who writes that file must not choose who approves it.
    """
    named = os.environ.get("INTERLOCK_APPROVERS")
    return Path(named) if named else state_folder() / "approvers.json"


def known_approvers(path: Path) -> Approvers:
    """Read the list; without a file nobody is enrolled. Raises ConfigError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Approvers()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read; restore the list of approvers, or name another"
        ) from error
    return read_approvers(text, file=str(path))


def keep_approvers(path: Path, approvers: Approvers) -> None:
    """Write the list. Raises OutputError."""
    make_folder(path.parent)
    write_atomic(path, write_approvers(approvers), mode=0o644)


def signature_file(site: Path, identifier: str, key: str) -> Path:
    """Where the signature of a window by a key belongs: beside the site file."""
    return site.with_name(f"{site.name}.{quote(identifier, safe='')}.{key}.sig")


def signatures_of(site: Path) -> tuple[tuple[Signature, ...], tuple[str, ...]]:
    """Read the signatures beside a site file, and what is wrong with others."""
    found, problems = [], []
    begins = f"{site.name}."
    try:
        files = (p for p in site.parent.iterdir() if p.name.startswith(begins) and p.suffix == ".sig")
        paths = sorted(islice(files, _MOST_FILES))
    except OSError:
        return (), (
            f"{site.parent}: cannot be listed, so no signature in it counts; let this user read the folder",
        )
    for path in paths:
        try:
            with path.open("rb") as file:
                text = file.read(_MOST_OCTETS).decode("utf-8")
            found.append(read_signature(text, file=path.name))
        except VerificationError as error:
            problems.append(str(error))
        except (OSError, UnicodeDecodeError):
            problems.append(f"{path.name}: cannot be read; delete it and sign again")
    return tuple(found), tuple(problems)


def approved(site: Site, path: Path) -> Site:
    """The site with what the signatures beside its file approve. Raises ConfigError where the list is damaged."""
    if not site.work_orders and not any(window.id for window in site.maintenance_windows):
        return site
    signatures, problems = signatures_of(path)
    approvers = known_approvers(approvers_file())
    return dataclasses.replace(site, approvals=approvals_of(site, signatures, approvers, problems))
