"""How long the exercises take: `python scripts/practice_exercises.py [1 2 …]`, each played at a pseudo-terminal.

For each: it is set, the commands that it names are run as they stand there, the answer that they give is typed. Counted
are the seconds that the machine takes for all that, the words that stand on the terminal (task, what the commands
print, verdict and explanation), and those that are written into a file. Hints count apart; the report's page, and a
command that needs Wireshark, do not.

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
A_MINUTE, WRITTEN_A_MINUTE = 200, 15
"""Words that a person reads in one, and writes."""


@dataclass
class Played:
    """One exercise. hints: words of all of them, which nobody has to read. written: words of a file."""

    number: int
    machine_s: float
    words: int
    hints: int
    written: int
    right: bool

    @property
    def minutes(self) -> float:
        """Machine, reading and writing, one after the other."""
        return self.machine_s / 60 + self.words / A_MINUTE + self.written / WRITTEN_A_MINUTE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--minutes", type=float, default=30.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = [play(number, Path(folder)) for number in asked.numbers]
    print(
        "| exercise | machine, s | words to read | reading at 200 a minute, min | words to write, at 15 a minute "
        "| all hints, words | together, min | answer |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for each in done:
        cells = (
            f"{each.number}: {exercise(each.number).title}", f"{each.machine_s:.1f}", each.words,
            f"{each.words / A_MINUTE:.1f}", each.written, each.hints, f"{each.minutes:.1f}",
            "right" if each.right else "**wrong**",
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
        written = _write(number, desk)
        for command in about.commands:
            if not command.startswith("tshark"):
                words += words_in(run(command.replace("{desk}", str(desk))))
        seat.type(ANSWERS[number](desk))
        right = seat.ended() == 0
        words += words_in(seat.shown.partition(PROMPT)[2])
    hints = sum(words_in(hint) + 4 for hint in about.hints)  # `Hint 1 of 3:`
    return Played(number, time.monotonic() - begun, words, hints, written, right)


def run(command: str) -> str:
    """What it shows."""
    here = " ".join(map(shlex.quote, INTERLOCK))
    with Terminal(
        ("bash", "-c", re.sub(r"\binterlock (?=analyze|decode|diff|rule)", f"{here} ", command))
    ) as window:
        if window.ended() not in (0, 1):  # 1: findings
            raise SystemExit(window.shown)
        return without_progress(window.shown)


def without_progress(text: str) -> str:
    """A bar that is written over all the time is no text."""
    return "\n".join(line for line in text.split("\n") if not re.search(r"[━╸╺]", line))


def _write(number: int, desk: Path) -> int:
    """What the task asks to be written, as its hints say; how many words."""
    if number not in WRITTEN:
        return 0
    name, text = WRITTEN[number]
    (desk / name).parent.mkdir(exist_ok=True)
    (desk / name).write_text(text, "utf-8")
    return words_in(text)


def _read(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_text("utf-8"))[name]
    return found


def _rows(desk: Path, table: str, *wanted: str, capture: str = "plant") -> list[dict[str, Any]]:
    """Rows of the table that the command prints, with these words in them."""
    lines = run(f"interlock decode {desk / capture}.pcap --table {table} --format jsonl").splitlines()
    return [json.loads(line) for line in lines if all(word in line for word in wanted)]


def _machines(desk: Path) -> str:
    assets = [a for a in _read(desk / "picture", "assets") if a.get("ips")]
    panel = next(a for a in assets if a.get("role") == "hmi")
    return f"{len(assets)} {panel['ips'][0]}"


def _weak(desk: Path) -> str:
    found = _read(desk / "picture", "findings")
    return next(f["machines"][0] for f in found if f["detector"] == "opcua-security")


def _stopped(desk: Path) -> str:
    found = next(f for f in _read(desk / "picture", "findings") if f["detector"] == "controller-change")
    who, whom = re.findall(r"10\.77\.1\.\d+", found["title"])
    return f"{who} {whom} {found['evidence'][0]['frames'][0]}"


def _unordered(desk: Path) -> str:
    times = [row["time"][11:16] for row in _rows(desk, "operations", '"program-write"')]
    return next(time for time in times if time >= "05:10")


def _crossing(desk: Path) -> str:
    inside = {"10.77.1.12", "10.77.1.13"}
    pairs = [{row["client"], row["server"]} for row in _rows(desk, "flows") if row["client"][:3] == "10."]
    return ", ".join(sorted({a for pair in pairs if pair & inside for a in pair - inside}))


def _moved(desk: Path) -> str:
    written = _rows(desk, "values", '"written"', '"s7comm"')
    return f"{written[-1]['object']} {max(row['number'][0] for row in written):.2f}"


def _new(desk: Path) -> str:
    before, after = (
        {ip for asset in _read(desk / day, "assets") for ip in asset.get("ips", ())}
        for day in ("monday", "tuesday")
    )
    (new,) = after - before
    spoken = {r["server"] for r in _rows(desk, "flows", capture="tuesday") if r["client"] == new}
    return f"{new} {len(spoken)}"


def _between(desk: Path) -> str:
    found = [f for f in _read(desk / "picture", "findings") if f["detector"] == "duplicate-address"]
    (middle,) = set.intersection(*(set(f["data"]["macs"].split(", ")) for f in found))
    return f"{middle} {' '.join(f['machines'][0] for f in found)}"


WRITTEN = {
    4: (
        "site.toml",
        """[[engineering_stations]]
address = "10.77.1.32"
[[work_orders]]
id = "WO-4711"
start = 2026-09-03T05:00:00Z
end = 2026-09-03T05:10:00Z
stations = ["10.77.1.32"]
machines = ["10.77.1.12"]
""",
    ),
    5: ("site.toml", '[[zones]]\nname = "boiler"\nmembers = ["10.77.1.12", "10.77.1.13"]\n'),
    9: (
        "rules/stopped.yml",
        """title: A controller stopped
logsource: {category: ot_operation}
detection:
  halt: {verb: stop}
  condition: halt
level: high
""",
    ),
}
ANSWERS = {
    1: _machines,
    2: _weak,
    3: _stopped,
    4: _unordered,
    5: _crossing,
    6: _moved,
    7: _new,
    8: _between,
    9: lambda _desk: "done",
}

if __name__ == "__main__":
    sys.exit(main())
