"""Traffic made for a rule: octets that it asks for, and octets that miss it by one thing.

Octets are placed by solving the rule's bounds, cell by cell, without the matcher that is tested.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from detect.signatures.strings import UnmadeError, known, strings
from interlock.detect.signatures.language.checks import (
    Bits,
    Counter,
    Fact,
    Field,
    Flags,
    Flow,
    FragBits,
    IpOption,
    Speaks,
    StreamSize,
)
from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.language.steps import ByteJump, ByteTest, Content, Expression, IsDataAt, Size
from interlock.detect.signatures.plain.matching import levels_of, streamed
from interlock.detect.signatures.plain.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.signatures.language.model import Inspection, Signature
    from interlock.detect.signatures.language.numbers import Bound
    from interlock.detect.signatures.language.variables import Ends

MOST = 4_096
FILLERS = b"~\x01^\xb1Q0"


class UnsolvedError(Exception):
    """This rule asks for something that the synthesis does not make."""


@dataclass
class Placed:
    """cells: an octet, where one is asked for. length: the buffer's, where it is settled. work: tries that are left."""

    cells: dict[int, int]
    length: int | None = None
    least: int = 0
    most: int = MOST
    work: list[int] = field(default_factory=lambda: [20_000])

    def fits(self, at: int, octets: bytes) -> bool:
        self.work[0] -= 1
        if self.work[0] < 0:
            raise UnsolvedError("too much work")
        if at < 0 or at + len(octets) > (self.length if self.length is not None else self.most):
            return False
        return all(self.cells.get(at + k, octet) == octet for k, octet in enumerate(octets))

    def put(self, at: int, octets: bytes) -> Placed:
        return replace(
            self,
            cells={**self.cells, **{at + k: octet for k, octet in enumerate(octets)}},
            least=max(self.least, at + len(octets)),
        )

    def long(self, least: int = 0, most: int = MOST) -> Placed | None:
        new = replace(self, least=max(self.least, least), most=min(self.most, most))
        within = self.length is None or new.least <= self.length <= new.most
        return new if new.least <= new.most and within else None


def lengths(bound: Bound) -> range:
    found = [n for n in range(MOST) if bound.holds(n)]
    if not found:
        raise UnsolvedError("no length")
    return range(found[0], found[-1] + 1)


def solve(
    steps: tuple, placed: Placed, place: int
) -> Iterator[tuple[Placed, tuple[tuple[int, int, int], ...]]]:
    """Every way to place the contents, with where each positive one begins: (step's number from the end, place)."""
    if not steps:
        yield placed, ()
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, Size):
        allowed = lengths(step.bound)
        new = placed.long(allowed[0], allowed[-1])
        if new:
            yield from solve(rest, new, place)
    elif isinstance(step, IsDataAt):
        if not isinstance(step.position, int):
            raise UnsolvedError("variable")
        needed = place + step.position if step.relative else step.position + 1
        new = placed.long(most=needed - 1) if step.negated else placed.long(least=needed)
        if new:
            yield from solve(rest, new, place)
    elif isinstance(step, (Content, Expression)) and step.negated:
        yield from solve(rest, placed, place)
    elif isinstance(step, Expression):
        yield from _expression(step, rest, placed, place)
    elif isinstance(step, (ByteTest, ByteJump)):
        yield from _number(step, rest, placed, place)
    elif isinstance(step, Content):
        yield from _content(step, rest, placed, place)
    else:
        raise UnsolvedError(type(step).__name__)


def _content(step, rest, placed, place):
    numbers = (step.offset, step.depth, step.distance, step.within)
    if any(isinstance(n, str) for n in numbers):
        raise UnsolvedError("variable")
    size = len(step.octets)
    first, last = step.offset or 0, MOST
    if step.starts:
        last = first + size
    elif step.relative:
        distance = step.distance or 0
        first = max(first, place + distance, 0)
        if step.within is not None:
            last = min(last, place + distance + step.within)
        if step.depth is not None:
            last = min(last, place + (step.offset or 0) + step.depth)
    elif step.depth is not None:
        last = first + step.depth
    tries = list(range(first, last - size + 1))
    free = max(first, placed.least)
    if free in tries:  # behind all others first: fewest surprises
        tries.remove(free)
        tries.insert(0, free)
    for at in tries[:300]:
        if placed.fits(at, step.octets):
            new = placed.put(at, step.octets)
            if step.ends:
                new = new.long(at + size, at + size)
            if new is not None and new.least <= new.most:
                for done, places in solve(rest, new, at + size):
                    yield done, ((len(rest), at, size), *places)


