"""Every attack and every rare event on the living plant: `python scripts/practice_living.py [NAME ...]`, as root.

Each is played on a plant of its own in network namespaces, its mirror port captured. Held against the truth that the
plant tells, and against the same attack in the twin:

- frames: every connection that the truth names is in the capture, with octets from the client; as many frames of
  Ethernet as it says were sent;
- kinds: whatever Interlock reads of the attack in the twin (client, server, protocol, verb, function) it reads here,
  and what is answered well there is answered well here; what libraries do otherwise stands, with its reason, in
  tests/plant/living/differences.toml, and is noted;
- silent: a machine that it reaches, and that says nothing for some time in the twin, does so here;
- moved: every process variable goes at least half as far as in the twin, to the same side, in the same time;
- technique: the one of the scenario.

Attacks that take longer than --most seconds are stopped there: what they did so far is held against the truth.
Prints a table in Markdown. Exit codes: 0 all as it must be, 1 not, 2 no root or another plant is up.
"""

from __future__ import annotations

import argparse
import fcntl
import itertools
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from proving.operations import operations

from interlock.plant.attacks.table import NAMES as ATTACKS
from interlock.plant.attacks.table import scenario
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.living.namespaces import leftovers
from interlock.plant.machines import BY_NAME
from interlock.plant.twin.recording import BEGIN_S, Twin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KNOWN = Path(__file__).parent.parent / "tests/plant/living/differences.toml"
COLUMNS = (
    *("frame", "client", "client_port", "server", "server_port"),
    *("protocol", "verb", "function", "outcome"),
)
BEGIN = BEGIN_S + 59 * 60
SETTLES_S = 90.0
SILENT_S = 12.0
"""No machine that speaks over IP is silent for as long in everyday life: the hall's is asked every ten seconds."""

JUST_NOW_S = 5.0
"""Who has said nothing for as long before it begins may only have opened its connections."""

QUIET_S = 8.0
"""From the plant's start until an attack: every client has its connections by then."""

INTERLOCK = [sys.executable, "-c", "from interlock.cli.main import main; main()", "plant"]


class Kind(NamedTuple):
    """One kind of operation."""

    client: str
    server: str
    protocol: str
    verb: str
    function: int | None


@dataclass
class Tried:
    """What came of one. wrong: what is not as it must be; notes: what else is worth saying."""

    name: str
    truth: dict[str, Any] = field(default_factory=dict)
    frames: int = 0
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--most", type=float, default=240.0, help="seconds after which an attack is stopped")
    parser.add_argument(
        "--together",
        action="store_true",
        help="one plant for all of them, one after the other: quicker, less apart",
    )
    parser.add_argument("--keep", type=Path, help="folder for captures")
    asked = parser.parse_args()
    # Where a shell's background ignores Ctrl-C, so would the attacks, which are stopped by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = asked.names or [*ATTACKS, *EVENTS]
    groups = [names] if asked.together else [[name] for name in names]
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # every plant is taken down first
    fine = True
    columns = ("played", "technique", "asked / answered / refused / cast", "frames", "moved", "as it must be")
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for group in groups:
        with (
            tempfile.TemporaryDirectory() as folder,
            (Path(tempfile.gettempdir()) / "interlock-living-plant.lock").open("w") as lock,
        ):
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.geteuid() or leftovers():
                print("needs root, and no other practice plant on this machine")
                return 2
            kept = asked.keep or Path(folder)
            kept.mkdir(parents=True, exist_ok=True)
            for tried in played(group, Path(folder), kept / f"{group[0]}.pcap", asked.most):
                fine = fine and not tried.wrong
                print(line(tried), flush=True)
    return 0 if fine else 1


def line(tried: Tried) -> str:
    truth = tried.truth
    moved = ", ".join(
        f"{m['tag']} {m['before']:g} → {m['least']:g}…{m['most']:g}" for m in truth.get("moved", ())
    )
    did = " / ".join(str(truth.get(k, "?")) for k in ("asked", "answered", "refused", "frames_sent"))
    told = "; ".join([*(f"**{w}**" for w in tried.wrong), *tried.notes]) or "yes"
    cells = (tried.name, truth.get("technique", "none"), did, str(tried.frames), moved or "nothing", told)
    return f"| {' | '.join(cells)} |"


