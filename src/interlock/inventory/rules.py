"""Rules: inference as data. Every rule that holds gives a proof whose note is the rule's sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import ConfigError
from interlock.inventory.proofs import retold
from interlock.records.clue_fields import CLUE_FIELDS
from interlock.records.vocabulary import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.inventory.proofs import Fact, Sign

__all__ = ["MEASURES", "Behaviour", "FactRule", "Rules", "Verdict", "read_rules", "together"]

MEASURES: Final = frozenset(
    [
        "polled",
        "read",
        "written",
        "commanded",
        "programmed",
        "uploaded",
        "served_clients",
        "units",
        "passed",
        "virtual",
        "told",
    ]
)
_MEMO: Final = 1 << 16
_Memo = dict[tuple[str, str, str, str], tuple["Verdict", ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule says. value: role, level or system; because: its sentence, filled in."""

    value: str
    confidence: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRule:
    """A clue whose value matches says something more. value: may name {value}, {1}, {2}.

    only, never: protocols that must, or must not, have said it; no protocols: any. pattern: a regular expression.
    """

    field: str
    only: frozenset[str]
    never: frozenset[str]
    pattern: str
    value: str
    confidence: float
    because: str

    def judge(self, text: str, protocol: str) -> Verdict | None:
        """Say what follows from a clue's value."""
        if (self.only and protocol not in self.only) or protocol in self.never:
            return None
        shown = re.sub(r"[\s-]", "", text) if self.field == "order-number" else text
        match = _compiled(self.pattern).search(shown)
        if match is None:
            return None
        groups = {str(i): g or "" for i, g in enumerate(match.groups(), 1)}
        return Verdict(
            value=_fill(self.value, {"value": text, **groups}),
            confidence=self.confidence,
            because=_fill(self.because, {"value": text}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a machine does, as thresholds on measures (MEASURES)."""

    needs: Mapping[str, int]
    none: tuple[str, ...]
    unless_controller: bool
    verdict: Verdict

    def possible(self, measured: Mapping[str, int]) -> bool:
        """Whether the thresholds are reached: what rules most out, and is quick."""
        for name, least in self.needs.items():  # noqa: SIM110 (half the price of `all`)
            if measured.get(name, 0) < least:
                return False
        return True

    def judge(self, measured: Mapping[str, int], *, controller: bool) -> Verdict | None:
        """Say what follows from these measures."""
        if controller and self.unless_controller:
            return None
        if not self.possible(measured) or any(measured.get(m, 0) for m in self.none):
            return None
        numbers = {m: str(measured.get(m, 0)) for m in MEASURES}
        return replace(self.verdict, because=_fill(self.verdict.because, numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All rules. open_control: control protocols without authentication; control: those and the others.

    serves, speaks: protocol answered, or spoken to groups → verdict. levels: role → verdict whose value is a
    Purdue level.
    """

    open_control: frozenset[str] = frozenset()
    control: frozenset[str] = frozenset()
    serves: Mapping[str, Verdict] = field(default_factory=dict)
    speaks: Mapping[str, Verdict] = field(default_factory=dict)
    roles: Mapping[str, tuple[FactRule, ...]] = field(default_factory=dict)
    behaviours: tuple[Behaviour, ...] = ()
    levels: Mapping[str, Verdict] = field(default_factory=dict)
    systems: Mapping[str, tuple[FactRule, ...]] = field(default_factory=dict)
    _memo: _Memo = field(default_factory=dict, repr=False, compare=False)

    def roles_by_fact(self, told: Iterable[Fact]) -> list[Sign]:
        """Proofs of roles by what a machine says."""
        return [p for p in self._by_fact("roles", self.roles, told) if p.value in ROLES]

    def systems_by_fact(self, told: Iterable[Fact]) -> list[Sign]:
        """Proofs of operating systems by what a machine lets slip."""
        return self._by_fact("systems", self.systems, told)

    def _by_fact(
        self, kind: str, rules: Mapping[str, tuple[FactRule, ...]], told: Iterable[Fact]
    ) -> list[Sign]:
        found = []
        for fact in told:
            of_field = rules.get(fact.field)
            for verdict in self._judged(kind, of_field, fact) if of_field else ():
                sure = round(min(verdict.confidence, verdict.confidence * fact.proof.confidence / 0.9), 4)
                found.append(retold(fact.proof, verdict.value, sure, verdict.because))
        return found

    def _judged(self, kind: str, rules: tuple[FactRule, ...], fact: Fact) -> tuple[Verdict, ...]:
        key = (kind, fact.field, fact.proof.value, fact.proof.protocol)
        verdicts = self._memo.get(key)
        if verdicts is None:
            verdicts = tuple(
                v for rule in rules if (v := rule.judge(fact.proof.value, fact.proof.protocol)) is not None
            )
            if len(self._memo) < _MEMO:
                self._memo[key] = verdicts
        return verdicts


def read_rules(roles: Mapping[str, Any], systems: Mapping[str, Any], *, tried: bool = False) -> Rules:
    """Rules from the two documents. Raises ConfigError for a word that does not exist or a broken pattern.

    tried: the patterns are known to be good; each is compiled when a clue first needs it, since few ever are.
    """
    try:
        for rule in () if tried else (*roles["fact"], *systems["system"]):
            _compiled(rule["pattern"])
        return Rules(
            open_control=frozenset(roles["control"]["open"]),
            control=frozenset(roles["control"]["open"]) | frozenset(roles["control"]["other"]),
            serves={p: _verdict(r, _role(r["role"])) for p, r in roles["serves"].items()},
            speaks={p: _verdict(r, _role(r["role"])) for p, r in roles["speaks"].items()},
            roles=_facts(roles["fact"], "role"),
            behaviours=tuple(_behaviour(b) for b in roles["behaviour"]),
            levels={_role(r): _verdict(v, v["level"]) for r, v in roles["levels"].items()},
            systems=_facts(systems["system"], "os"),
        )
    except (KeyError, TypeError, re.error) as error:
        raise ConfigError(f"inventory rules: {error!r}") from error


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def together(confidences: Iterable[float]) -> float:
    """Confidence of independent witnesses together, never above 0.98."""
    doubt = 1.0
    for confidence in confidences:
        doubt *= 1.0 - confidence
    return round(min(0.98, 1.0 - doubt), 4)


def _facts(rules: Iterable[Mapping[str, Any]], says: str) -> dict[str, tuple[FactRule, ...]]:
    found: dict[str, list[FactRule]] = {}
    for rule in rules:
        if rule["field"] not in CLUE_FIELDS:
            raise ConfigError(f"inventory rules: there is no clue field {rule['field']}")
        value = _role(rule[says]) if says == "role" else rule[says]
        found.setdefault(rule["field"], []).append(
            FactRule(
                field=rule["field"],
                only=frozenset(rule.get("only", ())),
                never=frozenset(rule.get("never", ())),
                pattern=rule["pattern"],
                value=value,
                confidence=float(rule["confidence"]),
                because=rule["because"],
            )
        )
    return {name: tuple(of_field) for name, of_field in found.items()}


def _behaviour(rule: Mapping[str, Any]) -> Behaviour:
    words = {*rule["needs"], *rule.get("none", ())}
    if not words <= MEASURES:
        raise ConfigError(f"inventory rules: unknown measures {sorted(words - MEASURES)}")
    return Behaviour(
        needs=dict(rule["needs"]),
        none=tuple(rule.get("none", ())),
        unless_controller=bool(rule.get("unless_controller", False)),
        verdict=_verdict(rule, _role(rule["role"])),
    )


def _verdict(rule: Mapping[str, Any], value: str) -> Verdict:
    return Verdict(value=value, confidence=float(rule["confidence"]), because=rule.get("because", ""))


def _role(word: str) -> str:
    if word not in ROLES and word != "{value}":
        raise ConfigError(f"inventory rules: there is no role {word}")
    return word


def _fill(text: str, words: Mapping[str, str]) -> str:
    """Replace {name} by its word; anything else in braces stays as it is."""
    return re.sub(r"\{(\w+)\}", lambda m: words.get(m[1], m[0]), text)
