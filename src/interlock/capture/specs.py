"""What to read: files, folders and standard input, each in a realm, as a person names them."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.capture.reader import is_capture
from interlock.capture.streams import RawOctets, decompressed
from interlock.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MAX_SOURCES", "STDIN", "SourceSpec", "display_name", "specify"]

STDIN: Final = "-"
MAX_SOURCES: Final = 65536
_SUFFIX: Final = re.compile(r"\.(pcap|pcapng|cap|ntar)\d*(\.(gz|zst|zstd))?$", re.IGNORECASE)
_MAX_REALM_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """One capture to read: a path, or `-` for standard input, and the realm its addresses belong to."""

    path: str
    realm: str = "default"


def display_name(path: str) -> str:
    r"""Name the source as every table does: its path, with octets that are no UTF-8 as \xNN."""
    return "stdin" if path == STDIN else os.fsencode(path).decode("utf-8", "backslashreplace")


def specify(paths: Sequence[str], realms: Sequence[str] = ()) -> tuple[SourceSpec, ...]:
    """List the captures that `paths` name, folders opened up recursively in sorted order.

    realms: `FILE=NAME` each; FILE may be a folder, the closest one counts; several for one FILE make as many
    sources of it. The same file in the same realm counts once. A folder without captures stays as it is,
    so that opening it says so.
    Raises ConfigError for a realm that is malformed or names none of the captures.
    """
    wanted = [_realm(text) for text in realms]
    used: set[int] = set()
    specs: dict[tuple[str, str], SourceSpec] = {}
    for path in _files(paths):
        for realm in _realms_of(path, wanted, used):
            specs.setdefault((_identity(path), realm), SourceSpec(path=path, realm=realm))
        if len(specs) > MAX_SOURCES:
            raise SourceError(f"more than {MAX_SOURCES} captures; name fewer at a time")
    for index, text in enumerate(realms):
        if index not in used:
            raise ConfigError(f"--realm {text}: none of the captures is {text.rpartition('=')[0]}")
    if sum(spec.path == STDIN for spec in specs.values()) > 1:
        raise ConfigError("standard input can be read once only; give it one realm, or save it to a file")
    return tuple(specs.values())


def _realm(text: str) -> tuple[str, str]:
    """Identity of the file and name of the realm in `FILE=NAME`."""
    path, _, name = text.rpartition("=")
    if not path or not name or not name.isprintable() or len(name) > _MAX_REALM_CHARACTERS:
        raise ConfigError(f"--realm {text!r}: write FILE=NAME, with a name of up to 64 printable characters")
    return _identity(path), name


def _realms_of(path: str, wanted: list[tuple[str, str]], used: set[int]) -> list[str]:
    """Find the realms of a file: those given for it, else for its closest folder, else the default."""
    place = _identity(path)
    while True:
        hits = [index for index, (given, _) in enumerate(wanted) if given == place]
        used.update(hits)
        if hits:
            return [wanted[index][1] for index in hits]
        above = str(Path(place).parent)
        if above == place or path == STDIN:
            return [SourceSpec(path=path).realm]
        place = above


def _identity(path: str) -> str:
    return STDIN if path == STDIN else os.path.realpath(path)


def _files(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        if path != STDIN and Path(path).is_dir():
            yield from sorted(_captures_below(path)) or [path]
        else:
            yield path


def _captures_below(folder: str) -> Iterator[str]:
    """Files that are captures or call themselves so, and folders that cannot be looked into."""
    closed: list[str] = []

    def remember(error: OSError) -> None:
        if error.filename != folder:
            closed.append(os.fsdecode(error.filename))

    for place, _, names in os.walk(folder, onerror=remember):
        for name in names:
            path = str(Path(place, name))
            if _looks_like_capture(path):
                yield path
    yield from closed


def _looks_like_capture(path: str) -> bool:
    """Look at a regular file's name and first octets; opening a special one may block for ever."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            return False
        if _SUFFIX.search(path):
            return True
        with Path(path).open("rb") as file:
            head = memoryview(bytearray(4))
            count = decompressed(RawOctets(file, path)).readinto(head)
            return is_capture(bytes(head[:count]))
    except (OSError, SourceError):
        return _SUFFIX.search(path) is not None
