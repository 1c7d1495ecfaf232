"""What a rule asks of the packet, the conversation and the memory, rather than of a buffer.

Source: Suricata user guide, "Header Keywords", "Flow Keywords", "Xbits", "Thresholding Keywords".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from interlock.detect.signatures.language.numbers import Bound

__all__ = [
    "Bits",
    "Check",
    "Count",
    "Counter",
    "Fact",
    "Field",
    "Flags",
    "Flow",
    "FragBits",
    "IpOption",
    "SameAddress",
    "Speaks",
    "StreamSize",
]


@dataclass(frozen=True, slots=True)
class Field:
    """A number in a header. name: the keyword itself, as `ttl`, `dsize` or `itype`."""

    name: str
    bound: Bound

    def words(self) -> str:
        """As options write it."""
        return f"{self.name}:{self.bound.words()}"


@dataclass(frozen=True, slots=True)
class Flags:
    """TCP's flags. mode: `=` these and no others, `+` these at least, `*` any of them, `!` not all of them."""

    mode: str
    mask: int
    ignored: int = 0

    def holds(self, flags: int) -> bool:
        """Whether a segment's flags are as asked."""
        return bool(self._asked(flags))

    def hold(self, flags: NDArray[np.int64]) -> NDArray[np.bool_]:
        """As `holds`, of many at once."""
        found: NDArray[np.bool_] = self._asked(flags)
        return found

    def _asked(self, flags: Any) -> Any:
        return _bits_hold(flags & ~self.ignored, self.mode, self.mask)

    def words(self) -> str:
        """As options write it."""
        said = f"flags:{self.mode if self.mode != '=' else ''}{_letters(self.mask)}"
        return f"{said},{_letters(self.ignored)}" if self.ignored else said


def _letters(mask: int) -> str:
    return "".join(letter for bit, letter in enumerate("FSRPAUEC") if mask >> bit & 1) or "0"


@dataclass(frozen=True, slots=True)
class FragBits:
    """IP's fragmentation bits. mode as of Flags, but `+`: these and others. mask: 4 reserved, 2 don't fragment, 1 more.

    What `!` and `+` mean of several bits the user guide leaves open; Suricata's src/detect-fragbits.c says it.
    """

    mode: str
    mask: int

    def holds(self, bits: int) -> bool:
        """Whether a packet's bits are as asked."""
        return bool(self._asked(bits))

    def hold(self, bits: NDArray[np.int64]) -> NDArray[np.bool_]:
        """As `holds`, of many at once."""
        found: NDArray[np.bool_] = self._asked(bits)
        return found

    def _asked(self, bits: Any) -> Any:
        held = _bits_hold(bits, self.mode, self.mask)
        return held & (bits != self.mask) if self.mode == "+" else held

    def words(self) -> str:
        """As options write it."""
        letters = "".join(letter for bit, letter in ((4, "R"), (2, "D"), (1, "M")) if self.mask & bit)
        return f"fragbits:{self.mode if self.mode != '=' else ''}{letters}"


def _bits_hold(value: Any, mode: str, mask: int) -> Any:
    """Whether bits, of one or of many, are as asked: `=` these alone, `+` all, `*` any, `!` not all of them."""
    match mode:
        case "=":
            return value == mask
        case "+":
            return value & mask == mask
        case "*":
            return value & mask != 0
        case _:
            return value & mask != mask


@dataclass(frozen=True, slots=True)
class IpOption:
    """An option of IPv4 is there. bit: in the field `ipopts`."""

    name: str
    bit: int

    def words(self) -> str:
        """As options write it."""
        return f"ipopts:{self.name}"


@dataclass(frozen=True, slots=True)
class SameAddress:
    """Source and target have one address."""

    def words(self) -> str:
        """As options write it."""
        return "sameip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """direction: `to_server`, `to_client` or nothing. established: None where it is not asked.

    level: `packet` (no_stream), `stream` (only_stream) or nothing. fragments: None where it is not asked.
    """

    direction: str = ""
    established: bool | None = None
    stateless: bool = False
    level: str = ""
    fragments: bool | None = None

    def words(self) -> str:
        """As options write it."""
        said = [self.direction] if self.direction else []
        if self.established is not None:
            said.append("established" if self.established else "not_established")
        said += ["stateless"] if self.stateless else []
        said += [{"packet": "no_stream", "stream": "only_stream"}[self.level]] if self.level else []
        if self.fragments is not None:
            said.append("only_frag" if self.fragments else "no_frag")
        return f"flow:{','.join(said)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits:
    """A mark that rules set for each other. scope: `flow`, `ip_src`, `ip_dst` or `ip_pair`.

    command: `set`, `unset`, `toggle`, `isset` (any of the names), `isnotset` (not all of them). seconds: 0 for no end.
    """

    command: str
    names: tuple[str, ...]
    scope: str = "flow"
    seconds: int = 0

    @property
    def asks(self) -> bool:
        """Whether it is a question; the others are done when all else of the rule holds."""
        return self.command in {"isset", "isnotset"}

    def words(self) -> str:
        """As options write it."""
        names = "|".join(self.names)
        if self.scope == "flow":
            return f"flowbits:{self.command},{names}"
        expire = f",expire {self.seconds}" if self.seconds else ""
        return f"xbits:{self.command},{names},track {self.scope}{expire}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A number that rules keep of a conversation. operator: `=`, `+`, `-` change it; comparisons and `isset` ask."""

    name: str
    operator: str
    value: int | str = 0

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return self.operator not in {"=", "+", "-"}

    def words(self) -> str:
        """As options write it."""
        value = "" if self.operator in {"isset", "notset", "isnotset"} else f",{self.value}"
        return f"flowint:{self.name},{self.operator}{value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSize:
    """Octets of the conversation so far. side: `server`, `client`, `both` or `either`."""

    side: str
    bound: Bound

    def words(self) -> str:
        """As options write it."""
        bound = self.bound.words()
        operator = "" if bound[0] in "<>" else "="
        operator = "!=" if bound[0] == "!" else operator
        bound = bound.lstrip("!")
        sign = operator or bound.rstrip("0123456789")
        return f"stream_size:{self.side},{sign},{bound.lstrip('<>=')}"


@dataclass(frozen=True, slots=True)
class Speaks:
    """app-layer-protocol: what the conversation speaks."""

    application: str
    negated: bool = False

    def words(self) -> str:
        """As options write it."""
        return f"app-layer-protocol:{'!' * self.negated}{self.application}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A named value of the transaction is one of these, or within these bounds. text: as the rule writes it."""

    word: str
    text: str
    asked: tuple[tuple[str, Bound | tuple[str, ...]], ...]
    negated: bool = False

    def words(self) -> str:
        """As options write it."""
        return f"{self.word}:{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often a rule must hit before it speaks, or may speak.

    kind: `limit`, `threshold`, `both`, or `detection_filter` (speaks from the hit after count on).
    track: `by_src`, `by_dst`, `by_both`, `by_rule` or `by_flow`.
    """

    kind: str
    track: str
    count: int
    seconds: int

    def words(self) -> str:
        """As options write it."""
        rest = f"track {self.track},count {self.count},seconds {self.seconds}"
        return (
            f"detection_filter:{rest}"
            if self.kind == "detection_filter"
            else f"threshold:type {self.kind},{rest}"
        )


Check = Field | Flags | FragBits | IpOption | SameAddress | Flow | Bits | Counter | StreamSize | Speaks | Fact
