"""Compare logs of Zeek and ICSNPP and filters of suricata-verify beside the captures with our tables, field by field.

A log is good where at least two thirds of the columns that say something are mapped and 99 % of their cells
are equal; rows without one of ours are differences to be listed.
Exit codes: 0 every log is good, every filter held, every difference listed in known.toml; 1 not so;
2 nothing to compare.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_REPOSITORY / "tests"))

from conformance.baseline_run import Results, compare_all  # noqa: E402 - the harness lives with the tests
from conformance.cache import Cache  # noqa: E402
from conformance.captures import default_root, find  # noqa: E402
from conformance.interlock_side import Interlock  # noqa: E402
from conformance.known import read_known  # noqa: E402
from conformance.settings import read_settings  # noqa: E402

_HARNESS = _REPOSITORY / "tests" / "conformance"


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--captures", type=Path, default=default_root(_REPOSITORY), help="folder of captures")
    parser.add_argument("--capture", default="*", metavar="GLOB", help="only those captures")
    parser.add_argument(
        "--protocol", action="append", metavar="P", help="only this protocol's; may be repeated"
    )
    parser.add_argument(
        "--columns", action="store_true", help="every mapped column, and those that are not mapped"
    )
    cache = _REPOSITORY / "bench-out" / "conformance"
    parser.add_argument("--cache", type=Path, default=cache, help="folder")
    asked = parser.parse_args()
    settings = read_settings(_HARNESS / "columns.toml")
    rules = [r for r in settings.baselines if not asked.protocol or r.protocol in asked.protocol]
    ours = Interlock(Cache(asked.cache), _REPOSITORY / "src" / "interlock", {})
    results = Results(read_known(_HARNESS / "known.toml"))
    compare_all(rules, find(asked.captures, asked.capture), ours, results, whole=not asked.protocol)
    if not results.logs and not results.filters:
        print(f"nothing to compare under {asked.captures} (set INTERLOCK_CAPTURES)", file=sys.stderr)
        return 2
    print("\n".join(results.lines(columns=asked.columns)))
    return 0 if results.good else 1


if __name__ == "__main__":
    sys.exit(main())
