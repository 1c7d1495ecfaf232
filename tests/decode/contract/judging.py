"""What every row of a protocol must keep to, whatever octets it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from decode.contract.subjects import verbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from decode.contract.playing import Rows
    from decode.contract.subjects import Subject
    from decode.seeds import Seed

__all__ = ["differences", "judge", "shown", "unframed"]


SHOWN = 8
"""Differing rows that a failure prints."""


def judge(subject: Subject, seed: Seed, rows: Rows) -> None:
    """No decoder error, no oddity that quality.toml does not declare, no verb that verbs.toml does not give."""
    own = subject.spec.names
    met = {r["oddity"] for r in rows.get("oddities", ()) if r["protocol"] in own}
    assert met <= subject.oddities, f"{sorted(met - subject.oddities)}\n{shown(seed)}"
    tables = [verbs()[table] for table in subject.toml("verbs.toml")]
    known = {function for table in tables for function in table}
    names = {name for table in tables for name, _ in table.values()}
    for row in rows.get("operations", ()):
        if row["protocol"] not in own:
            continue
        function, name = row["function"], row["function_name"]
        spelled = name is not None and (function is None or name.rpartition(": ")[2] in names)
        if function not in known and not spelled:
            assert row["verb"] == "unknown", f"guessed verb: {row}\n{shown(seed)}"


def unframed(rows: Rows) -> bool:
    """Whether octets were no message: where the stream goes on then depends on how it is cut."""
    return any(r["oddity"] == "not-framed" for r in rows.get("oddities", ()))


def differences(one: Rows, other: Rows) -> list[str]:
    """Rows that only one of the two has, table by table; empty where they agree."""
    found = []
    for table in sorted({*one, *other}):
        left, right = [[repr(r) for r in rows.get(table, ())] for rows in (one, other)]
        found += [f"only first, {table}: {r}" for r in _without(left, right)]
        found += [f"only second, {table}: {r}" for r in _without(right, left)]
    return found if len(found) <= SHOWN else [*found[:SHOWN], f"... {len(found) - SHOWN} more"]


def _without(rows: Sequence[str], others: Sequence[str]) -> list[str]:
    rest: list[Any] = list(others)
    found = []
    for row in rows:
        if row in rest:
            rest.remove(row)
        else:
            found.append(row)
    return found


def shown(seed: Seed) -> str:
    """The conversation, as it can be pasted into a test."""
    lines = [f"  ({side}, bytes.fromhex({octets.hex()!r}))," for side, octets in seed.messages]
    return "\n".join((f"{seed.transport} {seed.port} {seed.name}:", *lines))
