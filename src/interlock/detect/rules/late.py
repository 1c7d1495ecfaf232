"""The part of a rule that only the inventory can answer, asked when a cause is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.rules.ends import fact
from interlock.detect.rules.fields import FIELDS, LATE
from interlock.detect.rules.model import atoms
from interlock.detect.rules.predicates import predicate

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.rules.model import Tree
    from interlock.detect.tally import Key

__all__ = ["MixedError", "ends_asked", "holds", "never", "split"]


class MixedError(ValueError):
    """A condition that asks for a role and for something else in one breath, so that neither can be asked first."""


def holds(tree: Tree, per: tuple[str, ...], key: Key, context: Context) -> bool:
    """Whether it holds for a cause; key: rule's id, realm, words of `per`."""
    joint = tree[0]
    if joint in ("and", "or"):
        return (all if joint == "and" else any)(holds(part, per, key, context) for part in tree[1:])
    if joint == "not":
        return not holds(tree[1], per, key, context)
    if len(tree) == 1:
        return bool(joint == "true")
    ends = FIELDS["operations"][tree[1]].ends
    answer = fact(tree[1], context, key[1], *(key[2 + per.index(end)] for end in ends))
    return bool(answer) if joint == "flag" else predicate(tree)(answer)  # type: ignore[arg-type]


def never(tree: Tree, per: tuple[str, ...], key: Key, context: Context) -> bool:
    """Whether the inventory knows both ends already, and it does not hold: then nothing need be remembered."""
    known = (context.role(key[1], key[2 + per.index(end)]) for end in ends_asked(tree))
    return all(role is not None for role in known) and not holds(tree, per, key, context)


def ends_asked(tree: Tree) -> set[str]:
    """Give the ends that a condition asks the inventory about."""
    return {end for leaf in atoms(tree) if leaf[1] in LATE for end in FIELDS["operations"][leaf[1]].ends}


def split(tree: Tree) -> tuple[Tree, Tree]:
    """Give a condition as two that must both hold: of rows, and of what only the inventory knows.

    Raises MixedError where it is not made so.
    """
    rows: list[Tree] = []
    late: list[Tree] = []
    for part in _conjuncts(tree, wanted=True):
        asked = {leaf[1] in LATE for leaf in atoms(part)}
        if asked == {True, False}:
            raise MixedError
        (late if asked == {True} else rows).append(part)
    return _joined(rows), _joined(late)


def _conjuncts(tree: Tree, *, wanted: bool) -> list[Tree]:
    """Parts that must all hold, for the condition to be as wanted."""
    if tree[0] == "not":
        return _conjuncts(tree[1], wanted=not wanted)
    if tree[0] == ("and" if wanted else "or"):
        return [part for inner in tree[1:] for part in _conjuncts(inner, wanted=wanted)]
    return [tree if wanted else ("not", tree)]


def _joined(parts: list[Tree]) -> Tree:
    return ("true",) if not parts else parts[0] if len(parts) == 1 else ("and", *parts)
