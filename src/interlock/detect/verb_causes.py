"""The common body of detectors with one cause for each client, server and verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from interlock.detect.causes import CauseDetector
from interlock.detect.control import backwards

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key

__all__ = ["VerbCauses"]


class VerbCauses(CauseDetector):
    """Subclasses say which verbs they judge, and judge them, pending rows among the others.

    Keys: realm, client, server, verb; where a controller asks its client, the client counts as who began.
    noted: columns whose words a cause remembers, beside outcome and protocol.
    """

    early: ClassVar[bool] = True
    verbs: ClassVar[frozenset[str]]
    noted: ClassVar[tuple[str, ...]] = ("user", "unit", "object", "function_name")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *("source", "realm", "operation", "time", "frame", "response_frame", "client", "server"),
            *("flow", "client_port", "server_port"),
            *("protocol", "verb", "function_name", "user", "unit", "object", "outcome"),
        )
    }

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count the rows of the verbs, whomever they reach: what a machine is may be known later."""
        mask = batch.among("verb", self.verbs)
        if not mask.any():
            return
        hits = batch.take(mask)
        columns = ("source", "realm", "client", "server", "verb", "protocol", "outcome")
        groups = hits.groups(*columns, bins=backwards(hits), named="backwards")
        for group, (source, realm, client, server, verb, protocol, outcome, swapped) in groups:
            ends = (server, client) if swapped else (client, server)
            key = (realm or "", ends[0] or "", ends[1] or "", verb)
            for tally, rows in self.counting(key, outcome, hits, groups.rows(group)):
                tally.add_rows(source or "", hits, rows)
                tally.note("outcome", outcome or "unknown", len(rows))
                tally.note("protocol", protocol or "", len(rows))
                for column in self.noted:
                    tally.note_rows(column, hits, rows)
            yield key
