"""Hostile input: mutants of real captures through capture and decode, coverage-guided fuzzing, and signatures.

`make fuzz`, or: python scripts/fuzz.py --mutants 100000 [--seconds S] [--jobs N] [--guided S [--protocol NAME …]]
[--signatures S]: rules of any text, and the engine of signatures against the plain way, each so many CPU seconds.
Progress is kept in bench-out/fuzz.json and bench-out/fuzz-guided.json, so that a run that was stopped goes on; every
input that breaks something is kept under bench-out/crashes, named by what it broke. Exit 1 where anything broke.
Mutant N of a seed is always the same octets. With --record, seconds, executions and mutants of all runs add up under
docs/proof, whatever becomes of bench-out.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fuzzing.mutants import captures_below
from fuzzing.rounds import run_mutants
from fuzzing.score import Score
from fuzzing.signatures import run_signatures
from fuzzing.turns import run_guided
from proving.records import FOLDER

ROOT = Path(__file__).parents[1]
CAPTURES = Path(os.environ.get("INTERLOCK_CAPTURES", ROOT.parent / "shared" / "captures"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--mutants", type=int, default=100_000, help="up to this number, in all runs together"
    )
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop mutants after this long")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes at a time")
    parser.add_argument(
        "--guided",
        type=int,
        default=0,
        metavar="SECONDS",
        help="coverage-guided, too, each protocol so many CPU seconds",
    )
    parser.add_argument(
        "--signatures",
        type=float,
        default=0,
        metavar="SECONDS",
        help="rules, too, each target so many CPU seconds",
    )
    parser.add_argument("--protocol", action="append", help="guided: only this one (may be given again)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--captures", type=Path, default=CAPTURES)
    parser.add_argument("--out", type=Path, default=ROOT / "bench-out")
    parser.add_argument(
        "--record", action="store_true", help="add to docs/proof/fuzz.json and docs/proof/mutants.json"
    )
    parser.add_argument("--again", action="store_true", help="forget what earlier runs counted")
    return parser.parse_args()


def _mutate(given: argparse.Namespace) -> int:
    folder = given.captures if captures_below(given.captures) else ROOT / "demo"
    score = Score(given.out, folder, given.seed, FOLDER if given.record else None)
    run_mutants(score, folder, given.mutants, given.seconds, given.jobs)
    print(score.summary())
    for kind, numbers in score.now["kinds"].items():
        print(f"  {kind}: mutants {', '.join(map(str, numbers))}")
    return 1 if score.broken() else 0


def main() -> int:
    """See the module's text."""
    from interlock.decode.registry import PROTOCOLS  # noqa: PLC0415 (after sys.path is set)

    given = _arguments()
    if given.again:
        for name in ("fuzz.json", "fuzz-guided.json", "fuzz-signatures.json"):
            (given.out / name).unlink(missing_ok=True)
    code = _mutate(given) if given.mutants else 0
    record = FOLDER if given.record else None
    if given.signatures:
        code = max(code, run_signatures(given.signatures, given.out, seed=given.seed, record=record))
    if given.guided:
        protocols = given.protocol or PROTOCOLS
        code = max(code, run_guided(protocols, given.guided, given.out, record=record, jobs=given.jobs))
    return code


if __name__ == "__main__":
    sys.exit(main())
