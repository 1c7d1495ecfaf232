"""Where a zone map puts everything: a band for each Purdue level, boxes in rows, zones within zones, arrows between.

Boxes are ordered by the mean place of those that they have arrows with (barycentre method). An arrow's badge stands
where it covers no box and no other badge. All lengths are user units; the same scene gives the same picture.
Source: Sugiyama, Tagawa and Toda, 1981, step 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.segment.draw.scene import Arrow, Box, Scene

__all__ = ["LEVELS", "Band", "Drawn", "Place", "Route", "draw"]

LEVELS: Final = ("outside", "5", "4", "3.5", "3", "2", "1", "0", None)
WIDTH: Final = 236
TITLE: Final = 42
LINE: Final = 16
_PADDING: Final = 14
_GAP: Final = 44
_ROW_GAP: Final = 96
_INNER_GAP: Final = 26
_CHILDREN: Final = 26
"""Between the lines of a box and the boxes within it."""
_TOP: Final = 40
_LEFT: Final = 24
_MOST_WIDE: Final = 1_380
_SWEEPS: Final = 6
_BADGE_HEIGHT: Final = 20
_TRIED: Final = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8, 0.14, 0.86)
_COLUMNS: Final = 3


@dataclass(slots=True, kw_only=True)
class Place:
    """A box and where it stands. lines: of text below its title. children: boxes within."""

    box: Box
    lines: int
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    children: list[Place] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """Its middle from left to right."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Band:
    """A level's stripe."""

    level: str | None
    y: float
    height: float


