"""The captures to compare on: found under a folder, named by their path within it."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Capture", "default_root", "find"]

_SUFFIXES = (".pcap", ".pcapng", ".pcap.gz", ".pcapng.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """name: path within the root, `/` between parts, the same on every machine."""

    name: str
    path: Path

    def digest(self) -> str:
        """SHA-256 of the file, in hex."""
        with self.path.open("rb") as octets:
            return hashlib.file_digest(octets, "sha256").hexdigest()

    def truth(self) -> Path:
        """Where independent logs of this capture lie, if there are any."""
        return self.path.with_name(self.path.name.partition(".pcap")[0] + ".gt")


def default_root(repository: Path) -> Path:
    """INTERLOCK_CAPTURES, else ../shared/captures beside the repository."""
    named = os.environ.get("INTERLOCK_CAPTURES")
    return Path(named) if named else repository.parent / "shared" / "captures"


def find(root: Path, pattern: str = "*") -> list[Capture]:
    """All captures whose name matches the glob, or holds it as text, in order of name."""
    found = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not name.endswith(_SUFFIXES) or ".gt/" in name or not path.is_file():
            continue
        if fnmatch.fnmatch(name, pattern) or (pattern.strip("*?[") == pattern and pattern in name):
            found.append(Capture(name=name, path=path))
    return found
