"""Files beside rules, drawn at random: a set, and limits of how often rules speak."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random  # noqa: TID251 (a seed is given)

    from beside.drawn.samples import Side

__all__ = ["LIMITS", "SET", "limits", "members"]

SET: Final = "drawn.lst"
LIMITS: Final = "threshold.conf"
"""Names of both."""


def members(draw: Random, sides: Sequence[Side]) -> list[str]:
    """Lines of SET: some buffers' octets, as a set of strings has them."""
    held = [octets for side in sides for some in side.buffers.values() for octets in some if octets]
    return [base64.b64encode(octets).decode() for octets in draw.sample(held, min(len(held), 40))]


def limits(draw: Random, sids: Sequence[int], addresses: Sequence[str]) -> list[str]:
    """Lines of threshold.config, each about one rule, or about all."""
    said = []
    for sid in draw.sample(list(sids), min(len(sids), 30)):
        track = draw.choice(("by_src", "by_dst", "by_both", "by_rule"))
        if draw.random() < 0.5:
            ends = draw.sample(list(addresses), min(len(addresses), 2))
            where = draw.choice(
                (ends[0], f"[{','.join(ends)}]", "10.8.0.0/16", "!10.8.0.3", "[10.0.0.0/8,!10.8.0.0/28]")
            )
            tracked = f", track {draw.choice(('by_src', 'by_dst', 'by_either'))}, ip {where}"
            said.append(f"suppress gen_id 1, sig_id {sid}{tracked if draw.random() < 0.8 else ''}")
        else:
            kind, word = (
                draw.choice(("limit", "threshold", "both")),
                draw.choice(("threshold", "event_filter")),
            )
            said.append(
                f"{word} gen_id 1, sig_id {sid}, type {kind}, track {track}, count {draw.randint(1, 3)}, seconds 60"
            )
    return said
