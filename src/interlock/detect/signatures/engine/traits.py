"""What an engine knows of a rule before anything comes near it: enough to leave the rule itself unread until then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeGuard

from interlock.detect.signatures.engine.prefilter import anchors_of, best_literal, rare
from interlock.detect.signatures.engine.sides import TCP
from interlock.detect.signatures.engine.tested import fixed_numbers, placed_steps
from interlock.detect.signatures.engine.turns import PASS, turn_of
from interlock.detect.signatures.engine.wishes import wishes
from interlock.detect.signatures.language.checks import (
    Bits,
    Counter,
    Fact,
    Field,
    Flags,
    Flow,
    FragBits,
    Speaks,
    StreamSize,
)
from interlock.detect.signatures.language.model import ADDRESSES, HEADERS, PAYLOAD
from interlock.detect.signatures.language.protocols import PROTOCOLS, Protocol
from interlock.detect.signatures.language.steps import Absent, Dataset
from interlock.detect.signatures.plain.matching import Matcher, counts, of_nothing
from interlock.records.buffers import BUFFERS, PACKET, STREAM
from interlock.records.buffers import HEADERS as HEADED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.detect.signatures.engine.prefilter import Anchor, Literal
    from interlock.detect.signatures.language.checks import Check
    from interlock.detect.signatures.language.model import Inspection, Signature, Transformation
    from interlock.detect.signatures.language.numbers import Bound
    from interlock.detect.signatures.language.steps import ByteTest, Step
    from interlock.detect.signatures.language.variables import Ends
    from interlock.detect.signatures.plain.memory import Memory
    from interlock.detect.signatures.plain.unit import Unit

__all__ = ["PARTS", "Deferred", "Traits", "of_chunks", "traits_of"]

PARTS: Final = {
    **dict.fromkeys(("http", "file"), ("http.start", "http.request_body", "http.response_body")),
    **dict.fromkeys(("tls", "ja3", "ja3s", "ja4"), ("tls.records",)),
    "dns": ("dns.message",),
}
"""Beginning of a buffer's name → what stands for the payload beside it: a message of HTTP put together from its parts,
what a side of TLS has sent until its handshake came so far, a message of DNS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """name: `gid:sid:rev message`. head: the protocol's word. levels: units that it is for.

    anchors: octets at places of the payload; literal: what must be in the buffer `within`, as `transformations` make
    it, where it is rare or there are no anchors; tested: where there is neither, what is asked of numbers at fixed
    places; numbers: the same of one with anchors. needed: a buffer that must be there; nothing where none must. sizes:
    of a payload. counts: it counts from where a message begins, which is taken for that of a segment, or of a chunk of
    its stream. streamed: of TCP it is for streams alone. empty: as of `of_nothing`. heads: what of packets' headers is
    compared for many at once. sized: it asks how much was sent;
    answered: whether both sides have spoken. asks: names of facts. buffers: all that it looks at. patient: whether it
    may be held against something later than others are, since neither changes what the other says. turn: of rules for
    the same packet those with a smaller one come first (turns.py).
    """

    name: str
    head: str
    levels: frozenset[str]
    ends: Ends
    both: bool
    anchors: tuple[Anchor, ...]
    literal: Literal | None
    within: str
    transformations: tuple[Transformation, ...]
    needed: str
    tested: tuple[Step, ...]
    numbers: tuple[ByteTest, ...]
    sizes: tuple[Bound, ...]
    counts: bool
    streamed: bool
    empty: bool
    heads: tuple[Field | Flags | FragBits, ...]
    sized: bool
    answered: bool
    asks: tuple[str, ...]
    buffers: frozenset[str]
    patient: bool
    turn: int

    @property
    def alone(self) -> bool:
        """Whether it is for TCP alone."""
        return self.protocol.transports == {TCP}

    @property
    def protocol(self) -> Protocol:
        """What the head asks of a conversation."""
        return PROTOCOLS[self.head]

    @property
    def raw(self) -> bool:
        """Whether it is for packets or streams."""
        return "packet" in self.levels or "stream" in self.levels


