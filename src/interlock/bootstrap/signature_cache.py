"""Plans of rules kept on disk, so that a start need not read eighteen thousand rules again.

    KEY.plan    = HMAC-SHA256 by this installation's key, of KEY and of all that follows | what is kept

KEY says all that the content depends on: what was kept of other rules, or by another version, is never asked for. The
HMAC says that this installation wrote it: octets from elsewhere are never read, least of all as compiled databases.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.bootstrap import fingerprint_key, state_folder

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PlanCache", "build_plan_cache"]

_MAC: Final = 32
_MOST_OCTETS: Final = 512 * 1024 * 1024
_KEPT: Final = 8
"""Plans that are kept, of rules and of what screens need of them; the one that was used longest ago goes first."""
_OLD_S: Final = 3_600.0
"""A file that is still being written after so long was left by who was killed."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class PlanCache:
    """secret: of this installation. told: takes a sentence where something is wrong; all goes on without then."""

    def __init__(self, folder: Path, secret: bytes, told: Callable[[str], None]) -> None:
        self._folder = folder
        self._secret = hmac.digest(secret, b"interlock signature plans", "sha256")
        self._told = told

    def get(self, key: str) -> memoryview | None:
        """What is kept under a key; None where nothing is that this installation wrote."""
        path = self._path(key)
        try:
            octets = _octets(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._told(
                f"{path}: what was kept of the rules cannot be read ({_reason(error)}); they are read anew"
            )
            return None
        if not hmac.compare_digest(self._mac(key, octets[_MAC:]), octets[:_MAC]):
            self.forget(key, "is damaged, or another installation wrote it")
            return None
        with suppress(OSError):
            os.utime(path)
        return octets[_MAC:]

    def forget(self, key: str, reason: str) -> None:
        """What is kept under a key is of no use."""
        self._told(f"{self._path(key)}: what was kept of the rules {reason}; they are read anew")
        with suppress(OSError):
            self._path(key).unlink()

    def put(self, key: str, octets: bytes) -> None:
        """Keep it, whole or not at all: written under a name of its own, so that two who do so are no matter."""
        partial = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._folder.stat().st_mode & _OTHERS:
                self._folder.chmod(0o700)
            fd, partial = tempfile.mkstemp(prefix=".", suffix=".part", dir=self._folder)
            with os.fdopen(fd, "wb") as file:
                file.write(self._mac(key, memoryview(octets)))
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(self._path(key))
        except OSError as error:
            self._told(
                f"{self._folder}: the rules cannot be kept for a quicker start ({_reason(error)}); all of them are in "
                "force all the same"
            )
            if partial is not None:
                with suppress(OSError):
                    Path(partial).unlink()
        self._clear()

    def _clear(self) -> None:
        with suppress(OSError):
            plans = sorted(self._folder.glob("*.plan"), key=lambda path: -path.stat().st_mtime)
            newest = plans[0].stat().st_mtime if plans else 0.0
            left = (p for p in self._folder.glob(".*.part") if p.stat().st_mtime < newest - _OLD_S)
            for path in (*plans[_KEPT:], *left):
                path.unlink()

    def _mac(self, key: str, octets: memoryview) -> bytes:
        made = hmac.new(self._secret, key.encode(), hashlib.sha256)
        made.update(octets)
        return made.digest()

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.plan"


def _octets(path: Path) -> memoryview:
    """Raises OSError, also where it is no file."""
    how = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, how), "rb") as file:
        said = os.fstat(file.fileno())
        if not stat.S_ISREG(said.st_mode) or said.st_size > _MOST_OCTETS:
            raise OSError(f"{said.st_size} octets are no plan")
        return memoryview(file.read(_MOST_OCTETS))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def build_plan_cache(told: Callable[[str], None]) -> PlanCache:
    """The cache in this installation's state folder."""
    folder = state_folder()
    return PlanCache(folder / "cache" / "signatures", fingerprint_key(folder), told)
