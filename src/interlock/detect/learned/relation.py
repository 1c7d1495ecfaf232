"""A relation as it was learned: who asks whom in which protocol, for what, and how settled that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.detect.learned.chances import Expectation

__all__ = ["Relation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """objects: how many are known. once: words met in one minute only, from which `expectation` follows.

    first, last: minutes since 1970. judged: the minute since which a sensor that learns by itself judges it, 0 where
    it does not yet, or people said what is normal.
    """

    realm: str
    client: str
    server: str
    protocol: str
    verbs: tuple[str, ...]
    functions: tuple[str, ...]
    users: tuple[str, ...]
    objects: int
    once: int
    first: int
    last: int
    expectation: Expectation
    judged: int = 0