class Deferred:
    """A rule of which only its traits are known; it is read when something is held against it for the first time."""

    __slots__ = ("_cpu_ns", "_matcher", "_read", "_timed", "_timed_ns", "held", "looked", "traits")

    def __init__(
        self, traits: Traits, read: Callable[[], Matcher], cpu_ns: Callable[[], int] | None = None
    ) -> None:
        """cpu_ns: what this thread has had of a processor; asked at every sixteenth look, to cost nothing.

        looked, held: how often it was held against something, and held.
        """
        self.traits = traits
        self._read = read
        self._cpu_ns = cpu_ns
        self._matcher: Matcher | None = None
        self.looked = self.held = 0
        self._timed = self._timed_ns = 0

    def of_chunks(self, traits: Traits) -> Deferred:
        """The same rule for chunks of streams."""
        return Deferred(traits, self._of_chunks, self._cpu_ns)

    def _of_chunks(self) -> Matcher:
        return self.matcher.of_chunks()

    @property
    def spent_ns(self) -> int:
        """Processor time that its looks took, by those that were timed."""
        return self._timed_ns * self.looked // self._timed if self._timed else 0

    def count_from(self, before: Deferred) -> None:
        """Go on counting where the same rule stood."""
        self.looked, self.held = before.looked, before.held
        self._timed, self._timed_ns = before._timed, before._timed_ns

    @property
    def matcher(self) -> Matcher:
        """The rule itself."""
        if self._matcher is None:
            self._matcher = self._read()
        return self._matcher

    @property
    def signature(self) -> Signature:
        """What it was read from."""
        return self.matcher.signature

    @property
    def limited(self) -> int:
        """Times that an expression came to its limit."""
        return 0 if self._matcher is None else self._matcher.limited

    def hits(self, unit: Unit, memory: Memory) -> bool:
        """As the rule itself."""
        matcher = self._matcher or self.matcher
        self.looked += 1
        if self.looked & 15 != 1 or self._cpu_ns is None:
            held = matcher.hits(unit, memory)
        else:
            begun = self._cpu_ns()
            held = matcher.hits(unit, memory)
            self._timed += 1
            self._timed_ns += self._cpu_ns() - begun
        self.held += held
        return held

    def settle(self, unit: Unit, memory: Memory) -> bool:
        """As the rule itself."""
        return self.matcher.settle(unit, memory)

    def mark(self, unit: Unit, memory: Memory) -> None:
        """As the rule itself."""
        self.matcher.mark(unit, memory)


def traits_of(one: Matcher | Deferred) -> Traits:
    """What is known of a rule that was read, or was before."""
    if isinstance(one, Deferred):
        return one.traits
    signature = one.signature
    levels = one.levels
    raw = bool(levels - {"transaction"})
    anchors = tuple(a for i in signature.inspections if i.buffer == PAYLOAD for a in anchors_of(i.steps))
    anchors = anchors if raw else ()
    # Headers stand in no scanned octets: of their rules the payload is looked through, or everything is held against.
    searched = [part for part in one.inspections if part.buffer not in HEADERS | ADDRESSES]
    best = best_literal(searched)
    if anchors and best and not rare(best[1]):
        best = None
    found = None if best is None else searched[best[0]]
    checks = signature.checks
    return Traits(
        name=f"{signature.gid}:{signature.sid}:{signature.rev} {signature.message}",
        head=signature.header.protocol,
        levels=levels,
        ends=one.ends,
        both=signature.header.both,
        anchors=anchors,
        literal=best[1] if best else None,
        within="" if found is None else _held_in(found.buffer),
        transformations=() if found is None else found.transformations,
        needed=_needed(signature),
        tested=_tested(signature, searched) if raw and not anchors and best is None else (),
        numbers=fixed_numbers(signature.inspections) if anchors else (),
        sizes=tuple(c.bound for c in checks if isinstance(c, Field) and c.name == "dsize"),
        counts=counts(signature),
        streamed=one.streamed,
        empty=of_nothing(signature),
        heads=tuple(filter(_of_headers, checks)),
        sized=any(isinstance(check, StreamSize) for check in checks),
        answered=any(isinstance(check, Flow) and check.established is not None for check in checks),
        asks=tuple(dict.fromkeys(name for c in checks if isinstance(c, Fact) for name, _ in c.asked)),
        buffers=_buffers(signature, levels),
        patient=_patient(signature),
        turn=turn_of(signature),
    )


