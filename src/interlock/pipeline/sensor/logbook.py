"""The logbook: what workers say of themselves becomes lines of the diary, each once while it lasts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from interlock.pipeline.sensor.steps import WorkerNote
    from interlock.pipeline.sensor.stream import Step

__all__ = ["Logbook", "still_gone"]

PAUSE_NS: Final = 60_000_000_000
"""The same loss that goes on is said so often at most; its count adds up meanwhile."""
JUMP_NS: Final = 60_000_000_000


class Logbook:
    """note: takes a line. clock: the wall, UTC ns. gone: interfaces of which the diary says last that they are gone."""

    def __init__(
        self, note: Callable[[Entry], object], clock: Callable[[], int], gone: Iterable[str] = ()
    ) -> None:
        self._note = note
        self._clock = clock
        self._links: dict[str, str] = dict.fromkeys(gone, "gone")
        self._dropped: dict[tuple[str, int], int] = {}
        self._losses: Counter[tuple[str, str]] = Counter()
        self._said: dict[tuple[str, str], int] = {}
        self._newest: dict[int, int] = {}

    def told(self, steps: Sequence[Step], notes: Sequence[WorkerNote], *, live: bool) -> None:
        """Look at what came from one worker."""
        for step in steps:
            for table, rows in step.shed.items():
                self._losses["shed", table] += rows
        for note in notes:
            if note.lost:
                self._losses["state-lost", "steps of records"] += note.lost
            for row in note.figures or ():
                self._source(note.worker, row, live=live)
        self._jumped(steps, notes)
        self.say()

    def say(self) -> None:
        """Lines for what was lost, where the last one is long enough ago."""
        now = self._clock()
        for (event, what), count in tuple(self._losses.items()):
            if now - self._said.get((event, what), 0) >= PAUSE_NS:
                self._said[event, what] = now
                del self._losses[event, what]
                self._note(_loss(now, event, what, count))

    def _source(self, worker: int, row: dict, *, live: bool) -> None:  # type: ignore[type-arg]
        name, link, dropped = row["source"]["name"], row.get("link"), row["statistics"]["dropped"]
        before = self._dropped.get((name, worker), 0)
        if live and dropped > before:
            self._losses["dropped", name] += dropped - before
        self._dropped[name, worker] = dropped
        if link is None or self._links.get(name, "up") == link["state"]:
            return
        self._links[name] = link["state"]
        back = link["state"] == "up"
        says = f"{name} is back" if back else f"{name} is {link['state']}: nothing is seen there"
        self._note(
            Entry(
                time=link["since"] or self._clock(),
                event="interface-back" if back else "interface-gone",
                says=says,
                source=name,
            )
        )

    def _jumped(self, steps: Sequence[Step], notes: Sequence[WorkerNote]) -> None:
        """Time stamps that leap: of the machine's clock, or of a capture that was put together."""
        if not notes:
            return
        worker = notes[0].worker
        for step in steps:
            if step.now is None:
                continue
            leap = step.now - self._newest.get(worker, step.now)
            self._newest[worker] = step.now
            if abs(leap) > JUMP_NS and notes[0].frames:
                says = f"time stamps jumped by {leap / 1e9:+,.0f} s; ages and time-outs go on from there"
                self._note(Entry(time=self._clock(), event="clock-jump", says=says))


def still_gone(diary: Iterable[Entry]) -> set[str]:
    """Interfaces of which a diary says last that they are gone."""
    last = {
        entry.source: entry.event for entry in diary if entry.event in {"interface-gone", "interface-back"}
    }
    return {source for source, event in last.items() if event == "interface-gone"}


def _loss(now: int, event: str, what: str, count: int) -> Entry:
    if event == "shed":
        says = f"{count:,} rows of {what} were left out: the judge could not follow; findings never are"
        return Entry(time=now, event="shed", says=says, count=count)
    if event == "dropped":
        says = f"the kernel had no room for {count:,} packets of {what}"
        return Entry(time=now, event="dropped", says=says, source=what, count=count)
    says = f"{count:,} {what} were on their way to a judge who died"
    return Entry(time=now, event="state-lost", says=says, count=count)
