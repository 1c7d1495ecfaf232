"""Compare Interlock's decoders with independent ones over real captures: `make conformance`.

Exit codes: 0 every protocol reaches the goal and every difference is listed; 1 not so;
2 usage, nothing to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_REPOSITORY / "tests"), str(Path(__file__).parent)]

from proving.records import FOLDER, put, today  # noqa: E402

from conformance.cache import Cache  # noqa: E402 - the harness lives with the tests, outside the package
from conformance.captures import Capture, default_root, find  # noqa: E402
from conformance.explain import explain  # noqa: E402
from conformance.known import read_known  # noqa: E402
from conformance.oracles.table import PROTOCOLS  # noqa: E402
from conformance.report import Report, build  # noqa: E402
from conformance.run import Outcome, Sides, compare_all  # noqa: E402
from conformance.settings import read_settings  # noqa: E402

_HARNESS = _REPOSITORY / "tests" / "conformance"
_CACHE = _REPOSITORY / "bench-out" / "conformance"


def main() -> int:
    asked = _arguments()
    captures = find(asked.captures, asked.explain[0] if asked.explain else asked.capture)
    if not captures:
        print(f"no captures under {asked.captures} (set INTERLOCK_CAPTURES)", file=sys.stderr)
        return 2
    wanted = [asked.explain[1]] if asked.explain else (asked.protocol or list(PROTOCOLS))
    settings = read_settings(_HARNESS / "columns.toml")
    package = _REPOSITORY / "src" / "interlock"
    sides = Sides.build(
        Cache(asked.cache), package, settings, frozenset(wanted), _command(asked), only_seen=asked.seen
    )
    if asked.explain:
        return _explain(sides, captures, wanted[0])
    outcomes = compare_all(sides, captures, asked.jobs, _Progress(len(captures)))
    report = build(outcomes, wanted, read_known(_HARNESS / "known.toml"))
    compared = {capture.name for capture in captures}
    if asked.record:
        _record(report, asked.records)
    report.told = {name: rules for name, rules in settings.decode_as.items() if name in compared}
    if asked.json:
        print(json.dumps(report.as_json(), indent=1))
    elif asked.stanzas:
        print("\n".join(report.stanzas()))
    else:
        print("\n".join(report.lines(asked.show)))
    return 0 if report.good else 1


def _arguments() -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--captures", type=Path, default=default_root(_REPOSITORY), help="folder of captures")
    parser.add_argument("--capture", default="*", metavar="GLOB", help="only those captures")
    parser.add_argument("--protocol", action="append", choices=PROTOCOLS, metavar="P")
    parser.add_argument("--explain", nargs=2, metavar=("CAPTURE", "PROTOCOL"), help="frames of one side")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--stanzas", action="store_true", help="unlisted differences as TOML")
    parser.add_argument(
        "--engine",
        nargs="?",
        const="",
        metavar="FOLDERS",
        help="run the bare decode engine, with these folders of decode/protocols besides the registered ones",
    )
    parser.add_argument(
        "--seen", action="store_true", help="only captures in which tshark sees the protocols"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="write what these protocols reach to docs/proof/conformance.json",
    )
    parser.add_argument("--records", type=Path, default=FOLDER, help="folder of the record")
    parser.add_argument("--show", type=int, default=12, metavar="N", help="differences per protocol (12)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="captures at a time (2)")
    parser.add_argument("--cache", type=Path, default=_CACHE, help="folder")
    asked = parser.parse_args()
    if asked.record and (asked.capture != "*" or asked.explain):
        parser.error("--record: a record is of all captures")
    if asked.explain and asked.explain[1] not in PROTOCOLS:
        parser.error(f"{asked.explain[1]}: one of {', '.join(PROTOCOLS)}")
    return asked


def _command(asked: argparse.Namespace) -> tuple[str, ...]:
    """How to run `interlock decode`: as installed, or the bare engine with decoders not yet registered."""
    if asked.engine is None:
        return (str(Path(sys.executable).with_name("interlock")),)
    os.environ["CONFORMANCE_WITH"] = asked.engine
    return (sys.executable, str(_HARNESS / "engine_side.py"))


def _explain(sides: Sides, captures: list[Capture], protocol: str) -> int:
    for capture in captures:
        ours, theirs = sides.ours(capture).get(protocol, []), sides.theirs(capture).get(protocol, [])
        if ours or theirs:
            print("\n".join(explain(capture.name, protocol, ours, theirs)))
    return 0


def _record(report: Report, folder: Path) -> None:
    """One entry per protocol that a side saw; others' entries stay as earlier runs left them."""
    entries = {
        made["protocol"]: {name: made[name] for name in _RECORDED}
        | {"known": len(made["differences"]), "unlisted": sum(not d["listed"] for d in made["differences"])}
        | {"date": today(), "command": "scripts/conformance.py"}
        for made in report.as_json()["protocols"]
        if made["captures"]
    }
    put("conformance", entries, folder)


_RECORDED = ("captures", "theirs", "ours", "equal", "settled", "shifted", "verdict")


class _Progress:
    """One line that overwrites itself on a terminal; nothing in a pipe."""

    def __init__(self, captures: int) -> None:
        self.left = captures
        self.captures = captures

    def __call__(self, outcome: Outcome) -> None:
        self.left -= 1
        if sys.stderr.isatty():
            done = self.captures - self.left
            print(f"\r\x1b[K{done}/{self.captures} {outcome.capture[:80]}", end="", file=sys.stderr)
            print("" if self.left else "\n", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
