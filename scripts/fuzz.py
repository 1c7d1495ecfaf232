"""Hostile input: mutants of real captures through capture and decode, and coverage-guided fuzzing.

`make fuzz`, or: python scripts/fuzz.py --mutants 100000 [--seconds S] [--guided S]. Progress is kept in
bench-out/fuzz.json, so that a run that was stopped goes on; every input that breaks something is kept under
bench-out/crashes, named by what it broke. Exit 1 where anything broke. Mutant N of a seed is always the same octets.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from fuzzing.mutants import Mutants, captures_below
from fuzzing.parent import Worker

ROOT = Path(__file__).parents[1]
CAPTURES = Path(os.environ.get("INTERLOCK_CAPTURES", ROOT.parent / "shared" / "captures"))
RSS_OCTETS = 1 << 30
UNCOMPILED_EVERY = 500
CHECKPOINT_S = 10.0


class Score:
    """What came out so far, as bench-out/fuzz.json keeps it."""

    def __init__(self, out: Path, folder: Path, seed: int) -> None:
        self._file = out / "fuzz.json"
        self._crashes = out / "crashes"
        self._mutants = Mutants(captures_below(folder), seed)
        self.now: dict[str, Any] = {
            "seed": seed, "mutants": 0, "crashes": 0, "hangs": 0, "decoder_errors": 0, "over_memory": 0,
            "compared": 0, "differ": 0, "not_readable": 0, "rows": 0, "max_rss": 0, "slowest_s": 0.0,
            "slowest": -1, "seconds": 0.0, "kinds": {},
        }  # fmt: skip
        if self._file.exists():
            kept = json.loads(self._file.read_text("utf-8"))
            if kept["seed"] == seed:
                self.now |= kept

    def save(self) -> None:
        """Checkpoint."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self.now, indent=1), "utf-8")
        part.replace(self._file)

    def add(self, number: int, found: dict[str, Any]) -> None:
        """Count one result and keep its input where it broke something."""
        now = self.now
        now["mutants"] = number + 1
        now["rows"] += found.get("rows", 0)
        now["not_readable"] += "source_error" in found
        if found.get("cpu_s", 0) > now["slowest_s"]:
            now["slowest_s"], now["slowest"] = found["cpu_s"], number
        if found.get("rss", 0) > RSS_OCTETS >= now["max_rss"]:
            now["over_memory"] += 1
            self.keep(number, "over-memory", [])
        now["max_rss"] = max(now["max_rss"], found.get("rss", 0))
        for kind, counted in (("crash", "crashes"), ("hang", "hangs")):
            if kind in found:
                now[counted] += 1
                self.keep(number, kind, [found[kind], *found["stderr"]])
        if found.get("errors"):
            now["decoder_errors"] += 1
            for name in found["errors"]:
                self.keep(number, name, [])

    def keep(self, number: int, what: str, said: list[str]) -> None:
        """Count a kind of breakage; its first three inputs are kept."""
        kind = f"{what} {said[-1]}" if said else what
        seen = self.now["kinds"].setdefault(kind[:200], [])
        seen.append(number)
        del seen[8:]
        if len(seen) <= 3:
            self._crashes.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")
            path = self._crashes / f"{name}-{self.now['seed']}-{number}.pcap"
            path.write_bytes(self._mutants.of(number))
            path.with_suffix(".txt").write_text("\n".join(said) + "\n", "utf-8")

    def summary(self) -> str:
        """One line."""
        n = self.now
        return (
            f"{n['mutants']} mutants in {n['seconds']:.0f} s: {n['crashes']} crashes, {n['hangs']} hangs, "
            f"{n['decoder_errors']} decoder errors, {n['over_memory']} over 1 GiB; {n['compared']} compared "
            f"uncompiled, {n['differ']} differ; max RSS {n['max_rss'] / 2**20:.0f} MiB, slowest "
            f"{n['slowest_s']:.2f} s CPU (mutant {n['slowest']}); {n['not_readable']} not readable, {n['rows']} rows"
        )

    def broken(self) -> bool:
        """Whether anything broke."""
        return any(self.now[k] for k in ("crashes", "hangs", "decoder_errors", "over_memory", "differ"))


