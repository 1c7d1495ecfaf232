"""Attacks that nobody saw before: every family drawn anew, before the sensor's own judgement: `make drill-blind`.

Which families, who attacks whom, by which functions, values, names and orders, and how fast, is drawn by a seed that
is drawn itself and printed; `--seed` plays one of them again. Families are the classes of attacks that public data
sets, tools and reports of incidents describe (`plant/blind/families/`). The record is that of `interlock drill`. Rules
and detectors must not be changed for one seed: run another one.

Exit codes: 0 at least 90 % found and rightly named; 1 fewer.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from dataclasses import replace

from interlock.bootstrap.drill_run import Drill, run_drill
from interlock.cli.drill_table import print_record
from interlock.plant.blind.table import FAMILIES, draw
from interlock.plant.draws import Draws

GOAL = 0.9


def main() -> int:
    """Draw, play, print."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--seed", type=int, help="of an earlier run; without it one is drawn")
    parser.add_argument("--each", type=int, default=1, help="attacks of each family (1)")
    parser.add_argument("--families", type=int, default=40, help="families that are drawn (40); 0: all")
    parser.add_argument(
        "--family", action="append", choices=sorted(FAMILIES), help="only this one; may be repeated"
    )
    parser.add_argument(
        "--background", type=float, default=60.0, help="simulated minutes learned before (60)"
    )
    parser.add_argument("--json", action="store_true", help="the whole record")
    asked = parser.parse_args()
    seed = secrets.randbits(31) if asked.seed is None else asked.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    drawn = [
        replace(found, name=f"{found.name}-{k + 1}")
        for family in asked.family or _families(asked.families or len(FAMILIES), Draws(seed).of("families"))
        for k in range(asked.each)
        for found in [draw(family, Draws(seed).of(f"{family} {k}"))]
    ]
    record = run_drill(Drill(scenarios=tuple(drawn), seed=seed, background=asked.background, tick=_tick))
    titles = {scenario.name: scenario.title for scenario in drawn}
    if asked.json:
        print(json.dumps({**record, "titles": titles}, indent=1))
    else:
        from rich.console import Console  # noqa: PLC0415

        print_record(record, Console(width=160))
        for row in record["rows"]:
            if not row["named"]:
                print(f"{row['scenario']}: {titles[row['scenario']]}")
        print(f"seed {seed}")
    return 0 if min(record["found_share"] or 0, record["named_share"] or 0) >= GOAL else 1


def _families(many: int, draws: Draws) -> list[str]:
    """So many of them, in their table's order."""
    kept = set(sorted(FAMILIES, key=lambda _name: draws.uniform())[:many])
    return [name for name in FAMILIES if name in kept]


def _tick(what: str, share: float) -> None:
    if share >= 1.0:
        print(f"  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