def played(names: list[str], state: Path, capture: Path, most_s: float) -> list[Tried]:
    """Play them on one plant, one after the other."""
    found, env = [Tried(name) for name in names], {**os.environ, "INTERLOCK_STATE": str(state)}
    expected = [Expected.of(name, state, most_s) for name in names]
    run([*INTERLOCK, "up", "--seed", "1"], env, 200)
    seconds = len(names) * (most_s + SETTLES_S + 200)
    recording = subprocess.Popen(
        [*INTERLOCK, "capture", "--seconds", str(seconds), "--out", str(capture)],
        env=env,
        stdout=subprocess.DEVNULL,
    )
    try:
        time.sleep(QUIET_S)
        for tried, there in zip(found, expected, strict=True):
            play(tried, env, most_s)
            settle(tried, env, there)
    finally:
        run([*INTERLOCK, "down"], env, 120)
        recording.wait(120)
    here = outcomes(operations(capture, COLUMNS))
    for tried, there in zip(found, expected, strict=True):
        judge(tried, capture, there, here)
    return found


def run(words: list[str], env: dict[str, str], seconds: float) -> str:
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def play(tried: Tried, env: dict[str, str], most_s: float) -> None:
    what = "attack" if tried.name in ATTACKS else "event"
    with subprocess.Popen(
        [*INTERLOCK, what, tried.name, "--json"], env=env, stdout=subprocess.PIPE, text=True
    ) as playing:
        try:
            said, _ = playing.communicate(timeout=most_s)
            tried.truth = json.loads(said)
        except subprocess.TimeoutExpired:
            playing.send_signal(signal.SIGINT)
            playing.communicate(timeout=20)
            tried.notes.append(f"stopped after {most_s:.0f} s")
        finally:
            if playing.poll() is None:  # this script was told to end
                playing.kill()
    told = [json.loads(text) for text in run([*INTERLOCK, "truth"], env, 120).splitlines()]
    tried.truth = tried.truth or told[-1]
    if tried.truth["trouble"] and not tried.notes:
        tried.wrong.append(tried.truth["trouble"])


def settle(tried: Tried, env: dict[str, str], expected: Expected) -> None:
    """Wait until variables have moved, or time is up; the plant's word for how far is what counts."""
    if tried.name not in ATTACKS:
        time.sleep(QUIET_S)
        return
    end = time.monotonic() + SETTLES_S
    while True:
        told = json.loads(run([*INTERLOCK, "status", "--json"], env, 120))
        tried.truth["moved"] = next(a["moved"] for a in told["attacks"] if a["name"] == tried.name)
        short = expected.short(tried.truth["moved"])
        if not short or time.monotonic() > end:
            break
        time.sleep(2)
    tried.wrong += short


@dataclass
class Expected:
    """What the twin makes of the same: kinds of operation in the attack's frames, how each ended, what moved."""

    kinds: dict[Kind, set[str]]
    moved: list[dict[str, Any]]
    silences: dict[str, float]

    @classmethod
    def of(cls, name: str, folder: Path, most_s: float) -> Expected:
        path = folder / "twin.pcap"
        with path.open("wb") as target:
            twin = Twin(target, 1, BEGIN)
            (twin.attack if name in ATTACKS else twin.befall)(name, (QUIET_S + 2) / 60)
            (case,) = (*twin.cases, *twin.occasions)
            for _ in twin.run((QUIET_S + 2 + most_s + SETTLES_S) / 60):
                if case.end_ns is not None and twin.clock.now > case.end_ns + SETTLES_S * 1e9:
                    break
        told = case.truth()
        assert told is not None
        frames = set(told["frames"])
        kinds = outcomes(r for r in operations(path, COLUMNS) if r["frame"] in frames)
        reached = told.get("victims", told.get("machines"))
        return cls(kinds, told.get("moved", []), silences(path, reached, begun_s(told["begin"])))

    def short(self, moved: list[dict[str, Any]]) -> list[str]:
        """Variables that did not go half as far as in the twin, to the same side."""
        found = []
        for there, here in zip(self.moved, moved, strict=True):
            for end in ("least", "most"):
                far, got = there[end] - there["before"], here[end] - here["before"]
                noise = 0.02 * max(abs(there["before"]), 1.0)
                if (
                    abs(far) > noise
                    and abs(far) >= 0.5 * (there["most"] - there["least"])
                    and got / far < 0.5
                ):
                    twin = f"in the twin {there['before']:g} → {there[end]:g}"
                    found.append(f"{there['tag']} {here['before']:g} → {here[end]:g}, {twin}")
        return found


def outcomes(rows: Iterable[dict[str, Any]]) -> dict[Kind, set[str]]:
    """Kinds, and every way in which they ended."""
    found: dict[Kind, set[str]] = defaultdict(set)
    for row in rows:
        # A function that the protocol does not have is a draw of the attack: any will do.
        function = None if row["verb"] == "unknown" else row["function"]
        about = {k: row[k] for k in ("client", "server", "protocol", "verb")}
        found[Kind(**about, function=function)].add(row["outcome"])
    return found


