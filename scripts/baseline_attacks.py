"""What the baseline adds on the practice plant: `python scripts/baseline_attacks.py --seeds 1,2 --learn-minutes 480`.

Per seed a quiet stretch with shift changes is learned, then every attack is recorded anew and judged. Printed: per
attack whether a finding of what was learned shows its frames, whether it names the attack's technique, and which;
then what is said of a stretch with every rare event, though nobody attacks. Markdown, misses included.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from proving.analysis import analyzed

from interlock.bootstrap import build_engine
from interlock.bootstrap.detecting import Judgement, write_learned
from interlock.bootstrap.learning import build_lesson
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.interface import Learning
from interlock.detect.registry import all_detectors
from interlock.pipeline.decode_run import decoded
from interlock.plant.attacks.table import NAMES as ATTACKS
from interlock.plant.attacks.table import scenario
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.site import site_text
from interlock.plant.twin.recording import Twin, ordered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.records.finding import Finding

LASTS = {"beaconing": 32, "slow-reconnaissance": 42, "setpoint-creep": 16, "safety-programming": 10,
         "silenced-machine": 9, "sensor-spoofing": 8}  # fmt: skip
OURS = {d.name for d in all_detectors() if isinstance(d, Learning)} | {"publisher-sequence"}
APART_MINUTES = 28.0


def main() -> None:
    """Record, learn, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--learn-minutes", type=float, default=480.0)
    parser.add_argument("--days", type=int, default=1, help="stretches of all rare events per seed")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for seed in (int(word) for word in asked.seeds.split(",")):
            _seed(Path(folder), seed, asked.learn_minutes, asked.days)


def _seed(folder: Path, seed: int, minutes: float, days: int) -> None:
    capture, state = folder / "plant.pcap", folder / f"state{seed}"
    with capture.open("wb") as target:
        twin = Twin(target, seed)
        for at in (0.1, 0.7):
            twin.befall("shift-change", at * minutes)
        for _ in twin.run(minutes):
            pass
    _learn(capture, state)
    print(f"\nseed {seed}, {minutes:g} minutes learned\n")
    print("| attack | technique | shown by | technique named |\n|---|---|---|---|")
    seen = named = 0
    for name in ATTACKS:
        frames = _record(capture, seed + 1000, LASTS.get(name, 6), attack=name)
        found = [f for f in _judge(capture, state, folder, ()) if f.detector in OURS]
        shows = [f for f in found if frames & {n for e in f.evidence for n in e.frames}]
        about = scenario(name)
        right = [f for f in shows if {about.technique, *about.also} & set(f.techniques)]
        seen, named = seen + bool(shows), named + bool(right)
        best = (right or shows or [None])[0]
        told = "**missed**" if best is None else f"{best.detector}, {best.severity}: {best.title}"
        print(f"| {name} | {about.technique} | {told} | {'yes' if right else 'no'} |")
    print(
        f"\n{seen} of {len(ATTACKS)} attacks shown, {named} with the technique that their author gave them\n"
    )
    for day in range(days):
        planned = tuple((name, 10.0 + APART_MINUTES * n) for n, name in enumerate(EVENTS))
        _record(capture, seed + 2000 + day, APART_MINUTES * (len(EVENTS) + 1), events=planned)
        for f in _judge(capture, state, folder, planned):
            if f.detector in OURS and f.severity != "info":
                print(f"said of a day without attack: {f.kind} {f.severity} {f.detector}: {f.title}")


def _record(capture: Path, seed: int, minutes: float, *, attack: str | None = None,
            events: tuple[tuple[str, float], ...] = ()) -> set[int]:  # fmt: skip
    with capture.open("wb") as target:
        twin = Twin(target, seed)
        if attack is not None:
            twin.attack(attack, 2.0)
        for name, at in events:
            twin.befall(name, at)
        for _ in twin.run(minutes):
            pass
    return {frame for case in twin.cases if (truth := case.truth()) for frame in truth["frames"]}


def _batches(capture: Path, wanted: frozenset[str]) -> Iterator[tuple[object, int]]:
    with open_sources(specify((str(capture),), ())) as run:
        engine = build_engine(run.sources, wanted=wanted)
        for batches in decoded(run, engine, progress=lambda _done, _total: None, stop=lambda: False):
            yield batches, engine.dissector.now


def _learn(capture: Path, state: Path) -> None:
    lesson = build_lesson(None)
    for batches, now in _batches(capture, lesson.wanted):
        lesson.feed(batches, now)  # type: ignore[arg-type]
    write_learned(state, lesson.finish())


def _judge(
    capture: Path, state: Path, folder: Path, planned: tuple[tuple[str, float], ...]
) -> tuple[Finding, ...]:
    site = folder / "site.toml"
    site.write_text(site_text(ordered(planned)), "utf-8")
    return analyzed(capture, site, folder / "out", Judgement(state=str(state))).findings


if __name__ == "__main__":
    main()
