"""What each rule costs: JSON, and lines for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from interlock.records.counting import counted
from interlock.report.signature_trial import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.signatures.engine.engine import Engine

__all__ = ["COSTS_FILE", "SCHEMA", "costs_document", "costs_lines"]

COSTS_FILE: Final = "signatures.json"
"""Its name in a sensor's store, and in what analyze writes."""
SCHEMA: Final = "interlock/signature-top/1"
_MOST: Final = 5_000
"""Rules of a document: those that cost most."""


def costs_document(engine: Engine, trial: dict[str, Any] | None, now: int) -> dict[str, Any]:
    """`interlock/signature-top/1`, the costliest rule first. trial: of `signature try`, where rules are on trial.

    looked: how often a rule was held against something, since a literal or a place of it was there. near: of these,
    those that did not hold. hits: what it spoke of, or marked. cpu_ns: processor time of its looks, by every sixteenth.
    limited: expressions that came to their limit.
    """
    rows = []
    for number, one in enumerate(engine.matchers):
        looked = getattr(one, "looked", 0)
        if looked:
            near = looked - getattr(one, "held", 0)
            cost = {"looked": looked, "near": near, "hits": int(engine.hit[number])}
            spent = {"cpu_ns": getattr(one, "spent_ns", 0), "limited": one.limited}
            rows.append({**named(engine.traits[number].name), **cost, **spent})
    rows.sort(key=lambda row: (-row["cpu_ns"], -row["looked"], row["gid"], row["sid"]))
    return {
        "schema": SCHEMA,
        "time": datetime.fromtimestamp(now // 10**9, UTC).isoformat(),
        "in_force": len(engine.matchers),
        "looked_at": len(rows),
        "cpu_ns": sum(row["cpu_ns"] for row in rows),
        "rules": rows[:_MOST],
        "trial": trial,
    }


def costs_lines(document: dict[str, Any], most: int) -> Iterator[str]:
    """The same for people."""
    yield f"{'CPU ms':>10} {'us a look':>10} {'looked':>10} {'near':>10} {'hits':>8}  rule"
    for row in document["rules"][:most]:
        each = row["cpu_ns"] / row["looked"] / 1e3
        limited = f" ({row['limited']} times at an expression's limit)" if row["limited"] else ""
        yield (
            f"{row['cpu_ns'] / 1e6:>10.2f} {each:>10.1f} {row['looked']:>10} {row['near']:>10} {row['hits']:>8}  "
            f"{row['gid']}:{row['sid']}:{row['rev']} {row['message']}{limited}"
        )
    yield (
        f"{document['time']}: {counted(document['in_force'], 'rule')} in force, {document['looked_at']} of them looked "
        f"at something, {document['cpu_ns'] / 1e9:.2f} CPU s in all"
    )
