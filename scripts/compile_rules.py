"""Compile the rules that ship: pack/*.yml → pack.json. Run after a rule was changed; a test tells when it was not."""

from __future__ import annotations

import sys
from pathlib import Path

from interlock.bootstrap.ruling import compile_pack
from interlock.detect.rules.plan import write_plan

PLAN = Path(__file__).parent.parent / "src/interlock/detect/rules/pack.json"


def main() -> int:
    reading = compile_pack()
    for problem in reading.problems:
        print(problem, file=sys.stderr)
    if reading.problems:
        return 1
    PLAN.write_text(write_plan(reading.rules), encoding="utf-8")
    print(f"{PLAN}: {len(reading.rules)} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
