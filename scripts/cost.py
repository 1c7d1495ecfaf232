"""What a message costs each protocol: CPU time from frame to rows, over its seeds' conversations played many times.

`python scripts/cost.py [--protocol NAME …] [--seconds S] [--record]`. A figure is the least of five rounds, and counts
headers, stream following and tables too. It is of valid, mostly small messages; a conversation is said TURNS times over
in one flow where its later messages can be read without the first ones, else once in each of many flows, which costs
more.
Records go to docs/proof/cost.json.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]

from measuring.company import Instructions, Meter, Seconds, guests, valgrind  # noqa: E402
from proving.records import put, today  # noqa: E402

from decode.contract.playing import batch_of, engine_for  # noqa: E402 - what plays seeds lives with the tests
from decode.contract.subjects import SUBJECTS, Subject  # noqa: E402
from decode.contract.takes import whole  # noqa: E402

if TYPE_CHECKING:
    from interlock.records.frames import Frames

ROUNDS = 5
TURNS = 50
BATCH = 16384
MOST = 0.02
"""What a protocol may cost the others, of what they cost without it."""


def cost(subject: Subject, seconds: float) -> dict[str, Any]:
    """Messages and ns of CPU per message, the least of the rounds."""
    seeds = [replace(s, messages=s.messages * (1 if s.no_join else TURNS)) for s in subject.seeds]
    takes = [whole(seed) for seed in seeds]
    messages = sum(len(seed.messages) for seed in seeds)
    copies = 5
    while True:
        spent = min(_round(takes, copies) for _ in range(ROUNDS))
        if spent * ROUNDS >= seconds or copies >= 1000:
            return {"messages": messages * copies, "ns": round(1e9 * spent / (messages * copies))}
        copies *= 4


def _round(takes: list[Any], copies: int) -> float:
    """CPU seconds to decode so many copies of each take, each in a realm of its own."""
    engine = engine_for(len(takes) * copies)
    frames = [
        (moment, k * copies + copy, octets)
        for k, each in enumerate(takes)
        for copy in range(copies)
        for moment, octets in each.frames
    ]
    frames.sort(key=lambda frame: frame[0])
    batches: list[Frames] = [batch_of(frames[at : at + BATCH]) for at in range(0, len(frames), BATCH)]
    began = time.process_time()
    for batch in batches:
        engine.feed(batch)
    for _ in engine.finish():
        pass
    return time.process_time() - began


def others(asked: argparse.Namespace) -> int:
    """What each protocol costs the others, as it is found out; under valgrind where that is there."""
    if asked.counted is None and shutil.which("valgrind"):
        with tempfile.TemporaryDirectory() as folder:
            command = [*valgrind(Path(folder)), sys.executable, *sys.argv, "--counted", folder]
            return subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "0"}, check=False).returncode
    meter: Meter = Seconds() if asked.counted is None else Instructions(asked.counted)
    unit, good = "CPU s" if asked.counted is None else "instructions", True
    for guest in guests(SUBJECTS, meter, asked.turns, asked.protocol or ()):
        fits = guest.share <= MOST and guest.same_rows
        good &= fits
        told = "" if guest.same_rows else ", and other rows come out"
        print(
            f"{guest.folder}: {100 * guest.share:+.2f} % ({guest.without:.9g} {unit} without it){told}",
            flush=True,
        )
        if asked.record:
            about = {
                "date": today(),
                "command": "scripts/cost.py --others",
                "unit": unit,
                "turns": asked.turns,
            }
            entry = {"percent": round(100 * guest.share, 3), "same_rows": guest.same_rows}
            put("others", {guest.folder: entry | about})
    return 0 if good else 1


def main() -> int:
    asked = _arguments()
    if asked.others:
        return others(asked)
    for subject in SUBJECTS:
        if not subject.own_seeds or (asked.protocol and subject.name not in asked.protocol):
            continue
        found = cost(subject, asked.seconds)
        print(f"{subject.name}: {found['ns']} ns a message ({found['messages']} messages)", flush=True)
        if asked.record:
            put("cost", {subject.name: found | {"date": today(), "command": "scripts/cost.py"}})
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--protocol", action="append", help="only this folder (may be given again)")
    parser.add_argument("--seconds", type=float, default=1.0, help="about this long each (1)")
    parser.add_argument("--record", action="store_true", help="write docs/proof/cost.json, or others.json")
    parser.add_argument("--others", action="store_true", help="what each protocol costs the others")
    parser.add_argument("--turns", type=int, default=5, help="how often a conversation is said over (5)")
    parser.add_argument("--counted", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
