"""What the practice plant costs and what today's detectors say of it: `python scripts/practice_plant.py day|findings`.

day: 24 simulated hours twice with one seed: wall time, CPU, equal octets, whatever was harmed, and the rate of every
conversation in the last hour beside the first. findings: every attack and every rare event recorded and analyzed, with
what `interlock analyze` says beyond what it says of a quiet plant; a table in Markdown, misses included.
Exit codes: 0 as it must be; 1 not equal, too slow, harmed, or a conversation that has stuck.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import struct
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from proving.analysis import analyzed

from interlock.plant.attacks.table import NAMES as ATTACKS
from interlock.plant.attacks.table import scenario
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.events.table import event
from interlock.plant.site import site_text
from interlock.plant.twin.recording import BEGIN_S, Twin, ordered
from interlock.report.output import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR_S = 3600
LIMIT_S = 600.0
"""A simulated day must take less than this."""

LASTS = {"beaconing": 32, "slow-reconnaissance": 42, "setpoint-creep": 16, "safety-programming": 10,
         "silenced-machine": 9,
         "hmi-reboot": 7, "replaced-io": 7, "transmitter-calibration": 9, "sensor-spoofing": 8}  # fmt: skip


class Tap:
    """Takes a recording: its digest, and frames per hour between two machines."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.octets = 0
        self.hours: dict[int, Counter[bytes]] = {}
        self._begun = False

    def write(self, octets: bytes) -> int:
        """As a file does; the twin writes whole frames."""
        self.digest.update(octets)
        self.octets += len(octets)
        at = 0 if self._begun else 24
        self._begun = True
        while at < len(octets):
            seconds, _, size = struct.unpack_from("<III", octets, at)
            frame = octets[at + 16 : at + 16 + min(size, 48)]
            pair = frame[26:34] if frame[12:14] == b"\x08\x00" else frame[:16]
            self.hours.setdefault((seconds - BEGIN_S) // HOUR_S, Counter())[pair] += 1
            at += 16 + size
        return len(octets)


def main() -> int:
    """Do what was asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("day", "findings"))
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=2)
    asked = parser.parse_args()
    return day(asked.hours, asked.seed, asked.runs) if asked.what == "day" else findings(asked.seed)


def day(hours: float, seed: int, runs: int) -> int:
    """Record so often and compare."""
    taps, fine = [], True
    for number in range(1, runs + 1):
        tap, wall, cpu, harmed = _one_day(hours, seed)
        taps.append(tap)
        frames = sum(tap.hours[h].total() for h in tap.hours)
        print(
            f"run {number}: {hours:g} h, {frames:,} frames, {tap.octets / 1e6:,.1f} MB in {wall:.0f} s, CPU {cpu:.0f} s"
        )
        print(f"  harmed: {harmed or 'nothing'}\n  sha256 {tap.digest.hexdigest()}")
        fine = fine and wall < LIMIT_S and not harmed
    fine = fine and len({tap.digest.digest() for tap in taps}) == 1
    stuck = list(_stuck(taps[0]))
    print(f"conversations that have lost or won a tenth from first to last whole hour: {stuck or 'none'}")
    return 0 if fine and not stuck else 1


def _one_day(hours: float, seed: int) -> tuple[Tap, float, float, dict[str, float]]:
    tap, harmed = Tap(), {}
    wall, cpu = time.perf_counter(), time.process_time()
    twin = Twin(_file(tap), seed)
    for _ in twin.run(hours * 60):
        harmed.update(twin.process.harmed())
    return tap, time.perf_counter() - wall, time.process_time() - cpu, harmed


def _file(tap: Tap) -> BinaryIO:
    target = io.BytesIO()
    target.write = tap.write  # type: ignore[assignment, method-assign]
    return target


def _stuck(tap: Tap) -> Iterator[str]:
    """Conversations of more than a frame a minute whose rate is another one in the last hour."""
    whole = sorted(tap.hours)
    first, last = tap.hours[whole[0]], tap.hours[whole[-1]]
    for pair in first | last:
        before, after = first[pair], last[pair]
        if max(before, after) > 60 and abs(before - after) > max(30.0, 0.1 * max(before, after)):
            yield f"{pair.hex()} {before} {after}"


def findings(seed: int) -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        quiet = _said(Path(folder), seed, None)
        print("without an attack:")
        for about in sorted(quiet):
            print(f"- {about[0]}: {about[1]}")
        print(
            "\n| attack | technique | new finding that shows its frames | other new findings |\n|---|---|---|---|"
        )
        missed = 0
        for name in ATTACKS:
            shown, others = _beyond(_said(Path(folder), seed, name), quiet)
            missed += not shown
            cells = (
                name,
                scenario(name).technique,
                "; ".join(shown) or "**missed**",
                "; ".join(others) or "none",
            )
            print(f"| {' | '.join(cells)} |")
        print(f"\n{len(ATTACKS) - missed} of {len(ATTACKS)} attacks give a finding that shows their frames\n")
        print("| rare event | what is said of it, though it is nobody's attack |\n|---|---|")
        for name in EVENTS:
            shown, others = _beyond(_said(Path(folder), seed, name), quiet)
            ordered_by = "work order" if event(name).ordered else "no order"
            print(f"| {name} ({ordered_by}) | {'; '.join(shown + others) or 'none'} |")
    return 0


def _said(folder: Path, seed: int, name: str | None) -> dict[tuple[str, str], tuple[bool, str]]:
    """Detector and title of every finding → whether its evidence shows frames of the attack, and its severity."""
    capture, minutes = folder / "plant.pcap", float(LASTS.get(name or "", 5))
    with capture.open("wb") as target:
        twin = Twin(target, seed)
        planned = ((name, 1.0),) if name in EVENTS else ()
        if planned:
            twin.befall(name or "", 1.0)
        elif name is not None:
            twin.attack(name, 1.0)
        for _ in twin.run(minutes):
            pass
    told = [case.truth() for case in (*twin.cases, *twin.occasions)]
    frames = {frame for truth in told if truth for frame in truth["frames"]}
    site = folder / "site.toml"
    site.write_text(site_text(ordered(planned)), "utf-8")
    return {
        (f["detector"], f["title"]): (bool(frames & _frames(f)), f["severity"])
        for f in _analyzed(capture, site, folder / "out")
    }


def _analyzed(capture: Path, site_file: Path, out: Path) -> list[dict[str, Any]]:
    report = analyzed(capture, site_file, out)
    write_report(report, out)
    found: list[dict[str, Any]] = json.loads((out / "findings.json").read_text("utf-8"))["findings"]
    return found


def _frames(finding: dict[str, Any]) -> set[int]:
    return {frame for evidence in finding["evidence"] for frame in evidence.get("frames", ())}


def _beyond(
    said: dict[tuple[str, str], tuple[bool, str]], quiet: dict[tuple[str, str], tuple[bool, str]]
) -> tuple[list[str], list[str]]:
    """New findings: those whose evidence shows the frames, and the others."""
    shown, others = [], []
    for about, (shows, severity) in sorted(said.items()):
        if about not in quiet or (shows and about in quiet):
            text = f"{about[0]} ({severity}): {about[1]}"
            (shown if shows else others).append(text)
    return shown, others


if __name__ == "__main__":
    sys.exit(main())
