"""One rule held against one unit: the plain way, which the engine must agree with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeGuard

from interlock.decode.buffers.chunks import CHUNK
from interlock.detect.signatures.language.checks import (
    Bits,
    Fact,
    Field,
    Flags,
    Flow,
    FragBits,
    IpOption,
    SameAddress,
    Speaks,
    StreamSize,
)
from interlock.detect.signatures.language.model import ADDRESSES, HEADERS, PAYLOAD
from interlock.detect.signatures.language.protocols import PROTOCOLS, Protocol
from interlock.detect.signatures.language.steps import (
    Absent,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Content,
    Expression,
    IsDataAt,
)
from interlock.detect.signatures.plain.checks import check_holds, speaks
from interlock.detect.signatures.plain.steps import Run, depends
from interlock.detect.signatures.plain.transforming import transformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.detect.signatures.language.model import Inspection, Signature
    from interlock.detect.signatures.language.steps import Step
    from interlock.detect.signatures.language.variables import Ends
    from interlock.detect.signatures.plain.memory import Memory
    from interlock.detect.signatures.plain.unit import Unit

__all__ = [
    "Matcher",
    "counts",
    "levels_of",
    "of_conversations",
    "of_heads",
    "of_nothing",
    "once_of",
    "streamed",
]

_IPV6: Final = 1 << 32
_TCP: Final = 6
_WITH_PORTS: Final = frozenset({_TCP, 17, 132})
"""TCP, UDP, SCTP."""
COUNTING: Final = frozenset({"packet"})
"""What `levels_of` gives for rules that count from where a message begins; told apart by identity."""


def levels_of(signature: Signature) -> frozenset[str]:
    """Which units a rule is for: those that have what it asks of."""
    inspections = [one for one in signature.inspections if one.buffer not in ADDRESSES]
    buffers = {one.buffer for one in inspections} - {PAYLOAD}
    if buffers - HEADERS or any(isinstance(check, Fact) for check in signature.checks):
        return frozenset({"transaction"})
    level = PROTOCOLS[signature.header.protocol].level
    flows = [check for check in signature.checks if isinstance(check, Flow)]
    named = ["packet" if flow.fragments else flow.level for flow in flows]
    if buffers or level == "packet" or "packet" in named or any(map(_of_a_packet, signature.checks)):
        return frozenset({"packet"})
    if "stream" in named or (level == "stream" and inspections):
        return frozenset({"stream"})
    transports = PROTOCOLS[signature.header.protocol].transports
    if _TCP in transports and inspections and not _placed(signature):
        # Numbers and expressions that count from a beginning mean that of a message, which no stream has.
        if all(_counts_from_beginning(one.steps) for one in inspections):
            return COUNTING
        # What is no stream (DNS in datagrams) is looked at packet by packet.
        return frozenset({"stream"} if transports == {_TCP} else {"packet", "stream"})
    return frozenset({"packet", "stream"}) if inspections else frozenset({"packet"})


def streamed(signature: Signature, levels: frozenset[str]) -> bool:
    """Whether of TCP it is for streams alone, though it is for packets of others (`alert ip`, `alert dns`)."""
    transports = PROTOCOLS[signature.header.protocol].transports
    both = levels >= {"packet", "stream"} and transports != {_TCP}
    return both and not _placed(signature)


def _placed(signature: Signature) -> bool:
    """Whether it asks for octets at a place from the beginning: senders begin messages with packets.

    Those are looked for in each packet, too, and so is how much was sent (Suricata's src/detect-parse.c).
    """
    contents = (s for one in signature.inspections for s in one.steps if isinstance(s, Content))
    placed = any(s.starts or s.depth is not None or s.offset is not None for s in contents)
    return placed or any(isinstance(check, StreamSize) for check in signature.checks)


def counts(signature: Signature) -> bool:
    """Whether it is for TCP's packets only since it counts from where a message begins, which no stream tells."""
    return levels_of(signature) is COUNTING and _TCP in PROTOCOLS[signature.header.protocol].transports


def _counts_from_beginning(steps: Sequence[Step]) -> bool:
    first = steps[0] if steps else None
    if isinstance(first, Expression) and "A" not in first.flags:
        return False
    begins = isinstance(first, (Expression, ByteTest, ByteJump, ByteExtract, ByteMath))
    return begins and not any(isinstance(step, Content) and not step.negated for step in steps)


def of_nothing(signature: Signature) -> bool:
    """Whether it is for packets of TCP, too, and all that it asks of octets holds where there are none.

    A segment without payload with which a chunk is looked at is a packet with nothing in it for Suricata.
    """
    inspections, protocol = signature.inspections, PROTOCOLS[signature.header.protocol]
    steps = [step for one in inspections for step in one.steps]
    plain = bool(steps) and all(one.buffer == PAYLOAD and not one.transformations for one in inspections)
    if not plain or (protocol.transports and _TCP not in protocol.transports):
        return False
    levels, checks = levels_of(signature), signature.checks
    streams = any(isinstance(check, Flow) and check.level == "stream" for check in checks)
    if streams or levels is COUNTING or protocol.level == "stream" or any(map(_of_a_packet, checks)):
        return False
    alone = "packet" not in levels or streamed(signature, levels)
    if alone and any(isinstance(step, Content) for step in steps):
        return False
    return all(Run(b"", one.steps, depends(one.steps), {}).holds() for one in inspections)


def _hears(signature: Signature) -> bool:
    """Whether it asks what a conversation speaks, and something of a packet that no later one may have."""
    head = PROTOCOLS[signature.header.protocol].application
    spoken = bool(head) or any(isinstance(check, Speaks) for check in signature.checks)
    opening = any(isinstance(check, Flow) and check.established is False for check in signature.checks)
    asks = opening or bool(signature.inspections) or any(map(_of_a_packet, signature.checks))
    return spoken and (asks or signature.action == "pass")


def _of_message(one: Inspection) -> Inspection:
    """Asked of one message by itself: that data begin right there (`isdataat:0,relative`) is that there are some.

    Suricata says so where a buffer ends there, too: of every message that is as long as it says.
    """
    asked = tuple(
        replace(step, position=1) if step == IsDataAt(position=0, relative=True) else step
        for step in one.steps
    )
    return replace(one, steps=asked)


def _of_a_packet(check: object) -> bool:
    return isinstance(check, (Field, Flags, FragBits, IpOption, SameAddress))


def once_of(signature: Signature, ends: Ends) -> bool:
    """Whether a rule speaks once of each direction of a conversation, whatever passes.

    Those are the rules that ask for addresses alone, said by what they are, or for marks of machines besides; and those
    that ask for a protocol alone.
    Source: Suricata user guide, "Rule Types", types `ip_only` and `pd_only`, and "Signature Types and Variable-like
    Keywords": questions about marks and numbers of conversations, and what changes them but `flowbits:set`, make it a
    rule about packets.
    """
    if signature.inspections or PROTOCOLS[signature.header.protocol].application:
        return False
    if not all(
        isinstance(one, Bits) and (_of_machines(one) or one.command == "set") for one in signature.effects
    ):
        return False
    if all(map(_of_machines, signature.checks)):
        return ends.of_addresses_alone and not ends.negated
    speaks = any(isinstance(check, Speaks) for check in signature.checks)
    return speaks and all(map(_of_a_protocol, signature.checks))


def of_heads(signature: Signature) -> bool:
    """Whether it asks for a conversation's ends and protocol and nothing else: what it lets pass passes whole."""
    return not (signature.inspections or signature.checks or signature.effects)


def of_conversations(signature: Signature) -> bool:
    """Whether it holds of any packet of a conversation, with payload or without, or of none."""
    return levels_of(signature) == {"packet"} and not (
        signature.inspections or any(map(_of_a_packet, signature.checks))
    )


def _of_machines(one: object) -> TypeGuard[Bits]:
    return isinstance(one, Bits) and one.scope != "flow"


def _of_a_protocol(check: object) -> bool:
    direction = isinstance(check, Flow) and check == Flow(direction=check.direction)
    return direction or isinstance(check, Speaks)


@dataclass(slots=True)
class Matcher:
    """signature with the ends of its head. limited: times that an expression came to its limit.

    once: it speaks once of each direction of a conversation. inspections: what it asks of octets; of messages, where
    it counts from where one begins. streamed, hears: as of the functions of that name. empty: where streams come in
    chunks, as of `of_nothing`; then levels have streams, too, and whole has those that it is held against as it is.
    """

    signature: Signature
    ends: Ends
    levels: frozenset[str] = field(init=False)
    whole: frozenset[str] = field(init=False)
    protocol: Protocol = field(init=False)
    once: bool = field(init=False)
    streamed: bool = field(init=False)
    hears: bool = field(init=False)
    empty: bool = field(init=False, default=False)
    inspections: tuple[Inspection, ...] = field(init=False)
    limited: int = 0
    _depends: tuple[tuple[bool, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.levels = self.whole = levels_of(self.signature)
        self.protocol = PROTOCOLS[self.signature.header.protocol]
        self.once = once_of(self.signature, self.ends)
        self.streamed = streamed(self.signature, self.levels)
        self.hears = _hears(self.signature)
        asked = self.signature.inspections
        whole = self.levels is COUNTING and self.protocol.transports == {_TCP}
        self.inspections = tuple(map(_of_message, asked)) if whole else asked
        self._depends = tuple(depends(one.steps) for one in asked)

    def of_chunks(self) -> Matcher:
        """The same rule where streams come in chunks: what counts from where a message begins is for these alone."""
        made = Matcher(self.signature, self.ends)
        if counts(self.signature):
            alone = self.protocol.transports == {_TCP}
            made.levels = made.whole = frozenset({"stream"} if alone else {"packet", "stream"})
            made.inspections, made.streamed = self.signature.inspections, not alone
        made.empty = of_nothing(self.signature)
        if made.empty:
            made.levels = made.whole | {"stream"}
        return made

    def hits(self, unit: Unit, memory: Memory) -> bool:
        """As `_hits`; of a chunk, too, what holds of a packet without payload, with which Suricata looks at it."""
        if self._hits(unit, memory):
            return True
        if not self.empty or unit.level != "stream" or unit.loose or unit.apart:
            return False
        if sum(map(len, unit.buffers.get("stream", ()))) >= CHUNK or not self._head(unit):
            return False
        alone = replace(unit, level="packet")
        return all(check_holds(check, alone, memory) for check in self.signature.checks)

    def _hits(self, unit: Unit, memory: Memory) -> bool:
        """Whether all of the rule holds; changes nothing but sets that it fills itself, and what is asked once."""
        if unit.level not in self.whole or not self._head(unit):
            return False
        if self.streamed and unit.level == "packet" and unit.transport == _TCP:
            return False
        if unit.unheard and self.hears:
            return False
        if self.once:
            if memory.spoke(self._name, unit):
                return False
            if any(map(_of_machines, self.signature.checks)):
                memory.speak(self._name, unit)  # asked once, whatever is marked later
        return all(check_holds(check, unit, memory) for check in self.signature.checks) and self._octets(
            unit, memory
        )

    def judge(self, unit: Unit, memory: Memory) -> bool:
        """Whether the rule speaks of this unit: it hits, its marks are set, and its count lets it."""
        return self.hits(unit, memory) and self.settle(unit, memory)

    def settle(self, unit: Unit, memory: Memory) -> bool:
        """What follows from a hit: marks are set; whether the rule speaks."""
        signature = self.signature
        if self.once:
            memory.speak(self._name, unit)
        limits = memory.limits
        counting = (
            limits.counting(signature.gid, signature.sid, signature.counting)
            if limits
            else signature.counting
        )
        passed = counting is None or memory.speaks((signature.gid, signature.sid), counting, unit)
        if counting is not None and counting.kind == "detection_filter" and not passed:
            return False
        self.mark(unit, memory)
        if not passed or signature.silent or signature.action == "pass":
            return False
        return not (limits and limits.suppressed(signature.gid, signature.sid, unit.source, unit.target))

    def mark(self, unit: Unit, memory: Memory) -> None:
        """What a hit does that is silenced: marks are set, and nothing is counted."""
        for effect in self.signature.effects:
            if isinstance(effect, Bits):
                memory.mark(effect, unit)
            else:
                memory.count(effect, unit)

    @property
    def _name(self) -> tuple[int, int]:
        return self.signature.gid, self.signature.sid

    def _head(self, unit: Unit) -> bool:
        protocol = self.protocol
        if protocol.transports and unit.transport not in protocol.transports:
            return False
        if protocol.version and (unit.source >= _IPV6) != (protocol.version == 6):
            return False
        if protocol.application and not speaks(unit, protocol.application):
            return False
        # What has no ports (ICMP) is none of a rule that asks for some, as in Suricata (src/detect.c).
        if unit.transport not in _WITH_PORTS and not self.ends.of_addresses_alone:
            return False
        there = _between(self.ends, unit.source, unit.source_port, unit.target, unit.target_port)
        if there or not self.signature.header.both:
            return there
        return _between(self.ends, unit.target, unit.target_port, unit.source, unit.source_port)

    def _octets(self, unit: Unit, memory: Memory) -> bool:
        values: dict[str, int] = {}
        for one, chain in zip(self.inspections, self._depends, strict=True):
            if not self._inspected(one, chain, unit, values, memory):
                return False
        return True

    def _inspected(
        self, one: Inspection, chain: tuple[bool, ...], unit: Unit, values: dict[str, int], memory: Memory
    ) -> bool:
        """Whether one of a buffer's instances is as asked."""
        instances = _instances(one.buffer, unit)
        if not instances:
            return isinstance(one.steps[0], Absent)
        for octets in instances:
            changed = transformed(octets, one.transformations) if one.transformations else octets
            if changed is None:
                continue
            before = unit.stream_offset if one.buffer == PAYLOAD else 0
            run = Run(changed, one.steps, chain, values, memory.datasets, before)
            held = run.holds()
            self.limited += run.limited
            if held:
                return True
        return False


def _instances(buffer: str, unit: Unit) -> tuple[bytes, ...]:
    if buffer in ADDRESSES:
        return (_address(unit.source if buffer == "ip.src" else unit.target),)
    if buffer != PAYLOAD:
        return unit.buffers.get(buffer, ())
    held = unit.buffers.get("packet" if unit.level == "packet" else "stream", ())
    # A packet without payload has none to look into, not even for what must not be there.
    return tuple(filter(None, held)) if unit.level == "packet" or unit.apart or unit.loose else held


def _address(number: int) -> bytes:
    """4 octets of IPv4, 16 of IPv6."""
    return (number - _IPV6).to_bytes(16) if number >= _IPV6 else number.to_bytes(4)


def _between(ends: Ends, source: int, source_port: int | None, target: int, target_port: int | None) -> bool:
    """Where ports are not known, none is asked for."""
    if source not in ends.sources or target not in ends.targets:
        return False
    if source_port is not None and source_port not in ends.source_ports:
        return False
    return target_port is None or target_port in ends.target_ports