def _mutate(score: Score, folder: Path, last: int, seconds: float) -> None:
    """Mutants up to number `last`, or until the time is up."""
    seed = score.now["seed"]
    worker = Worker(folder, seed)
    pair = (Worker(folder, seed, digest=True), Worker(folder, seed, digest=True, uncompiled=True))
    began = saved = time.monotonic()
    before = score.now["seconds"]
    try:
        for number in range(score.now["mutants"], last):
            score.add(number, worker.run(number))
            if number % UNCOMPILED_EVERY == 1:
                _compare(score, number, *(w.run(number) for w in pair))
            clock = time.monotonic()
            score.now["seconds"] = before + clock - began
            if clock - saved > CHECKPOINT_S:
                saved = clock
                score.save()
            if clock - began > seconds:
                break
    finally:
        for each in (worker, *pair):
            each.close()
        score.save()


def _compare(score: Score, number: int, compiled: dict[str, Any], uncompiled: dict[str, Any]) -> None:
    """The same mutant, compiled and not: every row must be the same."""
    score.now["compared"] += 1
    for found in (compiled, uncompiled):
        if "digest" not in found:
            score.keep(number, "compared", [str(found)[:400]])
    if compiled.get("digest") != uncompiled.get("digest"):
        score.now["differ"] += 1
        score.keep(number, "compiled-differs", [])


def _guided(seconds: int, out: Path) -> int:
    """Coverage-guided fuzzing of every protocol in turn, `seconds` in all; exit code."""
    if importlib.util.find_spec("atheris") is None:
        print("coverage-guided fuzzing skipped: atheris is not installed (requirements/fuzz.txt)")
        return 0
    from interlock.decode.registry import PROTOCOLS  # noqa: PLC0415 (the parent of mutants needs no decoder)

    failed = []
    each = max(1, seconds // len(PROTOCOLS))
    for protocol in PROTOCOLS:
        corpus = out / "corpus" / protocol
        crashes = out / "crashes"
        for folder in (corpus, crashes):
            folder.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable, "-m", "fuzzing.guided", protocol, str(corpus), f"-max_total_time={each}",
            "-rss_limit_mb=1024", "-timeout=5", "-verbosity=0", f"-artifact_prefix={crashes}/{protocol}-",
        ]  # fmt: skip
        environment = dict(os.environ, INTERLOCK_UNCOMPILED="1", PYTHONPATH=str(ROOT / "scripts"))
        if subprocess.run(command, env=environment, check=False).returncode:
            failed.append(protocol)
        print(f"{protocol}: {each} s, {len(list(corpus.iterdir()))} inputs", "BROKEN" * (protocol in failed))
    return 1 if failed else 0


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--mutants", type=int, default=100_000, help="up to this number, in all runs together"
    )
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this long")
    parser.add_argument("--guided", type=int, default=0, metavar="SECONDS", help="coverage-guided, too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--captures", type=Path, default=CAPTURES)
    parser.add_argument("--out", type=Path, default=ROOT / "bench-out")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run counted")
    given = parser.parse_args()
    if given.again:
        (given.out / "fuzz.json").unlink(missing_ok=True)
    folder = given.captures if captures_below(given.captures) else ROOT / "demo"
    score = Score(given.out, folder, given.seed)
    _mutate(score, folder, given.mutants, given.seconds)
    print(score.summary())
    for kind, numbers in score.now["kinds"].items():
        print(f"  {kind}: mutants {', '.join(map(str, numbers))}")
    code = 1 if score.broken() else 0
    return max(code, _guided(given.guided, given.out)) if given.guided else code


if __name__ == "__main__":
    sys.exit(main())
