"""Packs of rules out of folders and archives, into memory: hostile ones are refused with one sentence.

Nothing is unpacked onto a disk. Names that leave the folder, links, devices, what is too much and what is twice refuse
all of it; of what is left, rules, lists, licences and the files of sets that rules name are taken.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from interlock.bootstrap.signature_files import (
    MOST_FILES,
    MOST_OCTETS,
    RuleFile,
    is_pack_file,
    rule_suffix,
)
from interlock.bootstrap.signature_sets import MOST_SET_OCTETS, set_places
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_UNPACKED", "pack_files"]

MOST_UNPACKED: Final = 512 * 1024 * 1024
"""Of one archive, all that is in it: ET Open has 40 MiB."""
_LOADS: Final = re.compile(r"[,\s](?:load|state)\s+([^\s,;]+)")
_TAR_MAGIC: Final = (257, b"ustar")
_ENCIPHERED: Final = 1
_READ: Final = (
    OSError,
    EOFError,
    lzma.LZMAError,
    zlib.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,
)


def pack_files(path: str) -> dict[str, bytes]:
    """Name and octets of each file of a pack: rules, lists, licences, sets. Raises ConfigError, in one sentence."""
    root = Path(path)
    found = _wanted(_collected(path, _of_folder(root))) if root.is_dir() else _of_file(root)
    if not any(
        name.endswith((".rules", ".rules.xz", ".rules.gz", ".txt", ".txt.xz", ".txt.gz")) for name in found
    ):
        raise ConfigError(f"{path}: holds no rules; they end with .rules, .rules.xz, .rules.gz or .txt")
    return found


def _wanted(files: dict[str, bytes]) -> dict[str, bytes]:
    """Rules, lists and licences, and the files that rules name by `load` and `state`."""
    named: set[str] = set()
    for name, octets in files.items():
        if is_pack_file(name) and rule_suffix(PurePosixPath(name)) in {".rules", ".txt"}:
            text = RuleFile(name, Path(name), octets).text()
            for load in set(_LOADS.findall(text)):
                named.update(set_places(load, name))
    return {name: octets for name, octets in files.items() if is_pack_file(name) or name in named}


def _of_file(root: Path) -> dict[str, bytes]:
    try:
        with root.open("rb") as file:
            octets = file.read(MOST_OCTETS + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            f"{root}: cannot be read ({reason}); name a folder, an archive or a file of rules"
        ) from error
    if len(octets) > MOST_OCTETS:
        raise ConfigError(f"{root}: has more than {MOST_OCTETS >> 20} MiB; cut it into packs of a set each")
    try:
        if octets.startswith(b"PK\x03\x04"):
            return _wanted(_without_top(_collected(str(root), _of_zip(octets))))
        at, magic = _TAR_MAGIC
        head = _unpacked(octets).read(512)
        if head[at : at + len(magic)] == magic:
            return _wanted(_without_top(_collected(str(root), _of_tar(_Counted(_unpacked(octets))))))
    except _READ as error:
        raise ConfigError(
            f"{root}: cannot be unpacked ({str(error).lower() or 'cut short'}); fetch it again"
        ) from error
    return {root.name: octets}


def _without_top(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without the folder that all rules of an archive lie in: packed or not, it is the same pack."""
    taken = [name for name in files if is_pack_file(name)]
    tops = {name.partition("/")[0] for name in taken if "/" in name}
    if len(tops) == 1 and all("/" in name for name in taken):
        begins = f"{tops.pop()}/"
        return {
            name.removeprefix(begins): octets for name, octets in files.items() if name.startswith(begins)
        }
    return files


def _unpacked(octets: bytes) -> BinaryIO:
    stream = io.BytesIO(octets)
    if octets.startswith(b"\x1f\x8b"):
        return cast("BinaryIO", gzip.open(stream))
    if octets.startswith(b"\xfd7zXZ\0"):
        return cast("BinaryIO", lzma.open(stream))
    return cast("BinaryIO", bz2.open(stream)) if octets.startswith(b"BZh") else stream


class _Counted:
    """A stream that ends with an error once too much was read of it: a few octets may unpack to terabytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._left = stream, MOST_UNPACKED

    def read(self, size: int) -> bytes:
        """At most so many octets. Raises ConfigError."""
        octets = self._stream.read(size)
        self._left -= len(octets)
        if self._left < 0:
            raise ConfigError(f"unpacks to more than {MOST_UNPACKED >> 20} MiB; it is no pack of rules")
        return octets


def _of_tar(stream: _Counted) -> Iterator[tuple[str, int, bytes | None]]:
    with tarfile.open(fileobj=cast("BinaryIO", stream), mode="r|") as archive:
        for member in archive:
            if member.isdir():
                yield member.name + "/", 0, None
                continue
            if not member.isreg():
                raise ConfigError(
                    f"holds {member.name!r}, which is a link or a device; pack plain files alone"
                )
            file = archive.extractfile(member) if _may_be(member.name, member.size) else None
            yield member.name, member.size, None if file is None else file.read(MOST_OCTETS + 1)


def _of_zip(octets: bytes) -> Iterator[tuple[str, int, bytes | None]]:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        for member in archive.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise ConfigError(
                    f"holds {member.filename!r}, which is a link or a device; pack plain files alone"
                )
            if member.flag_bits & _ENCIPHERED:
                raise ConfigError(f"holds {member.filename!r}, which is enciphered; pack plain files")
            taken = None
            if not member.is_dir() and _may_be(member.filename, member.file_size):
                with archive.open(member) as file:
                    taken = file.read(MOST_OCTETS + 1)
            yield member.filename, len(taken or b""), taken


def _of_folder(root: Path) -> Iterator[tuple[str, int, bytes | None]]:
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            raise ConfigError(f"holds {name!r}, which is a link; pack plain files alone")
        if path.is_file() and _may_be(name, path.stat().st_size):
            with path.open("rb") as file:
                octets = file.read(MOST_OCTETS + 1)
            yield name, len(octets), octets
        else:
            yield name, 0, None


def _may_be(name: str, size: int) -> bool:
    """Whether a file may be of a pack: of those that are no rules only what may hold a set."""
    hidden = any(part.startswith(".") for part in PurePosixPath(name).parts)
    return is_pack_file(name) or (size <= MOST_SET_OCTETS and not hidden)


def _collected(path: str, members: Iterator[tuple[str, int, bytes | None]]) -> dict[str, bytes]:
    try:
        return _bounded(members)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _bounded(members: Iterator[tuple[str, int, bytes | None]]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = MOST_UNPACKED
    for count, (name, size, octets) in enumerate(members):
        if count >= MOST_FILES:
            raise ConfigError(f"holds more than {MOST_FILES} files; name a pack of rules alone")
        if _outside(name):
            raise ConfigError(f"holds {name!r}, which lies outside it; it is not taken")
        left -= size
        if left < 0:
            raise ConfigError(f"unpacks to more than {MOST_UNPACKED >> 20} MiB; it is no pack of rules")
        if len(octets or b"") > MOST_OCTETS:
            raise ConfigError(
                f"holds {name!r}, which has more than {MOST_OCTETS >> 20} MiB; it is no file of rules"
            )
        if octets is None:
            continue
        known = name.removeprefix("./")
        if known in found:
            raise ConfigError(f"holds {known!r} twice; which one is meant cannot be told")
        found[known] = octets
    return found


def _outside(name: str) -> bool:
    """Whether a name leads out of the folder that it is unpacked in, on any system."""
    parts = name.replace("\\", "/").split("/")
    return not parts[0] or ".." in parts or ":" in parts[0] or "\0" in name
