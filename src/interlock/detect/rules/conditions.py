"""A Sigma condition, as pySigma parses it, becomes a tree of the model's leaves."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

import re2
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SpecialChars,
)

from interlock.detect.rules.fields import FIELDS
from interlock.detect.rules.predicates import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.detect.rules.fields import Field
    from interlock.detect.rules.model import Tree

__all__ = ["UnfitError", "tree_of"]

_MERGED: Final = frozenset({"in", "cased", "has", "begins", "ends"})
_OPERATORS: Final = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
}
_FLAGS: Final = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_TRUTH: Final = {"true": True, "yes": True, "false": False, "no": False}


class UnfitError(ValueError):
    """A value that its field cannot be compared with. field: its name, empty where there is none."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def tree_of(node: Any, table: str) -> Tree:
    """Give a parsed condition as a tree. Raises UnfitError."""
    if isinstance(node, ConditionNOT):
        return ("not", tree_of(node.args[0], table))
    if isinstance(node, ConditionAND | ConditionOR):
        joint = "and" if isinstance(node, ConditionAND) else "or"
        return joined(joint, [tree_of(part, table) for part in node.args])
    if isinstance(node, ConditionValueExpression):
        raise UnfitError(
            "", f"the word {str(node.value)!r} stands without a field; expected `field: {node.value}`"
        )
    if isinstance(node, ConditionFieldEqualsValueExpression):
        field = FIELDS[table].get(node.field)
        if field is None:
            raise UnfitError(node.field, f"there is no field {node.field!r}")
        return _leaf(node.field, field, node.value, table)
    raise UnfitError("", f"{type(node).__name__} is not something that rules can ask; expected and, or, not")


def joined(joint: str, parts: Iterable[Tree]) -> Tree:
    """Join conditions; nested ones of the same kind, and alternatives of one field, become one."""
    flat: list[Tree] = []
    for part in parts:
        flat += part[1:] if part[0] == joint else [part]
    if joint == "or":
        flat = _merged(flat)
    flat = list(dict.fromkeys(flat))
    return flat[0] if len(flat) == 1 else (joint, *flat)


def _merged(parts: list[Tree]) -> list[Tree]:
    words: dict[tuple[str, str], list[Any]] = {}
    rest: list[Tree] = []
    for part in parts:
        if part[0] in _MERGED:
            words.setdefault((part[0], part[1]), []).extend(part[2:])
        else:
            rest.append(part)
    return [*((*leaf, *dict.fromkeys(given)) for leaf, given in words.items()), *rest]


def _leaf(name: str, field: Field, value: Any, table: str) -> Tree:
    if isinstance(value, SigmaExpansion):
        return joined("or", [_leaf(name, field, part, table) for part in value.values])
    if isinstance(value, SigmaExists):
        return ("not", ("null", name)) if value.exists else ("null", name)
    if isinstance(value, SigmaFieldReference):
        return _same(name, field, value, table)
    return _BY_KIND[field.kind](name, value)


def _same(name: str, field: Field, value: SigmaFieldReference, table: str) -> Tree:
    other = FIELDS[table].get(value.field)
    if other is None or other.ends or field.ends or other.kind != field.kind or field.kind == "flag":
        raise UnfitError(name, f"{value.field!r} is no column that {name!r} can be compared with")
    if value.starts_with or value.ends_with:
        raise UnfitError(name, "fieldref compares whole values; expected no startswith or endswith before it")
    return ("same", name, value.field)


def _flag(name: str, value: Any) -> Tree:
    told = value.boolean if isinstance(value, SigmaBool) else _TRUTH.get(str(value).lower())
    if told is None:
        raise UnfitError(name, f"{name} is asked for {str(value)!r}; expected true or false")
    return ("flag", name) if told else ("not", ("flag", name))


def _number(name: str, value: Any) -> Tree:
    if isinstance(value, SigmaNull):
        return ("null", name)
    if isinstance(value, SigmaCompareExpression):
        if value.op in _OPERATORS:
            return ("number", name, _OPERATORS[value.op], value.number.number)
        return ("not", ("number", name, "==", value.number.number))
    if isinstance(value, SigmaNumber):
        return ("number", name, "==", value.number)
    try:
        return ("number", name, "==", int(str(value), 0))
    except ValueError:
        raise UnfitError(
            name, f"{name} is a number and is compared with {str(value)!r}; expected a number"
        ) from None


def _word(name: str, value: Any) -> Tree:
    if isinstance(value, SigmaCompareExpression):
        raise UnfitError(name, f"{name} is text, which is not larger or smaller; expected a field of numbers")
    if isinstance(value, SigmaCIDRExpression):
        return ("cidr", name, str(ipaddress.ip_network(value.cidr, strict=False)))
    if isinstance(value, SigmaRegularExpression):
        return _pattern(name, value.to_plain(), "".join(sorted(_FLAGS[flag] for flag in value.flags)))
    if isinstance(value, SigmaNull):
        return ("null", name)
    if isinstance(value, SigmaString):
        return _text(name, value.s, cased=isinstance(value, SigmaCasedString))
    if isinstance(value, SigmaNumber | SigmaBool):
        return ("in", name, str(value).lower())
    raise UnfitError(name, f"{name} is compared with {type(value).__name__}; expected text, a list or null")


def _text(name: str, parts: Any, *, cased: bool) -> Tree:
    """Text with wildcards: the plain shapes are compared as words, all others by a pattern."""
    star = SpecialChars.WILDCARD_MULTI
    shape = [part if isinstance(part, SpecialChars) else "word" for part in parts]
    if not all(isinstance(part, str | SpecialChars) for part in parts):
        raise UnfitError(name, f"{name} holds a placeholder; expected the words themselves")
    words = [part if cased else part.lower() for part in parts if isinstance(part, str)]
    if shape == [star]:
        return ("not", ("null", name))
    if shape in ([], ["word"]):
        return ("cased" if cased else "in", name, "".join(words))
    plain = {(star, "word", star): "has", ("word", star): "begins", (star, "word"): "ends"}.get(tuple(shape))
    if plain and not cased:
        return (plain, name, *words)
    spelled = {star: ".*", SpecialChars.WILDCARD_SINGLE: "."}
    text = "".join(spelled[part] if isinstance(part, SpecialChars) else re2.escape(part) for part in parts)
    return _pattern(name, f"^(?:{text})$", "s" if cased else "is")


def _pattern(name: str, pattern: str, flags: str) -> Tree:
    try:
        compile_pattern(pattern, flags)
    except ValueError as error:
        raise UnfitError(
            name, f"{name} is asked for an expression that is none ({error}); expected RE2's syntax"
        ) from None
    return ("re", name, pattern, flags)


_BY_KIND: Final[dict[str, Callable[[str, Any], Tree]]] = {"flag": _flag, "number": _number, "word": _word}
