"""Faults: what is done to the sensor, and what its diary has to say of each."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.errors import SourceError
from interlock.store.plain.reader import PlainReader
from soaking.books import unprinted
from soaking.running import ENTRY, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from soaking.stage import Stage

__all__ = ["FAULTS", "Done"]

HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a fault was. says: events that the diary must have afterwards. away: wall times (ns) between which there
    was nothing to be seen, since the wire itself was cut. left: processes that stayed behind. deaths: how many of it
    its supervisor was to see. unheard: probes that never came to the sensor's end of the wire. wrong: what failed."""

    says: tuple[str, ...] = ()
    away: tuple[int, int] = (0, 0)
    left: int = 0
    deaths: int = 0
    unheard: frozenset[int] = frozenset()
    wrong: str = ""


def _kill(role: str) -> Callable[[Stage], Done]:
    def strike(stage: Stage) -> Done:
        os.kill(stage.sensor.process_of(role), signal.SIGKILL)
        return Done(says=("worker-lost", "blind"), deaths=1)

    return strike


def _compactor(stage: Stage) -> Done:
    """Nobody waits for it: nothing is blind, and nothing says so."""
    return replace(_kill("compactor")(stage), says=("worker-lost",))


def _two(stage: Stage) -> Done:
    """What one had told the other and he had not written yet is lost: a moment's rows, and said."""
    for role in ("worker", "judge"):
        os.kill(stage.sensor.process_of(role), signal.SIGKILL)
    return Done(says=("worker-lost", "blind"), deaths=2)


def _thrice(stage: Stage) -> Done:
    """One process after the other, as soon as it is there again: nothing that they read is suspect for it."""
    role = str(stage.rng.choice(["worker", "judge"]))
    for _ in range(4):
        before = stage.sensor.process_of(role)
        os.kill(before, signal.SIGKILL)
        until(lambda before=before: _again(stage, role, before), 10.0, 0.01)
    return Done(says=("worker-lost", "blind"), deaths=4)


def _again(stage: Stage, role: str, before: int) -> bool:
    with suppress(LookupError):
        return stage.sensor.process_of(role) != before
    return False


def _supervisor(stage: Stage) -> Done:
    """All of it dies; what watches services begins it again at once."""
    children = stage.sensor.children()
    stage.sensor.process.kill()
    stage.sensor.process.wait(10)
    until(lambda: not [pid for pid in children if _lives(pid)], 3.0)
    left = len([pid for pid in children if _lives(pid)])
    stage.sensor.close()
    stage.again()
    return Done(says=("started",), left=left)


def _stop(stage: Stage) -> Done:
    """Whoever stopped it does not wake it."""
    os.kill(stage.sensor.process_of("worker"), signal.SIGSTOP)
    time.sleep(stage.rng.uniform(0.5, 3))
    return Done(says=("blind",))


def _disk(stage: Stage) -> Done:
    """Every free octet is taken for some seconds."""
    ballast = stage.disk / "ballast"
    with ballast.open("wb") as file:
        octets = bytes(1 << 20)
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    os.write(file.fileno(), octets[:size])
    try:
        full = until(lambda: any(e.event == "disk-full" for e in stage.sensor.diary()[-3:]), 3.0)
        time.sleep(stage.rng.uniform(1, 4))
    finally:
        ballast.unlink()
    del full  # it may be said only once there is room again
    until(lambda: any(e.event == "disk-back" for e in stage.sensor.diary()[-6:]), 45.0)
    return Done(says=("disk-full", "disk-back"))


def _flood(stage: Stage) -> Done:
    """Malformed frames as fast as one process sends them; what the wire itself had no room for is told by a tap."""
    heard = stage.folder / "heard.pcap"
    begin = time.time_ns()
    with stage.tapped(heard):
        stage.flood(stage.folder / "mutants.pcap", stage.rng.uniform(0.5, 2))
    return Done(unheard=stage.unheard(heard, begin, time.time_ns()))


def _cut(go: Callable[[Stage], None], back: Callable[[Stage], None]) -> Callable[[Stage], Done]:
    def strike(stage: Stage) -> Done:
        begin = time.time_ns()
        go(stage)
        time.sleep(stage.rng.uniform(1.6, 2.5))
        back(stage)
        return Done(says=("interface-gone", "interface-back"), away=(begin, time.time_ns()))

    return strike


