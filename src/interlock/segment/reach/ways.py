"""Ways from a taken machine: through which conduits to which machines, and whether it takes or touches them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from interlock.segment.reach.taking import takes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from interlock.segment.model.policy import Policy
    from interlock.segment.reach.machines import Alike

__all__ = ["Hop", "Reached", "Step", "Ways"]


@dataclass(frozen=True, slots=True)
class Step:
    """One leg: by a conduit (inside False) or the inside of a zone. words: what takes; none where it only touches."""

    by: str
    inside: bool
    words: tuple[str, ...]

    @property
    def takes(self) -> bool:
        """Whether the other side is taken by it."""
        return bool(self.words)


@dataclass(frozen=True, slots=True)
class Hop:
    """A step from one kind of machine to another (numbers of `Ways.kinds`)."""

    source: int
    target: int
    step: Step


@dataclass(frozen=True, slots=True)
class Reached:
    """What a machine of one kind comes to. taken, touched: kinds; touched are only those that are not taken.

    own: whether it takes the others of its own kind. last: kind → the hop by which it is reached first.
    """

    start: int
    taken: frozenset[int]
    touched: frozenset[int]
    own: bool
    last: dict[int, Hop]

    def path(self, kind: int) -> tuple[Hop, ...]:
        """The shortest way to a kind, in the order of its hops; empty where there is none, or no need of one."""
        hops: list[Hop] = []
        while kind != self.start and kind in self.last:
            hops.append(self.last[kind])
            kind = hops[-1].source
        return tuple(reversed(hops))


class Ways:
    """A policy's steps between kinds of machines."""

    def __init__(
        self,
        policy: Policy,
        kinds: tuple[Alike, ...],
        asking: Collection[str] = frozenset(),
        usual: Mapping[tuple[str, int], Collection[str]] = MappingProxyType({}),
    ) -> None:
        """asking, usual: see `takes`."""
        self.kinds = kinds
        self.steps: dict[str, Step] = {}
        self.senders: dict[str, list[int]] = {}
        self.hearers: dict[str, list[int]] = {}
        for conduit in policy.site.conduits:
            self.steps[f"c:{conduit.name}"] = Step(
                conduit.name, inside=False, words=takes(conduit, asking, usual)
            )
        for zone in policy.site.zones:
            if zone.inside == "allow":
                self.steps[f"z:{zone.name}"] = Step(zone.name, inside=True, words=("anything",))
        for number, kind in enumerate(kinds):
            asks = {f"c:{name}" for name in kind.asks} | {f"z:{kind.zone}"}
            answers = {f"c:{name}" for name in kind.answers} | {f"z:{kind.zone}"}
            for key in asks & self.steps.keys():
                self.senders.setdefault(key, []).append(number)
            for key in answers & self.steps.keys():
                self.hearers.setdefault(key, []).append(number)
        self._from: dict[int, list[str]] = {number: [] for number in range(len(kinds))}
        for key in sorted(self.senders, key=lambda k: (not k.startswith("z:"), k)):
            for number in self.senders[key]:
                self._from[number].append(key)

    def hops(self, source: int) -> Iterator[Hop]:
        """Every hop from machines of a kind, the inside of its zone first."""
        for key in self._from[source]:
            for target in self.hearers.get(key, ()):
                yield Hop(source, target, self.steps[key])

    def reach(self, start: int) -> Reached:
        """Spread from one taken machine of a kind: breadth first, so that each way is a shortest one."""
        last: dict[int, Hop] = {}
        taken, own = {start}, False
        touched: set[int] = set()
        waiting = deque([start])
        used: set[str] = set()
        while waiting:
            source = waiting.popleft()
            for key in self._from[source]:
                if key in used:  # all that it leads to is known
                    continue
                used.add(key)
                for target in self.hearers.get(key, ()):
                    hop = Hop(source, target, self.steps[key])
                    own |= target == start and hop.step.takes
                    if hop.step.takes and target not in taken:
                        taken.add(target)
                        last[target] = hop
                        waiting.append(target)
                    elif target not in taken | touched:
                        touched.add(target)
                        last[target] = hop
        return Reached(start, frozenset(taken), frozenset(touched - taken), own, last)

    def machines(self, kinds: frozenset[int], reached: Reached) -> int:
        """How many machines these are, without the one that it began with."""
        many = sum(len(self.kinds[kind].machines) for kind in kinds)
        if reached.start not in kinds:
            return many
        return many - (1 if reached.own else len(self.kinds[reached.start].machines))
