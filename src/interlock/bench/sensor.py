"""`python -m interlock.bench.sensor`: what the whole sensor loses and costs, and how soon a finding is on disk.

The real `interlock sensor run` in one network namespace, a sender in another, as `interlock.bench.live` has them. With
--attacks a stranger stops a controller now and then (an S7comm job, from another address each time); how long it takes
until that finding can be read from the store is measured from outside, beside what the sensor says of itself.
With --zones the sensor has a site file with zones and conduits: what `interlock zone propose` makes of the same plant.
Needs Linux and root; nothing leaves the namespaces.
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np

from interlock.bench.live import in_child, wire
from interlock.bench.paced_sender import Strangers, Traffic, send
from interlock.bench.plant_traffic import write_plant_traffic
from interlock.detect.zones.conduit_violation import ConduitViolation
from interlock.errors import InterlockError
from interlock.pipeline.sensor.figures import read_figures_file
from interlock.store.plain.reader import PlainReader

if TYPE_CHECKING:
    from interlock.records.figures import Figures
    from interlock.records.histogram import Histogram

__all__ = ["attack_frame"]

_ENTRY: Final = ("-c", "from interlock.cli.main import main; main()")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_POLL_S: Final = 0.005
_QUIET_S: Final = 10.0
_SETTLED_NS: Final = 5 * 10**9
"""By then all that the plant says has been said once."""
_ENDED: Final = ("worker-lost", "flow-passed-over", "state-lost")
_STRANGERS: Final = re.compile(r"10\.88\.(\d+)\.(\d+)")


@click.command()
@click.option("--rate", default=200_000, show_default=True, type=click.IntRange(1000, 5_000_000))
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(1, 3600))
@click.option("--plcs", default=200, show_default=True, type=click.IntRange(1, 5000))
@click.option(
    "--attacks",
    default=0.0,
    show_default=True,
    help="Findings a second that are provoked; of more than 1,000 in all, the rest is told together.",
)
@click.option(
    "--strangers", is_flag=True, help="Instead of a plant, a conversation of its own for each packet."
)
@click.option("--zones", is_flag=True, help="Judge by conduits, too: those that are proposed for this plant.")
@click.option("--signatures", type=click.Path(path_type=Path), help="Rules to put in force, too.")
def main(
    *,
    rate: int,
    seconds: int,
    plcs: int,
    attacks: float,
    strangers: bool,
    zones: bool,
    signatures: Path | None,
) -> None:
    """Send packets of a synthetic plant to a sensor; one JSON object says what came of it."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise click.UsageError("this needs Linux and root, to make network namespaces")
    traffic = Strangers(rate * seconds) if strangers else Traffic(rate * seconds, plcs)
    with wire() as (sending, listening), tempfile.TemporaryDirectory() as folder:
        given: tuple[str, ...] = ()
        if zones:
            given = ("--site", str(_proposed(Path(folder), plcs, traffic.packets)))
        if signatures is not None:
            given += ("--signatures", str(signatures))
        store = Path(folder) / "store"
        click.echo(json.dumps(_measure(traffic, rate, attacks, sending, listening, store, given)))


