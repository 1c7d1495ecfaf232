"""Line and branch coverage of the decoders, run uncompiled, against the floor in tests/coverage_floor.txt.

`make oracle`. Only what decodes must run uncompiled (it is what tests compare the compiled modules with), so only
`decode` is counted, and only by tests that say what the rows are and by the contract's seeds and mutants: properties
over hundreds of random examples take most of the time and reach little else. Fails where it is lower; says so where it
has risen, and `--raise` writes the new floor.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOOR = ROOT / "tests" / "coverage_floor.txt"
DATA = ROOT / "bench-out" / "coverage"
CONTRACT = (
    "test_valid_messages_are_recognised_and_give_no_error",
    "test_any_octets_give_records_or_declared_oddities",
)
"""Parts of the contract suite that run here; the others run the same seeds again, cut otherwise."""

ELSEWHERE = {"test_contract.py", "test_contract_bounds.py", "test_outside_protocol.py"}


def _tests() -> list[str]:
    """Files and tests to run, as pytest names them."""
    folder = ROOT / "tests" / "decode"
    files = [p for p in sorted(folder.glob("test_*.py")) if p.name not in ELSEWHERE]
    named = [str(p.relative_to(ROOT)) for p in (folder / "protocols", *files)]
    return [*named, *(f"tests/decode/test_contract.py::{part}" for part in CONTRACT)]


def _coverage(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "coverage", *arguments]
    environment = dict(os.environ, INTERLOCK_UNCOMPILED="1", COVERAGE_FILE=str(DATA))
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, text=True, capture_output=True)


def _measure(show: int) -> float:
    """Percent covered; ends the program where the tests fail. show: modules to list that miss the most lines."""
    DATA.parent.mkdir(exist_ok=True)
    chosen = ("-m", "pytest", "-p", "no:cacheprovider", "-m", "not hypothesis and not slow")
    ran = _coverage("run", "--branch", "--source=src/interlock/decode", *chosen, *_tests())
    if ran.returncode:
        sys.exit(f"{ran.stdout}\n{ran.stderr}\nthe tests fail uncompiled")
    if show:
        lines = _coverage("report", "--sort=miss", "--skip-covered").stdout.splitlines()
        print("\n".join(lines[-show - 4 :]))
    said = _coverage("report", "--format=total", "--precision=2")
    if not re.fullmatch(r"[\d.]+", said.stdout.strip()):
        sys.exit(f"coverage gives no figure: {said.stdout}{said.stderr}")
    return float(said.stdout)


def judged(percent: float, floor: float, *, lift: bool) -> tuple[int, str]:
    """Exit code and the sentence to print, for this coverage, this floor and whether to write a new one."""
    if percent < floor:
        return 1, f"coverage fell to {percent:.2f} % from {floor:.2f} %: test what was added"
    hint = "; raise it with --raise" if percent > floor and not lift else ""
    return 0, f"coverage {percent:.2f} %, floor {floor:.2f} %{hint}"


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--raise", dest="lift", action="store_true", help="write the new floor where it has risen"
    )
    parser.add_argument(
        "--show", type=int, default=0, metavar="N", help="list the N modules that miss the most lines"
    )
    given = parser.parse_args()
    percent = _measure(given.show)
    floor = float(FLOOR.read_text("utf-8")) if FLOOR.exists() else 0.0
    code, sentence = judged(percent, floor, lift=given.lift)
    if code == 0 and given.lift and percent > floor:
        FLOOR.write_text(f"{percent:.2f}\n", "utf-8")
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{sentence} ({spent.ru_utime + spent.ru_stime:.0f} s CPU)")
    return code


if __name__ == "__main__":
    sys.exit(main())