def _expression(step, rest, placed, place):
    try:
        made = strings(step.pattern, step.flags)
    except UnmadeError as error:
        raise UnsolvedError(f"expression: {str(error)[:40]}") from None
    begin = place if step.relative else 0
    for octets, first, last in made[:8]:
        free = max(begin, placed.least)
        anchored = first or "A" in step.flags
        for at in [begin] if anchored else dict.fromkeys((free, *range(begin, min(free, begin + 40)))):
            if not placed.fits(at, octets):
                continue
            new = placed.put(at, octets)
            if last:
                new = new.long(at + len(octets), at + len(octets))
            if new is not None and new.least <= new.most:
                for done, places in solve(rest, new, at + len(octets)):
                    yield done, ((len(rest), at, len(octets)), *places)


def _number(step, rest, placed, place):
    """Octets of a number that a test holds of, or that a jump goes nowhere by."""
    reading = step.reading
    if any(isinstance(n, str) for n in (reading.count, reading.offset, getattr(step, "value", 0))):
        raise UnsolvedError("variable")
    at = reading.offset + (place if reading.relative else 0)
    if not reading.count or at < 0:
        raise UnsolvedError("number")
    jumps = isinstance(step, ByteJump)
    if jumps and isinstance(step.post_offset, str):
        raise UnsolvedError("variable")
    tries = (
        (0,)
        if jumps
        else dict.fromkeys((step.value, step.value + 1, max(0, step.value - 1), 0, 1, 255, 0xFFFF))
    )
    for number in tries:
        if not jumps and _compared(step, number) == step.negated:
            continue
        try:
            octets = _written(reading, number)
        except OverflowError:
            continue
        if len(octets) != reading.count or not placed.fits(at, octets):
            continue
        new = placed.put(at, octets)
        behind = place
        if jumps:
            behind = max(
                0, {"here": at + reading.count, "beginning": 0}.get(step.origin, -1) + step.post_offset
            )
            if step.origin == "end":
                raise UnsolvedError("from the end")
            new = new.long(behind + 1)
        if new is not None:
            yield from solve(rest, new, behind)


def _compared(step, number):
    if step.reading.mask:
        number = (number & step.reading.mask) >> ((step.reading.mask & -step.reading.mask).bit_length() - 1)
    return {
        "=": number == step.value, "<": number < step.value, ">": number > step.value, "<=": number <= step.value,
        ">=": number >= step.value, "&": bool(number & step.value), "^": bool(number ^ step.value),
    }[step.operator]  # fmt: skip


def _written(reading, number):
    if reading.base:
        digits = {16: "x", 8: "o"}.get(reading.base, "d")
        return format(number, f"0{reading.count}{digits}").encode()
    return number.to_bytes(reading.count, "little" if reading.endian == "little" else "big")


def filled(placed: Placed, filler: int) -> bytes:
    if placed.most < MOST:
        length = max(placed.least, min(placed.most, placed.least + 3))
    else:
        length = placed.least + 3 if placed.least else 3
    return bytes(placed.cells.get(k, filler) for k in range(length))


