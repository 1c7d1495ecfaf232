"""In which order rules are held against one packet: what a rule sets, others may ask for in the same packet.

    `pass` before all others; then those that set marks of a conversation, those that set and ask, those that ask, and
    others; in each of these the same by numbers of a conversation, then by marks of machines; then by priority

Rules about packets and streams come before those about transactions that the packet completes.
Source: Suricata user guide, "Action-order", "Flow Keywords", `flowbits`; its order in src/detect-engine-sigorder.c,
version 7.0, and of packets and transactions in src/detect.c.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.checks import Bits, Counter

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.detect.signatures.language.model import Signature

__all__ = ["PASS", "Silenced", "passes", "turn_of"]

PASS: Final = "pass"  # noqa: S105 (an action of rules)
_SETS, _BOTH, _ASKS, _NEITHER = range(4)
_PLACES: Final = (4, 4, 4, 256)
"""How many values each part of a turn has, behind the first."""
_ALL: Final = 4 * 4 * 4 * 256
_MOST: Final = 65_536


class Silenced:
    """Conversations, or the last packets of them, of which a rule has said that nothing is to be said. Bounded."""

    def __init__(self) -> None:
        self._frames: OrderedDict[int, int] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._frames)

    def add(self, flow: int, frame: int, *, whole: bool) -> None:
        """Nothing more is said of a packet, or of a whole conversation; the oldest are forgotten first."""
        self._frames[flow] = -1 if whole or self._frames.get(flow) == -1 else frame
        if len(self._frames) > _MOST:
            self._frames.popitem(last=False)

    def holds(self, flow: int, frame: int) -> bool:
        """Whether nothing is to be said of a packet."""
        return self._frames.get(flow) in {-1, frame}


def turn_of(signature: Signature) -> int:
    """A number that is smaller the earlier it is a rule's turn."""
    flow = _kind(signature, lambda one: isinstance(one, Bits) and one.scope == "flow")
    counter = _kind(signature, lambda one: isinstance(one, Counter))
    machine = _kind(signature, lambda one: isinstance(one, Bits) and one.scope != "flow")
    turn = int(signature.action != PASS)
    for size, part in zip(_PLACES, (flow, counter, machine, min(signature.priority or 3, 255)), strict=True):
        turn = turn * size + part
    return turn


def passes(turn: int) -> bool:
    """Whether it is the turn of a rule that silences others."""
    return turn < _ALL


def _kind(signature: Signature, of: Callable[[object], bool]) -> int:
    asks, sets = any(map(of, signature.checks)), any(map(of, signature.effects))
    if sets:
        return _BOTH if asks else _SETS
    return _ASKS if asks else _NEITHER
