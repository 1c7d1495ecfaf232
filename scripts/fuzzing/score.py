"""What mutants have shown so far, kept in a file so that a run that was stopped goes on."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from proving.records import add, read, today

from fuzzing.mutants import Mutants, captures_below

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RSS_OCTETS", "Score"]

RSS_OCTETS = 1 << 30
_SUMMED = (
    "mutants", "crashes", "hangs", "unrepeated", "decoder_errors", "over_memory", "compared", "differ", "rows",
    "seconds", "cpu_s",
)  # fmt: skip
KEPT = 3
"""Inputs that are kept of each kind of breakage."""


class Score:
    """What came out so far, as bench-out/fuzz.json keeps it."""

    def __init__(self, out: Path, folder: Path, seed: int, record: Path | None = None) -> None:
        """record: folder of the committed record, which what is new is added to; None: not recorded.

        Where bench-out holds no state of this seed, a recorded run goes on behind the last mutant that the record has.
        """
        self._file = out / "fuzz.json"
        self._record = record
        self._crashes = out / "crashes"
        self._mutants = Mutants(captures_below(folder), seed)
        self.now: dict[str, Any] = {
            "seed": seed, "mutants": 0, "crashes": 0, "hangs": 0, "unrepeated": 0, "decoder_errors": 0,
            "over_memory": 0, "compared": 0, "differ": 0, "not_readable": 0, "rows": 0, "max_rss": 0, "slowest_s": 0.0,
            "slowest": -1, "seconds": 0.0, "cpu_s": 0.0, "kinds": {},
        }  # fmt: skip
        if self._file.exists():
            kept = json.loads(self._file.read_text("utf-8"))
            if kept["seed"] == seed:
                self.now |= kept
        if record and not self.now["mutants"]:
            self.now["mutants"] = int(read("mutants", record).get(f"seed {seed}", {}).get("mutants", 0))
        self._told = dict(self.now)

    def save(self) -> None:
        """Checkpoint."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self.now, indent=1), "utf-8")
        part.replace(self._file)
        if self._record:
            self._tell()

    def _tell(self) -> None:
        """Add what came since the last time to the record."""
        new = {name: self.now[name] - self._told[name] for name in _SUMMED}
        self._told = dict(self.now)
        about = {"date": today(), "command": "scripts/fuzz.py --mutants N --record"}
        add("mutants", f"seed {self.now['seed']}", new, about, self._record)

    def fine(self, first: int, found: dict[str, Any]) -> None:
        """Count a group in which nothing broke."""
        now = self.now
        now["rows"] += found["rows"]
        now["not_readable"] += found["source_errors"]
        now["cpu_s"] += found["cpu_s"]
        if found["cpu_s"] > now["slowest_s"]:
            now["slowest_s"], now["slowest"] = found["cpu_s"], first
        now["max_rss"] = max(now["max_rss"], found["rss"])

    def broke(self, number: int, found: dict[str, Any], count: int = 1) -> None:
        """Count what a mutant (or a group, where none of its mutants alone does it) broke, and keep its input."""
        now = self.now
        if found.get("rss", 0) > RSS_OCTETS:
            now["over_memory"] += 1
            self.keep(number, "over-memory", [], count)
        for kind, counted in (("crash", "crashes"), ("hang", "hangs")):
            if kind in found:
                now[counted] += 1
                self.keep(number, kind, [found[kind], *found["stderr"]], count)
        if found.get("errors"):
            now["decoder_errors"] += 1
            for name in found["errors"]:
                self.keep(number, name, [], count)

    def unrepeated(self, number: int, found: dict[str, Any], count: int) -> None:
        """Count a time-out that the same group did not show again, and keep its input."""
        self.now["unrepeated"] += 1
        self.keep(number, "unrepeated", [found["hang"], *found["stderr"]], count)

    def keep(self, number: int, what: str, said: list[str], count: int = 1) -> None:
        """Count a kind of breakage; its first inputs are kept."""
        kind = f"{what} {said[-1]}" if said else what
        seen = self.now["kinds"].setdefault(kind[:200], [])
        seen.append(number)
        del seen[8:]
        if len(seen) > KEPT:
            return
        self._crashes.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")
        for k in range(number, number + count):
            (self._crashes / f"{name}-{self.now['seed']}-{k}.pcap").write_bytes(self._mutants.of(k))
        text = self._crashes / f"{name}-{self.now['seed']}-{number}.txt"
        text.write_text("\n".join((f"mutants {number} to {number + count - 1}", *said)) + "\n", "utf-8")

    def summary(self) -> str:
        """One line."""
        n = self.now
        each = 1000 * n["cpu_s"] / max(1, n["mutants"])
        return (
            f"{n['mutants']} mutants in {n['seconds']:.0f} s ({each:.1f} ms CPU each): {n['crashes']} crashes, "
            f"{n['hangs']} hangs ({n['unrepeated']} time-outs that did not repeat), "
            f"{n['decoder_errors']} decoder errors, {n['over_memory']} over 1 GiB; "
            f"{n['compared']} compared uncompiled, {n['differ']} differ; max RSS {n['max_rss'] / 2**20:.0f} MiB, "
            f"slowest group {n['slowest_s']:.2f} s CPU (from mutant {n['slowest']}); {n['not_readable']} not "
            f"readable, {n['rows']} rows"
        )

    def broken(self) -> bool:
        """Whether anything broke."""
        return any(self.now[k] for k in ("crashes", "hangs", "decoder_errors", "over_memory", "differ"))
