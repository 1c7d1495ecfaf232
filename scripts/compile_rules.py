"""Compile the rules that ship: pack/*.yml → pack.json and docs/rules_pack.md. A test tells when it was not done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from interlock.bootstrap.ruling import compile_pack
from interlock.detect.rules.fields import SOURCES
from interlock.detect.rules.plan import write_plan
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.detect.rules.model import Rule

ROOT = Path(__file__).resolve().parent.parent
PLAN = ROOT / "src/interlock/detect/rules/pack.json"
PAGE = ROOT / "docs/rules_pack.md"
HEAD = """# The pack of rules

<!-- made by scripts/compile_rules.py; change src/interlock/detect/rules/pack, not this file -->

The rules that ship and are always in force. `interlock rule explain NAME` tells all of one; docs/rules.md says how
to write your own, and how to replace one of these or switch it off. What only another rule counts is left out.

"""


def page(rules: Sequence[Rule]) -> str:
    """The page: gravest first, each rule with what it tells of and when it is wrong."""
    parts = [HEAD]
    speaking = [rule for rule in rules if rule.alone]
    for level in reversed(SEVERITIES):
        mine = sorted((rule for rule in speaking if rule.severity == level), key=lambda rule: rule.name)
        if mine:
            parts.append(f"## {level.capitalize()}: {len(mine)}\n\n")
        for rule in mine:
            source = next(name for name, table in SOURCES.items() if table == rule.table)
            wrong = " ".join(rule.falsepositives)
            parts.append(
                f"- **{rule.name}** ({source}; {', '.join(rule.techniques)}). {rule.description} Wrong: {wrong}\n"
            )
        parts.append("\n" if mine else "")
    return "".join(parts).rstrip("\n") + "\n"


def main() -> int:
    reading = compile_pack()
    for problem in reading.problems:
        print(problem, file=sys.stderr)
    if reading.problems:
        return 1
    made = {PLAN: write_plan(reading.rules), PAGE: page(reading.rules)}
    old = [path for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        print(*(f"{path} is not as the rules make it" for path in old), sep="\n", end="")
        return 1 if old else 0
    for path in old:
        path.write_text(made[path], encoding="utf-8")
    print(f"{len(reading.rules)} rules; {len(old)} files made")
    return 0


if __name__ == "__main__":
    sys.exit(main())
