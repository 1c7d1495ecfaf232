"""A rule as it is evaluated and told: frozen, without a trace of the text it was read from.

A condition is a tree of tuples, so that it can be compared, kept in a set, and written as JSON:

    ("and", tree, …)  ("or", tree, …)  ("not", tree)  ("true",)  ("false",)
    ("in", field, word, …)        equals one of these; words in lower case, compared so
    ("cased", field, word, …)     equals one of these exactly
    ("has" | "begins" | "ends", field, word, …)    contains, begins or ends with one of these, in lower case
    ("re", field, pattern, flags) a linear-time regular expression (RE2) is found in it; flags: any of `ims`
    ("cidr", field, network)      is an address within the network
    ("null", field)               has no value
    ("number", field, op, number) op: == < <= > >=
    ("flag", field)               holds
    ("same", field, field)        two fields have equal values
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from interlock.records.finding import Action
from interlock.records.vocabulary import Kind, Severity  # noqa: TC001 - Rule names them

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Correlation", "Place", "Problem", "Rule", "Tree", "atoms", "rule_of", "values_of"]

Tree = tuple[Any, ...]
_JOINTS = ("and", "or", "not")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in a text: line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a rule, and what was expected. error: the rule is not in force; else a note."""

    place: Place
    text: str
    error: bool = True

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """How often something must come together, within `timespan_s` of capture time and for each group.

    kind: event_count, value_count, temporal, temporal_ordered. rules: ids of what is counted, in the rule's order.
    least: how many events, or distinct values of `field`; of temporal ones the number of rules.
    """

    kind: str
    rules: tuple[str, ...]
    timespan_s: int
    least: int
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Empty texts and tuples: the rule says nothing of it.

    name: short, for people; unique, as is `id`. table: whose rows it looks at. test: its condition (see above);
    a correlation has none and says what is counted. per: fields that make a cause of its own each time they differ.
    late: the part of the condition that only the inventory can answer. says: title of a finding, with {client},
    {server} and other fields in it. matters: why, physically. silent: what makes it not fire. alone: whether it makes
    findings by itself, or is only counted by a correlation.
    """

    id: str
    name: str
    title: str
    table: str
    severity: Severity
    kind: Kind
    confidence: float
    description: str
    says: str
    matters: str
    silent: str
    falsepositives: tuple[str, ...]
    actions: tuple[Action, ...]
    techniques: tuple[str, ...]
    requirements: tuple[str, ...]
    per: tuple[str, ...]
    test: Tree
    late: Tree = ("true",)
    early: bool = False
    alone: bool = True
    origin: str = ""
    correlation: Correlation | None = None

    @property
    def digest(self) -> str:
        """A fingerprint of what it judges by: what was counted under another one means something else."""
        judged = (
            self.id,
            self.table,
            self.test,
            self.late,
            self.per,
            self.correlation and asdict(self.correlation),
        )
        return hashlib.sha256(json.dumps(judged).encode()).hexdigest()[:16]


def atoms(tree: Tree) -> Iterator[Tree]:
    """Give the leaves of a condition."""
    if tree[0] in _JOINTS:
        for part in tree[1:]:
            yield from atoms(part)
    elif len(tree) > 1:
        yield tree


def values_of(rule: Rule) -> dict[str, Any]:
    """Give a rule as JSON values."""
    return asdict(rule)


def rule_of(values: dict[str, Any]) -> Rule:
    """Give a rule from JSON values. Raises KeyError or TypeError where they are none of `values_of`."""
    given = {field.name: _tuples(values[field.name]) for field in fields(Rule)}
    given["actions"] = tuple(Action(**action) for action in values["actions"])
    if values["correlation"] is not None:
        given["correlation"] = Correlation(**{k: _tuples(v) for k, v in values["correlation"].items()})
    return Rule(**given)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value
