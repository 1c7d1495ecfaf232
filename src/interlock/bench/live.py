"""`python -m interlock.bench.live`: what live capture loses, alone and with decoding, and what it costs.

Two network namespaces with a pair of virtual interfaces between them; a sender on one processor core, the receiver on
another. Everything that the kernel does to bring a packet from one end into the ring runs on the sender's core, as
it runs in a network card's interrupts elsewhere. Needs Linux and root; nothing leaves the namespaces.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from interlock.bench.paced_sender import Traffic, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["in_child", "wire"]

_CLONE_NEWNET: Final = 0x40000000
_QUIET_S: Final = 2.0
"""So long without a packet after the sender's end, and nothing more will come."""


@click.command()
@click.option(
    "--rate",
    default=200_000,
    show_default=True,
    type=click.IntRange(1000, 5_000_000),
    help="Packets a second.",
)
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(1, 3600))
@click.option("--mode", type=click.Choice(["both", "capture", "decode"]), default="both", show_default=True)
@click.option(
    "--kill-every", type=click.FloatRange(0.5), help="Kill the decoding worker every so many seconds."
)
@click.option("--wait-ms", type=float, help="How long a batch waits for more frames; else as in a sensor.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each mode.")
def main(
    *, rate: int, seconds: int, mode: str, kill_every: float | None, wait_ms: float | None, as_json: bool
) -> None:
    """Send packets of a synthetic plant to an interface and say how many were lost on the way to records."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise click.UsageError("this needs Linux and root, to make network namespaces")
    traffic = Traffic(rate * seconds)
    modes = ("capture", "decode") if mode == "both" else (mode,)
    for one in ("deaths",) if kill_every else modes:
        with wire() as (sending, listening):
            row = _measure(traffic, rate, one, _waits(wait_ms), kill_every or 0.0, sending, listening)
        click.echo(json.dumps(row) if as_json else _text(row))


def _measure(
    traffic: Traffic,
    rate: int,
    mode: str,
    waits: tuple[float, float],
    kill_every_s: float,
    sending: str,
    listening: str,
) -> dict[str, Any]:
    """One run: the receiver in a process of its own, then the sender in another."""
    load = os.getloadavg()[0]
    cores = sorted(os.sched_getaffinity(0))
    ready, sent = os.pipe(), os.pipe()

    def receive() -> dict[str, Any]:
        if kill_every_s:
            return _receive_killed(kill_every_s, waits, traffic.packets, ready[1], sent[0])
        return _receive(mode, waits, traffic.packets, ready[1], sent[0])

    receiver = in_child(listening, cores[-1], receive)
    os.read(ready[0], 1)
    sender = in_child(sending, cores[0], lambda: _dict(send("wire0", traffic, rate)))
    told = sender()
    os.write(sent[1], b"\1")
    heard = receiver()
    for end in (*ready, *sent):
        os.close(end)
    packets = told["packets"]
    return {
        "mode": mode,
        "machine": f"{platform.processor() or platform.machine()}, {len(cores)} cores, Linux {platform.release()}",
        "load_before": round(load, 2),
        "rate_wanted": rate,
        "rate_offered": round(packets / told["seconds"]),
        "seconds": round(told["seconds"], 1),
        "sender_behind_ms": round(1000 * told["behind_s"], 1),
        "mean_octets": round(traffic.octets / traffic.packets, 1),
        "sent": packets,
        "arrived": _arrived(listening),
        "lost": packets - heard["received"],
        **heard,
    }


def _waits(wait_ms: float | None) -> tuple[float, float]:
    """How long a batch waits for more frames, and how long where few come: as in a sensor where nothing is said."""
    from interlock.capture.live.interface import CALM_WAIT_S, WAIT_S  # noqa: PLC0415 (Linux only)

    return (WAIT_S, CALM_WAIT_S) if wait_ms is None else (wait_ms / 1000, wait_ms / 1000)


def _dict(sent: Any) -> dict[str, Any]:
    return {name: getattr(sent, name) for name in ("packets", "seconds", "behind_s")}


def _receive(mode: str, waits: tuple[float, float], packets: int, ready: int, sent: int) -> dict[str, Any]:
    """Read everything; the figures."""
    # Over 40 lines: what it measures begins and ends in its own frame, so that no call stands in between.
    from interlock.capture.live.interface import LiveSource  # noqa: PLC0415 (Linux only)
    from interlock.capture.live.place import shared_row  # noqa: PLC0415
    from interlock.capture.live.socket import open_ring  # noqa: PLC0415

    ring = open_ring("wire1")
    source = LiveSource(ring, shared_row(), wait_s=waits[0], calm_wait_s=waits[1])
    engine = _engine() if mode == "decode" else None
    os.set_blocking(sent, False)
    os.write(ready, b"\1")
    received = batches = rows = 0
    ages: list[int] = []
    longest_s, quiet_since, began = 0.0, time.monotonic(), time.process_time()
    ended = False
    while received < packets and not (ended and time.monotonic() - quiet_since > _QUIET_S):
        frames = source.batch(0.1)
        if frames is None:
            with contextlib.suppress(BlockingIOError):
                ended = ended or bool(os.read(sent, 1))
            continue
        begin = time.perf_counter()
        if engine is not None:
            rows += sum(batch.num_rows for batch in engine.feed(frames).values())
        longest_s = max(longest_s, time.perf_counter() - begin)
        ages.append(time.time_ns() - int(frames.time[0]))
        received += frames.n
        batches += 1
        quiet_since = time.monotonic()
    spent = time.process_time() - began
    source.done()
    if engine is not None:
        rows += sum(batch.num_rows for batches in engine.finish() for batch in batches.values())
    return {
        "received": received,
        "kernel_drops": source.statistics.dropped,
        "freezes": source.freezes,
        "ring_mib": ring.size.octets >> 20,
        "batches": batches,
        "longest_batch_ms": round(1000 * longest_s, 1),
        **{f"oldest_ms_p{share}": _part(ages, share) for share in (50, 99)},
        "rows": rows,
        "cpu_s": round(spent, 2),
        "cpu_s_per_million": round(spent / max(1, received) * 1e6, 3),
    }


def _receive_killed(
    every_s: float, waits: tuple[float, float], packets: int, ready: int, sent: int
) -> dict[str, Any]:
    """Decode in workers of which each is killed after a while; what they were done with stands in the ring's row."""
    # Over 40 lines: parent and children of one run; each part needs most of the others' names.
    from interlock.capture.live.interface import LiveSource  # noqa: PLC0415 (Linux only)
    from interlock.capture.live.place import Place, shared_row  # noqa: PLC0415
    from interlock.capture.live.socket import open_ring  # noqa: PLC0415

    def work() -> None:
        source, engine = LiveSource(ring, row, wait_s=waits[0], calm_wait_s=waits[1]), _engine()
        while True:
            frames = source.batch(0.1)
            if frames is not None:
                engine.feed(frames)

    ring, row = open_ring("wire1"), shared_row()
    place = Place(row)
    _engine()  # all that it needs is imported before anybody is forked
    os.set_blocking(sent, False)
    os.write(ready, b"\1")
    workers, ended, quiet_since, before = 0, False, time.monotonic(), 0
    while place.number < packets and not (ended and time.monotonic() - quiet_since > every_s + _QUIET_S):
        worker = os.fork()
        if worker == 0:
            try:
                work()
            finally:
                os._exit(1)
        workers += 1
        until = time.monotonic() + every_s
        while time.monotonic() < until and place.number < packets:
            time.sleep(0.01)
            if place.number != before:
                before, quiet_since = place.number, time.monotonic()
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        with contextlib.suppress(BlockingIOError):
            ended = ended or bool(os.read(sent, 1))
    source = LiveSource(ring, row)
    return {
        "received": place.number,
        "kernel_drops": source.statistics.dropped - source.passed_over,
        "passed_over": source.passed_over,
        "freezes": source.freezes,
        "ring_mib": ring.size.octets >> 20,
        "workers_killed": workers - 1,
    }


