"""What a rule asks of one buffer, step by step; each knows how rules write it.

Numbers that a rule may also take from the wire (byte_extract, byte_math) are `int | str`: a name is a variable.
Source: Suricata user guide, "Payload Keywords", section by section.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.detect.signatures.language.numbers import Bound

__all__ = [
    "ANY_BASE",
    "Absent",
    "Base64",
    "ByteExtract",
    "ByteJump",
    "ByteMath",
    "ByteTest",
    "Content",
    "Dataset",
    "Expression",
    "FastPattern",
    "IsDataAt",
    "Number",
    "Reading",
    "Reputation",
    "Size",
    "Step",
    "written",
]

Number = int | str

ANY_BASE: Final = -1
"""Of digits as text: they say their base themselves, as C's do (0x1f, 017, 15)."""
_BASES: Final = {10: ("dec",), 16: ("hex",), 8: ("oct",), ANY_BASE: ()}
_PLAIN: Final = frozenset(range(0x20, 0x7F)) - frozenset(b'"|;:\\')


def written(octets: bytes) -> str:
    """Octets as a content writes them."""
    words: list[str] = []
    hexadecimal: list[str] = []
    for octet in octets:
        if octet in _PLAIN:
            if hexadecimal:
                words.append(f"|{' '.join(hexadecimal)}|")
                hexadecimal.clear()
            words.append(chr(octet))
        else:
            hexadecimal.append(f"{octet:02x}")
    if hexadecimal:
        words.append(f"|{' '.join(hexadecimal)}|")
    return "".join(words)


@dataclass(frozen=True, slots=True)
class FastPattern:
    """Which content a prefilter should look for first: says nothing about what the rule matches.

    start, length: the part of it, where the rule names one.
    """

    only: bool = False
    start: int | None = None
    length: int | None = None

    def words(self) -> str:
        """As options write it."""
        if self.only:
            return "fast_pattern:only"
        return "fast_pattern" if self.start is None else f"fast_pattern:{self.start},{self.length}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Octets that must, or must not, be there.

    offset, depth: from the buffer's beginning. distance, within: from the end of the match before.
    """

    octets: bytes
    negated: bool = False
    nocase: bool = False
    offset: Number | None = None
    depth: Number | None = None
    distance: Number | None = None
    within: Number | None = None
    starts: bool = False
    ends: bool = False
    rawbytes: bool = False
    fast: FastPattern | None = None

    @property
    def relative(self) -> bool:
        """Whether its place depends on the match before it."""
        return self.distance is not None or self.within is not None

    def words(self) -> str:
        """As options write it."""
        said = [f'content:{"!" * self.negated}"{written(self.octets)}"']
        flags = {
            "nocase": self.nocase,
            "startswith": self.starts,
            "endswith": self.ends,
            "rawbytes": self.rawbytes,
        }
        said += [word for word, there in flags.items() if there]
        for word in ("offset", "depth", "distance", "within"):
            if (number := getattr(self, word)) is not None:
                said.append(f"{word}:{number}")
        if self.fast:
            said.append(self.fast.words())
        return "; ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A regular expression in PCRE2's dialect. flags: of `ismxAEG`, sorted; relative: from the match before on."""

    pattern: bytes
    flags: str = ""
    negated: bool = False
    relative: bool = False

    def words(self) -> str:
        """As options write it; octets that are no text stand as they are read."""
        pattern = self.pattern.decode("utf-8", "surrogateescape")
        return f'pcre:{"!" * self.negated}"/{pattern}/{self.flags}{"R" * self.relative}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class IsDataAt:
    """Whether there are octets at a place."""

    position: Number
    relative: bool = False
    negated: bool = False

    def words(self) -> str:
        """As options write it."""
        return f"isdataat:{'!' * self.negated}{self.position}{',relative' * self.relative}"


@dataclass(frozen=True, slots=True)
class Size:
    """The number of octets of the whole buffer. word: `bsize` or `urilen`."""

    bound: Bound

    def words(self) -> str:
        """As options write it."""
        return f"bsize:{self.bound.words()}"


