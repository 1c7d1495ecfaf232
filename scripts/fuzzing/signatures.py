"""Fuzzing of signatures: their language with arbitrary text, and the engine against the plain way.

Case N of a seed is always the same. What it breaks is kept under bench-out/crashes as text, with its number.
"""

from __future__ import annotations

import json
import lzma
import os
import sys
import time
import traceback
from pathlib import Path
from random import Random  # noqa: TID251 - each case has its own, by its number
from typing import TYPE_CHECKING, Any

from proving.records import add, today

from fuzzing.made_rules import rule, spoilt, traffic, words_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TARGETS", "Cases", "run_signatures"]

ROOT = Path(__file__).parents[2]
CAPTURES = Path(os.environ.get("INTERLOCK_CAPTURES", ROOT.parent / "shared" / "captures"))
SETS = CAPTURES.parent / "intel" / "rules"
MOST_KEPT = 20
LONG_S = 5.0
"""CPU seconds that no case may take."""


class WrongError(Exception):
    """What a case showed to be wrong."""


class Cases:
    """Targets; each takes its own randomness. rules: read in all; hits: of them right ones, or what the engine said."""

    def __init__(self) -> None:
        sys.path.insert(0, str(ROOT / "tests"))
        from interlock.detect.signatures.language.variables import Variables  # noqa: PLC0415 (after the path is set)

        self.variables = Variables()
        self.public = _public()
        self.hits = self.rules = 0

    def language(self, chance: Random) -> None:
        """Any text: each rule is read or refused, and one that is read is written and read as the same again."""
        from interlock.detect.signatures.language.model import Origin  # noqa: PLC0415
        from interlock.detect.signatures.language.reading import read_rule, read_rules  # noqa: PLC0415
        from interlock.detect.signatures.language.writing import write_rule  # noqa: PLC0415

        texts = [chance.choice(self.public) if self.public else rule(chance, k + 1) for k in range(8)]
        lines = "\n".join(text if chance.random() < 0.1 else spoilt(chance, text) for text in texts)
        for read in read_rules(lines, "fuzz.rules", self.variables):
            if (read.signature is None) == (read.refusal is None):
                raise WrongError("neither read nor refused")
            self.rules += 1
            if read.signature is not None:
                self.hits += 1
                written = write_rule(read.signature)
                if read_rule(written, Origin("again", 1), enabled=read.signature.enabled) != read.signature:
                    raise WrongError(f"written otherwise: {written}")

    def engine(self, chance: Random) -> None:
        """Random rules and traffic: the engine says what the plain way says."""
        from detect.signatures.rows import PlainEngine, batch  # noqa: PLC0415
        from interlock.detect.signatures.engine.able import put_in_force  # noqa: PLC0415
        from interlock.detect.signatures.engine.engine import Engine  # noqa: PLC0415
        from interlock.detect.signatures.language.reading import read_rules  # noqa: PLC0415
        from interlock.detect.signatures.plain.matching import Matcher  # noqa: PLC0415

        batches = traffic(chance)
        words = words_of(batches)
        text = "\n".join(rule(chance, k + 1, words) for k in range(chance.randint(1, 25)))
        read = (put_in_force(one).signature for one in read_rules(text, "fuzz.rules", self.variables))
        rules = tuple(Matcher(one, self.variables.ends(one.header)) for one in read if one is not None)
        told = []
        for kind in (Engine, PlainEngine):
            made = kind(rules)
            told.append([(k, hit) for k, rows in enumerate(batches) for hit in made.judge(batch(rows))])
        self.hits += len(told[1])
        self.rules += len(rules)
        if told[0] != told[1]:
            differ = set(told[0]) ^ set(told[1])
            sids = sorted({rules[hit.number].signature.sid for _, hit in differ})
            raise WrongError(
                f"the engine and the plain way differ: {sorted(differ)} of sids {sids}\n{text}\n{batches}"
            )


TARGETS: dict[str, Callable[[Cases, Random], None]] = {"language": Cases.language, "engine": Cases.engine}


def _public() -> list[str]:
    """Rules of public sets, where they are at hand: what is spoilt is like what people write."""
    texts: list[str] = []
    for path in sorted(SETS.rglob("*.rules*")):
        octets = path.read_bytes()
        text = (lzma.decompress(octets) if path.suffix == ".xz" else octets).decode("utf-8", "replace")
        texts += [line for line in text.splitlines() if "sid:" in line]
    return texts


def run_signatures(seconds: float, out: Path, *, seed: int, record: Path | None) -> int:
    """Each target for so many CPU seconds, behind the cases that earlier runs did. 1 where anything was wrong."""
    file = out / "fuzz-signatures.json"
    now: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    cases, wrong = Cases(), 0
    for name, target in TARGETS.items():
        kept = now.setdefault(
            f"{name} {seed}",
            {"cases": 0, "cpu_s": 0.0, "hits": 0, "rules": 0, "slowest_s": 0.0, "broken": []},
        )
        before = {key: kept[key] for key in ("cases", "cpu_s", "hits", "rules")}
        cases.hits = cases.rules = 0
        begun = time.process_time()
        while (spent := time.process_time() - begun) < seconds:
            number = kept["cases"]
            said = _case(cases, target, f"{seed} {name} {number}")
            kept["cases"] = number + 1
            took = time.process_time() - begun - spent
            kept["slowest_s"] = max(kept["slowest_s"], took)
            if took > LONG_S:
                said = said or f"took {took:.1f} CPU s"
            if said:
                kept["broken"] = [*kept["broken"], number][:MOST_KEPT]
                _keep(out / "crashes" / f"signatures-{name}-{seed}-{number}.txt", said)
        kept["cpu_s"] = round(before["cpu_s"] + spent, 1)
        kept["hits"], kept["rules"] = before["hits"] + cases.hits, before["rules"] + cases.rules
        wrong += len(kept["broken"])
        _save(file, now)
        if record:
            new = {key: kept[key] - value for key, value in before.items()} | {"broken": len(kept["broken"])}
            about = {"date": today(), "command": "scripts/fuzz.py --mutants 0 --signatures SECONDS --record"}
            add("signatures", f"{name}, seed {seed}", new, about, record)
        print(
            f"{name}: {kept['cases']} cases in {kept['cpu_s']:.0f} CPU s, {kept['rules']} rules, {kept['hits']} hits,"
        )
        print(f"  slowest {kept['slowest_s']:.2f} s; broken: {kept['broken'] or 'none'}", flush=True)
    return 1 if wrong else 0


def _case(cases: Cases, target: Callable[[Cases, Random], None], name: str) -> str:
    """What a case broke; nothing where it broke nothing."""
    try:
        target(cases, Random(name))
    except Exception:  # noqa: BLE001 - whatever a case raises is what is looked for
        return f"{name}\n{traceback.format_exc()}"
    return ""


def _keep(path: Path, said: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(said, "utf-8", errors="backslashreplace")


def _save(file: Path, now: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(now, indent=1), "utf-8")
    part.replace(file)