def reason(kind: Kind) -> str:
    """Why a library does otherwise; empty where nobody says so."""
    for entry in tomllib.loads(KNOWN.read_text("utf-8"))["difference"]:
        about = ((k, entry[k]) for k in Kind._fields if k in entry)
        if all(getattr(kind, k) in (v if isinstance(v, list) else [v]) for k, v in about):
            return str(entry["reason"]).replace("\n", " ")
    return ""


def read_as_there(tried: Tried, expected: Expected, here: dict[Kind, set[str]]) -> None:
    """Kinds that are read in the twin and not here, or are answered well there and not here."""
    for each, ended in expected.kinds.items():
        if not here.get(each):
            what = "not read"
        elif "ok" in ended and "ok" not in here[each]:
            what = f"ended as {'/'.join(sorted(here[each]))}"
        else:
            continue
        because = reason(each)
        told = f"{what}: {' '.join(map(str, each))}"
        (tried.notes if because else tried.wrong).append(f"{told} ({because})" if because else told)


def judge(tried: Tried, capture: Path, expected: Expected, here: dict[Kind, set[str]]) -> None:
    """Frames and kinds."""
    truth = tried.truth
    if tried.name in ATTACKS and truth["technique"] != scenario(tried.name).technique:
        tried.wrong.append("another technique")
    packets, cast = heard(capture, begun_s(truth["begin"]))
    missing = []
    for each in truth["connections"]:
        ends = (each["client"], each["client_port"], each["server"], each["server_port"])
        there, back = packets[ends], packets[ends[2:] + ends[:2]]
        tried.frames += there + back
        if not there:
            missing.append(
                f"{each['client']}:{each['client_port']} to {each['server']}:{each['server_port']}"
            )
    if missing:
        tried.wrong.append(f"{len(missing)} connections not captured, as {missing[0]}")
    tried.frames += truth["frames_sent"]
    if sum(cast.values()) < truth["frames_sent"]:
        tried.wrong.append(f"{truth['frames_sent']} frames were sent, {dict(cast)} captured")
    if not any("stopped after" in n for n in tried.notes):
        read_as_there(tried, expected, here)
    found = silences(capture, expected.silences, begun_s(truth["begin"]))
    for machine, there in expected.silences.items():
        if there > SILENT_S and found.get(machine, 0.0) < there / 2:
            tried.wrong.append(
                f"{machine} is silent for {found.get(machine, 0.0):.0f} s, in the twin {there:.0f} s"
            )


def begun_s(text: str) -> float:
    """Seconds since the epoch of a time in the truth."""
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp()


def silences(path: Path, machines: Iterable[str], begun: float) -> dict[str, float]:
    """The longest time (s) without a word since it began, of each of those that are not silent for long before it."""
    names = {BY_NAME[machine].end.ip: machine for machine in machines}
    said: dict[str, list[float]] = defaultdict(list)
    now = begun
    for now, frame in frames_of(path):
        machine = names.get(frame[26:30]) if frame[12:14] == b"\x08\x00" else None
        if machine is not None:
            said[machine].append(now)
    longest = {}
    for machine, times in said.items():
        before, after = ([t for t in times if (t > begun) is late] for late in (False, True))
        if len(before) > 1 and _pause(before) < SILENT_S and begun - before[-1] < JUST_NOW_S:
            longest[machine] = _pause([begun, *after, now])
    return longest


def _pause(times: list[float]) -> float:
    return max((later - sooner for sooner, later in itertools.pairwise(times)), default=0.0)


def frames_of(path: Path) -> Iterator[tuple[float, bytes]]:
    """Seconds since the epoch, and octets."""
    octets, at = path.read_bytes(), 24
    while at < len(octets):
        seconds, nanoseconds, size = struct.unpack_from("<III", octets, at)
        yield seconds + nanoseconds / 1e9, octets[at + 16 : at + 16 + size]
        at += 16 + size


def heard(path: Path, begun: float) -> tuple[Counter[tuple[Any, ...]], Counter[str]]:
    """IPv4 packets by (address, port, address, port); other frames since the attack began, by type."""
    packets: Counter[tuple[Any, ...]] = Counter()
    cast: Counter[str] = Counter()
    for when, frame in frames_of(path):
        if frame[12:14] != b"\x08\x00":
            cast[frame[12:14].hex()] += when >= int(begun)
            continue
        if frame[23] in (6, 17):
            ports = struct.unpack_from("!HH", frame, 14 + (frame[14] & 15) * 4)
            source, target = (".".join(map(str, frame[k : k + 4])) for k in (26, 30))
            packets[source, ports[0], target, ports[1]] += 1
    return packets, cast


if __name__ == "__main__":
    sys.exit(main())
