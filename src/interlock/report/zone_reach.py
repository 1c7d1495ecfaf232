"""What `interlock zone reach` says: as a JSON document and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from interlock.records.counting import counted
from interlock.segment.reach.zone_radius import zone_radii

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from interlock.segment.reach.cuts import Cut
    from interlock.segment.reach.machines import Machine
    from interlock.segment.reach.observed import Contacts, Radius
    from interlock.segment.reach.ways import Hop, Reached, Step, Ways

__all__ = ["cut_sentence", "reach_document", "reach_lines"]

_SHOWN: Final = 40


class PreciousLike(Protocol):
    """See bootstrap.zone_reaching.Precious."""

    @property
    def name(self) -> str: ...
    @property
    def takers(self) -> int: ...
    @property
    def touchers(self) -> int: ...
    @property
    def chokes(self) -> tuple[Step, ...]: ...
    @property
    def cuts(self) -> tuple[Cut, ...]: ...


class PictureLike(Protocol):
    """See bootstrap.zone_reaching.Picture."""

    @property
    def realm(self) -> str: ...
    @property
    def ways(self) -> Ways: ...
    @property
    def reached(self) -> tuple[Reached, ...]: ...
    @property
    def machines(self) -> tuple[Machine, ...]: ...
    @property
    def nowhere(self) -> tuple[Machine, ...]: ...
    @property
    def precious(self) -> Sequence[PreciousLike]: ...
    @property
    def seen(self) -> Contacts | None: ...


def reach_document(
    picture: PictureLike, starts: Collection[int], ends: Collection[int] | None
) -> dict[str, Any]:
    """Return the document `interlock/zone-reach/1`; its schema ships as `zone-reach.schema.json`."""
    flat = len(picture.machines) - 1
    return {
        "schema": "interlock/zone-reach/1",
        "realm": picture.realm,
        "machines": len(picture.machines),
        "in_no_zone": [machine.name for machine in picture.nowhere],
        "radius": [_radius(picture, picture.reached[number], flat) for number in sorted(starts)],
        "zones": [
            each._asdict()
            for each in zone_radii(picture.ways, picture.reached, starts, len(picture.machines))
        ],
        "ways": [_way(picture, start, end) for start, end in _pairs(picture, starts, ends)],
        "precious": [
            {
                "name": each.name,
                "takers": each.takers,
                "touchers": each.touchers,
                "choke_points": [_named(step) for step in each.chokes],
                "cut": [
                    {**_named(cut.step), "saved": cut.saved, "sentence": cut_sentence(cut, each.name)}
                    for cut in each.cuts
                ],
            }
            for each in picture.precious
        ],
    }


def _radius(picture: PictureLike, reached: Reached, flat: int) -> dict[str, Any]:
    kind = picture.ways.kinds[reached.start]
    return {
        "zone": kind.zone,
        "machines": [machine.name for machine in kind.machines],
        "before": flat,
        "taken": picture.ways.machines(reached.taken, reached),
        "touched": picture.ways.machines(reached.touched, reached),
        "observed": [
            {"machine": machine.name, **radius._asdict()}
            for machine, radius in _observed(picture, kind.machines)
        ],
    }


def _observed(picture: PictureLike, machines: Sequence[Machine]) -> list[tuple[Machine, Radius]]:
    return [] if picture.seen is None else [(each, picture.seen.radius(each)) for each in machines]


def _named(step: Step) -> dict[str, Any]:
    return {"by": step.by, "inside": step.inside, "words": list(step.words)}


def _pairs(
    picture: PictureLike, starts: Collection[int], ends: Collection[int] | None
) -> Iterator[tuple[int, int]]:
    for start in sorted(starts):
        reached = picture.reached[start]
        for end in sorted(reached.taken | reached.touched) if ends is None else sorted(ends):
            if end != start and (end in reached.taken or end in reached.touched):
                yield start, end


def _way(picture: PictureLike, start: int, end: int) -> dict[str, Any]:
    reached, kinds = picture.reached[start], picture.ways.kinds
    return {
        "from": [machine.name for machine in kinds[start].machines],
        "to": [machine.name for machine in kinds[end].machines],
        "to_zone": kinds[end].zone,
        "taken": end in reached.taken,
        "hops": [
            {**_named(hop.step), "to": kinds[hop.target].machines[0].name, "zone": kinds[hop.target].zone}
            for hop in reached.path(end)
        ],
    }


def reach_lines(picture: PictureLike, starts: Collection[int], ends: Collection[int] | None) -> Iterator[str]:
    """The same as lines of text."""
    ways, flat = picture.ways, len(picture.machines) - 1
    for number in sorted(starts, key=lambda n: -ways.machines(picture.reached[n].taken, picture.reached[n]))[
        :_SHOWN
    ]:
        reached, kind = picture.reached[number], ways.kinds[number]
        taken, touched = (ways.machines(kinds, reached) for kinds in (reached.taken, reached.touched))
        yield (
            f"{_several(kind.machines)} ({kind.zone}): could take {taken} and touch {touched} more machines;"
            f" in a flat network all {flat}{_seen_to(picture, kind.machines)}"
        )
    for zone in zone_radii(ways, picture.reached, starts, len(picture.machines)):
        yield (
            f"zone {zone.zone}, of {zone.machines}: who has any of them could take {zone.taken} and touch"
            f" {counted(zone.touched, 'machine')} of other zones; in a flat network all {zone.before}"
        )
    pairs = list(_pairs(picture, starts, ends))
    shown = pairs if ends is not None or len(starts) < len(ways.kinds) else []
    for start, end in shown[:_SHOWN]:
        reached = picture.reached[start]
        word = "is taken" if end in reached.taken else "is touched"
        path = ", then ".join(_leg(ways, hop) for hop in reached.path(end))
        yield f"{_several(ways.kinds[end].machines)} ({ways.kinds[end].zone}) {word}: {path}"
    if len(shown) > _SHOWN or len(starts) > _SHOWN:
        yield "and more; --json lists all of them"
    if ends is not None and not pairs:
        yield "no way leads there"
    for each in picture.precious:
        yield f"{each.name}: {each.takers} machines could take it, {each.touchers} more could touch it"
        if each.chokes:
            yield f"  every way passes {', '.join(_step(step) for step in each.chokes)}"
        yield from (f"  {cut_sentence(cut, each.name)}" for cut in each.cuts)
    if picture.nowhere:
        yield f"in no zone, so reached by nothing that the policy allows: {_several(picture.nowhere)}"


def _seen_to(picture: PictureLike, machines: Sequence[Machine]) -> str:
    """What of it was seen: of several machines the most that one of them did."""
    every = [radius for _, radius in _observed(picture, machines)]
    if not every:
        return ""
    asked, taken, touched = (max(numbers) for numbers in zip(*every, strict=True))
    most = "at most " if len(every) > 1 else ""
    return f"; seen to ask {most}{asked}, and through these to take {most}{taken} and touch {most}{touched}"


def _several(machines: Sequence[Machine]) -> str:
    names = [machine.name for machine in machines[:3]]
    return ", ".join(names) + (f" and {len(machines) - 3} more" if len(machines) > 3 else "")


def _step(step: Step) -> str:
    return f"the inside of {step.by}" if step.inside else f"conduit {step.by}"


def _leg(ways: Ways, hop: Hop) -> str:
    words = f" ({', '.join(hop.step.words)})" if hop.step.words and not hop.step.inside else ""
    return f"through {_step(hop.step)}{words} to {_several(ways.kinds[hop.target].machines)}"


def cut_sentence(cut: Cut, target: str) -> str:
    """What to change, and what that is worth."""
    alone = (
        f"{cut.saved} machines then no longer come to {target}"
        if cut.saved
        else f"worth nothing alone: other ways lead to {target} until the whole cut is made"
    )
    if cut.step.inside:
        return f'cut: zone {cut.step.by}: say inside = "conduits" and name what its machines need; {alone}'
    return f"cut: conduit {cut.step.by}: take away {', '.join(cut.step.words)}, or narrow who may; {alone}"
