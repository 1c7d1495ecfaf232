"""A rule's condition in plain words, for whoever has to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.rules.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.detect.rules.model import Correlation, Rule, Tree

__all__ = ["condition_text", "looks_for"]

_ROWS: Final = {
    "operations": "operation",
    "flows": "conversation",
    "oddities": "protocol violation",
    "values": "process value",
}
_VERBS: Final = {
    "in": "is", "cased": "is exactly", "has": "contains", "begins": "begins with", "ends": "ends with",
}  # fmt: skip
_MOST: Final = 12


def looks_for(rule: Rule, rules: Mapping[str, Rule]) -> str:
    """Say what makes a rule fire. rules: id → rule, for what a correlation counts."""
    if rule.correlation is not None:
        return _correlation(rule, rule.correlation, rules)
    whole = [condition_text(tree, rule.table) for tree in (rule.test, rule.late) if tree != ("true",)]
    each = " and ".join(rule.per) or "realm"
    return f"every {_ROWS[rule.table]} where {' and '.join(whole) or 'anything holds'}; one finding for each {each}"


def _correlation(rule: Rule, correlation: Correlation, rules: Mapping[str, Rule]) -> str:
    parts = [rules[name] for name in correlation.rules if name in rules]
    names = ", ".join(part.name for part in parts)
    what = {
        "event_count": f"at least {correlation.least} of what {names} looks for",
        "value_count": f"at least {correlation.least} values of {correlation.field} in what {names} looks for",
        "temporal": f"all of {names}",
        "temporal_ordered": f"all of {names}, in this order",
    }[correlation.kind]
    each = " and ".join(rule.per) or "realm"
    tests = "; ".join(f"{part.name} looks for {condition_text(part.test, part.table)}" for part in parts)
    return f"{what}, within {correlation.timespan_s} s for the same {each} ({tests})"


def condition_text(tree: Tree, table: str, *, inside: bool = False) -> str:
    """Say a condition."""
    joint = tree[0]
    if joint in ("and", "or"):
        said = f" {joint} ".join(condition_text(part, table, inside=True) for part in tree[1:])
        return f"({said})" if inside else said
    if joint == "not":
        return f"not {condition_text(tree[1], table, inside=True)}"
    if len(tree) == 1:
        return "anything holds" if joint == "true" else "nothing holds"
    return _leaf(tree, table)


def _leaf(leaf: Tree, table: str) -> str:
    kind, name, *given = leaf
    if kind == "flag":
        return f"({FIELDS[table][name].meaning})"
    if kind == "null":
        return f"{name} is empty"
    if kind == "same":
        return f"{name} is the same as {given[0]}"
    if kind == "number":
        return f"{name} {'=' if given[0] == '==' else given[0]} {given[1]}"
    if kind == "re":
        return f"{name} matches /{given[0]}/"
    if kind == "cidr":
        return f"{name} lies in {given[0]}"
    words = [word or "the empty text" for word in given[:_MOST]]
    more = f" or {len(given) - _MOST} more" if len(given) > _MOST else ""
    return f"{name} {_VERBS[kind]} {' or '.join(words)}{more}"
