"""The soak: the real sensor on a wire of its own, the practice plant's traffic under attack, and faults at random.

`make soak`, or: python scripts/soak.py [--seconds 600] [--faults N] [--seed S] [--record] [--again]. Needs root.
After each fault it looks whether every finding that was printed or seen in the store is still there, how long the
sensor saw nothing (from its diary, and by probes on the wire whose rows are missing), whether a process was left over,
what memory is held, and whether the diary says what happened. bench-out/soak.json adds up over runs, whatever ends
one; what went wrong stands in bench-out/soak-wrong.jsonl. With --record, docs/proof/soak.json is brought up to date.
Exit 1 where a finding was lost or anything else was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from fuzzing.mutants import Mutants
from proving import records
from soaking.account import BROKEN, STORES, Account, Totals
from soaking.faults import FAULTS
from soaking.stage import Stage
from soaking.wire import why_not

from interlock.errors import InterlockError

ROOT = Path(__file__).parents[1]
FRESH_EVERY = 40
"""Faults after which another store is begun."""
MUTANTS = 300


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument(
        "--faults", type=int, default=1_000_000, help="0: only say, and record, what there is"
    )
    parser.add_argument("--seed", type=int, default=time.time_ns() // 1_000_000_000)
    parser.add_argument("--kind", action="append", choices=tuple(FAULTS), help="only these")
    parser.add_argument("--out", type=Path, default=ROOT / "bench-out")
    parser.add_argument("--stage", type=int, default=0, help="its number, where several run at once")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--again", action="store_true", help="forget what earlier runs came to")
    return parser.parse_args()


def _soak(given: argparse.Namespace, stage: Stage, totals: Totals) -> bool:
    account, well, end = Account(stage), True, time.monotonic() + given.seconds
    kinds = given.kind or list(FAULTS)
    often = np.array([FAULTS[kind][0] for kind in kinds], float)
    for number in range(1, given.faults + 1):
        if time.monotonic() > end:
            break
        time.sleep(stage.rng.uniform(0.1, 1.0))
        kind = kinds[int(stage.rng.choice(len(kinds), p=often / often.sum()))]
        try:
            account.begin()
            found = account.look(FAULTS[kind][1](stage))
        except (RuntimeError, LookupError, InterlockError, OSError) as error:
            found = BROKEN | {"wrong": f"{type(error).__name__}: {error}"}
            stage.afresh()
            account.afresh()
        totals.add(kind, found)
        print(f"{number} {kind}: {json.dumps(found)}", flush=True)
        if found["wrong"]:
            well = False
            said = stage.sensor.errors()[-6000:]
            with (given.out / "soak-wrong.jsonl").open("a") as file:
                about = {"seed": given.seed, "number": number, "kind": kind}
                file.write(json.dumps({**about, **found, "said": said}) + "\n")
        if number % FRESH_EVERY == 0:
            well &= _audit(stage, account, totals)
            stage.afresh()
            account.afresh()
    return _audit(stage, account, totals) and well


def _audit(stage: Stage, account: Account, totals: Totals) -> bool:
    """End the sensor and look through all that it kept."""
    stage.end()
    found = account.audit()
    totals.audited(found)
    print(f"{STORES}: {json.dumps(found)}", flush=True)
    return not any(found.values())


def _weigh() -> str:
    """Weigh this session against all others, so that the machine's load is not taken for blindness; how it went."""
    with suppress(OSError):
        os.setsid()
    try:
        Path("/proc/self/autogroup").write_text("-19")
    except OSError as error:
        return f"as everybody else ({error.strerror})"
    return "its scheduling group outweighs the others (autogroup -19)"


def _mutants(path: Path, captures: list[Path], seed: int) -> None:
    """Frames of many mutants in one capture."""
    made = Mutants(tuple(captures), seed)
    parts = [made.of(number)[24:] for number in range(1, MUTANTS) if number % 10]
    path.write_bytes(captures[0].read_bytes()[:24] + b"".join(parts))


def main() -> int:
    """See the module's text."""
    given = _arguments()
    if given.faults and (reason := why_not()):
        print(f"no soak: {reason}")
        return 1
    given.out.mkdir(exist_ok=True)
    for number in (signal.SIGTERM, signal.SIGINT):  # also where a shell's background ignores them
        signal.signal(number, signal.default_int_handler)
    if given.again:
        (given.out / "soak.json").unlink(missing_ok=True)
    totals = Totals(given.out / "soak.json")
    well = not given.faults or _run(given, totals)
    print(totals)
    if given.record:
        about = {"date": records.today(), "command": "python scripts/soak.py"}
        records.put("soak", {kind: entry | about for kind, entry in totals.kinds.items()})
    return 0 if well else 1


def _run(given: argparse.Namespace, totals: Totals) -> bool:
    """Faults, as long as they are wanted; whether all went well."""
    totals.weight = _weigh()
    stage = Stage(given.out / f"soak{given.stage}", given.seed)
    well = True
    try:
        _mutants(stage.folder / "mutants.pcap", stage.captures, given.seed)
        with suppress(KeyboardInterrupt):
            well = _soak(given, stage, totals)
    finally:
        stage.close()
    return well


if __name__ == "__main__":
    sys.exit(main())
