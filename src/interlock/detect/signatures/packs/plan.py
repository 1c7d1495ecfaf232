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
from typing import TYPE_CHECKING, Any, Final

import hyperscan

from interlock.detect.signatures.engine.scanner import compile_database
from interlock.detect.signatures.engine.traits import Deferred
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.reading import read_rule
from interlock.detect.signatures.packs.columns import columns_of, traits_from
from interlock.detect.signatures.plain.matching import Matcher
from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interlock.detect.signatures.engine.traits import Traits

__all__ = ["Databases", "Plan", "read_plan", "write_plan"]

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


@dataclass(slots=True)
class Plan:
    """traits, origins and texts: of each rule, by its number. sentences: what is not in force, for people."""

    traits: Sequence[Traits] = ()
    origins: Sequence[Origin] = ()
    texts: Sequence[bytes] = ()
    sentences: Sequence[str] = ()
    databases: Mapping[str, bytes] = field(default_factory=dict)

    def rules(self) -> tuple[Deferred, ...]:
        """The rules, none of them read yet."""
        rows = zip(self.traits, self.origins, self.texts, strict=True)
        return tuple(Deferred(traits, partial(_read, traits, origin, text)) for traits, origin, text in rows)


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
        "sentences": list(plan.sentences),
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
        traits=traits_from(said["traits"]),
        origins=[Origin(files[file], line) for file, line in said["origins"]],
        texts=texts,
        sentences=[str(sentence) for sentence in said["sentences"]],
        databases={key: bytes(part) for key, part in kept},
    )


def _cut(octets: memoryview, lengths: Any) -> list[memoryview]:
    parts, at = [], 0
    for length in lengths:
        parts.append(octets[at : at + length])
        at += length
    return parts
