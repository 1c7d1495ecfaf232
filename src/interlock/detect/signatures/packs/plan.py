r"""Rules as they are put in force, kept: traits, texts, and databases of literals.

    "interlock-plan/1\n" | lengths of the three, 8 octets each | JSON | texts | databases

Texts stand behind each other; JSON says where each begins. A rule is read from its text when something comes near it.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import hyperscan

from interlock.detect.signatures.engine.scanner import compile_database
from interlock.detect.signatures.engine.traits import Deferred, traits_of
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.reading import read_rule
from interlock.detect.signatures.packs.columns import columns_of, traits_from
from interlock.detect.signatures.plain.matching import Matcher
from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.detect.signatures.engine.traits import Traits
    from interlock.detect.signatures.language.model import Signature
    from interlock.detect.signatures.language.variables import Ends
    from interlock.detect.signatures.plain.memory import Given

__all__ = ["Databases", "Plan", "SetFile", "read_plan", "write_plan"]

_MAGIC: Final = b"interlock-plan/1\n"
_LENGTHS: Final = struct.Struct("<3Q")


class Databases:
    """Databases of literals: those that are kept are not compiled again. kept: serialised ones, by their key."""

    def __init__(self, kept: Mapping[str, bytes] | None = None) -> None:
        self._kept = dict(kept or {})
        self.made: dict[str, bytes] = {}

    def __call__(self, literals: Sequence[tuple[bytes, bool]]) -> hyperscan.Database:
        """As compile_database."""
        key = sha256(repr(literals).encode()).hexdigest()
        serialised = self._kept.pop(key, None)
        if serialised is not None:
            try:
                database = hyperscan.loadb(serialised, hyperscan.HS_MODE_BLOCK)
                database.scratch = hyperscan.Scratch(database)
            except hyperscan.HyperscanError:  # of another processor, or of another Hyperscan
                pass
            else:
                self.made[key] = serialised
                return database
        database = compile_database(literals)
        self.made[key] = hyperscan.dumpb(database)
        return database


class SetFile(NamedTuple):
    """A file of a set, as a rule names it. file: number of the file of rules that does. sha256: of what it holds."""

    name: str
    kind: str
    valued: bool
    file: int
    load: str
    optional: bool
    sha256: str


@dataclass(slots=True)
class Plan:
    """traits, origins and texts: of each rule, by its number. sentences: what is not in force, for people.

    counted: names of rules on trial (see `trial`). costly: rules that were read to make it. sets: files of sets that
    the rules name. given: what these hold, which is not kept with the plan.
    """

    traits: list[Traits] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    costly: int = 0
    databases: Mapping[str, bytes] = field(default_factory=dict)
    sets: tuple[SetFile, ...] = ()
    given: Given = field(default_factory=dict)

    def add(self, signature: Signature, text: bytes, ends: Ends) -> Traits:
        """One more rule."""
        traits = traits_of(Matcher(signature, ends))
        self.traits.append(traits)
        self.origins.append(signature.origin)
        self.texts.append(text)
        return traits

    def rules(self, cpu_ns: Callable[[], int] | None = None) -> tuple[Deferred, ...]:
        """The rules, none of them read yet. cpu_ns: as of Deferred."""
        rows = zip(self.traits, self.origins, self.texts, strict=True)
        return tuple(
            Deferred(traits, partial(_read, traits, origin, text), cpu_ns) for traits, origin, text in rows
        )


def _read(traits: Traits, origin: Origin, text: bytes) -> Matcher:
    signature = read_rule(text.decode("utf-8", "surrogateescape"), origin)
    # What is said about a rule, beside what it asks, is in its file: it would take a tenth of the memory.
    return Matcher(replace(signature, metadata=()), traits.ends)


def write_plan(plan: Plan) -> bytes:
    """As octets."""
    files = {name: k for k, name in enumerate(dict.fromkeys(one.file for one in plan.origins))}
    said = {
        "traits": columns_of(plan.traits),
        "files": list(files),
        "origins": [[files[one.file], one.line] for one in plan.origins],
        "lengths": [len(text) for text in plan.texts],
        "sentences": plan.sentences,
        "counted": plan.counted,
        "costly": plan.costly,
        "sets": [list(one) for one in plan.sets],
        "databases": {key: len(octets) for key, octets in plan.databases.items()},
    }
    head = json.dumps(said, separators=(",", ":")).encode("ascii")
    texts, databases = b"".join(plan.texts), b"".join(plan.databases.values())
    return b"".join((_MAGIC, _LENGTHS.pack(len(head), len(texts), len(databases)), head, texts, databases))


def read_plan(octets: bytes | memoryview) -> Plan:
    """The plan again. Raises SourceError where these octets are none."""
    try:
        return _plan(memoryview(octets))
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        struct.error,
    ) as error:
        raise SourceError("is no plan of rules of this version") from error


def _plan(octets: memoryview) -> Plan:
    begin = len(_MAGIC) + _LENGTHS.size
    lengths = _LENGTHS.unpack_from(octets, len(_MAGIC))
    if bytes(octets[: len(_MAGIC)]) != _MAGIC or len(octets) != begin + sum(lengths):
        raise ValueError(lengths)
    parts = _cut(octets[begin:], lengths)
    said: Any = json.loads(bytes(parts[0]))
    texts = [bytes(part) for part in _cut(parts[1], said["lengths"])]
    files = said["files"]
    kept = zip(said["databases"], _cut(parts[2], said["databases"].values()), strict=True)
    return Plan(
        traits=list(traits_from(said["traits"])),
        origins=[Origin(files[file], line) for file, line in said["origins"]],
        texts=texts,
        sentences=[str(sentence) for sentence in said["sentences"]],
        counted=[str(name) for name in said["counted"]],
        costly=int(said["costly"]),
        sets=tuple(SetFile(*one) for one in said["sets"]),
        databases={key: bytes(part) for key, part in kept},
    )


def _cut(octets: memoryview, lengths: Any) -> list[memoryview]:
    parts, at = [], 0
    for length in lengths:
        parts.append(octets[at : at + length])
        at += length
    return parts
