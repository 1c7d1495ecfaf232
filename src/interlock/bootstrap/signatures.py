"""Signature files, read: a file or a folder of them, also packed with xz or gzip."""

from __future__ import annotations

import gzip
import lzma
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from interlock.detect.signatures.detector import Signatures
    from interlock.report.signatures import SignatureTally

__all__ = ["MOST_OCTETS", "RuleFile", "build_signatures", "check_signatures", "rule_files"]

MOST_OCTETS: Final = 128 * 1024 * 1024
"""Of one file, unpacked: seven times the largest public set."""
_MOST_FILES: Final = 10_000
_SUFFIXES: Final = (".rules", ".txt")
_PACKED: Final = (".xz", ".gz")
_LICENCES: Final = ("license", "licence", "copying", "disclaimer")
_MOST_LICENCE: Final = 64 * 1024
_CHUNK: Final = 1024 * 1024
_TOLD: Final = 5
"""Rules not in force that are named; of the others the number is told."""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """name: for people, below the folder that was named. licence: the text of a licence file beside it, or nothing."""

    name: str
    text: str
    licence: str


def rule_files(
    path: str, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Iterator[RuleFile]:
    """The rule files of a folder, or one file. Raises ConfigError where one cannot be read.

    progress: files done and files in all.
    """
    root = Path(path)
    found = _files(root)
    for done, file in enumerate(found):
        progress(done, len(found))
        name = file.name if file == root else str(file.relative_to(root))
        text = _text(file)
        if root.is_dir() and _kind(file) == ".txt" and not _has_rules(text):
            continue
        yield RuleFile(name, text, _licence(file.parent))
    progress(len(found), len(found))


def _files(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise ConfigError(f"{root}: is not there; name a file of rules or a folder of them")
    found = []
    for count, path in enumerate(root.rglob("*")):
        if count >= _MOST_FILES:
            raise ConfigError(f"{root}: holds more than {_MOST_FILES} files; name a folder of rules alone")
        if path.is_file() and _kind(path) in _SUFFIXES:
            found.append(path)
    if not found:
        raise ConfigError(f"{root}: holds no rules; they end with .rules, .rules.xz, .rules.gz or .txt")
    return sorted(found)


def _kind(path: Path) -> str:
    suffixes = [suffix for suffix in path.suffixes if suffix not in _PACKED]
    return suffixes[-1] if suffixes else ""


def _text(path: Path) -> str:
    """Octets as text; what is no UTF-8 keeps its value. Raises ConfigError."""
    parts, size = [], 0
    try:
        with _opened(path) as stream:
            while chunk := stream.read(_CHUNK):
                parts.append(chunk)
                size += len(chunk)
                if size > MOST_OCTETS:
                    raise ConfigError(
                        f"{path}: has more than {MOST_OCTETS >> 20} MiB; cut it into files of a set each"
                    )
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{path}: cannot be read ({reason}); expected a file of rules") from error
    except (lzma.LZMAError, EOFError, zlib.error) as error:
        raise ConfigError(f"{path}: cannot be unpacked ({str(error).lower()}); fetch it again") from error
    octets = b"".join(parts)
    if b"\0" in octets:
        raise ConfigError(f"{path}: is no text; expected Suricata's or Snort's rules, one a line")
    return octets.decode("utf-8", "surrogateescape")


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".xz":
        return cast("BinaryIO", lzma.open(path))
    return cast("BinaryIO", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _has_rules(text: str) -> bool:
    from interlock.detect.signatures.language.lexer import is_rule, rule_lines  # noqa: PLC0415

    return any(is_rule(line.text) for line in rule_lines(text))


def _licence(folder: Path) -> str:
    """What the licence files of a folder say, one behind the other."""
    texts = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.lower().startswith(_LICENCES):
            try:
                with path.open("rb") as stream:
                    texts.append(stream.read(_MOST_LICENCE).decode("utf-8", "replace"))
            except OSError:
                continue
    return "\n".join(texts)


def check_signatures(
    path: str, progress: Callable[[int, int], None], clock: Callable[[], float]
) -> SignatureTally:
    """Read every rule and count what became of it. clock: seconds. Raises ConfigError."""
    from interlock.detect.signatures.engine.able import put_in_force  # noqa: PLC0415
    from interlock.detect.signatures.language.licences import comments_of, licence_by_sid  # noqa: PLC0415
    from interlock.detect.signatures.language.reading import read_rules  # noqa: PLC0415
    from interlock.detect.signatures.language.variables import Variables  # noqa: PLC0415
    from interlock.report.signatures import SignatureTally  # noqa: PLC0415

    begun = clock()
    tally = SignatureTally(path)
    variables = Variables()
    for file in rule_files(path, progress):
        licence = licence_by_sid(comments_of(file.text), file.licence)
        for read in read_rules(file.text, file.name, variables):
            tally.add(put_in_force(read), licence)
    tally.seconds = clock() - begun
    if not tally.rules:
        raise ConfigError(f"{path}: holds no rules; expected Suricata's or Snort's, one a line")
    return tally


def build_signatures(paths: Sequence[str], told: Callable[[str], None]) -> Signatures:
    """The detector of every rule of these files and folders that is switched on and can be in force.

    told: takes a sentence about what is not. Raises ConfigError where a file cannot be read.
    """
    from interlock.detect.signatures.detector import Signatures  # noqa: PLC0415
    from interlock.detect.signatures.engine.able import put_in_force  # noqa: PLC0415
    from interlock.detect.signatures.language.contents import read_octets  # noqa: PLC0415
    from interlock.detect.signatures.language.reading import read_rules  # noqa: PLC0415
    from interlock.detect.signatures.language.variables import Variables  # noqa: PLC0415
    from interlock.detect.signatures.plain.matching import Matcher  # noqa: PLC0415

    variables, out = Variables(), []
    known: dict[int, Matcher] = {}
    for file in (file for path in paths for file in rule_files(path)):
        for read in read_rules(file.text, file.name, variables):
            signature, refusal = put_in_force(read)
            if refusal is not None and refusal.enabled:
                out.append(str(refusal))
            if signature is not None and signature.enabled and (key := hash(signature)) not in known:
                # What is said about a rule, beside what it asks, is in its file: it would take a tenth of the memory.
                known[key] = Matcher(replace(signature, metadata=()), variables.ends(signature.header))
    read_octets.cache_clear()
    for sentence in out[:_TOLD]:
        told(sentence)
    if len(out) > _TOLD:
        told(
            f"{len(out) - _TOLD} more signatures are not in force; `interlock signature check` names them all"
        )
    return Signatures(tuple(known.values()))
