"""The blast radius of a zone: what lies open outside of it once any of its machines is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from interlock.segment.reach.ways import Reached, Ways

__all__ = ["ZoneRadius", "zone_radii"]


class ZoneRadius(NamedTuple):
    """machines: of the zone. before: all others, as in a flat network; taken, touched: of these."""

    zone: str
    machines: int
    before: int
    taken: int
    touched: int


def zone_radii(
    ways: Ways, reached: Sequence[Reached], starts: Collection[int], every: int
) -> tuple[ZoneRadius, ...]:
    """One for each zone that kinds `starts` are of, by its name. every: how many machines there are."""
    radii = []
    for zone in sorted({ways.kinds[number].zone for number in starts}):
        own = frozenset(number for number, kind in enumerate(ways.kinds) if kind.zone == zone)
        taken = frozenset[int]().union(*(reached[number].taken for number in own)) - own
        touched = frozenset[int]().union(*(reached[number].touched for number in own)) - own - taken
        counts = [sum(len(ways.kinds[n].machines) for n in kinds) for kinds in (own, taken, touched)]
        radii.append(ZoneRadius(zone, counts[0], every - counts[0], counts[1], counts[2]))
    return tuple(radii)
