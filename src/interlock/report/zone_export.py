"""What `interlock zone export --json` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.segment.export.target import Written

__all__ = ["export_document"]


def export_document(written: Written, target: str, realm: str, *, refused: bool = False) -> dict[str, Any]:
    """Return the document `interlock/zone-export/1`; its schema ships as `zone-export.schema.json`.

    refused: the text is withheld, because it would let pass more than the policy.
    """
    return {
        "schema": "interlock/zone-export/1",
        "target": target,
        "realm": realm,
        "text": None if refused else written.text,
        "lacks": [
            {"conduit": lack.conduit, "what": lack.what, "effect": lack.effect, "sentence": lack.sentence}
            for lack in written.lacks
        ],
    }