def _tested(signature: Signature, searched: Sequence[Inspection]) -> tuple[Step, ...]:
    """Steps at places; none of what holds of nothing, too: that is held against what is not at hand."""
    return () if of_nothing(signature) else placed_steps(searched)


def _of_headers(check: Check) -> TypeGuard[Field | Flags | FragBits]:
    """Whether it asks of packets' headers what is compared for many at once."""
    return isinstance(check, (Field, Flags, FragBits)) and getattr(check, "name", "") != "dsize"


def of_chunks(one: Matcher | Deferred) -> Matcher | Deferred:
    """A rule as it is where streams come in chunks: what counts from where a message begins is for these alone.

    What holds of nothing is held against chunks, too, since a packet with nothing in it comes with one.
    """
    traits = traits_of(one)
    if not traits.counts and not traits.empty:
        return one
    levels, buffers = traits.levels | {STREAM}, traits.buffers | {STREAM}
    if traits.counts and traits.alone:
        levels, buffers = frozenset({STREAM}), traits.buffers - {PACKET, HEADED} | {STREAM}
    if isinstance(one, Matcher):
        return one.of_chunks()
    streamed = traits.streamed or (traits.counts and not traits.alone)
    return one.of_chunks(replace(traits, levels=levels, buffers=buffers, streamed=streamed, tested=()))


def _patient(signature: Signature) -> bool:
    """Neither sets marks nor asks for any, counts nothing, silences nothing, and knows no sets that others fill."""
    steps = (step for one in signature.inspections for step in one.steps)
    remembers = any(isinstance(check, (Bits, Counter)) for check in signature.checks)
    counts = bool(signature.effects) or signature.counting is not None
    changes = remembers or counts or signature.action == PASS
    return not changes and not any(isinstance(step, Dataset) for step in steps)


def _held_in(buffer: str) -> str:
    return STREAM if buffer == PAYLOAD else buffer


def _needed(signature: Signature) -> str:
    """A buffer that must be there for the rule to hit; nothing where none must."""
    for inspection in signature.inspections:
        if inspection.buffer not in ADDRESSES and not isinstance(inspection.steps[0], Absent):
            return _held_in(inspection.buffer)
    facts = [check.asked[0][0] for check in signature.checks if isinstance(check, Fact)]
    return facts[0] if facts and all(one.buffer in ADDRESSES for one in signature.inspections) else ""


def _buffers(signature: Signature, levels: frozenset[str]) -> frozenset[str]:
    named = {one.buffer for one in signature.inspections if one.buffer != PAYLOAD} - HEADERS - ADDRESSES
    facts = {name for check in signature.checks for name, _ in getattr(check, "asked", ())}
    speaks = {check.application for check in signature.checks if isinstance(check, Speaks)}
    spoken = (PROTOCOLS[signature.header.protocol], *(PROTOCOLS[name] for name in speaks))
    known_by = {one.known_by for one in spoken} - {""}
    payload = any(one.buffer == PAYLOAD for one in signature.inspections)
    beside = {name.partition(".")[0] for name in (*named, *(facts & BUFFERS.keys()))} if payload else ()
    parts = {part for name in beside for part in PARTS.get(name, ())}
    return frozenset(
        (
            *named,
            *parts,
            *known_by,
            *(facts & BUFFERS.keys()),
            *(levels - {"transaction"}),
            *wishes(signature, levels),
        )
    )