def _part(ages: list[int], share: int) -> float | None:
    """Milliseconds from the wire to what is made of it, of each batch's oldest frame."""
    ages.sort()
    return round(ages[(len(ages) - 1) * share // 100] / 1e6, 1) if ages else None


def _engine() -> Any:
    """A decoder of everything that a sensor wants to know."""
    from interlock.bootstrap import build_engine  # noqa: PLC0415
    from interlock.detect.registry import all_detectors  # noqa: PLC0415
    from interlock.detect.runner import Runner  # noqa: PLC0415
    from interlock.pipeline.sensor.kept import wanted_tables  # noqa: PLC0415
    from interlock.records.frames import Source  # noqa: PLC0415

    return build_engine([Source(name="wire1")], wanted=wanted_tables(Runner(all_detectors()).needs))


def in_child(namespace: str, core: int, work: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Run `work` in a child within a namespace, on one core; what is returned waits for its result."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with Path("/run/netns", namespace).open() as place:
                if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            os.sched_setaffinity(0, {core})
            os.write(into, json.dumps(work()).encode())
            os._exit(0)
        finally:
            os._exit(1)

    def result() -> dict[str, Any]:
        os.close(into)
        with os.fdopen(out, "rb") as told:
            octets = told.read()
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            raise click.ClickException("one end of the measurement failed")
        found: dict[str, Any] = json.loads(octets)
        return found

    return result


@contextlib.contextmanager
def wire() -> Iterator[tuple[str, str]]:
    """Two namespaces with wire0 in the one and wire1 in the other, on which the kernel itself says nothing."""
    names = tuple(f"ilk-bench-{os.getpid()}-{end}" for end in (0, 1))
    try:
        for name in names:
            _ip("netns", "add", name)
        ends = (
            "name",
            "wire0",
            "netns",
            names[0],
            "type",
            "veth",
            "peer",
            "name",
            "wire1",
            "netns",
            names[1],
        )
        _ip("link", "add", *ends)
        for end, name in enumerate(names):
            quiet = f"echo 1 > /proc/sys/net/ipv6/conf/wire{end}/disable_ipv6"
            _ip("netns", "exec", name, "sh", "-c", quiet)
            _ip("-n", name, "link", "set", f"wire{end}", "up")
        yield names[0], names[1]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)  # noqa: S603, S607


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=20)  # noqa: S603, S607
    return done.stdout


def _arrived(namespace: str) -> int:
    """Packets that came in at the listening end, whoever took them."""
    told = json.loads(_ip("-n", namespace, "-j", "-s", "link", "show", "wire1"))
    packets: int = told[0]["stats64"]["rx"]["packets"]
    return packets


def _text(row: dict[str, Any]) -> str:
    return (
        f"{row['mode']}: {row['sent']:,} packets of {row['mean_octets']} octets at {row['rate_offered']:,}/s, "
        f"{row['received']:,} received, {row['lost']:,} lost, {row['kernel_drops']:,} dropped by the kernel, "
        f"{row.get('cpu_s_per_million', '-')} CPU s per million, {row.get('workers_killed', 0)} workers killed "
        f"(load before: {row['load_before']})"
    )


if __name__ == "__main__":
    main()
