r"""Lists that say how often rules speak, and of whom they never do: Suricata's threshold.config.

    suppress   gen_id 1, sig_id 2002087 [, track by_src|by_dst|by_either, ip ADDRESSES]
    threshold  gen_id 1, sig_id 2002087, type limit|threshold|both, track ..., count N, seconds S     (or event_filter)

`\` at the end of a line goes on with the next one. sig_id 0 is every rule of a gid, gen_id 0 and sig_id 0 every rule.
Source: Suricata user guide, "Global-Thresholds".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.checks import Count
from interlock.detect.signatures.language.conversation import KINDS, TRACKS
from interlock.detect.signatures.language.header import read_term
from interlock.detect.signatures.language.numbers import read_natural
from interlock.detect.signatures.language.problems import RuleError
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.detect.signatures.language.spans import Spans
    from interlock.detect.signatures.language.variables import Variables

__all__ = ["Limits", "Suppress", "read_thresholds"]

_MOST_LINES: Final = 100_000
_SIDES: Final = ("by_src", "by_dst", "by_either")
_WORDS: Final = {
    "suppress": ("gen_id", "sig_id", "track", "ip"),
    "threshold": ("gen_id", "sig_id", "type", "track", "count", "seconds"),
    "event_filter": ("gen_id", "sig_id", "type", "track", "count", "seconds"),
}
Rule = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Suppress:
    """Of whom a rule never speaks. side: nothing where of nobody at all."""

    side: str = ""
    addresses: Spans | None = None

    def holds(self, source: int, target: int) -> bool:
        """Whether a rule is silent between these two."""
        if self.addresses is None:
            return True
        ends = {"by_src": (source,), "by_dst": (target,)}.get(self.side, (source, target))
        return any(end in self.addresses for end in ends)


@dataclass(slots=True)
class Limits:
    """By gid and sid, 0 for all of them. places: where each rule is named, for people."""

    silent: dict[Rule, list[Suppress]] = field(default_factory=dict)
    counts: dict[Rule, Count] = field(default_factory=dict)
    places: list[tuple[str, Rule]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.silent or self.counts)

    def suppressed(self, gid: int, sid: int, source: int, target: int) -> bool:
        """Whether a rule that hits between these two does not speak; what follows from a hit follows all the same."""
        found = (one for key in ((gid, sid), (gid, 0), (0, 0)) for one in self.silent.get(key, ()))
        return any(one.holds(source, target) for one in found)

    def counting(self, gid: int, sid: int, own: Count | None) -> Count | None:
        """How often a rule speaks: its own words hold against lists for all rules, not against one that names it."""
        named = self.counts.get((gid, sid))
        if named is not None or own is not None:
            return named or own
        return self.counts.get((gid, 0)) or self.counts.get((0, 0))


def read_thresholds(texts: Sequence[tuple[str, str]], variables: Variables) -> Limits:
    """texts: a file's name for people, and what it says. Raises ConfigError, which names file, line and what to do."""
    limits = Limits()
    for file, text in texts:
        for number, line in _lines(file, text):
            try:
                rule = _read(line, variables, limits)
            except RuleError as error:
                raise ConfigError(f"{file}:{number}:1: {error.keyword}: {error.reason}") from error
            limits.places.append((f"{file}:{number}", rule))
    return limits


def _lines(file: str, text: str) -> Iterator[tuple[int, str]]:
    begun, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if number > _MOST_LINES:
            raise ConfigError(
                f"{file}:{number}:1: has more than {_MOST_LINES} lines; name all rules by sig_id 0"
            )
        stripped = line.strip()
        if not begun and (not stripped or stripped.startswith("#")):
            continue
        first = first if begun else number
        begun += stripped.removesuffix("\\")
        if not stripped.endswith("\\"):
            yield first, begun
            begun = ""
    if begun:
        yield first, begun


def _read(line: str, variables: Variables, limits: Limits) -> Rule:
    kind, _, rest = line.partition(" ")
    if kind == "rate_filter":
        raise RuleError(kind, "changes what is done to packets, which nothing here does; take the line out")
    if kind not in _WORDS:
        raise RuleError(kind[:40], f"is none of {', '.join(_WORDS)}")
    said = dict(_parts(kind, rest))
    rule = read_natural(said.get("gen_id"), "gen_id"), read_natural(said.get("sig_id"), "sig_id")
    if kind == "suppress":
        limits.silent.setdefault(rule, []).append(_suppress(said, variables))
    else:
        limits.counts[rule] = _count(kind, said)
    return rule


def _parts(kind: str, rest: str) -> Iterator[tuple[str, str]]:
    """Words and what they say; commas within square brackets part nothing."""
    part, depth = "", 0
    for letter in (*rest, ","):
        depth += (letter == "[") - (letter == "]")
        if letter != "," or depth > 0:
            part += letter
            continue
        name, _, value = part.strip().partition(" ")
        if name not in _WORDS[kind]:
            raise RuleError(kind, f"{name[:40]!r} is none of {', '.join(_WORDS[kind])}")
        yield name, value.strip()
        part = ""


def _suppress(said: dict[str, str], variables: Variables) -> Suppress:
    if "track" not in said and "ip" not in said:
        return Suppress()
    if said.get("track") not in _SIDES or not said.get("ip"):
        raise RuleError("suppress", f"track is one of {', '.join(_SIDES)}, and ip says of whom")
    return Suppress(said["track"], variables.addresses(read_term(said["ip"].replace(" ", ""), ports=False)))


def _count(kind: str, said: dict[str, str]) -> Count:
    if said.get("type") not in KINDS or said.get("track") not in TRACKS:
        raise RuleError(kind, f"type is one of {', '.join(KINDS)}; track is one of {', '.join(TRACKS)}")
    count, seconds = (read_natural(said.get(name), name) for name in ("count", "seconds"))
    if not count or not seconds:
        raise RuleError(kind, "count and seconds are 1 or more")
    return Count(kind=said["type"], track=said["track"], count=count, seconds=seconds)
