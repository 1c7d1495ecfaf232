"""Secrets in files that nobody else can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from interlock.errors import ConfigError

__all__ = ["check_private", "read_secret"]

_MAX_OCTETS: Final = 4096
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_secret(path: Path) -> str:
    """The only line of a file of mode 0600 or stricter, without its end of line; printable ASCII, as headers carry it.

    Raises ConfigError, a sentence that names the file and never what is in it.
    """
    octets = _read(path)
    secret = octets.removesuffix(b"\n").removesuffix(b"\r").decode("ascii", "replace")
    if not secret or len(octets) > _MAX_OCTETS or not secret.isascii() or not secret.isprintable():
        raise ConfigError(
            f"{path}: expected one line of printable ASCII and nothing else; write the secret anew"
        )
    return secret


def check_private(path: Path) -> None:
    """Raise ConfigError unless the file can be read and its mode is 0600 or stricter."""
    _read(path, 1)


def _read(path: Path, limit: int = _MAX_OCTETS + 1) -> bytes:
    try:
        # What was opened is asked for its mode, not what the name means by then; a pipe must not hold us.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _check(path, os.fstat(file.fileno()))
            return file.read(limit)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            f"{path}: the secret cannot be read ({reason}); name a file that this user owns"
        ) from error


def _check(path: Path, status: os.stat_result) -> None:
    others = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP if _is_handed_over(path) else _OTHERS
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"{path}: is no file; a secret stands in a file of its own")
    if status.st_mode & others:
        raise ConfigError(
            f"{path}: others may use this secret (mode {stat.S_IMODE(status.st_mode):04o}); run: chmod 600 {path}"
        )


def _is_handed_over(path: Path) -> bool:
    """Whether the service manager put it where this service alone can look (systemd.exec(5), LoadCredential).

    Its access list shows as the group's right to read; the folder lets nobody else in.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and path.parent.resolve() == Path(folder).resolve()
