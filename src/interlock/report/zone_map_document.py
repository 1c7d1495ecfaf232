"""What `interlock zone draw --json` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.segment.draw.scene import Arrow, Box, Entry, Scene

__all__ = ["map_document"]


def map_document(scene: Scene) -> dict[str, Any]:
    """Return the document `interlock/zone-map/1`; its schema ships as `zone-map.schema.json`."""
    return {
        "schema": "interlock/zone-map/1",
        "site": scene.site,
        "realm": scene.realm,
        "differs": scene.differs,
        "judged": scene.judged,
        "zones": [_box(box) for box in scene.boxes],
        "arrows": [_arrow(arrow) for arrow in scene.arrows],
    }


def _box(box: Box) -> dict[str, Any]:
    return {
        "zone": box.key,
        "kind": box.kind,
        "level": box.level,
        "parent": box.parent,
        "zones": box.zones,
        "machines": box.machines,
        "inside": box.inside,
        "state": box.state,
        "within": [_entry(entry) for entry in box.within],
        "changes": [f"{state}: {text}" for state, text in box.changes],
    }


def _arrow(arrow: Arrow) -> dict[str, Any]:
    return {
        "from": arrow.client,
        "to": arrow.server,
        "denied": arrow.denied,
        "state": arrow.state,
        "entries": [_entry(entry) for entry in arrow.entries],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "title": entry.title, "text": entry.text, "verbs": list(entry.verbs), "count": entry.many, "note": entry.note,
        "state": entry.state,
    }  # fmt: skip
