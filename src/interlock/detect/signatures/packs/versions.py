"""The book of a store of packs: which versions were imported, which one is in force, which were before.

Read and written as JSON, `interlock/signature-packs/1`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Book", "PackFile", "Version", "digest_of", "read_book", "signed_octets", "write_book"]

_SCHEMA: Final = "interlock/signature-packs/1"
_MAGIC: Final = b"interlock/signature-pack/1\n"
_MOST_BEFORE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFile:
    """name: below the folder or within the archive. sha256: of its octets. rules: of any kind."""

    name: str
    sha256: str
    octets: int
    rules: int
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """source: what was imported. imported: UTC, ISO 8601. sha256: see digest_of. signed_by: approvers' names.

    loaded, refused, switched_off: rules, as `signature check` counts them.
    """

    number: int
    source: str
    imported: str
    sha256: str
    files: tuple[PackFile, ...]
    signed_by: tuple[str, ...] = ()
    loaded: int = 0
    refused: int = 0
    switched_off: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """in_force: a version's number, None before any is. before: those that were, the last one last.

    trying: a version whose new rules are counted, and do not speak.
    """

    versions: tuple[Version, ...] = ()
    in_force: int | None = None
    before: tuple[int, ...] = ()
    trying: int | None = None

    def version(self, number: int) -> Version:
        """The version of that number. Raises ConfigError."""
        for one in self.versions:
            if one.number == number:
                return one
        known = ", ".join(str(one.number) for one in self.versions) or "none"
        raise ConfigError(f"there is no version {number} of the signatures; there are: {known}")

    def same(self, digest: str) -> Version | None:
        """The version with this content, where there is one."""
        return next((one for one in self.versions if one.sha256 == digest), None)

    def added(self, version: Version) -> Book:
        """With one more."""
        return replace(self, versions=(*self.versions, version))

    def enforced(self, number: int) -> Book:
        """With that version in force, and nothing on trial. Raises ConfigError."""
        self.version(number)
        last = self.in_force
        before = self.before if last is None or last == number else (*self.before, last)
        return replace(self, in_force=number, before=before[-_MOST_BEFORE:], trying=None)

    def rolled_back(self) -> Book:
        """With what was in force before. Raises ConfigError where nothing was."""
        if not self.before:
            raise ConfigError(
                "no version was in force before; `interlock signature list` shows what there is"
            )
        return replace(self, in_force=self.before[-1], before=self.before[:-1], trying=None)

    def tried(self, number: int | None) -> Book:
        """With that version on trial. Raises ConfigError."""
        if number is not None:
            self.version(number)
        return replace(self, trying=number)


def digest_of(files: Iterable[tuple[str, bytes]]) -> str:
    """The content of a pack: the hash of its files' names and hashes, whichever way they are packed."""
    said = sha256()
    for name, octets in sorted(files):
        said.update(f"{sha256(octets).hexdigest()}  {name}\n".encode("utf-8", "surrogateescape"))
    return said.hexdigest()


def signed_octets(digest: str) -> bytes:
    """What an approver signs of a pack."""
    return _MAGIC + digest.encode()


def write_book(book: Book) -> str:
    """As text."""
    return json.dumps({"schema": _SCHEMA, **asdict(book)}, indent=1, ensure_ascii=True) + "\n"


def read_book(text: str, file: str) -> Book:
    """Read it again. Raises ConfigError."""
    try:
        book = _book(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ConfigError) as error:
        raise ConfigError(
            f"{file}: is no book of signature packs; restore it, or import the packs again"
        ) from error
    return book


def _book(said: dict[str, Any]) -> Book:
    if said.pop("schema") != _SCHEMA:
        raise ValueError(_SCHEMA)
    versions = tuple(map(_version, said.pop("versions")))
    book = Book(versions=versions, before=tuple(map(int, said.pop("before"))), **said)
    for number in (*book.before, *(n for n in (book.in_force, book.trying) if n is not None)):
        book.version(number)
    return book


def _version(said: dict[str, Any]) -> Version:
    files = tuple(PackFile(**one) for one in said.pop("files"))
    return Version(files=files, signed_by=tuple(said.pop("signed_by")), **said)