def made(one: Inspection) -> Iterator[tuple[bytes, bytes, tuple[tuple[int, int, int], ...]]]:
    """(what is sent, what is looked at, places) that one buffer asks for, without what it must not hold."""
    names = [t.name for t in one.transformations]
    if set(names) - {"dotprefix", "to_lowercase"} or names.count("dotprefix") > 1:
        raise UnsolvedError("transformation")
    start = Placed({0: ord(".")}, least=2) if "dotprefix" in names else Placed({})
    negated = [s for s in one.steps if isinstance(s, Content) and s.negated]
    expressions = [s for s in one.steps if isinstance(s, Expression)]
    for tried, (placed, places) in enumerate(solve(one.steps, start, 0)):
        if tried > 20:
            return
        for filler in FILLERS:
            looked = filled(placed, filler)
            if any(_has(looked, s) for s in negated) or not all(_agrees(looked, s) for s in expressions):
                continue
            if not _ends_there(one.steps, looked, places):
                continue
            yield (looked[1:] if "dotprefix" in names else looked), looked, places


def _ends_there(steps, octets: bytes, places) -> bool:
    """Whether an expression that something goes on from ends where it was made to: greedy ones go further."""
    for back, at, size in places:
        step, rest = steps[len(steps) - 1 - back], steps[len(steps) - back :]
        goes_on = rest and (
            getattr(rest[0], "relative", False) or getattr(getattr(rest[0], "reading", None), "relative", 0)
        )
        if isinstance(step, Expression) and goes_on:
            found = known(step.pattern, step.flags).match(octets[at:])
            if found is None or found.end() != size:
                return False
    return True


def _agrees(octets: bytes, step: Expression) -> bool:
    """Whether Python, too, finds the expression, or must not find it."""
    try:
        return (known(step.pattern, step.flags).search(octets) is None) == step.negated
    except UnmadeError as error:
        raise UnsolvedError(f"expression: {str(error)[:40]}") from None


def _has(octets: bytes, step: Content) -> bool:
    return step.octets.lower() in octets.lower() if step.nocase else step.octets in octets


def number(bound: Bound) -> int:
    around = (bound.number, bound.number + 1, max(0, bound.number - 1))
    return next(n for n in around if bound.holds(n))


def addressed(signature: Signature, ends: Ends) -> dict:
    ports = signature.header.protocol not in {"icmp", "icmpv4", "icmpv6"}
    at = -1 if signature.header.protocol in {"ipv6", "ip6"} else 0
    return {
        "source": ends.sources.ranges[at][at],
        "target": ends.targets.ranges[at][at],
        "source_port": ends.source_ports.ranges[-1][1] if ports else None,
        "target_port": ends.target_ports.ranges[0][0] if ports else None,
    }


def surroundings(signature: Signature, ends: Ends, protocol) -> tuple[Unit, list[Bits]]:
    """A unit without octets that all but the octets hold of, and the marks that must be set before."""
    unit = Unit(
        level=min(levels_of(signature)),
        transport=min(protocol.transports, default=6),
        application=protocol.application,
        to_server=True,
        established=True,
        time=1,
        **addressed(signature, ends),
    )
    marks, fields, facts = [], {}, {}
    for check in signature.checks:
        if isinstance(check, Flow):
            if check.direction:
                unit = replace(unit, to_server=check.direction == "to_server")
            if check.established is False:
                unit = replace(unit, established=False)
            if check.fragments:
                unit = replace(unit, fragment=True)
        elif isinstance(check, Field) and check.name == "ip_proto":
            unit = replace(unit, transport=number(check.bound))
        elif isinstance(check, Field):
            fields[check.name] = number(check.bound)
        elif isinstance(check, (Flags, FragBits)):
            word, most = ("flags", 256) if isinstance(check, Flags) else ("fragbits", 8)
            asked = [one for one in signature.checks if isinstance(one, type(check))]
            fields[word] = next(n for n in range(most) if all(one.holds(n) for one in asked))
        elif isinstance(check, IpOption):
            fields["ipopts"] = fields.get("ipopts", 0) | check.bit
        elif isinstance(check, Bits):
            if check.command == "isset":
                marks.append(replace(check, command="set", names=check.names[:1]))
        elif isinstance(check, StreamSize):
            sides = ("client", "server") if check.side in {"both", "either"} else (check.side,)
            # A side's SYN is one of what it has sent.
            sent = next(n for n in range(MOST) if check.bound.holds(1 + n))
            unit = replace(unit, **{f"{side}_octets": sent for side in sides})
        elif isinstance(check, Fact) and not check.negated:
            for name, asked in check.asked:
                facts[name] = (asked[0] if isinstance(asked, tuple) else number(asked),)
        elif isinstance(check, Speaks) and not check.negated:
            unit = replace(unit, application=check.application)
        elif isinstance(check, (Counter, Fact, Speaks)):
            raise UnsolvedError(type(check).__name__)
    if unit.transport == 6 and streamed(signature, levels_of(signature)):
        unit = replace(unit, level="stream")
    return replace(unit, fields=fields, facts=facts), marks


