"""`python -m interlock.bench.week`: a simulated week of many machines through the sensor, and what memory it takes.

A plant that is polled once a minute is written to a capture (1,000 machines, seven days: 30 million packets, 3 GB),
which `sensor replay` puts through the same worker, judge and store as live frames, as fast as they can be read. The
memory of each process is its proportional set size (PSS: pages that several processes share count once in all).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from interlock.bench.plant_traffic import PlantTraffic
from interlock.bench.tcp_frames import PCAP_HEADER
from interlock.errors import InterlockError
from interlock.pipeline.sensor.figures import read_figures_file

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["write_week"]

_ENTRY: Final = ("-c", "from interlock.cli.main import main; main()")
_MINUTE_US: Final = 60_000_000
_PACKETS_A_POLL: Final = 3.02
"""Request, answer, acknowledgement; a few are split."""
_DAY_MINUTES: Final = 1440
_LOOK_S: Final = 0.3
_HOUR_NS: Final = 3_600_000_000_000


@click.command()
@click.option("--days", default=7.0, show_default=True)
@click.option("--machines", default=1000, show_default=True, type=click.IntRange(1, 5000))
@click.option("--folder", type=click.Path(path_type=Path), help="Where capture and store lie meanwhile.")
@click.option(
    "--samples", "every", default=30.0, show_default=True, help="Seconds between lines of progress."
)
def main(*, days: float, machines: int, folder: Path | None, every: float) -> None:
    """Print lines of progress, then one JSON object."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        capture = Path(place) / "week.pcap"
        packets = write_week(capture, days, machines)
        click.echo(f"{packets:,} packets, {capture.stat().st_size >> 20} MiB", err=True)
        click.echo(json.dumps(_replay(capture, Path(place) / "store", packets, every)))


def write_week(capture: Path, days: float, machines: int) -> int:
    """Write the capture; how many packets it has."""
    traffic = PlantTraffic(machines, cycle_us=_MINUTE_US)
    packets = round(days * _DAY_MINUTES * machines * _PACKETS_A_POLL)
    with capture.open("wb") as target:
        target.write(PCAP_HEADER)
        target.writelines(records.data for records in traffic.records(packets))
    return packets


def _replay(capture: Path, store: Path, packets: int, every: float) -> dict[str, Any]:
    load, begin = os.getloadavg()[0], time.monotonic()
    sensor = subprocess.Popen(  # noqa: S603
        [sys.executable, *_ENTRY, "sensor", "replay", str(capture), "--out", str(store)],
        stdout=subprocess.DEVNULL,
    )
    samples: list[dict[str, Any]] = []
    told = begin
    try:
        while sensor.poll() is None:
            time.sleep(_LOOK_S)
            if sample := _sample(sensor.pid, store):
                samples.append(sample)
                if time.monotonic() - told >= every:
                    told = time.monotonic()
                    click.echo(json.dumps(sample), err=True)
    finally:
        if sensor.poll() is None:
            sensor.terminate()
            sensor.wait(90)
    octets = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    return {
        "packets": packets, "load_before": round(load, 2), "seconds": round(time.monotonic() - begin, 1),
        "exit_code": sensor.returncode, "store_mib": octets >> 20, **_summed(samples),
    }  # fmt: skip


def _sample(supervisor: int, store: Path) -> dict[str, Any]:
    """Simulated hours so far and MiB of each process; nothing while it begins or ends."""
    with suppress(OSError, InterlockError):
        figures = read_figures_file(store)
        sizes: dict[str, float] = {}
        for pid in _below(str(supervisor)):
            sizes[_name(pid)] = round(sizes.get(_name(pid), 0.0) + _pss(pid), 1)
        if figures is not None and figures.capture_time is not None:
            hours = (figures.capture_time - 1_750_000_000 * 10**9) / _HOUR_NS
            return {"hours": round(hours, 2), "supervisor": _pss(str(supervisor)), **sizes}
    return {}


def _summed(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Most memory in all, and of each process the mean of each quarter of the time, which shows what grows."""
    names = sorted({name for sample in samples for name in sample} - {"hours"})
    totals = [sum(sample.get(name, 0.0) for name in names) for sample in samples]
    fullest = samples[max(range(len(samples)), key=totals.__getitem__)] if samples else {}
    bounds = [len(samples) * quarter // 4 for quarter in range(5)]
    quarters = {
        name: [
            round(sum(sample.get(name, 0.0) for sample in samples[a:b]) / max(1, b - a), 1)
            for a, b in pairwise(bounds)
        ]
        for name in names
    }
    hours = samples[-1]["hours"] if samples else 0
    return {"hours": hours, "most_mib": round(max(totals, default=0), 1), "fullest": fullest,
            "mib_by_quarter": quarters}  # fmt: skip


def _below(pid: str) -> Iterator[str]:
    """Its children and theirs: the judge's own, which save and write for it, go under its name."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
        yield child
        yield from _below(child)


def _name(pid: str) -> str:
    return Path(f"/proc/{pid}/comm").read_text("utf-8").strip()


def _pss(pid: str) -> float:
    found = re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text("ascii"), re.MULTILINE)
    return round(int(found[1]) / 1024, 1) if found else 0.0


if __name__ == "__main__":
    main()
