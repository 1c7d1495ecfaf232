"""The text of a firewall read back: what it says to the first packet of a conversation.

A table is a list of matches, the first that fits decides, and nothing else passes. Parsers (`nft_reading`,
`ios_reading`) make one of what a target wrote, and refuse what they do not know: nothing that could allow something is
skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.segment.export.spans import holds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.segment.export.spans import Spans

__all__ = ["Match", "Opening", "allows", "edges"]

_LAST: Final = 0xFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first packet of a conversation. transport: as conduits write it. target_port: the type, for ICMP."""

    version: int
    transport: str
    source: int
    target: int
    source_port: int = 0
    target_port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One line. None means any. many_source, many_target: whether the address must end in .255 (IPv4)."""

    passes: bool
    version: int | None = None
    transport: str | None = None
    source: Spans | None = None
    target: Spans | None = None
    source_port: Spans | None = None
    target_port: Spans | None = None
    many_source: bool = False
    many_target: bool = False

    def fits(self, packet: Opening) -> bool:
        """Whether it is about this packet."""
        if self.version not in {None, packet.version} or self.transport not in {None, packet.transport}:
            return False
        if self.many_source and packet.source & _LAST != _LAST:
            return False
        if self.many_target and packet.target & _LAST != _LAST:
            return False
        return all(
            spans is None or holds(spans, number)
            for spans, number in (
                (self.source, packet.source),
                (self.target, packet.target),
                (self.source_port, packet.source_port),
                (self.target_port, packet.target_port),
            )
        )


def allows(table: Iterable[Match], packet: Opening) -> bool:
    """What the first line that fits says; denied where none does."""
    return next((match.passes for match in table if match.fits(packet)), False)


def edges(spans: Iterable[Spans | None]) -> set[int]:
    """Numbers at which something begins or ends: between two of them a table never changes its mind."""
    found = set()
    for each in spans:
        for low, high in each or ():
            found |= {low, high + 1}
    return found
