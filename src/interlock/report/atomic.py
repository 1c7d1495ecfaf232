"""Files that are there whole or not at all: written beside their name, forced to disk, then renamed."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from interlock.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["make_folder", "write_atomic"]


def write_atomic(path: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Write a text as UTF-8, or octets, to `path`, replacing what was there only once all of it is on disk.

    mode: who may read it, as far as the umask lets. Raises OutputError with one sentence (a full disk, a missing
    permission); no partial file is left behind.
    """
    partial = path.with_name(f".{path.name}.part")  # what a killed run left goes with the next
    try:
        partial.unlink(missing_ok=True)  # it may be there with another mode
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({_reason(error)}); free space or name another place"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make the folder and its parents. Raises OutputError with one sentence."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be made ({_reason(error)}); free space or name another place"
        ) from error


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _sync_folder(folder: Path) -> None:
    """Force the folder: a rename is on disk once its folder is; Windows has no such call and needs none."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
