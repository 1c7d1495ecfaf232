"""STIX 2.1 bundles: their indicators, each with its validity, confidence and giver.

Source: STIX 2.1, clauses 4.7 (Indicator) and 8 (Bundle); 2.0's indicators have the same properties.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from interlock.detect.signatures.indicators.model import UNKNOWN, Indicator, Refused
from interlock.detect.signatures.indicators.stix_pattern import values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["read_stix", "seconds_of"]


def read_stix(objects: Callable[[], Iterable[Any]], origin: str) -> Iterator[Indicator | Refused]:
    """Every indicator of a bundle. objects: gives its objects, each time anew."""
    givers = {
        str(one.get("id")): str(one.get("name"))
        for one in objects()
        if isinstance(one, dict) and one.get("type") == "identity" and one.get("name")
    }
    for one in objects():
        if isinstance(one, dict) and one.get("type") == "indicator":
            yield from _indicator(one, givers, origin)


def _indicator(one: dict[str, Any], givers: dict[str, str], origin: str) -> Iterator[Indicator | Refused]:
    identifier = str(one.get("id", "an indicator without id"))
    try:
        values = values_of(_pattern(one))
        told = _told(one)
        begins, ends = seconds_of(one.get("valid_from")), seconds_of(one.get("valid_until"))
        confidence = _confidence(one.get("confidence"))
    except ValueError as error:
        yield Refused(identifier, str(error))
        return
    giver = givers.get(str(one.get("created_by_ref")), origin)
    for kind, value in dict.fromkeys(values):
        yield Indicator(kind, value, giver, identifier, confidence, begins, ends, told)


def _pattern(one: dict[str, Any]) -> str:
    """The pattern of an indicator that is in force. Raises ValueError."""
    if one.get("revoked"):
        raise ValueError("its giver has revoked it")
    kind = one.get("pattern_type", "stix")
    if kind != "stix":
        raise ValueError(f"its pattern is of type {kind}, expected stix")
    value = one.get("pattern", "")
    return value if isinstance(value, str) else ""


def _told(one: dict[str, Any]) -> str:
    """What it indicates: its name, else the types that its giver chose."""
    types = one.get("indicator_types") or one.get("labels") or ()
    listed = ", ".join(map(str, types)) if isinstance(types, list) else ""
    return str(one.get("name") or listed)


def _confidence(value: Any) -> int:
    """0 to 100, or UNKNOWN (STIX 2.1, clause 3.2 and appendix A)."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise ValueError(f"its confidence is {value!r}, expected a whole number from 0 to 100")
    return value


def seconds_of(value: Any) -> int:
    """A point in time as seconds since 1970; 0 where there is none. Raises ValueError."""
    if value is None or value == "":
        return 0
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(f"`{str(value)[:40]}` is no time, expected one like 2026-01-31T08:00:00Z") from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(moment.timestamp())
