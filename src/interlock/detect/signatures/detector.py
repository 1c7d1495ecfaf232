"""The detector `signature`: rules of Suricata and Snort, in force."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from interlock.detect.causes import CauseDetector
from interlock.detect.signatures.engine.engine import NEEDS, Engine
from interlock.detect.signatures.engine.operations import NEEDS as REQUESTS
from interlock.detect.signatures.engine.operations import WRITTEN
from interlock.detect.signatures.wording import CONNECTIONS, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.causes import Verdict
    from interlock.detect.interface import Context
    from interlock.detect.signatures.engine.engine import Hit
    from interlock.detect.signatures.engine.scanner import Compile
    from interlock.detect.signatures.engine.traits import Deferred
    from interlock.detect.signatures.plain.matching import Matcher
    from interlock.detect.tally import Key, Tally
    from interlock.records.finding import Finding
    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["Signatures", "needs_of"]


def needs_of(engine: Engine) -> dict[str, tuple[str, ...]]:
    """Tables and columns that an engine's rules look at."""
    needs: dict[str, tuple[str, ...]] = {"operations": REQUESTS} if engine.requests else {}
    if "modbus.value" in engine.requests:
        needs["values"] = WRITTEN
    return needs | ({"payloads": NEEDS} if engine.buffers else {})


class Signatures(CauseDetector):
    """One finding per rule and pair of machines. Keys: realm, client, server, the rule's gid and sid."""

    name: ClassVar[str] = "signature"
    table: ClassVar[str] = "payloads"
    again: ClassVar[int] = (
        8  # what it says is the same however often it says it, and rules may hit all the time
    )
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"payloads": NEEDS}

    def __init__(
        self,
        matchers: Sequence[Matcher | Deferred] = (),
        compiled: Compile | None = None,
        midstream: Midstream = "own",
        checksums: Checksums | None = None,
    ) -> None:
        """compiled, midstream, checksums: as of Engine."""
        super().__init__()
        self.engine = Engine(matchers, compiled, midstream, checksums)
        self._by_name = {one.name: number for number, one in enumerate(self.engine.traits)}
        self.__dict__["needs"] = needs_of(self.engine)

    def anew(self) -> Self:
        """Give a fresh detector with the same rules."""
        fresh = type(self)()
        fresh.__dict__.update(self._own(), engine=self.engine.anew())
        return fresh

    def follow(self, before: Signatures) -> None:
        """Go on where another set of rules stood: with its marks and counts, its streams, and what it found."""
        own = self._own()
        self.engine.follow(before.engine)
        self.__dict__.update(before.__dict__)
        self.__dict__.update(own)

    def load(self, state: bytes) -> None:
        """Go on from a dump, with the same rules. Raises SourceError."""
        own = self._own()
        super().load(state)
        own["engine"].memory = self.engine.memory
        self.__dict__.update(own)

    def own_state(self) -> Any:
        """Marks, counts and sets of rules."""
        return self.engine.memory.state()

    def restore_own(self, state: Any) -> None:
        """Take back what `own_state` gave; states of the first version have nothing."""
        if state is not None:
            self.engine.memory.restore(state)

    def _own(self) -> dict[str, Any]:
        """What follows from the rules alone."""
        return {name: self.__dict__[name] for name in ("engine", "needs", "_by_name")}

    @property
    def buffers(self) -> frozenset[str]:
        """The buffers that its rules look at."""
        return self.engine.buffers

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count what rules say."""
        for part, hits in self.engine.judged(batch):
            yield from self._count(part, hits)

    def concluding(self, context: Context) -> Iterator[Finding | None]:
        """As ever, with what has waited for the rest of its step."""
        for part, hits in self.engine.rest():
            deque(self._count(part, hits), maxlen=0)
        yield from super().concluding(context)

    def _count(self, batch: Batch, hits: Iterable[Hit]) -> Iterator[Key]:
        told = [(hit.row, hit.number) for hit in hits if hit.speaks]
        if not told:
            return
        columns = [batch.words(name) for name in ("source", "realm", "client", "server")]
        said = np.array([row for row, _ in told], np.int64)
        codes = np.stack([codes for _, codes in columns])[:, said].T.tolist()
        connections = _Connections(batch, said)
        alike: dict[tuple[int, ...], list[int]] = {}
        for at, ((_, number), places) in enumerate(zip(told, codes, strict=True)):
            alike.setdefault((number, *places), []).append(at)
        for (number, *places), which in alike.items():
            rows = said[which]
            source, *pair = (str(known[at] or "") for (known, _), at in zip(columns, places, strict=True))
            key = (*pair, self.engine.traits[number].name)
            tally = self.tallies[key]
            tally.add_rows(source, batch, rows)
            tally.note("table", batch.table, len(rows))
            connections.note(tally, which)
            if self.engine.memory.begun:
                flows = batch.integers("flow")[rows].tolist()
                if joined := sum(map(self.engine.memory.joined, flows)):
                    tally.note("midstream", "joined", joined)
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say which rule, of which file, and what it looks for."""
        number = self._by_name.get(key[3])
        return (
            None if number is None else verdict(key, self.engine.matchers[number].signature, tally, context)
        )


class _Connections:
    """Which conversations rows of a batch are of, by ports and transport: read once for all rows, where asked."""

    def __init__(self, batch: Batch, rows: NDArray[np.int64]) -> None:
        self._batch, self._rows = batch, rows

    def note(self, tally: Tally, which: Iterable[int]) -> None:
        """Tell a tally those of some of the rows, as far as there is room for more."""
        room = CONNECTIONS - len(tally.words.get("connection", ()))
        if room <= 0 or not self._batch.has("server_port"):
            return
        firsts: dict[int, tuple[int, int, str | None, bool]] = {}
        for at in which:
            firsts.setdefault(*self._ends[at])
        for flow in sorted(firsts)[:room]:
            client, server, transport, ported = firsts[flow]
            tally.note("connection", f"{client}>{server}/{transport}" if ported else transport or "")

    @cached_property
    def _ends(self) -> list[tuple[int, tuple[int, int, str | None, bool]]]:
        """Per row its conversation, ports, transport, and whether it has ports."""
        batch, rows = self._batch, self._rows
        flows, *ports = (
            batch.integers(name)[rows].tolist() for name in ("flow", "client_port", "server_port")
        )
        ported = batch.known("client_port")[rows].tolist()
        return list(
            zip(flows, zip(*ports, batch.words_at("transport", rows), ported, strict=True), strict=True)
        )
