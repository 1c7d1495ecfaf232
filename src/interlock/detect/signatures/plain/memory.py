"""What rules remember: marks, numbers, how often they hit, and sets. All of it is bounded; the oldest goes first.

Source: Suricata user guide, "Flow Keywords", "Xbits", "Flowint Keyword", "Thresholding Keywords", "Datasets".
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

    from interlock.detect.signatures.language.checks import Bits, Count, Counter
    from interlock.detect.signatures.language.steps import Dataset
    from interlock.detect.signatures.plain.unit import Unit

__all__ = ["Datasets", "Memory"]

_NS: Final = 1_000_000_000
_MOST: Final = 65_536
_MOST_MEMBERS: Final = 65_536


@dataclass(slots=True)
class Datasets:
    """name → members."""

    members: dict[str, OrderedDict[bytes, None]] = field(default_factory=dict)

    def holds(self, step: Dataset, octets: bytes) -> bool:
        """Whether a step holds of a buffer's content; `set` and `unset` do what they say."""
        known = self.members.setdefault(step.name, OrderedDict())
        there = octets in known
        if step.command == "isset":
            return there
        if step.command == "isnotset":
            return not there
        if step.command == "set":
            known[octets] = None
            if len(known) > _MOST_MEMBERS:
                known.popitem(last=False)
            return not there
        known.pop(octets, None)
        return there


@dataclass(slots=True)
class Memory:
    """One for all rules. marks: of whom and name → ns after which it is gone, 0 for never."""

    datasets: Datasets = field(default_factory=Datasets)
    marks: OrderedDict[tuple[str, Hashable, str], int] = field(default_factory=OrderedDict)
    numbers: OrderedDict[tuple[int, str], int] = field(default_factory=OrderedDict)
    counts: OrderedDict[tuple[int, int, Hashable], tuple[int, int]] = field(default_factory=OrderedDict)

    def marked(self, bits: Bits, unit: Unit) -> bool:
        """Whether a question about marks holds."""
        whom = _whom(bits.scope, unit)
        ends = (self.marks.get((bits.scope, whom, name)) for name in bits.names)
        there = any(end is not None and (end == 0 or unit.time <= end) for end in ends)
        return there == (bits.command == "isset")

    def mark(self, bits: Bits, unit: Unit) -> None:
        """Set, unset or toggle."""
        whom = _whom(bits.scope, unit)
        for name in bits.names:
            key = (bits.scope, whom, name)
            there = key in self.marks
            if bits.command == "unset" or (bits.command == "toggle" and there):
                self.marks.pop(key, None)
            else:
                self.marks[key] = unit.time + bits.seconds * _NS if bits.seconds else 0
                _bound(self.marks)

    def counted(self, counter: Counter, unit: Unit) -> bool:
        """Whether a question about a number of the conversation holds."""
        known = self.numbers.get((unit.flow, counter.name))
        if counter.operator in {"isset", "isnotset"}:
            return (known is not None) == (counter.operator == "isset")
        if known is None:
            return False
        value = self._value(counter, unit)
        return {
            "<": known < value,
            ">": known > value,
            "<=": known <= value,
            ">=": known >= value,
            "==": known == value,
            "!=": known != value,
        }[counter.operator]

    def count(self, counter: Counter, unit: Unit) -> None:
        """Set, add or take away."""
        key, value = (unit.flow, counter.name), self._value(counter, unit)
        known = self.numbers.get(key, 0)
        self.numbers[key] = {"=": value, "+": known + value, "-": max(0, known - value)}[counter.operator]
        _bound(self.numbers)

    def _value(self, counter: Counter, unit: Unit) -> int:
        value = counter.value
        return self.numbers.get((unit.flow, value), 0) if isinstance(value, str) else value

    def speaks(self, rule: tuple[int, int], count: Count, unit: Unit) -> bool:
        """Whether a rule that hits may speak now. rule: its gid and sid."""
        key = (*rule, _tracked(count.track, unit))
        begun, hits = self.counts.get(key, (unit.time, 0))
        if unit.time - begun >= count.seconds * _NS:
            begun, hits = unit.time, 0
        hits += 1
        speaks = {
            "limit": hits <= count.count,
            "threshold": hits >= count.count,
            "both": hits == count.count,
            "detection_filter": hits > count.count,
        }[count.kind]
        if count.kind == "threshold" and speaks:
            hits = 0
        self.counts[key] = (begun, hits)
        self.counts.move_to_end(key)
        _bound(self.counts)
        return speaks


def _whom(scope: str, unit: Unit) -> Hashable:
    if scope == "flow":
        return unit.flow
    if scope == "ip_pair":
        return frozenset((unit.source, unit.target))
    return unit.source if scope == "ip_src" else unit.target


def _tracked(track: str, unit: Unit) -> Hashable:
    return {
        "by_src": unit.source,
        "by_dst": unit.target,
        "by_both": (unit.source, unit.target),
        "by_rule": None,
        "by_flow": unit.flow,
    }[track]


def _bound(kept: OrderedDict[Hashable, object] | OrderedDict) -> None:  # type: ignore[type-arg]
    if len(kept) > _MOST:
        kept.popitem(last=False)
