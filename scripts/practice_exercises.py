"""How long the first exercises take: `python scripts/practice_exercises.py`, each played at a pseudo-terminal.

For each: it is set, the commands that it names are run as they stand there, the answer that they give is typed. Counted
are the seconds that the machine takes for all that, and the words that stand on the terminal: task, what the commands
print, verdict and explanation. Hints count apart; the report's page, and a command that needs Wireshark, do not.

Prints a table in Markdown. Exit codes: 0 together under --minutes with reading, 1 not, or an answer was wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proving.newcomer import INTERLOCK, Terminal, words_in

from interlock.plant.exercises.table import exercise

PROMPT = "Your answer (hint: a hint; Ctrl-C: later): "
A_MINUTE = 200
"""Words that a person reads in one."""


@dataclass
class Played:
    """One exercise. hints: words of all of them, which nobody has to read."""

    number: int
    machine_s: float
    words: int
    hints: int
    right: bool

    @property
    def minutes(self) -> float:
        """Machine and reading, one after the other."""
        return self.machine_s / 60 + self.words / A_MINUTE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--minutes", type=float, default=30.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = [play(number, Path(folder)) for number in asked.numbers]
    print(
        "| exercise | machine, s | words to read | reading at 200 a minute, min | all hints, words | answer |"
    )
    print("|---|---|---|---|---|---|")
    for each in done:
        cells = (
            f"{each.number}: {exercise(each.number).title}", f"{each.machine_s:.1f}", each.words,
            f"{each.words / A_MINUTE:.1f}", each.hints, "right" if each.right else "**wrong**",
        )  # fmt: skip
        print("| " + " | ".join(map(str, cells)) + " |")
    together, hints = sum(each.minutes for each in done), sum(each.hints for each in done) / A_MINUTE
    print(
        f"\nTogether {together:.1f} minutes, with every hint {together + hints:.1f} (at most {asked.minutes:g})."
    )
    return 0 if together + hints < asked.minutes and all(each.right for each in done) else 1


def play(number: int, state: Path) -> Played:
    """Set it, run its commands, answer."""
    about, desk, begun = exercise(number), state / f"exercise-{number}", time.monotonic()
    with Terminal((*INTERLOCK, "plant", "exercise", str(number), "--state", str(state))) as seat:
        words = words_in(without_progress(seat.until(PROMPT)))
        for command in about.commands:
            if not command.startswith("tshark"):
                words += words_in(run(command.replace("{desk}", str(desk))))
        seat.type(ANSWERS[number](desk / "picture"))
        right = seat.ended() == 0
        words += words_in(seat.shown.partition(PROMPT)[2])
    hints = sum(words_in(hint) + 4 for hint in about.hints)  # `Hint 1 of 3:`
    return Played(number, time.monotonic() - begun, words, hints, right)


def run(command: str) -> str:
    """What it shows."""
    here = " ".join(map(shlex.quote, INTERLOCK))
    with Terminal(
        ("bash", "-c", re.sub(r"\binterlock (?=analyze|decode|diff)", f"{here} ", command))
    ) as window:
        if window.ended() not in (0, 1):  # 1: findings
            raise SystemExit(window.shown)
        return without_progress(window.shown)


def without_progress(text: str) -> str:
    """A bar that is written over all the time is no text."""
    return "\n".join(line for line in text.split("\n") if not re.search(r"[━╸╺]", line))


def _read(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_text("utf-8"))[name]
    return found


def _machines(picture: Path) -> str:
    assets = [a for a in _read(picture, "assets") if a.get("ips")]
    panel = next(a for a in assets if a.get("role") == "hmi")
    return f"{len(assets)} {panel['ips'][0]}"


def _weak(picture: Path) -> str:
    return next(f["machines"][0] for f in _read(picture, "findings") if f["detector"] == "opcua-security")


def _stopped(picture: Path) -> str:
    found = next(f for f in _read(picture, "findings") if f["detector"] == "controller-change")
    who, whom = re.findall(r"10\.77\.1\.\d+", found["title"])
    return f"{who} {whom} {found['evidence'][0]['frames'][0]}"


ANSWERS = {1: _machines, 2: _weak, 3: _stopped}

if __name__ == "__main__":
    sys.exit(main())
