"""The access lists of ours, read back. It knows the words that `cisco_ios` writes and refuses every other."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from interlock.errors import PolicyError
from interlock.segment.export.matches import Match

if TYPE_CHECKING:
    from interlock.segment.export.spans import Spans

__all__ = ["read_cisco_ios"]

_TYPES: Final[dict[int, dict[str, int]]] = {
    0: {},  # before any list begins
    4: {"unreachable": 3, "time-exceeded": 11, "echo-reply": 0},
    6: {
        "unreachable": 1,
        "packet-too-big": 2,
        "time-exceeded": 3,
        "nd-na": 136,
        "nd-ns": 135,
        "echo-reply": 129,
    },
}
_PREFACES: Final = ("time-range ", " absolute end ", " remark ", "!")


def read_cisco_ios(text: str, *, file: str = "configuration") -> tuple[Match, ...]:
    """Read the lists as what they say to openings. file: what errors call it. Raises PolicyError with the line."""
    matches: list[Match] = []
    version = 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(_PREFACES) or line in {"", "end"}:
            continue
        if line.startswith(("ip access-list extended ", "ipv6 access-list ")):
            version = 4 if line.startswith("ip ") else 6
            continue
        try:
            matches += _entry(line.split(), version)
        except (ValueError, IndexError, KeyError) as error:
            raise PolicyError(
                f"{file}, line {number}: {line[:80]!r} is none of what was written there"
            ) from error
    return tuple(matches)


def _entry(words: list[str], version: int) -> list[Match]:
    """One entry; none where it is about what goes on, not about what begins."""
    passes, transport, at = {"permit": True, "deny": False}[words[0]], _transport(words[1], version), 2
    source, many_source, at = _side(words, at, version)
    source_port, at = _ports(words, at)
    target, many_target, at = _side(words, at, version)
    target_port, at = _ports(words, at)
    rest = words[at:]
    if rest[:1] == ["established"]:
        rest = rest[1:]
        if transport != "tcp":
            raise ValueError(words)
        passes_on = True
    else:
        passes_on = False
    if rest and rest[0] in _TYPES[version] and transport in {"icmp", "icmp6"}:
        kind = _TYPES[version][rest.pop(0)]
        target_port = ((kind, kind),)
    if rest[:1] == ["time-range"]:
        rest = rest[2:]
    if rest not in ([], ["log"]):
        raise ValueError(words)
    if passes_on:
        return []
    return [
        Match(
            passes=passes,
            version=version,
            transport=transport,
            source=source,
            target=target,
            source_port=source_port,
            target_port=target_port,
            many_source=many_source,
            many_target=many_target,
        )
    ]


def _transport(word: str, version: int) -> str | None:
    if word == {4: "ip", 6: "ipv6"}[version]:
        return None
    if word in {"tcp", "udp"}:
        return word
    if word == "icmp":
        return "icmp" if version == 4 else "icmp6"
    return f"ip/{int(word)}"


def _side(words: list[str], at: int, version: int) -> tuple[Spans | None, bool, int]:
    """Addresses, whether they end in .255, and where it goes on."""
    if words[at] == "any":
        return None, False, at + 1
    if words[at] == "host":
        number = int(ipaddress.ip_address(words[at + 1]))
        return ((number, number),), False, at + 2
    if version == 6:
        network = ipaddress.IPv6Network(words[at])
        return ((int(network[0]), int(network[-1])),), False, at + 1
    if words[at : at + 2] == ["0.0.0.255", "255.255.255.0"]:
        return None, True, at + 2
    first, wild = (int(ipaddress.IPv4Address(word)) for word in words[at : at + 2])
    if wild & (wild + 1) or first & wild:
        raise ValueError(words)
    return ((first, first + wild),), False, at + 2


def _ports(words: list[str], at: int) -> tuple[Spans | None, int]:
    if words[at : at + 1] == ["eq"]:
        port = int(words[at + 1])
        return ((port, port),), at + 2
    if words[at : at + 1] == ["range"]:
        return ((int(words[at + 1]), int(words[at + 2])),), at + 3
    return None, at
