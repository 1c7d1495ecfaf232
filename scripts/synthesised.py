"""Traffic made for every public rule, and made to miss it by one thing: what the plain way says of it.

    python scripts/synthesised.py [--list]

Hits and near misses are made from the rules without the matcher (tests/detect/signatures/synthesis.py): contents are
placed by solving their bounds, expressions are made from their syntax trees and held against Python's. Rules for which
nothing is made are counted by reason; --list names each. Exit 1 where anything was judged wrongly.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))


def main() -> int:
    """See the module's text."""
    from detect.signatures.test_synthesis import judged, public  # noqa: PLC0415 (after sys.path is set)

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="name every rule for which nothing is made")
    given = parser.parse_args()
    warnings.simplefilter("ignore", FutureWarning)
    seen: Counter[str] = Counter()
    wrong = []
    for rule in public(1):
        before = Counter(seen)
        wrong += judged(rule, seen)
        if given.list:
            for reason in (seen - before).keys() - {"hit", "near miss"}:
                print(f"{rule.origin.file}:{rule.origin.line}: rule {rule.sid}: {reason}")
    for what, count in seen.most_common():
        print(f"{count:7} {what}")
    for sid, what, buffers in wrong:
        print(f"rule {sid}: {what}: {buffers}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
