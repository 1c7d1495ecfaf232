"""Why something is proposed: a sentence, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Decision"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """about: the zone or conduit. confidence: 0 to 1."""

    about: str
    sentence: str
    confidence: float
