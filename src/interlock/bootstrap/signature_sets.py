"""Sets that rules name, read from files beside them: `dataset:… load FILE` and `datarep:… load FILE`.

A file lies in the folder of the rule that names it, or below the folder of all rules; what leads out of that is never
opened. Source: Suricata user guide, "Datasets", sections "File formats" and "File Locations" (which lets rules leave).
"""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.datasets import read_members
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.reading import Read, refused
from interlock.detect.signatures.language.steps import Base64, Dataset, Reputation
from interlock.detect.signatures.packs.plan import SetFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from interlock.bootstrap.signature_files import RuleFile
    from interlock.detect.signatures.language.model import Signature
    from interlock.detect.signatures.language.steps import Step

__all__ = ["MOST_SET_OCTETS", "Sets", "set_places"]

MOST_SET_OCTETS: Final = 64 * 1024 * 1024
"""Of one file."""
_OUTSIDE: Final = "leads out of the folder of the rules, or is hidden; put it beside them"
_MOST_MEMBERS: Final = 1_000_000
"""Of all sets together: some 100 MiB."""


class Sets:
    """given: as of plain.memory. files: where it is from."""

    def __init__(self) -> None:
        self.given: dict[str, dict[bytes, int]] = {}
        self.files: list[SetFile] = []
        self.notes: list[str] = []
        self._kinds: dict[str, tuple[str, str]] = {}
        self._places: dict[str, tuple[Path | None, bool]] = {}
        self._right: set[tuple[Path | None, str, bool]] = set()

    def take(self, read: Read, file: RuleFile, number: int) -> Read:
        """The same rule, or its refusal where a set that it names cannot be had. number: of the file."""
        signature = read.signature
        if signature is None:
            return read
        try:
            for step in _naming(signature):
                self._name(step, signature, file, number)
        except RuleError as error:
            return Read(None, refused(signature, error))
        return read

    def again(self, known: Iterable[SetFile], files: Sequence[RuleFile]) -> bool:
        """Read the files that a plan names; whether all of them hold what they held."""
        for one in known:
            try:
                path = _found(one.load, files[one.file], optional=one.optional)
                octets = _octets(path, one.load) if path else b""
                if sha256(octets).hexdigest() != one.sha256:
                    return False
                self.given[one.name.lower()] = self._members(one, octets, "dataset")
            except (RuleError, IndexError):
                return False
            self.files.append(one)
        return True

    def _name(self, step: Dataset | Reputation, signature: Signature, file: RuleFile, number: int) -> None:
        """A rule names a set: one that is switched off is only looked at. Raises RuleError."""
        keyword, name, on = _keyword(step), step.name.lower(), signature.enabled
        where = f"by rule {signature.sid}, {signature.origin.file}:{signature.origin.line}"
        kind, who = self._kinds.get(name, (step.kind, where))
        if kind != step.kind:
            raise RuleError(
                keyword, f"{step.name} is a set of type {step.kind} here, and of type {kind} {who}"
            )
        kept = step.kept if isinstance(step, Dataset) else None
        load, optional = (kept[1], True) if kept and kept[0] == "state" else (step.load, False)
        if kept and not set_places(kept[1], Path(file.name).as_posix()):
            raise RuleError(keyword, f"{kept[1]!r} {_OUTSIDE}")
        if load:
            self._load(step, load, file, number, optional=optional, on=on)
        if on:  # what a refused rule says of a set binds nobody
            self._kinds.setdefault(name, (kind, where))
        if kept and on:
            place = f"{signature.origin.file}:{signature.origin.line}: rule {signature.sid}"
            self.notes.append(
                f"{place}: the set {step.name} is kept in the sensor's own state; {kept[1]} is never written"
            )

    def _load(
        self, step: Dataset | Reputation, load: str, file: RuleFile, number: int, *, optional: bool, on: bool
    ) -> None:
        keyword, name, valued = _keyword(step), step.name.lower(), isinstance(step, Reputation)
        path = _found(load, file, optional=optional, keyword=keyword)
        known = self._places.get(name)
        if known is not None and known[0] != path:
            raise RuleError(keyword, f"another rule has the set {step.name} from {known[0] or 'nowhere'}")
        if (known is not None and known[1] >= valued) or (
            not on and (path, step.kind, valued) in self._right
        ):
            return
        octets = _octets(path, load, keyword) if path else b""
        one = SetFile(step.name, step.kind, valued, number, load, optional, sha256(octets).hexdigest())
        members = self._members(one, octets, keyword)
        self._right.add((path, step.kind, valued))
        if on:
            self._places[name] = path, valued
            self.given[name] = members
            self.files = [*(each for each in self.files if each.name.lower() != name), one]

    def _members(self, one: SetFile, octets: bytes, keyword: str) -> dict[bytes, int]:
        left = _MOST_MEMBERS - sum(
            len(known) for name, known in self.given.items() if name != one.name.lower()
        )
        members: dict[bytes, int] = {}
        try:
            for number, member, value in read_members(BytesIO(octets), one.kind, valued=one.valued):
                members[member] = value
                if len(members) > left:
                    raise ValueError(number, f"all sets have more than {_MOST_MEMBERS} members")  # noqa: TRY301
        except ValueError as error:
            number, reason = error.args
            raise RuleError(keyword, f"{one.load}:{number}: {reason}") from error
        return members


def _naming(signature: Signature) -> Iterator[Dataset | Reputation]:
    steps: list[Step] = [step for one in signature.inspections for step in one.steps]
    while steps:
        step = steps.pop(0)
        if isinstance(step, (Dataset, Reputation)):
            yield step
        elif isinstance(step, Base64):
            steps += step.steps


def _keyword(step: Dataset | Reputation) -> str:
    return "dataset" if isinstance(step, Dataset) else "datarep"


def set_places(load: str, rules: str) -> tuple[str, ...]:
    """Where a file that rules name may lie, below the folder of all rules. rules: the file that names it.

    Nothing where it leads elsewhere.
    """
    path = PurePosixPath(load)
    hidden = any(part.startswith(".") for part in path.parts)
    if path.is_absolute() or hidden or "\\" in load or ":" in load or "\0" in load or not path.parts:
        return ()
    return tuple(
        dict.fromkeys(str(folder / path) for folder in (PurePosixPath(rules).parent, PurePosixPath()))
    )


def _found(load: str, file: RuleFile, *, optional: bool, keyword: str = "dataset") -> Path | None:
    """The file; None where it need not be there. Raises RuleError."""
    name = Path(file.name).as_posix()
    places = set_places(load, name)
    if not places:
        raise RuleError(keyword, f"{load!r} {_OUTSIDE}")
    root = file.path.parents[name.count("/")]
    for place in places:
        path = root / place
        try:
            if not path.is_file():
                continue
            real = path.resolve(strict=True)
        except (OSError, ValueError):
            continue
        if not real.is_relative_to(root.resolve()):
            raise RuleError(
                keyword, f"{load} is a link out of the folder of the rules; put the file there itself"
            )
        return real
    if optional:
        return None
    raise RuleError(keyword, f"{load} is not there; put it beside {file.name}")


def _octets(path: Path, load: str, keyword: str = "dataset") -> bytes:
    try:
        with path.open("rb") as stream:
            octets = stream.read(MOST_SET_OCTETS + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RuleError(
            keyword, f"{load} cannot be read ({reason}); give it to the user of the sensor"
        ) from error
    if len(octets) > MOST_SET_OCTETS:
        raise RuleError(
            keyword, f"{load} has more than {MOST_SET_OCTETS >> 20} MiB; cut it into sets of a file each"
        )
    return octets