@dataclass(frozen=True, slots=True)
class Absent:
    """The buffer is not there. or_else: or what follows holds of it."""

    or_else: bool = False

    def words(self) -> str:
        """As options write it."""
        return "absent:or_else" if self.or_else else "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a number is read from octets. base: 0 as binary, else the base of its digits as text, or ANY_BASE.

    endian: `big` or `little`. mask: None for all bits.
    """

    count: Number
    offset: Number
    relative: bool = False
    endian: str = "big"
    base: int = 0
    mask: int | None = None

    def words(self) -> list[str]:
        """What options write of it behind count and offset."""
        said = ["relative"] if self.relative else []
        said += [self.endian] if self.endian != "big" else []
        said += ["string", *_BASES[self.base]] if self.base else []
        return said + ([f"bitmask 0x{self.mask:x}"] if self.mask is not None else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteTest:
    """A number on the wire compared with another. operator: `<`, `>`, `=`, `<=`, `>=`, `&`, `^`."""

    reading: Reading
    operator: str
    negated: bool
    value: Number

    def words(self) -> str:
        """As options write it."""
        head = f"{self.reading.count},{'!' * self.negated}{self.operator},{self.value},{self.reading.offset}"
        return "byte_test:" + ",".join((head, *self.reading.words()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteJump:
    """A number on the wire moves the place that the next relative step starts from.

    origin: `here` (behind the number), `beginning` or `end` of the buffer.
    """

    reading: Reading
    multiplier: int = 1
    align: bool = False
    origin: str = "here"
    post_offset: Number = 0

    def words(self) -> str:
        """As options write it."""
        said = [str(self.reading.count), str(self.reading.offset), *self.reading.words()]
        said += [f"multiplier {self.multiplier}"] if self.multiplier != 1 else []
        said += ["align"] if self.align else []
        said += [f"from_{self.origin}"] if self.origin != "here" else []
        said += [f"post_offset {self.post_offset}"] if self.post_offset != 0 else []
        return "byte_jump:" + ",".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteExtract:
    """A number on the wire gets a name. align: 0, 2 or 4."""

    reading: Reading
    name: str
    multiplier: int = 1
    align: int = 0

    def words(self) -> str:
        """As options write it."""
        said = [str(self.reading.count), str(self.reading.offset), self.name, *self.reading.words()]
        said += [f"multiplier {self.multiplier}"] if self.multiplier != 1 else []
        said += [f"align {self.align}"] if self.align else []
        return "byte_extract:" + ",".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteMath:
    """A number on the wire, calculated with, gets a name. operator: `+`, `-`, `*`, `/`, `<<`, `>>`."""

    reading: Reading
    operator: str
    operand: Number
    name: str

    def words(self) -> str:
        """As options write it."""
        reading = self.reading
        said = [f"bytes {reading.count}", f"offset {reading.offset}", f"oper {self.operator}"]
        said += [f"rvalue {self.operand}", f"result {self.name}"]
        said += ["relative"] if reading.relative else []
        said += [f"endian {reading.endian}"] if reading.endian != "big" else []
        said += [" ".join(("string", *_BASES[reading.base]))] if reading.base else []
        said += [f"bitmask 0x{reading.mask:x}"] if reading.mask is not None else []
        return "byte_math:" + ",".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base64:
    """Octets decoded from Base64, and what is asked of them. length: at most so many are decoded."""

    length: int | None = None
    offset: int = 0
    relative: bool = False
    steps: tuple[Step, ...] = ()

    def words(self) -> str:
        """As options write it."""
        said = [f"bytes {self.length}"] if self.length is not None else []
        said += [f"offset {self.offset}"]
        said += ["relative"] if self.relative else []
        inside = "".join(f"; {step.words()}" for step in self.steps)
        return f"base64_decode:{','.join(said)}" + (f"; base64_data{inside}" if self.steps else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Whether the whole buffer stands in a set, or goes into one. command: `isset`, `isnotset`, `set`, `unset`.

    load: the file that the set begins with, as the rule names it. kept: how (`state` or `save`) and as what file
    Suricata would keep the set when it ends.
    """

    command: str
    name: str
    kind: str
    load: str = ""
    kept: tuple[str, str] | None = None

    def words(self) -> str:
        """As options write it."""
        said = [self.command, self.name, f"type {self.kind}"]
        said += [f"load {self.load}"] if self.load else []
        said += [" ".join(self.kept)] if self.kept else []
        return f"dataset:{','.join(said)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reputation:
    """Whether the whole buffer stands in a list, with a value that is as asked. operator: `>`, `<` or `==`."""

    name: str
    operator: str
    value: int
    kind: str
    load: str

    def words(self) -> str:
        """As options write it."""
        return f"datarep:{self.name},{self.operator},{self.value},load {self.load},type {self.kind}"


Step = (
    Content
    | Expression
    | IsDataAt
    | Size
    | Absent
    | ByteTest
    | ByteJump
    | ByteExtract
    | ByteMath
    | Base64
    | Dataset
    | Reputation
)
