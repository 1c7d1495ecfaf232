"""Guided fuzzing of the protocols in turns; the CPU seconds of each add up over runs in a file.

CPU seconds, not those of the clock: on a busy machine a fuzzer that waits tries nothing. Starting up is not counted.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proving.records import add, today

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TURN_S", "Tally", "partly_compiled", "run_guided"]

TURN_S = 300
"""Seconds of one protocol before the next one's turn; a run that is stopped loses at most one turn of each job."""

ROOT = Path(__file__).parents[2]
NO_ATHERIS = 3
LEAST_S = 0.1
"""CPU seconds of a turn below which a protocol is given up: its fuzzer doesn't start."""
LONG_S = 15.0
"""CPU seconds, the start of a process included, that no input may take when it is decoded alone."""
HANGS_S = 600
"""Seconds of the clock after which a fuzzer is taken to stand still; what an input may take it measures itself."""
Runner = Callable[[list[str], dict[str, str]], tuple[int, str, float]]
"""Command and environment → exit code, what it said on standard error, CPU seconds."""


class Tally:
    """bench-out/fuzz-guided.json: per protocol seconds, turns, executions, inputs of the corpus and what broke."""

    def __init__(self, out: Path, record: Path | None = None) -> None:
        """record: folder of the committed record, which every turn is added to; None: not recorded."""
        self._file = out / "fuzz-guided.json"
        self._record = record
        self._lock = threading.Lock()
        self.now: dict[str, dict[str, Any]] = {}
        if self._file.exists():
            self.now = json.loads(self._file.read_text("utf-8"))

    def of(self, protocol: str) -> dict[str, Any]:
        """The entry of a protocol."""
        return self.now.setdefault(
            protocol, {"seconds": 0.0, "turns": 0, "executions": 0, "inputs": 0, "broken": []}
        )

    def add(self, protocol: str, seconds: float, executions: int, inputs: int, broken: Sequence[str]) -> None:
        """Count one turn and save; turns that end at once are counted one after the other."""
        with self._lock:
            entry = self.of(protocol)
            entry["seconds"] = round(entry["seconds"] + seconds, 1)
            entry["turns"] += 1
            entry["executions"] += executions
            entry["inputs"] = inputs
            entry["broken"] = sorted({*entry["broken"], *broken})
            self._save()
            if self._record:
                _remember(protocol, seconds, executions, inputs, broken, self._record)

    def _save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self.now, indent=1, sort_keys=True), "utf-8")
        part.replace(self._file)


def _remember(
    protocol: str, seconds: float, executions: int, inputs: int, broken: Sequence[str], record: Path
) -> None:
    counts = {"seconds": seconds, "executions": executions, "broken": len(broken)}
    about = {"inputs": inputs, "date": today(), "command": "scripts/fuzz.py --mutants 0 --guided S --record"}
    add("fuzz", protocol, counts, about, record)


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


def _process(command: list[str], environment: dict[str, str]) -> tuple[int, str, float]:
    """See Runner; what broke is shown at once."""
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if line.startswith(("BROKEN", "==")):
                print(line, end="", flush=True)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, "".join(lines), used.ru_utime + used.ru_stime


def run_guided(
    protocols: Sequence[str],
    seconds: float,
    out: Path,
    run: Runner = _process,
    record: Path | None = None,
    jobs: int = 1,
) -> int:
    """Until each protocol has had `seconds` of CPU in this run, in turns, `jobs` at a time; 1 where anything broke."""
    tally, code = Tally(out, record), 0
    left = dict.fromkeys(protocols, float(seconds))
    with ThreadPoolExecutor(jobs) as pool:
        while left:
            lengths = [min(float(TURN_S), rest) for rest in left.values()]
            turns = pool.map(lambda name, length: _turn(name, length, out, tally, run), list(left), lengths)
            ended = dict(zip(list(left), turns, strict=True))
            if any(e == NO_ATHERIS for e, _ in ended.values()):
                print("coverage-guided fuzzing skipped: atheris is not installed (requirements/fuzz.txt)")
                return code
            code = max(code, *(e for e, _ in ended.values()))
            left = {p: left[p] - spent for p, (_, spent) in ended.items() if spent > LEAST_S}
            left = {p: rest for p, rest in left.items() if rest >= 1}
    return code


def _environment(protocol: str, out: Path) -> dict[str, str]:
    folders = (partly_compiled(protocol, out / "sources"), ROOT / "scripts", ROOT / "tests")
    path = os.pathsep.join((*map(str, folders), *filter(None, sys.path)))
    return {k: v for k, v in os.environ.items() if k != "INTERLOCK_UNCOMPILED"} | {"PYTHONPATH": path}


def _repeats(protocol: str, path: Path, out: Path, run: Runner) -> bool:
    """Whether an input that took too long takes long again, in processor time: else the machine had paused."""
    command = [sys.executable, "-m", "fuzzing.guided", protocol, "--replay", str(path)]
    ended, _, cpu = run(command, _environment(protocol, out))
    again = ended != 0 or cpu > LONG_S
    if not again:
        print(f"{path.name}: {cpu:.1f} CPU s when alone; the machine had paused", flush=True)
    return again


def _turn(protocol: str, seconds: float, out: Path, tally: Tally, run: Runner) -> tuple[int, float]:
    """Exit code and CPU seconds of one turn, which is counted."""
    corpus, crashes = out / "corpus" / protocol, out / "crashes"
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    kept = set(crashes.glob(f"{protocol}-*"))
    command = [
        sys.executable, "-m", "fuzzing.guided", protocol, str(corpus), f"-max_total_time={max(1, round(seconds))}",
        "-rss_limit_mb=1536", f"-timeout={HANGS_S}", f"-report_slow_units={HANGS_S}",
        "-max_len=4096", "-verbosity=0", "-print_final_stats=1",
        f"-artifact_prefix={crashes}/{protocol}-",
    ]  # fmt: skip
    ended, text, cpu = run(command, _environment(protocol, out))
    if ended == NO_ATHERIS:
        return ended, 0.0
    found = [p for p in set(crashes.glob(f"{protocol}-*")) - kept if p.suffix != ".txt"]
    broken = sorted(p.name for p in found if "-timeout-" not in p.name or _repeats(protocol, p, out, run))
    if found and not broken:
        ended = 0  # libFuzzer ends with the first input that takes too long
    inputs = sum(1 for _ in corpus.iterdir())
    spent = max(0.0, cpu - _said(text, r"started after ([0-9.]+) CPU s"))
    tally.add(protocol, spent, int(_said(text, r"number_of_executed_units: *(\d+)")), inputs, broken)
    entry = tally.of(protocol)
    said = f"BROKEN: {', '.join(broken)}" if broken else ("" if not ended else f"ended with {ended}")
    print(
        f"{protocol}: {entry['seconds']:.0f} s, {entry['executions']} executions, {inputs} inputs {said}",
        flush=True,
    )
    return (1 if broken or ended else 0), spent


def _said(text: str, pattern: str) -> float:
    found = re.search(pattern, text)
    return float(found[1]) if found else 0.0
