"""Compare fields of GOOSE, sampled values, synchrophasors and MMS with independent decodes beside the captures.

Exit codes: 0 every column and every tree reaches the goal; 1 not so; 2 nothing to compare.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_REPOSITORY / "tests"))

import pyarrow.parquet as pq  # noqa: E402

from conformance import mms_tree  # noqa: E402 - the harness lives with the tests, outside the package
from conformance.cache import Cache  # noqa: E402
from conformance.captures import default_root, find  # noqa: E402
from conformance.fields import CHECKS, compare  # noqa: E402
from conformance.interlock_side import Interlock  # noqa: E402

_GOAL = 0.995


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--captures", type=Path, default=default_root(_REPOSITORY), help="folder of captures")
    parser.add_argument(
        "--cache", type=Path, default=_REPOSITORY / "bench-out" / "conformance", help="folder"
    )
    asked = parser.parse_args()
    results = [*_tables(asked.captures, asked.cache), *_trees(asked.captures)]
    if not results:
        print(f"nothing to compare under {asked.captures} (set INTERLOCK_CAPTURES)", file=sys.stderr)
        return 2
    return 0 if all(results) else 1


def _tables(captures: Path, cache: Path) -> list[bool]:
    ours = Interlock(Cache(cache), _REPOSITORY / "src" / "interlock", {})
    results = []
    for capture in (*find(captures, "goose_sv*"), *find(captures, "c37118*")):
        for check in CHECKS:
            path = next(iter(sorted(capture.truth().rglob(check.file))), None)
            if path is None:
                continue
            table = pq.read_table(ours.table(capture, check.table))
            columns = {
                name: table[name].cast("int64")
                if str(table[name].type).startswith("timestamp")
                else table[name]
                for name in table.column_names
            }
            lists = {name: column.to_pylist() for name, column in columns.items()}
            rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
            found = compare(check, path, rows)
            good = not found.missing and all(found.equal[c] >= _GOAL * n for c, n in found.said.items())
            results.append(good)
            whole = sum(found.equal[c] == n for c, n in found.said.items())
            print(
                f"{'good' if good else 'BELOW'}  {capture.name} {check.file}: {found.rows} rows, "
                f"{found.missing} missing, {found.left} only ours; "
                f"{whole} of {len(found.said)} columns equal in every cell"
            )
            for column, why in found.first.items():
                print(f"       {column}: {found.equal[column]} of {found.said[column]}; first: {why}")
    return results


def _trees(captures: Path) -> list[bool]:
    results = []
    for der in sorted(captures.glob("mms/*.der")):
        xer = der.with_suffix(".gt") / "pdus.xml"
        said, same, wrong = mms_tree.compare(der, xer)
        results.append(said == same)
        print(f"{'good' if said == same else 'BELOW'}  mms/{der.name}: {said} PDUs, {same} trees equal whole")
        for why in wrong[:8]:
            print(f"       {why}")
    return results


if __name__ == "__main__":
    sys.exit(main())
