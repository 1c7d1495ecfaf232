"""The zone map of an analysis: what was seen, held against the site file's policy and drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.pipeline.zone_run import finder
from interlock.segment.check.traffic import Traffic
from interlock.segment.check.verdicts import outcome_of
from interlock.segment.draw.scene import scene_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from interlock.records.asset import Asset
    from interlock.segment.draw.scene import Scene
    from interlock.segment.model.policy import Policy

__all__ = ["ZonePicture"]


class ZonePicture:
    """Feed it operations and flows, then `scene`. judged: whether what was seen is held against the policy.

    Without conduits, or with mistakes in them, zones alone are drawn: nothing is told to be denied by half a policy.
    """

    def __init__(
        self, build: Callable[[Callable[[str, str], Asset | None]], Policy], realm: str, *, judged: bool
    ) -> None:
        """build: makes the policy, given what finds the machine at (realm, address)."""
        self._build, self._realm = build, realm
        self._traffic = Traffic() if judged else None

    def feed(self, table: str, batch: pa.RecordBatch) -> None:
        """Take a batch; tables that are not read are passed over."""
        if self._traffic is not None:
            self._traffic.feed(table, batch)

    def scene(self, assets: Sequence[Asset]) -> Scene:
        """Draw what is known at the end."""
        policy = self._build(finder(assets))
        if self._traffic is None:
            return scene_of(policy, self._realm, assets)
        self._traffic.finish()
        return scene_of(policy, self._realm, assets, outcome_of(policy, self._traffic).violations)
