"""In which order rules are held against one packet: what a rule sets, others may ask for in the same packet.

    `pass` before all others; then those that set marks of a conversation, those that set and ask, those that ask, and
    others; in each of these the same by numbers of a conversation; then by marks of machines those that ask, those that
    set alone, and others; then by priority

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
_OF_MACHINES: Final = {_BOTH: 0, _ASKS: 0, _SETS: 1, _NEITHER: 2}
"""Marks of machines are asked for before they are set."""
_PLACES: Final = (4, 4, 4, 256)
"""How many values each part of a turn has, behind the first."""
_ALL: Final = 4 * 4 * 4 * 256
_MOST: Final = 65_536


class Silenced:
    """Conversations, or the last packets of them, of which a rule has said that nothing is to be said. Bounded.

    at: (time, frame) of a packet. What came before a conversation was silenced may be judged after it (ADR 29): it is
    not silenced.
    """

    def __init__(self) -> None:
        self._since: OrderedDict[int, tuple[tuple[int, int], bool]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._since)

    def add(self, flow: int, at: tuple[int, int], *, whole: bool) -> None:
        """Nothing is said of a packet, or of a conversation from there on; the oldest are forgotten first."""
        since, silent = self._since.get(flow, (at, False))
        self._since[flow] = (
            (min(at, since), True) if silent and whole else (since if silent else at, silent or whole)
        )
        if len(self._since) > _MOST:
            self._since.popitem(last=False)

    def holds(self, flow: int, at: tuple[int, int], *, whole: bool = False) -> bool:
        """Whether nothing is to be said of a packet; whole: since nothing is to be said of its conversation."""
        since, silent = self._since.get(flow, (None, False))
        return since is not None and (at >= since if silent else at == since and not whole)


def turn_of(signature: Signature) -> int:
    """A number that is smaller the earlier it is a rule's turn."""
    flow = _kind(signature, lambda one: isinstance(one, Bits) and one.scope == "flow")
    counter = _kind(signature, lambda one: isinstance(one, Counter))
    machine = _OF_MACHINES[_kind(signature, lambda one: isinstance(one, Bits) and one.scope != "flow")]
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
