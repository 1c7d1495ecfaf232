"""One buffer held against the steps of an inspection, with every way back that relative steps leave open.

A step that is relative starts from the end of the match before it. Where it fails, the match that it counts from is
looked for again behind its first place (`depends`), and so on to the beginning. Two bounds keep that finite, both
Suricata's: 3,000 steps an inspection, 3,500 steps of PCRE2 a match.
Source: Suricata user guide, "Payload Keywords"; its configuration, "inspection-recursion-limit" and "pcre".
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pcre2

from interlock.detect.signatures.language.expressions import compiled
from interlock.detect.signatures.language.steps import (
    Absent,
    Base64,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Content,
    Dataset,
    Expression,
    IsDataAt,
    Reputation,
    Size,
)
from interlock.detect.signatures.plain.numbers import masked, number_at, signed, unsigned, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.detect.signatures.language.steps import Step
    from interlock.detect.signatures.plain.memory import Datasets

__all__ = ["MOST_STEPS", "Run", "depends"]

MOST_STEPS: Final = 3_000
_MOST_DECODED: Final = 65_535
_VERY_BIG: Final = 100_000_000
_FAR: Final = 1 << 46
"""Octets before which Suricata's src/detect-bytejump.c comes out behind a buffer, by the width of addresses."""
_MOST_CALCULATED: Final = 4
"""Octets of a binary number that it calculates with (src/detect-bytemath.c); of more nothing holds."""
_PLACES: Final = (Content, Expression, IsDataAt, ByteTest, ByteJump, ByteExtract, ByteMath)
_ALPHABET: Final = re.compile(rb"[A-Za-z0-9+/=]*")


