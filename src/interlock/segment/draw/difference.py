"""Two maps as one: what only the second has is added, what only the first has is removed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from interlock.segment.draw.scene import ADDED, DENIED, REMOVED, SAME, Arrow, Scene

if TYPE_CHECKING:
    from interlock.segment.draw.scene import Box, Entry

__all__ = ["difference_of"]


def difference_of(before: Scene, after: Scene) -> Scene:
    """Lay one map over the other. Zones are the same by name, entries by conduit and what passes."""
    old, new = ({box.key: box for box in scene.boxes} for scene in (before, after))
    boxes = [
        _changed(old[key], new[key]) if key in old and key in new
        else replace(new[key], state=ADDED) if key in new else replace(old[key], state=REMOVED)
        for key in sorted({*old, *new})
    ]  # fmt: skip
    known = {box.key for box in boxes}
    boxes = [box if box.parent in known else replace(box, parent=None) for box in boxes]
    pairs = {
        (arrow.client, arrow.server, arrow.denied) for scene in (before, after) for arrow in scene.arrows
    }
    arrows = [
        Arrow(client=client, server=server, denied=denied, entries=_merged(
            _entries(before, client, server, denied=denied), _entries(after, client, server, denied=denied)))
        for client, server, denied in sorted(pairs)
    ]  # fmt: skip
    return Scene(
        site=after.site,
        realm=after.realm,
        boxes=tuple(boxes),
        arrows=tuple(arrows),
        differs=True,
        judged=before.judged and after.judged,
    )


def _entries(scene: Scene, client: str, server: str, *, denied: bool) -> tuple[Entry, ...]:
    found = (a.entries for a in scene.arrows if (a.client, a.server, a.denied) == (client, server, denied))
    return next(found, ())


def _merged(before: tuple[Entry, ...], after: tuple[Entry, ...]) -> tuple[Entry, ...]:
    old, new = ({entry.what: entry for entry in entries} for entries in (before, after))
    made = [
        new[what] if what in old and what in new
        else replace(new[what], state=ADDED) if what in new else replace(old[what], state=REMOVED)
        for what in sorted({*old, *new})
    ]  # fmt: skip
    return tuple(replace(entry, state=SAME) if entry.state == DENIED else entry for entry in made)


def _changed(old: Box, new: Box) -> Box:
    changes = []
    for word, one, other in (
        ("kind", old.kind, new.kind),
        ("level", old.level, new.level),
        ("inside", old.inside, new.inside),
        ("SL-T", old.sl_t, new.sl_t),
        ("owner", old.owner, new.owner),
        ("around it", old.parent, new.parent),
    ):
        if one != other:
            changes += [(REMOVED, f"{word}: {_said(one)}"), (ADDED, f"{word}: {_said(other)}")]
    if old.machines != new.machines:
        more = new.machines - old.machines
        changes.append(
            (ADDED if more > 0 else REMOVED, f"{abs(more):,} machine{'s' if abs(more) > 1 else ''}")
        )
    return replace(new, within=_merged(old.within, new.within), changes=tuple(changes))


def _said(value: object) -> str:
    return "none" if value is None else str(value)
