"""Sigma's correlation rules: what must come together, how often, within which time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sigma.correlations import SigmaCorrelationRule

from interlock.detect.rules.checks import check_correlation, meant
from interlock.detect.rules.fields import FIELDS
from interlock.detect.rules.late import ends_asked
from interlock.detect.rules.model import Correlation, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interlock.detect.rules.model import Problem
    from interlock.detect.rules.places import Document

__all__ = ["correlation_of", "joined_with"]

_MOST_S: Final = 31 * 86_400
_HERE: Final = "correlation"
Found = tuple[Any, Correlation, tuple[str, ...], bool]


def correlation_of(document: Document, rules: Mapping[str, Rule], problems: list[Problem]) -> Found | None:
    """What pySigma reads, the correlation, its group-by and whether what it counts speaks too; None where it is wrong.

    rules: id → rule that can be counted. Raises SigmaError.
    """
    problems += check_correlation(document)
    if problems:
        return None
    sigma = SigmaCorrelationRule.from_dict(document.value, collect_errors=True)
    if sigma.errors:
        raise sigma.errors[0]
    counted = _counted(document, sigma, rules, problems)
    per = tuple(sigma.group_by or ())
    field = _field(document, sigma, problems)
    kind = sigma.type.name.lower()
    if not 1 <= sigma.timespan.seconds <= _MOST_S:
        problems.append(document.problem("the timespan is not from a second to 31 days", _HERE, "timespan"))
    _check_per(document, per, field, counted, problems)
    least = len(counted) if kind.startswith("temporal") else _least(document, sigma, problems)
    if problems:
        return None
    correlation = Correlation(
        kind=kind,
        rules=tuple(rule.id for rule in counted),
        timespan_s=sigma.timespan.seconds,
        least=least,
        field=field if kind == "value_count" else "",
    )
    return sigma, correlation, per, bool(sigma.generate)


def _counted(
    document: Document, sigma: Any, rules: Mapping[str, Rule], problems: list[Problem]
) -> list[Rule]:
    found = []
    plain = {**{r.name: r for r in rules.values()}, **rules}
    for number, reference in enumerate(sigma.rules):
        rule = plain.get(reference.reference)
        if rule is None or rule.correlation is not None:
            text = f"there is no plain rule {reference.reference!r}; expected the id or the name of one that is right"
            problems.append(document.problem(text, _HERE, "rules", number))
        else:
            found.append(rule)
    if not sigma.rules:
        problems.append(
            document.problem("it counts no rule; expected the ids or names of some", _HERE, "rules")
        )
    if len({rule.table for rule in found}) > 1:
        problems.append(document.problem("its rules have several log sources; expected one", _HERE, "rules"))
    return found


def _field(document: Document, sigma: Any, problems: list[Problem]) -> str:
    field = getattr(sigma.condition, "fieldref", None)
    if sigma.type.name == "VALUE_COUNT" and not isinstance(field, str):
        text = "a value_count counts the values of one field; expected `field: NAME`"
        problems.append(document.problem(text, _HERE, "condition"))
    return field if isinstance(field, str) else ""


def _check_per(
    document: Document, per: tuple[str, ...], field: str, counted: Sequence[Rule], problems: list[Problem]
) -> None:
    if not counted:
        return
    columns = [n for n, known in FIELDS[counted[0].table].items() if not known.ends and known.kind != "flag"]
    wrong = [name for name in per if name not in columns]
    problems += [document.problem(f"{n!r} is no column{meant(n, columns)}", _HERE, "group-by") for n in wrong]
    if field and field not in columns:
        text = f"{field!r} is no column{meant(field, columns)}"
        problems.append(document.problem(text, _HERE, "condition", "field"))
    for rule in counted:
        if missing := ends_asked(rule.late) - set(per):
            text = f"{rule.name!r} asks for the role of the {min(missing)}; expected it in group-by"
            problems.append(document.problem(text, _HERE, "group-by"))


def _least(document: Document, sigma: Any, problems: list[Problem]) -> int:
    """How many it takes. Only `at least` can be seen as it happens: that something lacks shows at no instant."""
    operator, count = sigma.condition.op.name, sigma.condition.count
    least: int = int(count) + (operator == "GT")
    if operator not in ("GT", "GTE") or least < 1 or count != int(count):
        text = "expected `gte` or `gt` and a whole number"
        problems.append(document.problem(text, _HERE, "condition"))
    return least


def joined_with(
    correlation: Correlation, per: tuple[str, ...], counted: Sequence[Rule], told: dict[str, Any]
) -> Rule:
    """Give the rule of a correlation; told: what every rule says (title, severity, …)."""
    late = [rule.late for rule in counted if rule.late != ("true",)]
    return Rule(
        **told,
        table=counted[0].table,
        per=per,
        test=("false",),
        late=("and", *late) if late else ("true",),
        correlation=correlation,
    )
