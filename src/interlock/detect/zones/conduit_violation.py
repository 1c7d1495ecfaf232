"""Traffic that no conduit of the site file allows: silent where it declares none.

Machines ask the same day and night. So batches are grouped by who asks whom by what for which verb, as for other
detectors; each such relation is put to the policy once, and only where the answer depends on unit or object are rows
grouped finer, and each such request is put to it once, too. Small batches are first held against what is known to be
allowed (`passing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import RELATION, REQUEST
from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.zones.passing import FEW, MOST_COUNT, Passing, keep, named
from interlock.detect.zones.ruling import Ruling, spoken_in
from interlock.detect.zones.telling import told
from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Groups, Word
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.finding import Finding
    from interlock.segment.model.policy import Answer

    _Words = tuple[Word, ...]

__all__ = ["ConduitViolation"]

_TALK: Final = ("source", "realm", "client", "server", "transport", "protocol", "basis", "state")
_PORTS: Final = 1 << 16
_LOOKS_NS: Final = 5_000_000_000
"""How often it is looked whether machines have become known."""
_PATIENCE_NS: Final = 60_000_000_000
"""How long a machine that is in no zone yet may become known as one of a zone (by role, asset or MAC)."""
_UNKNOWN: Final = "?"
_PORTED: Final = frozenset({"tcp", "udp"})


class ConduitViolation(CauseDetector):
    """One finding per client, zone that it reaches for, protocol, and what the policy says of it.

    Keys: realm, client, the other zone or "", protocol or transport, reason, nearest conduit or "". While it is not
    known in which zone an end is (a zone may choose its machines by role, asset or MAC): "?", realm, client, server,
    protocol or transport, verb or ""; what the policy says of that is asked again when more is known.
    """

    name: ClassVar[str] = "conduit-violation"
    early: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *REQUEST,
            *("operation", "flow", "unit", "object", "count", "client_port", "server_port"),
        ),
        "flows": (*_TALK, "server_port", "first", "first_frame"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.ruling = Ruling()
        self._passing = Passing(self.ruling)
        self._waiting: set[Key] = set()
        self._looked = 0
        self._blind = True

    def spoken_by(self, spoken_at: Mapping[tuple[str, int], frozenset[str]]) -> None:
        """Tell it which protocols are at home at which ports: what conversations without a word are judged by."""
        self.ruling = Ruling(spoken_at)
        self._passing = Passing(self.ruling)

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Count what the policy denies."""
        if not self.ruling.renew(context):
            return
        self._blind = self.ruling.blind
        yield from self._ripe(context.now)
        if batch.table == "flows":
            yield from self._conversations(batch)
        elif len(batch) > FEW or not self._passing.all_of(batch):
            yield from self._operations(batch)

    def _operations(self, batch: Batch) -> Iterator[Key]:
        depends: set[_Words] = set()
        if not batch.waits:
            yield from self._related(batch.messages(), batch.relations(), depends)
        if (pending := batch.pending()) is not None:
            yield from self._related(pending, pending.groups(*RELATION), depends)
        if depends:
            yield from self._exactly(batch, depends)

    def _related(self, batch: Batch, groups: Groups, depends: set[_Words]) -> Iterator[Key]:
        """By relation: nothing where it is allowed, noted where it depends on more, else counted."""
        known = self._passing.relations()
        for group, key in groups:
            words = key[1:6]
            answer = known.get(words) or self._passing.relation(words)
            if answer.unseen is not None:
                depends.add(words)
            elif not answer.allowed:
                yield from self._denied(batch, (key[0], key[6]), named(words), answer, groups.rows(group))

    def _exactly(self, batch: Batch, depends: set[_Words]) -> Iterator[Key]:
        """Requests of relations of which only some are allowed."""
        mask = np.ones(len(batch), np.bool_)
        for place, column in enumerate(RELATION[1:6]):
            mask &= batch.among(column, {words[place] or "" for words in depends})
        some = batch if len(batch) <= FEW or 2 * int(mask.sum()) > len(batch) else batch.take(mask)
        count = np.minimum(np.maximum(some.integers("count"), 0), MOST_COUNT)
        places = count * _PORTS + some.integers("server_port")
        groups = some.groups(*RELATION, "unit", "object", bins=places, named="count and port")
        passed = self._passing.groups()
        for group, key in groups:
            if key in passed or key[1:6] not in depends:
                continue
            source, *words, outcome, unit, name, place = key
            relation = named(words)
            answer = self.ruling.exactly(relation, unit, name, place // _PORTS, place % _PORTS)
            if answer.allowed:
                keep(passed, key)
            else:
                yield from self._denied(some, (source, outcome), relation, answer, groups.rows(group))

    def _denied(
        self, batch: Batch, how: tuple[str | None, str | None], relation: tuple[str, ...], answer: Answer,
        rows: NDArray[np.int64],
    ) -> Iterator[Key]:  # fmt: skip
        """Count requests that are denied, but for those that a server asks back within its client's conversation."""
        source, outcome = how
        realm, client, server, protocol, verb = relation
        key = self._key((realm, client, server), protocol, verb, answer)
        back = self._looks_back(batch, protocol, rows)
        if key[0] != _UNKNOWN and self._passes_back(relation):
            rows = rows[~back]
        if not len(rows):
            return
        for tally, counted in self.counting(key, outcome, batch, rows):
            tally.add_rows(source or "", batch, counted)
            for kind, word in (("verb", verb), ("server", server), ("outcome", outcome or "unknown")):
                tally.note(kind, word, len(counted))
            for column in ("object", "unit"):
                tally.note_rows(column, batch, counted)
            if key[0] == _UNKNOWN and back.all():
                tally.note("back", "yes", len(counted))
        yield from self._touched(key)

    def _looks_back(self, batch: Batch, protocol: str, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Requests from a port where the protocol is at home to one where it is not.

        An S7 controller fetches the blocks of a download so, within the engineering station's conversation.
        """
        home = [port for (_, port), names in self.ruling.spoken_at.items() if protocol in names]
        ports = [batch.integers(column)[rows] for column in ("client_port", "server_port")]
        back: NDArray[np.bool_] = np.isin(ports[0], home) & ~np.isin(ports[1], home)
        return back

    def _passes_back(self, relation: tuple[str, ...]) -> bool:
        """Whether the same would be allowed the other way round."""
        realm, client, server, protocol, verb = relation
        return self.ruling.relation((realm, server, client, protocol, verb)).allowed

    def _conversations(self, batch: Batch) -> Iterator[Key]:
        groups = batch.groups(*_TALK, bins=batch.integers("server_port"), named="port")
        for group, (source, realm, client, server, transport, protocol, basis, state, port) in groups:
            ends = realm or "", client or "", server or ""
            name = spoken_in(protocol, basis)
            answer = self.ruling.conversation(ends, (transport or "", port), name, state)
            if answer.allowed:
                continue
            key = self._key(ends, name or transport or "", "", answer)
            tally, rows = self.tallies[key], groups.rows(group)
            tally.add_rows(source or "", batch, rows)
            noted = {"server": ends[2], "state": state, "port": f"{transport}/{port}" if port else transport}
            for kind, word in noted.items():
                if word:
                    tally.note(kind, word, len(rows))
            yield from self._touched(key)

    def _key(self, ends: tuple[str, str, str], protocol: str, verb: str, answer: Answer) -> Key:
        realm, client, server = ends
        if answer.reason == "no-zone" and any(self.ruling.waits_for(realm, end) for end in ends[1:]):
            return (_UNKNOWN, realm, client, server, protocol, verb)
        return self._cause(ends, protocol, answer)

    @staticmethod
    def _cause(ends: tuple[str, str, str], protocol: str, answer: Answer) -> Key:
        realm, client, server = ends
        asks = server if is_group(client) and not is_group(server) else client
        return (realm, asks, answer.server_zone or "", protocol, answer.reason or "", answer.by or "")

    def _touched(self, key: Key) -> Iterator[Key]:
        if key[0] == _UNKNOWN:
            self._waiting.add(key)
        else:
            yield key

    def _ripe(self, now: int) -> Iterator[Key]:
        """Give what was counted while an end was not known, once it is.

        That it will never be known is said in `conclude` alone: what is known while rows are fed may be old.
        """
        if self._waiting and not self._blind and not 0 <= now - self._looked < _LOOKS_NS:
            self._looked = now
            self.ruling.look_again()
            for key in list(self._waiting):
                if not self._waits(key):
                    yield from self._resolve(key)

    def _waits(self, key: Key) -> bool:
        return any(self.ruling.waits_for(key[1], end) for end in key[2:4])

    def _resolve(self, key: Key) -> Iterator[Key]:
        """Count it under its cause, or forget it where the policy allows it."""
        self._waiting.discard(key)
        tally = self.tallies.pop(key)
        if tally is None:
            return
        _, realm, client, server, protocol, verb = key
        answer = self._again((realm, client, server), protocol, verb, tally)
        if not answer.allowed:
            cause = self._cause((realm, client, server), protocol, answer)
            self.tallies[cause].merge(tally)
            yield cause

    def concluding(self, context: Context) -> Iterator[Finding | None]:
        """See CauseDetector. What an inventory as fresh as this does not know after a minute, it may never know."""
        if self._waiting and self.ruling.renew(context, anew=True):
            for key in list(self._waiting):
                patient = key in self.tallies and context.now - self.tallies[key].first < _PATIENCE_NS
                if not patient or not self._waits(key):
                    list(self._resolve(key))
        yield from super().concluding(context)

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what was done and which conduit is missing."""
        if key[0] == _UNKNOWN or not self.ruling.renew(context):
            return None
        return told(key, tally, context, self.ruling)

    def _again(self, ends: tuple[str, str, str], protocol: str, verb: str, tally: Tally) -> Answer:
        """The answer to what was counted while an end was not known."""
        if not verb:
            transport, _, port = next(iter(tally.noted("port")), "").rpartition("/")
            place = (transport, int(port)) if transport in _PORTED else (f"{transport}/{port}".lstrip("/"), 0)
            name = None if protocol == place[0] else protocol
            return self.ruling.conversation(ends, place, name, next(iter(tally.noted("state")), None))
        relation = (*ends, protocol, verb)
        answer = self.ruling.relation(relation)
        units: list[str | None] = list(tally.noted("unit")) or [None]
        if answer.unseen is not None and len(units) == 1:
            names: list[str | None] = list(tally.noted("object")) or [None]
            every = [self.ruling.exactly(relation, units[0], name, 0, 0) for name in names]
            answer = next((each for each in every if not each.allowed), every[0])
        if (
            not answer.allowed
            and sum(tally.noted("back").values()) >= tally.count
            and self._passes_back(relation)
        ):
            answer = answer._replace(how="conduit")
        return answer

    def restore_own(self, state: Any) -> None:  # noqa: ARG002 - it follows from the tallies
        """Wait again for whoever was waited for."""
        self._waiting = {key for key in self.tallies if key[0] == _UNKNOWN}
