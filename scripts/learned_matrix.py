"""What is judged falsely, and what is missed, by how long was learned: `python scripts/learned_matrix.py --record`.

The practice plant's twin is learned for 20 minutes, an hour and twelve hours; each lesson then judges other seeds of
it that begin at other times of other days: a quiet plant, one to which every rare legitimate event happens, every
attack, and attacks drawn anew. The shorter lessons have seen no rare event at all, not even a change of shift; the
longest three changes of shift and a restart of the panel. Printed (and recorded in docs/proof/learned_matrix.json): a
row per lesson, misses and false incidents by name.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from proving.records import FOLDER, put, today

from interlock.bootstrap.drilling import (
    ADDRESSES,
    BEGINS_MINUTE,
    LASTS,
    LASTS_DRAWN,
    LASTS_ELSE,
    learn,
    rehearse,
)
from interlock.pipeline.drill.score import alarms, score
from interlock.plant.attacks.table import NAMES as ATTACKS
from interlock.plant.blind.table import FAMILIES, draw
from interlock.plant.draws import Draws
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.machines import MACHINES
from interlock.plant.twin.recording import BEGIN_S

if TYPE_CHECKING:
    from interlock.pipeline.drill.score import Row
    from interlock.plant.attacks.scenario import Scenario

_OTHER_DAY_S: Final = 3 * 86_400 + 8 * 3600 + 2400
"""The judged hours begin so much later than the learned ones: another day, in the middle of the second shift."""
_APART: Final = 9.0
_SHIFTS: Final = 240


def main() -> int:
    """Learn, judge, print."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--minutes", default="20,60,720", help="lessons (20,60,720)")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--quiet", type=float, default=60.0, help="minutes of the quiet plant (60)")
    parser.add_argument("--each", type=int, default=1, help="attacks drawn of each family (1)")
    parser.add_argument("--no-attacks", action="store_true", help="only what is said falsely")
    parser.add_argument("--only", action="append", help="only these attacks or families")
    parser.add_argument("--state", type=Path, help="a folder in which lessons are kept and found again")
    parser.add_argument("--record", action="store_true", help="write docs/proof/learned_matrix.json")
    parser.add_argument("--records", type=Path, default=FOLDER, help="folder of records")
    asked = parser.parse_args()
    entries = {f"{minutes} minutes": _lesson(asked, int(minutes)) for minutes in asked.minutes.split(",")}
    if asked.record:
        put("learned_matrix", entries, asked.records)
    return 0


def _lesson(asked: argparse.Namespace, minutes: int) -> dict[str, Any]:
    state = _state(asked, minutes)
    said = _false(asked, state)
    print(f"{minutes} minutes learned: {json.dumps(said, indent=1)}", flush=True)
    if asked.no_attacks:
        return said
    rows = [_row(asked, what, state) for what in _attacks(asked)]
    missed = [f"{row.scenario} ({', '.join(row.truth)})" for row in rows if not row.found]
    misnamed = [f"{row.scenario} ({', '.join(row.given)})" for row in rows if row.found and not row.named]
    told = {"attacks": len(rows), "found": sum(r.found for r in rows), "named": sum(r.named for r in rows),
            "missed": missed, "misnamed": misnamed}  # fmt: skip
    print(json.dumps(told, indent=1), flush=True)
    return {"date": today(), "command": "python scripts/learned_matrix.py --record", **said, **told}


def _state(asked: argparse.Namespace, minutes: int) -> bytes:
    kept = asked.state / f"{minutes}-{asked.seed}" if asked.state else None
    if kept is not None and kept.exists():
        return kept.read_bytes()
    shifts = [("shift-change", float(at)) for at in range(90, minutes, _SHIFTS)] if minutes >= _SHIFTS else []
    restarts = [("hmi-reboot", 150.0)] if minutes >= _SHIFTS else []
    state = learn(minutes, asked.seed, shifts + restarts)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(state)
    return state


def _false(asked: argparse.Namespace, state: bytes) -> dict[str, Any]:
    events = [(name, 2.0 + k * _APART) for k, name in enumerate(EVENTS)]
    minutes = 2.0 + len(events) * _APART
    begin = BEGIN_S + _OTHER_DAY_S
    calm = rehearse(asked.quiet, asked.seed + 1, state, begin_s=begin)
    lively = rehearse(minutes, asked.seed + 2, state, planned=events, begin_s=begin + 7200)
    hours = (asked.quiet + minutes) / 60
    return {
        "hours": round(hours, 2),
        "machine_days": round(hours * len(MACHINES) / 24, 2),
        "false_quiet": [incident.title for incident in calm.incidents],
        "false_events": [incident.title for incident in lively.incidents],
        "alarms": [one.finding.title for watched in (calm, lively) for one in alarms(watched.said)],
        "findings": sum(len(watched.said) for watched in (calm, lively)),
    }


def _attacks(asked: argparse.Namespace) -> list[str | Scenario]:
    drawn = [
        draw(family, Draws(asked.seed + k).of(f"{family} {k}"))
        for family in FAMILIES
        for k in range(asked.each)
    ]
    names = [*ATTACKS, *drawn]
    if not asked.only:
        return names
    return [what for what in names if (what if isinstance(what, str) else what.name) in asked.only]


def _row(asked: argparse.Namespace, what: str | Scenario, state: bytes) -> Row:
    name = what if isinstance(what, str) else what.name
    watched = rehearse(
        LASTS.get(name, LASTS_ELSE if isinstance(what, str) else LASTS_DRAWN),
        asked.seed + 3,
        state,
        attacks=((what, BEGINS_MINUTE),),
        begin_s=BEGIN_S + _OTHER_DAY_S,
    )
    row = score(watched.truths[0], watched.said, set(), ADDRESSES, watched.incidents)
    mark = "" if row.named else "  MISSED" if not row.found else "  MISNAMED"
    print(f"  {name}{mark}", flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())
