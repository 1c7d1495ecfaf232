"""What rules remember: marks, numbers, how often they hit, and sets. All of it is bounded; the oldest goes first.

What is kept over a restart: a conversation has another number then, and is known again by its ends for five minutes.

Source: Suricata user guide, "Flow Keywords", "Xbits", "Flowint Keyword", "Thresholding Keywords", "Datasets".
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.signatures.language.datasets import member_of
from interlock.detect.signatures.language.steps import Reputation
from interlock.detect.signatures.language.thresholds import Limits
from interlock.detect.signatures.plain.midstream import Begun

if TYPE_CHECKING:
    from collections.abc import Hashable

    from interlock.detect.signatures.language.checks import Bits, Count, Counter
    from interlock.detect.signatures.language.steps import Dataset
    from interlock.detect.signatures.plain.unit import Unit

__all__ = ["Datasets", "Given", "Memory"]

_NS: Final = 1_000_000_000
_NUMBER: Final = (1 << 32) - 1
_MOST: Final = 65_536
_MOST_MEMBERS: Final = 65_536
_MOST_KEPT: Final = 16_384
"""Of each kind, over a restart: the newest."""
_AGAIN: Final = 300 * _NS
"""Capture time after a restart in which a conversation is known again: Suricata forgets established ones after it."""
Ends = tuple[int, int, int, int, int]
"""Transport, client, its port, server, its port; -1 where there is none."""


Given = Mapping[str, Mapping[bytes, int]]
"""Sets that are read from files: name in lower case → member → its value."""


@dataclass(slots=True)
class Datasets:
    """members: name → what rules put in. given: what files put in; gone: name → what rules took out of that."""

    members: dict[str, OrderedDict[bytes, None]] = field(default_factory=dict)
    given: Given = field(default_factory=dict)
    gone: dict[str, OrderedDict[bytes, None]] = field(default_factory=dict)

    def holds(self, step: Dataset | Reputation, octets: bytes) -> bool:
        """Whether a step holds of a buffer's content; `set` and `unset` do what they say.

        What such a set cannot have as a member is not in it; an empty buffer says nothing at all.
        """
        if not octets:
            return False
        name, member = step.name.lower(), member_of(step.kind, octets)
        if isinstance(step, Reputation):
            return member is not None and self._valued(name, member, step)
        there = member is not None and self._there(name, member)
        if step.command == "isset":
            return there
        if step.command == "isnotset":
            return not there
        if member is None:
            return False
        if step.command == "set":
            self._put(name, member)
            return not there
        self._take(name, member)
        return there

    def _there(self, name: str, member: bytes) -> bool:
        given = member in self.given.get(name, ()) and member not in self.gone.get(name, ())
        return given or member in self.members.get(name, ())

    def _valued(self, name: str, member: bytes, step: Reputation) -> bool:
        value = self.given.get(name, {}).get(member)
        if value is None or member in self.gone.get(name, ()):
            return False
        return {">": value > step.value, "<": value < step.value, "==": value == step.value}[step.operator]

    def _put(self, name: str, member: bytes) -> None:
        if name in self.gone:
            self.gone[name].pop(member, None)
        if member not in self.given.get(name, ()):
            _keep(self.members.setdefault(name, OrderedDict()), member)

    def _take(self, name: str, member: bytes) -> None:
        if name in self.members:
            self.members[name].pop(member, None)
        if member in self.given.get(name, ()):
            _keep(self.gone.setdefault(name, OrderedDict()), member)


def _keep(known: OrderedDict[bytes, None], member: bytes) -> None:
    known[member] = None
    if len(known) > _MOST_MEMBERS:
        known.popitem(last=False)


@dataclass(slots=True)
class Memory:
    """One for all rules. marks: of whom and name → ns after which it is gone, 0 for never.

    said: rule, conversation and direction of rules that speak of each once.
    begun: of conversations, how they began, where that is worth knowing.
    ends: of conversations that have marks or numbers. before: marks and numbers of those from before a restart, until
    they are met again. latest: capture time, ns.
    """

    datasets: Datasets = field(default_factory=Datasets)
    limits: Limits = field(default_factory=Limits)
    marks: OrderedDict[tuple[str, Hashable, str], int] = field(default_factory=OrderedDict)
    numbers: OrderedDict[tuple[int, str], int] = field(default_factory=OrderedDict)
    counts: OrderedDict[tuple[int, int, Hashable], tuple[int, int]] = field(default_factory=OrderedDict)
    said: OrderedDict[tuple[tuple[int, int], int, bool | None], None] = field(default_factory=OrderedDict)
    begun: OrderedDict[int, Begun] = field(default_factory=OrderedDict)
    ends: OrderedDict[int, Ends] = field(default_factory=OrderedDict)
    before: dict[Ends, tuple[list[Any], list[Any]]] = field(default_factory=dict)
    latest: int = 0

    def fresh(self) -> Memory:
        """One that remembers nothing, with the same settings."""
        return Memory(datasets=Datasets(given=self.datasets.given), limits=self.limits)

    def following(self, before: Memory) -> Memory:
        """What another remembers, with the settings of this one."""
        before.limits, before.datasets.given = self.limits, self.datasets.given
        return before

    def marked(self, bits: Bits, unit: Unit) -> bool:
        """Whether a question about marks holds."""
        self._know_again(unit)
        whom, store = _whom(bits.scope, unit), _store(bits.scope)
        ends = (self.marks.get((store, whom, name)) for name in bits.names)
        there = [end is not None and (end == 0 or unit.time <= end) for end in ends]
        return any(there) if bits.command == "isset" else not all(there)

    def mark(self, bits: Bits, unit: Unit) -> None:
        """Set, unset or toggle."""
        self._know_again(unit)
        whom, store = _whom(bits.scope, unit), _store(bits.scope)
        if bits.scope == "flow":
            self._note(unit)
        for name in bits.names:
            key = (store, whom, name)
            there = key in self.marks
            if bits.command == "unset" or (bits.command == "toggle" and there):
                self.marks.pop(key, None)
            else:
                self.marks[key] = unit.time + bits.seconds * _NS if bits.seconds else 0
                _bound(self.marks)

    def counted(self, counter: Counter, unit: Unit) -> bool:
        """Whether a question about a number of the conversation holds."""
        self._know_again(unit)
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
        """Set, add or take away, as a number of 32 bits; of what is not there nothing is taken away."""
        self._know_again(unit)
        key, value = (unit.flow, counter.name), self._value(counter, unit)
        if counter.operator == "-" and key not in self.numbers:
            return
        self._note(unit)
        known = self.numbers.get(key, 0)
        self.numbers[key] = {"=": value, "+": known + value, "-": known - value}[counter.operator] & _NUMBER
        _bound(self.numbers)

    def _value(self, counter: Counter, unit: Unit) -> int:
        value = counter.value
        return self.numbers.get((unit.flow, value), 0) if isinstance(value, str) else value

    def speaks(self, rule: tuple[int, int], count: Count, unit: Unit) -> bool:
        """Whether a rule that hits may speak now. rule: its gid and sid."""
        self.latest = max(self.latest, unit.time)
        key = (*rule, _tracked(count.track, unit))
        begun, hits = self.counts.get(key, (unit.time, 0))
        if unit.time - begun > count.seconds * _NS:
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

    def spoke(self, rule: tuple[int, int], unit: Unit) -> bool:
        """Whether a rule has spoken of this direction of a conversation. rule: its gid and sid."""
        return (rule, unit.flow, unit.to_server) in self.said

    def speak(self, rule: tuple[int, int], unit: Unit) -> None:
        """It does now."""
        self.said[rule, unit.flow, unit.to_server] = None
        _bound(self.said)

    def begin(self, flow: int, begun: Begun) -> None:
        """A conversation began so."""
        self.begun[flow] = begun
        _bound(self.begun)

    def joined(self, flow: int) -> bool:
        """Whether it is TCP that nobody saw open."""
        return flow in self.begun and self.begun[flow].joined

    @property
    def joined_ones(self) -> int:
        """Of how many of the conversations that are remembered that is so."""
        return sum(begun.joined for begun in self.begun.values())

    def _note(self, unit: Unit) -> None:
        """A conversation that has something to be known again by."""
        self.latest = max(self.latest, unit.time)
        self.ends[unit.flow] = _ends(unit)
        _bound(self.ends)

    def _know_again(self, unit: Unit) -> None:
        """Give a conversation what it had before a restart."""
        if not self.before:
            return
        if unit.time > self.latest + _AGAIN:
            self.before.clear()
            return
        marks, numbers = self.before.pop(_ends(unit), ((), ()))
        if marks or numbers:
            self._note(unit)
        for name, end in marks:
            self.marks.setdefault(("flow", unit.flow, name), end)
        for name, number in numbers:
            self.numbers.setdefault((unit.flow, name), number)

    def state(self) -> dict[str, Any]:
        """What is kept over a restart, as JSON values."""
        return {
            "latest": self.latest,
            "marks": [
                [scope, whom, name, end]
                for (scope, whom, name), end in _newest(self.marks)
                if scope != "flow" and (not end or end >= self.latest)
            ],
            "flows": [[list(ends), *told] for ends, told in self._of_flows().items()],
            "begun": [[flow, *begun] for flow, begun in _newest(self.begun)],
            "counts": [[*key, *value] for key, value in _newest(self.counts) if not isinstance(key[2], str)],
            "sets": {
                name: [octets.decode("latin-1") for octets, _ in _newest(known)]
                for name, known in self.datasets.members.items()
            },
        }

    def _of_flows(self) -> dict[Ends, tuple[list[Any], list[Any]]]:
        """Marks and numbers of conversations, by their ends; what was not met again stays."""
        found: dict[Ends, tuple[list[Any], list[Any]]] = {
            key: (list(a), list(b)) for key, (a, b) in self.before.items()
        }
        for (scope, whom, name), end in _newest(self.marks):
            if scope == "flow" and isinstance(whom, int) and whom in self.ends:
                found.setdefault(self.ends[whom], ([], []))[0].append([name, end])
        for (flow, name), number in _newest(self.numbers):
            if flow in self.ends:
                found.setdefault(self.ends[flow], ([], []))[1].append([name, number])
        return dict(list(found.items())[-_MOST_KEPT:])

    def restore(self, state: Any) -> None:
        """Take back what `state` gave. Raises ValueError, TypeError, KeyError or IndexError where it is none."""
        self.latest = int(state["latest"])
        for scope, whom, name, end in state["marks"][-_MOST_KEPT:]:
            self.marks[_store(str(scope)), _plain(whom), str(name)] = int(end)
        for ends, marks, numbers in state["flows"][-_MOST_KEPT:]:
            transport, client, client_port, server, server_port = map(int, ends)
            self.before[transport, client, client_port, server, server_port] = (
                [(str(name), int(end)) for name, end in marks],
                [(str(name), int(number)) for name, number in numbers],
            )
        for flow, address, port, joined, answered, *_ in state.get("begun", ())[-_MOST_KEPT:]:
            whose = None if port is None else int(port)
            self.begun[int(flow)] = Begun(int(address), whose, bool(joined), bool(answered))
        for gid, sid, tracked, begun, hits in state["counts"][-_MOST_KEPT:]:
            self.counts[int(gid), int(sid), _plain(tracked)] = (int(begun), int(hits))
        for name, known in state["sets"].items():
            self.datasets.members[str(name).lower()] = OrderedDict(
                (octets.encode("latin-1"), None) for octets in known
            )


def _newest(kept: OrderedDict[Any, Any]) -> list[tuple[Any, Any]]:
    return list(kept.items())[-_MOST_KEPT:]


def _plain(whom: Any) -> Hashable:
    """An address, a pair of them, or nothing: pairs are lists in JSON."""
    if isinstance(whom, list):
        one, other = whom
        return int(one), int(other)
    return None if whom is None else int(whom)


def _ends(unit: Unit) -> Ends:
    """The same for both directions."""
    source = unit.source, -1 if unit.source_port is None else unit.source_port
    target = unit.target, -1 if unit.target_port is None else unit.target_port
    client, server = (source, target) if unit.to_server is not False else (target, source)
    return (unit.transport, *client, *server)


def _whom(scope: str, unit: Unit) -> Hashable:
    if scope == "flow":
        return unit.flow
    if scope == "ip_pair":
        return min(unit.source, unit.target), max(unit.source, unit.target)
    return unit.source if scope == "ip_src" else unit.target


def _store(scope: str) -> str:
    """Marks of a machine are the same, whichever way it was met."""
    return "ip" if scope in {"ip_src", "ip_dst"} else scope


def _tracked(track: str, unit: Unit) -> Hashable:
    return {
        "by_src": unit.source,
        "by_dst": unit.target,
        "by_both": (min(unit.source, unit.target), max(unit.source, unit.target)),
        "by_rule": None,
        "by_flow": unit.flow,
    }[track]


def _bound(kept: OrderedDict[Hashable, object] | OrderedDict) -> None:  # type: ignore[type-arg]
    if len(kept) > _MOST:
        kept.popitem(last=False)
