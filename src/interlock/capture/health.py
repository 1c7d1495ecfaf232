"""Capture health: what a capture cannot show, judged before anything is concluded from it.

Every judgement names the figure behind it and what it withholds: the kinds of conclusion that the
condition would make worthless. Where there is too little to judge by, nothing is claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from interlock.capture.flow_tally import FlowSums, FlowTally
from interlock.capture.statistics import CLOCK_STEP_NS
from interlock.records.counting import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.capture.statistics import Statistics
    from interlock.records.frames import Source

__all__ = ["CONDITIONS", "WITHHELD", "CaptureHealth", "Condition", "Health", "Need", "judge"]

Condition = Literal[
    "one-way",
    "duplicated",
    "gaps",
    "vlan-stripped",
    "broadcast-only",
    "clock-step",
    "cut-short",
    "snapped",
    "bad-checksums",
    "ok",
]
Need = Literal["answers", "counts", "absence", "vlans", "relations", "order", "contents"]
"""What a conclusion rests on: that an answer would have been seen, that each frame was seen once, that what
was not seen did not happen, VLAN tags, who talks to whom, the order and distance of times, whole frames."""

CONDITIONS: Final[tuple[Condition, ...]] = get_args(Condition)
WITHHELD: Final[dict[Condition, tuple[Need, ...]]] = {
    "one-way": ("answers", "absence"),
    "duplicated": ("counts",),
    "gaps": ("answers", "absence"),
    "vlan-stripped": ("vlans",),
    "broadcast-only": ("answers", "absence", "relations"),
    "clock-step": ("order",),
    "cut-short": (),
    "snapped": ("contents", "answers"),
    "bad-checksums": ("contents",),
    "ok": (),
}
"""Condition → what no conclusion may rest on. A cut file ends early, but what it holds is whole."""

_ONE_WAY: Final = 0.8
_PARTLY_ONE_WAY: Final = 0.2
_LEAST_FRAMES: Final = 20
_DUPLICATED: Final = 0.01
_DUPLICATED_WITHOUT_TCP: Final = 0.3
"""TCP's numbering proves a copy; elsewhere cyclic frames that look alike come close, so more is asked."""
_LOST: Final = 0.001
_LEAST_GAPS: Final = 3
_GROUP: Final = 0.95
_PROCESS_BUS: Final = 0.5
_SNAPPED: Final = 0.001
_SNAPPED_MUCH: Final = 0.05
_DAMAGED: Final = 0.001
_DAMAGED_MUCH: Final = 0.05
_LEAST_DAMAGED: Final = 3
_UNTIMED: Final = 0.01
_STEADY_NS: Final = CLOCK_STEP_NS // 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One condition of one source. figure: the number behind it, in `unit` (`share` is 0 to 1)."""

    source: str
    realm: str
    condition: Condition
    sentence: str
    figure: float
    unit: str
    withheld: tuple[Need, ...] = ()

    def withholds(self, need: Need) -> bool:
        """Whether a conclusion that rests on this must not be drawn from the source."""
        return need in self.withheld


@dataclass(frozen=True, slots=True)
class CaptureHealth:
    """The conditions of every source of a run, in the sources' order; a sound source has one, `ok`."""

    records: tuple[Health, ...]

    @property
    def notes(self) -> tuple[Health, ...]:
        """What a person should read before anything else: all conditions but `ok`."""
        return tuple(record for record in self.records if record.condition != "ok")

    @property
    def conditions(self) -> Mapping[str, frozenset[str]]:
        """Source name → conditions that withhold something there."""
        found: dict[str, frozenset[str]] = {}
        for record in self.records:
            if record.withheld:
                found[record.source] = found.get(record.source, frozenset()) | {record.condition}
        return found

    def withholding(self, source: str, realm: str, need: Need) -> Health | None:
        """Give the condition that forbids such a conclusion from this source, whose sentence says why."""
        here = (r for r in self.records if (r.source, r.realm) == (source, realm))
        return next((record for record in here if record.withholds(need)), None)

    def withholds(self, source: str, realm: str, need: Need) -> bool:
        """Whether a conclusion that rests on this must not be drawn from the source."""
        return self.withholding(source, realm, need) is not None


@dataclass(frozen=True, slots=True)
class _Verdict:
    condition: Condition
    figure: float
    unit: str
    sentence: str
    serious: bool = True