def _proposed(folder: Path, plcs: int, packets: int) -> Path:
    """A site file with the zones and conduits that are proposed for the plant, from the packets that will be sent."""
    with (folder / "plant.pcap").open("wb") as capture:
        write_plant_traffic(capture, packets, plcs)
    draft = folder / "draft"
    command = [sys.executable, *_ENTRY, "zone", "propose", str(folder / "plant.pcap"), "--out", str(draft)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    (folder / "plant.pcap").unlink()
    return draft / "site.toml"


def _measure(
    traffic: Traffic,
    rate: int,
    attacks: float,
    sending: str,
    listening: str,
    store: Path,
    given: tuple[str, ...],
) -> dict[str, Any]:
    # Over 40 lines: one measurement, and the document that says what came of it.
    load = os.getloadavg()[0]
    sensor = subprocess.Popen(  # noqa: S603
        ["ip", "netns", "exec", listening, sys.executable, *_ENTRY,  # noqa: S607
         "sensor", "run", "-i", "wire1", "--out", str(store), *given],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until_ready(store, sensor)
        core = min(os.sched_getaffinity(0))
        seconds = traffic.packets / rate
        idle, begin = _processes(sensor.pid), time.monotonic()
        strikes = in_child(sending, core, lambda: _strike(attacks, seconds))
        sender = in_child(sending, core, lambda: _sent(traffic, rate))
        seen, by_conduit = _watch(store, seconds if attacks else 0.0)
        course = _course(sensor.pid, store, seconds) if isinstance(traffic, Strangers) else []
        told, struck = sender(), strikes()
        busy, took = _processes(sensor.pid), time.monotonic() - begin
        figures = _settled(store, told["packets"] + len(struck))
        processes = _processes(sensor.pid)
        ended = _ended(store)
    finally:
        sensor.terminate()
        sensor.wait(90)
    return {
        "load_before": round(load, 2),
        "rate_offered": round(told["packets"] / told["seconds"]),
        "mbit_per_s": round(8 * traffic.octets / told["seconds"] / 1e6, 1),
        "sent": told["packets"] + len(struck),
        "read": sum(row.packets for row in figures.interfaces),
        "drops": figures.drops,
        "shed": figures.shed,
        "processes": processes,
        "course": course,
        "ended": ended,
        "budgets": {b.name: [b.used, b.budget, b.aged_out] for b in figures.budgets},
        "core_share": {
            name: round((cost["cpu_s"] - idle[name]["cpu_s"]) / took, 3) for name, cost in busy.items()
        },
        "record_latency_ms": _shown(figures.record_latency),
        "finding_latency_ms": _shown(figures.finding_latency),
        "finding_latency_from_outside_ms": _outside(struck, seen),
        "conduit_finding_latency_from_outside_ms": _outside(struck, by_conduit),
    }


def _ended(store: Path) -> list[str]:
    """What the diary says of processes that died, or were ended for what they held."""
    said = [line for line in PlainReader(store).diary() if line.event in _ENDED]
    return [f"{line.event}: {line.says}" for line in said]


def _course(sensor: int, store: Path, seconds: float) -> list[dict[str, Any]]:
    """Every ten seconds: packets judged, CPU seconds and memory (PSS, MiB) of each process."""
    course, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(10)
        figures = _figures(store)
        costs = {name: [cost["cpu_s"], cost["pss_mib"]] for name, cost in _processes(sensor).items()}
        course.append({"packets": figures.packets if figures else 0, **costs})
    return course


def _sent(traffic: Traffic, rate: int) -> dict[str, Any]:
    done = send("wire0", traffic, rate)
    return {"packets": done.packets, "seconds": done.seconds}


def attack_frame(number: int) -> bytes:
    """A stranger (10.88.H.L by its number) asks a controller to stop: an S7comm job PLC STOP over ISO on TCP.

    Checksums are left 0 in TCP, as offloading cards leave them.
    """
    # TPKT | COTP data | S7: 0x32, job, -, reference, parameter octets, data octets | PLC STOP, 5 x 0, name
    program = b"P_PROGRAM"
    parameter = b"\x29" + bytes(5) + bytes([len(program)]) + program
    job = struct.pack(">BBHHHH", 0x32, 1, 0, number & 0xFFFF, len(parameter), 0) + parameter
    data = struct.pack(">BBH", 3, 0, 7 + len(job)) + b"\x02\xf0\x80" + job
    tcp = struct.pack(">HHIIHHHH", 50_000, 102, 1_000, 2_000, 0x5018, 8192, 0, 0)
    addresses = bytes([10, 88, number >> 8 & 0xFF, number & 0xFF]) + bytes([10, 20, 1, 1])
    head = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0)
    words = struct.unpack(">10H", head + addresses)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF)
    macs = b"\x02\x00\x0a\x14\x01\x01" + b"\x06\x58" + struct.pack(">I", number)
    return (macs + b"\x08\x00" + head + addresses + tcp + data).ljust(60, b"\0")


