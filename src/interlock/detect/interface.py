"""What a detector is, and what it may look at while it judges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from interlock.records.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from interlock.detect.batch import Batch
    from interlock.records.asset import Asset
    from interlock.records.finding import Finding

__all__ = [
    "HEALTH",
    "Ageing",
    "Concluding",
    "Context",
    "Converging",
    "Counting",
    "Detector",
    "Early",
    "Growing",
    "Learning",
    "Leisurely",
    "Patient",
    "Tapping",
    "Withheld",
    "no_asset",
]

HEALTH: Final[dict[str, str]] = {
    "one-way": "only one direction of the traffic reached the capture point",
    "broadcast-only": "only broadcast and multicast frames reached the capture point",
    "duplicated": "the capture point copied frames",
    "gaps": "frames are missing from the capture",
    "vlan-stripped": "VLAN tags were removed before the capture",
    "clock-step": "the capture's clock jumped",
    "cut-short": "the capture ends in the middle of a frame",
    "snapped": "frames were cut to a part of their length",
    "bad-checksums": "many frames were changed on the way, or were never meant to arrive",
}
"""Condition of a source → what it says. The words are those of capture health; others are ignored."""


def no_asset(realm: str, address: str) -> Asset | None:  # noqa: ARG001 - the shape of every look-up
    """Look up an asset where no inventory is at hand: always None."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a detector may look at, all of it read-only.

    site: what people know. asset: (realm, address) → the asset known there now, or None.
    now: capture clock, UTC nanoseconds since 1970. health: source → conditions that hold (HEALTH).
    """

    site: Site = field(default_factory=Site)
    asset: Callable[[str, str], Asset | None] = no_asset
    now: int = 0
    health: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def name(self, realm: str, address: str) -> str:
        """How a person knows a machine: `Mixer PLC (10.0.0.2)` where a name is known, else its address."""
        label = self.site.name_of(realm, address)
        if label is None:
            asset = self.asset(realm, address)
            label = asset.names[0] if asset is not None and asset.names else None
        return address if label is None or label == address else f"{label} ({address})"

    def role(self, realm: str, address: str) -> str | None:
        """Look up the role that the inventory gives a machine, or None."""
        asset = self.asset(realm, address)
        return None if asset is None else asset.role

    def has(self, source: str, condition: str) -> bool:
        """Whether a condition holds for a source."""
        return condition in self.health.get(source, ())


class Detector(Protocol):
    """One way to see that something is wrong. Constructed without arguments; holds bounded state.

    name: as the registry and Finding.detector spell it. version: rises when its judgement changes.
    needs: table → columns it reads; other columns and tables are never looked at, and a column that
    a table lacks reads as null.
    """

    @property
    def name(self) -> str:
        """Its name in the registry: the module's name with hyphens."""
        ...

    @property
    def version(self) -> int:
        """Rises when the same input would be judged differently."""
        ...

    @property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """Table → columns that it reads."""
        ...

    def feed(self, batch: Batch, context: Context) -> Iterable[Finding]:
        """Take one batch of one needed table; findings that are new, or have grown much, come out.

        Operations: pending rows may be among the others; batches of nothing else come to who is Early.
        """
        ...

    def dump(self) -> bytes:
        """Everything it remembers."""
        ...

    def load(self, state: bytes) -> None:
        """Go on from what `dump` gave. Raises SourceError where the state is not its own."""
        ...


@runtime_checkable
class Concluding(Protocol):
    """A detector that can say all it knows, each cause once with its final count."""

    def conclude(self, context: Context) -> Iterable[Finding]:
        """Every finding so far; may be called again and again."""
        ...

    def withheld(self, context: Context) -> Iterable[Withheld]:
        """Tell what it would have said, had the capture been whole."""
        ...


@runtime_checkable
class Pausing(Protocol):
    """One whose conclusion may be left off at every cause, for whoever has other things to do meanwhile."""

    def concluding(self, context: Context) -> Iterator[Finding | None]:
        """As `conclude`; None where a cause was looked at and there is nothing to say of it yet."""
        ...


@runtime_checkable
class Counting(Protocol):
    """A detector that can take a batch in and work out later what that means: where nobody listens before the end."""

    def count(self, batch: Batch, context: Context) -> None:
        """As `feed`, and say nothing."""
        ...


@runtime_checkable
class Converging(Protocol):
    """A detector that says nothing before it has observed for long: in a short run it need not even learn."""

    def may_converge(self, minutes: int) -> bool:
        """Whether it could come to say anything where, from now on, at most so many minutes are observed."""
        ...


@runtime_checkable
class Early(Protocol):
    """A detector that judges pending rows of operations, before their answers come; others see final rows only."""

    @property
    def early(self) -> bool:
        """Whether it does."""
        ...


@runtime_checkable
class Patient(Protocol):
    """A detector to whom a second more or less is nothing, in some tables, where nobody asked for anything."""

    @property
    def patient(self) -> frozenset[str]:
        """The tables."""
        ...


@runtime_checkable
class Leisurely(Protocol):
    """A detector that weighs minutes, to whom a second more or less is nothing in some tables, whatever is in them."""

    @property
    def leisurely(self) -> frozenset[str]:
        """The tables."""
        ...


@runtime_checkable
class Tapping(Protocol):
    """A detector that needs `payloads`, and of these some buffers only."""

    @property
    def buffers(self) -> frozenset[str]:
        """Their names (records.buffers)."""
        ...


@runtime_checkable
class Learning(Protocol):
    """A detector that judges by what it has learned of this plant."""

    def learn(self, batch: Batch, context: Context) -> None:
        """Take a batch of one needed table for normal, and say nothing."""
        ...

    def learned(self) -> bytes:
        """What it knows of the plant, to be kept apart from any run."""
        ...

    def know(self, learned: bytes, /) -> None:
        """Go on from what `learned` gave. Raises SourceError where it is not its own: nothing has changed then."""
        ...


@runtime_checkable
class Growing(Protocol):
    """A detector of which one can tell whether it knows more than before, without looking at all of it."""

    @property
    def extent(self) -> int:
        """How many things it knows of the plant, and how many causes it remembers."""
        ...


@runtime_checkable
class Ageing(Protocol):
    """A detector that runs for months, and can forget what has not occurred for longest."""

    @property
    def remembered(self) -> int:
        """How many causes it remembers."""
        ...

    @property
    def left_out(self) -> int:
        """How many times something did not fit."""
        ...

    def age_out(self, most: int) -> int:
        """Keep clear of so many causes; how many were forgotten."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Judgement not passed: which detector, for which source, because of which condition, how often."""

    detector: str
    source: str
    condition: str
    reason: str
    count: int
