"""The only place where adapters are built and wired: one builder per way to run."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.decode.engine import Engine
    from interlock.records.frames import Source

__all__ = ["build_engine", "fingerprint_key", "state_folder"]


def state_folder() -> Path:
    """Where this installation keeps what must outlive a run: INTERLOCK_STATE, else the XDG state folder."""
    named = os.environ.get("INTERLOCK_STATE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "interlock"


def fingerprint_key(folder: Path) -> bytes:
    """The installation's key for fingerprints of secrets, made on first use (mode 0600).

    Where it can be neither read nor made, a key for this run alone: fingerprints then compare within it only.
    """
    path = folder / "fingerprint.key"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    except OSError:
        return secrets.token_bytes(32)
    try:
        key = path.read_bytes()
    except OSError:
        return secrets.token_bytes(32)
    return key if len(key) == 32 else secrets.token_bytes(32)


def _fingerprint(key: bytes) -> Callable[[bytes], str]:
    return lambda secret: hmac.new(key, secret, hashlib.sha256).hexdigest()[:16]


def build_engine(sources: Sequence[Source], *, wanted: frozenset[str] | None = None) -> Engine:
    """A decoder for a run over captures. wanted: tables to make (None: all)."""
    from interlock.decode.engine import Engine  # noqa: PLC0415 (builders import only the rooms they need)
    from interlock.decode.registry import load_specs, load_verbs  # noqa: PLC0415

    return Engine(
        sources,
        load_specs(),
        load_verbs(),
        fingerprint=_fingerprint(fingerprint_key(state_folder())),
        seed=secrets.randbits(64),
        wanted=wanted,
    )