@dataclass(slots=True, kw_only=True)
class Route:
    """An arrow's curve as four points, and the middle of its badge."""

    arrow: Arrow
    points: tuple[tuple[float, float], ...]
    badge: tuple[float, float] = (0.0, 0.0)
    badge_width: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A whole picture without its texts. places: parents before children."""

    width: float
    height: float
    bands: tuple[Band, ...]
    places: tuple[Place, ...]
    routes: tuple[Route, ...]


def draw(scene: Scene, lines_of: dict[str, int], badge_widths: Sequence[float]) -> Drawn:
    """Place boxes and arrows. lines_of: lines of text in each box; badge_widths: of the arrows, in their order."""
    places = {box.key: Place(box=box, lines=lines_of[box.key], width=WIDTH, height=0) for box in scene.boxes}
    roots: list[Place] = []
    for place in places.values():
        parent = places.get(place.box.parent or "")
        (roots if parent is None else parent.children).append(place)
    for place in roots:
        _size(place)
    rows = _settle(roots, scene.arrows)
    width = max([640.0, *(sum(p.width + _GAP for p in row) - _GAP + 2 * _LEFT for _, row in rows)])
    bands, height = _stack(rows, width)
    every = [found for root in roots for found in _down(root)]
    routes = _route(scene.arrows, places)
    _badges(routes, [*map(_words_of, every), *((0, b.y, 170, b.y + 26) for b in bands)], badge_widths, width)
    return Drawn(width=width, height=height, bands=tuple(bands), places=tuple(every), routes=tuple(routes))


def _size(place: Place) -> None:
    """Grow a box around what stands within it."""
    for child in place.children:
        _size(child)
    place.height = TITLE + place.lines * LINE + _PADDING
    if not place.children:
        return
    inner = 0.0
    rows = [place.children[at : at + _COLUMNS] for at in range(0, len(place.children), _COLUMNS)]
    for row in rows:
        inner = max(inner, sum(child.width for child in row) + _INNER_GAP * (len(row) - 1))
        place.height += max(child.height for child in row) + _INNER_GAP
    place.height -= _INNER_GAP - _CHILDREN
    place.width = max(place.width, inner + 2 * _PADDING)


def _settle(roots: list[Place], arrows: Iterable[Arrow]) -> list[tuple[str | None, list[Place]]]:
    """Rows from top to bottom with their level, each in an order that keeps neighbours near."""
    home = {found.box.key: root for root in roots for found in _down(root)}
    near: dict[str, list[Place]] = {}
    for arrow in arrows:
        if arrow.client in home and arrow.server in home:
            one, other = home[arrow.client], home[arrow.server]
            if one is not other:
                near.setdefault(one.box.key, []).append(other)
                near.setdefault(other.box.key, []).append(one)
    levels: dict[str | None, list[Place]] = {}
    for root in sorted(roots, key=_counted):
        levels.setdefault(root.box.level if root.box.level in LEVELS else None, []).append(root)
    order = [level for level in LEVELS if level in levels]
    for sweep in range(_SWEEPS):
        for level in order if sweep % 2 == 0 else reversed(order):
            means = {p.box.key: _mean(p, near.get(p.box.key, ())) for p in levels[level]}
            levels[level].sort(key=lambda place: (means[place.box.key], _counted(place)))
            _spread(levels[level])
    return [(level, row) for level in order for row in _wrapped(levels[level])]


def _counted(place: Place) -> str:
    """Its key, so that `cell 9` comes before `cell 10`."""
    return re.sub(r"\d+", lambda found: found[0].zfill(9), place.box.key)


def _mean(place: Place, near: Sequence[Place]) -> float:
    return sum(p.middle for p in near) / len(near) if near else place.middle


def _spread(row: list[Place]) -> None:
    """Give provisional places around the middle."""
    total = sum(place.width + _GAP for place in row)
    x = -total / 2
    for place in row:
        place.x, x = x, x + place.width + _GAP


def _wrapped(row: list[Place]) -> list[list[Place]]:
    """As many rows as the width needs, evenly filled."""
    total = sum(place.width + _GAP for place in row)
    many = max(1, -(-int(total) // _MOST_WIDE))
    share, found = total / many, [[]] if row else []  # type: ignore[var-annotated]
    used = 0.0
    for place in row:
        if found[-1] and used + (place.width + _GAP) / 2 > share * len(found) and len(found) < many:
            found.append([])
        found[-1].append(place)
        used += place.width + _GAP
    return found


def _stack(rows: list[tuple[str | None, list[Place]]], width: float) -> tuple[list[Band], float]:
    """Put rows below each other, each in the middle."""
    bands: list[Band] = []
    y = 0.0
    for number, (level, row) in enumerate(rows):
        begins = not bands or bands[-1].level != level
        top = y + (_TOP if begins else _ROW_GAP - _TOP)
        x = (width - sum(place.width + _GAP for place in row) + _GAP) / 2
        tall = max(place.height for place in row)
        for place in row:
            _put(place, x, top)
            x += place.width + _GAP
        last = number + 1 == len(rows)
        end = top + tall + (30 if last else _ROW_GAP - _TOP)
        if begins:
            bands.append(Band(level, y, end - y))
        else:
            bands[-1] = Band(level, bands[-1].y, end - bands[-1].y)
        y = end
    return bands, y


def _put(place: Place, x: float, y: float) -> None:
    place.x, place.y = x, y
    top = y + TITLE + place.lines * LINE + _CHILDREN
    for at in range(0, len(place.children), _COLUMNS):
        row = place.children[at : at + _COLUMNS]
        left = x + _PADDING
        for child in row:
            _put(child, left, top)
            left += child.width + _INNER_GAP
        top += max(child.height for child in row) + _INNER_GAP


def _down(place: Place) -> list[Place]:
    return [place, *(found for child in place.children for found in _down(child))]


def _route(arrows: Sequence[Arrow], places: dict[str, Place]) -> list[Route]:
    """Spread the ends of arrows over the sides that they leave from, in the order of where they go."""
    sides: dict[tuple[str, str], list[tuple[float, int, str]]] = {}
    for number, arrow in enumerate(arrows):
        one, other = places[arrow.client], places[arrow.server]
        if one is other:
            continue
        leave, arrive = _sides(one, other)
        sides.setdefault((arrow.client, leave), []).append((other.middle, number, "client"))
        sides.setdefault((arrow.server, arrive), []).append((one.middle, number, "server"))
    ports: dict[tuple[int, str], tuple[float, float, str]] = {}
    for (key, side), ends in sides.items():
        place = places[key]
        for rank, (_, number, end) in enumerate(sorted(ends)):
            along = 0.08 + 0.84 * (rank + 0.5) / len(ends)
            y = {"top": place.y, "bottom": place.y + place.height, "inner": place.y + TITLE - 6}[side]
            if side == "inner":  # beside its title
                along = 0.6 + 0.35 * along
            ports[number, end] = (place.x + place.width * along, y, side)
    return [
        Route(arrow=arrow, points=_loop(places[arrow.client]) if arrow.client == arrow.server
              else _curve(ports[number, "client"], ports[number, "server"]))
        for number, arrow in enumerate(arrows)
    ]  # fmt: skip


def _loop(place: Place) -> tuple[tuple[float, float], ...]:
    """From a box to itself: a bow at its right side."""
    x, y = place.x + place.width, place.y
    return (
        (x, y + place.height * 0.3),
        (x + 46, y + 8),
        (x + 46, y + place.height - 8),
        (x, y + place.height * 0.7),
    )


def _around(one: Place, other: Place) -> bool:
    """Whether a box lies within another."""
    return any(place is other for place in _down(one)) and one is not other


def _sides(one: Place, other: Place) -> tuple[str, str]:
    """Which sides an arrow leaves from and comes to: those that face each other, the tops within a row."""
    if _around(one, other):
        return "inner", "top"
    if _around(other, one):
        return "top", "inner"
    if one.y + one.height <= other.y:
        return "bottom", "top"
    if other.y + other.height <= one.y:
        return "top", "bottom"
    return "top", "top"


def _curve(
    leave: tuple[float, float, str], arrive: tuple[float, float, str]
) -> tuple[tuple[float, float], ...]:
    (x1, y1, side1), (x2, y2, side2) = leave, arrive
    if side1 == side2:
        lift = min(y1, y2) - 26 - min(30.0, abs(x2 - x1) / 16)
        return (x1, y1), (x1, lift), (x2, lift), (x2, y2)
    bend = min(abs(y2 - y1) * 0.5, 40.0) if "inner" in {side1, side2} else max(40.0, abs(y2 - y1) * 0.45)
    down = -1 if side1 == "top" else 1
    return (x1, y1), (x1, y1 + down * bend), (x2, y2 - down * bend), (x2, y2)


def at(points: tuple[tuple[float, float], ...], t: float) -> tuple[float, float]:
    """A point of a cubic curve."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x = sum(weight * point[0] for weight, point in zip(weights, points, strict=True))
    y = sum(weight * point[1] for weight, point in zip(weights, points, strict=True))
    return x, y


def _words_of(place: Place) -> tuple[float, float, float, float]:
    """Where a box's words stand: all of it, above boxes within it."""
    high = place.height if not place.children else TITLE + place.lines * LINE
    wide = place.width if not place.children else WIDTH
    return place.x - 4, place.y - 4, place.x + wide + 4, place.y + high + 4


def _badges(
    routes: list[Route], words: list[tuple[float, float, float, float]], widths: Sequence[float], width: float
) -> None:
    """Put each badge where it covers least."""
    taken = words
    for route, wide in zip(routes, widths, strict=True):
        found = []
        for rank, t in enumerate(_TRIED):
            x, y = at(route.points, t)
            x = min(max(x, wide / 2 + 4), width - wide / 2 - 4)
            mine = (x - wide / 2 - 3, y - _BADGE_HEIGHT / 2 - 2, x + wide / 2 + 3, y + _BADGE_HEIGHT / 2 + 2)
            found.append((sum(_overlap(mine, other) for other in taken), rank, (x, y), mine))
        _, _, route.badge, mine = min(found)
        route.badge_width = wide
        taken.append(mine)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return wide * high if wide > 0 and high > 0 else 0.0
