"""Rules on trial: new and changed ones of a version are held against what passes, and counted; they never speak.

They have an engine and a memory of their own, so that no mark that they set changes what is in force.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.signatures.detector import needs_of
from interlock.detect.signatures.engine.engine import Engine
from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.signatures.engine.engine import Hit
    from interlock.detect.signatures.engine.scanner import Compile
    from interlock.detect.signatures.engine.traits import Deferred
    from interlock.detect.signatures.plain.matching import Matcher
    from interlock.records.finding import Finding
    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["Trial", "Tried"]

_MOST_PAIRS: Final = 1_024
"""Pairs of machines of one rule that are told apart."""


@dataclass(slots=True)
class Tried:
    """What one rule would have said. name: `gid:sid:rev message`. first, last: UTC ns.

    pairs: client and server, and how often; more: times between pairs beyond those that are told apart.
    """

    name: str
    count: int = 0
    first: int = 0
    last: int = 0
    pairs: dict[str, int] = field(default_factory=dict)
    more: int = 0

    def add(self, when: int, pair: str) -> None:
        """One more time."""
        self.first = min(self.first or when, when)
        self.last = max(self.last, when)
        self.count += 1
        if pair in self.pairs or len(self.pairs) < _MOST_PAIRS:
            self.pairs[pair] = self.pairs.get(pair, 0) + 1
        else:
            self.more += 1


class Trial:
    """rules: those on trial, and those that set marks for them. counted: names of those on trial.

    number: of the version. compiled, midstream, checksums: as of Engine.
    """

    name: ClassVar[str] = "signature-trial"
    version: ClassVar[int] = 1

    def __init__(
        self,
        rules: Sequence[Matcher | Deferred] = (),
        counted: Iterable[str] = (),
        number: int | None = None,
        compiled: Compile | None = None,
        midstream: Midstream = "own",
        checksums: Checksums | None = None,
    ) -> None:
        self.engine = Engine(rules, compiled, midstream, checksums)
        self.counted = frozenset(counted)
        self.number = number
        self.tried: dict[str, Tried] = {}
        self.needs: Mapping[str, tuple[str, ...]] = needs_of(self.engine)

    @property
    def buffers(self) -> frozenset[str]:
        """The buffers that its rules look at."""
        return self.engine.buffers

    def feed(self, batch: Batch, context: Context) -> Iterable[Finding]:  # noqa: ARG002 - the interface's shape
        """Count what rules on trial would have said; nothing is ever said."""
        for part, hits in self.engine.judged(batch):
            self._count(part, hits)
        return ()

    def settle(self) -> None:
        """Count what has waited for the rest of its step: nothing more comes."""
        for part, hits in self.engine.rest():
            self._count(part, hits)

    def _count(self, batch: Batch, hits: Iterable[Hit]) -> None:
        told = [hit for hit in hits if hit.speaks]
        if told:
            (clients, at), (servers, to) = batch.words("client"), batch.words("server")
            times = batch.times_ns()
            for hit in told:
                name = self.engine.traits[hit.number].name
                if name in self.counted:
                    pair = f"{clients[at[hit.row]]} {servers[to[hit.row]]}"
                    self.tried.setdefault(name, Tried(name)).add(int(times[hit.row]), pair)

    def follow(self, before: Trial) -> None:
        """Go on where the same version stood."""
        if before.number == self.number:
            self.engine.follow(before.engine)
            self.tried = {name: tried for name, tried in before.tried.items() if name in self.counted}

    def dump(self) -> bytes:
        """What was counted, as JSON."""
        state = {"number": self.number, "tried": [asdict(one) for one in self.tried.values()]}
        return json.dumps(state, separators=(",", ":")).encode()

    def load(self, state: bytes) -> None:
        """Go on from a dump of the same version; of another one nothing is taken. Raises SourceError."""
        try:
            said: dict[str, Any] = json.loads(state)
            if said["number"] == self.number:
                tried = [Tried(**one) for one in said["tried"]]
                self.tried = {one.name: one for one in tried if one.name in self.counted}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise SourceError(f"the state kept for detector {self.name} cannot be read: {error}") from error
