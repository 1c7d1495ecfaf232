"""Pending rows: what a request says is shown at the frame that completes it, once, and again when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from decode.contract.judging import differences, shown
from decode.contract.playing import play
from decode.contract.subjects import DEEP, each, randomness
from decode.contract.takes import mutated, whole
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from decode.contract.playing import Row
    from decode.contract.subjects import Subject

MUTANTS = 1
ENDING: Final = frozenset({"outcome", "code", "response_frame", "latency"})
"""What the answer tells of any request."""
ALSO: Final[dict[str, frozenset[str]]] = {
    "ads": frozenset({"unit"}),
    "codesys": frozenset({"transaction"}),
    "ethercat": frozenset({"function_name", "object"}),
    "knxnet_ip": frozenset({"transaction", "unit"}),
    "opcua": frozenset({"object", "count"}),
    "rdp": frozenset({"object"}),
    "smb": frozenset({"object", "count"}),
}
"""Folder → columns that its answers fill or mend, too: numbers that the server gives, what was agreed upon."""
MENDED: Final = frozenset({"function_name", "transaction", "user", "unit", "object", "count"})
"""What an answer that fits its request badly may mend: a broken one may name other things."""


@each()
def test_a_request_is_shown_before_its_answer_as_it_is_shown_after(subject: Subject) -> None:
    rng = randomness(subject.name, "waiting")
    broken = [mutated(seed, rng) for seed in subject.seeds for _ in range(MUTANTS * DEEP)]
    tried = [
        *((seed, ALSO.get(subject.name, frozenset())) for seed in subject.seeds),
        *((b, MENDED) for b in broken),
    ]
    takes, tables = [whole(one) for one, _ in tried], frozenset({"operations"})
    never = play(takes, batch=1, shown=tables)
    always = play(takes, batch=1, shown=tables, pending=frozenset(VERBS))
    for (one, free), first, rows in zip(tried, never, always, strict=True):
        operations = rows.get("operations", [])
        ended = [row for row in operations if row["outcome"] != "pending"]
        wrong = differences(first, {"operations": ended} if ended else {})
        wrong += _told(free, [r for r in operations if r["outcome"] == "pending"], ended)
        assert not wrong, "\n".join((*wrong, shown(one)))


def _told(free: frozenset[str], pending: list[Row], ended: list[Row]) -> list[str]:
    """What is wrong with pending rows beside the final ones."""
    last = {(row["operation"], row["item"]): row for row in ended}
    wrong = [] if len({(r["operation"], r["item"]) for r in pending}) == len(pending) else ["shown twice"]
    for row in pending:
        final = last[row["operation"], row["item"]]
        held = row.keys() - free - ENDING
        changed = {k: (row[k], final[k]) for k in held if row[k] != final[k]}
        if changed or row["response_frame"] is not None:
            wrong.append(f"operation {row['operation']} changed: {changed}")
    return wrong