def _strike(attacks: float, seconds: float) -> dict[str, Any]:
    """Attacks at their pace; number → wall time (ns) at which it was sent."""
    struck: dict[str, Any] = {}
    begin = time.monotonic()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind(("wire0", 0))
        while attacks and time.monotonic() - begin < seconds - 1:
            number = len(struck) + 1
            struck[str(number)] = time.time_ns()
            sock.send(attack_frame(number))
            time.sleep(max(0.0, begin + number / attacks - time.monotonic()))
    return struck


def _watch(store: Path, seconds: float) -> tuple[dict[str, int], dict[str, int]]:
    """Findings of strangers as they can be read from the store: number → wall time (ns) at which it was there.

    The first of any detector, and those of conduits.
    """
    seen: dict[str, int] = {}
    by_conduit: dict[str, int] = {}
    after, end = 0, time.monotonic() + seconds + 2
    while seconds and time.monotonic() < end:
        with suppress(InterlockError):
            for number, finding in PlainReader(store).findings(after):
                after = max(after, number)
                if found := _STRANGERS.search(finding.title):
                    stranger = str((int(found[1]) << 8) + int(found[2]))
                    seen.setdefault(stranger, time.time_ns())
                    if finding.detector == ConduitViolation.name:
                        by_conduit.setdefault(stranger, time.time_ns())
        time.sleep(_POLL_S)
    return seen, by_conduit


def _outside(struck: dict[str, Any], seen: dict[str, int]) -> dict[str, float]:
    """Percentiles of those that came, and how many came."""
    waits = [(seen[number] - sent) / 1e6 for number, sent in struck.items() if number in seen]
    if not waits:
        return {"sent": len(struck), "found": 0}
    p50, p99, p999 = np.percentile(waits, [50, 99, 99.9]).tolist()
    settled = min(struck.values()) + _SETTLED_NS
    later = [(seen[n] - sent) / 1e6 for n, sent in struck.items() if n in seen and sent >= settled]
    return {
        "sent": len(struck), "found": len(waits), "p50": round(p50, 1), "p99": round(p99, 1), "p99.9": round(p999, 1),
        "most": round(max(waits), 1), "most_after_5_s": round(max(later, default=0.0), 1),
    }  # fmt: skip


def _shown(histogram: Histogram | None) -> dict[str, float]:
    if histogram is None:
        return {}
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
    return {name: round((histogram.quantile(share) or 0) / 1e6, 1) for name, share in shares.items()}


def _figures(store: Path) -> Figures | None:
    with suppress(InterlockError):
        return read_figures_file(store)
    return None


def _until_ready(store: Path, sensor: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while _figures(store) is None:
        if sensor.poll() is not None or time.monotonic() > end:
            raise click.ClickException("the sensor does not watch")
        time.sleep(0.1)


def _settled(store: Path, packets: int) -> Figures:
    """The figures once all packets are accounted for, or nothing has come for a while."""
    last, since = -1, time.monotonic()
    while True:
        figures = _figures(store)
        assert figures is not None
        told = sum(row.packets for row in figures.interfaces) + (figures.drops or 0)
        if told != last:
            last, since = told, time.monotonic()
        if told >= packets or time.monotonic() - since > _QUIET_S:
            time.sleep(1.5)
            return _figures(store) or figures
        time.sleep(0.2)


def _processes(supervisor: int) -> dict[str, dict[str, float]]:
    """CPU seconds and memory (PSS, MiB) of each process of the sensor."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text("ascii").split()
    return {_name(pid, supervisor): _cost(pid) for pid in (str(supervisor), *children)}


def _name(pid: str, supervisor: int) -> str:
    said = Path(f"/proc/{pid}/comm").read_text("utf-8").strip()
    return "supervisor" if pid == str(supervisor) else said


def _cost(pid: str) -> dict[str, float]:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    found = re.search(r"^Pss: +(\d+)", rollup, re.MULTILINE)
    return {
        "cpu_s": (int(fields[11]) + int(fields[12])) / _TICKS,
        "pss_mib": round(int(found[1]) / 1024, 1) if found else 0.0,
    }


if __name__ == "__main__":
    main()
