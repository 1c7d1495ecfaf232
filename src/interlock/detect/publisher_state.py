"""GOOSE whose data change while their state number stays: somebody changes messages on their way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["PublisherState"]

MAX_PUBLISHERS: Final = 4_096
HELD: Final = 3
"""Repetitions of the same data in one state before a change counts: a publisher that never keeps the rule is none."""


class PublisherState(CauseDetector):
    """One finding per control block. Keys: realm, control block.

    IEC 61850-8-1, 18.1.2.5: stNum rises whenever a value of the data set changes, and until then each message repeats
    the same data. So switches that say otherwise in the same state are not what the publisher sent.
    """

    name: ClassVar[str] = "publisher-state"
    table: ClassVar[str] = "goose"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "goose": (
            *("source", "realm", "time", "frame", "client", "server"),
            *("gocb_ref", "st_num", "all_data"),
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[Key, tuple[int, str, int]] = {}

    def absorb(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Compare each message's data with those of the one before it in the same state."""
        batch = batch.take(batch.known("all_data"))
        groups = batch.groups("source", "realm", "client", "gocb_ref")
        for group, (source, realm, client, block) in groups:
            if not block:
                continue
            where, rows = (source or "", realm or "", client or "", block), groups.rows(group)
            changed = self._changed(where, batch, rows)
            if not changed.any():
                continue
            key = (realm or "", block)
            self.tallies[key].add_rows(source or "", batch, rows[changed])
            self.tallies[key].note_rows("client", batch, rows[changed])
            yield key

    def _changed(self, where: Key, batch: Batch, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell per row whether its data differ from what its state had held for a while."""
        states, data, words = batch.integers("st_num")[rows], *_switches(batch, rows)
        changed = np.zeros(len(rows), np.bool_)
        before = self._last.get(where)
        if before is None and len(self._last) >= MAX_PUBLISHERS:
            return changed
        state, octets, held = before or (int(states[0]), words[data[0]], 0)
        begins = np.flatnonzero((np.diff(states) != 0) | (np.diff(data) != 0)) + 1
        for at, end in zip([0, *begins.tolist()], [*begins.tolist(), len(rows)], strict=True):
            now, told = int(states[at]), words[data[at]]
            if now == state and told != octets:
                if held >= HELD:
                    changed[at:end] = True  # all that say otherwise, until the state's own data come again
                    continue
                held = 0
            elif now != state:
                held = 0
            state, octets, held = now, told, min(held + end - at, HELD)
        self._last[where] = (state, octets, held)
        return changed

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:  # noqa: ARG002 - interface
        """Say whose data changed, and how often."""
        realm, block = key
        senders = list(tally.noted("client"))
        return Verdict(
            realm=realm,
            machines=(),
            others=tuple(senders),
            cause=f"goose {block}",
            kind="alert",
            severity="high",
            confidence=0.85,
            title=f"The data in GOOSE messages of {block} change while their state number stays: they were changed "
            "on their way",
            seen=f"Seen {counted(tally.count, 'message')} from {', '.join(senders[:4])} with other data than their "
            "state had held before.",
            matters="Protection relays open and close breakers by such messages: whoever changes them trips feeders or "
            "keeps a fault burning, and hides what the breaker really does.",
            silent="Silent where the state number rises with each change, as the standard asks, for measured values, "
            f"and where a publisher did not repeat the same data {HELD} times in that state.",
            actions=_ACTIONS,
            techniques=named("changed-goose"),
            requirements=(
                "IEC 62443-3-3 SR 3.1",
                "IEC 62443-3-3 SR 1.2",
                "IEC 62443-3-3 SR 6.2",
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("block", block), ("senders", ", ".join(senders)[:500])),
        )

    def own_state(self) -> Any:
        """Give what each publisher holds."""
        return [[list(where), *held] for where, held in self._last.items()]

    def restore_own(self, state: Any) -> None:
        """Take it back."""
        self._last = {
            tuple(str(w) for w in where): (int(number), str(octets), int(held))
            for where, number, octets, held in state
        }


def _switches(batch: Batch, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    """Per row the number of what its switches say, and these sayings.

    Many publishers send a measured value anew without a new state; what is open, closed or tripped none does.
    """
    words, codes = batch.words("all_data")
    told, met = np.unique(codes[rows], return_inverse=True)
    sayings: dict[str, int] = {}
    numbers = [sayings.setdefault(_switched(words[code] or "[]"), len(sayings)) for code in told.tolist()]
    return np.array(numbers, np.int64)[met], list(sayings)


def _switched(data: str) -> str:
    """Booleans and bit strings of a data set, in their places; everything else left out."""
    try:
        return json.dumps(_kept(json.loads(data)))
    except ValueError:
        return data  # none of our own decoder's: compared as it is


def _kept(datum: Any) -> Any:
    if isinstance(datum, list):
        return [_kept(one) for one in datum]
    switch = isinstance(datum, bool) or (isinstance(datum, str) and datum != "" and not datum.strip("01"))
    return datum if switch else None


_ACTIONS: Final = (
    Action(
        text="Compare what the publisher itself shows (its display, its own records) with what the messages said.",
        risk="None: it is only read.",
    ),
    Action(
        text="Look at each switch between publisher and subscribers: which port is new, what stands between?",
        risk="None while only looking; taking a port down cuts its publisher off, and its subscribers may trip.",
    ),
)
