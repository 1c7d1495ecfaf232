"""Score detection on captures that others labelled, and count what harmless captures say: `make conformance`.

Each capture goes through the sensor's own judgement on its own clock, without a site file, and without anything learned
but for those that come with a capture to learn from.
A window is found where an alarm (an alert, at least low; a change, at least high) names one of its frames, or is
said to have occurred within it; it is named where that alarm carries a technique id that fits. Nothing is tuned to
them.

Exit codes: 0 scored (misses are printed, not punished); 1 a capture could not be read; 2 no captures.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

_REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_REPOSITORY / "tests"), str(Path(__file__).parent)]

from proving.labelled import FOLDERS, Labelled, Window, labelled  # noqa: E402
from proving.records import FOLDER, put, today  # noqa: E402

from conformance.captures import default_root  # noqa: E402
from interlock.bootstrap.drilling import learn_capture, watch_capture  # noqa: E402
from interlock.detect.incidents.consequence import calls  # noqa: E402
from interlock.errors import InterlockError  # noqa: E402

if TYPE_CHECKING:
    from interlock.records.finding import Finding


@dataclass(slots=True)
class Heard:
    """What was said of one capture. occurred: of each alarm every `last` that it was committed with."""

    alarms: dict[str, Finding] = field(default_factory=dict)
    occurred: dict[str, set[int]] = field(default_factory=dict)
    incidents: int = 0
    seconds: int = 0

    def hear(self, finding: Finding, _now: int) -> None:
        """See Rehearsal."""
        if calls(finding):
            self.alarms[finding.id] = finding
            self.occurred.setdefault(finding.id, set()).update((finding.time, finding.last))


def listen(path: Path, learned: bytes | None = None) -> Heard:
    """Put a capture before the sensor's judgement. Raises InterlockError."""
    heard = Heard()
    rehearsal = watch_capture(str(path), hear=heard.hear, learned=learned)
    heard.incidents, heard.seconds = len(rehearsal.incidents), rehearsal.seconds
    heard.alarms = {i: f for i, f in heard.alarms.items() if i in rehearsal.store.known}
    return heard


def within(heard: Heard, finding: Finding, window: Window) -> bool:
    """Whether an alarm is about a window."""
    if window.timed:
        return any(window.first <= when <= window.last for when in heard.occurred[finding.id])
    frames = [frame for evidence in finding.evidence for frame in evidence.frames]
    return any(window.first <= frame <= window.last for frame in frames)


def row(one: Labelled) -> dict[str, Any]:
    """One labelled capture. Raises InterlockError."""
    heard = listen(one.path, None if one.train is None else learn_capture(str(one.train)))
    alarms = list(heard.alarms.values())
    about = [[f for f in alarms if within(heard, f, window)] for window in one.windows]
    named = [[f for f in some if set(one.techniques) & set(f.techniques)] for some in about]
    mine = {f.id for some in about for f in some}
    false = [f for f in alarms if f.id not in mine]
    return {
        "windows": len(one.windows),
        "found": sum(map(bool, about)),
        "named": sum(map(bool, named)),
        "incidents": heard.incidents,
        "false_outside": sorted(f.title for f in false),
        "benign_windows_alarmed": sum(any(within(heard, f, w) for f in false) for w in one.benign),
        "benign_windows": len(one.benign),
        "fits": list(one.techniques),
        "given": sorted({t for some in about for f in some for t in f.techniques[:1]}),
        "labels": one.note,
    }


def quiet(path: Path) -> dict[str, Any]:
    """One capture without an attack. Raises InterlockError."""
    heard = listen(path)
    return {
        "hours": round(heard.seconds / 3600, 4),
        "incidents": heard.incidents,
        "alarms": sorted(f"{f.detector}: {f.title}" for f in heard.alarms.values()),
    }


def main() -> int:
    """Print and record."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--captures", type=Path, default=default_root(_REPOSITORY), help="folder of captures")
    parser.add_argument("--harmless", action="store_true", help="the captures without an attack, too")
    parser.add_argument("--record", action="store_true", help="write docs/proof/attacks.json")
    parser.add_argument("--records", type=Path, default=FOLDER, help="folder of records")
    asked = parser.parse_args()
    known = list(labelled(asked.captures))
    if not known:
        print(f"no labelled captures under {asked.captures} (set INTERLOCK_CAPTURES)", file=sys.stderr)
        return 2
    rows, broken = _each({one.path: lambda one=one: row(one) for one in known}, asked.captures)
    _print(rows)
    entries = {"labelled": _entry(rows)}
    if asked.harmless:
        others = [p for p in sorted(asked.captures.glob("*/*.pcap*")) if p.parent.name not in FOLDERS]
        still, more = _each({path: lambda path=path: quiet(path) for path in others}, asked.captures)
        broken += more
        _print_quiet(still)
        entries["harmless"] = _entry(still)
    if asked.record:
        put("attacks", entries, asked.records)
    return 1 if broken else 0


def _each(work: dict[Path, Any], root: Path) -> tuple[dict[str, dict[str, Any]], int]:
    done, broken = {}, 0
    for path, do in work.items():
        try:
            done[str(path.relative_to(root))] = do()
        except InterlockError as error:
            broken += 1
            print(f"{path}: {error}", file=sys.stderr)
    return done, broken


def _entry(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    command = "python scripts/attacks.py --harmless --record"
    return {"date": today(), "command": command, "rows": rows}


def _print(rows: dict[str, dict[str, Any]]) -> None:
    print("| capture | windows | found | named | false outside | benign alarmed | given first |")
    print("|---|---|---|---|---|---|---|")
    for name, r in rows.items():
        benign = f"{r['benign_windows_alarmed']} of {r['benign_windows']}"
        cells = (
            r["windows"],
            r["found"],
            r["named"],
            len(r["false_outside"]),
            benign,
            " ".join(r["given"]) or "nothing",
        )
        print(f"| {name} | {' | '.join(map(str, cells))} |")
    sums = {key: sum(r[key] for r in rows.values()) for key in ("windows", "found", "named")}
    whole = sum(r["found"] == r["windows"] > 0 for r in rows.values())
    print(
        f"\n{sums['found']} of {sums['windows']} windows found, {sums['named']} rightly named; {whole} captures whole\n"
    )


def _print_quiet(rows: dict[str, dict[str, Any]]) -> None:
    loud = {name: r for name, r in rows.items() if r["alarms"]}
    hours = sum(r["hours"] for r in rows.values())
    print(
        f"{len(rows)} captures without a labelled attack, {hours:.1f} hours in which anything came: {len(loud)} alarm\n"
    )
    by = Counter(alarm.partition(":")[0] for r in loud.values() for alarm in r["alarms"])
    print("alarms by detector:", ", ".join(f"{name} {n}" for name, n in by.most_common()) or "none")
    for name, r in loud.items():
        print(f"- {name}: {len(r['alarms'])} alarms, {r['incidents']} incidents; {r['alarms'][0]}")


if __name__ == "__main__":
    sys.exit(main())