def _plain(octets: bytes) -> bytes:
    """What the letters of Base64 say that octets begin with.

    As Suricata 7.0.10 has it: `=` is a letter of the value 0, and a group has one octet less for each; of a last group
    with one letter there is an octet where something else stands behind it.
    """
    found = _ALPHABET.match(octets)
    letters = found.group() if found else b""
    last = len(letters) % 4
    filled = (letters + b"=" * (-last % 4)).replace(b"=", b"A")
    decoded = base64.b64decode(filled)
    if b"=" in letters:
        groups = range(0, len(letters) - last, 4)
        parts = (decoded[k // 4 * 3 :][: max(0, 3 - letters.count(b"=", k, k + 4))] for k in groups)
        decoded = b"".join(parts) + decoded[len(groups) * 3 :]
    left = 3 if not last else 2 if last == 3 else 1 if last == 2 or len(letters) < len(octets) else 0
    return decoded[: len(decoded) - 3 + left] if letters else b""


def depends(steps: Sequence[Step]) -> tuple[bool, ...]:
    """For each step: whether it is looked for again, behind its first place, where what follows does not hold.

    That is so of the content or expression that a relative step counts from, as Suricata has it (src/detect-content.c
    and kin): of a relative content or expression it is the last one before it; of numbers and `isdataat` no other step
    about a place may stand between.
    """
    found = [False] * len(steps)
    for at, step in enumerate(steps):
        kinds = _counted_from(step)
        before = next((k for k in range(at - 1, -1, -1) if kinds and isinstance(steps[k], kinds)), None)
        if before is None or not isinstance(steps[before], (Content, Expression)):
            continue
        # Only further to the right: what does not hold behind the first place holds behind no later one.
        loose = isinstance(step, Content) and not step.negated and step.within is None and step.depth is None
        found[before] = not (loose and before == at - 1)
    return tuple(found)


def _counted_from(step: Step) -> tuple[type, ...]:
    """Kinds of steps, the last one of which a relative step counts from; none where it is not relative."""
    if isinstance(step, (Content, Expression)):
        return (Content, Expression) if step.relative else ()
    if isinstance(step, IsDataAt):
        return _PLACES if step.relative else ()
    if isinstance(step, (ByteTest, ByteJump, ByteExtract, ByteMath)):
        return _PLACES if step.reading.relative else ()
    return ()


@dataclass(slots=True)
class Run:
    """One buffer and one list of steps. values: numbers by their names, shared between the buffers of a rule.

    before: octets of the stream before these: offset and depth count from the stream's beginning.
    left: steps that may still be taken. limited: PCRE2 came to its limit at least once.
    """

    octets: bytes
    steps: Sequence[Step]
    depends: Sequence[bool]
    values: dict[str, int]
    datasets: Datasets | None = None
    before: int = 0
    left: int = MOST_STEPS
    limited: bool = False
    _lower: bytes | None = field(default=None)

    def holds(self, index: int = 0, place: int = 0) -> bool:
        """Whether the steps from this one on hold, with the last match ending at a place."""
        if index == len(self.steps):
            return True
        self.left -= 1
        if self.left < 0:
            return False
        step = self.steps[index]
        if isinstance(step, Base64):
            return self._decoded(step, place)
        for end in self._ends(step, place):
            if self.holds(index + 1, end):
                return True
            if self.left < 0 or not self.depends[index]:
                return False
        return False

    def _ends(self, step: Step, place: int) -> Iterator[int]:
        """Every place that the last match may end at once this step holds."""
        if isinstance(step, Content):
            yield from self._content(step, place)
        elif isinstance(step, Expression):
            yield from self._expression(step, place)
        elif isinstance(step, ByteJump):
            yield from self._jump(step, place)
        elif isinstance(step, (ByteExtract, ByteMath)):
            yield from self._named(step, place)
        elif self._condition(step, place):
            yield place

    def _condition(self, step: Step, place: int) -> bool:
        """Whether a step holds that leaves the place alone."""
        if isinstance(step, IsDataAt):
            return self._is_data_at(step, place)
        if isinstance(step, Size):
            return step.bound.holds(len(self.octets))
        if isinstance(step, ByteTest):
            return self._test(step, place)
        if isinstance(step, (Dataset, Reputation)):
            return self.datasets is not None and self.datasets.holds(step, self.octets)
        return isinstance(step, Absent) and step.or_else  # the buffer is there: what follows must hold

    def _content(self, step: Content, place: int) -> Iterator[int]:
        first, last = self._window(step, place)
        if first > last or last == 0:
            if step.negated:
                yield place
            return
        size = len(step.octets)
        octets, wanted = (self._lowered(), step.octets.lower()) if step.nocase else (self.octets, step.octets)
        if step.ends:
            at = len(octets) - size
            found = last == len(octets) and at >= first and octets.endswith(wanted)
            if found != step.negated:
                yield place if step.negated else len(octets)
            return
        at = octets.find(wanted, first, last)
        if step.negated:
            if at < 0:
                yield place
            return
        while at >= 0:
            yield at + size
            at = octets.find(wanted, at + 1, last)

    def _window(self, step: Content, place: int) -> tuple[int, int]:
        """From and to which octet a content is looked for; from > to where that is nowhere."""
        size, values = len(self.octets), self.values
        offset = 0 if step.offset is None else value_of(step.offset, values)
        depth = None if step.depth is None else value_of(step.depth, values)
        if step.starts:
            depth = len(step.octets)
        if not step.relative:
            last = size if depth is None else offset + depth - self.before
            return max(0, offset - self.before), min(size, max(0, last))
        distance = 0 if step.distance is None else value_of(step.distance, values)
        first, last = max(0, place + distance, offset), size
        if step.within is not None:
            end = place + distance + value_of(step.within, values)
            # What would have to end before the buffer begins is bounded by nothing, as in Suricata.
            last = min(last, end) if end >= 0 else last
        if depth is not None:
            last = min(last, place + offset + depth)
        return first, last

    def _lowered(self) -> bytes:
        if self._lower is None:
            self._lower = self.octets.lower()
        return self._lower

    def _expression(self, step: Expression, place: int) -> Iterator[int]:
        """What stands before the place is not there for a relative one, not even for what looks behind."""
        base = min(place, len(self.octets)) if step.relative else 0
        pattern, octets = compiled(step.pattern, step.flags), self.octets[base:]
        start = 0
        while start <= len(octets):
            try:
                found = pattern.search(octets, start)
            except pcre2.LibraryError:
                self.limited = True
                return
            if step.negated:
                if found is None:
                    yield place
                return
            if found is None:
                return
            yield base + found.end()
            start = found.start() + 1

    def _is_data_at(self, step: IsDataAt, place: int) -> bool:
        position = value_of(step.position, self.values)
        size = len(self.octets)
        there = place + position <= size if step.relative else position < size
        return (there and position < _VERY_BIG) != step.negated

    def _test(self, step: ByteTest, place: int) -> bool:
        found = number_at(step.reading, self.octets, place, self.values)
        if found is None:
            return False
        number, value = masked(found.number, step.reading.mask), value_of(step.value, self.values)
        match step.operator:
            case "=":
                holds = number == value
            case "<":
                holds = number < value
            case ">":
                holds = number > value
            case "<=":
                holds = number <= value
            case ">=":
                holds = number >= value
            case "&":
                holds = bool(number & value)
            case _:
                holds = bool(number ^ value)
        return holds != step.negated

    def _jump(self, step: ByteJump, place: int) -> Iterator[int]:
        found = number_at(step.reading, self.octets, place, self.values)
        if found is None:
            return
        number = masked(found.number, step.reading.mask) * step.multiplier
        number += -number % 4 if step.align else 0
        number = signed(number + value_of(step.post_offset, self.values))
        origin = {"here": found.end, "beginning": 0, "end": len(self.octets)}[step.origin]
        # Before all octets is their beginning, as far as a place can be: beyond, it is before no octet at all.
        to = max(0, origin + number)
        if to <= len(self.octets) and number > -_FAR:
            yield to

    def _named(self, step: ByteExtract | ByteMath, place: int) -> Iterator[int]:
        found = number_at(step.reading, self.octets, place, self.values)
        if found is None:
            return
        if isinstance(step, ByteMath):
            if not step.reading.base and value_of(step.reading.count, self.values) > _MOST_CALCULATED:
                return
            number = self._calculated(step, found.number)
            if number is None:
                return
            number = masked(number, step.reading.mask)
        else:
            number = unsigned(masked(found.number, step.reading.mask) * step.multiplier)
            number += -number % step.align if step.align else 0
        before = self.values.get(step.name)
        self.values[step.name] = number
        yield found.end
        if before is None:
            self.values.pop(step.name, None)
        else:
            self.values[step.name] = before

    def _calculated(self, step: ByteMath, number: int) -> int | None:
        operand = value_of(step.operand, self.values)
        match step.operator:
            case "+":
                number += operand
            case "-":
                number -= operand
            case "*":
                number *= operand
            case "/":
                if not operand:
                    return None
                number //= operand
            case "<<":
                number = number << operand if operand < 64 else 0
            case _:
                number = number >> operand if operand < 64 else 0
        return unsigned(number)

    def _decoded(self, step: Base64, place: int) -> bool:
        """Base64 ends a list: what stands within it must hold, on what is valid of the octets from there on."""
        start = (place if step.relative else 0) + step.offset
        length = _MOST_DECODED if not step.length else step.length
        if not 0 <= start < len(self.octets) or not step.steps:
            return False
        octets = _plain(self.octets[start : start + length])
        inside = Run(octets, step.steps, depends(step.steps), self.values, self.datasets, left=self.left)
        held = bool(octets) and inside.holds()
        self.left, self.limited = inside.left, self.limited or inside.limited
        return held
