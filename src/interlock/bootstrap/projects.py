"""Adapter: folders of approved projects, hashed; files, members of archives, and the blocks in them."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from interlock.decode.contents import describe, split_blocks
from interlock.detect.programs.approved import Approved
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["read_projects"]

MAX_FILES: Final = 100_000
MAX_MEMBERS: Final = 10_000
MAX_MEMBER_OCTETS: Final = 256 << 20
"""Octets of one member of an archive, unpacked: what says more, or gives more, is not read."""
LOOKED_INTO: Final = 64 << 20
"""Octets up to which a file is looked through for blocks."""
_PIECE: Final = 1 << 20


def read_projects(folders: Sequence[str]) -> Approved:
    """Hash all that people approved. Raises ConfigError, naming the folder or file and what to do."""
    whole: dict[str, str] = {}
    code: dict[str, str] = {}
    for folder in folders:
        if not Path(folder).is_dir():
            raise ConfigError(f"{folder}: is no folder; name the folder that holds the approved projects")
        for number, path in enumerate(sorted(Path(folder).rglob("*"))):
            if number >= MAX_FILES:
                raise ConfigError(
                    f"{folder}: has more than {MAX_FILES:,} files; name the folder of projects alone"
                )
            if path.is_file():
                _file(path, str(path.relative_to(folder)), whole, code)
    return Approved(whole=whole, code=code)


def _file(path: Path, name: str, whole: dict[str, str], code: dict[str, str]) -> None:
    try:
        with path.open("rb") as file:
            _hash(file, name, whole, code)
        if zipfile.is_zipfile(path):
            for member, stream in _members(path):
                with stream:
                    _hash(stream, f"{name}/{member}", whole, code)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{path}: cannot be read ({reason}); let this user read the projects") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise ConfigError(
            f"{path}: cannot be unpacked ({error}); name a whole archive without password"
        ) from error


def _members(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist()[:MAX_MEMBERS]:
            if not info.is_dir() and info.file_size <= MAX_MEMBER_OCTETS:
                yield info.filename, archive.open(info)  # type: ignore[misc] # ZipExtFile reads as a BinaryIO does


def _hash(file: BinaryIO, name: str, whole: dict[str, str], code: dict[str, str]) -> None:
    """The file's own hash, and those of the blocks in it."""
    total, kept, size = hashlib.sha256(), bytearray(), 0
    while piece := file.read(_PIECE):
        size += len(piece)
        if size > MAX_MEMBER_OCTETS and not hasattr(file, "fileno"):
            raise ValueError(f"{name} is larger than it says")
        total.update(piece)
        if size <= LOOKED_INTO:
            kept += piece
    if size:
        whole.setdefault(total.hexdigest(), name)
    units, _ = describe("file", bytes(kept)) if size <= LOOKED_INTO else (None, {})
    if units:
        code.setdefault(units, name)
    for block in split_blocks(bytes(kept)) if size <= LOOKED_INTO else ():
        at = f"{name} ({block.name})"
        whole.setdefault(block.sha256, at)
        code.setdefault(block.code_sha256, at)
