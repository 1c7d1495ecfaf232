"""In which order rules are held against one packet: what a rule sets, others may ask for in the same packet.

    `pass` first, then `drop`, `reject` and kin, and others; in each of these those that set marks of a conversation,
    those that set and ask, those that ask, and others; in each of these the same by numbers of a conversation; then by
    marks of machines those that ask, those that set alone, and others; then by priority

Rules about packets and streams come before those about transactions that the packet completes.
Source: Suricata user guide, "Action-order", "Flow Keywords", `flowbits`; its order in src/detect-engine-sigorder.c,
version 7.0, and of packets and transactions in src/detect.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.checks import Bits, Counter

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.detect.signatures.language.model import Signature

__all__ = ["PASS", "ends", "passes", "turn_of"]

PASS: Final = "pass"  # noqa: S105 (an action of rules)
_SETS, _BOTH, _ASKS, _NEITHER = range(4)
_OF_MACHINES: Final = {_BOTH: 0, _ASKS: 0, _SETS: 1, _NEITHER: 2}
"""Marks of machines are asked for before they are set."""
_PLACES: Final = (4, 4, 4, 256)
"""How many values each part of a turn has, behind the first."""
_ALL: Final = 4 * 4 * 4 * 256
_DROP, _REJECT, _ALERT = 1, 2, 3


def turn_of(signature: Signature) -> int:
    """A number that is smaller the earlier it is a rule's turn."""
    flow = _kind(signature, lambda one: isinstance(one, Bits) and one.scope == "flow")
    counter = _kind(signature, lambda one: isinstance(one, Counter))
    machine = _OF_MACHINES[_kind(signature, lambda one: isinstance(one, Bits) and one.scope != "flow")]
    turn = _action(signature.action)
    for size, part in zip(_PLACES, (flow, counter, machine, min(signature.priority or 3, 255)), strict=True):
        turn = turn * size + part
    return turn


def passes(turn: int) -> bool:
    """Whether it is the turn of a rule that silences others."""
    return turn < _ALL


def ends(turn: int) -> bool:
    """Whether it is the turn of a rule that passes, or drops."""
    return turn < _ALERT * _ALL


def _action(action: str) -> int:
    if action == PASS:
        return 0
    return _REJECT if action.startswith("reject") else _DROP if action == "drop" else _ALERT


def _kind(signature: Signature, of: Callable[[object], bool]) -> int:
    asks, sets = any(map(of, signature.checks)), any(map(of, signature.effects))
    if sets:
        return _BOTH if asks else _SETS
    return _ASKS if asks else _NEITHER
