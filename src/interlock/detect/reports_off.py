"""Reports that a master switches off and leaves off: a station that keeps its alarms for itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import numpy as np

from interlock.detect.batch import REQUEST
from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.packing import packed
from interlock.detect.silencing import named_by_functions
from interlock.detect.wording import counted
from interlock.errors import SourceError
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["GRACE_NS", "ReportsOff"]

GRACE_NS: Final = 30 * 10**9
"""What a master does when it begins follows within so long: several answers over a slow line."""
BESIDE_NS: Final = 10 * GRACE_NS
"""Where another conversation of the same two lives on, what is told in it shows within so long that nothing is off."""
MAX_PENDING: Final = 4_096
MAX_CONVERSATIONS: Final = 20_000
MAX_RELATIONS: Final = 10_000
_PROTOCOLS: Final = {"dnp3": ("DISABLE_UNSOLICITED", "ENABLE_UNSOLICITED"), "iec104": ("STOPDT", "STARTDT")}
"""Protocol → by which function a station is told to report no more, and to report again."""
_OFFS: Final = frozenset(off for off, _ in _PROTOCOLS.values())
_WEIGHED: Final = frozenset(name for pair in _PROTOCOLS.values() for name in (*pair, "WRITE"))
_VERBS: Final = {"dnp3": "alarm-suppress", "iec104": "close"}
_BY_CONVERSATION: Final = frozenset({"iec104"})
"""Where a station is told so for one conversation, not for good."""
_TELLS: Final = frozenset({"report", "read"})
_WELL: Final = frozenset({"ok", "unsolicited"})
"""A station that is stopped in a conversation neither reports nor answers questions in it."""
_RESTART_SEEN: Final = "internal-indication:7"


class _Switched(NamedTuple):
    """Reports switched off: when, in which frame, in which conversation, and what came of it.

    beside: another conversation of the two was heard since. again: they were switched off twice.
    """

    when: int
    frame: int
    flow: int
    outcome: str
    beside: bool = False
    again: bool = False

    @property
    def waits_ns(self) -> int:
        """For how long an explanation may come."""
        return BESIDE_NS if self.beside and not self.again else GRACE_NS


class ReportsOff(CauseDetector):
    """One finding per client, server and protocol. Keys: realm, client, server, protocol.

    A DNP3 master switches reports off when it begins, or when the outstation has restarted (IEEE 1815, 4.4 and 5.1.1):
    it clears the restart's bit, switches them on again, or polls for everything in the conversation that it has
    just begun. Where none of these comes within GRACE_NS, they were switched off to stay off. An IEC 104 station sends
    nothing after STOPDT (IEC 60870-5-104, 5.3); who changes to a redundant connection starts it there within GRACE_NS,
    and whom it goes on reporting to in another one has ended a connection, not its reports. Who is in order stops once.
    Learned: which masters do so all the time.
    """

    name: ClassVar[str] = "reports-off"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (*REQUEST, "flow", "function_name", "object")
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "gaps": "frames are missing from the capture, and what a master did next may be among them",
        "clock-step": "the capture's clock jumped, and what came within seconds is not known",
    }

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[tuple[str, int], int] = {}
        """Source and conversation → when its first request was seen."""
        self._pending: dict[Key, _Switched] = {}
        """Realm, client, server, protocol, source → what is not explained yet."""
        self._restarts: dict[Key, int] = {}
        """The same → when its master last cleared the bit of a restart."""
        self._known: set[Key] = set()

    # Learning

    def learn(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Note masters that leave reports off."""
        for key, _ in self._left_off(batch):
            if len(self._known) < MAX_RELATIONS:
                self._known.add(key[:4])

    def learned(self) -> bytes:
        """The masters that do."""
        known = [list(key) for key in sorted(self._known)]
        return packed({"detector": self.name, "version": self.version, "masters": known})

    def know(self, learned: bytes, /) -> None:
        """Go on from `learned`. Raises SourceError where it is not its own."""
        try:
            given = json.loads(learned)
            if (given["detector"], given["version"]) != (self.name, self.version):
                raise SourceError(f"what {given['detector']} learned is not for {self.name}/{self.version}")
            known = {tuple(str(word) for word in key) for key in given["masters"]}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise SourceError(f"what detector {self.name} learned cannot be read: {error}") from error
        self._known = known

    # Judging

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count what was switched off and is not explained in time."""
        touched = set()
        for key, (when, frame, _, outcome, *_) in self._left_off(batch):
            if key[:4] not in self._known:
                tally = self.tallies[key[:4]]
                tally.add(key[4], when, when, np.array([frame], np.int64), 1)
                tally.note("outcome", outcome)
                touched.add(key[:4])
        return touched

    def _left_off(self, batch: Batch) -> list[tuple[Key, _Switched]]:
        """Take a batch in; give what was switched off so long ago that nothing explains it any more."""
        messages = batch.messages()
        spoken = messages.among("protocol", _PROTOCOLS)
        if spoken.any():
            self._hear(messages.take(spoken))
        return self._over(messages) if self._pending else []

    def _hear(self, batch: Batch) -> None:
        """Weigh what matters of a batch, in the order of its times: polls only where somebody waits for them."""
        times = batch.times_ns()
        self._note_conversations(batch)
        wanted = batch.among("function_name", _WEIGHED)
        if self._pending or batch.among("function_name", _OFFS).any():
            wanted |= batch.among("function_name", ("READ",)) | batch.among("protocol", _BY_CONVERSATION)
        rows = np.flatnonzero(wanted)
        rows = rows[np.argsort(times[rows], kind="stable")]
        ends = (
            batch.words_at(column, rows) for column in ("realm", "client", "server", "protocol", "source")
        )
        told = [batch.words_at(column, rows) for column in ("function_name", "object", "outcome", "verb")]
        numbers = (times[rows], batch.frames()[rows], batch.integers("flow")[rows])
        for key, (function, target, outcome, verb), (when, frame, flow) in zip(
            zip(*ends, strict=True),
            zip(*told, strict=True),
            zip(*(column.tolist() for column in numbers), strict=True),
            strict=True,
        ):
            one = _Switched(when, frame, flow, outcome or "unknown")
            two = tuple(word or "" for word in key)
            self._explain(two, one, function, target)
            if two in self._pending and two[3] in _BY_CONVERSATION:
                self._beside(two, one, tells=verb in _TELLS and one.outcome in _WELL)

    def _note_conversations(self, batch: Batch) -> None:
        """Keep when each conversation was first heard; the oldest makes room."""
        words, codes = batch.words("source")
        times, flows = batch.times_ns(), batch.integers("flow")
        order = np.argsort(times, kind="stable")
        for at, source in enumerate(words):
            mine = order[codes[order] == at]
            found, first = np.unique(flows[mine], return_index=True)
            for flow, when in zip(found.tolist(), times[mine[first]].tolist(), strict=True):
                if (source or "", flow) in self._begun:
                    continue
                if len(self._begun) >= MAX_CONVERSATIONS:
                    del self._begun[next(iter(self._begun))]
                self._begun[source or "", flow] = when

    def _explain(self, key: Key, one: _Switched, function: str | None, target: str | None) -> None:
        """Weigh one request: reports off, or what belongs to a beginning."""
        off, on = _PROTOCOLS[key[3]]
        if function == off:
            before = self._pending.get(key)
            if before is not None:
                self._pending[key] = before._replace(again=True)
            elif (
                one.when - self._restarts.get(key, -GRACE_NS) >= GRACE_NS and len(self._pending) < MAX_PENDING
            ):
                self._pending[key] = one
        elif (function, target) == ("WRITE", _RESTART_SEEN):
            self._settle(key, one.when)
            if key in self._restarts or len(self._restarts) < MAX_RELATIONS:
                self._restarts[key] = one.when
        elif function == on or (function == "READ" and self._polls_at_once(key, one.flow)):
            self._settle(key, one.when)

    def _beside(self, key: Key, one: _Switched, *, tells: bool) -> None:
        """Weigh what is said between the same two in another conversation, since reports were switched off in one."""
        waiting = self._pending[key]
        if one.flow == waiting.flow or waiting.again or one.when - waiting.when >= waiting.waits_ns:
            return
        if tells:
            del self._pending[key]
        else:
            self._pending[key] = waiting._replace(beside=True)

    def _polls_at_once(self, key: Key, flow: int) -> bool:
        """Whether what waits came at the beginning of that conversation."""
        waiting = self._pending.get(key)
        if waiting is None or waiting.flow != flow:
            return False
        return waiting.when - self._begun.get((key[4], flow), waiting.when) < GRACE_NS

    def _settle(self, key: Key, when: int) -> None:
        """Note that a master did what belongs to a beginning."""
        waiting = self._pending.get(key)
        if waiting is not None and when - waiting.when < GRACE_NS:
            del self._pending[key]

    def _over(self, batch: Batch) -> list[tuple[Key, _Switched]]:
        words, codes = batch.words("source")
        times, over = batch.times_ns(), []
        for at, source in enumerate(words):
            mine = codes == at
            now = int(times[mine].max()) if mine.any() else 0
            late = [
                k
                for k, one in self._pending.items()
                if k[4] == (source or "") and now - one.when >= one.waits_ns
            ]
            over += [(key, self._pending.pop(key)) for key in late]
        return over

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say who switched them off, and that nothing explains it."""
        realm, client, server, protocol = key
        off, on = _PROTOCOLS[protocol]
        ends = standing(context, (realm, client, server), tally, stranger=False)
        who, whom = context.name(realm, client), context.name(realm, server)
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} reports off",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("medium"),
            confidence=0.7,
            title=f"{who} switched the reports of {whom} off ({spoken(protocol)}: {off}) and left them off",
            seen=f"Seen {counted(tally.count, 'time')}: {off}, and within {GRACE_NS // 10**9} s neither {on} nor "
            f"anything else with which a master begins. {ends.told()}".strip(),
            matters="A station that may not report keeps its alarms for itself until it is polled, and where it "
            "is never polled, for good: operators see a plant at rest.",
            silent="Silent where a master begins (it polls in the conversation that it has just opened, clears a "
            "restart, or switches reports on again), where the station goes on telling in another conversation of the "
            "two, for masters that did so while learning, and under a work order.",
            actions=_ACTIONS,
            deed=deed_at(realm, client, (server,), (_VERBS[protocol],)),
            techniques=named_by_functions("alarm-suppress", (off,)),
            requirements=("IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 2.1", "NIS2 Art. 21(2)(b)"),
            data=(("outcome", ", ".join(tally.noted("outcome"))),),
        )

    def own_state(self) -> Any:
        """Give beginnings, what waits, what was set and what is known."""
        return {
            "begun": [[*talk, when] for talk, when in self._begun.items()],
            "pending": [[list(key), list(one)] for key, one in self._pending.items()],
            "restarts": [[list(key), when] for key, when in self._restarts.items()],
            "known": [list(key) for key in sorted(self._known)],
        }

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        self._begun = {(str(source), int(flow)): int(when) for source, flow, when in state["begun"]}
        self._pending = {
            tuple(map(str, key)): _Switched(int(when), int(frame), int(flow), str(outcome), *map(bool, more))
            for key, (when, frame, flow, outcome, *more) in state["pending"]
        }
        self._restarts = {tuple(map(str, key)): int(when) for key, when in state["restarts"]}
        self._known = {tuple(map(str, key)) for key in state["known"]}


_ACTIONS: Final = (
    Action(
        text="Ask whoever runs the client whether its master software was told to; look at the outstation's own "
        "event buffer for what it has kept to itself.",
        risk="None while only looking.",
    ),
    Action(
        text="Switch the reports on again from the master (DNP3: ENABLE_UNSOLICITED of its classes; IEC 104: STARTDT).",
        risk="An outstation that has kept many events sends them all at once: a slow line is busy for minutes.",
    ),
)