def _site(text: str, event: str) -> Callable[[Stage], Done]:
    def strike(stage: Stage) -> Done:
        lines, before = len(stage.sensor.diary()), stage.site.read_text()
        stage.site.write_text(before + text)
        stage.sensor.process.send_signal(signal.SIGHUP)
        until(lambda: any(e.event == event for e in stage.sensor.diary()[lines:]), 15.0)
        stage.site.write_text(before)
        return Done(says=(event,))

    return strike


def _leap(stage: Stage) -> Done:
    """The wall's clock of all the sensor's processes leaps by hours or ten years, and back, while traffic goes on.

    Times of frames are the kernel's, which cannot be moved so: captures that leap (`_clock`) are for those.
    """
    hours = int(stage.rng.choice([-30, -7, -2, 2, 7, 30, 87_600]))
    try:
        for seconds in (hours * HOUR, 0):
            before = _leaps(stage)
            stage.clock.set(seconds)
            until(lambda before=before: _leaps(stage) > before, 5.0)
            time.sleep(stage.rng.uniform(0.2, 1.5))
        aged = [e.says for e in stage.sensor.diary()[-20:] if e.event == "aged-out"]
    finally:
        stage.clock.set(0)
    return Done(says=("clock-jump",), wrong="; ".join(aged))


def _leaps(stage: Stage) -> int:
    return sum(entry.event == "clock-jump" for entry in stage.sensor.diary())


def _clock(stage: Stage) -> Done:
    """A capture whose times leap forth and back by hours, through the same processes from files (`sensor replay`)."""
    capture, store = stage.folder / "leaping.pcap", stage.folder / "leaping"
    octets = stage.captures[int(stage.rng.integers(len(stage.captures)))].read_bytes()
    capture.write_bytes(_leaping(octets, stage.rng.integers(-9 * HOUR, 9 * HOUR, 4).tolist()))
    subprocess.run(["rm", "-rf", store], check=True)
    ended = subprocess.run(
        [*ENTRY, "sensor", "replay", str(capture), "--out", str(store), "--config", stage.sensor.config],
        capture_output=True,
        check=False,
        timeout=120,
    )
    wrong = ended.stderr.decode()[-500:] if ended.returncode else ""
    with suppress(SourceError):
        reader = PlainReader(store)
        lines = [json.loads(line) for line in ended.stdout.splitlines()]
        found = [line["finding"] for line in lines if "finding" in line]
        printed = [(f["id"], f["title"], f["count"]) for f in found]
        lost = unprinted(printed, {f.id: f for _, f in reader.findings()})
        wrong = wrong or (f"not in the store: {lost}" if lost else "")
        wrong = wrong or (
            "" if any(e.event == "clock-jump" for e in reader.diary()) else "no leap in the diary"
        )
    return Done(wrong=wrong)


def _leaping(octets: bytes, leaps: list[int]) -> bytes:
    """The same frames, the whole cut in equal parts, each leaping by so many seconds against the one before."""
    out, at, base = bytearray(octets[:24]), 24, 0
    part = (len(octets) - 24) // (len(leaps) + 1) + 1
    done = 0
    while at < len(octets):
        seconds, rest, length, wire = struct.unpack_from("<IIII", octets, at)
        if (at - 24) // part > done:
            base += leaps[done]
            done += 1
        out += struct.pack("<IIII", seconds + base, rest, length, wire) + octets[at + 16 : at + 16 + length]
        at += 16 + length
    return bytes(out)


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    return False


FAULTS: Final[dict[str, tuple[int, Callable[[Stage], Done]]]] = {
    "worker killed": (6, _kill("worker")),
    "judge killed": (6, _kill("judge")),
    "herald killed": (2, _kill("herald")),
    "compactor killed": (2, _compactor),
    "worker and judge killed at once": (2, _two),
    "worker or judge killed four times in turn": (2, _thrice),
    "supervisor killed": (3, _supervisor),
    "worker stopped": (4, _stop),
    "disk full": (1, _disk),
    "flood of mutants": (3, _flood),
    "interface down and up": (3, _cut(lambda s: s.wire.down(s.wire.near), lambda s: s.wire.up(s.wire.near))),
    "interface deleted and made anew": (3, _cut(lambda s: s.wire.unplug(), lambda s: s.wire.plug())),
    "clock leaps in captures": (1, _clock),
    "clock leaps on the wire": (3, _leap),
    "site file read anew": (2, _site("# known\n", "reloaded")),
    "wrong site file": (2, _site('[[zone]]\nnaam = "x"\n', "refused")),
}
"""Name → (how often against the others, what is done)."""
