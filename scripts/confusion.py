"""Say what flows speak when their ports tell nothing, or tell a lie: the confusion matrix of `make conformance`.

Every shared capture is decoded several times with its TCP and UDP ports rewritten: twice to ports that nobody
registered, then to ports of other protocols. The truth is tshark's reading of the capture as it is, and
tests/conformance/confusion.toml where tshark is wrong or silent. Flows without a payload do not count.

Exit codes: 0 at least 98 % are right; 1 not so; 2 usage, nothing to compare.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_REPOSITORY / "tests"))

from conformance.cache import Cache  # noqa: E402 - the harness lives with the tests, outside the package
from conformance.captures import Capture, default_root, find  # noqa: E402
from conformance.confusion.judging import Bench, Judged  # noqa: E402
from conformance.confusion.matrix import Matrix  # noqa: E402
from conformance.confusion.truth import read_rules  # noqa: E402
from conformance.settings import read_settings  # noqa: E402
from conformance.tshark import Tshark  # noqa: E402

_HARNESS = _REPOSITORY / "tests" / "conformance"
_CACHE = _REPOSITORY / "bench-out" / "conformance"


def main() -> int:
    asked = _arguments()
    captures = find(asked.captures, asked.capture)
    if not captures:
        print(f"no captures under {asked.captures} (set INTERLOCK_CAPTURES)", file=sys.stderr)
        return 2
    bench = _bench(asked.cache, asked.foreign)
    matrix = Matrix(bench.ours)
    ordered = sorted(captures, key=lambda capture: -capture.path.stat().st_size)
    with ProcessPoolExecutor(asked.jobs, initializer=_begin, initargs=(asked.cache, asked.foreign)) as pool:
        for judged in pool.map(_judge, ordered):
            matrix.add(judged)
    print("\n".join(matrix.lines()))
    return 0 if matrix.good else 1


def _arguments() -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--captures", type=Path, default=default_root(_REPOSITORY), help="folder of captures")
    parser.add_argument("--capture", default="*", metavar="GLOB", help="only those captures")
    parser.add_argument("--foreign", type=int, default=6, metavar="N", help="rounds to others' ports (6)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="captures at a time (2)")
    parser.add_argument("--cache", type=Path, default=_CACHE, help="folder")
    return parser.parse_args()


def _bench(cache: Path, foreign: int) -> Bench:
    told = read_settings(_HARNESS / "columns.toml").decode_as
    rules = read_rules(_HARNESS / "confusion.toml")
    return Bench(Tshark(Cache(cache), told), Cache(cache), rules, foreign)


_benches: list[Bench] = []
"""This worker's own, made when it begins."""


def _begin(cache: Path, foreign: int) -> None:
    _benches.append(_bench(cache, foreign))


def _judge(capture: Capture) -> list[Judged]:
    return list(_benches[0].judge(capture))


if __name__ == "__main__":
    sys.exit(main())
