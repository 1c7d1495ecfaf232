"""Signature files, read: a file or a folder of them, also packed with xz or gzip."""

from __future__ import annotations

import gzip
import lzma
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from interlock.detect.signatures.packs.lists import KINDS, SETTINGS
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "BOOK",
    "MOST_FILES",
    "MOST_OCTETS",
    "SITE",
    "RuleFile",
    "is_pack_file",
    "licence_beside",
    "list_files",
    "rule_files",
    "rule_suffix",
]

MOST_OCTETS: Final = 128 * 1024 * 1024
"""Of one file, unpacked: seven times the largest public set."""
MOST_FILES: Final = 10_000
BOOK: Final = "packs.json"
"""The file that makes a folder a store of packs: what is in force of it are the rules."""
SITE: Final = "site"
"""Kind of the site file, among lists."""
_SUFFIXES: Final = (".rules", ".txt")
_PACKED: Final = (".xz", ".gz")
_LICENCES: Final = ("license", "licence", "copying", "disclaimer")
_MOST_LICENCE: Final = 64 * 1024
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RuleFile:
    """name: for people, below the folder that was named. octets: as they are on disk, perhaps packed."""

    name: str
    path: Path
    octets: bytes

    def text(self) -> str:
        """Unpacked; what is no UTF-8 keeps its value. Raises ConfigError."""
        parts, size = [], 0
        try:
            with _opened(self.path, self.octets) as stream:
                while chunk := stream.read(_CHUNK):
                    parts.append(chunk)
                    size += len(chunk)
                    if size > MOST_OCTETS:
                        raise _too_large(self.path)
        except (OSError, lzma.LZMAError, EOFError, zlib.error) as error:
            raise ConfigError(
                f"{self.path}: cannot be unpacked ({str(error).lower()}); fetch it again"
            ) from error
        octets = b"".join(parts)
        if b"\0" in octets:
            raise ConfigError(f"{self.path}: is no text; expected Suricata's or Snort's rules, one a line")
        return octets.decode("utf-8", "surrogateescape")


def rule_files(
    path: str, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Iterator[RuleFile]:
    """The rule files of a folder, or one file. Raises ConfigError where one cannot be read.

    progress: files done and files in all.
    """
    root = Path(path)
    if (root / BOOK).is_file():
        from interlock.bootstrap.signature_packs import PackStore  # noqa: PLC0415 (it reads files by this module)

        yield from PackStore(root).in_force()
        return
    found = _files(root)
    for done, file in enumerate(found):
        progress(done, len(found))
        one = RuleFile(file.name if file == root else str(file.relative_to(root)), file, _octets(file))
        if root.is_dir() and rule_suffix(file) == ".txt" and not _has_rules(one.text()):
            continue
        yield one
    progress(len(found), len(found))


def _files(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    if not root.is_dir():
        wrong = "is neither a file nor a folder" if root.exists() else "is not there"
        raise ConfigError(f"{root}: {wrong}; name a file of rules or a folder of them")
    found = []
    for count, path in enumerate(root.rglob("*")):
        if count >= MOST_FILES:
            raise ConfigError(f"{root}: holds more than {MOST_FILES} files; name a folder of rules alone")
        if path.is_file() and rule_suffix(path) in _SUFFIXES:
            found.append(path)
    if not found:
        raise ConfigError(f"{root}: holds no rules; they end with .rules, .rules.xz, .rules.gz or .txt")
    return sorted(found)


def rule_suffix(path: PurePath) -> str:
    """How a file's name ends before what says how it is packed."""
    suffixes = [suffix for suffix in path.suffixes if suffix not in _PACKED]
    return suffixes[-1] if suffixes else ""


def is_pack_file(name: str) -> bool:
    """Whether a pack keeps a file of that name: rules, lists and licences; never what is hidden."""
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts if part != ".")
    wanted = rule_suffix(path) in _SUFFIXES or path.name.lower().startswith(_LICENCES)
    return not hidden and (wanted or path.name in {f"{kind}.conf" for kind in (*KINDS, *SETTINGS)})


def _octets(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            octets = stream.read(MOST_OCTETS + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{path}: cannot be read ({reason}); expected a file of rules") from error
    if len(octets) > MOST_OCTETS:
        raise _too_large(path)
    return octets


def _too_large(path: Path) -> ConfigError:
    return ConfigError(f"{path}: has more than {MOST_OCTETS >> 20} MiB; cut it into files of a set each")


def _opened(path: Path, octets: bytes) -> BinaryIO:
    stream = BytesIO(octets)
    if path.suffix == ".xz":
        return cast("BinaryIO", lzma.open(stream))
    return cast("BinaryIO", gzip.open(stream)) if path.suffix == ".gz" else stream


def _has_rules(text: str) -> bool:
    from interlock.detect.signatures.language.lexer import is_rule, rule_lines  # noqa: PLC0415

    return any(is_rule(line.text) for line in rule_lines(text))


def licence_beside(file: RuleFile) -> str:
    """What the licence files of its folder say, one behind the other."""
    texts = []
    for path in sorted(file.path.parent.iterdir()):
        if path.is_file() and path.name.lower().startswith(_LICENCES):
            try:
                with path.open("rb") as stream:
                    texts.append(stream.read(_MOST_LICENCE).decode("utf-8", "replace"))
            except OSError:
                continue
    return "\n".join(texts)


def list_files(
    paths: Sequence[str], given: Sequence[tuple[str, str]] = ()
) -> tuple[tuple[str, str, str], ...]:
    """Lists that say which rules are in force: kind, name and text of each (see `packs.lists`).

    They lie in the folders of rules that are named, as disable.conf, enable.conf, drop.conf and modify.conf, with
    threshold.conf and variables.conf; given: kind and path of others, of a site file (`site`) what it says of
    variables. Raises ConfigError where one cannot be read.
    """
    folders = [folder for path in paths for folder in _folders(Path(path))]
    beside = ((kind, folder / f"{kind}.conf") for folder in folders for kind in (*KINDS, *SETTINGS))
    found = [(kind, path) for kind, path in beside if path.is_file()]
    found += [(kind, Path(path)) for kind, path in given]
    return tuple((kind, str(path), _list_text(kind, path)) for kind, path in found)


def _list_text(kind: str, path: Path) -> str:
    if kind != SITE:
        return RuleFile(path.name, path, _octets(path)).text()
    from interlock.bootstrap import read_site  # noqa: PLC0415 (it is read where one is named)
    from interlock.detect.signatures.language.plant import meanings_of  # noqa: PLC0415

    return "".join(f"{one.name} = {one.term} # {one.why}\n" for one in meanings_of(read_site(str(path))))


def _folders(root: Path) -> tuple[Path, ...]:
    """Where lists of a folder lie: of a store of packs in the version in force, too."""
    if not (root / BOOK).is_file():
        return (root,)
    from interlock.bootstrap.signature_packs import PackStore  # noqa: PLC0415 (it reads files by this module)

    store = PackStore(root)
    number = store.book().in_force
    return (root,) if number is None else (store.path(number), root)
