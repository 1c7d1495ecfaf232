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
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["named_in_projects", "read_projects"]

MAX_FILES: Final = 100_000
MAX_MEMBERS: Final = 10_000
MAX_MEMBER_OCTETS: Final = 256 << 20
"""Octets of one member of an archive, unpacked: what says more, or gives more, is not read."""
_MAX_NAMED: Final = 64
LOOKED_INTO: Final = 64 << 20
"""Octets up to which a file is looked through for blocks."""
_PIECE: Final = 1 << 20


def read_projects(folders: Sequence[str]) -> Approved:
    """Hash all that people approved. Raises ConfigError, naming the folder or file and what to do."""
    whole: dict[str, str] = {}
    code: dict[str, str] = {}
    _look(folders, lambda file, name: _hash(file, name, whole, code))
    return Approved(whole=whole, code=code)


def named_in_projects(folders: Sequence[str], name: str) -> list[tuple[str, bytes]]:
    """What people approved under this name: where it stands, and its octets. Raises ConfigError.

    Files and members of archives whose last part of the path is that of `name`, and S7 blocks so called.
    """
    found: list[tuple[str, bytes]] = []
    wanted = _base(name)

    def take(file: BinaryIO, place: str) -> None:
        octets = file.read(LOOKED_INTO + 1)
        if len(found) >= _MAX_NAMED or len(octets) > LOOKED_INTO:
            return
        if _base(place) == wanted:
            found.append((place, octets))
        blocks = split_blocks(octets)
        found.extend((f"{place} ({b.name})", b.octets) for b in blocks if b.name.casefold() == wanted)

    _look(folders, take)
    return found


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].casefold()


def _look(folders: Sequence[str], take: Callable[[BinaryIO, str], None]) -> None:
    """Show each file, and each member of an archive, to `take`, with where it stands."""
    for folder in folders:
        if not Path(folder).is_dir():
            raise ConfigError(f"{folder}: is no folder; name the folder that holds the approved projects")
        for number, path in enumerate(sorted(Path(folder).rglob("*"))):
            if number >= MAX_FILES:
                raise ConfigError(
                    f"{folder}: has more than {MAX_FILES:,} files; name the folder of projects alone"
                )
            if path.is_file():
                _file(path, str(path.relative_to(folder)), take)


def _file(path: Path, name: str, take: Callable[[BinaryIO, str], None]) -> None:
    try:
        with path.open("rb") as file:
            take(file, name)
        if zipfile.is_zipfile(path):
            for member, stream in _members(path):
                with stream:
                    take(stream, f"{name}/{member}")
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
