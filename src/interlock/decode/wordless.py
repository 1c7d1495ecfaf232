"""Conversations in which nobody said a word, and nobody will: known long before they are over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_WORDLESS", "UNANSWERED_NS", "wordless"]

UNANSWERED_NS = 3_000_000_000
"""After so long nobody answers any more (TCP asks again after one second, RFC 6298, 2.1)."""
MOST_WORDLESS = 16_384
_TCP, _UDP = 6, 17
_OPENED, _OVER = 1, (3, 4, 6)
"""States of Flows.tcp (emit._TCP_STATES): opened; closed, reset, refused."""


def wordless(flows: Mapping[str, Any], since: int, now: int) -> Any:
    """Slots of conversations that became wordless after `since` until `now` (UTC ns), the newest MOST_WORDLESS of them.

    TCP that was refused or ended without an octet; TCP and UDP of which UNANSWERED_NS after its first frame only one
    side is there. flows: columns of Flows.
    """
    f, tcp = flows, flows["transport"] == _TCP
    silent, waited = (f["payload"] == 0).all(axis=1), f["first"] + UNANSWERED_NS
    ended = tcp & silent & np.isin(f["tcp"], _OVER) & (f["last"] > since)
    asking = (tcp & silent & (f["tcp"] == _OPENED)) | (f["transport"] == _UDP)
    alone = asking & (f["packets"] == 0).any(axis=1) & (waited > since) & (waited <= now)
    slots = np.flatnonzero((f["alive"] == 1) & (ended | alone))
    return slots if len(slots) <= MOST_WORDLESS else slots[np.argsort(f["last"][slots])[-MOST_WORDLESS:]]
