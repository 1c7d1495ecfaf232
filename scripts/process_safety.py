"""What limits, interlocks and the change gate say: `python scripts/process_safety.py plant|attacks|series`.

plant: hours of the practice plant, seed by seed, all rare events in them, ordered ones under their work orders: every
finding beyond what is true of it all day is a false one. attacks: every attack recorded and analyzed, what process
safety says of it, by which technique, and seconds from its first frame to the finding's first. series: values of the
Tennessee-Eastman and SKAB test beds as tags, limits a quarter of the span beyond what four normal runs do: findings
per day without an attack, and which attacks are found. Markdown on standard output.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from interlock.detect.interface import Context
from interlock.detect.runner import Runner
from interlock.detect.safety.safety_value import SafetyValue
from interlock.plant.attacks.table import NAMES as ATTACKS
from interlock.plant.attacks.table import scenario
from interlock.plant.events.table import NAMES as EVENTS
from interlock.records.site_text import load_site
from interlock.records.tables import VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

OURS = ("safety-interlock", "safety-system", "safety-value", "safety-write", "work-order")
LONG = {
    "beaconing": 32,
    "slow-reconnaissance": 42,
    "setpoint-creep": 16,
    "safety-programming": 10,
    "sensor-spoofing": 10,
}
DATA = Path(__file__).parents[2] / "shared" / "mldata"
BEGIN = int(datetime.fromisoformat("2026-03-02T00:00:00+00:00").timestamp()) * 10**9


def main() -> None:
    """Do what was asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("plant", "attacks", "series"))
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--data", type=Path, default=DATA)
    asked = parser.parse_args()
    if asked.what == "plant":
        plant(asked.seeds, asked.minutes)
    elif asked.what == "attacks":
        attacks()
    else:
        series(asked.data)


