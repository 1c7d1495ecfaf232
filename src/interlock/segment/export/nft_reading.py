"""The nftables text of ours, read back. It knows the words that `nftables` writes and refuses every other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.errors import PolicyError
from interlock.segment.export.matches import Match
from interlock.segment.export.nftables import BETWEEN, MARK, TABLE
from interlock.segment.export.spans import normal, read_ports, read_ranges, without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.segment.export.spans import Spans

__all__ = ["read_nftables"]

_WORDS: Final = re.compile(r'"[^"]*"|[{}]|[^\s{},"]+')
_PROTOCOLS: Final = {"icmp": "icmp", "ipv6-icmp": "icmp6", "tcp": "tcp", "udp": "udp", "gre": "ip/47"}
_ALL: Final = 1 << 128
_STATEFUL: Final = (
    "ct state established,related accept",
    "ct state invalid drop",
    "type filter hook forward priority filter; policy drop;",
    "type filter hook forward priority filter + 10; policy accept;",
    f"meta mark set meta mark | {MARK}",
    *BETWEEN,
)
"""Lines that say nothing of a first packet that a router would pass on, or what holds where no line fits."""


def read_nftables(text: str, *, file: str = "ruleset") -> tuple[Match, ...]:
    """Read table inet of a ruleset. file: what errors call it. Raises PolicyError with the line."""
    matches: list[Match] = []
    sets: dict[str, list[str]] = {}
    place: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        if not line:
            continue
        try:
            _line(line, place, sets, matches)
        except (ValueError, IndexError, KeyError) as error:
            raise PolicyError(
                f"{file}, line {number}: {line[:80]!r} is none of what was written there"
            ) from error
    return tuple(matches)


def _line(line: str, place: list[str], sets: dict[str, list[str]], matches: list[Match]) -> None:
    """Take one line; place: the blocks that are open, outermost first."""
    words = _WORDS.findall(line)
    if not place and line in {f"{v}table {f} {TABLE}" for v in ("", "delete ") for f in ("inet", "bridge")}:
        return
    if words[-1] == "{":
        if words[0] not in {"table", "set", "chain", "elements"}:
            raise ValueError(line)
        place.append(" ".join(words[:-1]))
    elif line == "}":
        place.pop()
    elif place[0] == f"table bridge {TABLE}":
        return
    elif place[0] != f"table inet {TABLE}":
        raise ValueError(line)
    elif place[-1] == "elements =":
        sets.setdefault(place[-2].removeprefix("set "), []).extend(words)
    elif place[-1].startswith("set "):
        if words[0] not in {"type", "flags"}:
            raise ValueError(line)
    elif place[-1] not in {"chain forward", "chain handed_on"}:
        raise ValueError(line)
    elif line not in _STATEFUL:
        if place[-1] != "chain forward":
            raise ValueError(line)
        matches += _rule(words, sets)


def _rule(words: list[str], sets: dict[str, list[str]]) -> Iterator[Match]:
    said: dict[str, object] = {}
    verdict: bool | None = None
    at = 0
    while at < len(words):
        word, then = words[at], words[at + 1 : at + 2]
        if word == "counter":
            at += 1
        elif word == "comment":
            at += 2
        elif word in {"accept", "drop"}:
            verdict = word == "accept"
            at += 1
        elif [word, *then] == ["meta", "time"]:  # "<" and an instant
            at += 4
        elif [word, *then] == ["meta", "l4proto"]:
            name = words[at + 2]
            said["transport"] = _PROTOCOLS[name] if name in _PROTOCOLS else f"ip/{int(name)}"
            at += 3
        elif word in {"tcp", "udp"} and then == ["dport"]:
            several, at = _several(words, at + 2)
            said |= {"transport": word, "target_port": read_ports(several)}
        else:
            at = _address(words, at, sets, said)
    if verdict is not None:
        yield Match(passes=verdict, **said)  # type: ignore[arg-type]
    elif said:
        raise ValueError(words)


def _several(words: list[str], at: int) -> tuple[list[str], int]:
    """One word, or those in braces; and where it goes on."""
    if words[at] != "{":
        return [words[at]], at + 1
    end = words.index("}", at)
    return words[at + 1 : end], end + 1


def _address(words: list[str], at: int, sets: dict[str, list[str]], said: dict[str, object]) -> int:
    family, side = words[at], {"saddr": "source", "daddr": "target"}[words[at + 1]]
    said["version"] = {"ip": 4, "ip6": 6}[family]
    if words[at + 2] == "&":
        if words[at + 3 : at + 6] != ["0.0.0.255", "==", "0.0.0.255"]:
            raise ValueError(words)
        said[f"many_{side}"] = True
        return at + 6
    if words[at + 2] == "!=":
        said[side] = without(((0, _ALL),), read_ranges([words[at + 3]]))
        return at + 4
    several, end = _several(words, at + 2)
    spans: Spans = normal(
        span for text in several for span in read_ranges(sets[text[1:]] if text[:1] == "@" else [text])
    )
    said[side] = spans
    return end