def hit(
    signature: Signature, unit: Unit
) -> tuple[Unit, dict[int, tuple[bytes, tuple[tuple[int, int, int], ...]]]]:
    """A unit that the rule asks for; of each inspection what is looked at, and where its contents begin."""
    buffers: dict[str, tuple[bytes, ...]] = {}
    looked = {}
    for index, one in enumerate(signature.inspections):
        name = unit.level if one.buffer == PAYLOAD and unit.level != "transaction" else one.buffer
        name = "stream" if name == PAYLOAD else name
        solved = next(made(one), None)
        if solved is None:
            raise UnsolvedError("no place")
        if name in buffers and buffers[name] != (solved[0],):
            if not one.transformations and not any(o.transformations for o in signature.inspections):
                buffers[name] = (*buffers[name], solved[0])
            else:
                raise UnsolvedError("one buffer, two transformations")
        else:
            buffers[name] = (solved[0],)
        looked[index] = solved[1:]
    return replace(unit, buffers=buffers), looked


def near_misses(signature: Signature, unit: Unit, looked: dict) -> Iterator[tuple[str, Unit]]:
    """Units that differ in one thing that the rule asks for: each must not hit."""
    for index, one in enumerate(signature.inspections):
        if any(o is not one and o.buffer == one.buffer for o in signature.inspections):
            continue
        name = unit.level if one.buffer == PAYLOAD and unit.level != "transaction" else one.buffer
        name = "stream" if name == PAYLOAD else name
        whole, places = looked[index]
        dots = sum(t.name == "dotprefix" for t in one.transformations)
        for back, at, size in places:
            step = one.steps[len(one.steps) - 1 - back]
            if isinstance(step, Expression):
                yield from _unmatched(step, whole, at, size, dots, unit, name)
                continue
            spoilt = bytearray(whole)
            k = at + len(step.octets) // 2
            if k - dots < 0:
                continue
            spoilt[k] ^= 0x15 if not step.nocase else 0x95
            if _has(bytes(spoilt), step):
                continue
            yield f"octet {k} of {name} spoilt", _with(unit, name, bytes(spoilt[dots:]))
        for step in one.steps:
            if isinstance(step, Content) and step.negated and _anywhere(step):
                more = whole[dots:] + step.octets
                yield f"{name} holds what it must not", _with(unit, name, more)
    if unit.to_server is not None and any(isinstance(c, Flow) and c.direction for c in signature.checks):
        yield "the other way", replace(unit, to_server=not unit.to_server)
    if any(isinstance(c, Flow) and c.established for c in signature.checks):
        yield "not established", replace(unit, established=False)


def _unmatched(step, whole, at, size, dots, unit, name):
    """One octet of what an expression matched is another one, so that it matches nowhere: Python says so."""
    for k in sorted(range(at, at + size), key=lambda k: abs(2 * k - 2 * at - size)):
        spoilt = bytearray(whole)
        spoilt[k] ^= 0x95
        begins = range(len(spoilt)) if step.relative else (0,)
        matches = any(known(step.pattern, step.flags).search(bytes(spoilt[begin:])) for begin in begins)
        if k >= dots and not matches:
            yield f"octet {k} of {name} spoilt for an expression", _with(unit, name, bytes(spoilt[dots:]))
            return


def _anywhere(step: Content) -> bool:
    return not (step.relative or step.starts or step.ends or step.offset) and step.depth is None


def _with(unit: Unit, name: str, octets: bytes) -> Unit:
    return replace(unit, buffers={**unit.buffers, name: (octets,)})
