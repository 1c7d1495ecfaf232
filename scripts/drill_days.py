"""Count what alarms on days without an attack: `python scripts/drill_days.py --machine-days 300`.

The practice plant's twin lives whole pieces of days, every rare legitimate event in each, before the sensor's own
judgement, which has learned other hours of the same plant before, with another seed. Each piece is a twin and a judge
of its own, so that memory stays bounded and `--workers` of them can go on at once; what was counted is kept after each
piece and added to, however often this is stopped. An
incident begins where somebody would be called (an alert, at least low; a change, at least high): whatever begins
one here is false. Printed and recorded (docs/proof/drill_days.json): the count, the hours behind it, the upper end of
95 %.

Exit codes: 0 at most 1 per 100 machines and day as the upper end, and at most 1 per site and day; 1 more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from proving.records import FOLDER, put, today

from interlock.bootstrap.drilling import learn, rehearse
from interlock.pipeline.drill.record import at_most
from interlock.pipeline.drill.score import alarms
from interlock.plant.draws import Draws
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.machines import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator

_REPOSITORY = Path(__file__).resolve().parents[1]
_KEPT = _REPOSITORY / "bench-out" / "drill-days.json"
_AT_ONCE_S = 30
"""Seconds that are put before the judge together: nobody measures a delay here."""
_APART_MINUTES = 25.0
"""From one rare event's begin to the next, at least."""


def main() -> int:
    """Add pieces until there are enough."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--machine-days", type=float, default=300.0, help="until there are so many (300)")
    parser.add_argument("--hours", type=float, default=6.0, help="simulated hours of a piece (6)")
    parser.add_argument(
        "--learn-hours", type=float, default=12.0, help="simulated hours that are learned before (12)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the first piece (1)")
    parser.add_argument("--workers", type=int, default=1, help="pieces that go on at once (1)")
    parser.add_argument("--kept", type=Path, default=_KEPT, help="where what was counted is kept")
    parser.add_argument("--anew", action="store_true", help="forget what was counted before")
    parser.add_argument("--record", action="store_true", help="write docs/proof/drill_days.json")
    parser.add_argument("--records", type=Path, default=FOLDER, help="folder of records")
    asked = parser.parse_args()
    pieces = [] if asked.anew else _kept(asked.kept)
    if _machine_days(pieces) < asked.machine_days:
        began, commit = time.process_time(), _commit()
        state = learn(asked.learn_hours * 60, asked.seed, list(_events(asked.seed, asked.learn_hours * 60)))
        print(f"learned {asked.learn_hours:g} h in {time.process_time() - began:.0f} s of CPU", flush=True)
        for piece in _lived(asked, pieces, state, commit):
            pieces.append(piece)
            _keep(asked.kept, pieces)
            print(f"{_machine_days(pieces):.1f} machine-days: {piece}", flush=True)
    told = _sum(pieces)
    print(_sentence(told))
    if asked.record:
        put("drill_days", {"practice plant": told}, asked.records)
    return 0 if told["at_most_per_100_machines_day"] <= 1.0 and told["per_site_day"] <= 1.0 else 1


def _lived(
    asked: argparse.Namespace, before: list[dict[str, Any]], state: bytes, commit: str
) -> Iterator[dict[str, Any]]:
    """Give pieces as they are done, until there are enough; each has a seed that no other one and no lesson had."""
    wanted = -(-asked.machine_days * 24 // (asked.hours * len(MACHINES)))
    seeds = (asked.seed + 1000 + n for n in range(100_000))
    fresh = (seed for seed in seeds if seed not in {piece["seed"] for piece in before})
    going: set[Future[dict[str, Any]]] = set()
    left = int(wanted) - len(before)
    with ProcessPoolExecutor(asked.workers) as pool:
        while left or going:
            while left and len(going) < asked.workers:
                going.add(pool.submit(_piece, next(fresh), asked.hours, state, commit))
                left -= 1
            done, going = wait(going, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)


def _events(seed: int, minutes: float) -> Iterator[tuple[str, float]]:
    """Every rare event once, at times and in an order that are drawn anew for each piece."""
    draws = Draws(seed).of("days")
    order = sorted(EVENTS, key=lambda _name: draws.uniform())
    room = minutes - _APART_MINUTES * len(order)
    if room < 0:
        raise SystemExit(f"{minutes:g} minutes have no room for {len(order)} events")
    pauses = sorted(draws.uniform(2.0, room) for _ in order)
    yield from (
        (name, pause + k * _APART_MINUTES) for k, (name, pause) in enumerate(zip(order, pauses, strict=True))
    )


def _piece(seed: int, hours: float, state: bytes, commit: str) -> dict[str, Any]:
    began = time.process_time()
    watched = rehearse(hours * 60, seed, state, planned=list(_events(seed, hours * 60)), calm_s=_AT_ONCE_S)
    return {
        "seed": seed,
        "hours": hours,
        "false": [incident.title for incident in watched.incidents],
        "alarms": [one.finding.title for one in alarms(watched.said)],
        "cpu_s": round(time.process_time() - began, 1),
        "commit": commit,
    }


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=_REPOSITORY, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"


def _machine_days(pieces: list[dict[str, Any]]) -> float:
    return sum(piece["hours"] for piece in pieces) * len(MACHINES) / 24


def _kept(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    pieces: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return pieces


def _keep(path: Path, pieces: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(pieces, indent=1) + "\n", "utf-8")
    part.replace(path)


def _sum(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    hours, days = sum(piece["hours"] for piece in pieces), _machine_days(pieces)
    false = Counter(title for piece in pieces for title in piece["false"])
    count = false.total()
    return {
        "date": today(),
        "command": "python scripts/drill_days.py --record",
        "commits": sorted({piece["commit"] for piece in pieces}),
        "pieces": len(pieces),
        "hours": hours,
        "machines": len(MACHINES),
        "machine_days": round(days, 1),
        "each_rare_event": len(pieces),
        "false_incidents": count,
        "false_alarms": sum(len(piece["alarms"]) for piece in pieces),
        "alarms_by_title": dict(Counter(t for piece in pieces for t in piece["alarms"]).most_common(40)),
        "false_by_title": dict(false.most_common()),
        "per_100_machines_day": round(100 * count / days, 3),
        "at_most_per_100_machines_day": round(100 * at_most(count) / days, 3),
        "per_site_day": round(24 * count / hours, 3),
        "cpu_s": round(sum(piece["cpu_s"] for piece in pieces), 1),
    }


def _sentence(told: dict[str, Any]) -> str:
    return (
        f"{told['false_incidents']} false incidents in {told['hours']:g} hours of {told['machines']} machines "
        f"({told['machine_days']:g} machine-days, each rare event {told['each_rare_event']} times): "
        f"{told['per_100_machines_day']:g} per 100 machines and day, at most "
        f"{told['at_most_per_100_machines_day']:g} (95 %); {told['per_site_day']:g} per site and day. "
        f"They are made of {told['false_alarms']} alarms: {json.dumps(told['alarms_by_title'])}"
    )


if __name__ == "__main__":
    sys.exit(main())
