"""The capture's own health, all the time: a sensor that is blind and says nothing is worse than none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.capture.flow_tally import FlowTally
from interlock.capture.health import judge
from interlock.detect.identify import identify
from interlock.records.finding import Action, Evidence, Finding
from interlock.records.frames import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interlock.capture.flow_tally import FlowSums
    from interlock.capture.health import Condition, Health
    from interlock.capture.statistics import Statistics
    from interlock.records.vocabulary import Severity

__all__ = ["DETECTOR", "SILENT_NS", "Watching"]

DETECTOR: Final = "capture-health"
SILENT_NS: Final = 30_000_000_000
"""So long without a frame on an interface that had some, and it is silence."""
LOST_NS: Final = 60_000_000_000
"""Packets that the kernel dropped within this span are news."""

_GRAVE: Final[dict[Condition, tuple[Severity, str, str]]] = {
    "one-way": ("high", "Only one direction of the traffic arrives at {}", "Mirror both directions of the ports."),
    "broadcast-only": ("high", "Only broadcast frames arrive at {}", "Set the switch's port to mirror, not to member."),
    "duplicated": ("medium", "Frames arrive twice at {}", "Mirror one side of each link only: ingress or egress."),
    "gaps": ("medium", "Frames are missing in what arrives at {}", "Mirror fewer ports, or use a faster mirror port."),
    "vlan-stripped": ("low", "VLAN tags are missing in what arrives at {}", "Let the switch mirror with tags."),
    "clock-step": ("medium", "The clock of {} jumped", "Look at the time service of this machine."),
    "snapped": ("medium", "Frames are cut in what arrives at {}", "Capture whole frames."),
    "bad-checksums": ("medium", "Many frames of {} have a checksum that does not fit", "Look at the mirror path."),
}  # fmt: skip
_RISK: Final = "None to the plant: only what is mirrored to the sensor changes."


@dataclass(slots=True)
class _Seen:
    """What was last known of a source: frames and since when their number stands; drops, and when they last rose."""

    frames: int
    since: int
    dropped: int
    dropped_at: int = 0
    lost: int = 0


class Watching:
    """Judges the sources' health again and again. The same condition is one finding while it lasts."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._began: dict[str, int] = {}

    def leapt(self, leap: int) -> None:
        """The wall's clock leapt by so many ns: nobody was silent meanwhile, nor is to be heard only hours later."""
        for seen in self._seen.values():
            seen.since += leap
            seen.dropped_at += leap if seen.dropped_at else 0

    def look(
        self,
        figures: Sequence[tuple[Source, Statistics]],
        sums: Mapping[tuple[str, str], FlowSums],
        now: int,
        *,
        live: bool,
    ) -> tuple[Mapping[str, frozenset[str]], list[Finding]]:
        """Conditions by source for the detectors, and findings. now: the wall, UTC ns. sums: of what goes on."""
        tally = FlowTally()
        tally.sums = dict(sums)
        health = judge([source for source, _ in figures], [s for _, s in figures], tally)
        found = [self._noted(note, now) for note in health.notes if note.condition in _GRAVE]
        for source, statistics in figures:
            found += self._living(source, statistics, now) if live else ()
        return health.conditions, found

    def _noted(self, note: Health, now: int) -> Finding:
        source = Source(name=note.source, realm=note.realm)
        return self._finding(source, note.condition, *_GRAVE[note.condition], note.sentence, now)

    def _living(self, source: Source, statistics: Statistics, now: int) -> Iterable[Finding]:
        """What only time shows: silence, and packets that the kernel had no room for."""
        seen = self._seen.setdefault(
            (source.name, source.realm), _Seen(statistics.frames, now, statistics.dropped)
        )
        if statistics.frames != seen.frames:
            seen.frames, seen.since = statistics.frames, now
        if statistics.dropped > seen.dropped:
            seen.lost += statistics.dropped - seen.dropped
            seen.dropped, seen.dropped_at = statistics.dropped, now
        if now - seen.since > SILENT_NS:
            says = f"Nothing has come from {source.name} for {(now - seen.since) // 1_000_000_000} s."
            cable = "Look at the cable, the mirror session of the switch, and whether the plant stands still."
            yield self._finding(source, "silence", "high", "{} has gone silent", cable, says, now)
        if seen.dropped_at and now - seen.dropped_at < LOST_NS:
            says = (
                f"The kernel had no room for {seen.lost:,} packets of {source.name} since the sensor began."
            )
            fewer = "Mirror fewer ports, give the sensor more workers or a larger ring."
            yield self._finding(source, "drops", "medium", "Packets of {} are lost", fewer, says, now)

    def _finding(
        self, at: Source, what: str, severity: Severity, title: str, remedy: str, says: str, now: int
    ) -> Finding:
        ident = identify(DETECTOR, at.realm, (), f"{at.name} {what}")
        return Finding(
            id=ident,
            detector=DETECTOR,
            version=1,
            kind="weakness",
            severity=severity,
            confidence=1.0,
            title=title.format(at.name),
            explanation=f"{says} What the sensor does not see it cannot judge; its silence says nothing "
            "meanwhile. Ends by itself once the condition does.",
            time=self._began.setdefault(ident, now),
            last=now,
            count=1,
            realm=at.realm,
            evidence=(Evidence(source=at.name, note=says),),
            actions=(Action(text=remedy, risk=_RISK),),
            data=(("condition", what),),
        )