def judge(sources: Sequence[Source], statistics: Sequence[Statistics], tally: FlowTally) -> CaptureHealth:
    """Judge each source by its reading (`statistics`, one each) and its flows (`tally`, all of the run)."""
    records: list[Health] = []
    for source, figures in zip(sources, statistics, strict=True):
        sums = tally.sums.get((source.name, source.realm), FlowSums())
        verdicts = [v for rule in _RULES if (v := rule(figures, sums)) is not None]
        if not verdicts and figures.frames and figures.failure is None:
            verdicts = [_sound(figures, sums)]
        records += (
            Health(
                source=source.name,
                realm=source.realm,
                condition=verdict.condition,
                sentence=verdict.sentence,
                figure=verdict.figure,
                unit=verdict.unit,
                withheld=WITHHELD[verdict.condition] if verdict.serious else (),
            )
            for verdict in verdicts
        )
    return CaptureHealth(tuple(records))


def _one_way(_: Statistics, flows: FlowSums) -> _Verdict | None:
    heard = flows.one_way + flows.two_way
    share = flows.one_way / heard if heard else 0.0
    if share < _PARTLY_ONE_WAY or flows.one_way_packets < _LEAST_FRAMES:
        return None
    seen = f"{flows.one_way:,} of {heard:,} TCP conversations show one direction only"
    if share < _ONE_WAY:
        sentence = f"{seen}: part of the traffic is mirrored one way; judge answers per conversation."
        return _Verdict("one-way", share, "share", sentence, serious=False)
    sentence = (
        f"{seen}: the mirror port or tap delivers one direction. Mirror both (a tap's two halves can be "
        "given together); until then nothing is said about missing answers."
    )
    return _Verdict("one-way", share, "share", sentence)


def _broadcast_only(_: Statistics, flows: FlowSums) -> _Verdict | None:
    if flows.packets < _LEAST_FRAMES or flows.process_bus_packets >= _PROCESS_BUS * flows.packets:
        return None
    share = flows.group_packets / flows.packets
    if share < _GROUP:
        return None
    sentence = (
        f"{share:.1%} of {flows.packets:,} frames go to broadcast or multicast addresses, as an "
        "ordinary switch port sees it that is no mirror port. This shows who is there, hardly what they do."
    )
    return _Verdict("broadcast-only", share, "share", sentence)


def _duplicated(_: Statistics, flows: FlowSums) -> _Verdict | None:
    copies, packets, least = flows.tcp_duplicates, flows.tcp_packets, _DUPLICATED
    if packets < _LEAST_FRAMES:
        copies, packets, least = flows.duplicates, flows.packets, _DUPLICATED_WITHOUT_TCP
    share = copies / packets if packets else 0.0
    if share < least or copies < _LEAST_FRAMES // 2:
        return None
    sentence = (
        f"{copies:,} of {packets:,} frames ({share:.1%}) are copies that the capture point made, as when a "
        "switch mirrors both where a frame comes in and where it goes out. Counts and rates are not judged."
    )
    return _Verdict("duplicated", share, "share", sentence)


def _gaps(reading: Statistics, flows: FlowSums) -> _Verdict | None:
    dropped = reading.dropped / (reading.frames + reading.dropped) if reading.frames else 0.0
    if dropped >= _LOST:
        sentence = (
            f"The capture program says that it lost {reading.dropped:,} frames ({dropped:.1%}): capture with "
            "a faster disk or a narrower filter. What is missing here may have happened."
        )
        return _Verdict("gaps", dropped, "share", sentence)
    share = flows.gaps / flows.tcp_packets if flows.tcp_packets else 0.0
    cut_frames_make_holes = reading.snapped >= _SNAPPED * reading.frames
    if share < _LOST or flows.gaps < _LEAST_GAPS or cut_frames_make_holes:
        return None
    sentence = (
        f"{flows.gaps:,} holes in {flows.tcp_packets:,} TCP frames: the capture point drops frames, as an "
        "overloaded mirror port does, or the file was filtered. What is missing here may have happened."
    )
    return _Verdict("gaps", float(flows.gaps), "holes", sentence)


