"""Versions of rules, kept in a folder: imported once, never changed, one of them in force.

    packs.json           the book (see `packs.versions`)
    versions/0001/...    files of a version, as they were imported
    disable.conf ...     lists, for whichever version is in force

A version is there whole before the book names it; who reads the book holds every file against its hash.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.bootstrap import state_folder
from interlock.bootstrap.approving import approvers_file, known_approvers
from interlock.bootstrap.signature_files import BOOK, RuleFile, licence_beside, rule_suffix
from interlock.bootstrap.signatures import check_signatures
from interlock.bootstrap.unpacking import pack_files
from interlock.detect.signatures.language.lexer import is_rule, rule_lines
from interlock.detect.signatures.language.licences import comments_of, licence_by_sid
from interlock.detect.signatures.packs.versions import (
    Book,
    PackFile,
    Version,
    digest_of,
    read_book,
    signed_octets,
    write_book,
)
from interlock.errors import ConfigError, OutputError, VerificationError
from interlock.records.approval import holders, read_signature, signature_text
from interlock.report.atomic import write_atomic
from interlock.store.plain.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interlock.records.approval import Signature
    from interlock.report.signatures import SignatureTally

__all__ = ["PackStore", "packs_folder", "sign_pack", "signers_of"]

_ID: Final = "signature pack"
_MOST_FILES: Final = 1_000
_MOST_OCTETS: Final = 65_536


def packs_folder() -> Path:
    """Where versions are kept where nobody says otherwise."""
    return state_folder() / "signatures"


class PackStore:
    """folder: made with the first import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def book(self) -> Book:
        """What is kept. Raises ConfigError."""
        path = self.folder / BOOK
        try:
            return read_book(path.read_text("utf-8"), str(path))
        except FileNotFoundError:
            return Book()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read; restore it, or import the packs again") from error

    def in_force(self) -> Iterator[RuleFile]:
        """The rules of the version in force. Raises ConfigError where none is, or it was changed."""
        book = self.book()
        if book.in_force is None:
            raise ConfigError(
                f"{self.folder}: no version is in force; `interlock signature enforce NUMBER` does it"
            )
        yield from self.files(book.version(book.in_force))

    def files(self, version: Version) -> Iterator[RuleFile]:
        """The files of rules of a version. Raises ConfigError where one is not as it was imported."""
        for one in version.files:
            path = self.path(version.number) / one.name
            try:
                octets = path.read_bytes()
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise ConfigError(f"{path}: cannot be read ({reason}); import the pack again") from error
            if sha256(octets).hexdigest() != one.sha256:
                raise ConfigError(f"{path}: is not what was imported; import the pack again, or roll back")
            if one.rules:
                yield RuleFile(one.name, path, octets)

    def path(self, number: int) -> Path:
        """The folder of a version."""
        return self.folder / "versions" / f"{number:04d}"

    def take(
        self,
        source: str,
        now: str,
        clock: Callable[[], float],
        *,
        signed: bool = False,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> tuple[Version, bool]:
        """Import a folder, an archive or a file; the version, and whether it is a new one.

        progress: as of rule_files. now: UTC, ISO 8601. signed: refuse what not enough approvers have signed; a
        signature beside it that does not hold always refuses it. Raises ConfigError, VerificationError, OutputError.
        """
        files = pack_files(source)
        digest = digest_of(files.items())
        names = signers_of(source, digest, needed=signed)
        with self._changing() as book:
            known = book.same(digest)
            if known is not None:
                return known, False
            number = max((one.number for one in book.versions), default=0) + 1
            self._write(number, files)
            tally = self._checked(number, source, progress, clock)
            version = Version(
                number=number,
                source=str(Path(source).absolute()),
                imported=now,
                sha256=digest,
                files=tuple(self._described(number, name, octets) for name, octets in sorted(files.items())),
                signed_by=names,
                loaded=tally.all.loaded,
                refused=tally.all.refused,
                switched_off=tally.all.off + tally.all.off_refused,
            )
            self._keep(book.added(version))
        return version, True

    def _checked(
        self, number: int, source: str, progress: Callable[[int, int], None], clock: Callable[[], float]
    ) -> SignatureTally:
        """What a version's rules come to. Where none of them loads it is taken away again, and said of its source."""
        folder = str(self.path(number))
        try:
            tally = check_signatures(folder, progress, clock)
        except ConfigError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise ConfigError(str(error).replace(folder, source)) from error
        if not tally.all.loaded + tally.all.off:
            shutil.rmtree(folder, ignore_errors=True)
            raise ConfigError(
                f"{source}: none of its rules loads; `interlock signature check {source}` says why of each"
            )
        return tally

    def change(self, change: Callable[[Book], Book]) -> Book:
        """Change the book. Raises ConfigError, OutputError."""
        with self._changing() as book:
            changed = change(book)
            if changed.in_force is not None:
                for _ in self.files(changed.version(changed.in_force)):
                    pass  # it is there, and as it was imported
            self._keep(changed)
        return changed

    def _keep(self, book: Book) -> None:
        write_atomic(self.folder / BOOK, write_book(book), mode=0o600)

    @contextmanager
    def _changing(self) -> Iterator[Book]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = Lock(self.folder / ".lock", 0)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{self.folder}: cannot be written ({reason}); name another folder") from error
        try:
            yield self.book()
        finally:
            lock.release()

    def _write(self, number: int, files: dict[str, bytes]) -> None:
        """Beside its name first: what a death leaves is no version."""
        target = self.path(number)
        target.parent.mkdir(exist_ok=True, mode=0o700)
        partial = Path(tempfile.mkdtemp(prefix=".", dir=target.parent))
        try:
            for name, octets in files.items():
                path = partial / name
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                write_atomic(path, octets, mode=0o600)
            shutil.rmtree(target, ignore_errors=True)  # of an import that died before the book named it
            partial.rename(target)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{target}: cannot be written ({reason}); nothing was imported") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _described(self, number: int, name: str, octets: bytes) -> PackFile:
        file = RuleFile(name, self.path(number) / name, octets)
        rules, licence = 0, ""
        if rule_suffix(file.path) in {".rules", ".txt"}:
            text = file.text()
            rules = sum(is_rule(line.text) for line in rule_lines(text))
            licence = licence_by_sid(comments_of(text), licence_beside(file))(None)
        return PackFile(
            name=name, sha256=sha256(octets).hexdigest(), octets=len(octets), rules=rules, licence=licence
        )


def sign_pack(source: str, sign: Callable[[bytes], bytes], key: str, public: bytes) -> Path:
    """Sign a folder, an archive or a file; the signature lies beside it. key: fingerprint. Raises OutputError."""
    digest = digest_of(pack_files(source).items())
    path = Path(f"{source.rstrip('/')}.{key}.sig")
    write_atomic(path, signature_text(_ID, public, sign(signed_octets(digest))))
    return path


def signers_of(source: str, digest: str, *, needed: bool) -> tuple[str, ...]:
    """Approvers whose signatures of a pack hold. Raises VerificationError where one does not, or too few are there."""
    approvers = known_approvers(approvers_file())
    names, problems = holders(signed_octets(digest), _signatures(Path(source)), approvers)
    if problems:
        raise VerificationError(f"{source}: is not imported: {problems[0]}")
    if needed and len(names) < approvers.requires:
        raise VerificationError(
            f"{source}: is signed by {len(names)} of {approvers.requires} approvers; sign it with `interlock signature "
            f"sign {source} --key FILE`, or import it without --signed"
        )
    return names


def _signatures(source: Path) -> Iterator[Signature]:
    begins = f"{source.name}."
    found = (p for p in source.parent.iterdir() if p.name.startswith(begins) and p.name.endswith(".sig"))
    for path in sorted(islice(found, _MOST_FILES)):
        with path.open("rb") as file:
            text = file.read(_MOST_OCTETS).decode("utf-8", "replace")
        signature = read_signature(text, file=path.name)
        if signature.id != _ID:
            raise VerificationError(f"{path}: signs something else; move it away")
        yield signature