def analyzed(folder: Path, *words: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Findings of a recording made with these words, and its truth."""
    recording = folder / "p.pcap"
    for command in (
        ["plant", "record", *words, "--out", str(recording)],
        [
            "analyze",
            str(recording),
            "--site",
            f"{recording}.site.toml",
            "--out",
            str(folder / "out"),
            "--json",
        ],
    ):
        subprocess.run(
            [sys.executable, "-m", "interlock.cli.start", *command], check=True, stdout=subprocess.DEVNULL
        )
    truth = json.loads(Path(f"{recording}.truth.json").read_text())
    return json.loads((folder / "out" / "findings.json").read_text())["findings"], truth


def plant(seeds: int, minutes: int) -> None:
    """False findings of whole hours with every rare event."""
    print(
        "| seed | hours | rare events | findings of process safety and work orders | others, medium or graver |"
    )
    print("|---|---|---|---|---|")
    for seed in range(11, 11 + seeds):
        step = minutes // (len(EVENTS) + 1)
        words = [w for n, e in enumerate(EVENTS, 1) for w in ("--event", f"{e}@{n * step}")]
        with tempfile.TemporaryDirectory() as folder:
            found, _ = analyzed(Path(folder), "--minutes", str(minutes), "--seed", str(seed), *words)
        ours = [f"{f['severity']} {f['title']}" for f in found if f["detector"] in OURS]
        rest = [
            f"{f['detector']} ({f['severity']}): {f['title']}"
            for f in found
            if f["detector"] not in OURS and f["severity"] in {"medium", "high", "critical"}
        ]
        print(
            f"| {seed} | {minutes / 60:g} | {len(EVENTS)} | {'; '.join(ours) or 'none'} | {'; '.join(rest) or 'none'} |"
        )


def attacks() -> None:
    """Every attack: what is said, how soon."""
    print("| attack | technique | found by | techniques of it | seconds after its first frame |")
    print("|---|---|---|---|---|")
    for name in ATTACKS:
        with tempfile.TemporaryDirectory() as folder:
            found, truth = analyzed(
                Path(folder), "--minutes", str(LONG.get(name, 6) + 6), "--seed", "21", "--attack", f"{name}@6"
            )
        begin = datetime.fromisoformat(
            truth["attacks"][0]["begin"] if "begin" in truth["attacks"][0] else truth["attacks"][0]["first"]
        )
        ours = [f for f in found if f["detector"] in OURS]
        first = min(ours, key=lambda f: f["time"], default=None)
        if first is None:
            print(f"| {name} | {scenario(name).technique} | - | | |")
            continue
        late = (datetime.fromisoformat(first["time"]) - begin).total_seconds()
        every = sorted({t for f in ours for t in f["techniques"]})
        said = "; ".join(f"{f['detector']} ({f['severity']}): {f['title']}" for f in ours)
        print(f"| {name} | {scenario(name).technique} | {said} | {', '.join(every)} | {late:.1f} |")


def series(folder: Path) -> None:
    """Real and simulated processes as tags."""
    fit = np.concatenate([_run(folder, f"normal_{n}") for n in range(4)])
    site = _site(fit)
    quiet = {f"normal_{n}": _found(site, _run(folder, f"normal_{n}"), 36) for n in range(4, 8)}
    days = sum(len(_run(folder, name)) for name in quiet) * 36 / 86_400
    print(f"Tennessee-Eastman, {days:.1f} normal days not fitted: {sum(map(len, quiet.values()))} findings")
    for kind in ("freeze", "bias", "ramp", "act", "idv"):
        runs = [p.stem for p in sorted((folder / "tep_sim").glob(f"*{kind}_*.npz"))]
        told = {name: _found(site, _run(folder, name), 36) for name in runs}
        hit = [n for n, f in told.items() if f]
        kinds = sorted({title.split(maxsplit=1)[1] for f in told.values() for title in f if kind == "freeze"})
        print(
            f"Tennessee-Eastman, {kind}: {len(hit)} of {len(runs)} runs with a finding {kinds[:3] if kinds else ''}"
        )
    with gzip.open(folder / "tep_braatz" / "d00_te.dat.gz", "rt") as file:
        te = np.loadtxt(file)
    with gzip.open(folder / "tep_braatz" / "d00.dat.gz", "rt") as file:
        first = np.loadtxt(file)
    first = first.T if first.shape[0] < first.shape[1] else first
    said = _found(_site(first), te, 180)
    print(f"Tennessee-Eastman (Braatz), {len(te) * 180 / 86_400:.1f} normal days: {len(said)} findings")
    water = np.array(list(_skab(folder / "skab" / "anomaly-free" / "anomaly-free.csv")))
    half = len(water) // 2
    said = _found(_site(water[:half]), water[half:], 1)
    print(f"SKAB water loop, {half / 3600:.1f} normal hours: {len(said)} findings {said}")


def _run(folder: Path, name: str) -> NDArray[np.float64]:
    return np.load(folder / "tep_sim" / f"{name}.npz")["X"].astype(np.float64)


def _skab(path: Path) -> Iterator[list[float]]:
    with path.open(newline="") as file:
        for row in list(csv.reader(file, delimiter=";"))[1:]:
            yield [float(cell) for cell in row[1:]]


def _site(fit: NDArray[np.float64]) -> str:
    """Every column a tag, safe a quarter of its span beyond what it did."""
    low, high = fit.min(axis=0), fit.max(axis=0)
    room = 0.25 * (high - low)
    return "".join(
        f'[[tags]]\nname = "x{n}"\nserver = "10.0.0.2"\nobject = "input:{n}"\n'
        + (
            f"low = {low[n] - room[n]!r}\nhigh = {high[n] + room[n]!r}\n".replace("np.float64(", "").replace(
                ")", ""
            )
            if room[n]
            else ""
        )
        for n in range(fit.shape[1])
    )


def _found(site: str, rows: NDArray[np.float64], every_s: int) -> list[str]:
    runner, context = Runner([SafetyValue()]), Context(site=load_site(site))
    for begin in range(0, len(rows), 500):
        part = rows[begin : begin + 500]
        runner.feed("values", _batch(part, begin, every_s), context)
    conclusion = runner.conclude(context)
    if conclusion.diagnostics:
        raise SystemExit("; ".join(conclusion.diagnostics))
    return [f.title for f in conclusion.findings]


def _batch(part: NDArray[np.float64], begin: int, every_s: int) -> pa.RecordBatch:
    many = len(part)
    plain = {
        "source": "s", "realm": "default", "client": "10.0.0.9", "server": "10.0.0.2", "protocol": "modbus",
        "unit": None, "object": "input:0", "direction": "read",
    }  # fmt: skip
    columns = []
    for field in VALUES.schema:
        if field.name == "time":
            values: list[Any] = [BEGIN + (begin + n) * every_s * 10**9 for n in range(many)]
        elif field.name == "number":
            values = part.tolist()
        elif field.name in {"frame", "flow"}:
            values = [begin + n + 1 for n in range(many)]
        else:
            values = [plain.get(field.name)] * many
        if pa.types.is_dictionary(field.type):
            columns.append(pa.array(values, pa.utf8()).dictionary_encode().cast(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=VALUES.schema)


if __name__ == "__main__":
    main()