def _vlan_stripped(_: Statistics, flows: FlowSums) -> _Verdict | None:
    if flows.tagged:
        return None
    if flows.untagged_rt >= _LEAST_FRAMES:
        sentence = (
            f"{flows.untagged_rt:,} real-time frames lack the VLAN tag that their standard gives them: the "
            "capture card or mirror port seems to strip tags. VLANs cannot be told apart."
        )
        return _Verdict("vlan-stripped", float(flows.untagged_rt), "frames", sentence)
    if len(flows.vlans) < 2:
        return None
    sentence = (
        f"Switches here announce {len(flows.vlans)} VLANs but no frame carries a tag: the capture card or "
        "mirror port seems to strip them. VLANs cannot be told apart."
    )
    return _Verdict("vlan-stripped", float(len(flows.vlans)), "VLANs", sentence)


def _clock_step(reading: Statistics, _: FlowSums) -> _Verdict | None:
    if reading.steps_back:
        back_s = reading.largest_back_ns / 1e9
        sentence = (
            f"Time runs backward {_times(reading.steps_back)}, by up to {back_s:,.0f} s, first at frame "
            f"{reading.step_frame}: the clock was set, or captures were joined out of order."
        )
        return _Verdict("clock-step", float(reading.steps_back), "steps", sentence)
    if reading.frames and reading.untimed >= max(1.0, _UNTIMED * reading.frames):
        sentence = f"{reading.untimed:,} of {reading.frames:,} frames carry no usable time."
        return _Verdict("clock-step", reading.untimed / reading.frames, "share", sentence)
    if reading.steps_forward and _is_steady(reading):
        sentence = (
            f"Time leaps forward {_times(reading.steps_forward)}, by {reading.forward_ns / 1e9:,.0f} s in "
            "all, in otherwise steady traffic: the capture was paused or filtered, or the clock was set."
        )
        return _Verdict("clock-step", float(reading.steps_forward), "steps", sentence)
    return None


def _is_steady(reading: Statistics) -> bool:
    """Whether a minute of silence is no coincidence: nowhere else is there a silence of six seconds."""
    return reading.frames >= _LEAST_FRAMES and reading.longest_pause_ns < _STEADY_NS


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _cut_short(reading: Statistics, _: FlowSums) -> _Verdict | None:
    if reading.failure is not None:
        sentence = f"Only {reading.frames:,} frames could be read: {reading.failure}."
        return _Verdict("cut-short", float(reading.frames), "frames", sentence)
    if not reading.frames:
        return _Verdict("cut-short", 0.0, "frames", "The capture holds no frames.")
    if reading.cut is None:
        return None
    sentence = (
        f"The capture is used up to octet {reading.cut:,} ({reading.frames:,} frames): {reading.cut_reason}. "
        "What came after is lost."
    )
    return _Verdict("cut-short", float(reading.cut), "octets", sentence)


def _snapped(reading: Statistics, _: FlowSums) -> _Verdict | None:
    share = reading.snapped / reading.frames if reading.frames else 0.0
    if share < _SNAPPED:
        return None
    sentence = (
        f"{reading.snapped:,} of {reading.frames:,} frames ({share:.1%}) were cut by the capture's snapshot "
        "length; capture whole frames (`-s 0`). What their rest said is unknown."
    )
    return _Verdict("snapped", share, "share", sentence, serious=share >= _SNAPPED_MUCH)


def _bad_checksums(_: Statistics, flows: FlowSums) -> _Verdict | None:
    """What a network card would have summed (`offloaded`) is no damage: it was caught on the sender itself."""
    share = flows.bad_checksums / flows.packets if flows.packets else 0.0
    if share < _DAMAGED or flows.bad_checksums < _LEAST_DAMAGED:
        return None
    sentence = (
        f"{flows.bad_checksums:,} of {flows.packets:,} frames ({share:.1%}) have a checksum that does not fit: "
        "the capture path or a rewriting tool changed octets, or somebody sends what machines discard and "
        "sensors read."
    )
    return _Verdict("bad-checksums", share, "share", sentence, serious=share >= _DAMAGED_MUCH)


def _sound(reading: Statistics, flows: FlowSums) -> _Verdict:
    seen = "no TCP conversation shows whether both directions are there"
    if flows.two_way:
        seen = f"{counted(flows.two_way, 'TCP conversation shows', 'TCP conversations show')} both directions"
    sentence = f"{counted(reading.frames, 'frame')} without a sign of loss; {seen}."
    return _Verdict("ok", float(reading.frames), "frames", sentence)


_RULES: Final[tuple[Callable[[Statistics, FlowSums], _Verdict | None], ...]] = (
    _broadcast_only,
    _one_way,
    _duplicated,
    _gaps,
    _vlan_stripped,
    _clock_step,
    _cut_short,
    _snapped,
    _bad_checksums,
)
