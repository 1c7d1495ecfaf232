"""Guided fuzzing of each protocol in turn; seconds add up over runs in a file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proving.records import add, today

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TURN_S", "Tally", "partly_compiled", "run_guided"]

TURN_S = 60
"""Seconds of one protocol before the next one's turn; a run that is stopped loses at most one turn."""

ROOT = Path(__file__).parents[2]
NO_ATHERIS = 3
Runner = Callable[[list[str], dict[str, str]], tuple[int, str]]


class Tally:
    """bench-out/fuzz-guided.json: per protocol seconds, turns, executions, inputs of the corpus and what broke."""

    def __init__(self, out: Path, record: Path | None = None) -> None:
        """record: folder of the committed record, which every turn is added to; None: not recorded."""
        self._file = out / "fuzz-guided.json"
        self._record = record
        self.now: dict[str, dict[str, Any]] = {}
        if self._file.exists():
            self.now = json.loads(self._file.read_text("utf-8"))

    def of(self, protocol: str) -> dict[str, Any]:
        """The entry of a protocol."""
        return self.now.setdefault(
            protocol, {"seconds": 0.0, "turns": 0, "executions": 0, "inputs": 0, "broken": []}
        )

    def add(self, protocol: str, seconds: float, executions: int, inputs: int, broken: Sequence[str]) -> None:
        """Count one turn and save."""
        entry = self.of(protocol)
        entry["seconds"] = round(entry["seconds"] + seconds, 1)
        entry["turns"] += 1
        entry["executions"] += executions
        entry["inputs"] = inputs
        entry["broken"] = sorted({*entry["broken"], *broken})
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self.now, indent=1, sort_keys=True), "utf-8")
        part.replace(self._file)
        if self._record:
            counts = {"seconds": seconds, "executions": executions, "broken": len(broken)}
            about = {
                "inputs": inputs,
                "date": today(),
                "command": "scripts/fuzz.py --mutants 0 --guided S --record",
            }
            add("fuzz", protocol, counts, about, self._record)


def partly_compiled(protocol: str, folder: Path) -> Path:
    """The package, linked, without the compiled modules of one protocol; its parent folder.

    Branches are counted in .py files; what all protocols share stays compiled, or little would be tried.
    """
    target = folder / protocol
    shutil.rmtree(target, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", "*.c")
    shutil.copytree(
        ROOT / "src" / "interlock", target / "interlock", ignore=ignored, copy_function=os.symlink
    )
    for compiled in (target / "interlock" / "decode" / "protocols" / protocol).rglob("*.so"):
        compiled.unlink()
    return target


def _process(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Exit code and what it said on standard error; what broke is shown at once."""
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if line.startswith(("BROKEN", "==")):
                print(line, end="", flush=True)
    return process.returncode, "".join(lines)


def run_guided(
    protocols: Sequence[str], seconds: int, out: Path, run: Runner = _process, record: Path | None = None
) -> int:
    """Until each protocol has had `seconds` in this run, in turns; exit code 1 where anything broke."""
    tally, code = Tally(out, record), 0
    for begun in range(0, seconds, TURN_S):
        for protocol in protocols:
            ended = _turn(protocol, min(TURN_S, seconds - begun), out, tally, run)
            if ended == NO_ATHERIS:
                print("coverage-guided fuzzing skipped: atheris is not installed (requirements/fuzz.txt)")
                return code
            code = code or ended
    return code


def _environment(protocol: str, out: Path) -> dict[str, str]:
    folders = (partly_compiled(protocol, out / "sources"), ROOT / "scripts", ROOT / "tests")
    path = os.pathsep.join((*map(str, folders), *filter(None, sys.path)))
    return {k: v for k, v in os.environ.items() if k != "INTERLOCK_UNCOMPILED"} | {"PYTHONPATH": path}


def _turn(
    protocol: str, seconds: int, out: Path, tally: Tally, run: Callable[[list[str]], tuple[int, str]]
) -> int:
    corpus, crashes = out / "corpus" / protocol, out / "crashes"
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    kept = set(crashes.glob(f"{protocol}-*"))
    command = [
        sys.executable, "-m", "fuzzing.guided", protocol, str(corpus), f"-max_total_time={seconds}",
        "-rss_limit_mb=1536", "-timeout=5", "-max_len=4096", "-verbosity=0", "-print_final_stats=1",
        f"-artifact_prefix={crashes}/{protocol}-",
    ]  # fmt: skip
    began = time.monotonic()
    ended, text = run(command, _environment(protocol, out))
    if ended == NO_ATHERIS:
        return ended
    broken = sorted(p.name for p in set(crashes.glob(f"{protocol}-*")) - kept if p.suffix != ".txt")
    inputs = sum(1 for _ in corpus.iterdir())
    counted = re.search(r"number_of_executed_units: *(\d+)", text)
    spent = min(time.monotonic() - began, float(seconds))  # starting up is no fuzzing
    tally.add(protocol, spent, int(counted[1]) if counted else 0, inputs, broken)
    entry = tally.of(protocol)
    said = f"BROKEN: {', '.join(broken)}" if broken else ("" if not ended else f"ended with {ended}")
    print(
        f"{protocol}: {entry['seconds']:.0f} s, {entry['executions']} executions, {inputs} inputs {said}",
        flush=True,
    )
    return 1 if broken or ended else 0
