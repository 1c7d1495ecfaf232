"""The logbook: what workers say of themselves becomes lines of the diary, each once while it lasts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from interlock.pipeline.sensor.steps import WorkerNote
    from interlock.pipeline.sensor.stream import Step

__all__ = ["Logbook", "still_gone"]

PAUSE_NS: Final = 60_000_000_000
"""The same loss that goes on is said so often at most; its count adds up meanwhile."""


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
        self._leaps: dict[tuple[str, int], int] = {}

    def told(self, steps: Sequence[Step], notes: Sequence[WorkerNote], *, live: bool) -> None:
        """Look at what came from one worker."""
        for step in steps:
            for table, rows in step.shed.items():
                self._losses["shed", table] += rows
        for note in notes:
            for row in note.figures or ():
                self._source(note.worker, row, live=live)
        self.say()

    def _leapt(self, name: str, worker: int, statistics: dict[str, Any]) -> None:
        """Time stamps of neighbouring frames that leap: of the machine's clock, or of a capture put together."""
        leaps = statistics["steps_back"] + statistics["steps_forward"]
        fresh = leaps - self._leaps.get((name, worker), 0)
        self._leaps[name, worker] = leaps
        if fresh > 0:
            says = f"time stamps of {name} leapt {fresh} times by more than a minute; ages go on from there"
            self._note(Entry(time=self._clock(), event="clock-jump", says=says, source=name, count=fresh))

    def aged(self, fresh: Mapping[str, int]) -> None:
        """What made room for newer things, or found none, since the last time; by its budget's name."""
        for name, count in fresh.items():
            self._losses["aged-out", name] += count

    def say(self) -> None:
        """Lines for what was lost, where the last one is long enough ago."""
        now = self._clock()
        for (event, what), count in tuple(self._losses.items()):
            if not 0 <= now - self._said.get((event, what), 0) < PAUSE_NS:
                self._said[event, what] = now
                del self._losses[event, what]
                self._note(_loss(now, event, what, count))

    def _source(self, worker: int, row: dict[str, Any], *, live: bool) -> None:
        name, link, dropped = row["source"]["name"], row.get("link"), row["statistics"]["dropped"]
        before = self._dropped.get((name, worker), 0)
        if live and dropped > before:
            self._losses["dropped", name] += dropped - before
        self._dropped[name, worker] = dropped
        self._leapt(name, worker, row["statistics"])
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


def still_gone(diary: Iterable[Entry]) -> set[str]:
    """Interfaces of which a diary says last that they are gone."""
    last = {
        entry.source: entry.event for entry in diary if entry.event in {"interface-gone", "interface-back"}
    }
    return {source for source, event in last.items() if event == "interface-gone"}


_AGED: Final[dict[str, str]] = {
    "flows": "{:,} conversations ended early, those silent for longest: more went on than `flows` allows",
    "requests": "{:,} requests ended as unknown, the oldest: more waited for answers than `requests` allows",
    "reassembly_mib": "{:,} streams went on without what was missing: more octets waited than `reassembly_mib` allows",
    "words": "{:,} texts were forgotten or read as \u2026: there are more than `words` allows",
    "endpoints": "{:,} addresses that told least were forgotten: there are more than `endpoints` allows",
    "relations": "{:,} relations were forgotten: there are more than `relations` allows",
    "facts": "{:,} facts were forgotten: there are more than `facts` allows",
    "causes": "{:,} causes were forgotten or not taken up: a detector remembers more than `causes` allows",
}
"""Name of a budget → the sentence; all of them stand in [sensor.memory]."""


def _loss(now: int, event: str, what: str, count: int) -> Entry:
    if event == "shed":
        says = f"{count:,} rows of {what} were left out: the judge could not follow; findings never are"
        return Entry(time=now, event="shed", says=says, count=count)
    if event == "aged-out":
        return Entry(time=now, event="aged-out", says=_AGED[what].format(count), count=count)
    says = f"the kernel had no room for {count:,} packets of {what}"
    return Entry(time=now, event="dropped", says=says, source=what, count=count)
