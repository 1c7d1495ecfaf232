"""Score detection on captures that others labelled, and count what harmless captures say: `make conformance`.

Each capture goes through the sensor's own judgement on its own clock, without a site file: once with nothing learned,
and once more where there is something clean to learn from, a capture of the same plant that comes with it or, where
there is none, the capture's own lead before its first attack. What each row learned from is said in it.
A window is found where an alarm (an alert, at least low; a change, at least high) names one of its frames, or is
said to have occurred within it; it is named where that alarm carries a technique id that fits. Nothing is tuned to
them. Of captures without a labelled attack every alarm is true, false or not judged: people looked at each once
(`proving/harmless.tsv`).

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

from proving.harmless import FALSE, NOT_JUDGED, TRUE, Verdicts, judge_of  # noqa: E402
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
    """One labelled capture, judged alone and, where it can be, with something learned. Raises InterlockError."""
    clean = one.clean()
    return {
        "windows": len(one.windows),
        "benign_windows": len(one.benign),
        "fits": list(one.techniques),
        "labels": one.note,
        "alone": _score(one, listen(one.path)),
        "learned_from": clean and clean.said,
        "learned": clean and _score(one, listen(one.path, learn_capture(str(clean.path), kept=clean.kept))),
    }


def _score(one: Labelled, heard: Heard) -> dict[str, Any]:
    alarms = list(heard.alarms.values())
    about = [[f for f in alarms if within(heard, f, window)] for window in one.windows]
    named = [[f for f in some if set(one.techniques) & set(f.techniques)] for some in about]
    mine = {f.id for some in about for f in some}
    false = [f for f in alarms if f.id not in mine]
    return {
        "found": sum(map(bool, about)),
        "named": sum(map(bool, named)),
        "incidents": heard.incidents,
        "false_outside": sorted(f.title for f in false),
        "benign_windows_alarmed": sum(any(within(heard, f, w) for f in false) for w in one.benign),
        "given": sorted({t for some in about for f in some for t in f.techniques[:1]}),
    }


def quiet(path: Path, verdicts: Verdicts) -> dict[str, Any]:
    """One capture without an attack. Raises InterlockError."""
    heard = listen(path)
    capture = f"{path.parent.name}/{path.name}"
    by = Counter(judge_of(f) for f in heard.alarms.values())
    return {
        "hours": round(heard.seconds / 3600, 4),
        "incidents": heard.incidents,
        "alarms": sorted(f"{judge_of(f)}: {f.title}" for f in heard.alarms.values()),
        "judged": {judge: [verdicts.of(capture, judge), count] for judge, count in sorted(by.items())},
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
        verdicts = Verdicts.read()
        still, more = _each(
            {path: lambda path=path: quiet(path, verdicts) for path in others}, asked.captures
        )
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


_HEAD = "capture, windows|alone: found|named|outside|learned: found|named|outside|learned from|given first"


def _print(rows: dict[str, dict[str, Any]]) -> None:
    print(f"| {_HEAD.replace('|', ' | ')} |")
    for name, r in rows.items():
        alone, taught = r["alone"], r["learned"]
        cells = (*_cells(alone), *(_cells(taught) if taught else ("", "", "")), r["learned_from"] or "")
        given = " ".join((taught or alone)["given"]) or "nothing"
        print(f"| {name} {r['windows']} | {' | '.join(map(str, cells))} | {given} |")
    all_of = list(rows.values())
    some = [r for r in all_of if r["learned"]]
    print(f"\nalone: {_sum(all_of, 'alone')}")
    print(f"learned, where there is something clean: {_sum(all_of, 'learned')}")
    print(f"those that learned, alone: {_sum(some, 'alone')}")
    print(f"those that learned, learned: {_sum(some, 'learned')}\n")


def _cells(score: dict[str, Any]) -> tuple[int, int, int]:
    return score["found"], score["named"], len(score["false_outside"])


def _sum(rows: list[dict[str, Any]], how: str) -> str:
    scores = [(r, r[how] or r["alone"]) for r in rows]
    found, named, loud = (
        sum(s[key] for _, s in scores) for key in ("found", "named", "benign_windows_alarmed")
    )
    whole = sum(s["found"] == r["windows"] > 0 for r, s in scores)
    outside = sum(len(s["false_outside"]) for _, s in scores)
    return (
        f"{found} of {sum(r['windows'] for r in rows)} windows found, {named} rightly named; {whole} captures whole; "
        f"{outside} alarms outside; {loud} of {sum(r['benign_windows'] for r in rows)} benign windows alarm"
    )


def _print_quiet(rows: dict[str, dict[str, Any]]) -> None:
    loud = {name: r for name, r in rows.items() if r["alarms"]}
    hours = sum(r["hours"] for r in rows.values())
    print(
        f"{len(rows)} captures without a labelled attack, {hours:.1f} hours in which anything came: {len(loud)} alarm"
    )
    counts: Counter[str] = Counter()
    for r in loud.values():
        for verdict, count in r["judged"].values():
            counts[verdict] += count
    false = [name for name, r in loud.items() if any(verdict == FALSE for verdict, _ in r["judged"].values())]
    print(
        f"false alarms in harmless captures: {counts[FALSE]} in {len(false)}; true {counts[TRUE]}, "
        f"not judged {counts[NOT_JUDGED]}\n"
    )
    by = Counter(alarm.partition(":")[0] for r in loud.values() for alarm in r["alarms"])
    print("alarms by detector:", ", ".join(f"{name} {n}" for name, n in by.most_common()) or "none")
    for name, r in loud.items():
        said = ", ".join(f"{judge} {count} {verdict}" for judge, (verdict, count) in r["judged"].items())
        print(f"- {name}: {said}")


if __name__ == "__main__":
    sys.exit(main())
