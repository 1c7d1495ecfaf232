"""A rule's head: who talks to whom. Terms are kept as they are written; variables get their meaning later.

    term    = [ "!" ] ( "any" | "$NAME" | one | "[" term { "," term } "]" )
    one     = address | address/prefix | address-address      or      port | from: | :to | from:to

Source: Suricata user guide, "Rules Format", sections "Source and destination" and "Ports".
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.protocols import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Header", "Term", "address_range", "port_range", "read_header", "read_term"]

_MOST_DEPTH: Final = 16
_MOST_PARTS: Final = 10_000
_VARIABLE: Final = re.compile(r"\$\w+")
_PORTS: Final = re.compile(r"(\d{0,5})(?:(:)(\d{0,5}))?")
_DIRECTIONS: Final = ("->", "<>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """leaf: `any`, `$NAME`, an address or ports; empty where parts has the terms of a list."""

    negated: bool = False
    leaf: str = ""
    parts: tuple[Term, ...] = ()

    def words(self) -> str:
        """As rules write it."""
        inside = self.leaf or f"[{','.join(part.words() for part in self.parts)}]"
        return f"{'!' if self.negated else ''}{inside}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """both: the rule holds in either direction (`<>`)."""

    protocol: str
    sources: Term
    source_ports: Term
    both: bool
    targets: Term
    target_ports: Term

    def words(self) -> str:
        """As rules write it, without the action."""
        ends = (self.sources, self.source_ports), (self.targets, self.target_ports)
        left, right = (f"{addresses.words()} {ports.words()}" for addresses, ports in ends)
        return f"{self.protocol} {left} {'<>' if self.both else '->'} {right}"


def read_header(head: str) -> tuple[str, Header]:
    """The action, and the rest of a head. Raises RuleError."""
    words = list(_words(head))
    if len(words) != 7:
        raise RuleError("header", "a head is: action protocol sources ports -> targets ports")
    action, protocol, sources, source_ports, direction, targets, target_ports = words
    if direction not in _DIRECTIONS:
        raise RuleError("header", f"{direction!r} is no direction; one is -> or <>")
    if protocol.lower() not in PROTOCOLS:
        raise RuleError("header", f"the protocol {protocol!r} is not known here")
    return action.lower(), Header(
        protocol=protocol.lower(),
        sources=read_term(sources, ports=False),
        source_ports=read_term(source_ports, ports=True),
        both=direction == "<>",
        targets=read_term(targets, ports=False),
        target_ports=read_term(target_ports, ports=True),
    )


def _words(head: str) -> Iterator[str]:
    """Words between blanks; those within square brackets stay together."""
    word, depth = "", 0
    for piece in head.split():
        word += piece
        depth += piece.count("[") - piece.count("]")
        if depth <= 0 and word != "!":
            yield word
            word, depth = "", 0
    if word:
        yield word


@lru_cache(maxsize=65_536)
def read_term(text: str, *, ports: bool) -> Term:
    """One side's addresses or ports. Raises RuleError."""
    term, rest = _term(text, ports=ports, depth=0)
    if rest:
        raise RuleError("header", f"{rest[:40]!r} stands behind {text[: len(text) - len(rest)][:40]!r}")
    return term


def _term(text: str, *, ports: bool, depth: int) -> tuple[Term, str]:
    negated = text.startswith("!")
    text = text[negated:]
    if depth > _MOST_DEPTH:
        raise RuleError("header", f"lists stand in lists more than {_MOST_DEPTH} deep")
    if not text.startswith("["):
        end = re.search(r"[,\]]", text)
        leaf, rest = (text[: end.start()], text[end.start() :]) if end else (text, "")
        return Term(negated=negated, leaf=_leaf(leaf, ports=ports)), rest
    parts: list[Term] = []
    text = text[1:]
    while True:
        part, text = _term(text, ports=ports, depth=depth + 1)
        parts.append(part)
        if len(parts) > _MOST_PARTS:
            raise RuleError("header", f"a list has more than {_MOST_PARTS} parts")
        if text.startswith("]"):
            return Term(negated=negated, parts=tuple(parts)), text[1:]
        if not text.startswith(","):
            raise RuleError("header", "a list is not closed by ]")
        text = text[1:]


def _leaf(leaf: str, *, ports: bool) -> str:
    if leaf.lower() == "any":
        return "any"
    if leaf.startswith("$"):
        if not _VARIABLE.fullmatch(leaf):
            raise RuleError("header", f"{leaf[:40]!r} is no variable")
        return leaf
    if ports:
        port_range(leaf)
    else:
        address_range(leaf)
    return leaf


def port_range(leaf: str) -> tuple[int, int]:
    """First and last port. Raises RuleError."""
    found = _PORTS.fullmatch(leaf)
    if not found or leaf in {"", ":"}:
        raise RuleError("header", f"{leaf[:40]!r} is no port and no range of ports")
    first = int(found.group(1) or 0)
    last = int(found.group(3) or 65_535) if found.group(2) else first
    if not 0 <= first <= last <= 65_535:
        raise RuleError("header", f"{leaf!r} is no range of ports: they go from 0 to 65535")
    return first, last


def address_range(leaf: str) -> tuple[int, int]:
    """First and last address as numbers: IPv4 from 0, IPv6 from 2 to the power of 32. Raises RuleError."""
    try:
        if "-" in leaf:
            first, last = (_number(text.strip()) for text in leaf.split("-", 1))
        else:
            network = ipaddress.ip_network(leaf, strict=False)
            first, last = _number(str(network.network_address)), _number(str(network.broadcast_address))
    except ValueError:
        raise RuleError("header", f"{leaf[:60]!r} is no address and no network") from None
    if first > last:
        raise RuleError("header", f"{leaf[:60]!r} is no range: the lower address stands first")
    return first, last


def _number(text: str) -> int:
    address = ipaddress.ip_address(text)
    return int(address) + (address.version == 6) * (1 << 32)
